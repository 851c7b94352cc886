use std::{collections::BTreeMap, fmt, sync::Arc};

use crate::adapter::Adapter;

/// Adapters by their names: `SOAP`, `Thrift`, `JSON`, and whatever its host registers. Channels are none: what
/// proves a service's message stands in its headers and its address as well, which an adapter does not see.
#[derive(Clone, Default)]
pub struct Registry {
    adapters: BTreeMap<String, Arc<dyn Adapter>>,
}

/// There is no adapter of that name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownAdapter {
    /// The name that was asked for.
    pub name: String,
    /// The one that is most like it, if one is.
    pub near: Option<String>,
    /// All that there are.
    pub known: Vec<String>,
}

impl Registry {
    /// Adds an adapter; gives back the one that had the name before.
    pub fn register(&mut self, name: &str, adapter: Arc<dyn Adapter>) -> Option<Arc<dyn Adapter>> {
        self.adapters.insert(name.to_owned(), adapter)
    }

    /// The adapter of a name.
    ///
    /// # Errors
    /// There is none; the error names the one that may be meant.
    pub fn get(&self, name: &str) -> Result<&Arc<dyn Adapter>, UnknownAdapter> {
        self.adapters.get(name).ok_or_else(|| self.unknown(name))
    }

    /// The names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.adapters.keys().map(String::as_str)
    }

    fn unknown(&self, name: &str) -> UnknownAdapter {
        let asked = name.to_lowercase();
        let near = self
            .names()
            .map(|known| (strsim::jaro_winkler(&known.to_lowercase(), &asked), known))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, known)| known.to_owned());
        UnknownAdapter { name: name.to_owned(), near, known: self.names().map(str::to_owned).collect() }
    }
}

impl fmt::Display for UnknownAdapter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "there is no adapter {:?}", self.name)?;
        match &self.near {
            Some(near) => write!(out, "; did you mean {near:?}?"),
            None if self.known.is_empty() => Ok(()),
            None => write!(out, ": there are {}", self.known.join(", ")),
        }
    }
}

impl std::error::Error for UnknownAdapter {}
