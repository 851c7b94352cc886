//! Apache Thrift, read and written by its IDL at run time.
//!
//! - [`idl`] reads interface files into a [`Schema`].
//! - [`BinaryReader`], [`CompactReader`], [`JsonReader`] and their writers are the wire formats; [`transport`] is what
//!   goes around messages.
//! - [`to_json`] and [`from_json`] convert between a wire format and JSON as the schema says; [`raw`] does so without
//!   a schema, [`copy_value`] from one wire format to another.
//! - [`rpc`] reads and writes whole messages: calls, replies, exceptions.
//! - [`detect`] tells what bytes are; [`json_schema`] describes a schema's types and functions.

pub mod detect;
pub mod from_json;
pub mod idl;
pub mod json_schema;
pub mod raw;
pub mod rpc;
pub mod schema;
pub mod to_json;
pub mod transport;

mod binary;
mod compact;
mod copy;
mod message;
mod options;
mod protocol;
mod tjson;
mod ttype;

// What the modules below call `super::json`.
use crate::json;

pub use self::{
    binary::{BinaryReader, BinaryWriter},
    compact::{CompactMark, CompactReader, CompactWriter},
    copy::{copy_message, copy_value},
    message::{ApplicationException, ApplicationExceptionKind},
    options::{I64Style, Options, Unknown},
    protocol::{ListHead, MapHead, MessageHead, MessageKind, Protocol, Reader, Writer},
    schema::{Schema, StructId, Type},
    tjson::{JsonMark, JsonReader, JsonWriter},
    ttype::TType,
};

#[cfg(test)]
mod tests;
