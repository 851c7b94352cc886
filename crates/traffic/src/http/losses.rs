//! What is missing or not understood: which message it costs, and where the next one begins.

use super::{Connection, Dropped, connection::Context, head::find_begin, lane::State};
use crate::tcp::{Position, Side};

impl Connection {
    /// Looks for the next beginning.
    pub(super) fn seek(
        &mut self,
        side: Side,
        bytes: &[u8],
        at: Position,
        context: &mut Context<'_>,
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

    pub(super) fn gap(&mut self, side: Side, offset: u64, len: u64, context: &mut Context<'_>) {
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

    /// Takes note that a part of the current message is missing; it goes on.
    pub(super) fn hurt(&mut self, side: Side, context: &mut Context<'_>) {
        if let Some(current) = &mut self.lane(side).current {
            current.spoil(Dropped::Gap, context.held);
        }
    }

    /// Gives the current message up, and looks for the next.
    pub(super) fn lose(&mut self, side: Side, why: Dropped, context: &mut Context<'_>) {
        let lane = self.lane(side);
        lane.state = State::Seek;
        lane.line.clear();
        let damage = lane.current.as_ref().and_then(|current| current.damage);
        if self.forget_current(side, context) {
            context.account(side).drop_one(damage.unwrap_or(why));
        }
    }

    pub(super) fn forget_current(&mut self, side: Side, context: &mut Context<'_>) -> bool {
        let current = self.lane(side).current.take();
        *context.held -= current.as_ref().map_or(0, |current| current.bytes.len());
        current.is_some()
    }

    /// Gives up following a half.
    pub(super) fn opaque(&mut self, side: Side, context: &mut Context<'_>) {
        let lane = self.lane(side);
        if matches!(lane.state, State::Held(_)) {
            *context.held -= lane.line.len();
        }
        context.totals.other_bytes += lane.line.len() as u64;
        lane.line = Vec::new();
        lane.state = State::Opaque;
    }
}
