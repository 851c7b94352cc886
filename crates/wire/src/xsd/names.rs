//! Things that are found by their names, without a copy of the name.

use std::collections::HashMap;

use super::model::{NamespaceId, QualifiedName};

/// Things by namespace and name.
#[derive(Clone, Debug)]
pub(crate) struct Names<T>(Vec<HashMap<String, T>>);

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> Names<T> {
    pub(super) fn get(&self, namespace: NamespaceId, local: &str) -> Option<T> {
        self.0.get(namespace.0 as usize)?.get(local).copied()
    }

    pub(super) fn insert(&mut self, name: &QualifiedName, value: T) {
        let index = name.namespace.0 as usize;
        if self.0.len() <= index {
            self.0.resize_with(index + 1, HashMap::new);
        }
        self.0[index].insert(name.local.clone(), value);
    }

    pub(super) fn values(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().flat_map(|names| names.values().copied())
    }
}

/// The members of a type by the names of their elements, whatever their namespaces.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemberNames {
    /// The member of each name that was added last.
    last: HashMap<String, u32>,
    /// For each member the one of the same name before it.
    before: Vec<Option<u32>>,
}

impl MemberNames {
    /// Adds the next member; whether no other has its name.
    pub(super) fn add(&mut self, local: &str) -> bool {
        let index = u32::try_from(self.before.len()).unwrap_or(u32::MAX);
        let before = match self.last.get_mut(local) {
            Some(last) => Some(std::mem::replace(last, index)),
            None => {
                self.last.insert(local.to_owned(), index);
                None
            }
        };
        self.before.push(before);
        before.is_none()
    }

    /// The members of a name.
    pub(crate) fn find(&self, local: &str) -> impl Iterator<Item = u32> + '_ {
        let before = |index: &u32| self.before.get(*index as usize).copied().flatten();
        std::iter::successors(self.last.get(local).copied(), before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_one_name_are_all_found() {
        let mut names = MemberNames::default();
        let is_first: Vec<bool> = ["a", "b", "a", "a"].into_iter().map(|name| names.add(name)).collect();
        assert_eq!(is_first, [true, true, false, false]);
        assert_eq!(names.find("a").collect::<Vec<_>>(), [3, 2, 0]);
        assert_eq!(names.find("b").collect::<Vec<_>>(), [1]);
        assert_eq!(names.find("c").count(), 0);
    }
}
