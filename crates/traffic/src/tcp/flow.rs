use std::net::SocketAddr;

use super::{
    End, Event, Position,
    half::{Blocked, Content, Half},
};
use crate::packet::Segment;

/// Who of the two sends.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// The one that opened the connection.
    Client,
    /// The one that it was opened to.
    Server,
}

impl Side {
    /// The one that receives.
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// The ends of a connection.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Ends {
    /// Who opened it.
    pub client: SocketAddr,
    /// To whom.
    pub server: SocketAddr,
}

/// What was confirmed by its receiver and is still missing after this comes no more, in nanoseconds.
const CONFIRMED_PATIENCE: i64 = 200_000_000;
/// What was not confirmed may be sent again, but not after this.
const PATIENCE: i64 = 10_000_000_000;
/// No window of TCP is larger: a segment further ahead that nobody confirmed is none of this connection.
const WINDOW_MAX: u64 = 1 << 30;

/// A connection and what its user knows of it.
#[derive(Debug)]
pub(super) struct Flow<C> {
    pub(super) ends: Ends,
    /// Who opened it is not certain yet.
    pub(super) is_guessed: bool,
    pub(super) user: C,
    client: Half,
    server: Half,
    pub(super) last_seen: i64,
    /// Both halves have ended; kept so that what is sent again begins nothing new.
    pub(super) is_over: bool,
}

/// A segment that does not belong to the connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct OutOfWindow;

impl<C: Default> Flow<C> {
    /// Takes note of who opened it. If that is the other one than was thought, what was given so far was of no use: the
    /// user begins anew.
    pub(super) fn settle(&mut self, ends: Ends, each: &mut impl FnMut(&mut C, Ends, Side, Event<'_>)) {
        self.is_guessed = false;
        if ends == self.ends {
            return;
        }
        for side in [Side::Client, Side::Server] {
            if !self.half(side).is_ended {
                each(&mut self.user, self.ends, side, Event::End(End::Cut));
            }
        }
        self.user = C::default();
        self.ends = ends;
        std::mem::swap(&mut self.client, &mut self.server);
        // What follows the end of a half is nothing to the one who begins anew, either.
        for side in [Side::Client, Side::Server] {
            if self.half(side).is_ended {
                each(&mut self.user, self.ends, side, Event::End(End::Cut));
            }
        }
    }
}

impl<C> Flow<C> {
    pub(super) fn new(ends: Ends, is_guessed: bool, user: C) -> Self {
        let (client, server) = (Half::default(), Half::default());
        Self { ends, is_guessed, user, client, server, last_seen: 0, is_over: false }
    }

    pub(super) fn held(&self) -> usize {
        self.client.pending_bytes + self.server.pending_bytes
    }

    fn half(&self, side: Side) -> &Half {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// A half, the other one, and the user.
    fn split(&mut self, side: Side) -> (&mut Half, &mut Half, &mut C, Ends) {
        let (half, other) = match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        };
        (half, other, &mut self.user, self.ends)
    }

    /// Whether a segment begins another connection with the same addresses.
    pub(super) fn is_another(&self, segment: &Segment<'_>) -> bool {
        let is_opening = segment.flags.syn && segment.acknowledged.is_none();
        is_opening
            && segment.source == self.ends.client
            && self.client.begins_elsewhere(segment.sequence.wrapping_add(1))
    }

    /// Takes a segment, and gives what it completes.
    pub(super) fn take(
        &mut self,
        segment: &Segment<'_>,
        time: i64,
        each: &mut impl FnMut(&mut C, Ends, Side, Event<'_>),
    ) -> Result<(), OutOfWindow> {
        let side = if segment.source == self.ends.client { Side::Client } else { Side::Server };
        let (half, other, user, ends) = self.split(side);
        let mut each_of = |event: Event<'_>| each(user, ends, side, event);
        let begin = segment.sequence.wrapping_add(u32::from(segment.flags.syn));
        half.begin_at(begin);
        half.is_seen = true;
        if let Some(acknowledged) = segment.acknowledged {
            other.begin_at(acknowledged);
        }
        let acknowledged = segment.acknowledged.and_then(|number| other.place(number));
        // An acknowledgement of what cannot be there says nothing.
        let acknowledged = acknowledged.filter(|place| *place <= other.next + WINDOW_MAX);
        if let Some(place) = acknowledged {
            other.confirmed = other.confirmed.max(place);
        }
        let Some(offset) = half.place(begin) else { return Err(OutOfWindow) };
        if offset > half.next + WINDOW_MAX && offset > half.confirmed {
            return Err(OutOfWindow);
        }
        let at = Position {
            time,
            offset,
            acknowledged,
            acknowledgement: segment.acknowledged.unwrap_or_default(),
        };
        let parts = [
            (offset, Content::Bytes(segment.payload)),
            (offset + segment.payload.len() as u64, Content::Missing(u64::from(segment.missing))),
        ];
        let is_next = !half.is_waiting()
            && offset <= half.next
            && acknowledged.is_none_or(|place| other.has_given(place));
        for (offset, content) in parts {
            let at = Position { offset, ..at };
            if is_next {
                half.give(content, at, &mut each_of);
            } else {
                half.keep(content, at);
            }
        }
        let end = offset + segment.payload.len() as u64 + u64::from(segment.missing);
        if segment.flags.fin {
            half.end_at(end, End::Closed);
        }
        if segment.flags.rst {
            half.end_at(end, End::Reset);
            // Its sender hears nothing more; what was said to it before may still turn up.
            let said = other.confirmed.max(other.next);
            other.end_at(said, End::Reset);
        }
        self.last_seen = self.last_seen.max(time);
        self.proceed(each);
        self.impatient(time, each);
        Ok(())
    }

    /// Gives everything that can be given.
    fn proceed(&mut self, each: &mut impl FnMut(&mut C, Ends, Side, Event<'_>)) {
        loop {
            let mut has_given = false;
            for side in [Side::Client, Side::Server] {
                let (half, other, user, ends) = self.split(side);
                let has_part = half.drain(other, &mut |event| each(user, ends, side, event));
                has_given |= has_part;
                if has_part || !half.is_waiting() {
                    half.waiting_since = None;
                }
            }
            if !has_given {
                break;
            }
        }
        if self.client.is_ended && self.server.is_ended {
            self.end(End::Closed, each);
        }
    }

    /// Takes for lost what has been missing for too long.
    fn impatient(&mut self, now: i64, each: &mut impl FnMut(&mut C, Ends, Side, Event<'_>)) {
        for side in [Side::Client, Side::Server] {
            let other = side.other();
            let Some(blocked) = self.half(side).blocked(self.half(other)) else { continue };
            let patience = match blocked {
                Blocked::Hole { until } if self.half(side).confirmed < until => PATIENCE,
                _ => CONFIRMED_PATIENCE,
            };
            let (half, ..) = self.split(side);
            let since = *half.waiting_since.get_or_insert(now);
            if now.saturating_sub(since) >= patience {
                half.waiting_since = None;
                self.give_up(side, blocked, each);
                self.proceed(each);
            }
        }
    }

    fn give_up(
        &mut self,
        side: Side,
        blocked: Blocked,
        each: &mut impl FnMut(&mut C, Ends, Side, Event<'_>),
    ) {
        let (half, other, user, ends) = self.split(side);
        match blocked {
            Blocked::Hole { until } => half.skip_to(until, &mut |event| each(user, ends, side, event)),
            Blocked::Early { until } => {
                let before = other.next;
                other.skip_to(other.within_end(until), &mut |event| each(user, ends, side.other(), event));
                if other.next == before {
                    // Each half waits for the other: what they acknowledge cannot be true.
                    half.disbelieve();
                }
            }
        }
    }

    /// Gives what waits with the gaps between, until no more than `held` bytes wait.
    pub(super) fn relieve(&mut self, held: usize, each: &mut impl FnMut(&mut C, Ends, Side, Event<'_>)) {
        while self.client.is_waiting() || self.server.is_waiting() {
            if self.held() <= held && held > 0 {
                break;
            }
            let blocked = [Side::Client, Side::Server].into_iter().find_map(|side| {
                let blocked = self.half(side).blocked(self.half(side.other()))?;
                // Two halves may wait for each other only through a hole, or in a capture that lies.
                let is_hole = matches!(blocked, Blocked::Hole { .. });
                (is_hole || !self.half(side.other()).is_waiting()).then_some((side, blocked))
            });
            let either = [Side::Client, Side::Server]
                .into_iter()
                .find_map(|side| Some((side, self.half(side).blocked(self.half(side.other()))?)));
            let Some((side, blocked)) = blocked.or(either) else { break };
            self.give_up(side, blocked, each);
            self.proceed(each);
        }
    }

    /// Ends both halves, whatever is missing.
    pub(super) fn end(&mut self, end: End, each: &mut impl FnMut(&mut C, Ends, Side, Event<'_>)) {
        if self.is_over {
            return;
        }
        self.relieve(0, each);
        for side in [Side::Client, Side::Server] {
            let (half, _, user, ends) = self.split(side);
            let mut each = |event: Event<'_>| each(user, ends, side, event);
            if let Some(place) = half.unreached_end() {
                half.skip_to(place, &mut each);
            }
            half.finish(end, &mut each);
            half.forget();
        }
        self.is_over = true;
    }

    /// Whether it was reset or closed by both: nothing is worth waiting for.
    pub(super) fn is_ending(&self) -> bool {
        self.is_over || (self.client.has_end() && self.server.has_end())
    }
}
