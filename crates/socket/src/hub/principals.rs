use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    iter,
};

use hashbrown::{HashTable, hash_table::Entry};
use slab::Slab;

use crate::hub::{Conn, ROOM_KEPT};

/// No connection.
const NONE: u32 = u32::MAX;

/// The connections of each principal, oldest first.
///
/// A principal's first connection stands in a table of four-byte slots, each connection names the
/// next: the principal itself is kept by its connections alone.
#[derive(Debug, Default)]
pub(super) struct Principals {
    firsts: HashTable<u32>,
    hasher: RandomState,
}

/// Names the principal's next connection.
#[derive(Debug)]
pub(super) struct Next(u32);

impl Next {
    /// Behind the newest connection.
    pub(super) const NONE: Self = Self(NONE);

    fn slot(&self) -> Option<u32> {
        (self.0 != NONE).then_some(self.0)
    }
}

impl Principals {
    pub(super) fn len(&self) -> usize {
        self.firsts.len()
    }

    /// Slots of a principal's connections.
    pub(super) fn slots<P: Eq + Hash, T, M>(
        &self,
        conns: &Slab<Conn<P, T, M>>,
        principal: &P,
    ) -> impl Iterator<Item = u32> {
        let hash = self.hasher.hash_one(principal);
        let first = self.firsts.find(hash, |slot| conns[*slot as usize].principal == *principal);
        iter::successors(first.copied(), |slot| conns.get(*slot as usize)?.next.slot())
    }

    /// Adds a connection that is in `conns` already, behind the others of its principal.
    pub(super) fn add<P: Eq + Hash, T, M>(&mut self, conns: &mut Slab<Conn<P, T, M>>, slot: u32) {
        match self.entry(conns, slot) {
            Entry::Vacant(entry) => {
                entry.insert(slot);
            }
            Entry::Occupied(entry) => {
                let mut last = *entry.get();
                while let Some(next) = conns[last as usize].next.slot() {
                    last = next;
                }
                conns[last as usize].next = Next(slot);
            }
        }
    }

    /// Takes out a connection that is in `conns` still.
    pub(super) fn remove<P: Eq + Hash, T, M>(&mut self, conns: &mut Slab<Conn<P, T, M>>, slot: u32) {
        let after = conns[slot as usize].next.0;
        let Entry::Occupied(mut entry) = self.entry(conns, slot) else { return };
        let mut before = *entry.get();
        if before != slot {
            while conns[before as usize].next.0 != slot {
                before = conns[before as usize].next.0;
            }
            conns[before as usize].next = Next(after);
        } else if after == NONE {
            entry.remove();
        } else {
            *entry.get_mut() = after;
        }
    }

    /// Returns memory that is not needed.
    pub(super) fn shrink<P: Eq + Hash, T, M>(&mut self, conns: &Slab<Conn<P, T, M>>) {
        if self.firsts.capacity() > ROOM_KEPT && self.firsts.len() < self.firsts.capacity() / 4 {
            let hasher = &self.hasher;
            let size = self.firsts.len() * 2;
            self.firsts.shrink_to(size, |slot| hasher.hash_one(&conns[*slot as usize].principal));
        }
    }

    /// The place of a connection's principal.
    fn entry<P: Eq + Hash, T, M>(&mut self, conns: &Slab<Conn<P, T, M>>, slot: u32) -> Entry<'_, u32> {
        let principal = &conns[slot as usize].principal;
        let hasher = &self.hasher;
        self.firsts.entry(
            hasher.hash_one(principal),
            |first| conns[*first as usize].principal == *principal,
            |first| hasher.hash_one(&conns[*first as usize].principal),
        )
    }
}
