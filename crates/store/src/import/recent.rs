use std::collections::HashMap;

use uuid::Uuid;

/// What was used last, by id. It forgets only when it is told to that it may, so that what a batch needs stays together.
pub(super) struct Recent<V> {
    young: HashMap<Uuid, V>,
    old: HashMap<Uuid, V>,
    /// Values from which on the old ones go.
    most: usize,
}

impl<V> Recent<V> {
    pub(super) fn new(most: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), most }
    }

    pub(super) fn get(&self, id: &Uuid) -> Option<&V> {
        self.young.get(id).or_else(|| self.old.get(id))
    }

    pub(super) fn insert(&mut self, id: Uuid, value: V) {
        self.young.insert(id, value);
    }

    /// Whether it has this one, which counts as used.
    pub(super) fn touch(&mut self, id: &Uuid) -> bool {
        if self.young.contains_key(id) {
            return true;
        }
        let Some(value) = self.old.remove(id) else { return false };
        self.young.insert(*id, value);
        true
    }

    /// Forgets what was not used for long, if there is much.
    pub(super) fn tend(&mut self) {
        if self.young.len() >= self.most / 2 {
            self.old = std::mem::take(&mut self.young);
        }
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let id = Uuid::from_u128;
        let mut recent = Recent::new(4);
        for number in 0..2 {
            recent.insert(id(number), number);
        }
        recent.tend();
        assert!(recent.touch(&id(0)));
        for number in 2..4 {
            recent.insert(id(number), number);
        }
        // However much one batch needs, nothing of it goes before the next one.
        assert_eq!((recent.get(&id(0)), recent.get(&id(3))), (Some(&0), Some(&3)));
        recent.tend();
        assert_eq!((recent.get(&id(0)), recent.get(&id(1))), (Some(&0), None));
        assert!(!recent.touch(&id(1)));
    }
}
