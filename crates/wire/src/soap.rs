//! SOAP 1.1 and 1.2, converted to JSON and back as a description of the service says, without generated code.
//!
//! | SOAP | JSON |
//! |---|---|
//! | parts of the body | members of an object; the members of the wrapper if the style is wrapped |
//! | element of complex type | object, members by name; whatever may repeat is an array, always |
//! | attribute, text beside attributes | `"@name"`, `"#text"` |
//! | `xsi:nil`; no element | `null`; no member |
//! | type derived from the declared one | `"$type":"{namespace}Name"`, the first member |
//! | integer | number if it fits 64 bits, else string |
//! | decimal, date, time, duration, hexBinary | string as it stands |
//! | double, float | number; `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | base64Binary | string of base64; so is an attachment that stands for it |
//! | qualified name | string, `{namespace}name` |
//! | list; array of SOAP encoding | array |
//! | mixed content, `anyType` with elements in it | `{"$xml":"<…>"}`, the element with its declarations |
//! | `xs:any` | `"$any":[{"$xml":"<…>"},…]` |
//! | element that the schema does not have | `"$unknown":[{"$xml":"<…>"},…]` |
//! | header blocks | `"$headers":{…}` |
//! | fault | `{"$fault":{"code","subcodes","reason":{"en":…},"role","detail"}}` |
//!
//! Two local names that differ only by namespace: the second one is `{namespace}name`.
//!
//! Sources: SOAP 1.1 (W3C note of 2000), SOAP 1.2 part 1 and 2 (second edition).

pub mod from_json;
pub mod mtom;
pub mod peek;
pub mod security;
pub mod to_json;

mod fragment;
mod message;
mod options;
mod tape;

#[cfg(test)]
mod tests;

pub use self::{
    message::{Direction, Message},
    options::{Options, Version},
};

/// The namespace of `xsi:type` and `xsi:nil`.
pub const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The namespace of the envelope of SOAP 1.1.
pub const ENVELOPE_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of the envelope of SOAP 1.2.
pub const ENVELOPE_12: &str = "http://www.w3.org/2003/05/soap-envelope";
/// The namespace of `xop:Include`.
pub const XOP: &str = "http://www.w3.org/2004/08/xop/include";
