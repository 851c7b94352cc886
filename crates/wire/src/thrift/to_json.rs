//! From a wire format to JSON, driven by the schema, in one pass and without a tree.
//!
//! | Thrift | JSON |
//! |---|---|
//! | struct | object, members by name in the order of the wire |
//! | union | object of one member |
//! | exception | object that begins with `"$exception":"Name"` |
//! | i8 … i64 | number; i64 by [`I64Style`](super::I64Style) |
//! | double | number, the sign of zero kept; `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | enum | name; a number that has none as a number |
//! | string, uuid | string |
//! | binary | string of base64 |
//! | list, set | array |
//! | map | object if its keys are strings, integers, bools or enums; else array of pairs |
//! | field that the schema does not have, or has with another type | `"$unknown":[{"id":9,"type":"list","b64":"…"}]`, with `"protocol":"compact"` if its bytes are not of the binary protocol |

mod encoder;

use self::encoder::Encoder;
use super::{
    BinaryReader, CompactReader, JsonReader,
    options::Options,
    protocol::{Protocol, Reader},
    schema::{Function, Schema, StructId},
};
use crate::{Error, Limits};

/// What a reply was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reply {
    /// What the function returns; `null` for void.
    Success,
    /// One of the exceptions that it declares.
    Exception,
}

/// Converts a struct of a wire format, which must be all of `input`, and appends the JSON to `out`.
///
/// # Errors
/// The input is malformed, does not fit the schema or is beyond a limit; then `out` holds a part of the JSON.
pub fn convert(
    schema: &Schema,
    id: StructId,
    protocol: Protocol,
    input: &[u8],
    limits: &Limits,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    fn all<'a>(
        schema: &Schema,
        id: StructId,
        mut reader: impl Reader<'a>,
        options: &Options,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        structure(schema, id, &mut reader, options, out)?;
        reader.end()
    }
    match protocol {
        Protocol::Binary => all(schema, id, BinaryReader::new(input, limits)?, options, out),
        Protocol::Compact => all(schema, id, CompactReader::new(input, limits)?, options, out),
        Protocol::Json => all(schema, id, JsonReader::new(input, limits)?, options, out),
    }
}

/// Converts the struct that `reader` comes to next, and appends the JSON to `out`.
///
/// # Errors
/// As [`convert`].
pub fn structure<'a>(
    schema: &Schema,
    id: StructId,
    reader: &mut impl Reader<'a>,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    Encoder::new(schema, options, out).structure(reader, id)
}

/// Converts the result of a function that `reader` comes to next: what it returns, `null` for void, or an exception
/// that it declares.
///
/// # Errors
/// As [`convert`]; also if the result is empty though the function returns something.
pub fn reply<'a>(
    schema: &Schema,
    function: &Function,
    reader: &mut impl Reader<'a>,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<Reply, Error> {
    Encoder::new(schema, options, out).reply(reader, function)
}
