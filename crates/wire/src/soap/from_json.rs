//! From JSON to SOAP, driven by the description; members may come in any order.

mod decoder;
mod envelope;
mod members;
mod particles;
mod prefixes;
mod values;

use self::decoder::Decoder;
use super::{Direction, Options, Version, tape::Tape};
use crate::{
    Error, Limits,
    wsdl::{Definitions, Operation},
    xsd::{ElementId, Schemas},
};

/// Converts the JSON of a message, which must be all of `input`, and appends the envelope to `out`.
///
/// `blocks` are more header blocks, such as that of [`security`](super::security).
///
/// # Errors
/// The input is malformed, does not fit the description or is beyond a limit; then `out` is as it was.
#[expect(clippy::too_many_arguments, reason = "each of them is another thing")]
pub fn message(
    definitions: &Definitions,
    operation: &Operation,
    direction: Direction,
    version: Version,
    input: &[u8],
    blocks: &[String],
    limits: &Limits,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let tape = Tape::read(input, limits)?;
    let before = out.len();
    let mut decoder = Decoder::new(&definitions.schemas, &tape, limits, options, std::mem::take(out));
    let result = envelope::message(&mut decoder, definitions, operation, direction, version, blocks);
    *out = decoder.out;
    if result.is_err() {
        out.truncate(before);
    }
    result
}

/// As [`message`]; bytes of at least so many become parts of a package, for [`mtom::write`](super::mtom::write).
///
/// # Errors
/// As [`message`].
#[expect(clippy::too_many_arguments, reason = "each of them is another thing")]
pub fn message_with_parts(
    definitions: &Definitions,
    operation: &Operation,
    direction: Direction,
    version: Version,
    input: &[u8],
    blocks: &[String],
    attach_from: usize,
    limits: &Limits,
    options: &Options,
) -> Result<(Vec<u8>, Vec<Vec<u8>>), Error> {
    let tape = Tape::read(input, limits)?;
    let mut decoder = Decoder::new(&definitions.schemas, &tape, limits, options, Vec::new());
    decoder.attach_from = Some(attach_from);
    envelope::message(&mut decoder, definitions, operation, direction, version, blocks)?;
    Ok((decoder.out, decoder.attached))
}

/// Converts the JSON of a global element, and appends the document to `out`.
///
/// # Errors
/// As [`message`].
pub fn element(
    schemas: &Schemas,
    id: ElementId,
    input: &[u8],
    limits: &Limits,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let tape = Tape::read(input, limits)?;
    let mut decoder = Decoder::new(schemas, &tape, limits, options, Vec::new());
    let name = &schemas.element(id).name;
    decoder.element(schemas.element(id), Tape::root())?;
    // The declarations are known when all is written; they stand in the tag of the root.
    let Decoder { out: written, prefixes, .. } = decoder;
    let written = written.strip_prefix(b"<").unwrap_or(&written);
    let tag = prefixes.tag(name);
    if written.starts_with(tag.as_bytes()) {
        out.push(b'<');
        out.extend_from_slice(tag.as_bytes());
        prefixes.declare(out)?;
        out.extend_from_slice(&written[tag.len()..]);
    } else {
        // A copy of an element has declarations of its own.
        out.push(b'<');
        out.extend_from_slice(written);
    }
    Ok(())
}
