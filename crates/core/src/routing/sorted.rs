/// How many entries a block holds before it is split.
const BLOCK_MAX: usize = 128;

/// A sorted set that also knows the place of each entry: sorted blocks of bounded length, so that a change
/// or a look moves or counts a few hundred machine words even with ten thousand entries, and entries that are
/// looked at one after the other lie side by side.
#[derive(Debug)]
pub(super) struct Sorted<T> {
    /// None is empty; each entry of a block comes before all entries of the next.
    blocks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self { blocks: Vec::new(), len: 0 }
    }
}

impl<T: Copy + Ord> Sorted<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten()
    }

    /// The block in which `entry` is or belongs.
    fn block_of(&self, entry: &T) -> usize {
        let after = self.blocks.partition_point(|block| block.last() < Some(entry));
        after.min(self.blocks.len().saturating_sub(1))
    }

    pub(super) fn insert(&mut self, entry: T) {
        let index = self.block_of(&entry);
        let Some(block) = self.blocks.get_mut(index) else {
            self.blocks.push(vec![entry]);
            self.len = 1;
            return;
        };
        let Err(place) = block.binary_search(&entry) else { return };
        block.insert(place, entry);
        self.len += 1;
        if block.len() > BLOCK_MAX {
            let upper = block.split_off(BLOCK_MAX / 2);
            self.blocks.insert(index + 1, upper);
        }
    }

    pub(super) fn remove(&mut self, entry: &T) {
        let index = self.block_of(entry);
        let Some(block) = self.blocks.get_mut(index) else { return };
        let Ok(place) = block.binary_search(entry) else { return };
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

    /// How many entries come before `entry`; `None` when it is not there.
    pub(super) fn position(&self, entry: &T) -> Option<usize> {
        let index = self.block_of(entry);
        let place = self.blocks.get(index)?.binary_search(entry).ok()?;
        Some(self.blocks[..index].iter().map(Vec::len).sum::<usize>() + place)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn positions_are_those_of_a_sorted_list(
            changes in proptest::collection::vec((any::<bool>(), 0..600_u16), 1..2000),
            emptied in any::<bool>(),
        ) {
            let mut sorted = Sorted::default();
            let mut model = BTreeSet::new();
            for (more, number) in changes {
                if more {
                    sorted.insert(number);
                    model.insert(number);
                } else {
                    sorted.remove(&number);
                    model.remove(&number);
                }
            }
            prop_assert_eq!(sorted.len(), model.len());
            prop_assert!(sorted.iter().eq(&model));
            for (place, entry) in model.iter().enumerate() {
                prop_assert_eq!(sorted.position(entry), Some(place));
            }
            prop_assert_eq!(sorted.position(&601), None);
            if emptied {
                model.iter().for_each(|entry| sorted.remove(entry));
                prop_assert!(sorted.is_empty() && sorted.blocks.is_empty());
            }
        }
    }
}
