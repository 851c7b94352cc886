use std::ops::RangeInclusive;

use kefu_core::{InboxKey, VisitorKey};

/// How many positions of the log one segment covers at most.
pub(super) const SEGMENT_LEN: usize = 1 << OFFSET_BITS;

/// How many segments the index can have: enough for 17 billion entries.
pub(super) const SEGMENTS_MAX: usize = 1 << (63 - TERM_BITS);

/// Bits of a position within its segment; few in tests, so that there are segments.
const OFFSET_BITS: u32 = if cfg!(test) { 8 } else { 14 };

/// Bits of a term: one says what it is, twice 21 hold a character each, or 42 a hash.
const TERM_BITS: u32 = 43;

const CHARACTER_BITS: u32 = 21;

/// Set in terms that are a hash.
const HASHED: u64 = 1 << (TERM_BITS - 1);

/// What is looked for in the index, as a number.
///
/// Terms of one or two characters are their characters, in order, so that those with a common first
/// character stand together. Longer words, and what entries have in common besides their text, are
/// hashed: two that collide only make candidates that the text then rules out.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Term(u64);

impl Term {
    /// A term of a text.
    pub(super) fn of(term: &str) -> Self {
        let mut characters = term.chars();
        match (characters.next(), characters.next(), characters.next()) {
            (Some(first), second, None) => Self::pair(first, second.map_or(0, u32::from)),
            _ => Self::hashed(b't', term.as_bytes()),
        }
    }

    /// The terms of one or two characters that begin with this one.
    pub(super) fn beginning_with(first: char) -> RangeInclusive<Self> {
        Self::pair(first, 0)..=Self::pair(first, (1 << CHARACTER_BITS) - 1)
    }

    /// What all entries of an inbox have.
    pub(super) fn inbox(inbox: InboxKey) -> Self {
        Self::hashed(b'i', &inbox.0.to_be_bytes())
    }

    /// What all entries of a visitor's conversations have.
    pub(super) fn visitor(visitor: VisitorKey) -> Self {
        Self::hashed(b'v', &visitor.0.to_be_bytes())
    }

    /// What all notes have.
    pub(super) fn note() -> Self {
        Self::hashed(b'n', &[])
    }

    /// The number of this term in a segment's rows: rows are ordered by segment, then term.
    pub(super) fn row(self, segment: usize) -> i64 {
        (((segment as u64) << TERM_BITS) | self.0).cast_signed()
    }

    /// The term of a row.
    pub(super) fn of_row(row: i64) -> Self {
        Self(row.cast_unsigned() & ((1 << TERM_BITS) - 1))
    }

    /// The smallest term.
    pub(super) const FIRST: Self = Self(0);

    /// The greatest term.
    pub(super) const LAST: Self = Self((1 << TERM_BITS) - 1);

    /// How far it is from `earlier`, which is not greater.
    pub(super) fn since(self, earlier: Self) -> u64 {
        self.0 - earlier.0
    }

    /// The term that is so far away; the greatest one instead of any beyond.
    pub(super) fn after(self, distance: u64) -> Self {
        Self(self.0.saturating_add(distance).min(Self::LAST.0))
    }

    fn pair(first: char, second: u32) -> Self {
        Self((u64::from(u32::from(first)) << CHARACTER_BITS) | u64::from(second))
    }

    /// FNV-1a, whose bits are then mixed as in MurmurHash3.
    fn hashed(kind: u8, bytes: &[u8]) -> Self {
        let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let mut hash = std::iter::once(&kind).chain(bytes).fold(0xcbf2_9ce4_8422_2325, fold);
        hash ^= hash >> 33;
        hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash ^= hash >> 33;
        Self(HASHED | (hash & (HASHED - 1)))
    }
}

/// That the entry at an offset of its segment has a term; ordered by term, then offset.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Posting(u64);

impl Posting {
    pub(super) fn new(term: Term, offset: u16) -> Self {
        Self((term.0 << OFFSET_BITS) | u64::from(offset) & (SEGMENT_LEN as u64 - 1))
    }

    pub(super) fn term(self) -> Term {
        Term(self.0 >> OFFSET_BITS)
    }

    pub(super) fn offset(self) -> u16 {
        (self.0 & (SEGMENT_LEN as u64 - 1)) as u16
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_terms_stand_beside_their_first_character() {
        let range = Term::beginning_with('退');
        for term in ["退", "退款", "退\u{10ffff}"] {
            assert!(range.contains(&Term::of(term)), "{term}");
        }
        for term in ["款退", "退款单", "逛款", "ok", ""] {
            assert!(!range.contains(&Term::of(term)), "{term}");
        }
    }

    #[test]
    fn kinds_of_terms_do_not_meet() {
        let terms = [
            Term::of("note"),
            Term::note(),
            Term::inbox(InboxKey(1)),
            Term::visitor(VisitorKey(1)),
            Term::visitor(VisitorKey(2)),
        ];
        for (index, term) in terms.iter().enumerate() {
            assert!(!terms[..index].contains(term));
        }
    }

    proptest! {
        #[test]
        fn rows_and_postings_give_back_what_they_are_made_of(
            term in "\\PC{0,6}", segment in 0..SEGMENTS_MAX, offset in 0..SEGMENT_LEN as u16
        ) {
            let term = Term::of(&term);
            prop_assert!(term >= Term::FIRST && term <= Term::LAST);
            prop_assert!(term.row(segment) >= 0);
            prop_assert_eq!(Term::of_row(term.row(segment)), term);
            let posting = Posting::new(term, offset);
            prop_assert_eq!((posting.term(), posting.offset()), (term, offset));
        }
    }
}
