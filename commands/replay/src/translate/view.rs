//! Messages as expressions see them, and messages that expressions make.

use kefu_traffic::gor::Record;
use serde_json::{Map, Value, json};

use crate::{coding, endpoint, message::Parts};

/// A body is not made larger than this by what it says of its compression.
const BODY_MAX: usize = 16 << 20;

/// A request: `method`, `path`, `target`, `query`, `headers`, `cookies`, and `form`, `json` or `text`.
pub(super) fn request(parts: &Parts<'_>) -> Option<Value> {
    let (method, target) = parts.request()?;
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let cookies = parts.header("cookie").unwrap_or_default();
    let cookies = cookies.split(';').filter_map(|pair| pair.split_once('='));
    let mut view = json!({
        "method": method,
        "path": endpoint::path(target),
        "target": target,
        "query": pairs(query),
        "headers": headers(parts),
        "cookies": object(cookies.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))),
        "form": {},
    });
    let is_form = parts
        .header("content-type")
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
    let body = plain(parts);
    if is_form {
        view["form"] = pairs(&String::from_utf8_lossy(&body));
    } else {
        said(&mut view, &body);
    }
    Some(view)
}

/// An answer: `status`, `headers`, and `json` or `text`.
pub(super) fn answer(record: &Record) -> Option<Value> {
    let parts = Parts::of(record)?;
    let mut view = json!({ "status": parts.status()?, "headers": headers(&parts) });
    said(&mut view, &plain(&parts));
    Some(view)
}

/// The body without compression; one that does not come apart as it is.
fn plain(parts: &Parts<'_>) -> Vec<u8> {
    let body = parts.body();
    let coding = parts.header("content-encoding").unwrap_or_default();
    coding::decoded(&coding, &body, BODY_MAX).unwrap_or_else(|| body.into_owned())
}

fn said(view: &mut Value, body: &[u8]) {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => view["json"] = value,
        Err(_) => view["text"] = Value::from(String::from_utf8_lossy(body)),
    }
}

/// Header lines by their names in small letters; of several with one name, the first.
fn headers(parts: &Parts<'_>) -> Value {
    object(parts.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned())))
}

/// `a=1&b=2`, decoded; of several with one name, the first.
fn pairs(text: &str) -> Value {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    object(pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    }))
}

fn object(pairs: impl Iterator<Item = (String, String)>) -> Value {
    let mut object = Map::new();
    for (name, value) in pairs {
        object.entry(name).or_insert(Value::String(value));
    }
    Value::Object(object)
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'%'));
                at += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            (byte, ..) => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Text as it stands in a form.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// What stands for a value where there is only text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use kefu_traffic::gor::Kind;

    use super::*;

    fn record(kind: Kind, payload: &str) -> Record {
        let (id, extra) = (String::new(), String::new());
        Record { kind, id, timestamp: 0, latency: None, extra, payload: payload.into() }
    }

    #[test]
    fn requests_and_answers_are_taken_apart() {
        let form = record(
            Kind::Request,
            "POST /a?x=1%2B&y=a+b HTTP/1.1\r\nCookie: s=1; t=2\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\r\n\
             content=%E4%BD%A0%20%&to=x",
        );
        let view = request(&Parts::of(&form).unwrap()).unwrap();
        assert_eq!(
            (&view["method"], &view["path"], &view["query"]),
            (&json!("POST"), &json!("/a"), &json!({"x": "1+", "y": "a b"}))
        );
        assert_eq!(
            (&view["form"], &view["cookies"]["t"]),
            (&json!({"content": "你 %", "to": "x"}), &json!("2"))
        );
        let view = answer(&record(Kind::Response, "HTTP/1.1 201 Created\r\nX-A: b\r\n\r\n{\"token\":\"t\"}"))
            .unwrap();
        assert_eq!(view, json!({"status": 201, "headers": {"x-a": "b"}, "json": {"token": "t"}}));
        let brotli = "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n\x0b\x03";
        let mut compressed = record(Kind::Response, brotli);
        compressed.payload.extend(b"\x80{\"a\":1}\x03");
        assert_eq!(answer(&compressed).unwrap()["json"], json!({"a": 1}));
        let view = answer(&record(Kind::Response, "HTTP/1.1 200 OK\r\n\r\n<p>")).unwrap();
        assert_eq!(view["text"], "<p>");
        assert_eq!(encoded("a 你&"), "a%20%E4%BD%A0%26");
    }
}
