use std::ops::RangeInclusive;
use std::sync::Arc;

use super::block::{self, BLOCK_BYTES, Block};
use super::key::{Posting, SEGMENT_LEN, Term};
use super::offsets::Offsets;

/// Blocks of a tail that is written as a segment before it covers [`SEGMENT_LEN`] positions: 4 MiB. Texts of usual
/// length fill an eighth of them.
const BLOCKS_MAX: usize = (4 << 20) / BLOCK_BYTES;

/// Chunks that are merged at once.
const MERGED: usize = 4;

/// The end of the indexed part of the log, which is not in the index's file yet.
///
/// It is a list of chunks that are like small segments. The last [`MERGED`] become one as soon as they are of about one
/// length, so all is written a few times, and looking up takes a few binary searches.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail {
    /// The position of offset 0.
    pub(super) start: i64,
    chunks: Vec<Arc<Chunk>>,
}

/// Some entries that follow one another.
#[derive(Debug, Default)]
struct Chunk {
    blocks: Vec<Block>,
    /// The conversation of each entry.
    conversations: Vec<u32>,
}

impl Chunk {
    /// How many entries it covers.
    fn len(&self) -> usize {
        self.conversations.len()
    }
}

/// The entries of chunks that follow one another.
fn merged(chunks: &[Arc<Chunk>]) -> Chunk {
    let blocks: Vec<_> = chunks.iter().map(|chunk| &chunk.blocks[..]).collect();
    let conversations = chunks.iter().flat_map(|chunk| chunk.conversations.iter().copied());
    Chunk { blocks: block::merged(&blocks), conversations: conversations.collect() }
}

/// Takes in entries, for [`Tail::add`].
#[derive(Debug)]
pub(super) struct Intake {
    start: i64,
    first: usize,
    postings: Vec<Posting>,
    conversations: Vec<u32>,
}

impl Tail {
    /// An empty one from this position on.
    pub(super) fn new(start: i64) -> Self {
        Self { start, chunks: Vec::new() }
    }

    /// The position after the last one.
    pub(super) fn end(&self) -> i64 {
        self.start + self.len() as i64
    }

    pub(super) fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len()).sum()
    }

    /// The offset of this position, if it is in it.
    pub(super) fn offset_of(&self, pos: i64) -> Option<u16> {
        let offset = usize::try_from(pos - self.start).ok()?;
        (offset < self.len()).then_some(offset as u16)
    }

    /// Whether it is time to make a segment of it.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= SEGMENT_LEN
            || self.chunks.iter().map(|chunk| chunk.blocks.len()).sum::<usize>() >= BLOCKS_MAX
    }

    /// Begins to take in entries from [`Tail::end`] on.
    pub(super) fn intake(&self) -> Intake {
        Intake { start: self.start, first: self.len(), postings: Vec::new(), conversations: Vec::new() }
    }

    /// Adds what was taken in.
    pub(super) fn add(&mut self, intake: Intake) {
        let Intake { mut postings, conversations, .. } = intake;
        if conversations.is_empty() {
            return;
        }
        postings.sort_unstable();
        postings.dedup();
        self.chunks.push(Arc::new(Chunk { blocks: block::write(&postings), conversations }));
        while let [.., first, _, _, last] = &self.chunks[..]
            && first.len() < last.len() * MERGED
        {
            let chunk = merged(&self.chunks.split_off(self.chunks.len() - MERGED));
            self.chunks.push(Arc::new(chunk));
        }
    }

    /// Adds the offsets of entries that have a term of `wanted`.
    pub(super) fn find(&self, wanted: &RangeInclusive<Term>, found: &mut Offsets) {
        for chunk in &self.chunks {
            let from = chunk.blocks.partition_point(|block| block.first < *wanted.start());
            let to = chunk.blocks.partition_point(|block| block.first <= *wanted.end());
            // The one before begins with a smaller term, and may end with a greater one.
            for block in &chunk.blocks[from.saturating_sub(1)..to.max(from)] {
                block::read(&block.bytes, block.first, wanted, found);
            }
        }
    }

    /// Takes every term from these entries, and gives them others.
    pub(super) fn revise(&mut self, gone: &Offsets, added: &[Posting]) {
        for chunk in &mut self.chunks {
            let revised = |block: &Block| {
                block::revised(&block.bytes, block.first, gone, &[]).unwrap_or_else(|| vec![block.clone()])
            };
            let blocks = chunk.blocks.iter().flat_map(revised).collect();
            *chunk = Arc::new(Chunk { blocks, conversations: chunk.conversations.clone() });
        }
        // Which chunk an entry's postings are in does not matter.
        if let Some(last) = self.chunks.pop() {
            let added = Chunk { blocks: block::write(added), conversations: Vec::new() };
            self.chunks.push(Arc::new(merged(&[last, Arc::new(added)])));
        }
    }

    /// All of it: the postings in blocks, and the conversation of each entry.
    pub(super) fn all(&self) -> (Vec<Block>, Vec<u32>) {
        let Chunk { blocks, conversations } = merged(&self.chunks);
        (blocks, conversations)
    }
}

impl Intake {
    /// Whether the segment ends here.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= SEGMENT_LEN
    }

    /// The position of the next entry.
    pub(super) fn next(&self) -> i64 {
        self.start + self.len() as i64
    }

    fn len(&self) -> usize {
        self.first + self.conversations.len()
    }

    /// Takes in the next entry, whose conversation this is; `terms` hands on its terms.
    pub(super) fn push(&mut self, conversation: i64, terms: impl FnOnce(&mut dyn FnMut(Term))) {
        let offset = self.len() as u16;
        terms(&mut |term| self.postings.push(Posting::new(term, offset)));
        self.conversations.push(shortened(conversation));
    }
}

/// A conversation's key as a segment keeps it.
pub(super) fn shortened(conversation: i64) -> u32 {
    u32::try_from(conversation).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_the_steps_all_is_found(
            steps in proptest::collection::vec(proptest::collection::vec("[a-d]{1,2}", 0..6), 1..20),
            gone in 0..20_u16,
            new in proptest::collection::vec("[a-d]{1,2}", 0..4),
        ) {
            let mut tail = Tail::new(100);
            let mut expected = Vec::new();
            for step in &steps {
                let mut intake = tail.intake();
                for text in step {
                    let offset = (intake.next() - 100) as u16;
                    expected.push(Posting::new(Term::of(text), offset));
                    // Twice in one text is once in the index.
                    intake.push(i64::from(offset) + 1, |emit| {
                        emit(Term::of(text));
                        emit(Term::of(text));
                    });
                }
                tail.add(intake);
            }
            let count = steps.iter().map(Vec::len).sum::<usize>();
            prop_assert_eq!((tail.len(), tail.end()), (count, 100 + count as i64));
            prop_assert!(tail.chunks.len() <= 12);
            expected.sort_unstable();
            let (blocks, conversations) = tail.all();
            prop_assert_eq!(&block::postings(&blocks), &expected);
            prop_assert!(conversations.into_iter().eq(1..=count as u32));

            let gone = gone % count.max(1) as u16;
            let mut new: Vec<_> = new.iter().map(|text| Posting::new(Term::of(text), gone)).collect();
            new.sort_unstable();
            new.dedup();
            tail.revise(&std::iter::once(gone).collect(), &new);
            if count > 0 {
                expected.retain(|posting| posting.offset() != gone);
                expected.extend(new);
                expected.sort_unstable();
            }
            prop_assert_eq!(&block::postings(&tail.all().0), &expected);
            prop_assert_eq!(tail.len(), count);
            let wanted = Term::beginning_with('a');
            let mut found = Offsets::default();
            tail.find(&wanted, &mut found);
            let left = expected.iter().filter(|posting| wanted.contains(&posting.term()));
            prop_assert_eq!(found, left.map(|posting| posting.offset()).collect());
        }
    }
}
