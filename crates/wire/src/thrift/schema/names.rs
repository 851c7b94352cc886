/// From a name to its position: a look at each for few names, a binary search for many.
#[derive(Clone, Debug, Default)]
pub(super) struct NameIndex {
    /// Positions in the order of length and name; empty for few names.
    sorted: Vec<u32>,
    len: usize,
}

/// Up to this many names are compared one by one.
const FEW: usize = 8;

impl NameIndex {
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let names: Vec<&str> = names.collect();
        let mut sorted = Vec::new();
        if names.len() > FEW {
            sorted.extend((0..).take(names.len()));
            sorted.sort_by_key(|index: &u32| (names[*index as usize].len(), names[*index as usize]));
        }
        Self { sorted, len: names.len() }
    }

    #[inline]
    pub(super) fn find<'n>(&self, name: &str, name_at: impl Fn(usize) -> &'n str) -> Option<usize> {
        if self.len <= FEW {
            return (0..self.len).find(|index| name_at(*index) == name);
        }
        let order = |index: &u32| {
            let other = name_at(*index as usize);
            other.len().cmp(&name.len()).then_with(|| other.cmp(name))
        };
        self.sorted.binary_search_by(order).ok().map(|found| self.sorted[found] as usize)
    }
}
