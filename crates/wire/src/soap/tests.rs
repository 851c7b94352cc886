mod examples;
mod hostile;
mod packages;
mod properties;

use super::{Direction, Message, Options, Version, from_json, to_json};
use crate::{
    Error, Limits,
    wsdl::{Definitions, Operation},
};

fn read(
    definitions: &Definitions,
    operation: &str,
    direction: Direction,
    input: &str,
) -> Result<(String, Message), Error> {
    let mut out = Vec::new();
    let operation = find(definitions, operation);
    let (limits, options) = (Limits::default(), Options::default());
    let message =
        to_json::message(definitions, operation, direction, input.as_bytes(), &limits, &options, &mut out)?;
    let text = String::from_utf8(out).expect("it is UTF-8");
    serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    Ok((text, message))
}

fn write(
    definitions: &Definitions,
    operation: &str,
    direction: Direction,
    version: Version,
    json: &str,
) -> Result<String, Error> {
    let mut out = Vec::new();
    let operation = find(definitions, operation);
    let (limits, options) = (Limits::default(), Options::default());
    let json = json.as_bytes();
    from_json::message(definitions, operation, direction, version, json, &[], &limits, &options, &mut out)?;
    Ok(String::from_utf8(out).expect("it is UTF-8"))
}

fn find<'d>(definitions: &'d Definitions, operation: &str) -> &'d Operation {
    definitions.find_operation(operation).expect("the description has it").1
}

fn envelope(version: Version, header: &str, body: &str) -> String {
    let header = if header.is_empty() { String::new() } else { format!("<s:Header>{header}</s:Header>") };
    format!(
        "<s:Envelope xmlns:s=\"{}\" xmlns:xsi=\"{}\" xmlns:xsd=\"{}\">{header}<s:Body>{body}</s:Body></s:Envelope>",
        version.envelope(),
        super::XSI,
        crate::xsd::XSD
    )
}
