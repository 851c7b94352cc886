//! Messages of HTTP/1.x out of streams, each answer with its question, and WebSocket messages after an upgrade.
//!
//! Messages are given as they were on the wire. A gap costs the messages that it touches: where one ends is known from
//! its head even if a part of its body is missing, and otherwise the next thing that looks like a beginning is one.
//! Which question an answer belongs to is told by what its sender had received, and not only by counting.

mod account;
mod bodies;
mod connection;
mod frames;
mod head;
mod heads;
mod lane;
mod losses;
mod message;
mod pairing;
mod session;
mod traffic;
mod upgrade;

pub use account::{Account, Dropped, Totals};
pub use bodies::chunk_size;
pub use connection::Connection;
pub use frames::Deflate;
pub use head::{Head, Malformed, Start, head_len, header_lines, look_at_head, parse_head};
pub use message::{Answered, Limits, Message, Output};
pub use session::Session;
pub use traffic::{Ended, PacketCounters, Traffic};

#[cfg(test)]
mod tests;
