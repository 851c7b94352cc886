//! A mapping read the other way: which columns a row has there, for what is here.

use std::collections::BTreeMap;

use kefu_app::Text;
use kefu_core::Micros;
use kefu_store::import::Entity;

use crate::{
    file::{Markup, TimeUnit},
    mapping::{FieldKind, FieldRule, Input, TableMap, fields_of},
    value::Value,
};

/// What a field is here.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Here {
    Text(String),
    Word(&'static str),
    Time(Micros),
    /// The key that a row has there.
    Reference(Option<Value>),
}

/// What a column there is made of.
#[derive(Clone, Debug, PartialEq)]
enum Made {
    Text,
    /// What stands there for each word.
    Word(BTreeMap<&'static str, String>),
    Time(TimeUnit),
    Reference(String),
}

/// A value on its way to a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum There {
    Value(Value),
    Time(Micros, TimeUnit),
}

/// The columns of a row there.
pub(super) type Row = BTreeMap<String, There>;

/// A table and how its rows are made of what is here.
#[derive(Clone, Debug)]
pub(super) struct Inverse {
    /// By field: the column, and what it is made of.
    fields: BTreeMap<&'static str, (String, Made)>,
    /// Columns that stay the same: what a filter asks of rows.
    fixed: Vec<(String, Option<String>)>,
    /// Fields that stay behind: the old system's own values stand in their place.
    pub(super) left_out: Vec<&'static str>,
}

/// Fields without which a row there would not say what is here.
fn needed(entity: Entity) -> &'static [&'static str] {
    match entity {
        Entity::Message => &["conversation", "sender", "agent", "text", "occurred_at"],
        Entity::Visitor => &["external_id", "name"],
        Entity::Conversation => &["visitor", "created_at"],
        _ => &[],
    }
}

impl Inverse {
    /// Of a mapping; or why it has none, field by field.
    pub(super) fn of(map: &TableMap) -> Result<Self, Vec<Text>> {
        let mut inverse = Self { fields: BTreeMap::new(), fixed: Vec::new(), left_out: Vec::new() };
        let mut problems = Vec::new();
        for ((name, kind, _), rule) in fields_of(map.entity).iter().zip(&map.fields) {
            let Some(rule) = rule else { continue };
            match made(map, *kind, rule) {
                Some(made) => drop(inverse.fields.insert(name, made)),
                None if needed(map.entity).contains(name) => problems.push(no_inverse(map, name)),
                None => inverse.left_out.push(name),
            }
        }
        if map.entity == Entity::Message {
            let word = |word: &str| match inverse.fields.get("sender") {
                Some((_, Made::Word(words))) => words.contains_key(word),
                _ => false,
            };
            let missing: Vec<_> = ["visitor", "agent"].into_iter().filter(|name| !word(name)).collect();
            if problems.is_empty() && !missing.is_empty() {
                problems.push(no_word(map, &missing.join(", ")));
            }
        }
        for filter in &map.filters {
            let column = map.columns[filter.column].clone();
            match (filter.is.first(), filter.empty) {
                (Some(word), _) => inverse.fixed.push((column, Some(word.clone()))),
                (None, Some(true)) => inverse.fixed.push((column, None)),
                // The old system's own value passes, or the row comes to be left out here.
                (None, _) => {}
            }
        }
        if problems.is_empty() { Ok(inverse) } else { Err(problems) }
    }

    /// The table that a field refers to.
    pub(super) fn refers_to(&self, field: &str) -> Option<&str> {
        match self.fields.get(field) {
            Some((_, Made::Reference(table))) => Some(table),
            _ => None,
        }
    }

    /// Adds what a field is here to the row; whether there is something that stands for it.
    pub(super) fn set(&self, row: &mut Row, field: &str, here: Here) -> bool {
        let Some((column, made)) = self.fields.get(field) else { return false };
        let there = match (made, here) {
            (Made::Text, Here::Text(text)) => There::Value(Value::Text(text)),
            (Made::Word(words), Here::Word(word)) => match words.get(word) {
                Some(word) => There::Value(Value::Text(word.clone())),
                None => return false,
            },
            (Made::Time(unit), Here::Time(at)) => There::Time(at, *unit),
            (Made::Reference(_), Here::Reference(Some(key))) => There::Value(key),
            _ => return false,
        };
        row.insert(column.clone(), there);
        true
    }

    /// Adds what filters ask for, where nothing is said of it.
    pub(super) fn fix(&self, row: &mut Row) {
        for (column, word) in &self.fixed {
            let value = word.clone().map_or(Value::Null, Value::Text);
            row.entry(column.clone()).or_insert(There::Value(value));
        }
    }
}

/// The column of a field and what it is made of, if that can be said.
fn made(map: &TableMap, kind: FieldKind, rule: &FieldRule) -> Option<(String, Made)> {
    let Input::Column(column) = rule.input else { return None };
    if rule.part > 0 || rule.lookup.is_some() {
        return None;
    }
    let is_mapped = rule.map.is_some();
    let made = match kind {
        FieldKind::Text(_) if !is_mapped && matches!(rule.markup, Markup::Plain | Markup::Gofly) => {
            Made::Text
        }
        FieldKind::Word(words) => Made::Word(words_there(words, rule)),
        FieldKind::Time if !is_mapped => Made::Time(rule.unit),
        FieldKind::Reference(_) if !is_mapped => Made::Reference(rule.refers_to.clone()?),
        _ => return None,
    };
    Some((map.columns[column].clone(), made))
}

/// What stands there for each word, where just one thing does.
fn words_there(words: &'static [&'static str], rule: &FieldRule) -> BTreeMap<&'static str, String> {
    let Some(map) = &rule.map else {
        return words.iter().map(|word| (*word, (*word).to_owned())).collect();
    };
    let only = |word: &&'static str| {
        let mut all = map.iter().filter(|(_, to)| to == word).map(|(from, _)| from);
        let first = all.next().filter(|from| *from != "*" && all.next().is_none());
        first.map(|from| (*word, from.clone()))
    };
    words.iter().filter_map(only).collect()
}

fn no_inverse(map: &TableMap, field: &str) -> Text {
    let name = map.name();
    Text::new(
        format!("the field `{field}` of `{name}` has no inverse: a column of its own would have one"),
        format!("`{name}` 的字段 `{field}` 没有逆映射:只有直接取自一列的字段才有"),
    )
}

fn no_word(map: &TableMap, words: &str) -> Text {
    let name = map.name();
    Text::new(
        format!(
            "the field `sender` of `{name}` has no inverse: exactly one value must stand for each of {words}"
        ),
        format!("`{name}` 的字段 `sender` 没有逆映射:{words} 各须恰有一个值与之对应"),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kefu_app::Language;

    use super::*;
    use crate::settings::Settings;

    /// The messages of a file.
    fn messages(fields: &str) -> Arc<TableMap> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("migrate.yaml");
        let yaml = format!(
            "version: 1
sources: {{ old: {{ kind: mongodump, path: dump }} }}
tables:
  - {{ from: staff, to: agent, columns: {{ name: name, email: mail }} }}
  - {{ from: guest, to: visitor, columns: {{ name: name }} }}
  - {{ from: talk, to: conversation, columns: {{ visitor: guest, created_at: at }} }}
  - from: said
    to: message
    columns: {{ occurred_at: at, conversation: talk }}
    fields:
{fields}    filter:
      - {{ column: deleted, is: ['0'] }}
      - {{ column: gone, empty: true }}
"
        );
        std::fs::write(&path, yaml).unwrap();
        let settings = Settings::load(&path).unwrap();
        settings.tables.iter().find(|map| map.entity == Entity::Message).cloned().unwrap()
    }

    const SENDER: &str = "      sender: { column: side, map: { k: agent, v: visitor } }\n";

    fn problems(fields: &str) -> Vec<String> {
        let problems = Inverse::of(&messages(fields)).unwrap_err();
        problems.iter().map(|text| text.in_language(Language::English).to_owned()).collect()
    }

    #[test]
    fn what_is_a_column_there_becomes_one_again() {
        let fields = "      text: { column: body }
      sender: { column: side, map: { k: agent, v: visitor, b: bot } }
      agent: { column: by, refers_to: staff }
";
        let inverse = Inverse::of(&messages(fields)).unwrap();
        assert_eq!(
            (inverse.refers_to("agent"), inverse.refers_to("conversation")),
            (Some("staff"), Some("talk"))
        );
        let mut row = Row::new();
        assert!(inverse.set(&mut row, "text", Here::Text("hi".to_owned())));
        assert!(inverse.set(&mut row, "sender", Here::Word("agent")));
        assert!(inverse.set(&mut row, "agent", Here::Reference(Some(Value::Int(7)))));
        assert!(inverse.set(&mut row, "occurred_at", Here::Time(Micros(5))));
        // Of those nothing is known there.
        assert!(!inverse.set(&mut row, "sender", Here::Word("system")));
        assert!(!inverse.set(&mut row, "conversation", Here::Reference(None)));
        assert!(!inverse.set(&mut row, "kind", Here::Word("note")));
        inverse.fix(&mut row);
        let text = |text: &str| There::Value(Value::Text(text.to_owned()));
        let wanted = [
            ("at", There::Time(Micros(5), TimeUnit::Seconds)),
            ("body", text("hi")),
            ("by", There::Value(Value::Int(7))),
            ("deleted", text("0")),
            ("gone", There::Value(Value::Null)),
            ("side", text("k")),
        ];
        assert_eq!(row, wanted.map(|(name, there)| (name.to_owned(), there)).into_iter().collect());
    }

    #[test]
    fn what_has_no_inverse_is_named() {
        let plain = "      text: { column: body }\n";
        for (fields, field) in [
            (format!("{plain}{}", SENDER.replace("v: visitor", "v: visitor, w: visitor")), "`sender`"),
            (format!("      text: {{ join: [a, b] }}\n{SENDER}"), "`text`"),
            (format!("      text: {{ column: body, markup: html }}\n{SENDER}"), "`text`"),
            (plain.to_owned(), "agent"),
            (
                format!("{plain}      sender: {{ column: side, map: {{ v: visitor, '*': agent }} }}\n"),
                "`sender`",
            ),
        ] {
            let problems = problems(&fields);
            assert!(problems.len() == 1 && problems[0].contains(field), "{fields}: {problems:?}");
        }
    }
}
