use super::{Diagnostic, Severity, load};
use crate::{
    Limits, MemoryLoader,
    thrift::{
        Schema, Type,
        idl::{Requiredness, StructKind},
    },
};

fn read(text: &str) -> Result<(Schema, Vec<Diagnostic>), Vec<String>> {
    read_with(&MemoryLoader::default().with("main.thrift", text), &Limits::default())
}

fn read_with(loader: &MemoryLoader, limits: &Limits) -> Result<(Schema, Vec<Diagnostic>), Vec<String>> {
    load(loader, "main.thrift", &["shared"], limits).map_err(|errors| {
        let errors = errors.0.iter().filter(|found| found.severity == Severity::Error);
        errors.map(ToString::to_string).collect()
    })
}

#[track_caller]
fn accepted(text: &str) -> Schema {
    read(text).unwrap_or_else(|errors| panic!("{errors:#?}")).0
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let found = read(text).expect_err("it is wrong");
    assert_eq!(found, expected, "{text}");
}

/// Everything that the grammar has, legacy forms included.
const ALL_FORMS: &str = r##"
# unix comment
// line comment
/* block */ /** not of a definition */
include "base.thrift"
cpp_include "<vector>"
namespace * all.of.them
namespace java com.example (a.b = "c", bare)
namespace smalltalk.category Thrift-Test
namespace nosuchlanguage x
php_namespace legacy
cocoa_prefix "quoted"

typedef i32 Int
typedef list<map<string, set<Int>>> Deep (annotated = "yes")
typedef Later Alias
senum Legacy { "one" "two", 'three'; }
enum Color { RED, GREEN = 5, BLUE, NEGATIVE = -3; HEX = 0x10 (bare) } (owner = "x")
const i32 TEN = 10;
const i64 BIG = 0xFFFFFFFFFF
const double PI = 3.14e0, const double WHOLE = 3
const double HALF = .5
const bool YES = true
const bool ONE = 1
const string TEXT = 'it\'s'
const binary BYTES = "bytes"
const uuid ID = "00112233-4455-6677-8899-aabbccddeeff"
const Color FAVOURITE = Color.GREEN
const Color BY_NUMBER = 5
const list<Color> COLORS = [Color.RED, Color.BLUE; 5]
const map<string, list<i32>> NESTED = {"a": [1, 2, TEN], "b": []; 'c': [base.BASE]}
const map<list<i32>, string> PAIRS = {[1]: "x"}
const Later STRUCT = {"id": TEN, "name": TEXT}
const set<i32> EMPTY = {}
const map<string, i32> EMPTY_MAP = []
const i32 FROM_ENUM = Color.GREEN
const base.Kind OTHER = base.Kind.A

struct All xsd_all {
  1: required i32 (cpp.type = "x") a
  2: optional string b = "b" (x = "y");
  -5: i64 negative,
  3: byte c = -1
  4: i8 d; 5: i16 e 6: double f = 1
  7: binary g
  8: uuid h
  9: list<i32> cpp_type "std::list<int>" i
  10: set cpp_type "x" <i32> j
  11: map cpp_type "x" <i32, string> k
  12: All & recursive
  13: list<All> children
  14: Later later
  15: Legacy legacy
  16: slist old
  17: string x xsd_optional xsd_nillable xsd_attrs { 1: i32 attribute }
  18: list<cpp.Odd> odd
  20: base.Shared shared
  string implicit
  21: optional i32 required
  22: list<i32> list
  23: string next, 24: bool class
  19: list cpp_type "y" <i32> l
} (struct.annotation)
struct Later { 10: i32 id = TEN; 2: string name }
union Choice { 1: i32 number; 2: All all = {"a": 1}; } (x)
exception Bad { 1: string why; 2: optional Bad cause }
struct Empty {}
namespace_free_name_is_fine_as_a_type_only_if_defined_so_nothing_here
"##;

#[test]
fn everything_that_the_grammar_has() {
    // The last line is no definition, the odd type is not defined: both only to be taken out again.
    let text = ALL_FORMS
        .replace("namespace_free_name_is_fine_as_a_type_only_if_defined_so_nothing_here", "")
        .replace("  18: list<cpp.Odd> odd\n", "");
    let services = "
/** Does things. */
service Main extends base.Base {
  void nothing(),
  async void fire(1: i32 a);
  oneway void forget(1: string s = 'x', 2: i32 n) (x = 'y')
  /** Gets it. */
  list<All> get(1: i32 id, 2: Choice choice) throws (1: Bad bad, 2: base.Worse worse) (api.get = \"/get\"),
  i32 implicit(i32 a, i32 b) throws (Bad bad)
} (service.annotation = \"x\")";
    let base = "const i32 BASE = 7; enum Kind { A } struct Shared { 1: i32 x } exception Worse {}
        service Base { void ping() }";
    let loader =
        MemoryLoader::default().with("main.thrift", text + services).with("shared/base.thrift", base);
    let (schema, warnings) =
        read_with(&loader, &Limits::default()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert!(warnings.iter().all(|found| found.severity == Severity::Warning));
    let warned = |text: &str| warnings.iter().any(|found| found.message.contains(text));
    for text in
        ["senum", "slist", "async", "no generator", "`implicit` has no id", "negative", "php_namespace"]
    {
        assert!(warned(text), "{text}: {warnings:#?}");
    }
    let all = schema.structure(schema.find_struct("All").expect("it is there"));
    let id = |name: &str| all.position_of_name(name).map(|position| all.fields()[position].id);
    assert_eq!((id("negative"), id("implicit"), id("children")), (Some(-5), Some(-6), Some(13)));
    assert_eq!(all.fields()[0].id, -6, "sorted by id");
    let a = &all.fields()[all.position_of_id(1).expect("it is there")];
    assert_eq!((a.requiredness, a.ty), (Requiredness::Required, Type::I32));
    let of = |name: &str| {
        schema.constants().iter().find(|constant| constant.name == name).map(|c| c.json.as_str())
    };
    let constants = [
        ("BIG", "1099511627775"),
        ("WHOLE", "3.0"),
        ("HALF", "0.5"),
        ("YES", "true"),
        ("ONE", "true"),
        ("TEXT", "\"it's\""),
        ("BYTES", "\"Ynl0ZXM=\""),
        ("ID", "\"00112233-4455-6677-8899-aabbccddeeff\""),
        ("FAVOURITE", "\"GREEN\""),
        ("BY_NUMBER", "\"GREEN\""),
        ("COLORS", "[\"RED\",\"BLUE\",\"GREEN\"]"),
        ("NESTED", "{\"a\":[1,2,10],\"b\":[],\"c\":[7]}"),
        ("PAIRS", "[[[1],\"x\"]]"),
        ("STRUCT", "{\"id\":10,\"name\":\"it's\"}"),
        ("EMPTY", "[]"),
        ("EMPTY_MAP", "{}"),
        ("FROM_ENUM", "5"),
        ("OTHER", "\"A\""),
        ("base.BASE", "7"),
    ];
    for (name, json) in constants {
        assert_eq!(of(name), Some(json), "{name}");
    }
    let color = schema.enumerations().iter().find(|found| found.name == "Color").expect("it is there");
    assert_eq!(
        (color.number_of("BLUE"), color.number_of("HEX"), color.name_of(-3)),
        (Some(6), Some(16), Some("NEGATIVE"))
    );
    assert_eq!((color.name_of(4), color.name_of(5)), (None, Some("GREEN")));
    let main = schema.find_service("Main").expect("it is there");
    assert_eq!(main.doc.as_deref(), Some("Does things."));
    let names: Vec<_> = schema.functions(main).map(|function| function.name.as_str()).collect();
    assert_eq!(names, ["nothing", "fire", "forget", "get", "implicit", "ping"]);
    let get = schema.find_function(main, "get").expect("it is there");
    assert_eq!(get.annotations, [("api.get".to_owned(), "/get".to_owned())]);
    let thrown: Vec<_> =
        schema.structure(get.result).fields().iter().map(|f| (f.id, f.name.as_str())).collect();
    assert_eq!(thrown, [(0, "success"), (1, "bad"), (2, "worse")]);
    assert!(schema.find_function(main, "fire").is_ok_and(|function| function.oneway));
    assert_eq!(schema.structure(schema.find_struct("Alias").expect("a typedef")).name, "Later");
    assert_eq!(
        schema.structure(schema.find_struct("base.Worse").expect("it is there")).kind,
        StructKind::Exception
    );
}

#[test]
fn grammar_that_is_wrong_is_named_with_its_place() {
    let cases: &[(&str, &str)] = &[
        ("struct A {", "main.thrift:1:11: expected a type, found the end of the file"),
        ("struct A {\n  1: i32\n}", "main.thrift:3:1: expected the name of a field, found `}`"),
        ("struct A {\n  1 i32 x\n}", "main.thrift:2:5: expected `:`, found `i32`"),
        ("struct 客 {}", "main.thrift:1:8: unexpected character '客'"),
        ("/* open", "main.thrift:1:1: this comment has no end"),
        ("const string S = \"open", "main.thrift:1:18: this text has no closing quote on its line"),
        ("struct A { 1: void x }", "main.thrift:1:15: `void` can only be what a function returns"),
        (
            "struct service {}",
            "main.thrift:1:8: `service` is a word of the language and cannot name a struct",
        ),
        (
            "struct A { 1: i32 xsd_all }",
            "main.thrift:1:19: `xsd_all` is a word of the language and cannot name a field",
        ),
        ("typedef i32 list", "main.thrift:1:13: `list` is a word of the language and cannot name a type"),
        ("struct A {} include \"x\"", "main.thrift:1:13: `include` must stand before all definitions"),
        ("const i32 X = 99999999999999999999", "main.thrift:1:15: this integer has more than 64 bits"),
        ("service S { i32 f( }", "main.thrift:1:20: expected a type, found `}`"),
        ("enum E { A = x }", "main.thrift:1:14: expected an integer, found `x`"),
        ("hello", "main.thrift:1:1: expected a definition, found `hello`"),
    ];
    for (text, expected) in cases {
        refused(text, &[expected]);
    }
}

#[test]
fn all_that_means_nothing_is_named() {
    refused(
        "struct A {\n  1: Nope a\n  1: i32 b\n  2: i32 b\n  3: S s\n}\nstruct A {}\nservice S {}\n",
        &[
            "main.thrift:7:8: the type `A` is defined twice",
            "main.thrift:2:6: the type `Nope` is not defined",
            "main.thrift:3:3: the id 1 of `b` is taken by another field",
            "main.thrift:4:10: the field `b` is defined twice",
            "main.thrift:5:6: the service `S` is no type of a value",
        ],
    );
    refused(
        "service S extends Nope {\n oneway i32 f()\n oneway void g() throws (1: E e)\n void g()\n void h() throws (1: A a)\n}\n\
         exception E {} struct A {}\nservice T extends U {} service U extends T {}",
        &[
            "main.thrift:1:19: the service `Nope` is not defined",
            "main.thrift:2:9: the oneway function `f` returns something",
            "main.thrift:3:31: the oneway function `g` throws something",
            "main.thrift:4:7: the function `g` is defined twice",
            "main.thrift:5:22: what a function throws is an exception, and the type of `a` is none",
            "main.thrift:8:9: the service `T` extends itself",
        ],
    );
    refused(
        "enum E { A, A, B = 5000000000 }\ntypedef T U typedef U T\nunion X { 1: i32 a = 1, 2: i32 b = 2 }",
        &[
            "main.thrift:1:13: the value `A` is defined twice in this enum",
            "main.thrift:1:20: the number 5000000000 of `B` has more than 32 bits",
            "main.thrift:2:11: the typedef `T` stands for itself",
            "main.thrift:3:36: only one field of a union can have a default",
        ]
        .map(|line| line.replace("2:11: the typedef `T`", "2:11: the typedef `U`"))
        .each_ref()
        .map(String::as_str),
    );
}

#[test]
fn constants_of_the_wrong_type_are_named() {
    let cases: &[(&str, &str)] = &[
        ("const i32 X = \"a\"", "1:15: expected an integer, found a text"),
        ("const i32 X = 1.5", "1:15: expected an integer, found a number with a fraction"),
        ("const string X = 5", "1:18: expected a text, found an integer"),
        ("const bool X = \"true\"", "1:16: expected true, false, 1 or 0, found a text"),
        ("const list<i32> X = [1, 'a']", "1:25: expected an integer, found a text"),
        ("const list<i32> X = 5", "1:21: expected a list, found an integer"),
        ("const map<i32, i32> X = [1]", "1:25: expected a map, found a list"),
        ("const uuid X = \"nope\"", "1:16: expected a UUID as a text, found a text"),
        ("const i32 X = Y", "1:15: no constant or value of an enum is named `Y`"),
        ("enum E { A } const E X = E.B", "1:26: the enum `E` has no value `B`"),
        ("enum E { A = 1 } const E X = 7", "1:30: the enum `E` has no value 7"),
        ("enum E { A } const string X = E.A", "1:31: expected a text, found a name"),
        ("struct S {1: i32 a} const S X = {\"b\": 1}", "1:34: `S` has no field \"b\""),
        ("struct S {1: i32 a} const S X = {1: 1}", "1:34: expected the name of a field of `S` in quotes"),
        ("struct S {1: i32 a} const S X = {\"a\": 1, \"a\": 2}", "1:42: the field \"a\" is given twice"),
        ("union U {1: i32 a, 2: i32 b} const U X = {}", "1:42: the union `U` has exactly one field, not 0"),
        ("enum E { A } enum F { B } const E X = F.B", "1:39: expected a value of the enum `E`, found a name"),
        ("const i32 X = X", "1:15: constants nest more than 128 deep, or refer to themselves"),
        ("struct S {1: i32 a = 'x'}", "1:22: expected an integer, found a text"),
    ];
    for (text, expected) in cases {
        refused(text, &[&format!("main.thrift:{expected}")]);
    }
}

#[test]
fn harmless_slips_are_warnings() {
    for text in [
        "const i8 X = 300",
        "struct S { 1: i32 a, 40000: i32 b }",
        "enum E { A = 1 } const E X = A",
        "enum E { A = 1 } enum F { A } const E X = F.A",
        "enum E { A = 1 } const E X = elsewhere.E.A",
        "enum E { A = 1, B = 1 }",
        "union U { 1: required i32 a }",
        "service S { void f(1: optional i32 a) }",
        "include_me_not_is_no_header_but struct A {}",
    ] {
        if text.starts_with("include_me") {
            assert!(read(text).is_err());
            continue;
        }
        let (_, warnings) = read(text).unwrap_or_else(|errors| panic!("{errors:#?}"));
        assert_eq!(warnings.len(), 1, "{text}: {warnings:?}");
    }
    assert_eq!(accepted("const i8 X = 300").constants()[0].json, "44");
}

#[test]
fn files_include_each_other() {
    let loader = |files: &[(&str, &str)]| {
        files.iter().fold(MemoryLoader::default(), |loader, (path, text)| loader.with(path, *text))
    };
    let limits = Limits::default();
    let diamond = loader(&[
        (
            "main.thrift",
            "include \"a/left.thrift\" include \"right.v1.thrift\" struct M { 1: left.L l, 2: right.v1.R r }",
        ),
        ("a/left.thrift", "include \"../common.thrift\" struct L { 1: common.C c }"),
        ("shared/right.v1.thrift", "include \"common.thrift\" struct R { 1: common.C c }"),
        ("common.thrift", "struct C { 1: i32 x }"),
        ("shared/common.thrift", "struct C { 1: string other }"),
    ]);
    let (schema, _) = read_with(&diamond, &limits).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let mut names: Vec<_> = schema.structures().map(|(_, found)| found.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["M", "common.C", "common.C", "left.L", "right.v1.R"]);

    let cases = [
        (
            "include \"nope.thrift\"",
            "main.thrift:1:9: cannot find \"nope.thrift\" beside this file or in the folders to search",
        ),
        ("include \"/etc/passwd\"", "main.thrift:1:9: the path \"/etc/passwd\" leaves the root"),
        ("include \"../../x\"", "main.thrift:1:9: the path \"../../x\" leaves the root"),
        (
            "include \"main.thrift\"",
            "main.thrift:1:9: files include each other in a circle: main.thrift → main.thrift",
        ),
    ];
    for (text, expected) in cases {
        refused(text, &[expected]);
    }
    let circle = loader(&[("main.thrift", "include 'b.thrift'"), ("b.thrift", "include 'main.thrift'")]);
    let expected = "b.thrift:1:9: files include each other in a circle: main.thrift → b.thrift → main.thrift";
    assert_eq!(read_with(&circle, &limits).expect_err("a circle"), [expected]);
    // What an included file includes is not seen.
    let hidden = loader(&[
        ("main.thrift", "include 'b.thrift' struct A { 1: c.C c }"),
        ("b.thrift", "include 'c.thrift'"),
        ("c.thrift", "struct C {}"),
    ]);
    assert_eq!(
        read_with(&hidden, &limits).expect_err("hidden"),
        ["main.thrift:1:34: the type `c.C` is not defined"]
    );
}

#[test]
fn schemas_are_bounded() {
    let mut chain = MemoryLoader::default();
    for index in 0..40 {
        let name = if index == 0 { "main.thrift".to_owned() } else { format!("f{index}.thrift") };
        chain = chain.with(&name, format!("include 'f{}.thrift'", index + 1));
    }
    let limits = Limits::default();
    let errors = read_with(&chain, &limits).expect_err("too many levels");
    assert_eq!(errors, ["f31.thrift:1:9: more than 32 levels of files that include files"]);

    let nested = format!("typedef {}i32{} T", "list<".repeat(100_000), ">".repeat(100_000));
    assert!(read(&nested).expect_err("deep")[0].contains("more than 64 levels of nesting"));
    let stacked: String = (1..200)
        .map(|index| format!("typedef list<T{}> T{index}\n", index - 1))
        .chain(["typedef i32 T0".to_owned()])
        .collect();
    assert!(read(&stacked).expect_err("deep")[0].contains("containers nest more than 64 deep"));
    let chain: String = (0..10_000).map(|index| format!("typedef T{} T{index}\n", index + 1)).collect();
    assert!(read(&chain).expect_err("a long chain")[0].contains("typedefs of typedefs"));
    let consts: String = "const list<i32> C0 = [1,1]\n".chars().collect::<String>();
    let bomb = (1..40).fold(consts + "typedef list<i32> L0\n", |text, index| {
        let last = index - 1;
        format!("{text}typedef list<L{last}> L{index}\nconst L{index} C{index} = [C{last}, C{last}, C{last}, C{last}]\n")
    });
    assert!(read(&bomb).expect_err("a bomb")[0].contains("the constants come to more than 100000 values"));
    let few = Limits { schema_tokens_max: 10, ..limits };
    let loader = MemoryLoader::default().with("main.thrift", "struct A { 1: i32 a, 2: i32 b, 3: i32 c }");
    assert!(read_with(&loader, &few).expect_err("too many")[0].contains("more than 10 tokens"));
    let small = Limits { schema_bytes_max: 10, ..limits };
    assert!(read_with(&loader, &small).expect_err("too long")[0].contains("more than 10 bytes"));
    let loader = MemoryLoader::default().with("main.thrift", b"struct A {}\n\xFF".to_vec());
    assert_eq!(read_with(&loader, &limits).expect_err("no text"), ["main.thrift:2:1: this is not UTF-8"]);
}

proptest::proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}") {
        let _schema = read(&text);
    }

    #[test]
    fn arbitrary_tokens_never_panic(tokens in proptest::collection::vec(proptest::sample::select(vec![
        "struct", "A", "B", "{", "}", "1", ":", "i32", "list", "<", ">", "map", ",", "=", "(", ")", "\"x\"", "[", "]",
        "service", "extends", "throws", "const", "enum", "union", "typedef", "A.B", "-5", "required", "void", "oneway",
        "exception", "1.5", "xsd_attrs", "&", "set", "cpp_type", "namespace", "*", "include", "senum", "0x1F", ";",
    ]), 0..60)) {
        let _schema = read(&tokens.join(" "));
    }
}
