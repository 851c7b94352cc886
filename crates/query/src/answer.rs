//! Answers as GraphQL has them: `data`, `errors` and `extensions`.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use crate::project::Projected;
use crate::refusal::Refusal;

/// What is sent back.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status of HTTP.
    pub status: u16,
    /// JSON.
    pub body: Vec<u8>,
}

/// A step on the way to a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Segment<'p> {
    Key(Cow<'p, str>),
    Index(usize),
}

/// Why a field has no value.
#[derive(Clone, Debug)]
pub(crate) struct FieldError {
    pub(crate) message: String,
    pub(crate) code: &'static str,
    pub(crate) path: Vec<Segment<'static>>,
    pub(crate) location: Option<(usize, usize)>,
    pub(crate) source: Option<String>,
    pub(crate) is_retryable: bool,
}

impl Segment<'_> {
    pub(crate) fn into_owned(self) -> Segment<'static> {
        match self {
            Self::Key(key) => Segment::Key(Cow::Owned(key.into_owned())),
            Self::Index(index) => Segment::Index(index),
        }
    }

    fn to_json(&self) -> Json {
        match self {
            Self::Key(key) => (**key).into(),
            Self::Index(index) => (*index).into(),
        }
    }
}

impl FieldError {
    fn to_json(&self) -> Json {
        let mut extensions = json!({ "code": self.code, "retryable": self.is_retryable });
        if let Some(source) = &self.source {
            extensions["source"] = source.as_str().into();
        }
        let path: Vec<_> = self.path.iter().map(Segment::to_json).collect();
        let mut error = json!({ "message": self.message, "path": path, "extensions": extensions });
        if let Some((line, column)) = self.location {
            error["locations"] = json!([{ "line": line, "column": column }]);
        }
        error
    }
}

impl Response {
    /// Of a request that was carried out.
    pub(crate) fn of(projected: Projected, extensions: Option<&Json>) -> Self {
        let Projected { data, errors, untold, is_too_large } = projected;
        let mut body = Vec::with_capacity(data.len() + 64);
        body.extend_from_slice(b"{\"data\":");
        let mut errors: Vec<_> = errors.iter().map(FieldError::to_json).collect();
        if is_too_large {
            body.extend_from_slice(b"null");
            errors = vec![json!({
                "message": "the answer is too large: ask for fewer items",
                "extensions": { "code": "LIMIT_EXCEEDED", "retryable": false },
            })];
        } else {
            body.extend_from_slice(&data);
        }
        if untold > 0 {
            errors.push(json!({
                "message": format!("{untold} more errors of the same kind"),
                "extensions": { "code": "MORE_ERRORS", "retryable": false },
            }));
        }
        if !errors.is_empty() {
            member(&mut body, "errors", &errors.into());
        }
        if let Some(extensions) = extensions {
            member(&mut body, "extensions", extensions);
        }
        body.push(b'}');
        Self { status: 200, body }
    }

    /// Of a request that was not carried out.
    pub(crate) fn refused(refusals: &[Refusal]) -> Self {
        let errors: Vec<_> = refusals.iter().map(refusal).collect();
        let status = refusals.first().map_or(500, |first| first.status);
        Self { status, body: json!({ "errors": errors }).to_string().into_bytes() }
    }

    /// Of a request that only asked what would be done.
    pub(crate) fn explained(extensions: &Json) -> Self {
        let body = json!({ "data": null, "extensions": extensions });
        Self { status: 200, body: body.to_string().into_bytes() }
    }
}

fn refusal(refusal: &Refusal) -> Json {
    let mut error = json!({ "message": refusal.message, "extensions": { "code": refusal.code } });
    if !refusal.locations.is_empty() {
        let places = refusal.locations.iter().map(|(line, column)| json!({ "line": line, "column": column }));
        error["locations"] = places.collect();
    }
    if !refusal.path.is_empty() {
        error["path"] = refusal.path.clone().into();
    }
    error
}

fn member(body: &mut Vec<u8>, name: &str, value: &Json) {
    body.extend_from_slice(format!(",\"{name}\":").as_bytes());
    serde_json::to_writer(body, value).expect("JSON can be written to memory");
}
