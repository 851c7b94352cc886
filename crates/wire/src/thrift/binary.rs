//! `TBinaryProtocol`, strict and old.
//!
//! Source: "Thrift Binary protocol encoding", `doc/specs/thrift-binary-protocol.md` of Apache Thrift.

mod reader;
mod writer;

pub use self::{reader::BinaryReader, writer::BinaryWriter};

/// The upper half of a strict message's first word: the top bit, and version 1.
const VERSION: u32 = 0x8001_0000;
