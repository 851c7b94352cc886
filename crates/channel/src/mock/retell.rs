//! Bodies of examples with other values: another text, other names, the operator's secrets.

use kefu_wire::xml::escape_text;
use serde_json::Value as Json;

use crate::{Given, Inbound, file::Vector};

/// What stands in the place of a value, if something else does.
pub(super) type Replace<'r> = dyn Fn(&str) -> Option<String> + 'r;

/// Another text and names of its own for a message of an example; `number` is part of each name.
pub(super) fn another<'r>(
    before: &'r Inbound,
    text: &'r str,
    number: u64,
) -> impl Fn(&str) -> Option<String> + 'r {
    move |old| {
        if old.trim() == before.text {
            return Some(text.to_owned());
        }
        let is_name = !old.is_empty() && (old == before.external_id || old == before.dedupe);
        let is_number = old.bytes().all(|byte| byte.is_ascii_digit());
        is_name.then(|| if is_number { number.to_string() } else { format!("{old}-{number}") })
    }
}

/// The operator's secrets and settings in the place of those of an example. Short ones may mean something else.
pub(super) fn own_values<'r>(vector: &'r Vector, given: &'r Given) -> impl Fn(&str) -> Option<String> + 'r {
    move |old| {
        let of = |named: &std::collections::BTreeMap<String, String>| {
            let found = named.iter().find(|(_, value)| value.len() > 1 && *value == old);
            found.map(|(name, _)| name.clone())
        };
        let secret = of(&vector.secrets).and_then(|name| given.secrets.get(&name));
        secret.or_else(|| given.settings.get(&of(&vector.settings)?)).cloned()
    }
}

pub(super) fn json(value: &Json, replace: &Replace<'_>) -> Json {
    match value {
        Json::String(old) => match replace(old) {
            Some(new) => new.into(),
            // Some have JSON in JSON.
            None => match serde_json::from_str::<Json>(old) {
                Ok(inner @ (Json::Object(_) | Json::Array(_))) => json(&inner, replace).to_string().into(),
                _ => value.clone(),
            },
        },
        Json::Number(number) => {
            let new = replace(&number.to_string()).and_then(|new| new.parse::<u64>().ok());
            new.map_or_else(|| value.clone(), Json::from)
        }
        Json::Array(items) => items.iter().map(|item| json(item, replace)).collect(),
        Json::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), json(value, replace)));
            Json::Object(members.collect())
        }
        _ => value.clone(),
    }
}

/// A body that is a text: JSON, or XML, in which elements without elements are values.
pub(super) fn text(body: &str, replace: &Replace<'_>) -> String {
    if let Ok(value) = serde_json::from_str::<Json>(body) {
        return json(&value, replace).to_string();
    }
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(open) = rest.find('>') {
        let (tag, after) = rest.split_at(open + 1);
        out.push_str(tag);
        let covered = after.strip_prefix("<![CDATA[").and_then(|inner| inner.split_once("]]>"));
        let (old, after) = match covered {
            Some((old, after)) => (old, after),
            None => after.split_at(after.find('<').unwrap_or(after.len())),
        };
        match replace(old) {
            Some(new) => out.push_str(&escaped(&new)),
            None if covered.is_some() => out.push_str(&format!("<![CDATA[{old}]]>")),
            None => out.push_str(old),
        }
        rest = after;
    }
    out + rest
}

/// A text as it stands in XML; what XML does not have is left out.
fn escaped(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let mut out = Vec::new();
    if escape_text(&plain, &mut out).is_err() {
        out.clear();
    }
    String::from_utf8(out).unwrap_or_default()
}
