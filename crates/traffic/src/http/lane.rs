//! One half of a connection: where in a message it is.

use super::{Answered, Dropped, Head, frames::Frames};
use crate::tcp::Position;

/// Where in a stream of messages a half is.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) state: State,
    pub(super) current: Option<Current>,
    /// A line that has not ended, or what was not searched through yet.
    pub(super) line: Vec<u8>,
    pub(super) is_ended: bool,
}

#[derive(Debug, Default)]
pub(super) enum State {
    /// Between messages.
    #[default]
    Start,
    /// Within a head.
    Head,
    /// Within a body of which so many bytes are left.
    Fixed(u64),
    /// In the line before a chunk.
    ChunkSize,
    /// In a chunk of which so many bytes are left.
    Chunk(u64),
    /// In the empty line after a chunk.
    ChunkEnd,
    /// After the last chunk.
    Trailers,
    /// In a body that ends with the connection.
    UntilEnd,
    /// Somewhere: the next beginning is looked for.
    Seek,
    /// After a request for another protocol, until the answer says which one it is.
    Held(Option<Position>),
    /// WebSocket.
    Frames(Box<Frames>),
    /// Bytes that are not HTTP.
    Opaque,
}

/// A message under way.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) bytes: Vec<u8>,
    pub(super) head_len: usize,
    /// The head, once it is whole.
    pub(super) head: Option<Head>,
    pub(super) at: Position,
    pub(super) ended: i64,
    /// Why it will not be given, if that is already clear; its bytes are not kept then.
    pub(super) damage: Option<Dropped>,
    /// Which request it is, or answers.
    pub(super) of: Option<Answered>,
}

impl Current {
    pub(super) fn new(at: Position) -> Self {
        Self { bytes: Vec::new(), head_len: 0, head: None, at, ended: at.time, damage: None, of: None }
    }

    /// Takes note that it will not be given, and lets go of its bytes.
    pub(super) fn spoil(&mut self, why: Dropped, held: &mut usize) {
        self.damage.get_or_insert(why);
        *held -= self.bytes.len();
        self.bytes = Vec::new();
    }
}
