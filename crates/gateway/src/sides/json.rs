//! JSON over HTTP.

use http::{HeaderMap, StatusCode, header, request::Parts};
use serde_json::{Map, Value, json};

use super::{HttpResponse, response, retry_after};
use crate::{
    endpoint::Endpoint,
    outcome::{Outcome, Refusal, bare},
    parameters::{self, BadParameter},
};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// Answers a call of an operation; `path` is what stands where its path has names.
pub(crate) async fn answer(
    endpoint: &Endpoint,
    operation: usize,
    path: &[(&str, &str)],
    head: &Parts,
    body: &[u8],
) -> HttpResponse {
    if !is_json(&head.headers) {
        let refusal = Refusal::new("bad_type", 415, "the body must be JSON: content-type application/json");
        return problem(&refusal);
    }
    let parameters = endpoint.operations.get(operation).and_then(|operation| operation.route.as_ref());
    let parameters = parameters.map(|route| route.parameters.as_slice()).unwrap_or_default();
    let arguments = match parameters::arguments(parameters, path, head.uri.query(), body) {
        Ok(arguments) => arguments,
        Err(BadParameter(text)) => return problem(&Refusal::new("bad_call", 400, text)),
    };
    match endpoint.call(operation, &arguments).await {
        Outcome::Returned(json) if json == b"null" => response(StatusCode::NO_CONTENT, "", ""),
        Outcome::Returned(json) => response(StatusCode::OK, JSON, json),
        Outcome::Nothing => response(StatusCode::ACCEPTED, "", ""),
        Outcome::Refused(refusal) => problem(&refusal),
    }
}

/// No type is taken for JSON; a type that a page of another site may send without asking is not.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return true };
    let media_type = content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let media_type = media_type.to_ascii_lowercase();
    media_type == JSON || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// A refusal as problem details (RFC 9457).
pub(crate) fn problem(refusal: &Refusal) -> HttpResponse {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut members = Map::new();
    members.insert("type".to_owned(), "about:blank".into());
    members.insert("title".to_owned(), status.canonical_reason().unwrap_or("Refused").into());
    members.insert("status".to_owned(), status.as_u16().into());
    members.insert("code".to_owned(), refusal.code.into());
    members.insert("detail".to_owned(), refusal.detail.as_str().into());
    if !refusal.path.is_empty() {
        members.insert("path".to_owned(), refusal.path.as_str().into());
    }
    match (&refusal.fault, &refusal.declared) {
        (Some(fault), _) => {
            members.insert("$fault".to_owned(), fault.clone());
        }
        (None, Some((name, Value::Object(exception)))) => {
            let mut object = Map::new();
            object.insert("$exception".to_owned(), json!(bare(name)));
            object.extend(exception.clone());
            members.insert("exception".to_owned(), Value::Object(object));
        }
        (None, _) => {}
    }
    let mut response = response(status, PROBLEM, Value::Object(members).to_string());
    if let Some(pause) = refusal.retry_after {
        retry_after(&mut response, pause);
    }
    response
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_json_is_json() {
        for (content_type, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/problem+json", true),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("text/x+json", false),
        ] {
            let headers =
                HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]);
            assert_eq!(is_json(&headers), expected, "{content_type}");
        }
        assert!(is_json(&HeaderMap::new()));
    }
}
