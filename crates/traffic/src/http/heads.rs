//! Heads of messages: where one begins, and what its body will be.

use super::{
    Answered, Connection, Dropped, Head, Start,
    connection::Context,
    head::{head_len, may_begin, parse_head},
    lane::{Current, State},
    pairing::Waiting,
};
use crate::tcp::{Position, Side};

impl Connection {
    pub(super) fn begin(&mut self, side: Side, at: Position, context: &mut Context<'_>) {
        context.account(side).seen += 1;
        let lane = self.lane(side);
        lane.current = Some(Current::new(at));
        lane.state = State::Head;
    }

    pub(super) fn head(
        &mut self,
        side: Side,
        bytes: &[u8],
        at: Position,
        context: &mut Context<'_>,
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

    fn request_head(&mut self, head: Head, at: Position, context: &mut Context<'_>) {
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

    fn response_head(&mut self, head: Head, at: Position, context: &mut Context<'_>) {
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
        let (is_websocket, deflate) = (status == 101 && head.is_websocket, head.deflate);
        let is_given = |waiting: &Waiting| waiting.is_given || self.is_under_way(waiting);
        let of = waiting.filter(is_given).map(|waiting| waiting.answered);
        self.answered = of;
        self.with_body(Side::Server, head, of, body, context);
        if is_switch {
            self.switch(is_websocket, deflate, context);
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
    fn with_body(
        &mut self,
        side: Side,
        head: Head,
        of: Option<Answered>,
        body: State,
        context: &mut Context<'_>,
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
}
