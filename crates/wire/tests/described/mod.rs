//! Messages of SOAP by a description, written and read.

use kefu_wire::{
    Limits,
    soap::{Direction, Options, Version, from_json, to_json},
    wsdl::Definitions,
};
use serde_json::Value;

pub(crate) fn write(
    definitions: &Definitions,
    name: &str,
    direction: Direction,
    version: Version,
    json: &Value,
) -> String {
    let (_, operation) = definitions.find_operation(name).expect("the description has it");
    let (limits, options, text) = (Limits::default(), Options { strict: true }, json.to_string());
    let mut out = Vec::new();
    let text = text.as_bytes();
    from_json::message(definitions, operation, direction, version, text, &[], &limits, &options, &mut out)
        .unwrap_or_else(|error| panic!("{error}: {json}"));
    String::from_utf8(out).expect("it is UTF-8")
}

/// `strict` refuses what the description does not have.
pub(crate) fn read(
    definitions: &Definitions,
    name: &str,
    direction: Direction,
    xml: &str,
    strict: bool,
) -> Value {
    let (_, operation) = definitions.find_operation(name).expect("the description has it");
    let (limits, options) = (Limits::default(), Options { strict });
    let mut out = Vec::new();
    to_json::message(definitions, operation, direction, xml.as_bytes(), &limits, &options, &mut out)
        .unwrap_or_else(|error| panic!("{error}: {xml}"));
    serde_json::from_slice(&out).expect("it is JSON")
}
