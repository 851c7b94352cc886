use std::{borrow::Cow, collections::HashMap};

use kefu_store::import::Entity;

use super::{LookupTable, html, markup};
use crate::{
    cast::{Bad, Changed, Rules},
    file::{Markup, Otherwise, TimeUnit},
    value::Value,
};

/// Values of other tables, by table, compared and taken column.
pub(crate) type Lookups = HashMap<(String, String, String), LookupTable>;

/// What a field here takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FieldKind {
    /// A text of at most so many bytes.
    Text(usize),
    /// A moment.
    Time,
    /// Yes or no.
    Truth,
    /// One of these words; the first one if nothing is said.
    Word(&'static [&'static str]),
    /// A row that became something of this kind.
    Reference(Entity),
    /// A JSON object.
    Object,
    /// One of the inboxes that the mapping names; that of the target if nothing is said.
    Inbox,
}

/// A field: its name, what it takes, and whether a record needs it.
pub(crate) type FieldSpec = (&'static str, FieldKind, bool);

use FieldKind::{Inbox, Object, Reference, Text, Time, Truth, Word};

const LINE: FieldKind = Text(1_000);
const TEXT: FieldKind = Text(1 << 20);

/// The fields of what a row can become.
pub(crate) fn fields_of(entity: Entity) -> &'static [FieldSpec] {
    match entity {
        Entity::Agent => &[
            ("name", LINE, true),
            ("email", LINE, true),
            ("role", Word(&["agent", "supervisor", "admin"]), false),
            ("disabled", Truth, false),
            ("created_at", Time, false),
            ("password", LINE, false),
        ],
        Entity::Visitor => &[
            ("external_id", LINE, false),
            ("verified", Truth, false),
            ("name", LINE, false),
            ("email", LINE, false),
            ("phone", LINE, false),
            ("attributes", Object, false),
            ("created_at", Time, false),
            ("last_seen_at", Time, false),
        ],
        Entity::Conversation => &[
            ("visitor", Reference(Entity::Visitor), true),
            ("assignee", Reference(Entity::Agent), false),
            ("state", Word(&["resolved", "new", "queued", "open", "pending"]), false),
            ("created_at", Time, true),
            ("resolved_at", Time, false),
            ("inbox", Inbox, false),
        ],
        Entity::Message => &[
            ("conversation", Reference(Entity::Conversation), false),
            ("sender", Word(&["visitor", "agent", "bot", "system"]), false),
            ("agent", Reference(Entity::Agent), false),
            ("kind", Word(&["text", "note"]), false),
            ("text", TEXT, true),
            ("occurred_at", Time, true),
            // Of the conversation that is made of it.
            ("inbox", Inbox, false),
        ],
        Entity::Ticket => &[
            ("requester", Reference(Entity::Visitor), false),
            ("assignee", Reference(Entity::Agent), false),
            ("subject", LINE, true),
            ("body", TEXT, false),
            ("contact_name", LINE, false),
            ("contact_email", LINE, false),
            ("contact_phone", LINE, false),
            ("status", Word(&["new", "open", "pending", "solved", "closed"]), false),
            ("priority", Word(&["normal", "low", "high", "urgent"]), false),
            ("created_at", Time, true),
            ("updated_at", Time, false),
            ("inbox", Inbox, false),
        ],
        Entity::Canned => &[
            ("owner", Reference(Entity::Agent), false),
            ("folder", LINE, false),
            ("shortcut", LINE, true),
            ("title", LINE, true),
            ("text", TEXT, true),
            ("created_at", Time, false),
        ],
        Entity::Article => &[
            ("slug", LINE, false),
            ("category", LINE, false),
            ("state", Word(&["published", "draft", "archived"]), false),
            ("language", Word(&["zh", "en"]), false),
            ("title", LINE, true),
            ("body", TEXT, true),
            ("created_at", Time, false),
            ("updated_at", Time, false),
        ],
    }
}

/// What a field is made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Input {
    Column(usize),
    Join(Vec<usize>),
    /// Texts and columns by turns, a text first.
    Template(Vec<(String, Option<usize>)>),
    Object(Vec<usize>),
    Constant(String),
}

/// How a field is made.
#[derive(Clone, Debug)]
pub(crate) struct FieldRule {
    pub(crate) input: Input,
    /// What bad rows say: the column, or the field if it is made of several.
    pub(crate) column: String,
    pub(crate) separator: String,
    pub(crate) part: usize,
    pub(crate) map: Option<HashMap<String, String>>,
    pub(crate) otherwise: Otherwise,
    pub(crate) default: Option<String>,
    pub(crate) refers_to: Option<String>,
    pub(crate) lookup: Option<(String, String, String)>,
    pub(crate) unit: TimeUnit,
    pub(crate) markup: Markup,
}

impl FieldRule {
    /// What the field is for `row`; nothing, if nothing is known.
    pub(crate) fn value<'v>(
        &self,
        row: &'v [Value],
        names: &[String],
        rules: &Rules,
        lookups: &Lookups,
        changed: &mut Changed,
    ) -> Result<Cow<'v, Value>, Bad> {
        let mut value = match &self.input {
            Input::Column(column) => Cow::Borrowed(&row[*column]),
            Input::Constant(text) => Cow::Owned(Value::Text(text.clone())),
            Input::Join(columns) => {
                let mut text = String::new();
                for column in columns {
                    let next = rules.text(&self.column, &row[*column], changed)?;
                    if !text.is_empty() && !next.is_empty() {
                        text.push_str(&self.separator);
                    }
                    text.push_str(&next);
                }
                Cow::Owned(Value::Text(text))
            }
            Input::Template(parts) => {
                let mut text = String::new();
                for (literal, column) in parts {
                    text.push_str(literal);
                    if let Some(column) = column {
                        text.push_str(&rules.text(&self.column, &row[*column], changed)?);
                    }
                }
                Cow::Owned(Value::Text(text))
            }
            Input::Object(columns) => {
                let mut object = serde_json::Map::new();
                for column in columns {
                    if let Some(value) = json(&names[*column], &row[*column], rules, changed)? {
                        object.insert(names[*column].clone(), value);
                    }
                }
                Cow::Owned(Value::Json(serde_json::Value::Object(object).to_string()))
            }
        };
        if self.part > 0 {
            let text = rules.text(&self.column, &value, changed)?;
            let part = text.split(self.separator.as_str()).nth(self.part - 1).unwrap_or_default();
            value = Cow::Owned(Value::Text(part.to_owned()));
        }
        if is_empty(&value) {
            return Ok(match &self.default {
                Some(default) => Cow::Owned(Value::Text(default.clone())),
                None => Cow::Owned(Value::Null),
            });
        }
        if let Some(wanted) = &self.lookup {
            let found = lookups.get(wanted).and_then(|table| table.get(&value.to_string()));
            value = Cow::Owned(found.map_or(Value::Null, |found| Value::Text(found.clone())));
        }
        if let Some(map) = &self.map {
            let text = rules.text(&self.column, &value, changed)?;
            let mapped = map.get(&*text).or_else(|| map.get("*"));
            value = match (mapped, self.otherwise) {
                (Some(mapped), _) => Cow::Owned(Value::Text(mapped.clone())),
                (None, Otherwise::Keep) => value,
                (None, Otherwise::Empty) => Cow::Owned(Value::Null),
                (None, Otherwise::Reject) => {
                    let detail = format!("`{}` is not in the map", shortened(&text));
                    return Err(Bad::new(&self.column, "unmapped", detail));
                }
            };
        }
        Ok(value)
    }

    /// The same as a text of at most `limit` bytes; empty for nothing.
    pub(crate) fn text(
        &self,
        value: &Value,
        limit: usize,
        rules: &Rules,
        changed: &mut Changed,
    ) -> Result<String, Bad> {
        let text = rules.text(&self.column, value, changed)?;
        if text.len() > limit {
            let detail = format!("{} bytes are more than {limit}", text.len());
            return Err(Bad::new(&self.column, "too_long", detail));
        }
        let plain = match self.markup {
            Markup::Gofly => markup::gofly(&text),
            Markup::Html => html::markdown(&text),
            Markup::Plain | Markup::Json => return Ok(text.into_owned()),
        };
        if plain != text {
            *changed.entry(format!("markup in {}", self.column)).or_default() += 1;
        }
        Ok(plain.into_owned())
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        _ => false,
    }
}

/// A value of a JSON object; nothing for nothing.
fn json(
    column: &str,
    value: &Value,
    rules: &Rules,
    changed: &mut Changed,
) -> Result<Option<serde_json::Value>, Bad> {
    Ok(match value {
        Value::Null => None,
        Value::Bool(value) => Some((*value).into()),
        Value::Int(value) => Some((*value).into()),
        Value::UInt(value) => Some((*value).into()),
        Value::Float(value) => match serde_json::Number::from_f64(*value) {
            Some(number) => Some(number.into()),
            // JSON has neither of them.
            None => Some(value.to_string().into()),
        },
        Value::Json(text) => {
            Some(serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.clone())))
        }
        other => {
            let text = rules.text(column, other, changed)?;
            (!text.is_empty()).then(|| serde_json::Value::String(text.into_owned()))
        }
    })
}

/// The beginning of a text, for messages.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
