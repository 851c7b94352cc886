use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A cache that holds what was asked for lately.
///
/// It has two generations: what is new or found goes into the younger; when that is full it becomes the older, and what
/// was in the older is forgotten. So it never holds more than twice its size, and nothing is moved around when read.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    size: usize,
    generations: Mutex<Generations<K, V>>,
}

#[derive(Debug)]
struct Generations<K, V> {
    younger: HashMap<K, V>,
    older: HashMap<K, V>,
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// Of so many entries.
    pub(crate) fn new(size: usize) -> Self {
        Self { size, generations: Mutex::new(Generations { younger: HashMap::new(), older: HashMap::new() }) }
    }

    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let mut generations = self.lock();
        if let Some(value) = generations.younger.get(key) {
            return Some(value.clone());
        }
        let (key, value) = generations.older.remove_entry(key)?;
        Self::put(self.size, &mut generations, key, value.clone());
        Some(value)
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        Self::put(self.size, &mut self.lock(), key, value);
    }

    fn put(size: usize, generations: &mut Generations<K, V>, key: K, value: V) {
        if generations.younger.len() >= size {
            generations.older = std::mem::take(&mut generations.younger);
        }
        generations.younger.insert(key, value);
    }

    fn lock(&self) -> MutexGuard<'_, Generations<K, V>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let cache = Cache::new(10);
        cache.insert("used".to_owned(), 0);
        for number in 1..100 {
            cache.insert(number.to_string(), number);
            assert_eq!(cache.get("used"), Some(0));
        }
        assert_eq!(cache.get("1"), None);
        assert_eq!(cache.get("99"), Some(99));
        let generations = cache.lock();
        assert!(generations.younger.len() + generations.older.len() <= 20);
    }
}
