//! SOAP or JSON from a stranger: converting it never panics, and what was written can be read.

#![no_main]

use std::sync::LazyLock;

use kefu_wire::{
    Limits, MemoryLoader,
    soap::{Direction, Options, Version, from_json, mtom::Package, security::Token, to_json},
    wsdl::{self, Definitions},
};
use libfuzzer_sys::fuzz_target;

static DEFINITIONS: LazyLock<[Definitions; 2]> = LazyLock::new(|| {
    [
        include_str!("../../crates/wire/tests/wsdl/wrapped.wsdl"),
        include_str!("../../crates/wire/tests/wsdl/rpc.wsdl"),
    ]
    .map(|text| {
        let loader = MemoryLoader::default().with("a.wsdl", text);
        wsdl::load(&loader, "a.wsdl", &Limits::default()).expect("the description is right").0
    })
});

fuzz_target!(|input: &[u8]| {
    let limits = Limits::default();
    drop(Token::read(input, &limits));
    drop(Package::read("multipart/related; boundary=b", input, &limits));
    for definitions in &*DEFINITIONS {
        let ports = definitions.services.iter().flat_map(|service| &service.ports);
        for operation in ports.flat_map(|port| &port.operations) {
            for direction in [Direction::Request, Direction::Reply] {
                for strict in [false, true] {
                    let options = Options { strict };
                    let mut out = Vec::new();
                    drop(to_json::message(
                        definitions,
                        operation,
                        direction,
                        input,
                        &limits,
                        &options,
                        &mut out,
                    ));
                    out.clear();
                    let version = Version::V12;
                    let written = from_json::message(
                        definitions,
                        operation,
                        direction,
                        version,
                        input,
                        &[],
                        &limits,
                        &options,
                        &mut out,
                    );
                    // Copies of elements may be of any name, also of one that must not stand there.
                    let has_copies = input.windows(2).any(|pair| matches!(pair, b"$x" | b"\\u"));
                    if written.is_ok() && !has_copies {
                        let mut again = Vec::new();
                        let options = Options::default();
                        to_json::message(
                            definitions,
                            operation,
                            direction,
                            &out,
                            &limits,
                            &options,
                            &mut again,
                        )
                        .expect("what was written can be read");
                    }
                }
            }
        }
    }
});
