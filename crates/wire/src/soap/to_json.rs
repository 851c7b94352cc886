//! From SOAP to JSON, driven by the description, in one pass and without a tree.

mod encoder;
mod envelope;
mod fault;
mod refs;
mod values;

pub(super) use self::values::{Integer, check, is_decimal, read_integer};

use self::encoder::Encoder;
use super::{Direction, Message, Options};
use crate::{
    Error, Limits, Problem,
    wsdl::{Definitions, Operation},
    xml::{Event, Reader},
    xsd::{ElementId, Schemas},
};

/// Converts a message of an operation, which must be all of `input`, and appends the JSON to `out`.
///
/// `attachments` gives the parts of a package by their ids; without one, none is known.
///
/// # Errors
/// The input is malformed, does not fit the description or is beyond a limit; then `out` is as it was.
#[expect(
    clippy::too_many_arguments,
    reason = "each of them is another thing, and most calls have no attachments"
)]
pub fn message_with<'a>(
    definitions: &'a Definitions,
    operation: &'a Operation,
    direction: Direction,
    input: &'a [u8],
    attachments: &'a (dyn Fn(&str) -> Option<&'a [u8]> + 'a),
    limits: &Limits,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<Message, Error> {
    let mut encoder = Encoder::new(&definitions.schemas, limits, options, std::mem::take(out));
    encoder.attachments = Some(attachments);
    finish(encoder, out, |encoder| envelope::message(encoder, definitions, operation, direction, input))
}

/// Converts a message of an operation, which must be all of `input`, and appends the JSON to `out`.
///
/// # Errors
/// As [`message_with`].
pub fn message(
    definitions: &Definitions,
    operation: &Operation,
    direction: Direction,
    input: &[u8],
    limits: &Limits,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<Message, Error> {
    let encoder = Encoder::new(&definitions.schemas, limits, options, std::mem::take(out));
    finish(encoder, out, |encoder| envelope::message(encoder, definitions, operation, direction, input))
}

/// Converts a document whose root is a global element, and appends the JSON to `out`.
///
/// # Errors
/// As [`message_with`].
pub fn element(
    schemas: &Schemas,
    id: ElementId,
    input: &[u8],
    limits: &Limits,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let encoder = Encoder::new(schemas, limits, options, std::mem::take(out));
    finish(encoder, out, |encoder| {
        let mut reader = Reader::new(input, limits)?;
        let expected = &schemas.element(id).name;
        match reader.next()? {
            Event::Start(name)
                if name.local == expected.local
                    && name.namespace == schemas.namespace(expected.namespace) => {}
            Event::Start(name) => {
                let found = format!("{{{}}}{}", name.namespace, name.local);
                return Err(Error::unexpected(reader.offset(), schemas.clark(expected), found));
            }
            _ => return Err(Error::at(0, Problem::Truncated("a document"))),
        }
        encoder.element_of(&mut reader, id)?;
        reader.next().map(drop)
    })
}

/// Runs an encoder; parts are swapped back when an error leaves them, so that the output only grows at its end.
fn finish<'s, 'x, T>(
    mut encoder: Encoder<'s, 'x>,
    out: &mut Vec<u8>,
    run: impl FnOnce(&mut Encoder<'s, 'x>) -> Result<T, Error>,
) -> Result<T, Error> {
    let before = encoder.out.len();
    let result = run(&mut encoder);
    *out = encoder.out;
    if result.is_err() {
        out.truncate(before);
    }
    result
}
