use std::slice;

/// Capacity under which a list is not worth shrinking.
const ROOM_KEPT: usize = 16;

/// A list that is mostly empty or of one item, and then takes no memory of its own.
#[derive(Debug, Default)]
pub(crate) enum Few<T> {
    #[default]
    None,
    One(T),
    #[expect(clippy::box_collection, reason = "a list of one is to be no larger for the sake of longer ones")]
    Many(Box<Vec<T>>),
}

impl<T: PartialEq> Few<T> {
    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(item) => slice::from_ref(item),
            Self::Many(items) => items,
        }
    }

    /// Adds an item behind the others.
    pub(crate) fn push(&mut self, item: T) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(item),
            Self::One(first) => Self::Many(Box::new(vec![first, item])),
            Self::Many(mut items) => {
                items.push(item);
                Self::Many(items)
            }
        };
    }

    /// Removes an item; the others keep their order. Returns whether it was there.
    pub(crate) fn remove(&mut self, item: &T) -> bool {
        let Some(at) = self.as_slice().iter().position(|known| known == item) else { return false };
        *self = match std::mem::take(self) {
            Self::None | Self::One(_) => Self::None,
            Self::Many(mut items) => {
                items.remove(at);
                if items.len() == 1 {
                    items.pop().map_or(Self::None, Self::One)
                } else {
                    if items.capacity() > ROOM_KEPT && items.len() < items.capacity() / 4 {
                        items.shrink_to(items.len() * 2);
                    }
                    Self::Many(items)
                }
            }
        };
        true
    }
}
