use super::{
    Account, Answered, Dropped, Limits, Output, Totals,
    head::may_begin,
    lane::{Lane, State},
    pairing::Queue,
};
use crate::tcp::{End, Event, Position, Side};

/// Reads the messages of one connection.
#[derive(Debug, Default)]
pub struct Connection {
    pub(super) client: Lane,
    pub(super) server: Lane,
    pub(super) waiting: Queue,
    /// The request that the last answer belongs to.
    pub(super) answered: Option<Answered>,
    /// Both sides have agreed to another protocol.
    pub(super) is_upgraded: bool,
}

/// What all connections have in common.
pub(super) struct Context<'a> {
    pub(super) limits: &'a Limits,
    pub(super) totals: &'a mut Totals,
    /// Bytes of messages under way.
    pub(super) held: &'a mut usize,
    /// Takes what comes out.
    pub(super) out: &'a mut dyn FnMut(Output),
}

impl Context<'_> {
    pub(super) fn account(&mut self, side: Side) -> &mut Account {
        match side {
            Side::Client => &mut self.totals.requests,
            Side::Server => &mut self.totals.responses,
        }
    }
}

impl Connection {
    /// Messages that have begun and not ended: requests and answers.
    pub fn under_way(&self) -> (u64, u64) {
        (u64::from(self.client.current.is_some()), u64::from(self.server.current.is_some()))
    }

    /// Whether everything that was asked is answered, and both sides are between messages.
    pub fn is_idle(&self) -> bool {
        let between = |lane: &Lane| matches!(lane.state, State::Start);
        self.waiting.is_empty() && between(&self.client) && between(&self.server)
    }

    /// Whether both sides have said everything.
    pub(super) fn is_over(&self) -> bool {
        self.client.is_ended && self.server.is_ended
    }

    pub(super) fn lane(&mut self, side: Side) -> &mut Lane {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Takes what a half gives.
    pub(super) fn take(&mut self, side: Side, event: Event<'_>, context: &mut Context<'_>) {
        match event {
            Event::Data { bytes, at } => self.data(side, bytes, at, context),
            Event::Gap { offset, len } => self.gap(side, offset, len, context),
            Event::End(end) => self.end(side, end, context),
        }
    }

    pub(super) fn data(&mut self, side: Side, bytes: &[u8], at: Position, context: &mut Context<'_>) {
        let mut used = 0;
        while used < bytes.len() {
            let at = Position { offset: at.offset + used as u64, ..at };
            used += self.step(side, &bytes[used..], at, context);
        }
    }

    /// Takes some bytes and says how many; none only if the next step takes some.
    fn step(&mut self, side: Side, bytes: &[u8], at: Position, context: &mut Context<'_>) -> usize {
        let lane = self.lane(side);
        match lane.state {
            State::Start => {
                let empty = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                if empty == 0 {
                    if may_begin(side, bytes) {
                        self.begin(side, at, context);
                    } else {
                        lane.state = State::Seek;
                    }
                }
                empty
            }
            State::Head => self.head(side, bytes, at, context),
            State::Fixed(left) => {
                let len = self.body(side, bytes, left, at, context);
                self.left(side, left - len as u64, context);
                len
            }
            State::Chunk(left) => {
                let len = self.body(side, bytes, left, at, context);
                let left = left - len as u64;
                self.lane(side).state = if left == 0 { State::ChunkEnd } else { State::Chunk(left) };
                len
            }
            State::UntilEnd => self.body(side, bytes, u64::MAX, at, context),
            State::ChunkSize | State::ChunkEnd | State::Trailers => self.line(side, bytes, at, context),
            State::Seek => self.seek(side, bytes, at, context),
            State::Held(ref mut since) => {
                since.get_or_insert(at);
                lane.line.extend_from_slice(bytes);
                *context.held += bytes.len();
                if lane.line.len() > context.limits.head {
                    self.opaque(side, context);
                }
                bytes.len()
            }
            State::Frames(_) => {
                self.frames(side, bytes, at, context);
                bytes.len()
            }
            State::Opaque => {
                context.totals.other_bytes += bytes.len() as u64;
                bytes.len()
            }
        }
    }

    fn end(&mut self, side: Side, end: End, context: &mut Context<'_>) {
        let lane = self.lane(side);
        match lane.state {
            State::UntilEnd if end == End::Closed => self.finish(side, context),
            State::Frames(ref frames) if !frames.is_idle() => self.broken(side, Dropped::Cut, context),
            State::Held(_) => self.opaque(side, context),
            _ if lane.current.is_some() => self.lose(side, Dropped::Cut, context),
            _ => {}
        }
        let lane = self.lane(side);
        context.totals.other_bytes += lane.line.len() as u64;
        lane.line = Vec::new();
        lane.state = State::Opaque;
        lane.is_ended = true;
        if self.is_over() {
            self.waiting.end();
            context.totals.unanswered += std::mem::take(&mut self.waiting.unanswered);
        }
    }
}
