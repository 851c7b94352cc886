//! From JSON to a wire format, driven by the schema, in one pass and without a tree.
//!
//! The rules are those of [`to_json`](super::to_json), backwards, and more is read than is written there: members in
//! any order, enums as numbers, i64 as strings, `null` for a field that is absent.

mod decoder;
mod scalars;
mod unknown;

use self::decoder::Decoder;
use super::{
    BinaryWriter, CompactWriter, JsonWriter,
    json::Scanner,
    options::Options,
    protocol::{Protocol, Writer},
    schema::{Function, Schema, StructId, Type},
    to_json::Reply,
};
use crate::{Error, Limits, Problem};

/// Converts a struct, which must be all of `input`, and appends it in the wire format to `out`.
///
/// # Errors
/// The input is not JSON, does not fit the schema or is beyond a limit; then `out` holds a part of the message.
pub fn convert(
    schema: &Schema,
    id: StructId,
    protocol: Protocol,
    input: &[u8],
    limits: &Limits,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    match protocol {
        Protocol::Binary => structure(schema, id, input, &mut BinaryWriter::new(out), limits, options),
        Protocol::Compact => structure(schema, id, input, &mut CompactWriter::new(out), limits, options),
        Protocol::Json => structure(schema, id, input, &mut JsonWriter::new(out), limits, options),
    }
}

/// Converts a struct, which must be all of `input`.
///
/// # Errors
/// As [`convert`].
pub fn structure(
    schema: &Schema,
    id: StructId,
    input: &[u8],
    writer: &mut impl Writer,
    limits: &Limits,
    options: &Options,
) -> Result<(), Error> {
    value(schema, Type::Struct(id), text(input, limits)?, writer, limits, options)
}

/// Converts what a function returns, or an exception that it declares, into its result; `null` is void.
///
/// An object that begins with `"$exception"` and the name of a declared exception is that exception.
///
/// # Errors
/// As [`convert`].
pub fn reply(
    schema: &Schema,
    function: &Function,
    input: &[u8],
    writer: &mut impl Writer,
    limits: &Limits,
    options: &Options,
) -> Result<Reply, Error> {
    let mut decoder = Decoder::new(schema, options, text(input, limits)?, limits, writer);
    let reply = decoder.reply(function)?;
    decoder.end()?;
    Ok(reply)
}

/// Converts a value of any type, which must be all of `json`.
pub(super) fn value(
    schema: &Schema,
    ty: Type,
    json: &str,
    writer: &mut impl Writer,
    limits: &Limits,
    options: &Options,
) -> Result<(), Error> {
    let mut decoder = Decoder::new(schema, options, json, limits, writer);
    decoder.value(ty)?;
    decoder.end()
}

fn text<'j>(input: &'j [u8], limits: &Limits) -> Result<&'j str, Error> {
    super::protocol::check_message(input, limits)?;
    std::str::from_utf8(input).map_err(|error| Error::at(error.valid_up_to(), Problem::NotUtf8))
}
