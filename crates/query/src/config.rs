//! The file becomes a model, or a list of all that is wrong with it, each with line and path.

mod policy;
mod reader;
mod sections;
mod tree;
mod types;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::model::Model;

pub(crate) use types::COMPARISONS;

/// What is wrong with a configuration.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct ConfigError {
    /// The file, where it is known.
    pub file: Option<PathBuf>,
    /// All that is wrong, in the order of the file.
    pub mistakes: Vec<Mistake>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The key, such as `types.User.fields.id.type`; empty for the file as a whole.
    pub path: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl ConfigError {
    /// Names the file that was read.
    #[must_use]
    pub fn in_file(self, file: &Path) -> Self {
        Self { file: Some(file.to_owned()), ..self }
    }

    pub(crate) fn whole(line: usize, message: String) -> Self {
        Self { file: None, mistakes: vec![Mistake { line, path: String::new(), message }] }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, Mistake { line, path, message }) in self.mistakes.iter().enumerate() {
            if place > 0 {
                out.write_str("\n")?;
            }
            if let Some(file) = &self.file {
                write!(out, "{}:", file.display())?;
            }
            write!(out, "{line}: ")?;
            if !path.is_empty() {
                write!(out, "{path}: ")?;
            }
            out.write_str(message)?;
        }
        Ok(())
    }
}

/// Reads a file. `variable` gives the value of `${NAME}` in the settings of sources.
pub(crate) fn load(yaml: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Model, ConfigError> {
    let root = tree::parse(yaml).map_err(|(line, message)| ConfigError::whole(line, message))?;
    let mut reader = reader::Reader::new(yaml);
    let model = sections::file(&mut reader, &reader::At::root(&root), variable);
    reader.finish()?;
    model.ok_or_else(|| ConfigError::whole(1, "the file is empty".to_owned()))
}

/// Finds the line of a path, for what is wrong only once sources are open.
pub(crate) fn mistake_at(yaml: &str, path: &str, message: String) -> Mistake {
    let number = tree::parse(yaml).ok().and_then(|root| find(&root, path));
    let line = number.map_or(1, |number| tree::line_of(yaml, number));
    Mistake { line, path: path.to_owned(), message }
}

/// Number of the node at a path, or of the nearest around it.
fn find(root: &tree::Node, path: &str) -> Option<u32> {
    let mut node = root;
    let mut number = None;
    for step in path.split('.') {
        let tree::What::Map(entries) = &node.what else { break };
        let Some(entry) = entries.iter().find(|entry| entry.key == step) else { break };
        number = Some(entry.number);
        node = &entry.node;
    }
    number
}
