//! A message from a stranger in every wire format: what can be read can be written, and reads the same again;
//! without a schema a struct of the binary protocol comes back byte for byte, but for its odd bools.

#![no_main]

use std::sync::LazyLock;

use kefu_wire::{
    Limits, MemoryLoader,
    thrift::{Options, Protocol, Schema, StructId, detect, from_json, idl, raw, to_json},
};
use libfuzzer_sys::fuzz_target;

const IDL: &str = "
enum E { A = 1, B = 2 }
union U { 1: i32 a; 2: T b; 3: list<string> c }
exception X { 1: string why; 2: optional X cause }
struct T {
  1: bool a; 2: i8 b; 3: i16 c; 4: i32 d; 5: i64 e; 6: double f; 7: string g; 8: binary h; 9: uuid i; 10: E j;
  11: T k; 12: list<T> l; 13: set<i64> m; 14: map<string, U> n; 15: map<T, bool> o; 16: map<E, X> p; 17: list<bool> q
}";

static SCHEMA: LazyLock<(Schema, StructId)> = LazyLock::new(|| {
    let loader = MemoryLoader::default().with("a.thrift", IDL);
    let (schema, _) = idl::load(&loader, "a.thrift", &[], &Limits::default()).expect("the IDL is right");
    let id = schema.find_struct("T").expect("the IDL has it");
    (schema, id)
});

fuzz_target!(|input: &[u8]| {
    let (schema, id) = &*SCHEMA;
    let (limits, options) = (Limits::default(), Options::default());
    let _detected = detect::detect_whole(input, &limits);
    for protocol in [Protocol::Binary, Protocol::Compact, Protocol::Json] {
        let mut json = Vec::new();
        if to_json::convert(schema, *id, protocol, input, &limits, &options, &mut json).is_ok() {
            let mut bytes = Vec::new();
            from_json::convert(schema, *id, protocol, &json, &limits, &options, &mut bytes)
                .expect("what was read can be written");
            let mut again = Vec::new();
            to_json::convert(schema, *id, protocol, &bytes, &limits, &options, &mut again)
                .expect("what was written can be read");
            assert_eq!(json, again);
        }
        let mut json = Vec::new();
        if raw::to_json(protocol, input, &limits, &mut json).is_ok() {
            let mut bytes = Vec::new();
            raw::from_json(protocol, &json, &limits, &mut bytes).expect("what was read can be written");
            let mut again = Vec::new();
            raw::to_json(protocol, &bytes, &limits, &mut again).expect("what was written can be read");
            assert_eq!(json, again);
        }
    }
});
