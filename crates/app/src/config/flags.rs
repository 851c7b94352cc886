use std::path::Path;

use super::setting::{Raw, Scalar};

/// The settings that were given as flags, on their way to the last layer.
///
/// Only what the user typed belongs here: a flag with a default of its own would hide the file.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub(super) given: Vec<(String, &'static str, Raw)>,
}

impl Flags {
    /// No flags.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the value of `flag` (with its dashes) for the key at `path` (`limits.max_connections`), if it was given.
    pub fn set(&mut self, path: &str, flag: &'static str, value: Option<impl ToString>) -> &mut Self {
        if let Some(value) = value {
            self.given.push((path.to_owned(), flag, Raw::untyped(value.to_string())));
        }
        self
    }

    /// Adds a path, if it was given.
    pub fn path(&mut self, path: &str, flag: &'static str, value: Option<&Path>) -> &mut Self {
        self.set(path, flag, value.map(Path::display))
    }

    /// Adds a choice, if one was made.
    pub fn choice<T: clap::ValueEnum>(
        &mut self,
        path: &str,
        flag: &'static str,
        value: Option<T>,
    ) -> &mut Self {
        self.set(path, flag, value.map(|value| crate::choice_name(&value)))
    }

    /// Adds a switch: a flag without a value that was set.
    pub fn switch(&mut self, path: &str, flag: &'static str, set: bool) -> &mut Self {
        self.set(path, flag, set.then_some("true"))
    }

    /// Adds a flag that may be repeated, if it was given at all.
    pub fn list<T: ToString>(&mut self, path: &str, flag: &'static str, values: &[T]) -> &mut Self {
        if !values.is_empty() {
            let items = values.iter().map(|value| Scalar::untyped(value.to_string()));
            self.given.push((path.to_owned(), flag, Raw::List(items.collect())));
        }
        self
    }
}
