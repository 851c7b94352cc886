use std::cmp::Reverse;

use super::rules::{Priority, Wait};
use crate::{ConversationKey, Micros};

/// How many entries a block holds before it is split.
const BLOCK_MAX: usize = 128;

/// A waiting conversation's place in the order: priority, then longest waiting.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Rank {
    priority: Reverse<Priority>,
    since: Micros,
    pub(super) conversation: ConversationKey,
}

impl Rank {
    pub(super) fn new(conversation: ConversationKey, wait: &Wait) -> Self {
        Self { priority: Reverse(wait.priority), since: wait.since, conversation }
    }
}

/// A sorted set that also knows the place of each entry: sorted blocks of bounded length, so that a change
/// or a look moves or counts a few hundred machine words even with ten thousand entries.
#[derive(Debug, Default)]
pub(super) struct Ranked {
    /// None is empty; each entry of a block comes before all entries of the next.
    blocks: Vec<Vec<Rank>>,
    len: usize,
}

impl Ranked {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The block in which `rank` is or belongs.
    fn block_of(&self, rank: &Rank) -> usize {
        let after = self.blocks.partition_point(|block| block.last() < Some(rank));
        after.min(self.blocks.len().saturating_sub(1))
    }

    pub(super) fn insert(&mut self, rank: Rank) {
        let index = self.block_of(&rank);
        let Some(block) = self.blocks.get_mut(index) else {
            self.blocks.push(vec![rank]);
            self.len = 1;
            return;
        };
        let Err(place) = block.binary_search(&rank) else { return };
        block.insert(place, rank);
        self.len += 1;
        if block.len() > BLOCK_MAX {
            let upper = block.split_off(BLOCK_MAX / 2);
            self.blocks.insert(index + 1, upper);
        }
    }

    pub(super) fn remove(&mut self, rank: &Rank) {
        let index = self.block_of(rank);
        let Some(block) = self.blocks.get_mut(index) else { return };
        let Ok(place) = block.binary_search(rank) else { return };
        block.remove(place);
        self.len -= 1;
        let len = block.len();
        if len == 0 {
            self.blocks.remove(index);
        } else if let Some(next) = self.blocks.get(index + 1)
            && len + next.len() <= BLOCK_MAX / 2
        {
            // Otherwise a queue that shrank would keep a block for every few entries.
            let next = self.blocks.remove(index + 1);
            self.blocks[index].extend(next);
        }
    }

    /// How many entries come before `rank`; `None` when it is not there.
    pub(super) fn position(&self, rank: &Rank) -> Option<usize> {
        let index = self.block_of(rank);
        let place = self.blocks.get(index)?.binary_search(rank).ok()?;
        Some(self.blocks[..index].iter().map(Vec::len).sum::<usize>() + place)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn rank(since: i64) -> Rank {
        Rank::new(ConversationKey(since / 2), &Wait::since(Micros(since)))
    }

    proptest! {
        #[test]
        fn positions_are_those_of_a_sorted_list(
            changes in proptest::collection::vec((any::<bool>(), 0..600_i64), 1..2000),
            emptied in any::<bool>(),
        ) {
            let mut ranked = Ranked::default();
            let mut model = BTreeSet::new();
            for (more, since) in changes {
                if more {
                    ranked.insert(rank(since));
                    model.insert(rank(since));
                } else {
                    ranked.remove(&rank(since));
                    model.remove(&rank(since));
                }
            }
            prop_assert_eq!(ranked.len(), model.len());
            for (place, rank) in model.iter().enumerate() {
                prop_assert_eq!(ranked.position(rank), Some(place));
            }
            prop_assert_eq!(ranked.position(&rank(601)), None);
            if emptied {
                model.iter().for_each(|rank| ranked.remove(rank));
                prop_assert!(ranked.is_empty() && ranked.blocks.is_empty());
            }
        }
    }
}
