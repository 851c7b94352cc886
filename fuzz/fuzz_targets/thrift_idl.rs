//! An IDL file from a stranger: reading it never panics, and its JSON Schema can be made.

#![no_main]

use kefu_wire::{
    Limits, MemoryLoader,
    thrift::{idl, json_schema},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let loader = MemoryLoader::default().with("a.thrift", text).with("b.thrift", "struct B { 1: i32 x }");
    let limits = Limits { schema_const_nodes_max: 1_000, ..Limits::default() };
    if let Ok((schema, _)) = idl::load(&loader, "a.thrift", &[], &limits) {
        let document = json_schema::document(&schema);
        assert!(document.starts_with('{') && document.ends_with('}'));
    }
});
