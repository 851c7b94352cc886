//! A mapping read the other way: which columns a row has there, for what is here.

use std::{collections::BTreeMap, sync::Arc};

use kefu_app::Text;
use kefu_core::Micros;
use kefu_store::import::Entity;

use crate::{
    file::{Markup, TimeUnit},
    mapping::{FieldKind, FieldRule, Filter, Input, TableMap, fields_of},
    source::{Cell, Cells},
    value::Value,
};

/// What a field is here.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Here<'a> {
    Nothing,
    Text(&'a str),
    Word(&'a str),
    Time(Micros),
    /// The key that a row has there.
    Reference(Value),
    /// A JSON object.
    Object(&'a str),
}

/// Which columns a field becomes, and how.
#[derive(Clone, Debug, PartialEq)]
enum Made {
    Text(String),
    /// What stands there for each word.
    Word(String, BTreeMap<&'static str, String>),
    Time(String, TimeUnit),
    /// And the table that it refers to.
    Reference(String, String),
    /// As JSON.
    Json(String),
    /// Each field of the object in the column of its name.
    Object(Vec<String>),
    /// What stands there for each inbox; and that of rows which say nothing of it.
    Inbox(String, BTreeMap<String, String>, Arc<str>),
}

/// Whether a row says it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Set {
    Yes,
    /// The mapping has no column for it that could be written.
    NoColumn,
    /// There is a column, and nothing that could stand in it.
    NoWord,
}

/// A table and how its rows are made of what is here.
#[derive(Clone, Debug)]
pub(super) struct Inverse {
    fields: BTreeMap<&'static str, Made>,
    /// Columns that stay the same: what a filter asks of rows.
    fixed: Vec<(String, Option<String>)>,
    /// The column that says of a row that it is taken away, and what it says then; a moment, if that is nothing.
    gone: Option<(String, Option<String>)>,
    /// Fields that stay behind: the old system's own values stand in their place.
    pub(super) left_out: Vec<&'static str>,
}

/// Fields without which a row there would not say what is here.
fn needed(entity: Entity) -> &'static [&'static str] {
    match entity {
        Entity::Message => &["conversation", "sender", "agent", "text", "occurred_at"],
        Entity::Visitor => &["external_id", "name"],
        Entity::Conversation => &["visitor", "created_at"],
        Entity::Ticket => &["subject", "created_at"],
        Entity::Agent | Entity::Canned | Entity::Article => &[],
    }
}

/// States that one may stand for the other, if there is no word for it: nobody has ended these conversations.
const LIVE: [&str; 4] = ["open", "queued", "new", "pending"];

impl Inverse {
    /// Of a mapping; or why it has none, field by field.
    pub(super) fn of(map: &TableMap) -> Result<Self, Vec<Text>> {
        let mut fields = BTreeMap::new();
        let (mut left_out, mut problems) = (Vec::new(), Vec::new());
        for ((name, kind, _), rule) in fields_of(map.entity).iter().zip(&map.fields) {
            let Some(rule) = rule else { continue };
            match made(map, *kind, rule) {
                Some(made) => drop(fields.insert(*name, made)),
                None if needed(map.entity).contains(name) => problems.push(no_inverse(map, name)),
                None => left_out.push(*name),
            }
        }
        if map.entity == Entity::Message {
            let word = |word: &str| match fields.get("sender") {
                Some(Made::Word(_, words)) => words.contains_key(word),
                _ => false,
            };
            let missing: Vec<_> = ["visitor", "agent"].into_iter().filter(|name| !word(name)).collect();
            if problems.is_empty() && !missing.is_empty() {
                problems.push(no_word(map, &missing.join(", ")));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut fixed = Vec::new();
        for filter in &map.filters {
            let column = map.columns[filter.column].clone();
            match (filter.is.first(), filter.empty) {
                (Some(word), _) => fixed.push((column, Some(word.clone()))),
                (None, Some(true)) => fixed.push((column, None)),
                // The old system's own value passes, or the row comes to be left out here.
                (None, _) => {}
            }
        }
        let gone = map.filters.iter().find_map(|filter| {
            let said = said_of_gone(filter)?;
            Some((map.columns[filter.column].clone(), said))
        });
        Ok(Self { fields, fixed, gone, left_out })
    }

    /// The table that a field refers to.
    pub(super) fn refers_to(&self, field: &str) -> Option<&str> {
        match self.fields.get(field) {
            Some(Made::Reference(_, table)) => Some(table),
            _ => None,
        }
    }

    /// What stands there for a word.
    fn word(&self, field: &str, word: &str) -> Option<&str> {
        let Some(Made::Word(_, words)) = self.fields.get(field) else { return None };
        let stands_in = if field == "state" && LIVE.contains(&word) { &LIVE[..] } else { &[] };
        let mut all = std::iter::once(word).chain(stands_in.iter().copied());
        all.find_map(|word| words.get(word)).map(String::as_str)
    }

    /// Whether both words are the same one there.
    pub(super) fn is_one_word(&self, field: &str, one: &str, two: &str) -> bool {
        self.word(field, one).is_some_and(|word| self.word(field, two) == Some(word))
    }

    /// Adds what a field is here to the row.
    pub(super) fn set(&self, row: &mut Cells, field: &str, here: Here<'_>) -> Set {
        let Some(made) = self.fields.get(field) else { return Set::NoColumn };
        let (column, cell) = match (made, here) {
            (Made::Word(..), Here::Nothing) => return Set::NoWord,
            (Made::Inbox(column, words, otherwise), Here::Text(slug)) => match words.get(slug) {
                Some(word) => (column, Cell::Value(Value::Text(word.clone()))),
                None if **otherwise == *slug => return Set::NoColumn,
                None => return Set::NoWord,
            },
            (Made::Object(columns), Here::Object(json)) => return spread(row, columns, json),
            (Made::Object(columns), Here::Nothing) => return spread(row, columns, "{}"),
            (
                Made::Text(column) | Made::Time(column, _) | Made::Reference(column, _) | Made::Json(column),
                Here::Nothing,
            ) => (column, Cell::Value(Value::Null)),
            (Made::Text(column), Here::Text(text)) => (column, Cell::Value(Value::Text(text.to_owned()))),
            (Made::Word(column, _), Here::Word(word)) => match self.word(field, word) {
                Some(word) => (column, Cell::Value(Value::Text(word.to_owned()))),
                None => return Set::NoWord,
            },
            (Made::Time(column, unit), Here::Time(at)) => (column, Cell::Time(at, *unit)),
            (Made::Reference(column, _), Here::Reference(key)) => (column, Cell::Value(key)),
            (Made::Json(column), Here::Object(json)) => (column, Cell::Value(Value::Json(json.to_owned()))),
            _ => return Set::NoColumn,
        };
        row.insert(column.clone(), cell);
        Set::Yes
    }

    /// Adds that the row is taken away; whether there is something that says so.
    pub(super) fn take_away(&self, row: &mut Cells, at: Micros) -> bool {
        let Some((column, word)) = &self.gone else { return false };
        let cell = match word {
            Some(word) => Cell::Value(Value::Text(word.clone())),
            None => Cell::Time(at, TimeUnit::Seconds),
        };
        row.insert(column.clone(), cell);
        true
    }

    /// Adds what filters ask for, where nothing is said of it.
    pub(super) fn fix(&self, row: &mut Cells) {
        for (column, word) in &self.fixed {
            let value = word.clone().map_or(Value::Null, Value::Text);
            row.entry(column.clone()).or_insert(Cell::Value(value));
        }
    }
}

/// What the column of a filter says of rows that it leaves out, if that is one thing: nothing within stands for a moment.
fn said_of_gone(filter: &Filter) -> Option<Option<String>> {
    if let Some(word) = &filter.gone {
        return Some(Some(word.clone()));
    }
    match (filter.is.as_slice(), filter.is_not.as_slice(), filter.empty) {
        ([], [word], None) => Some(Some(word.clone())),
        ([], [], Some(true)) => Some(None),
        _ => None,
    }
}

/// Adds each field of an object in the column of its name; nothing of it, if there is one without a column.
fn spread(row: &mut Cells, columns: &[String], json: &str) -> Set {
    let Ok(serde_json::Value::Object(mut object)) = serde_json::from_str(json) else { return Set::NoWord };
    let mut cells = Cells::new();
    for column in columns {
        let value = match object.remove(column) {
            None | Some(serde_json::Value::Null) => Value::Null,
            Some(serde_json::Value::Bool(value)) => Value::Bool(value),
            Some(serde_json::Value::String(text)) => Value::Text(text),
            Some(serde_json::Value::Number(number)) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Value::Int(number),
                (None, Some(number)) => Value::UInt(number),
                (None, None) => Value::Float(number.as_f64().unwrap_or_default()),
            },
            Some(other) => Value::Json(other.to_string()),
        };
        cells.insert(column.clone(), Cell::Value(value));
    }
    if !object.is_empty() {
        return Set::NoWord;
    }
    row.append(&mut cells);
    Set::Yes
}

/// How a field becomes columns, if that can be said.
fn made(map: &TableMap, kind: FieldKind, rule: &FieldRule) -> Option<Made> {
    if rule.part > 0 || rule.lookup.is_some() {
        return None;
    }
    let is_mapped = rule.map.is_some();
    let column = match &rule.input {
        Input::Column(column) => map.columns[*column].clone(),
        Input::Object(columns) if kind == FieldKind::Object && !is_mapped => {
            return Some(Made::Object(columns.iter().map(|column| map.columns[*column].clone()).collect()));
        }
        _ => return None,
    };
    match kind {
        FieldKind::Text(_) if !is_mapped && matches!(rule.markup, Markup::Plain | Markup::Gofly) => {
            Some(Made::Text(column))
        }
        FieldKind::Word(words) => Some(Made::Word(column, words_there(words, rule))),
        FieldKind::Time if !is_mapped => Some(Made::Time(column, rule.unit)),
        FieldKind::Reference(_) if !is_mapped => Some(Made::Reference(column, rule.refers_to.clone()?)),
        FieldKind::Object if !is_mapped && matches!(rule.markup, Markup::Plain | Markup::Json) => {
            Some(Made::Json(column))
        }
        FieldKind::Inbox => Some(Made::Inbox(column, inboxes_there(rule), Arc::clone(&map.inbox))),
        _ => None,
    }
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

/// What stands there for each inbox; where several values do, the first of them.
fn inboxes_there(rule: &FieldRule) -> BTreeMap<String, String> {
    let mut all: Vec<_> = rule.map.iter().flatten().filter(|(from, _)| *from != "*").collect();
    all.sort();
    all.reverse();
    all.into_iter().map(|(from, slug)| (slug.clone(), from.clone())).collect()
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
mod tests;
