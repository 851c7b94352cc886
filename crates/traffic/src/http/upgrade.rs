//! What follows when client and server agree to another protocol, or do not.

use super::{Connection, Deflate, Dropped, Output, connection::Context, frames::Frames, lane::State};
use crate::tcp::{Position, Side};

impl Connection {
    /// The server agrees to another protocol.
    pub(super) fn switch(&mut self, is_websocket: bool, deflate: Option<Deflate>, context: &mut Context<'_>) {
        self.is_upgraded = true;
        let is_held = matches!(self.client.state, State::Held(_));
        let held = self.unhold(context);
        let is_followed = is_websocket && is_held && self.answered.is_some();
        for side in [Side::Client, Side::Server] {
            let frames = || Box::new(Frames::new(side, context.limits.message, deflate));
            self.lane(side).state = if is_followed { State::Frames(frames()) } else { State::Opaque };
        }
        if let Some((bytes, at)) = held {
            self.data(Side::Client, &bytes, at, context);
        }
    }

    /// The server does not agree: what the client has said since is HTTP.
    pub(super) fn stay(&mut self, context: &mut Context<'_>) {
        if !matches!(self.client.state, State::Held(_)) {
            return;
        }
        let held = self.unhold(context);
        self.client.state = State::Start;
        if let Some((bytes, at)) = held {
            self.data(Side::Client, &bytes, at, context);
        }
    }

    /// Takes out what the client has said since it asked for another protocol.
    fn unhold(&mut self, context: &mut Context<'_>) -> Option<(Vec<u8>, Position)> {
        let State::Held(at) = self.client.state else { return None };
        let bytes = std::mem::take(&mut self.client.line);
        *context.held -= bytes.len();
        at.map(|at| (bytes, at))
    }

    pub(super) fn frames(&mut self, side: Side, bytes: &[u8], at: Position, context: &mut Context<'_>) {
        let Some(of) = self.answered else { return };
        let State::Frames(frames) = &mut self.lane(side).state else { return };
        *context.held -= frames.held();
        let read = frames.feed(bytes, |is_text, payload| {
            context.totals.frames.seen += 1;
            context.totals.frames.emitted += 1;
            (context.out)(Output::Frame { of, side, is_text, time: at.time, payload });
        });
        *context.held += frames.held();
        let is_too_much = *context.held > context.limits.bytes && !frames.is_idle();
        if let Err(why) = read.and(if is_too_much { Err(Dropped::Limit) } else { Ok(()) }) {
            self.broken(side, why, context);
        }
    }

    /// A WebSocket that cannot be followed any further in this direction.
    pub(super) fn broken(&mut self, side: Side, why: Dropped, context: &mut Context<'_>) {
        context.totals.frames.seen += 1;
        context.totals.frames.drop_one(why);
        if let State::Frames(frames) = std::mem::replace(&mut self.lane(side).state, State::Opaque) {
            *context.held -= frames.held();
        }
    }
}
