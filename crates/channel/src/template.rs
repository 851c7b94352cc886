//! Values with expressions, for other files than those of channels: the same language, under the same limits.

use std::collections::BTreeSet;

use serde::{
    Serialize,
    de::{Deserialize, DeserializeOwned, Deserializer},
};
use serde_json::Value as Json;

use super::{
    expression::{Data, Node, data},
    load::{FileError, error_at, read},
};

/// What expressions see, made once for many of them.
#[derive(Clone, Debug)]
pub struct Scope(Data);

impl Scope {
    /// Makes what `value` has visible by name.
    pub fn new(value: impl Serialize) -> Self {
        Self(data(value))
    }
}

/// A value of which parts may be expressions, written `= …`.
#[derive(Debug)]
pub struct Template(Node);

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Node::deserialize(deserializer).map(Self)
    }
}

impl Template {
    /// Its value, of what `scope` has by name; nothing if it is one expression that says `none`, or that names what is
    /// not there.
    ///
    /// # Errors
    /// An expression cannot be carried out, or takes too many steps.
    pub fn value(&self, scope: &impl Serialize) -> Result<Option<Json>, String> {
        self.value_in(&Scope::new(scope))
    }

    /// As [`Self::value`], of what was made visible before.
    ///
    /// # Errors
    /// An expression cannot be carried out, or takes too many steps.
    pub fn value_in(&self, Scope(scope): &Scope) -> Result<Option<Json>, String> {
        match &self.0 {
            Node::Expr(expression) => match expression.optional(scope)? {
                None => Ok(None),
                Some(value) => serde_json::to_value(&value).map(Some).map_err(|error| error.to_string()),
            },
            node => node.json(scope),
        }
    }

    /// The names that its expressions read, such as `item` or `item.number`.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.0.each_expression(&mut |expression| names.extend(expression.names()));
        names
    }
}

/// Reads a file whose values may be templates.
///
/// # Errors
/// What is wrong with it first, and where.
pub fn read_file<T: DeserializeOwned>(yaml: &str) -> Result<T, FileError> {
    read(yaml)
}

/// Says what is wrong at a key of a file that was read, such as `create.operation`.
#[must_use]
pub fn wrong_at(yaml: &str, key: &str, message: String) -> FileError {
    error_at(yaml, key.to_owned(), message)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        value: Template,
    }

    fn value(yaml: &str) -> Result<Option<Json>, String> {
        let file: File = read_file(yaml).map_err(|error| error.to_string())?;
        file.value.value(&json!({"item": {"no": 7, "tags": ["a"]}}))
    }

    #[test]
    fn what_is_not_there_is_nothing_and_what_is_wrong_has_its_place() {
        assert_eq!(value("value: '= item.no ~ \"x\"'"), Ok(Some(json!("7x"))));
        assert_eq!(
            value("value: {a: '= item.tags', b: [1, '= item.no']}"),
            Ok(Some(json!({"a": ["a"], "b": [1, 7]})))
        );
        assert_eq!(value("value: '= item.none'"), Ok(None));
        assert_eq!(value("value: '= none'"), Ok(None));
        assert!(value("value: '= item.none.more'").is_err());
        assert!(
            value("value: {a: '= item.none'}").is_err(),
            "within a value, what is not there is a mistake"
        );
        let wrong = value("value: '= item |'").unwrap_err();
        assert!(wrong.starts_with("1:"), "{wrong}");
        let wrong = value("valeu: 1").unwrap_err();
        assert!(wrong.contains("unknown key `valeu`; did you mean `value`?"), "{wrong}");
        let file: File = read_file("value: {a: '= item.no', b: '= now'}").unwrap();
        assert_eq!(file.value.names().into_iter().collect::<Vec<_>>(), ["item.no", "now"]);
        assert_eq!(wrong_at("value:\n  a: 1\n", "value.a", "no".to_owned()).to_string(), "2:6: value.a: no");
    }
}
