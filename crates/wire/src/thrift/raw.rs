//! Without a schema: JSON that says all that the wire says, and nothing more.
//!
//! A struct is an object from field ids to objects of one member, the type and the value:
//! `{"1":{"i32":5},"2":{"list":["string",["a"]]},"3":{"map":["i32","double",[[1,0.5]]]}}`. The type of the elements
//! of an empty container is `null` where the wire has none. A string that is not UTF-8 is `{"b64":"…"}`, a NaN with
//! other bits than the usual ones is `{"bits":"7ff8000000000001"}`.

mod read;
mod write;

use super::{
    BinaryReader, BinaryWriter, CompactReader, CompactWriter, JsonReader, JsonWriter,
    protocol::{Protocol, Reader, Writer},
};
use crate::{Error, Limits, Problem};

/// Converts a struct, which must be all of `input`, and appends the JSON to `out`.
///
/// # Errors
/// The input is malformed or beyond a limit.
pub fn to_json(protocol: Protocol, input: &[u8], limits: &Limits, out: &mut Vec<u8>) -> Result<(), Error> {
    fn all<'a>(mut reader: impl Reader<'a>, out: &mut Vec<u8>) -> Result<(), Error> {
        structure_to_json(&mut reader, out)?;
        reader.end()
    }
    match protocol {
        Protocol::Binary => all(BinaryReader::new(input, limits)?, out),
        Protocol::Compact => all(CompactReader::new(input, limits)?, out),
        Protocol::Json => all(JsonReader::new(input, limits)?, out),
    }
}

/// Converts the struct that `reader` comes to next, and appends the JSON to `out`.
///
/// # Errors
/// As [`to_json`].
pub fn structure_to_json<'a>(reader: &mut impl Reader<'a>, out: &mut Vec<u8>) -> Result<(), Error> {
    write::structure(reader, out)
}

/// Converts JSON of this form, which must be all of `input`, and appends the struct to `out`.
///
/// # Errors
/// The input is not of this form or beyond a limit.
pub fn from_json(protocol: Protocol, input: &[u8], limits: &Limits, out: &mut Vec<u8>) -> Result<(), Error> {
    match protocol {
        Protocol::Binary => structure_from_json(input, limits, &mut BinaryWriter::new(out)),
        Protocol::Compact => structure_from_json(input, limits, &mut CompactWriter::new(out)),
        Protocol::Json => structure_from_json(input, limits, &mut JsonWriter::new(out)),
    }
}

/// Converts JSON of this form, which must be all of `input`, with a writer that the caller has.
///
/// # Errors
/// As [`from_json`].
pub fn structure_from_json(input: &[u8], limits: &Limits, writer: &mut impl Writer) -> Result<(), Error> {
    super::protocol::check_message(input, limits)?;
    let text =
        std::str::from_utf8(input).map_err(|error| Error::at(error.valid_up_to(), Problem::NotUtf8))?;
    read::structure(text, limits, writer)
}
