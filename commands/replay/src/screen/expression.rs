//! Filters and changes by the expressions that channel files have.

use std::{borrow::Cow, collections::BTreeMap, str::FromStr, sync::Arc};

use kefu_channel::Template;
use kefu_traffic::gor::Record;
use serde::{Deserialize as _, de::value::StrDeserializer};
use serde_json::{Value, json};

use super::rules::with_param;
use crate::{head::EditedHead, message::Parts};

/// An expression over a request, compiled.
#[derive(Clone, Debug)]
pub struct Expression(Arc<Template>);

/// A part of a request, and the expression that gives it.
#[derive(Clone, Debug)]
pub struct Assignment {
    place: Place,
    expression: Expression,
}

/// What can be set.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Place {
    Target,
    Path,
    Param(String),
    Header(String),
    Body,
}

impl FromStr for Expression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let source = format!("= {text}");
        let template = Template::deserialize(StrDeserializer::<serde::de::value::Error>::new(&source));
        template.map(|template| Self(Arc::new(template))).map_err(|error| error.to_string())
    }
}

impl Expression {
    /// Whether it holds; what is not there holds not.
    pub(crate) fn holds(&self, scope: &Value) -> Result<bool, String> {
        Ok(match self.0.value(scope)? {
            None | Some(Value::Null) => false,
            Some(Value::Bool(holds)) => holds,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Object(members)) => !members.is_empty(),
        })
    }
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (place, expression) =
            text.split_once('=').ok_or("a place, an equals sign and an expression are needed")?;
        let place = match place.trim().split_once('.') {
            None if place.trim() == "target" => Place::Target,
            None if place.trim() == "path" => Place::Path,
            None if place.trim() == "body" => Place::Body,
            Some(("param", name)) if !name.is_empty() => Place::Param(name.to_owned()),
            Some(("header", name)) if !name.is_empty() => Place::Header(name.to_owned()),
            _ => return Err("the place is target, path, body, param.NAME or header.NAME".to_owned()),
        };
        Ok(Self { place, expression: expression.trim().parse()? })
    }
}

impl Assignment {
    /// Sets its part of a request; what is not there changes nothing.
    pub(crate) fn apply(
        &self,
        scope: &Value,
        head: &mut EditedHead,
        body: &mut Cow<'_, [u8]>,
    ) -> Result<(), String> {
        let text = match self.expression.0.value(scope)? {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::String(text)) => text,
            Some(value) => value.to_string(),
        };
        let line = text.replace(['\r', '\n', '\0'], " ");
        match &self.place {
            Place::Target => head.set_target(&line),
            Place::Path => {
                let target = head.target();
                let query = target.find('?').map_or("", |at| &target[at..]);
                let target = format!("{line}{query}");
                head.set_target(&target);
            }
            Place::Param(name) => {
                let target = with_param(&head.target(), name, &line);
                head.set_target(&target);
            }
            Place::Header(name) => head.set(name, &line),
            Place::Body => {
                *body = Cow::Owned(text.into_bytes());
                head.remove("Transfer-Encoding");
                head.remove("Content-Encoding");
                head.set("Content-Length", &body.len().to_string());
            }
        }
        Ok(())
    }
}

/// What expressions see of a request.
pub(super) fn scope(record: &Record, head: &EditedHead, parts: &Parts<'_>) -> Value {
    let target = head.target();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query: BTreeMap<&str, &str> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    let headers: BTreeMap<String, String> =
        parts.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned())).collect();
    let body = parts.body();
    let body = serde_json::from_slice(&body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&body)));
    json!({
        "method": parts.request().map(|(method, _)| method),
        "target": target,
        "path": path,
        "query": query,
        "host": head.header("host"),
        "headers": headers,
        "body": body,
        "client": record.field("c"),
        "server": record.field("s"),
    })
}
