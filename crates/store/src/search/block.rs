//! The blocks that a segment's postings are kept in.
//!
//! A block has always [`BLOCK_BYTES`] bytes: its row fills a page of the file, and a row that is replaced
//! by one of the same size is overwritten where it stands, so that nothing of the old one is left. It
//! begins with the number of its terms (two bytes, little-endian). Each term is its distance from the
//! one before it, the first from the row's, then the length of its list in bytes and the list; zeros fill
//! the block. The list has the distances between offsets, the first from -1; a list of
//! [`OFFSETS_BYTES`] bytes has a bit for each offset. Numbers are LEB128.

use std::borrow::Cow;
use std::mem;
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
    let mut blocks = Blocks::new(Open::new(), BLOCK_BYTES);
    let mut list = Vec::new();
    for run in runs(postings) {
        write_run(run, &mut list);
        blocks.push(run[0].term(), &list);
    }
    blocks.end()
}

/// What several lists of blocks have together.
pub(super) fn merged(sources: &[&[Block]]) -> Vec<Block> {
    let mut merged = Blocks::new(Open::new(), BLOCK_BYTES);
    let mut sources: Vec<_> = sources.iter().map(|blocks| all_terms(blocks).peekable()).collect();
    let (mut offsets, mut list) = (Vec::new(), Vec::new());
    while let Some(term) = sources.iter_mut().filter_map(|source| source.peek()).map(|(term, _)| *term).min()
    {
        let mut lists = sources.iter_mut().filter_map(|source| source.next_if(|(next, _)| *next == term));
        let first = lists.next().map_or(&[][..], |(_, list)| list);
        let Some((_, second)) = lists.next() else {
            merged.push(term, first);
            continue;
        };
        offsets.clear();
        [first, second]
            .into_iter()
            .chain(lists.map(|(_, list)| list))
            .for_each(|list| add_list(list, &mut offsets));
        // Later lists have greater offsets, unless an entry was revised.
        if !offsets.is_sorted() {
            offsets.sort_unstable();
        }
        offsets.dedup();
        list.clear();
        write_list(offsets.iter().copied(), offsets.len(), &mut list);
        merged.push(term, &list);
    }
    merged.end()
}

fn all_terms(blocks: &[Block]) -> impl Iterator<Item = (Term, &[u8])> {
    blocks.iter().flat_map(|block| Terms::of(&block.bytes, block.first))
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

/// What takes the place of a block from which these offsets are taken, and into which postings come: their terms stand
/// between the block's first one and the next block's. `None` if nothing changes.
///
/// The first of the new blocks has the first term of the old one, whether anything is left of it or not; there are more
/// if they do not fit.
pub(super) fn revised(block: &[u8], first: Term, gone: &Offsets, added: &[Posting]) -> Option<Vec<Block>> {
    let mut added = runs(added).peekable();
    let mut has_changed = added.peek().is_some();
    let mut lists: Vec<(Term, Cow<'_, [u8]>)> = Vec::new();
    for (term, old) in Terms::of(block, first) {
        while let Some(run) = added.next_if(|run| run[0].term() < term) {
            lists.push((run[0].term(), list_of(run).into()));
        }
        let same = added.next_if(|run| run[0].term() == term);
        if same.is_none() && !has_any(old, gone) {
            lists.push((term, old.into()));
            continue;
        }
        has_changed = true;
        let mut offsets = Offsets::default();
        read_list(old, &mut offsets);
        offsets.subtract(gone);
        same.into_iter().flatten().for_each(|posting| offsets.insert(posting.offset()));
        if !offsets.is_empty() {
            let mut list = Vec::new();
            write_list(offsets.ascending(), offsets.len(), &mut list);
            lists.push((term, list.into()));
        }
    }
    lists.extend(added.map(|run| (run[0].term(), list_of(run).into())));
    has_changed.then(|| packed(first, &lists))
}

/// The lists as blocks, the first of which begins at `first`.
fn packed(first: Term, lists: &[(Term, Cow<'_, [u8]>)]) -> Vec<Block> {
    let pack = |limit| {
        let mut blocks = Blocks::new(Open::beginning_with(first), limit);
        lists.iter().for_each(|(term, list)| blocks.push(*term, list));
        blocks.end()
    };
    let one = pack(BLOCK_BYTES);
    // Half full, they have room for what comes next.
    if one.len() == 1 { one } else { pack(BLOCK_BYTES / 2) }
}

/// The postings of each term.
fn runs(postings: &[Posting]) -> impl Iterator<Item = &[Posting]> {
    postings.chunk_by(|one, next| one.term() == next.term())
}

fn write_run(run: &[Posting], list: &mut Vec<u8>) {
    list.clear();
    write_list(run.iter().map(|posting| posting.offset()), run.len(), list);
}

fn list_of(run: &[Posting]) -> Vec<u8> {
    let mut list = Vec::new();
    write_run(run, &mut list);
    list
}

/// All that is in the blocks, in order.
#[cfg(test)]
pub(super) fn postings(blocks: &[Block]) -> Vec<Posting> {
    let mut postings = Vec::new();
    for (term, list) in all_terms(blocks) {
        let mut offsets = Vec::new();
        add_list(list, &mut offsets);
        postings.extend(offsets.into_iter().map(|offset| Posting::new(term, offset)));
    }
    postings
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

/// Appends the offsets of a list.
fn add_list(list: &[u8], out: &mut Vec<u16>) {
    match list.try_into() {
        Ok(bits) => {
            let mut set = Offsets::default();
            set.read(bits);
            out.extend(set.ascending());
        }
        Err(_) => out.extend(distances(list)),
    }
}

/// Whether a list has any of these offsets.
fn has_any(list: &[u8], offsets: &Offsets) -> bool {
    // Most lists are of distances, and few entries are looked for: no set is made of them.
    let Ok(bits) = list.try_into() else { return distances(list).any(|offset| offsets.contains(offset)) };
    let mut found = Offsets::default();
    found.read(bits);
    found.intersect(offsets);
    !found.is_empty()
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

/// Blocks that are being written.
struct Blocks {
    done: Vec<Block>,
    open: Open,
    /// Bytes from which on a block takes no further term.
    limit: usize,
}

impl Blocks {
    fn new(open: Open, limit: usize) -> Self {
        Self { done: Vec::new(), open, limit }
    }

    fn push(&mut self, term: Term, list: &[u8]) {
        if self.open.bytes.len() >= self.limit || !self.open.push(term, list) {
            self.done.extend(mem::replace(&mut self.open, Open::new()).end());
            self.open.push(term, list);
        }
    }

    fn end(mut self) -> Vec<Block> {
        self.done.extend(self.open.end());
        self.done
    }
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

    /// One whose first term may be missing.
    fn beginning_with(first: Term) -> Self {
        Self { first: Some(first), last: first, ..Self::new() }
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

    proptest! {
        #[test]
        fn blocks_give_back_what_was_written(postings in postings()) {
            let blocks = write(&postings);
            prop_assert!(blocks.iter().all(|block| block.bytes.len() == BLOCK_BYTES));
            prop_assert!(blocks.is_sorted_by_key(|block| block.first));
            prop_assert_eq!(super::postings(&blocks), postings);
        }

        #[test]
        fn what_is_merged_is_all_there(parts in proptest::collection::vec(postings(), 0..4)) {
            let blocks: Vec<_> = parts.iter().map(|postings| write(postings)).collect();
            let merged = merged(&blocks.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let mut expected: Vec<_> = parts.into_iter().flatten().collect();
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(&merged, &write(&expected));
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
        fn what_is_revised_says_what_is_new_and_nothing_old(
            postings in postings(),
            gone in proptest::collection::btree_set(0..200_u16, 0..30),
            new in proptest::collection::btree_map("[a-d退款]{1,3}", 0..200_u16, 0..600),
        ) {
            let gone_set: Offsets = gone.iter().copied().collect();
            let mut new: Vec<_> = new.iter().map(|(term, offset)| Posting::new(Term::of(term), *offset)).collect();
            new.sort_unstable();
            let blocks = write(&postings);
            // What comes before the first block has blocks of its own.
            let first = blocks.first().map_or(Term::LAST, |block| block.first);
            let split = new.partition_point(|posting| posting.term() < first);
            let mut left = write(&new[..split]);
            let mut rest = &new[split..];
            for (index, Block { first, bytes }) in blocks.iter().enumerate() {
                let next = blocks.get(index + 1).map(|next| next.first);
                let end = next.map_or(rest.len(), |next| rest.partition_point(|posting| posting.term() < next));
                let (here, later) = rest.split_at(end);
                rest = later;
                match revised(bytes, *first, &gone_set, here) {
                    Some(changed) => {
                        prop_assert_eq!(changed[0].first, *first);
                        left.extend(changed);
                    }
                    None => left.push(Block { first: *first, bytes: bytes.clone() }),
                }
            }
            prop_assert!(left.iter().all(|block| block.bytes.len() == BLOCK_BYTES));
            prop_assert!(left.windows(2).all(|two| two[0].first < two[1].first));
            let mut expected: Vec<_> =
                postings.into_iter().filter(|posting| !gone.contains(&posting.offset())).chain(new).collect();
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(super::postings(&left), expected);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut found = Offsets::default();
            read(&bytes, Term::of("a"), &(Term::FIRST..=Term::LAST), &mut found);
            let gone = (0..SEGMENT_LEN as u16).collect();
            for block in revised(&bytes, Term::of("a"), &gone, &[]).into_iter().flatten() {
                prop_assert_eq!(block.bytes.len(), BLOCK_BYTES);
            }
        }
    }
}
