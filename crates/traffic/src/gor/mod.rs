//! Records of HTTP messages as goreplay keeps them: `.gor` files, read and written byte for byte.
//!
//! A record is a line `TYPE ID TIMESTAMP LATENCY`, the message as it was on the wire, and a separator. What follows the
//! fourth field is ours, as `name=value`, and goreplay reads past it: `len` makes a separator within a body harmless,
//! `c` and `s` are the addresses of client and server, `n` counts the messages of a connection.

mod error;
mod files;
mod merge;
mod name;
mod reader;
mod record;
mod writer;

pub use error::{GorError, Problem};
pub use files::{Chunks, FileWriter, create_private, expand, sync};
pub use merge::Merge;
pub use name::Pattern;
pub use reader::{RECORD_MAX, Reader};
pub use record::{Kind, Record, SEPARATOR, View};
pub use writer::write_record;

#[cfg(test)]
mod tests;
