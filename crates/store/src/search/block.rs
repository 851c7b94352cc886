//! The blocks that a segment's postings are kept in.
//!
//! A block has always [`BLOCK_BYTES`] bytes: its row fills a page of the file, and a row that is replaced
//! by one of the same size is overwritten where it stands, so that nothing of the old one is left. It
//! begins with the number of its terms (two bytes, little-endian). Each term is its distance from the
//! one before it, the first from the row's, then the length of its list in bytes and the list; zeros fill
//! the block. The list has the distances between offsets, the first from -1; a list of
//! [`OFFSETS_BYTES`] bytes has a bit for each offset. Numbers are LEB128.

use std::ops::RangeInclusive;

use super::key::{Posting, Term};
use super::offsets::{OFFSETS_BYTES, Offsets};

/// Bytes of a block: with the record around it, it just fills a page of 4,096.
pub(super) const BLOCK_BYTES: usize = 4_048;

/// Bytes of a block's number of terms.
const HEAD_BYTES: usize = 2;

/// A block, and the first of its terms.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Block {
    pub(super) first: Term,
    pub(super) bytes: Vec<u8>,
}

/// Writes postings in ascending order into blocks.
pub(super) fn write(postings: &[Posting]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open = Open::new();
    let mut list = Vec::new();
    for run in postings.chunk_by(|one, next| one.term() == next.term()) {
        list.clear();
        write_list(run.iter().map(|posting| posting.offset()), run.len(), &mut list);
        let term = run[0].term();
        if !open.push(term, &list) {
            blocks.extend(std::mem::replace(&mut open, Open::new()).end());
            open.push(term, &list);
        }
    }
    blocks.extend(open.end());
    blocks
}

/// Adds the offsets of the terms in `wanted` to `found`; what is malformed is passed over.
pub(super) fn read(block: &[u8], first: Term, wanted: &RangeInclusive<Term>, found: &mut Offsets) {
    for (term, list) in Terms::of(block, first) {
        if term > *wanted.end() {
            break;
        }
        if term >= *wanted.start() {
            read_list(list, found);
        }
    }
}

/// The block without these offsets, `None` if it has none of them. A term of which nothing is left goes.
pub(super) fn without(block: &[u8], first: Term, offsets: &Offsets) -> Option<Vec<u8>> {
    let mut open = Open { first: Some(first), last: first, ..Open::new() };
    let mut has_changed = false;
    let mut list = Vec::new();
    for (term, bytes) in Terms::of(block, first) {
        if !has_any(bytes, offsets) {
            open.push(term, bytes);
            continue;
        }
        has_changed = true;
        let mut found = Offsets::default();
        read_list(bytes, &mut found);
        found.subtract(offsets);
        if !found.is_empty() {
            list.clear();
            write_list(found.ascending(), found.len(), &mut list);
            // What became shorter fits where it was.
            open.push(term, &list);
        }
    }
    has_changed.then(|| open.fill())
}

/// The terms of a block.
#[cfg(test)]
pub(super) fn terms_of(block: &[u8], first: Term) -> Vec<Term> {
    Terms::of(block, first).map(|(term, _)| term).collect()
}

/// Appends a list of `len` offsets.
fn write_list(offsets: impl Iterator<Item = u16>, len: usize, out: &mut Vec<u8>) {
    if len >= OFFSETS_BYTES {
        return offsets.collect::<Offsets>().write(out);
    }
    let mut next = 0;
    for offset in offsets {
        write_number(u64::from(offset) - next, out);
        next = u64::from(offset) + 1;
    }
    // A list of this length is read as bits.
    if out.len() >= OFFSETS_BYTES {
        let set: Offsets = distances(out).collect();
        out.clear();
        set.write(out);
    }
}

fn read_list(list: &[u8], found: &mut Offsets) {
    match list.try_into() {
        Ok(bits) => found.read(bits),
        Err(_) => distances(list).for_each(|offset| found.insert(offset)),
    }
}

/// Whether a list has any of these offsets.
fn has_any(list: &[u8], offsets: &Offsets) -> bool {
    // Most lists are of distances, and few entries are looked for: no set is made of them.
    list.len() == OFFSETS_BYTES || distances(list).any(|offset| offsets.contains(offset))
}

/// The offsets of a list of distances; ends early where it is malformed.
fn distances(mut list: &[u8]) -> impl Iterator<Item = u16> {
    let mut next = 0_u64;
    std::iter::from_fn(move || {
        let offset = next.saturating_add(read_number(&mut list)?);
        next = offset.saturating_add(1);
        u16::try_from(offset).ok()
    })
}

/// A block that is being written.
struct Open {
    first: Option<Term>,
    last: Term,
    terms: u16,
    bytes: Vec<u8>,
}

impl Open {
    fn new() -> Self {
        let mut bytes = Vec::with_capacity(BLOCK_BYTES);
        bytes.resize(HEAD_BYTES, 0);
        Self { first: None, last: Term::FIRST, terms: 0, bytes }
    }

    /// Adds a term, unless there is no room for it.
    fn push(&mut self, term: Term, list: &[u8]) -> bool {
        let before = self.bytes.len();
        let last = if self.first.is_some() { self.last } else { term };
        write_number(term.since(last), &mut self.bytes);
        write_number(list.len() as u64, &mut self.bytes);
        self.bytes.extend_from_slice(list);
        if self.bytes.len() > BLOCK_BYTES {
            self.bytes.truncate(before);
            return false;
        }
        self.first.get_or_insert(term);
        self.last = term;
        self.terms += 1;
        true
    }

    fn end(self) -> Option<Block> {
        let first = self.first?;
        Some(Block { first, bytes: self.fill() })
    }

    fn fill(mut self) -> Vec<u8> {
        self.bytes[..HEAD_BYTES].copy_from_slice(&self.terms.to_le_bytes());
        self.bytes.resize(BLOCK_BYTES, 0);
        self.bytes
    }
}

/// The terms of a block with their lists, in ascending order; ends early where the block is malformed.
struct Terms<'a> {
    rest: &'a [u8],
    left: u16,
    last: Term,
}

impl<'a> Terms<'a> {
    fn of(block: &'a [u8], first: Term) -> Self {
        let (head, rest) = block.split_first_chunk::<HEAD_BYTES>().unwrap_or((&[0; HEAD_BYTES], &[]));
        Self { rest, left: u16::from_le_bytes(*head), last: first }
    }
}

impl<'a> Iterator for Terms<'a> {
    type Item = (Term, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        self.last = self.last.after(read_number(&mut self.rest)?);
        let len = usize::try_from(read_number(&mut self.rest)?).ok()?;
        let (list, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some((self.last, list))
    }
}

fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::key::SEGMENT_LEN;
    use super::*;

    /// Postings of a few terms, dense ones among them.
    fn postings() -> impl Strategy<Value = Vec<Posting>> {
        let offsets = prop_oneof![
            proptest::collection::btree_set(0..SEGMENT_LEN as u16, 0..40),
            (1..9_usize, 0..SEGMENT_LEN as u16)
                .prop_map(|(step, end)| (0..end).step_by(step).collect::<BTreeSet<_>>()),
        ];
        proptest::collection::btree_map("[a-c退款]{1,4}", offsets, 0..60).prop_map(|terms| {
            let postings = terms.iter().flat_map(|(term, offsets)| {
                offsets.iter().map(|offset| Posting::new(Term::of(term), *offset))
            });
            let mut postings: Vec<_> = postings.collect();
            postings.sort_unstable();
            postings.dedup();
            postings
        })
    }

    fn all(blocks: &[Block]) -> Vec<Posting> {
        let mut postings = Vec::new();
        for block in blocks {
            for (term, list) in Terms::of(&block.bytes, block.first) {
                let mut offsets = Offsets::default();
                read_list(list, &mut offsets);
                postings.extend(offsets.ascending().map(|offset| Posting::new(term, offset)));
            }
        }
        postings
    }

    proptest! {
        #[test]
        fn blocks_give_back_what_was_written(postings in postings()) {
            let blocks = write(&postings);
            prop_assert!(blocks.iter().all(|block| block.bytes.len() == BLOCK_BYTES));
            prop_assert!(blocks.is_sorted_by_key(|block| block.first));
            prop_assert_eq!(all(&blocks), postings);
        }

        #[test]
        fn a_term_or_a_range_is_found(postings in postings(), from in "[a退]{1,2}") {
            let range = Term::of(&from)..=Term::of("退款");
            let mut found = Offsets::default();
            for block in write(&postings) {
                read(&block.bytes, block.first, &range, &mut found);
            }
            let expected = postings.iter().filter(|posting| range.contains(&posting.term()));
            prop_assert_eq!(found, expected.map(|posting| posting.offset()).collect());
        }

        #[test]
        fn what_is_taken_out_is_not_there(
            postings in postings(), gone in proptest::collection::btree_set(0..200_u16, 0..30)
        ) {
            let set = gone.iter().copied().collect();
            let mut left = Vec::new();
            for Block { first, bytes } in write(&postings) {
                let bytes = match without(&bytes, first, &set) {
                    Some(changed) => changed,
                    None => bytes,
                };
                prop_assert_eq!(bytes.len(), BLOCK_BYTES);
                left.push(Block { first, bytes });
            }
            let kept: Vec<_> =
                postings.into_iter().filter(|posting| !gone.contains(&posting.offset())).collect();
            prop_assert_eq!(all(&left), kept);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut found = Offsets::default();
            read(&bytes, Term::of("a"), &(Term::FIRST..=Term::LAST), &mut found);
            let gone = (0..SEGMENT_LEN as u16).collect();
            if let Some(changed) = without(&bytes, Term::of("a"), &gone) {
                prop_assert_eq!(changed.len(), BLOCK_BYTES);
            }
        }
    }
}
