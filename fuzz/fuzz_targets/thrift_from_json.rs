//! JSON from a stranger: converting it never panics, and what was written can be read.

#![no_main]

use std::sync::LazyLock;

use kefu_wire::{
    Limits, MemoryLoader,
    thrift::{Options, Protocol, Schema, StructId, Unknown, from_json, idl, to_json},
};
use libfuzzer_sys::fuzz_target;

const IDL: &str = "
enum E { A = 1, B = 2 }
union U { 1: i32 a; 2: T b; 3: list<string> c }
struct D { 1: required i32 a = 5; 2: optional D b; 3: list<i32> c = [1, 2] }
struct T {
  1: bool a; 2: i8 b; 3: i16 c; 4: i32 d; 5: i64 e; 6: double f; 7: string g; 8: binary h; 9: uuid i; 10: E j;
  11: T k; 12: list<T> l; 13: set<i64> m; 14: map<string, U> n; 15: map<T, bool> o; 16: map<E, D> p; 17: list<bool> q
}";

static SCHEMA: LazyLock<(Schema, StructId)> = LazyLock::new(|| {
    let loader = MemoryLoader::default().with("a.thrift", IDL);
    let (schema, _) = idl::load(&loader, "a.thrift", &[], &Limits::default()).expect("the IDL is right");
    let id = schema.find_struct("T").expect("the IDL has it");
    (schema, id)
});

fuzz_target!(|json: &[u8]| {
    let (schema, id) = &*SCHEMA;
    let limits = Limits::default();
    for options in [
        Options::default(),
        Options { fill_defaults: true, unknown_members: Unknown::Drop, ..Options::default() },
    ] {
        for protocol in [Protocol::Binary, Protocol::Compact, Protocol::Json] {
            let mut bytes = Vec::new();
            if from_json::convert(schema, *id, protocol, json, &limits, &options, &mut bytes).is_ok() {
                let mut out = Vec::new();
                to_json::convert(schema, *id, protocol, &bytes, &limits, &options, &mut out)
                    .expect("what was written can be read");
            }
        }
    }
});
