//! Bodies of messages, and their ends.

use memchr::memchr;

use super::{
    Connection, Dropped, Message, Output,
    connection::Context,
    lane::{Current, State},
};
use crate::tcp::{Position, Side};

impl Connection {
    /// Takes a part of a body; says how long it is.
    pub(super) fn body(
        &mut self,
        side: Side,
        bytes: &[u8],
        left: u64,
        at: Position,
        context: &mut Context<'_>,
    ) -> usize {
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let limits = context.limits;
        let Some(current) = &mut self.lane(side).current else { return len };
        current.ended = at.time;
        if current.damage.is_none() {
            if current.bytes.len() + len > limits.message || *context.held + len > limits.bytes {
                current.spoil(Dropped::Limit, context.held);
            } else {
                current.bytes.extend_from_slice(&bytes[..len]);
                *context.held += len;
            }
        }
        len
    }

    pub(super) fn left(&mut self, side: Side, left: u64, context: &mut Context<'_>) {
        self.lane(side).state = State::Fixed(left);
        if left == 0 {
            self.finish(side, context);
        }
    }

    /// Takes a line that is about chunks, or a part of it.
    pub(super) fn line(
        &mut self,
        side: Side,
        bytes: &[u8],
        at: Position,
        context: &mut Context<'_>,
    ) -> usize {
        let end = memchr(b'\n', bytes);
        let len = end.map_or(bytes.len(), |end| end + 1);
        self.body(side, &bytes[..len], len as u64, at, context);
        let max = context.limits.head;
        let lane = self.lane(side);
        lane.line.extend_from_slice(&bytes[..len]);
        if lane.line.len() > max {
            self.lose(side, Dropped::Malformed, context);
            return len;
        }
        if end.is_none() {
            return len;
        }
        let line = std::mem::take(&mut lane.line);
        let line = line.trim_ascii();
        let next = match lane.state {
            State::ChunkSize => match chunk_size(line) {
                Some(0) => Some(State::Trailers),
                Some(size) => Some(State::Chunk(size)),
                None => None,
            },
            State::ChunkEnd => line.is_empty().then_some(State::ChunkSize),
            _ if line.is_empty() => {
                self.finish(side, context);
                return len;
            }
            _ => Some(State::Trailers),
        };
        match next {
            Some(state) => lane.state = state,
            None => self.lose(side, Dropped::Malformed, context),
        }
        len
    }

    /// Gives the message that is whole now, or says why not.
    pub(super) fn finish(&mut self, side: Side, context: &mut Context<'_>) {
        let lane = self.lane(side);
        lane.state = State::Start;
        lane.line.clear();
        let Some(current) = lane.current.take() else { return };
        *context.held -= current.bytes.len();
        let Current { bytes, head_len, head, at, ended, damage, of } = current;
        let (Some(head), None) = (head, damage) else {
            context.account(side).drop_one(damage.unwrap_or(Dropped::Malformed));
            return;
        };
        context.account(side).emitted += 1;
        let message = Message { bytes, head_len, head, at, ended };
        if let (Side::Client, Some(of)) = (side, of) {
            if self.waiting.given(of) {
                self.client.state = State::Held(None);
            }
            (context.out)(Output::Request { of, message });
        } else {
            context.totals.unmatched += u64::from(of.is_none());
            (context.out)(Output::Response { of, message });
        }
    }
}

/// The size of a chunk, by the line before it.
pub fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    if digits > 16 || !matches!(line.get(digits), None | Some(b';' | b' ' | b'\t')) {
        return None;
    }
    u64::from_str_radix(str::from_utf8(&line[..digits]).ok()?, 16).ok()
}
