//! `TCompactProtocol`.
//!
//! Source: "Thrift Compact protocol encoding", `doc/specs/thrift-compact-protocol.md` of Apache Thrift.

mod reader;
mod varint;
mod writer;

pub(crate) use self::varint::{Varint, read_varint, write_varint};
pub use self::{
    reader::CompactReader,
    writer::{CompactMark, CompactWriter},
};

use super::TType;

/// The first byte of a message.
pub(crate) const PROTOCOL_ID: u8 = 0x82;
/// The version in the low five bits of the second byte.
pub(crate) const VERSION: u8 = 1;

const BOOL_TRUE: u8 = 1;
const BOOL_FALSE: u8 = 2;

/// The type of a code; both codes of bool are bool.
#[inline]
fn from_code(code: u8) -> Option<TType> {
    Some(match code {
        BOOL_TRUE | BOOL_FALSE => TType::Bool,
        3 => TType::I8,
        4 => TType::I16,
        5 => TType::I32,
        6 => TType::I64,
        7 => TType::Double,
        8 => TType::String,
        9 => TType::List,
        10 => TType::Set,
        11 => TType::Map,
        12 => TType::Struct,
        13 => TType::Uuid,
        _ => return None,
    })
}

/// The code of a type, and 0 for none.
#[inline]
fn code(ttype: Option<TType>) -> u8 {
    match ttype {
        None => 0,
        Some(TType::Bool) => BOOL_TRUE,
        Some(TType::I8) => 3,
        Some(TType::I16) => 4,
        Some(TType::I32) => 5,
        Some(TType::I64) => 6,
        Some(TType::Double) => 7,
        Some(TType::String) => 8,
        Some(TType::List) => 9,
        Some(TType::Set) => 10,
        Some(TType::Map) => 11,
        Some(TType::Struct) => 12,
        Some(TType::Uuid) => 13,
    }
}
