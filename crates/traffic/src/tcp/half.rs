use std::collections::BTreeMap;

use super::{End, Event, Position};

/// Places begin here, so that what is before the first byte has one, too.
pub(super) const START: u64 = 1 << 32;

/// One direction of a connection.
#[derive(Debug)]
pub(super) struct Half {
    /// The sequence number of [`START`].
    base: Option<u32>,
    /// The place of the byte that is given next.
    pub(super) next: u64,
    /// What came early, by its place; no two overlap.
    pending: BTreeMap<u64, Piece>,
    pub(super) pending_bytes: usize,
    /// Where it ends, and how.
    end: Option<(u64, End)>,
    pub(super) is_ended: bool,
    /// How far the receiver has confirmed it.
    pub(super) confirmed: u64,
    /// Whether a segment of it was captured.
    pub(super) is_seen: bool,
    /// Since when nothing could be given although something is there.
    pub(super) waiting_since: Option<i64>,
}

#[derive(Debug)]
struct Piece {
    content: Content<Vec<u8>>,
    time: i64,
    acknowledged: Option<u64>,
    acknowledgement: u32,
}

/// Data, or as many bytes that were not captured.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<B> {
    Bytes(B),
    Missing(u64),
}

impl<B: AsRef<[u8]>> Content<B> {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.as_ref().len() as u64,
            Self::Missing(len) => *len,
        }
    }
}

impl Content<&[u8]> {
    /// A part of it; the bounds lie within.
    fn part(self, from: u64, to: u64) -> Self {
        match self {
            // Places within a slice fit a usize.
            Self::Bytes(bytes) => Self::Bytes(&bytes[from as usize..to as usize]),
            Self::Missing(_) => Self::Missing(to - from),
        }
    }
}

/// Why nothing can be given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Blocked {
    /// What is before the first piece is not there.
    Hole { until: u64 },
    /// The piece acknowledges what the other half has not given.
    Early { until: u64 },
}

impl Default for Half {
    fn default() -> Self {
        Self {
            base: None,
            next: START,
            pending: BTreeMap::new(),
            pending_bytes: 0,
            end: None,
            is_ended: false,
            confirmed: START,
            is_seen: false,
            waiting_since: None,
        }
    }
}

impl Half {
    /// Says which sequence number the first byte has, unless that is known.
    pub(super) fn begin_at(&mut self, sequence: u32) {
        self.base.get_or_insert(sequence);
    }

    /// Whether a connection that begins at this number is another one.
    pub(super) fn begins_elsewhere(&self, sequence: u32) -> bool {
        self.base.is_some_and(|base| base != sequence)
    }

    /// The place of a sequence number: the nearest to what comes next.
    pub(super) fn place(&self, sequence: u32) -> Option<u64> {
        // Only the lower half of a place is in a sequence number.
        let next = self.base?.wrapping_add((self.next.wrapping_sub(START) & 0xffff_ffff) as u32);
        Some(self.next.wrapping_add_signed(i64::from(sequence.wrapping_sub(next).cast_signed())))
    }

    pub(super) fn end_at(&mut self, place: u64, end: End) {
        self.end.get_or_insert((place, end));
    }

    /// Keeps data for later, unless data of the same place is there.
    pub(super) fn keep(&mut self, content: Content<&[u8]>, at: Position) {
        let end = at.offset + content.len();
        let mut from = at.offset.max(self.next);
        while from < end {
            if let Some((start, piece)) = self.pending.range(..=from).next_back() {
                let covered = start + piece.content.len();
                if covered > from {
                    from = covered;
                    continue;
                }
            }
            let to = self.pending.range(from..).next().map_or(end, |(start, _)| end.min(*start));
            let content = match content.part(from - at.offset, to - at.offset) {
                Content::Bytes(bytes) => {
                    self.pending_bytes += bytes.len();
                    Content::Bytes(bytes.to_vec())
                }
                Content::Missing(len) => Content::Missing(len),
            };
            let Position { time, acknowledged, acknowledgement, .. } = at;
            self.pending.insert(from, Piece { content, time, acknowledged, acknowledgement });
            from = to;
        }
    }

    /// Gives data that is next, or a part of it that is; what was given before is passed over.
    pub(super) fn give(&mut self, content: Content<&[u8]>, at: Position, each: &mut impl FnMut(Event<'_>)) {
        let len = content.len();
        let from = self.next.saturating_sub(at.offset).min(len);
        if from == len {
            return;
        }
        let offset = at.offset + from;
        match content.part(from, len) {
            Content::Bytes(bytes) => each(Event::Data { bytes, at: Position { offset, ..at } }),
            Content::Missing(len) => each(Event::Gap { offset, len }),
        }
        self.next = at.offset + len;
    }

    /// Why the first piece that waits cannot be given; none if it can, or if there is none.
    pub(super) fn blocked(&self, other: &Self) -> Option<Blocked> {
        let (start, piece) = self.pending.first_key_value()?;
        if *start > self.next {
            return Some(Blocked::Hole { until: *start });
        }
        let until = piece.acknowledged?;
        (!other.has_given(until)).then_some(Blocked::Early { until })
    }

    /// Whether everything before a place that was acknowledged is given, or can never be.
    pub(super) fn has_given(&self, place: u64) -> bool {
        !self.is_seen || self.is_ended || place <= self.next
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Gives pieces that wait as far as they can be given; says whether that was anything.
    pub(super) fn drain(&mut self, other: &Self, each: &mut impl FnMut(Event<'_>)) -> bool {
        let mut has_given = false;
        while self.is_waiting() && self.blocked(other).is_none() {
            let Some((offset, piece)) = self.pending.pop_first() else { break };
            let Piece { content, time, acknowledged, acknowledgement } = piece;
            let at = Position { time, offset, acknowledged, acknowledgement };
            match &content {
                Content::Bytes(bytes) => {
                    self.pending_bytes -= bytes.len();
                    self.give(Content::Bytes(bytes), at, each);
                }
                Content::Missing(len) => self.give(Content::Missing(*len), at, each),
            }
            has_given = true;
        }
        if let Some((place, end)) = self.end
            && !self.is_ended
            && self.pending.is_empty()
            && self.next >= place
        {
            self.finish(end, each);
            has_given = true;
        }
        has_given
    }

    /// Takes what is missing before a place for lost.
    pub(super) fn skip_to(&mut self, place: u64, each: &mut impl FnMut(Event<'_>)) {
        let first = self.pending.first_key_value().map_or(place, |(start, _)| place.min(*start));
        if first > self.next {
            each(Event::Gap { offset: self.next, len: first - self.next });
            self.next = first;
        }
    }

    /// Takes no notice of what the first piece acknowledges.
    pub(super) fn disbelieve(&mut self) {
        if let Some(mut first) = self.pending.first_entry() {
            first.get_mut().acknowledged = None;
        }
    }

    /// Whether its sender has ended it, given or not.
    pub(super) fn has_end(&self) -> bool {
        self.end.is_some()
    }

    /// The place, or the end of the half if that is before it.
    pub(super) fn within_end(&self, place: u64) -> u64 {
        self.end.map_or(place, |(end, _)| place.min(end))
    }

    /// Where its sender has ended it, if what is before is still missing.
    pub(super) fn unreached_end(&self) -> Option<u64> {
        self.end.map(|(place, _)| place).filter(|place| !self.is_ended && *place > self.next)
    }

    pub(super) fn finish(&mut self, end: End, each: &mut impl FnMut(Event<'_>)) {
        if !self.is_ended {
            self.is_ended = true;
            let end = self.end.map_or(end, |(_, end)| end);
            each(Event::End(end));
        }
    }

    /// Lets go of what waits.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
        self.pending_bytes = 0;
    }
}
