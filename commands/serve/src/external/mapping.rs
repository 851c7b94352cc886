//! What goes out and what comes back, by the rules of the file.

use std::collections::BTreeMap;

use kefu_channel::Template;
use kefu_core::{TicketPriority, TicketStatus};
use kefu_protocol::frame::Timestamp;
use serde_json::{Map, Value, json};

use super::rules::{Call, Get, Rules, Write};

/// Tickets of one answer at most; the rest is not looked at.
const ITEMS_MAX: usize = 200;
/// Characters of a ticket's number at most.
pub(crate) const NUMBER_CHARS: usize = 100;
/// Characters of any other text of a list; longer ones are cut.
const TEXT_CHARS: usize = 500;
/// Characters of a comment; longer ones are cut.
const COMMENT_CHARS: usize = 16_384;
/// Characters of an address; a longer one is left out.
const ADDRESS_CHARS: usize = 2000;

/// A ticket as the other system has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ExternalTicket {
    pub(crate) number: String,
    pub(crate) subject: String,
    /// kefu's word, if the file has one for theirs.
    pub(crate) status: Option<TicketStatus>,
    pub(crate) status_text: String,
    pub(crate) priority: Option<TicketPriority>,
    pub(crate) priority_text: String,
    pub(crate) assignee: String,
    /// Where people see it.
    pub(crate) url: Option<String>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
}

/// Something that was said about a ticket.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ExternalComment {
    pub(crate) author: String,
    pub(crate) text: String,
    pub(crate) at: Option<Timestamp>,
}

impl Call {
    /// What it is called with.
    pub(super) fn arguments(&self, scope: &Value) -> Result<Value, String> {
        match &self.arguments {
            None => Ok(json!({})),
            Some(template) => object("arguments", template, scope),
        }
    }
}

impl Write {
    /// What it is called with: `id` is that of what was asked for.
    pub(super) fn arguments(&self, scope: &Value) -> Result<Value, String> {
        let mut arguments = object("arguments", &self.arguments, scope)?;
        if let Some(path) = &self.idempotency {
            let mut place = &mut arguments;
            for step in path.split('.') {
                let Value::Object(members) = place else {
                    return Err(format!("idempotency: `{path}` is within something that has no members"));
                };
                place = members.entry(step).or_insert_with(|| json!({}));
            }
            *place = scope["id"].clone();
        }
        Ok(arguments)
    }

    /// The number of a ticket that was made.
    pub(super) fn number(&self, result: &Value) -> Result<Option<String>, String> {
        let Some(template) = &self.number else { return Ok(None) };
        let number = text("number", Some(template), &json!({ "result": result }))?;
        checked_number(number).map(Some)
    }
}

impl Rules {
    /// The tickets of an answer.
    pub(super) fn tickets(&self, result: &Value) -> Result<Vec<ExternalTicket>, String> {
        let items = items("list.items", &self.list.items, result)?;
        items.iter().take(ITEMS_MAX).map(|item| self.ticket(item)).collect()
    }

    /// One ticket and what was said about it.
    pub(super) fn ticket_of(
        &self,
        get: &Get,
        result: &Value,
    ) -> Result<(ExternalTicket, Vec<ExternalComment>), String> {
        let item = items("get.call.items", &get.call.items, result)?;
        let ticket = self.ticket(item.first().ok_or("get.call.items: there is no ticket")?)?;
        let mut comments = Vec::new();
        if let (Some(list), Some(map)) = (&get.comments, &get.comment) {
            for item in items("get.comments", list, result)?.into_iter().take(ITEMS_MAX) {
                let scope = json!({ "item": item });
                comments.push(ExternalComment {
                    text: cut(text("get.comment.text", Some(&map.text), &scope)?, COMMENT_CHARS),
                    author: cut(text("get.comment.author", map.author.as_ref(), &scope)?, TEXT_CHARS),
                    at: time("get.comment.at", map.at.as_ref(), &scope)?,
                });
            }
        }
        Ok((ticket, comments))
    }

    fn ticket(&self, item: &Value) -> Result<ExternalTicket, String> {
        let (map, scope) = (&self.ticket, json!({ "item": item }));
        let number = checked_number(text("ticket.number", Some(&map.number), &scope)?)?;
        let field = |key: &str, template: Option<&Template>| {
            text(&format!("ticket.{key}"), template, &scope).map(|text| cut(text, TEXT_CHARS))
        };
        let status_text = field("status", map.status.as_ref())?;
        let priority_text = field("priority", map.priority.as_ref())?;
        Ok(ExternalTicket {
            subject: field("subject", map.subject.as_ref())?,
            status: ours(&self.statuses, &status_text).and_then(TicketStatus::from_word),
            status_text,
            priority: ours(&self.priorities, &priority_text).and_then(TicketPriority::from_word),
            priority_text,
            assignee: field("assignee", map.assignee.as_ref())?,
            url: self.link(&number),
            created_at: time("ticket.created_at", map.created_at.as_ref(), &scope)?,
            updated_at: time("ticket.updated_at", map.updated_at.as_ref(), &scope)?,
            number,
        })
    }

    /// Where people see the ticket of this number; an address that is none is left out.
    pub(super) fn link(&self, number: &str) -> Option<String> {
        let link = text("link", self.link.as_ref(), &json!({ "number": number })).ok()?;
        let is_address = link.starts_with("https://") || link.starts_with("http://");
        let is_plain = link.chars().all(|c| c.is_ascii_graphic()) && link.len() <= ADDRESS_CHARS;
        Some(link).filter(|_| is_address && is_plain)
    }

    /// Their word for a status of ours.
    pub(super) fn their_status(&self, word: &str) -> Option<Value> {
        self.statuses.get(word)?.first().cloned()
    }

    /// The same for a priority.
    pub(super) fn their_priority(&self, word: &str) -> Option<Value> {
        self.priorities.get(word)?.first().cloned()
    }
}

fn ours<'w>(words: &'w BTreeMap<String, Vec<Value>>, theirs: &str) -> Option<&'w str> {
    let is_it = |value: &Value| scalar(value).is_some_and(|known| known == theirs);
    words.iter().find(|(_, known)| known.iter().any(is_it)).map(|(word, _)| word.as_str())
}

fn object(key: &str, template: &Template, scope: &Value) -> Result<Value, String> {
    match template.value(scope).map_err(|why| format!("{key}: {why}"))? {
        None => Ok(Value::Object(Map::new())),
        Some(value @ Value::Object(_)) => Ok(value),
        Some(_) => Err(format!("{key}: must be an object of named values")),
    }
}

/// A list; one thing is a list of it, and nothing is an empty one.
fn items(key: &str, template: &Template, result: &Value) -> Result<Vec<Value>, String> {
    match template.value(&json!({ "result": result })).map_err(|why| format!("{key}: {why}"))? {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items),
        Some(item @ Value::Object(_)) => Ok(vec![item]),
        Some(_) => Err(format!("{key}: is no list")),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text, without control characters that a line cannot have; empty if there is none.
fn text(key: &str, template: Option<&Template>, scope: &Value) -> Result<String, String> {
    let Some(template) = template else { return Ok(String::new()) };
    match template.value(scope).map_err(|why| format!("{key}: {why}"))? {
        None | Some(Value::Null) => Ok(String::new()),
        Some(value) => {
            let text = scalar(&value).ok_or_else(|| format!("{key}: is no text"))?;
            Ok(text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect())
        }
    }
}

fn checked_number(number: String) -> Result<String, String> {
    let is_good = (1..=NUMBER_CHARS).contains(&number.chars().count()) && !number.contains(['\n', '\t']);
    if is_good {
        Ok(number)
    } else {
        Err(format!("the ticket's number must be a line of 1 to {NUMBER_CHARS} characters"))
    }
}

fn cut(text: String, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

/// A time of RFC 3339, or milliseconds since 1970; what is neither is left out, for it is only shown.
fn time(key: &str, template: Option<&Template>, scope: &Value) -> Result<Option<Timestamp>, String> {
    let text = text(key, template, scope)?;
    let from_number = || text.parse::<i64>().ok().map(|ms| Timestamp::from_micros(ms.saturating_mul(1000)));
    // XML allows a time without an offset.
    let from_local = || format!("{text}Z").parse().ok();
    Ok(text.parse().ok().or_else(from_number).or_else(from_local))
}

#[cfg(test)]
mod tests;
