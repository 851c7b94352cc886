//! Bodies, whatever they are in, as one kind of value.

use std::collections::BTreeMap;

use kefu_wire::{
    Limits,
    xml::{Child, Element},
};

use super::{
    expression::{Data, data},
    file::Format,
    system::{Caller, System},
    url,
};

/// A body that could be read.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) value: Data,
    /// How it came, if it is a call that is to be answered.
    pub(super) caller: Option<Caller>,
}

/// Nothing a service sends nests deeper.
const XML_DEPTH_MAX: usize = 32;
const PARAMETERS_MAX: usize = 1_000;

impl Body {
    /// A body that is this value.
    pub(super) fn of(value: Data) -> Self {
        Self { value, caller: None }
    }

    /// Reads a body that is no longer than its limit.
    pub(super) fn read(bytes: &[u8], format: Format, system: Option<&System>) -> Result<Self, String> {
        let value = match format {
            Format::Json => {
                serde_json::from_slice(bytes).map_err(|error| format!("the body is no JSON: {error}"))?
            }
            Format::Xml => {
                let limits = Limits {
                    message_bytes_max: bytes.len(),
                    xml_depth_max: XML_DEPTH_MAX,
                    ..Limits::default()
                };
                let root =
                    Element::parse(bytes, &limits).map_err(|error| format!("the body is no XML: {error}"))?;
                of_element(&root)
            }
            Format::Form => {
                let pairs = url::parameters(text(bytes)?, PARAMETERS_MAX);
                let pairs = pairs.ok_or_else(|| format!("the body has more than {PARAMETERS_MAX} fields"))?;
                // The first of several counts, as in addresses.
                Data::from_pairs(pairs.into_iter().rev())
            }
            Format::Text => text(bytes)?.into(),
            Format::Soap | Format::Thrift => {
                let system = system.ok_or("there is no schema")?;
                let (call, caller) = system.read_call(bytes)?;
                return Ok(Self { value: data(call), caller: Some(caller) });
            }
        };
        Ok(Self::of(value))
    }
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "the body is not UTF-8".to_owned())
}

/// Elements without elements are texts; those of equal names are a list; attributes are `@name`.
fn of_element(element: &Element) -> Data {
    let is_text = element.attributes.is_empty() && element.elements().next().is_none();
    if is_text {
        return element.text().into();
    }
    let mut members: BTreeMap<String, Vec<Data>> = BTreeMap::new();
    for (_, local, value) in &element.attributes {
        members.insert(format!("@{local}"), vec![Data::from(&**value)]);
    }
    for child in &element.children {
        if let Child::Element(child) = child {
            members.entry(child.local.to_string()).or_default().push(of_element(child));
        }
    }
    let text = element.text();
    if !text.trim().is_empty() {
        members.insert("#text".to_owned(), vec![text.into()]);
    }
    let one_or_list = |mut values: Vec<Data>| match values.len() {
        1 => values.swap_remove(0),
        _ => Data::from(values),
    };
    Data::from_pairs(members.into_iter().map(|(name, values)| (name, one_or_list(values))))
}
