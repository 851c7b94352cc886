//! The inputs of the reference's section on hostile input, and their kin: all refused early, none allocated for.

use super::{find, schema};
use crate::{
    Error, ErrorKind, Limits,
    thrift::{
        BinaryReader, CompactReader, JsonReader, Options, Protocol, Reader, TType, from_json, raw, to_json,
    },
};

fn skip(protocol: Protocol, bytes: &[u8]) -> Result<(), Error> {
    fn all<'a>(mut reader: impl Reader<'a>) -> Result<(), Error> {
        reader.skip(TType::Struct)?;
        reader.end()
    }
    let limits = Limits::default();
    match protocol {
        Protocol::Binary => all(BinaryReader::new(bytes, &limits)?),
        Protocol::Compact => all(CompactReader::new(bytes, &limits)?),
        Protocol::Json => all(JsonReader::new(bytes, &limits)?),
    }
}

#[track_caller]
fn refused(protocol: Protocol, bytes: &[u8], kind: ErrorKind) {
    let error = skip(protocol, bytes).expect_err("it lies");
    assert_eq!(error.kind(), kind, "{error}");
    let mut out = Vec::new();
    raw::to_json(protocol, bytes, &Limits::default(), &mut out).expect_err("it lies");
    let schema = schema("struct T { 1: i32 a }");
    to_json::convert(
        &schema,
        find(&schema, "T"),
        protocol,
        bytes,
        &Limits::default(),
        &Options::default(),
        &mut out,
    )
    .expect_err("it lies");
}

#[test]
fn counts_and_lengths_that_lie() {
    let binary: [&[u8]; 12] = [
        // Two thousand million integers, elements of void, of stop, of an unknown type.
        &[15, 0, 1, 8, 0x7F, 0xFF, 0xFF, 0xFF],
        &[15, 0, 1, 1, 0x7F, 0xFF, 0xFF, 0xFF, 0],
        &[15, 0, 1, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0],
        &[15, 0, 1, 99, 0, 0, 0, 0, 0],
        &[14, 0, 1, 2, 0x1D, 0xCD, 0x65, 0x00, 1, 1, 1, 1],
        &[13, 0, 1, 8, 8, 0x7F, 0xFF, 0xFF, 0xFF],
        // Negative counts and lengths.
        &[15, 0, 1, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0],
        &[13, 0, 1, 8, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0],
        &[11, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0],
        // Ends within.
        &[11, 0, 1, 0, 0, 0, 9, b'x'],
        &[8, 0],
        &[],
    ];
    for bytes in binary {
        refused(Protocol::Binary, bytes, ErrorKind::Input);
    }
    refused(Protocol::Binary, &[11, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF, 0], ErrorKind::Limit);
    let compact: [&[u8]; 8] = [
        &[0x19, 0xF5, 0xFF, 0xFF, 0xFF, 0xFF, 0x07],
        &[0x19, 0xF5, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
        &[0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x55],
        // Overlong varints.
        &[0x15, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0],
        &[0x15, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0],
        &[0x16, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0],
        // An unknown type, and an id that overflows.
        &[0x1E, 0],
        &[0x05, 0xFE, 0xFF, 0x03, 0x02, 0x15, 0x02, 0],
    ];
    for bytes in compact {
        refused(Protocol::Compact, bytes, ErrorKind::Input);
    }
    let tjson: [&[u8]; 8] = [
        br#"{"1":{"lst":["i32",2147483647,1]}}"#,
        br#"{"1":{"lst":["i32",-1]}}"#,
        br#"{"1":{"lst":["i32",1,1,2]}}"#,
        br#"{"1":{"map":["i32","i32",2,{"1":2}]}}"#,
        br#"{"1":{"nope":1}}"#,
        br#"{"99999":{"i32":1}}"#,
        br#"{"1":{"i32":3000000000}}"#,
        b"\xFF",
    ];
    for bytes in tjson {
        refused(Protocol::Json, bytes, ErrorKind::Input);
    }
}

#[test]
fn depth_is_bounded() {
    let binary = [12, 0, 1].repeat(100_000);
    refused(Protocol::Binary, &binary, ErrorKind::Limit);
    refused(Protocol::Compact, &vec![0x1C; 100_000], ErrorKind::Limit);
    refused(Protocol::Json, r#"{"1":{"rec":"#.repeat(50_000).as_bytes(), ErrorKind::Limit);
    let lists = [&[15, 0, 1][..], &[15, 0, 0, 0, 1].repeat(100_000)].concat();
    refused(Protocol::Binary, &lists, ErrorKind::Limit);
    // Exactly as deep as allowed: the struct itself is one level.
    let fits = [[12, 0, 1].repeat(63), vec![0; 64]].concat();
    assert_eq!(skip(Protocol::Binary, &fits), Ok(()));
    let schema = schema("struct N { 1: optional N after; 2: list<N> all }");
    let (limits, options) = (Limits::default(), Options::default());
    for json in [r#"{"after":"#.repeat(100_000), r#"{"all":["#.repeat(100_000), "[".repeat(100_000)] {
        let mut out = Vec::new();
        from_json::convert(
            &schema,
            find(&schema, "N"),
            Protocol::Binary,
            json.as_bytes(),
            &limits,
            &options,
            &mut out,
        )
        .expect_err("too deep");
    }
}

#[test]
fn elements_are_budgeted() {
    // Five million empty structs are legal, and too many.
    let mut bytes = vec![15, 0, 1, 12];
    bytes.extend_from_slice(&5_000_000_i32.to_be_bytes());
    bytes.resize(bytes.len() + 5_000_001, 0);
    refused(Protocol::Binary, &bytes, ErrorKind::Limit);
    let schema = schema("struct T { 1: list<i32> a }");
    let json = format!("{{\"a\":[{}0]}}", "0,".repeat(1_000_001));
    let mut out = Vec::new();
    let (limits, options) = (Limits::default(), Options::default());
    let error = from_json::convert(
        &schema,
        find(&schema, "T"),
        Protocol::Binary,
        json.as_bytes(),
        &limits,
        &options,
        &mut out,
    );
    assert_eq!(error.expect_err("too many").kind(), ErrorKind::Limit);
}

#[test]
fn messages_and_strings_are_bounded() {
    let limits = Limits { message_bytes_max: 100, string_bytes_max: 10, ..Limits::default() };
    assert!(BinaryReader::new(&[0; 101], &limits).is_err());
    let schema = schema("struct T { 1: string a }");
    let text = [&[11, 0, 1, 0, 0, 0, 11][..], b"hello world", &[0]].concat();
    let (id, options) = (find(&schema, "T"), Options::default());
    let mut out = Vec::new();
    let error = to_json::convert(&schema, id, Protocol::Binary, &text, &limits, &options, &mut out);
    assert_eq!(error.expect_err("too long").to_string(), "a: more than 10 bytes in a string, at byte 3");
    for json in [r#"{"a":"hello world"}"#, r#"{"a":"hell\u006f worl\u0064"}"#] {
        let error =
            from_json::convert(&schema, id, Protocol::Binary, json.as_bytes(), &limits, &options, &mut out);
        assert_eq!(error.expect_err("too long").kind(), ErrorKind::Limit, "{json}");
    }
}

#[test]
fn a_schema_whose_defaults_never_end_is_no_trap() {
    let schema = schema("struct A { 1: required A a = {}; 2: required A b = {} }");
    let (limits, options) = (Limits::default(), Options { fill_defaults: true, ..Options::default() });
    let mut out = Vec::new();
    let error = from_json::convert(
        &schema,
        find(&schema, "A"),
        Protocol::Compact,
        b"{}",
        &limits,
        &options,
        &mut out,
    );
    assert_eq!(error.expect_err("it never ends").kind(), ErrorKind::Limit);
}
