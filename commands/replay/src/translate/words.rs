//! Paths, heads and answers of which a file says how they are made.

use std::collections::BTreeMap;

use kefu_channel::{Scope, Template};
use serde_json::{Map, Value};

use super::{file::AnswerTemplate, view};
use crate::args::HeaderLine;

/// A list has at most so many items.
const ITEMS_MAX: usize = 1000;

/// A path with its query, as it can be sent.
pub(super) fn path(template: &Template, scope: &Scope) -> Result<String, String> {
    let path = template.value_in(scope)?.ok_or("the path is not there")?;
    let path = view::text(&path);
    if !path.starts_with('/') || path.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return Err(format!("{path:?} is no path"));
    }
    Ok(path)
}

/// Makes the lists of an answer; says whether there are any.
pub(super) fn lists(
    template: &AnswerTemplate,
    seen: &Scope,
    scope: &mut Map<String, Value>,
) -> Result<bool, String> {
    let mut lists = Map::new();
    // What is made of an item sees all but the answers, which may be large.
    let is_seen = |(name, _): &(&String, &Value)| !matches!(name.as_str(), "answer" | "recorded");
    let mut seen_by_items: Map<String, Value> =
        scope.iter().filter(is_seen).map(|(name, value)| (name.clone(), value.clone())).collect();
    for (name, list) in &template.lists {
        let items = match list.of.value_in(seen)? {
            Some(Value::Array(items)) if items.len() <= ITEMS_MAX => items,
            Some(Value::Array(_)) => return Err(format!("{name}: more than {ITEMS_MAX} items")),
            _ => return Err(format!("{name}: it is no list")),
        };
        let mut made = Vec::with_capacity(items.len());
        for item in items {
            seen_by_items.insert("item".to_owned(), item);
            made.extend(list.item.value(&seen_by_items)?);
        }
        lists.insert(name.clone(), Value::Array(made));
    }
    let has_lists = !lists.is_empty();
    scope.insert("lists".to_owned(), Value::Object(lists));
    Ok(has_lists)
}

/// The bytes of an answer in the old system's words.
pub(super) fn answered(template: &AnswerTemplate, scope: &Scope, status: &Value) -> Result<Vec<u8>, String> {
    let said = template.status.as_ref().map(|status| status.value_in(scope)).transpose()?.flatten();
    let status = said.as_ref().unwrap_or(status);
    let status =
        status.as_u64().filter(|status| (100..1000).contains(status)).ok_or("the status is no number")?;
    let mut head = format!("HTTP/1.1 {status} \r\n");
    lines(&mut head, &template.headers, scope)?;
    let (kind, body) = match (&template.json, &template.text) {
        (Some(json), _) => ("application/json", json.value_in(scope)?.unwrap_or_default().to_string()),
        (_, Some(text)) => ("text/plain", view::text(&text.value_in(scope)?.unwrap_or_default())),
        _ => ("", String::new()),
    };
    let is_said = template.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"));
    if !kind.is_empty() && !is_said {
        line(&mut head, "Content-Type", kind)?;
    }
    Ok(format!("{head}\r\n{body}").into_bytes())
}

pub(super) fn lines(
    head: &mut String,
    headers: &BTreeMap<String, Template>,
    scope: &Scope,
) -> Result<(), String> {
    for (name, template) in headers {
        if let Some(value) = template.value_in(scope)? {
            line(head, name, &view::text(&value))?;
        }
    }
    Ok(())
}

/// Adds a header line; a value that would be more than one is refused.
pub(super) fn line(head: &mut String, name: &str, value: &str) -> Result<(), String> {
    let line: HeaderLine =
        format!("{name}: {value}").parse().map_err(|why: &str| format!("{name}: {why}"))?;
    head.push_str(&format!("{}: {}\r\n", line.name, line.value));
    Ok(())
}
