//! What goes around messages on a connection.

pub mod framed;
pub mod header;
pub mod ttheader;
