//! The JSON frames of the chat protocol `kefu.v1`.
//!
//! Within `kefu.v1` changes only add: unknown fields are ignored on both sides, an unknown type from
//! a client is answered by an `error` frame, one from a server is skipped.

mod client;
mod close;
mod json;
mod limits;
mod server;
mod timestamp;
mod words;

pub use client::{ClientFrame, ParseError, Position, Resume, Send, Watch, check_text};
pub use json::Json;
pub use limits::{MAX_CLIENT_FRAME, MAX_HELLO_CONVERSATIONS, MAX_POSITIONS, MAX_TEXT_CHARS, SUBPROTOCOL};
pub use server::{
    Ack, Conversation, Error, Event, Head, Hello, Message, Name, Party, Presence, Read, Reset, ServerFrame,
    Typing, Watching,
};
pub use timestamp::{Timestamp, TimestampError};
pub use words::{
    Change, ErrorCode, EventCode, MessageKind, PartyKind, Revision, Scope, SendKind, Status, Warning,
};

#[cfg(test)]
mod tests;
