use super::key::SEGMENT_LEN;

const WORDS: usize = SEGMENT_LEN / 64;

/// Bytes of [`Offsets::write`].
pub(super) const OFFSETS_BYTES: usize = WORDS * 8;

/// A set of entries of one segment, by their offset in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Offsets(Box<[u64; WORDS]>);

impl Default for Offsets {
    fn default() -> Self {
        Self(Box::new([0; WORDS]))
    }
}

impl Offsets {
    pub(super) fn insert(&mut self, offset: u16) {
        let offset = usize::from(offset) % SEGMENT_LEN;
        self.0[offset / 64] |= 1 << (offset % 64);
    }

    pub(super) fn contains(&self, offset: u16) -> bool {
        let offset = usize::from(offset) % SEGMENT_LEN;
        self.0[offset / 64] & (1 << (offset % 64)) != 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Keeps what is in `other` too.
    pub(super) fn intersect(&mut self, other: &Self) {
        self.0.iter_mut().zip(&*other.0).for_each(|(word, other)| *word &= other);
    }

    /// Drops what is in `other`.
    pub(super) fn subtract(&mut self, other: &Self) {
        self.0.iter_mut().zip(&*other.0).for_each(|(word, other)| *word &= !other);
    }

    /// Adds what [`Offsets::write`] wrote.
    pub(super) fn read(&mut self, bytes: &[u8; OFFSETS_BYTES]) {
        let (words, _) = bytes.as_chunks::<8>();
        self.0.iter_mut().zip(words).for_each(|(word, bytes)| *word |= u64::from_le_bytes(*bytes));
    }

    /// Appends the set, one bit an offset.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        self.0.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    }

    /// From the smallest on.
    pub(super) fn ascending(&self) -> impl Iterator<Item = u16> {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some((index * 64 + bit) as u16)
            })
        })
    }

    /// From the greatest on.
    pub(super) fn descending(&self) -> impl Iterator<Item = u16> {
        self.0.iter().enumerate().rev().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| 63 - rest.leading_zeros() as usize)?;
                rest &= !(1 << bit);
                Some((index * 64 + bit) as u16)
            })
        })
    }
}

impl FromIterator<u16> for Offsets {
    fn from_iter<I: IntoIterator<Item = u16>>(offsets: I) -> Self {
        let mut set = Self::default();
        offsets.into_iter().for_each(|offset| set.insert(offset));
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    type Model = BTreeSet<u16>;

    fn models() -> impl Strategy<Value = Model> {
        proptest::collection::btree_set(0..SEGMENT_LEN as u16, 0..200)
    }

    proptest! {
        #[test]
        fn it_is_a_set(one in models(), other in models()) {
            let (set, others): (Offsets, Offsets) = (one.iter().copied().collect(), other.iter().copied().collect());
            prop_assert_eq!(set.len(), one.len());
            prop_assert_eq!(set.is_empty(), one.is_empty());
            prop_assert!(set.ascending().eq(one.iter().copied()));
            prop_assert!(set.descending().eq(one.iter().rev().copied()));
            let mut both = set.clone();
            both.intersect(&others);
            prop_assert!(both.ascending().eq(one.intersection(&other).copied()));
            let mut rest = set.clone();
            rest.subtract(&others);
            prop_assert!(rest.ascending().eq(one.difference(&other).copied()));
            let mut bytes = Vec::new();
            set.write(&mut bytes);
            let mut read = Offsets::default();
            read.read(bytes.as_slice().try_into().unwrap());
            prop_assert_eq!(read, set);
        }
    }
}
