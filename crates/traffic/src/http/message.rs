use super::Head;
use crate::tcp::{Position, Side};

/// What messages may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A head has at most so many bytes.
    pub head: usize,
    /// A message has at most so many.
    pub message: usize,
    /// All messages that are under way have at most so many.
    pub bytes: usize,
    /// A connection has at most so many requests that wait for their answer.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 64 << 10, message: 16 << 20, bytes: 256 << 20, waiting: 1024 }
    }
}

/// A message as it was on the wire.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// All of it.
    pub bytes: Vec<u8>,
    /// The length of its head.
    pub head_len: usize,
    /// What its head says.
    pub head: Head,
    /// When and where its first byte was.
    pub at: Position,
    /// When its last byte was captured.
    pub ended: i64,
}

/// Which request of its connection one is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Answered {
    /// Its number on the connection, from 0.
    pub number: u64,
    /// The acknowledgement of its first segment; where several requests have the same, they count on from it.
    pub acknowledgement: u32,
}

/// What comes out of a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// A request.
    Request {
        /// What answers will refer to.
        of: Answered,
        /// The request.
        message: Message,
    },
    /// An answer, and the request if that was given.
    Response {
        /// Which request it belongs to.
        of: Option<Answered>,
        /// The answer.
        message: Message,
    },
    /// A WebSocket message.
    Frame {
        /// Which request opened the WebSocket.
        of: Answered,
        /// Who sent it.
        side: Side,
        /// Whether it is text.
        is_text: bool,
        /// When it was whole.
        time: i64,
        /// What it says, unmasked and in one piece.
        payload: Vec<u8>,
    },
}
