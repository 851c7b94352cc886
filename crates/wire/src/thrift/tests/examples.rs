use super::{find, schema};
use crate::{
    Error, Limits,
    thrift::{
        ApplicationException, ApplicationExceptionKind, I64Style, Options, Protocol, Schema, Unknown,
        from_json, json_schema, raw,
        rpc::{self, Body, Send},
        to_json,
    },
};

const PROTOCOLS: [Protocol; 3] = [Protocol::Binary, Protocol::Compact, Protocol::Json];

fn read(
    schema: &Schema,
    name: &str,
    protocol: Protocol,
    bytes: &[u8],
    options: &Options,
) -> Result<String, Error> {
    let mut out = Vec::new();
    to_json::convert(schema, find(schema, name), protocol, bytes, &Limits::default(), options, &mut out)?;
    Ok(String::from_utf8(out).expect("JSON is UTF-8"))
}

fn write(
    schema: &Schema,
    name: &str,
    protocol: Protocol,
    json: &str,
    options: &Options,
) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    from_json::convert(
        schema,
        find(schema, name),
        protocol,
        json.as_bytes(),
        &Limits::default(),
        options,
        &mut out,
    )?;
    Ok(out)
}

/// Goes through every format and comes back as `expected`.
#[track_caller]
fn goes_round(schema: &Schema, name: &str, json: &str, expected: &str) {
    let options = Options::default();
    for protocol in PROTOCOLS {
        let bytes = write(schema, name, protocol, json, &options)
            .unwrap_or_else(|error| panic!("{protocol:?}: {error}"));
        let back = read(schema, name, protocol, &bytes, &options)
            .unwrap_or_else(|error| panic!("{protocol:?}: {error}"));
        assert_eq!(back, expected, "{protocol:?}");
    }
}

const IDL: &str = "
enum Color { RED = 1, GREEN = 2 }
struct Inner { 1: required i32 id; 2: optional string name }
union Choice { 1: i32 number; 2: Inner inner; 3: list<string> texts }
exception Bad { 1: i32 code; 2: string why }
struct All {
  1: bool yes; 2: i8 tiny; 3: i16 small; 4: i32 normal; 5: i64 big; 6: double real; 7: string text; 8: binary bytes;
  9: uuid id; 10: Color color; 11: Inner inner; 12: list<i32> numbers; 13: set<string> words;
  14: map<string, i32> counts; 15: map<i64, bool> flags; 16: map<Color, string> names; 17: map<double, string> pairs;
  18: map<Inner, list<Inner>> deep; 19: Choice choice; 20: Bad bad; 21: list<bool> bools; 22: map<bool, i8> keyed;
  300: i32 far; 22000: i32 farther
}
struct Defaults { 1: required i32 a = 5; 2: optional string b = 'x'; 3: Inner c = {'id': 7}; 4: i64 big = 9007199254740993 }
struct Node { 1: i32 value; 2: optional Node after; 3: list<Node> children }
service S {
  Inner get(1: i32 id) throws (1: Bad bad),
  void ping(), oneway void fire(1: string what)
}";

#[test]
fn every_type_goes_round() {
    let schema = schema(IDL);
    let json = concat!(
        r#"{"yes":true,"tiny":-128,"small":32767,"normal":-2147483648,"big":9223372036854775807,"real":-0.0,"#,
        r#""text":"客服 \"x\" \\ \n\u0001","bytes":"AAH/","id":"00112233-4455-6677-8899-aabbccddeeff","color":"GREEN","#,
        r#""inner":{"id":1,"name":"n"},"numbers":[1,-2,3,4,5,6,7,8,9,10,11,12,13,14,15,16],"words":["a","b"],"#,
        r#""counts":{"a":1,"":2},"flags":{"-5":true,"9223372036854775807":false},"names":{"RED":"r","7":"seven"},"#,
        r#""pairs":[[0.5,"half"],["NaN","nan"],["-Infinity","low"]],"deep":[[{"id":1},[{"id":2},{"id":3}]]],"#,
        r#""choice":{"texts":["x"]},"bad":{"$exception":"Bad","code":1,"why":"no"},"bools":[true,false,true],"#,
        r#""keyed":{"true":1,"false":0},"far":1,"farther":2}"#
    );
    goes_round(&schema, "All", json, json);
    goes_round(&schema, "All", "{}", "{}");
    goes_round(
        &schema,
        "All",
        r#" { "color" : 9 , "big" : "-5", "yes": null, "numbers":[ ] } "#,
        r#"{"color":9,"big":-5,"numbers":[]}"#,
    );
    let many = format!(
        r#"{{"numbers":[{}],"counts":{{{}}}}}"#,
        vec!["1"; 300].join(","),
        (0..200).map(|i| format!("\"{i}\":{i}")).collect::<Vec<_>>().join(",")
    );
    goes_round(&schema, "All", &many, &many);
    let node = r#"{"value":1,"after":{"value":2},"children":[{"value":3,"children":[]}]}"#;
    goes_round(&schema, "Node", node, node);
}

#[test]
fn the_bytes_are_those_of_the_specifications() {
    let schema = schema(
        "struct T { 1: i32 a; 2: bool b; 3: string c; 20: list<i16> d; 21: map<i8, bool> e; 22: double f }",
    );
    let json = r#"{"a":5,"b":true,"c":"hi","d":[-1,1],"e":{"1":false},"f":1.0}"#;
    let options = Options::default();
    let binary = write(&schema, "T", Protocol::Binary, json, &options).expect("it fits");
    let expected = [
        &[
            8, 0, 1, 0, 0, 0, 5, 2, 0, 2, 1, 11, 0, 3, 0, 0, 0, 2, b'h', b'i', 15, 0, 20, 6, 0, 0, 0, 2, 255,
            255, 0, 1,
        ][..],
        &[13, 0, 21, 3, 2, 0, 0, 0, 1, 1, 0, 4, 0, 22, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0],
    ];
    assert_eq!(binary, expected.concat());
    let compact = write(&schema, "T", Protocol::Compact, json, &options).expect("it fits");
    let expected = [
        &[0x15, 10, 0x11, 0x18, 2, b'h', b'i', 0x09, 40, 0x24, 1, 2, 0x1B, 1, 0x31, 1, 2, 0x17][..],
        &[0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0],
    ];
    assert_eq!(compact, expected.concat());
    let tjson = write(&schema, "T", Protocol::Json, json, &options).expect("it fits");
    let expected = concat!(
        r#"{"1":{"i32":5},"2":{"tf":1},"3":{"str":"hi"},"20":{"lst":["i16",2,-1,1]},"#,
        r#""21":{"map":["i8","tf",1,{"1":0}]},"22":{"dbl":1.0}}"#
    );
    assert_eq!(String::from_utf8(tjson).as_deref(), Ok(expected));
}

#[test]
fn unknown_fields_are_kept_byte_for_byte() {
    let wide = schema(
        "struct Sub { 1: string s; 2: list<i64> l } struct T { 1: i32 a; 2: Sub b; 3: bool c; 4: bool d; 5: map<i32, string> e; 6: i32 z }",
    );
    let narrow = schema("struct T { 1: i32 a; 6: i32 z }");
    let other = schema("struct T { 1: string a; 6: i32 z }");
    let json = r#"{"a":1,"b":{"s":"x","l":[1,2,3]},"c":true,"d":false,"e":{"5":"five"},"z":9}"#;
    let options = Options::default();
    for protocol in PROTOCOLS {
        let bytes = write(&wide, "T", protocol, json, &options).expect("it fits");
        let kept = read(&narrow, "T", protocol, &bytes, &options).expect("it can be read");
        assert!(kept.starts_with(r#"{"a":1,"z":9,"$unknown":[{"id":2,"type":"struct","#), "{kept}");
        for to in PROTOCOLS {
            let again = write(&narrow, "T", to, &kept, &options).expect("it can be written");
            let back = read(&wide, "T", to, &again, &options).expect("it is whole");
            assert_eq!(
                back,
                r#"{"a":1,"z":9,"b":{"s":"x","l":[1,2,3]},"c":true,"d":false,"e":{"5":"five"}}"#
            );
        }
        // A field of another type is as unknown as one of another number.
        let kept = read(&other, "T", protocol, &bytes, &options).expect("it can be read");
        assert!(kept.starts_with(r#"{"z":9,"$unknown":[{"id":1,"type":"i32","#), "{kept}");
        let drop = Options { unknown_fields: Unknown::Drop, ..options };
        assert_eq!(read(&narrow, "T", protocol, &bytes, &drop).as_deref(), Ok(r#"{"a":1,"z":9}"#));
        let refuse = Options { unknown_fields: Unknown::Refuse, ..options };
        assert!(read(&narrow, "T", protocol, &bytes, &refuse).is_err());
    }
    let bad = [
        (r#"[{"id":1,"type":"i32","b64":"AAAAAQ=="}]"#, "the field 1 is known as `a`"),
        (r#"[{"id":2,"type":"i32","b64":"AAAA"}]"#, "the input ends within an i32"),
        (r#"[{"id":2,"type":"i32","b64":"AAAAAAAA"}]"#, "2 bytes follow the end"),
        (r#"[{"id":2,"type":"nope","b64":""}]"#, "type: the required field is missing"),
        (r#"[{"type":"i32"}]"#, "id: the required field is missing"),
    ];
    for (unknown, expected) in bad {
        let json = format!(r#"{{"$unknown":{unknown}}}"#);
        let error =
            write(&narrow, "T", Protocol::Binary, &json, &options).expect_err("it is wrong").to_string();
        assert!(error.contains(expected) && error.contains("$unknown[0]"), "{error}");
    }
}

#[test]
fn defaults_are_distinct_from_absence() {
    let schema = schema(IDL);
    let options = Options::default();
    let bytes =
        write(&schema, "Defaults", Protocol::Binary, "{}", &options).expect("the default is required");
    assert_eq!(read(&schema, "Defaults", Protocol::Binary, &bytes, &options).as_deref(), Ok(r#"{"a":5}"#));
    let fill = Options { fill_defaults: true, ..options };
    let filled = r#"{"a":5,"b":"x","c":{"id":7},"big":9007199254740993}"#;
    assert_eq!(read(&schema, "Defaults", Protocol::Binary, &bytes, &fill).as_deref(), Ok(filled));
    let safe = Options { i64_style: I64Style::JsSafe, ..fill };
    let filled = r#"{"a":5,"b":"x","c":{"id":7},"big":"9007199254740993"}"#;
    assert_eq!(read(&schema, "Defaults", Protocol::Binary, &bytes, &safe).as_deref(), Ok(filled));
    // Sent as generated code sends: what is optional only if it was set.
    let bytes = write(&schema, "Defaults", Protocol::Compact, r#"{"b":"set"}"#, &fill).expect("it fits");
    let sent = r#"{"b":"set","a":5,"c":{"id":7},"big":9007199254740993}"#;
    assert_eq!(read(&schema, "Defaults", Protocol::Compact, &bytes, &options).as_deref(), Ok(sent));
}

#[test]
fn integers_of_64_bits_have_three_styles() {
    let schema = schema("struct T { 1: list<i64> a; 2: map<i64, i64> b }");
    let json = r#"{"a":[9007199254740992,9007199254740993,-9007199254740993],"b":{"1":2}}"#;
    let bytes = write(&schema, "T", Protocol::Binary, json, &Options::default()).expect("it fits");
    let with = |i64_style| {
        let options = Options { i64_style, ..Options::default() };
        let read = read(&schema, "T", Protocol::Binary, &bytes, &options).expect("it can be read");
        assert_eq!(write(&schema, "T", Protocol::Binary, &read, &options).as_deref(), Ok(&bytes[..]));
        read
    };
    assert_eq!(with(I64Style::Number), json);
    assert_eq!(
        with(I64Style::JsSafe),
        r#"{"a":[9007199254740992,"9007199254740993","-9007199254740993"],"b":{"1":2}}"#
    );
    assert_eq!(
        with(I64Style::String),
        r#"{"a":["9007199254740992","9007199254740993","-9007199254740993"],"b":{"1":"2"}}"#
    );
}

#[test]
fn errors_name_byte_path_and_expectation() {
    let schema = schema(IDL);
    let options = Options::default();
    let cases = [
        (r#"{"inner":{"name":"x"}}"#, "inner.id: the required field is missing, at byte 21"),
        (r#"{"numbers":[1,"x"]}"#, "numbers[1]: expected an integer, found a string, at byte 14"),
        (r#"{"tiny":200}"#, "tiny: expected an integer of 8 bits, found 200, at byte 11"),
        (
            r#"{"normal":1.5}"#,
            "normal: expected an integer, found a number with a fraction or an exponent, at byte 10",
        ),
        (
            r#"{"deep":[[{"id":1},[{"id":true}]]]}"#,
            "deep[0][0].id: expected an integer, found a boolean, at byte 26",
        ),
        (r#"{"color":"BLUE"}"#, "color: expected a value of the enum `Color`, found \"BLUE\", at byte 9"),
        (r#"{"nope":1}"#, "`All` has no field \"nope\", at byte 1"),
        (r#"{"yes":true,"yes":false}"#, "yes: the member comes twice, at byte 18"),
        (r#"{"choice":{}}"#, "choice: the union `Choice` has exactly one member, not 0, at byte 12"),
        (
            r#"{"choice":{"number":1,"texts":[]}}"#,
            "choice: the union `Choice` has exactly one member, not 2, at byte 33",
        ),
        (r#"{"bytes":"*"}"#, "bytes: this is no base64: Invalid symbol 42, offset 0., at byte 9"),
        (r#"{"id":"x"}"#, "id: the string is no uuid, at byte 6"),
        (
            r#"{"flags":{"x":true}}"#,
            "flags[0]: expected an integer of 64 bits as a key, found another key, at byte 10",
        ),
        (r#"{"yes":true"#, "the input ends within JSON, at byte 11"),
        (r#"{} x"#, "expected the end of the JSON, found 'x', at byte 3"),
        ("", "the input ends within JSON, at byte 0"),
    ];
    for (json, expected) in cases {
        let error = write(&schema, "All", Protocol::Binary, json, &options).expect_err("it is wrong");
        assert_eq!(error.to_string(), expected, "{json}");
    }
    let cases: [(&[u8], &str); 6] = [
        (&[12, 0, 11, 0, 0], "inner.id: the required field is missing, at byte 4"),
        (
            &[15, 0, 12, 11, 0, 0, 0, 1, 0, 0, 0, 0, 0],
            "numbers: expected elements of type i32, found elements of type string, at byte 8",
        ),
        (&[11, 0, 7, 0, 0, 0, 1, 0xFF, 0], "text: text is not UTF-8, at byte 8"),
        (&[8, 0, 4, 0, 0, 0, 1, 8, 0, 4, 0, 0, 0, 1, 0], "normal: the field comes twice, at byte 10"),
        (&[99, 0, 1, 0], "the type 99 of a field is unknown, at byte 0"),
        (&[0, 0], "1 bytes follow the end, at byte 1"),
    ];
    for (bytes, expected) in cases {
        let error = read(&schema, "All", Protocol::Binary, bytes, &options).expect_err("it is wrong");
        assert_eq!(error.to_string(), expected, "{bytes:?}");
    }
}

#[test]
fn messages_of_a_service() {
    let schema = schema(IDL);
    let service = schema.find_service("S").expect("it is there");
    let failure = ApplicationException {
        message: "no such thing".to_owned(),
        kind: ApplicationExceptionKind::UnknownMethod,
    };
    let cases = [
        ("get", Send::Call(br#"{"id":5}"#), Body::Call, r#"{"id":5}"#),
        ("get", Send::Reply(br#"{"id":5,"name":"x"}"#), Body::Returned, r#"{"id":5,"name":"x"}"#),
        (
            "get",
            Send::Reply(br#"{"$exception":"Bad","code":3}"#),
            Body::Thrown,
            r#"{"$exception":"Bad","code":3}"#,
        ),
        ("ping", Send::Reply(b" null"), Body::Returned, "null"),
        ("fire", Send::Call(br#"{"what":"x"}"#), Body::Oneway, r#"{"what":"x"}"#),
        ("get", Send::Failure(&failure), Body::Failed(failure.clone()), ""),
    ];
    let (limits, options) = (Limits::default(), Options::default());
    for protocol in PROTOCOLS {
        for (name, send, body, json) in &cases {
            let function = schema.find_function(service, name).expect("it is there");
            let multiplexed = format!("S:{name}");
            let mut bytes = Vec::new();
            rpc::write_message(
                &schema,
                function,
                protocol,
                &multiplexed,
                -7,
                *send,
                &limits,
                &options,
                &mut bytes,
            )
            .unwrap_or_else(|error| panic!("{protocol:?} {name}: {error}"));
            let head = rpc::read_head(protocol, &bytes, &limits).expect("it is a message");
            assert_eq!(head.split(), (Some("S"), *name));
            for len in 0..bytes.len() {
                assert_eq!(rpc::message_len(protocol, &bytes[..len], &limits), Ok(None), "{protocol:?}");
            }
            let two = [&bytes[..], &bytes].concat();
            assert_eq!(rpc::message_len(protocol, &two, &limits), Ok(Some(bytes.len())));
            let small = Limits { message_bytes_max: bytes.len() - 1, ..limits };
            assert!(rpc::message_len(protocol, &two, &small).is_err(), "{protocol:?}");
            let mut out = Vec::new();
            let received = rpc::read_message(&schema, service, protocol, &bytes, &limits, &options, &mut out)
                .unwrap_or_else(|error| panic!("{protocol:?} {name}: {error}"));
            assert_eq!((received.service.as_deref(), received.function.as_str()), (Some("S"), *name));
            assert_eq!((received.sequence, &received.body), (-7, body));
            assert_eq!(String::from_utf8(out).as_deref(), Ok(*json));
        }
    }
    let get = schema.find_function(service, "get").expect("it is there");
    let mut out = Vec::new();
    let error = to_json::reply(
        &schema,
        get,
        &mut crate::thrift::BinaryReader::new(&[0], &limits).expect("short"),
        &options,
        &mut out,
    );
    assert_eq!(
        error.expect_err("no result").to_string(),
        "success: the required field is missing, at byte 1"
    );
}

#[test]
fn without_a_schema_nothing_is_lost() {
    let schema = schema(IDL);
    let json = r#"{"text":"x","bytes":"/w==","real":"NaN","numbers":[1],"counts":{},"deep":[[{"id":1},[]]],"yes":false}"#;
    let bytes = write(&schema, "All", Protocol::Binary, json, &Options::default()).expect("it fits");
    let mut out = Vec::new();
    raw::to_json(Protocol::Binary, &bytes, &Limits::default(), &mut out).expect("it can be read");
    let expected = concat!(
        r#"{"7":{"string":"x"},"8":{"string":{"b64":"/w=="}},"6":{"double":"NaN"},"12":{"list":["i32",[1]]},"#,
        r#""14":{"map":["string","i32",[]]},"18":{"map":["struct","list",[[{"1":{"i32":1}},["struct",[]]]]]},"#,
        r#""1":{"bool":false}}"#
    );
    assert_eq!(String::from_utf8(out.clone()).as_deref(), Ok(expected));
    let mut back = Vec::new();
    raw::from_json(Protocol::Binary, &out, &Limits::default(), &mut back).expect("it can be written");
    assert_eq!(back, bytes);
}

#[test]
fn the_json_schema_is_json_and_whole() {
    let schema = schema(IDL);
    let document: serde_json::Value =
        serde_json::from_str(&json_schema::document(&schema)).expect("it is JSON");
    let defs = &document["$defs"];
    assert_eq!(defs["Inner"]["required"], serde_json::json!(["id"]));
    assert_eq!(defs["All"]["properties"]["inner"]["$ref"], "#/$defs/Inner");
    assert_eq!(defs["Choice"]["maxProperties"], 1);
    assert_eq!(defs["Defaults"]["properties"]["c"]["default"], serde_json::json!({"id": 7}));
    let get = &document["services"]["S"]["functions"]["get"];
    assert_eq!(get["returns"]["$ref"], "#/$defs/Inner");
    assert_eq!(get["throws"], serde_json::json!([{"$ref": "#/$defs/Bad"}]));
    let one: serde_json::Value =
        serde_json::from_str(&json_schema::structure(&schema, find(&schema, "Node"))).expect("it is JSON");
    assert_eq!(one["$defs"].as_object().map(serde_json::Map::len), Some(1));
}

#[test]
fn structs_of_many_fields() {
    let fields: String = (1..=200)
        .map(|id| format!("{id}: {} i32 name_{id}\n", if id % 50 == 0 { "required" } else { "optional" }))
        .collect();
    let schema = schema(&format!("struct Wide {{ {fields} 30000: i32 far }}"));
    let options = Options::default();
    let json = r#"{"far":1,"name_200":2,"name_1":3,"name_150":4,"name_50":5,"name_100":6}"#;
    goes_round(&schema, "Wide", json, json);
    for missing in [50, 100, 150, 200] {
        let json = json.replace(&format!("name_{missing}\""), "name_7\"");
        let error = write(&schema, "Wide", Protocol::Binary, &json, &options).expect_err("it is required");
        assert_eq!(error.path(), format!("name_{missing}"));
    }
    let twice = r#"{"name_150":4,"name_150":4}"#;
    let error = write(&schema, "Wide", Protocol::Binary, twice, &options).expect_err("it is there already");
    assert_eq!(error.to_string(), "name_150: the member comes twice, at byte 25");
}

#[test]
fn enums_of_many_values() {
    let values: String = (0..100).map(|index| format!("V{index} = {}, ", index * 3 - 30)).collect();
    let schema = schema(&format!("enum E {{ {values} BIG = 2000000000 }} struct T {{ 1: list<E> a }}"));
    let json = r#"{"a":["V0","V10","V99","BIG",1,"V11",-29,1999999999]}"#;
    goes_round(&schema, "T", json, json);
}

#[test]
fn a_union_may_hold_what_is_unknown() {
    let new = schema("union U { 1: i32 a; 2: string b }");
    let old = schema("union U { 1: i32 a }");
    let options = Options::default();
    let bytes = write(&new, "U", Protocol::Binary, r#"{"b":"x"}"#, &options).expect("it fits");
    let kept = read(&old, "U", Protocol::Binary, &bytes, &options).expect("it is kept");
    assert_eq!(kept, r#"{"$unknown":[{"id":2,"type":"string","b64":"AAAAAXg="}]}"#);
    assert_eq!(write(&old, "U", Protocol::Binary, &kept, &options), Ok(bytes));
    let both = r#"{"a":1,"$unknown":[{"id":2,"type":"string","b64":"AAAAAXg="}]}"#;
    assert!(write(&old, "U", Protocol::Binary, both, &options).is_err());
}

#[test]
fn structs_in_a_stream_have_their_ends() {
    let limits = Limits::default();
    for protocol in PROTOCOLS {
        let mut one = Vec::new();
        let json = br#"{"1":{"i64":7},"2":{"list":["string",["a}","b"]]},"3":{"struct":{}}}"#;
        raw::from_json(protocol, json, &limits, &mut one).expect("it is a struct");
        for len in 0..one.len() {
            assert_eq!(rpc::struct_len(protocol, &one[..len], &limits), Ok(None), "{protocol:?}");
        }
        let two = [&one[..], &one].concat();
        assert_eq!(rpc::struct_len(protocol, &two, &limits), Ok(Some(one.len())), "{protocol:?}");
        let small = Limits { message_bytes_max: one.len() - 1, ..limits };
        assert!(rpc::struct_len(protocol, &two, &small).is_err(), "{protocol:?}");
    }
}
