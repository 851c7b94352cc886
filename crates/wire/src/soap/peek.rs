//! What an envelope is, told before it is read by a description.

use super::{ENVELOPE_11, ENVELOPE_12, Version};
use crate::{
    Error, Limits,
    xml::{Event, Name, Reader},
};

/// The beginning of an envelope.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Peeked {
    /// The version of SOAP.
    pub version: Version,
    /// The namespace of the first element in the body.
    pub namespace: String,
    /// Its name; empty if the body is.
    pub local: String,
    /// Whether it is a fault.
    pub is_fault: bool,
    /// The byte at which it begins.
    pub offset: usize,
}

/// Reads an envelope up to the first element in its body.
///
/// # Errors
/// The input is malformed up to there, is no envelope or is beyond a limit.
pub fn peek(input: &[u8], limits: &Limits) -> Result<Peeked, Error> {
    let mut reader = Reader::new(input, limits)?;
    let version = match start(&mut reader)? {
        Some(Name { namespace: ENVELOPE_11, local: "Envelope" }) => Version::V11,
        Some(Name { namespace: ENVELOPE_12, local: "Envelope" }) => Version::V12,
        Some(name) => {
            let found = format!("{{{}}}{}", name.namespace, name.local);
            return Err(Error::unexpected(reader.offset(), "an envelope of SOAP 1.1 or 1.2", found));
        }
        None => return Err(Error::truncated(reader.offset(), "an envelope")),
    };
    let envelope = version.envelope();
    loop {
        match start(&mut reader)? {
            Some(name) if name.namespace == envelope && name.local == "Body" => break,
            Some(_) => reader.skip()?,
            None => return Err(Error::malformed(reader.offset(), "the envelope has no body")),
        }
    }
    let first = start(&mut reader)?;
    let offset = reader.offset();
    let Name { namespace, local } = first.unwrap_or(Name { namespace: "", local: "" });
    let is_fault = namespace == envelope && local == "Fault";
    Ok(Peeked { version, namespace: namespace.to_owned(), local: local.to_owned(), is_fault, offset })
}

/// The next element; none at the end of the one around it.
fn start<'x>(reader: &mut Reader<'x>) -> Result<Option<Name<'x>>, Error> {
    loop {
        match reader.next()? {
            Event::Start(name) => return Ok(Some(name)),
            Event::Text(_) => {}
            Event::End | Event::Eof => return Ok(None),
        }
    }
}
