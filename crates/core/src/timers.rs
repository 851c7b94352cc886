use std::{collections::BTreeSet, hash::Hash};

use crate::{Micros, keys::KeyMap};

/// At most one moment for each key, earliest first. Every change is O(log n).
#[derive(Debug)]
pub(crate) struct Timers<K> {
    queue: BTreeSet<(Micros, K)>,
    at: KeyMap<K, Micros>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self { queue: BTreeSet::new(), at: KeyMap::default() }
    }
}

impl<K: Copy + Eq + Hash + Ord> Timers<K> {
    /// Sets the moment of `key`; `None` takes it away.
    pub(crate) fn set(&mut self, key: K, at: Option<Micros>) {
        let before = match at {
            Some(at) => self.at.insert(key, at),
            None => self.at.remove(&key),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.queue.remove(&(before, key));
        }
        if let Some(at) = at {
            self.queue.insert((at, key));
        }
    }

    /// The earliest moment of all.
    pub(crate) fn next(&self) -> Option<Micros> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// Takes the earliest key whose moment has come.
    pub(crate) fn pop(&mut self, now: Micros) -> Option<K> {
        let &(at, key) = self.queue.first()?;
        if at > now {
            return None;
        }
        self.set(key, None);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_only_when_it_is_due() {
        let mut timers = Timers::default();
        timers.set(1_i64, Some(Micros(30)));
        timers.set(2, Some(Micros(20)));
        timers.set(3, Some(Micros(10)));
        timers.set(1, Some(Micros(15)));
        timers.set(3, None);
        assert_eq!(timers.next(), Some(Micros(15)));
        assert_eq!(timers.pop(Micros(14)), None);
        assert_eq!(timers.pop(Micros(15)), Some(1));
        assert_eq!(timers.pop(Micros(99)), Some(2));
        assert_eq!((timers.pop(Micros(99)), timers.next()), (None, None));
    }
}
