//! Which prefixes stand for what, where the reader is.

use std::collections::HashMap;

use super::{
    super::{XML, names::is_ncname},
    Binding, Name, Reader,
};
use crate::Error;

/// As many bindings are looked through one after the other.
pub(super) const FEW: usize = 8;

pub(super) fn index_of<'x>(bindings: &[Binding<'x>]) -> HashMap<&'x str, Vec<usize>> {
    let mut places: HashMap<&'x str, Vec<usize>> = HashMap::new();
    for (index, binding) in bindings.iter().enumerate() {
        places.entry(binding.prefix).or_default().push(index);
    }
    places
}

impl<'x> Reader<'x> {
    /// The namespace of a name in a value, such as that of `xsi:type`; none if its prefix is not declared.
    #[must_use]
    pub fn resolve(&self, name: &'x str) -> Option<Name<'x>> {
        let name = name.trim_matches([' ', '\t', '\n', '\r']);
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let namespace = self.namespace(prefix)?;
        is_ncname(local).then_some(Name { namespace, local })
    }

    pub(crate) fn namespace(&self, prefix: &str) -> Option<&'x str> {
        if prefix == "xml" {
            return Some(XML);
        }
        let found = self.binding_of(prefix).and_then(|index| self.bindings.get(index));
        found.map(|binding| binding.namespace).or(prefix.is_empty().then_some(""))
    }

    /// The binding of a prefix that hides the others.
    fn binding_of(&self, prefix: &str) -> Option<usize> {
        match &self.by_prefix {
            Some(by_prefix) if self.bindings.len() > FEW => by_prefix.get(prefix)?.last().copied(),
            _ => {
                // Prefixes are a few bytes: a loop is faster than a call.
                let is_it = |binding: &Binding<'_>| {
                    binding.prefix.len() == prefix.len() && binding.prefix.bytes().eq(prefix.bytes())
                };
                self.bindings.iter().rposition(is_it)
            }
        }
    }

    pub(super) fn end_bindings(&mut self, before: usize) {
        match &mut self.by_prefix {
            None => self.bindings.truncate(before),
            Some(by_prefix) => {
                for ended in self.bindings.drain(before..) {
                    if let Some(places) = by_prefix.get_mut(ended.prefix) {
                        places.pop();
                    }
                }
            }
        }
    }

    pub(super) fn lookup(&mut self, prefix: &str, at: usize) -> Result<&'x str, Error> {
        if prefix == "xml" {
            return Ok(XML);
        }
        match self.binding_of(prefix) {
            Some(index) => {
                if self.outside.is_some_and(|outer| index < outer) && !self.used.contains(&index) {
                    self.used.push(index);
                }
                Ok(self.bindings[index].namespace)
            }
            None if prefix.is_empty() => Ok(""),
            None => Err(Error::malformed(self.base + at, format!("the prefix {prefix:?} is not declared"))),
        }
    }
}
