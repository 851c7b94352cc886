//! `TJSONProtocol`: JSON whose objects have field numbers and type names, and whose containers begin with types.
//!
//! Source: `TJSONProtocol` of Apache Thrift's libraries for C++ and Java; there is no other specification.

mod reader;
mod writer;

pub use self::{
    reader::JsonReader,
    writer::{JsonMark, JsonWriter},
};

use super::TType;

/// The first element of a message.
const VERSION: i64 = 1;

fn name(ttype: Option<TType>) -> &'static str {
    match ttype {
        // An empty container without a type must have some name.
        None | Some(TType::I8) => "i8",
        Some(TType::Bool) => "tf",
        Some(TType::I16) => "i16",
        Some(TType::I32) => "i32",
        Some(TType::I64) => "i64",
        Some(TType::Double) => "dbl",
        Some(TType::String) => "str",
        Some(TType::Struct) => "rec",
        Some(TType::Map) => "map",
        Some(TType::List) => "lst",
        Some(TType::Set) => "set",
        Some(TType::Uuid) => "uid",
    }
}

fn from_name(name: &[u8]) -> Option<TType> {
    Some(match name {
        b"tf" => TType::Bool,
        b"i8" => TType::I8,
        b"i16" => TType::I16,
        b"i32" => TType::I32,
        b"i64" => TType::I64,
        b"dbl" => TType::Double,
        b"str" => TType::String,
        b"rec" => TType::Struct,
        b"map" => TType::Map,
        b"lst" => TType::List,
        b"set" => TType::Set,
        b"uid" => TType::Uuid,
        _ => return None,
    })
}
