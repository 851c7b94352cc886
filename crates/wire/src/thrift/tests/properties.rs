//! Over generated schemas and values: what goes in comes out, in every format, and nothing panics.

use std::fmt::Write as _;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{find, schema};
use crate::{
    Limits,
    thrift::{
        BinaryReader, BinaryWriter, CompactReader, CompactWriter, Options, Protocol, Schema, TType, Type,
        copy_value, detect, from_json, raw, schema::StructKind, to_json,
    },
};

const PROTOCOLS: [Protocol; 3] = [Protocol::Binary, Protocol::Compact, Protocol::Json];

/// Choices, made by proptest so that it can shrink them; when they run out, the first choice is taken.
struct Choices<'c>(std::slice::Iter<'c, u16>);

impl Choices<'_> {
    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or_default()) % limit
    }
}

/// An IDL of a few structs, a union and an enum, which refer to each other.
fn idl(choices: &mut Choices<'_>) -> String {
    let structs = 1 + choices.below(4);
    let mut text = "enum Color { RED = 1, GREEN, BLUE = -7, FAR = 100000 }\n".to_owned();
    for index in 0..=structs {
        let word = if index == structs { "union U".to_owned() } else { format!("struct S{index}") };
        write!(text, "{word} {{").expect("a string takes all");
        for field in 0..1 + choices.below(8) {
            // Ids differ, and their steps are small and large.
            let id = field * 20 + choices.below(20) + 1;
            let required = if index < structs && choices.below(4) == 0 { "required" } else { "" };
            let optional = if required.is_empty() { "optional" } else { "required" };
            // What is required must be of a later struct, so that values can end.
            let ty = type_name(choices, index, structs, !required.is_empty(), 0);
            write!(text, " {id}: {optional} {ty} f{id};").expect("a string takes all");
        }
        text.push_str(" }\n");
    }
    text
}

fn type_name(choices: &mut Choices<'_>, index: usize, structs: usize, later: bool, depth: usize) -> String {
    match choices.below(if depth < 3 { 15 } else { 10 }) {
        0 => "i32".to_owned(),
        1 => "bool".to_owned(),
        2 => "i8".to_owned(),
        3 => "i16".to_owned(),
        4 => "i64".to_owned(),
        5 => "double".to_owned(),
        6 => "string".to_owned(),
        7 => "binary".to_owned(),
        8 => "uuid".to_owned(),
        9 => "Color".to_owned(),
        10 | 11 => format!("list<{}>", type_name(choices, index, structs, false, depth + 1)),
        12 => format!("set<{}>", type_name(choices, index, structs, false, depth + 1)),
        13 => format!(
            "map<{},{}>",
            type_name(choices, index, structs, false, depth + 1),
            type_name(choices, index, structs, false, depth + 1)
        ),
        _ if later && index + 1 >= structs => "string".to_owned(),
        _ => {
            let first = if later { index + 1 } else { 0 };
            format!("S{}", first + choices.below(structs - first))
        }
    }
}

/// A value of a type, as this crate writes it.
fn value(choices: &mut Choices<'_>, schema: &Schema, ty: Type, depth: u32, out: &mut String) {
    let pick = |choices: &mut Choices<'_>, from: &[&str]| from[choices.below(from.len())].to_owned();
    let count = |choices: &mut Choices<'_>| match choices.below(12) {
        _ if depth > 6 => 0,
        11 => 20,
        few => few % 4,
    };
    match ty {
        Type::Bool => out.push_str(&pick(choices, &["true", "false"])),
        Type::I8 => out.push_str(&pick(choices, &["0", "-128", "127", "5"])),
        Type::I16 => out.push_str(&pick(choices, &["0", "-32768", "32767", "300"])),
        Type::I32 => out.push_str(&pick(choices, &["0", "-1", "2147483647", "-2147483648", "70000"])),
        Type::I64 => {
            out.push_str(&pick(choices, &["0", "-1", "9223372036854775807", "-9223372036854775808"]))
        }
        Type::Double => out.push_str(&pick(
            choices,
            &["0.0", "-0.0", "0.1", "5e-324", "\"NaN\"", "\"-Infinity\"", "12345.678"],
        )),
        Type::String => out.push_str(&pick(
            choices,
            &["\"\"", "\"a\"", "\"客服\"", r#""\"\\\n\u0000""#, "\"a text of more than eight bytes\""],
        )),
        Type::Binary => out.push_str(&pick(choices, &["\"\"", "\"AA==\"", "\"/+8=\""])),
        Type::Uuid => out.push_str("\"00112233-4455-6677-8899-aabbccddeeff\""),
        Type::Enum(_) => out.push_str(&pick(choices, &["\"RED\"", "\"GREEN\"", "\"BLUE\"", "\"FAR\"", "55"])),
        Type::List(id) | Type::Set(id) => {
            out.push('[');
            for index in 0..count(choices) {
                out.push_str(if index > 0 { "," } else { "" });
                value(choices, schema, schema.element(id), depth + 1, out);
            }
            out.push(']');
        }
        Type::Map(id) => {
            let (key, mapped) = schema.pair(id);
            let is_object = key.is_object_key();
            out.push(if is_object { '{' } else { '[' });
            for index in 0..count(choices) {
                out.push_str(if index > 0 { "," } else { "" });
                let mut text = String::new();
                value(choices, schema, key, depth + 1, &mut text);
                if is_object {
                    out.push_str(&if text.starts_with('"') { text } else { format!("\"{text}\"") });
                    out.push(':');
                    value(choices, schema, mapped, depth + 1, out);
                } else {
                    write!(out, "[{text},").expect("a string takes all");
                    value(choices, schema, mapped, depth + 1, out);
                    out.push(']');
                }
            }
            out.push(if is_object { '}' } else { ']' });
        }
        Type::Struct(id) => {
            let structure = schema.structure(id);
            let chosen =
                (structure.kind == StructKind::Union).then(|| choices.below(structure.fields().len()));
            out.push('{');
            let mut any = false;
            for (position, field) in structure.fields().iter().enumerate() {
                let required = field.requiredness == crate::thrift::idl::Requiredness::Required;
                let is_set = match chosen {
                    Some(chosen) => chosen == position,
                    None => required || (depth < 6 && choices.below(3) > 0),
                };
                if is_set {
                    write!(out, "{}\"{}\":", if any { "," } else { "" }, field.name)
                        .expect("a string takes all");
                    any = true;
                    value(choices, schema, field.ty, depth + 1, out);
                }
            }
            out.push('}');
        }
    }
}

fn example(choices: &[u16]) -> (Schema, &'static str, String) {
    let mut choices = Choices(choices.iter());
    let schema = schema(&idl(&mut choices));
    let name = if choices.below(4) == 3 { "U" } else { "S0" };
    let mut json = String::new();
    value(&mut choices, &schema, Type::Struct(find(&schema, name)), 0, &mut json);
    (schema, name, json)
}

fn to_bytes(schema: &Schema, name: &str, protocol: Protocol, json: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    from_json::convert(
        schema,
        find(schema, name),
        protocol,
        json,
        &Limits::default(),
        &Options::default(),
        &mut bytes,
    )
    .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(json)));
    bytes
}

fn to_text(schema: &Schema, name: &str, protocol: Protocol, bytes: &[u8]) -> String {
    let mut out = Vec::new();
    to_json::convert(
        schema,
        find(schema, name),
        protocol,
        bytes,
        &Limits::default(),
        &Options::default(),
        &mut out,
    )
    .unwrap_or_else(|error| panic!("{protocol:?}: {error}\n{bytes:?}"));
    String::from_utf8(out).expect("JSON is UTF-8")
}

fn copy(from: Protocol, bytes: &[u8]) -> Vec<u8> {
    let limits = Limits::default();
    let mut out = Vec::new();
    if from == Protocol::Binary {
        let mut reader = BinaryReader::new(bytes, &limits).expect("it is short");
        copy_value(&mut reader, TType::Struct, &mut CompactWriter::new(&mut out)).expect("it is right");
    } else {
        let mut reader = CompactReader::new(bytes, &limits).expect("it is short");
        copy_value(&mut reader, TType::Struct, &mut BinaryWriter::new(&mut out)).expect("it is right");
    }
    out
}

proptest! {
    #[test]
    fn json_goes_through_every_format_unchanged(choices in vec(any::<u16>(), 0..300)) {
        let (schema, name, json) = example(&choices);
        for protocol in PROTOCOLS {
            let bytes = to_bytes(&schema, name, protocol, json.as_bytes());
            prop_assert_eq!(&to_text(&schema, name, protocol, &bytes), &json, "{:?}", protocol);
        }
    }

    #[test]
    fn binary_and_compact_are_copied_into_each_other(choices in vec(any::<u16>(), 0..300)) {
        let (schema, name, json) = example(&choices);
        let binary = to_bytes(&schema, name, Protocol::Binary, json.as_bytes());
        let compact = to_bytes(&schema, name, Protocol::Compact, json.as_bytes());
        prop_assert_eq!(&copy(Protocol::Binary, &binary), &compact);
        let back = copy(Protocol::Compact, &compact);
        // The compact protocol does not say what an empty map holds; all else is there.
        prop_assert_eq!(back.len(), binary.len());
        prop_assert_eq!(to_text(&schema, name, Protocol::Binary, &back), json);
        prop_assert_eq!(copy(Protocol::Binary, &back), compact);
    }

    #[test]
    fn without_a_schema_bytes_are_the_same(choices in vec(any::<u16>(), 0..300)) {
        let (schema, name, json) = example(&choices);
        for protocol in [Protocol::Binary, Protocol::Compact] {
            let bytes = to_bytes(&schema, name, protocol, json.as_bytes());
            let (mut text, mut back) = (Vec::new(), Vec::new());
            raw::to_json(protocol, &bytes, &Limits::default(), &mut text).expect("it is right");
            raw::from_json(protocol, &text, &Limits::default(), &mut back).expect("it is right");
            prop_assert_eq!(&back, &bytes);
            let parsed: Result<serde_json::Value, _> = serde_json::from_slice(&text);
            prop_assert!(parsed.is_ok());
        }
    }

    #[test]
    fn fields_that_a_schema_lost_are_kept(choices in vec(any::<u16>(), 0..300)) {
        let (wide, name, json) = example(&choices);
        let narrow = schema("struct S0 {} union U {}");
        for protocol in PROTOCOLS {
            let bytes = to_bytes(&wide, name, protocol, json.as_bytes());
            let kept = to_text(&narrow, name, protocol, &bytes);
            let again = to_bytes(&narrow, name, protocol, kept.as_bytes());
            if protocol == Protocol::Json {
                continue;
            }
            prop_assert_eq!(&again, &bytes, "{:?}", protocol);
            // And into the other format.
            let other = if protocol == Protocol::Binary { Protocol::Compact } else { Protocol::Binary };
            let again = to_bytes(&narrow, name, other, kept.as_bytes());
            prop_assert_eq!(&to_text(&wide, name, other, &again), &json);
        }
    }

    #[test]
    fn what_is_written_is_json(choices in vec(any::<u16>(), 0..300), flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)) {
        let (schema, name, json) = example(&choices);
        for protocol in PROTOCOLS {
            let mut bytes = to_bytes(&schema, name, protocol, json.as_bytes());
            for (index, byte) in &flips {
                let index = index.index(bytes.len());
                bytes[index] = *byte;
            }
            let mut out = Vec::new();
            let read = to_json::convert(&schema, find(&schema, name), protocol, &bytes, &Limits::default(), &Options::default(), &mut out);
            if read.is_ok() {
                let parsed: Result<serde_json::Value, _> = serde_json::from_slice(&out);
                prop_assert!(parsed.is_ok(), "{}", String::from_utf8_lossy(&out));
                // What was read can be written, and then reads the same.
                let again = to_bytes(&schema, name, protocol, &out);
                let text = to_text(&schema, name, protocol, &again);
                prop_assert_eq!(text.as_bytes(), &out[..]);
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200), protocol in select(PROTOCOLS.to_vec())) {
        let schema = schema("struct T { 1: T a; 2: list<T> b; 3: map<i32, string> c; 4: bool d; 5: set<double> e; 6: uuid f }");
        let limits = Limits::default();
        let mut out = Vec::new();
        let _read = to_json::convert(&schema, find(&schema, "T"), protocol, &bytes, &limits, &Options::default(), &mut out);
        let _written = from_json::convert(&schema, find(&schema, "T"), protocol, &bytes, &limits, &Options::default(), &mut out);
        let _read = raw::to_json(protocol, &bytes, &limits, &mut out);
        let _written = raw::from_json(protocol, &bytes, &limits, &mut out);
        let _detected = detect::detect_whole(&bytes, &limits);
    }
}
