//! A description or a schema from a stranger: reading it never panics, and what was read can be described.

#![no_main]

use kefu_wire::{Limits, MemoryLoader, wsdl, xsd};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let limits = Limits::default();
    let loader = MemoryLoader::default().with("a", text);
    if let Ok((definitions, _)) = wsdl::load(&loader, "a", &limits) {
        drop(wsdl::json_schema(&definitions));
    }
    if let Ok((schemas, _)) = xsd::load(&loader, "a", &limits) {
        drop(xsd::json_schema(&schemas));
    }
});
