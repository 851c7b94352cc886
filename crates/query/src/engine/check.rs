//! What can only be checked once sources are open.

use std::sync::Arc;

use crate::config::{self, ConfigError, Mistake};
use crate::guarded::Guarded;
use crate::model::{Kind, Model, RootHow};

/// What is wrong once sources are open.
pub(super) struct Wrong<'y> {
    yaml: &'y str,
    mistakes: Vec<Mistake>,
}

impl<'y> Wrong<'y> {
    pub(super) fn new(yaml: &'y str) -> Self {
        Self { yaml, mistakes: Vec::new() }
    }

    pub(super) fn add(&mut self, path: &str, message: String) {
        self.mistakes.push(config::mistake_at(self.yaml, path, message));
    }

    pub(super) fn end(&mut self) -> Result<(), ConfigError> {
        let mistakes = std::mem::take(&mut self.mistakes);
        if mistakes.is_empty() { Ok(()) } else { Err(ConfigError { file: None, mistakes }) }
    }

    /// Checks that sources understand their types and changes, and takes in what they do by themselves.
    pub(super) fn check(&mut self, model: &mut Model, sources: &[Arc<Guarded>]) -> Result<(), ConfigError> {
        for kind in &mut model.kinds {
            let source = &sources[kind.source].source;
            match source.check(&kind.target) {
                Ok(()) => kind.abilities = source.abilities(&kind.target),
                Err(message) => self.add(&format!("types.{}", kind.name), message),
            }
        }
        for change in &model.changes {
            let arguments: Vec<_> = change.arguments.iter().map(|argument| argument.name.as_str()).collect();
            let source = &sources[change.source].source;
            let checked = source.check_call(&change.operation, &arguments, &model.kinds[change.kind].target);
            if let Err(message) = checked {
                self.add(&format!("mutation.{}", change.name), message);
            }
        }
        self.end()?;
        self.find(model);
        self.end()
    }

    /// Checks that sources can find what the file has them find.
    fn find(&mut self, model: &Model) {
        for kind in &model.kinds {
            for relation in &kind.relations {
                let to = &model.kinds[relation.to];
                if to.keys_at_once(relation.on).is_none() {
                    let path = format!("types.{}.relations.{}", kind.name, relation.name);
                    self.add(&path, not_found_by(model, to, relation.on));
                }
            }
        }
        for feed in &model.feeds {
            let kind = &model.kinds[feed.kind];
            if !feed.key.iter().any(|(column, _)| kind.keys_at_once(*column).is_some()) {
                let message = not_found_by(model, kind, feed.key[0].0);
                self.add(&format!("subscription.{}.key", feed.name), message);
            }
        }
        for root in &model.queries {
            let kind = &model.kinds[root.kind];
            let path = format!("query.{}", root.name);
            match &root.how {
                RootHow::By(columns) => {
                    let has_key = columns.iter().any(|column| kind.keys_at_once(*column).is_some());
                    if !has_key && !kind.abilities.lists {
                        self.add(&path, not_found_by(model, kind, columns[0]));
                    }
                }
                RootHow::List(_) if !kind.abilities.lists => {
                    let source = &model.sources[kind.source].name;
                    self.add(&path, format!("`{source}` has no way to list `{}`", kind.name));
                }
                RootHow::List(_) => {}
            }
        }
    }
}

fn not_found_by(model: &Model, kind: &Kind, column: usize) -> String {
    let (source, field) = (&model.sources[kind.source].name, &kind.target.columns[column].field);
    format!("`{source}` does not find `{}` by `{field}`", kind.name)
}
