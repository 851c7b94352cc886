use memchr::memchr;

use super::{
    Account, Answered, Dropped, Head, Limits, Message, Output, Start, Totals,
    head::{find_begin, head_len, may_begin, parse_head},
    lane::{Current, Lane, State},
    pairing::{Queue, Waiting},
};
use crate::tcp::{End, Event, Position, Side};

/// Reads the messages of one connection.
#[derive(Debug, Default)]
pub struct Connection {
    pub(super) client: Lane,
    server: Lane,
    waiting: Queue,
    /// The request that the last answer belongs to.
    pub(super) answered: Option<Answered>,
}

/// What all connections have in common.
#[derive(Debug)]
pub(super) struct Context<'a, F> {
    pub(super) limits: &'a Limits,
    pub(super) totals: &'a mut Totals,
    /// Bytes of messages under way.
    pub(super) held: &'a mut usize,
    pub(super) out: F,
}

impl<F: FnMut(Output)> Context<'_, F> {
    fn account(&mut self, side: Side) -> &mut Account {
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

    pub(super) fn lane(&mut self, side: Side) -> &mut Lane {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Takes what a half gives.
    pub(super) fn take<F: FnMut(Output)>(
        &mut self,
        side: Side,
        event: Event<'_>,
        context: &mut Context<'_, F>,
    ) {
        match event {
            Event::Data { bytes, at } => self.data(side, bytes, at, context),
            Event::Gap { offset, len } => self.gap(side, offset, len, context),
            Event::End(end) => self.end(side, end, context),
        }
    }

    pub(super) fn data<F: FnMut(Output)>(
        &mut self,
        side: Side,
        bytes: &[u8],
        at: Position,
        context: &mut Context<'_, F>,
    ) {
        let mut used = 0;
        while used < bytes.len() {
            let at = Position { offset: at.offset + used as u64, ..at };
            used += self.step(side, &bytes[used..], at, context);
        }
    }

    /// Takes some bytes and says how many; none only if the next step takes some.
    fn step<F: FnMut(Output)>(
        &mut self,
        side: Side,
        bytes: &[u8],
        at: Position,
        context: &mut Context<'_, F>,
    ) -> usize {
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

    fn begin<F: FnMut(Output)>(&mut self, side: Side, at: Position, context: &mut Context<'_, F>) {
        context.account(side).seen += 1;
        let lane = self.lane(side);
        lane.current = Some(Current::new(at));
        lane.state = State::Head;
    }

    fn head<F: FnMut(Output)>(
        &mut self,
        side: Side,
        bytes: &[u8],
        at: Position,
        context: &mut Context<'_, F>,
    ) -> usize {
        let max = context.limits.head;
        let Some(current) = &mut self.lane(side).current else { return bytes.len() };
        let before = current.bytes.len();
        current.bytes.extend_from_slice(bytes);
        current.ended = at.time;
        let Some(len) = head_len(&current.bytes, before).filter(|len| *len <= max) else {
            *context.held += bytes.len();
            let is_malformed = !may_begin(side, &current.bytes);
            if is_malformed || current.bytes.len() > max {
                let why = if is_malformed { Dropped::Malformed } else { Dropped::Limit };
                self.lose(side, why, context);
            }
            return bytes.len();
        };
        current.bytes.truncate(len);
        current.head_len = len;
        *context.held += len - before;
        let (parsed, at) = (parse_head(side, &current.bytes), current.at);
        match parsed {
            Ok(head) if side == Side::Client => self.request_head(head, at, context),
            Ok(head) => self.response_head(head, at, context),
            Err(_) => self.lose(side, Dropped::Malformed, context),
        }
        len - before
    }

    fn request_head<F: FnMut(Output)>(&mut self, head: Head, at: Position, context: &mut Context<'_, F>) {
        let method = match &head.start {
            Start::Request { method, .. } => method.as_str(),
            Start::Response { .. } => "",
        };
        let of = self.waiting.push(at, method, head.has_upgrade, context.limits.waiting);
        let body = match head.content_length {
            _ if head.is_chunked => State::ChunkSize,
            len => State::Fixed(len.unwrap_or_default()),
        };
        self.with_body(Side::Client, head, Some(of), body, context);
    }

    fn response_head<F: FnMut(Output)>(&mut self, head: Head, at: Position, context: &mut Context<'_, F>) {
        let status = match head.start {
            Start::Response { status } => status,
            Start::Request { .. } => 0,
        };
        if matches!(status, 100..=199) && status != 101 {
            // It is no answer yet.
            context.totals.interim += 1;
            context.totals.responses.seen -= 1;
            self.forget_current(Side::Server, context);
            self.server.state = State::Start;
            return;
        }
        let waiting = self.waiting.answered_by(at);
        let is = |what: fn(&Waiting) -> bool| waiting.as_ref().is_some_and(what);
        let is_switch = status == 101 || (matches!(status, 200..=299) && is(|waiting| waiting.is_connect));
        let is_empty = is_switch || matches!(status, 204 | 304) || is(|waiting| waiting.is_head);
        let may_switch = is(|waiting| waiting.wants_upgrade || waiting.is_connect);
        let body = match head.content_length {
            _ if is_empty => State::Fixed(0),
            _ if head.is_chunked => State::ChunkSize,
            Some(len) if !head.has_transfer_coding => State::Fixed(len),
            _ => State::UntilEnd,
        };
        let is_websocket = status == 101 && head.is_websocket;
        let is_given = |waiting: &Waiting| waiting.is_given || self.is_under_way(waiting);
        let of = waiting.filter(is_given).map(|waiting| waiting.answered);
        self.answered = of;
        self.with_body(Side::Server, head, of, body, context);
        if is_switch {
            self.switch(is_websocket, context);
        } else if may_switch {
            self.stay(context);
        }
    }

    /// Whether a request goes on while its answer begins.
    fn is_under_way(&self, waiting: &Waiting) -> bool {
        let current = self.client.current.as_ref();
        current.is_some_and(|current| current.of == Some(waiting.answered) && current.damage.is_none())
    }

    /// Goes on with the body of a message whose head is whole.
    fn with_body<F: FnMut(Output)>(
        &mut self,
        side: Side,
        head: Head,
        of: Option<Answered>,
        body: State,
        context: &mut Context<'_, F>,
    ) {
        let lane = self.lane(side);
        if let Some(current) = &mut lane.current {
            current.head = Some(head);
            current.of = of;
        }
        let is_whole = matches!(body, State::Fixed(0));
        lane.state = body;
        if is_whole {
            self.finish(side, context);
        }
    }

    /// Takes a part of a body; says how long it is.
    fn body<F: FnMut(Output)>(
        &mut self,
        side: Side,
        bytes: &[u8],
        left: u64,
        at: Position,
        context: &mut Context<'_, F>,
    ) -> usize {
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let limits = context.limits;
        let Some(current) = &mut self.lane(side).current else { return len };
        current.ended = at.time;
        if current.damage.is_none() {
            if current.bytes.len() + len > limits.message || *context.held + len > limits.bytes {
                damage(current, Dropped::Limit, context.held);
            } else {
                current.bytes.extend_from_slice(&bytes[..len]);
                *context.held += len;
            }
        }
        len
    }

    fn left<F: FnMut(Output)>(&mut self, side: Side, left: u64, context: &mut Context<'_, F>) {
        self.lane(side).state = State::Fixed(left);
        if left == 0 {
            self.finish(side, context);
        }
    }

    /// Takes a line that is about chunks, or a part of it.
    fn line<F: FnMut(Output)>(
        &mut self,
        side: Side,
        bytes: &[u8],
        at: Position,
        context: &mut Context<'_, F>,
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

    /// Looks for the next beginning.
    fn seek<F: FnMut(Output)>(
        &mut self,
        side: Side,
        bytes: &[u8],
        at: Position,
        context: &mut Context<'_, F>,
    ) -> usize {
        let lane = self.lane(side);
        let before = lane.line.len();
        lane.line.extend_from_slice(bytes);
        let searched = match find_begin(side, &lane.line) {
            Ok(found) => {
                context.totals.other_bytes += found as u64;
                // What was kept of earlier data is before this one.
                let offset = (at.offset + found as u64).wrapping_sub(before as u64);
                let line = std::mem::take(&mut lane.line);
                self.begin(side, Position { offset, ..at }, context);
                if let (Some(kept), Some(current)) = (line.get(found..before), &mut self.lane(side).current) {
                    current.bytes.extend_from_slice(kept);
                    *context.held += kept.len();
                }
                return found.saturating_sub(before);
            }
            Err(searched) => searched,
        };
        lane.line.drain(..searched);
        context.totals.other_bytes += searched as u64;
        bytes.len()
    }

    fn gap<F: FnMut(Output)>(&mut self, side: Side, offset: u64, len: u64, context: &mut Context<'_, F>) {
        let is_within = match self.lane(side).state {
            State::Fixed(left) | State::Chunk(left) => len <= left,
            State::UntilEnd => true,
            _ => false,
        };
        if side == Side::Server && !is_within {
            self.waiting.gap(offset);
        }
        let lane = self.lane(side);
        match lane.state {
            State::Fixed(left) if is_within => {
                self.hurt(side, context);
                self.left(side, left - len, context);
            }
            State::Chunk(left) if is_within => {
                self.hurt(side, context);
                self.lane(side).state = if left == len { State::ChunkEnd } else { State::Chunk(left - len) };
            }
            State::UntilEnd => self.hurt(side, context),
            State::Opaque => {}
            State::Frames(_) => self.broken(side, Dropped::Gap, context),
            State::Held(_) => self.opaque(side, context),
            State::Start | State::Seek => {
                context.totals.other_bytes += lane.line.len() as u64;
                lane.line.clear();
                lane.state = State::Seek;
            }
            _ => self.lose(side, Dropped::Gap, context),
        }
    }

    fn end<F: FnMut(Output)>(&mut self, side: Side, end: End, context: &mut Context<'_, F>) {
        let lane = self.lane(side);
        match lane.state {
            State::UntilEnd if end == End::Closed => self.finish(side, context),
            State::Frames(ref reader) if !reader.is_idle() => self.broken(side, Dropped::Cut, context),
            State::Held(_) => self.opaque(side, context),
            _ if lane.current.is_some() => self.lose(side, Dropped::Cut, context),
            _ => {}
        }
        let lane = self.lane(side);
        context.totals.other_bytes += lane.line.len() as u64;
        lane.line = Vec::new();
        lane.state = State::Opaque;
        lane.is_ended = true;
        if self.client.is_ended && self.server.is_ended {
            self.waiting.end();
            context.totals.unanswered += std::mem::take(&mut self.waiting.unanswered);
        }
    }

    /// Gives the message that is whole now, or says why not.
    fn finish<F: FnMut(Output)>(&mut self, side: Side, context: &mut Context<'_, F>) {
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

    /// Takes note that a part of the current message is missing; it goes on.
    fn hurt<F: FnMut(Output)>(&mut self, side: Side, context: &mut Context<'_, F>) {
        if let Some(current) = &mut self.lane(side).current {
            damage(current, Dropped::Gap, context.held);
        }
    }

    /// Gives the current message up, and looks for the next.
    fn lose<F: FnMut(Output)>(&mut self, side: Side, why: Dropped, context: &mut Context<'_, F>) {
        let lane = self.lane(side);
        lane.state = State::Seek;
        lane.line.clear();
        let damage = lane.current.as_ref().and_then(|current| current.damage);
        if self.forget_current(side, context) {
            context.account(side).drop_one(damage.unwrap_or(why));
        }
    }

    fn forget_current<F: FnMut(Output)>(&mut self, side: Side, context: &mut Context<'_, F>) -> bool {
        let current = self.lane(side).current.take();
        *context.held -= current.as_ref().map_or(0, |current| current.bytes.len());
        current.is_some()
    }

    /// Gives up following a half.
    pub(super) fn opaque<F: FnMut(Output)>(&mut self, side: Side, context: &mut Context<'_, F>) {
        let lane = self.lane(side);
        if matches!(lane.state, State::Held(_)) {
            *context.held -= lane.line.len();
        }
        context.totals.other_bytes += lane.line.len() as u64;
        lane.line = Vec::new();
        lane.state = State::Opaque;
    }
}

/// Lets go of a message's bytes.
fn damage(current: &mut Current, why: Dropped, held: &mut usize) {
    current.damage.get_or_insert(why);
    *held -= current.bytes.len();
    current.bytes = Vec::new();
}

/// The size of a chunk, by the line before it.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    if digits > 16 || !matches!(line.get(digits), None | Some(b';' | b' ' | b'\t')) {
        return None;
    }
    u64::from_str_radix(str::from_utf8(&line[..digits]).ok()?, 16).ok()
}
