//! What is sent to an operation: JSON with places for keys and arguments, `{name}`.

use serde_json::{Map, Value as Json};

use super::access::{Bindings, Described};
use crate::{scalar::Value, sources::zone::rfc3339};

/// How the arguments of a call are made.
#[derive(Debug)]
pub(super) enum Template {
    /// The keys, or the only key, under a name; dots lead into objects.
    Keys { path: String, is_batch: bool },
    /// The arguments of a query by their names, with the limit under another.
    Arguments { names: Option<Vec<String>>, limit: Option<String> },
    /// What is written, with its places filled.
    Written(Map<String, Json>),
}

impl Template {
    /// Of an operation that finds objects by keys.
    pub(super) fn of_keys(described: &Described, field: &str, is_batch: bool) -> Result<Self, String> {
        if let Some(written) = written(described)? {
            let template = Self::Written(written);
            let place = if is_batch { "keys" } else { "key" };
            template.check(|name| name == place)?;
            if !template.has_place() {
                return Err(format!("{}: has no place for {{{place}}}", part(described)));
            }
            return Ok(template);
        }
        Ok(Self::Keys { path: described.arg.clone().unwrap_or_else(|| field.to_owned()), is_batch })
    }

    /// Of an operation that takes the arguments of a query or a change.
    pub(super) fn of_arguments(described: &Described) -> Result<Self, String> {
        if described.arg.is_some() {
            return Err("arg: goes with by_key and by_keys".to_owned());
        }
        let names = described.args.as_ref().map(|args| args.keys().cloned().collect());
        Ok(match written(described)? {
            Some(written) => Self::Written(written),
            None => Self::Arguments { names, limit: described.limit.clone() },
        })
    }

    /// Whether all its places have names that are known.
    pub(super) fn check(&self, is_known: impl Fn(&str) -> bool) -> Result<(), String> {
        let Self::Written(written) = self else { return Ok(()) };
        let mut unknown = None;
        for value in written.values() {
            places(value, &mut |name| {
                if !is_known(name) {
                    unknown = Some(name.to_owned());
                }
            });
        }
        unknown.map_or(Ok(()), |name| {
            Err(format!("body: `{{{name}}}` is none of the names that can stand there"))
        })
    }

    fn has_place(&self) -> bool {
        let Self::Written(written) = self else { return true };
        let mut found = false;
        written.values().for_each(|value| places(value, &mut |_| found = true));
        found
    }

    /// The arguments of a call.
    pub(super) fn filled(&self, bindings: &Bindings<'_>) -> Result<Map<String, Json>, String> {
        match self {
            Self::Keys { path, is_batch } => {
                let keys: Vec<Json> = bindings.keys.iter().map(json_of).collect();
                let value =
                    if *is_batch { Json::Array(keys) } else { keys.into_iter().next().unwrap_or_default() };
                Ok(nested(path, value))
            }
            Self::Arguments { names, limit } => {
                let is_taken = |name: &String| names.as_ref().is_none_or(|names| names.contains(name));
                let arguments =
                    bindings.arguments.iter().filter(|(name, value)| is_taken(name) && *value != Value::Null);
                let mut members: Map<String, Json> =
                    arguments.map(|(name, value)| (name.clone(), json_of(value))).collect();
                if let (Some(name), Some(limit)) = (limit, bindings.limit) {
                    members.insert(name.clone(), limit.into());
                }
                Ok(members)
            }
            Self::Written(written) => {
                let filled = written.iter().map(|(name, value)| Ok((name.clone(), fill(value, bindings)?)));
                filled.collect()
            }
        }
    }
}

fn part(described: &Described) -> &'static str {
    if described.query.is_some() { "query" } else { "body" }
}

fn written(described: &Described) -> Result<Option<Map<String, Json>>, String> {
    let has_body = described.post.is_some() || described.put.is_some() || described.patch.is_some();
    let written = match (&described.query, &described.body) {
        (Some(_), Some(_)) => return Err("body: does not go with query".to_owned()),
        (Some(_), None) if has_body => {
            return Err("query: goes with get and delete; others take a body".to_owned());
        }
        (None, Some(_)) if described.get.is_some() || described.delete.is_some() => {
            return Err("body: goes with post, put and patch; others take a query".to_owned());
        }
        (Some(written), None) | (None, Some(written)) => written,
        (None, None) => return Ok(None),
    };
    for (key, is_set) in [("arg", described.arg.is_some()), ("limit", described.limit.is_some())] {
        if is_set {
            return Err(format!("{key}: does not go with {}", part(described)));
        }
    }
    Ok(Some(written.clone()))
}

/// `a.b` and a value as `{"a":{"b":value}}`.
fn nested(path: &str, value: Json) -> Map<String, Json> {
    let (name, value) = match path.split_once('.') {
        Some((name, rest)) => (name, Json::Object(nested(rest, value))),
        None => (path, value),
    };
    Map::from_iter([(name.to_owned(), value)])
}

/// `{"join": ","}`, which stands for the keys as one text.
fn joined(value: &Json) -> Option<&str> {
    let Json::Object(members) = value else { return None };
    members.get("join").filter(|_| members.len() == 1)?.as_str()
}

/// The name in a text that is all one place.
fn place(text: &str) -> Option<&str> {
    let name = text.strip_prefix('{')?.strip_suffix('}')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(name)
}

fn places(value: &Json, found: &mut impl FnMut(&str)) {
    if joined(value).is_some() {
        return found("keys");
    }
    match value {
        Json::String(text) => place(text).into_iter().for_each(found),
        Json::Array(items) => {
            for item in items {
                places(item, found);
            }
        }
        Json::Object(members) => {
            for member in members.values() {
                places(member, found);
            }
        }
        _ => {}
    }
}

fn fill(value: &Json, bindings: &Bindings<'_>) -> Result<Json, String> {
    if let Some(between) = joined(value) {
        let texts: Vec<String> = bindings
            .keys
            .iter()
            .map(|key| match json_of(key) {
                Json::String(text) => text,
                other => other.to_string(),
            })
            .collect();
        if texts.iter().any(|text| text.contains(between)) {
            return Err("a key has in it what stands between keys".to_owned());
        }
        return Ok(texts.join(between).into());
    }
    Ok(match value {
        Json::String(text) => match place(text) {
            Some("keys") => Json::Array(bindings.keys.iter().map(json_of).collect()),
            Some("key") => bindings.keys.first().map_or(Json::Null, json_of),
            Some(name) => {
                let found = bindings.arguments.iter().find(|(known, _)| known == name);
                found.map_or(Json::Null, |(_, value)| json_of(value))
            }
            None => text.clone().into(),
        },
        Json::Array(items) => {
            Json::Array(items.iter().map(|item| fill(item, bindings)).collect::<Result<_, _>>()?)
        }
        Json::Object(members) => {
            let filled = members.iter().map(|(name, value)| Ok((name.clone(), fill(value, bindings)?)));
            Json::Object(filled.collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

/// A value as services take it.
pub(super) fn json_of(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Int(number) => (*number).into(),
        Value::Unsigned(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.clone().into(),
        Value::Moment(moment) => rfc3339(*moment).map_or(Json::Null, Json::from),
        Value::Json(json) => json.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(value: Json) -> Described {
        serde_json::from_value(value).unwrap()
    }

    fn filled(template: &Template, keys: &[Value], arguments: &[(String, Value)]) -> Json {
        let bindings = Bindings { keys, arguments, limit: Some(20) };
        template.filled(&bindings).map_or_else(Json::String, Json::Object)
    }

    #[test]
    fn keys_go_where_they_are_wanted() {
        let keys = [Value::Int(1), Value::Int(2)];
        for (value, is_batch, expected) in [
            (json!({"op": "A"}), true, json!({"id": [1, 2]})),
            (json!({"op": "A"}), false, json!({"id": 1})),
            (json!({"op": "A", "arg": "request.ids.id"}), true, json!({"request": {"ids": {"id": [1, 2]}}})),
            (
                json!({"get": "/a", "query": {"ids": {"join": ","}, "lang": "zh"}}),
                true,
                json!({"ids": "1,2", "lang": "zh"}),
            ),
            (
                json!({"post": "/a", "body": {"filter": {"ids": "{keys}"}, "n": 5}}),
                true,
                json!({"filter": {"ids": [1, 2]}, "n": 5}),
            ),
            (json!({"post": "/a", "body": {"id": "{key}"}}), false, json!({"id": 1})),
        ] {
            let template = Template::of_keys(&described(value.clone()), "id", is_batch).unwrap();
            assert_eq!(filled(&template, &keys, &[]), expected, "{value}");
        }
        let join =
            Template::of_keys(&described(json!({"get": "/a", "query": {"ids": {"join": ","}}})), "id", true);
        let hostile = filled(&join.unwrap(), &[Value::Text("1,2".to_owned())], &[]);
        assert_eq!(hostile, json!("a key has in it what stands between keys"));
    }

    #[test]
    fn arguments_are_values_and_never_text_of_a_template() {
        let template =
            Template::of_arguments(&described(json!({"post": "/a", "body": {"q": "{q}", "x": "{missing}"}})));
        let template = template.unwrap();
        let arguments = [("q".to_owned(), Value::Text("{keys}\",\"a\":1".to_owned()))];
        assert_eq!(filled(&template, &[], &arguments), json!({"q": "{keys}\",\"a\":1", "x": null}));
        assert!(template.check(|name| name == "q").is_err());
        let template = Template::of_arguments(&described(
            json!({"get": "/a", "limit": "size", "args": {"q": "String"}}),
        ));
        let arguments = [arguments[0].clone(), ("other".to_owned(), Value::Int(1))];
        assert_eq!(filled(&template.unwrap(), &[], &arguments), json!({"q": "{keys}\",\"a\":1", "size": 20}));
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for (value, key) in [
            (json!({"get": "/a", "body": {"a": "{keys}"}}), "body"),
            (json!({"post": "/a", "query": {"a": "{keys}"}}), "query"),
            (json!({"get": "/a", "query": {"a": "{keys}"}, "arg": "x"}), "arg"),
            (json!({"get": "/a", "query": {"a": "1"}}), "query"),
            (json!({"get": "/a", "query": {"a": "{id}"}}), "body"),
        ] {
            let error = Template::of_keys(&described(value.clone()), "id", true).unwrap_err();
            assert!(error.starts_with(key), "{value}: {error}");
        }
    }
}
