use base64::{Engine as _, prelude::BASE64_STANDARD};
use kefu_traffic::gor::{Kind, Record};
use serde_json::{Map, Value, json};

use crate::{message::Parts, shown};

/// A message as one object of JSON.
pub(crate) fn line(record: &Record) -> Value {
    let mut object = Map::new();
    let kind = match record.kind {
        Kind::Request => "request",
        Kind::Response => "response",
        Kind::Replayed => "replayed",
        Kind::ToServer => "to_server",
        Kind::ToClient => "to_client",
        Kind::Other(_) => "other",
    };
    object.insert("type".to_owned(), json!(kind));
    object.insert("id".to_owned(), json!(record.id));
    object.insert("time".to_owned(), json!(shown::time(record.timestamp)));
    object.insert("latency_ns".to_owned(), json!(record.latency));
    for (name, field) in
        [("client", "c"), ("server", "s"), ("number", "n"), ("redacted", "redacted"), ("flags", "flags")]
    {
        if let Some(value) = record.field(field) {
            let value = value.parse::<u64>().map_or_else(|_| json!(value), |number| json!(number));
            object.insert(name.to_owned(), value);
        }
    }
    let Some(parts) = Parts::of(record) else {
        body(&mut object, &record.payload);
        return Value::Object(object);
    };
    if let Some((method, target)) = parts.request() {
        object.insert("method".to_owned(), json!(method));
        object.insert("target".to_owned(), json!(target));
    }
    if let Some(status) = parts.status() {
        object.insert("status".to_owned(), json!(status));
    }
    let headers: Vec<_> = parts.headers().map(|(name, value)| json!([name, value])).collect();
    object.insert("headers".to_owned(), Value::Array(headers));
    body(&mut object, &parts.body());
    Value::Object(object)
}

/// A body is text if it can be.
fn body(object: &mut Map<String, Value>, body: &[u8]) {
    match str::from_utf8(body) {
        Ok("") => {}
        Ok(text) => {
            object.insert("body".to_owned(), json!(text));
        }
        Err(_) => {
            object.insert("body_base64".to_owned(), json!(BASE64_STANDARD.encode(body)));
        }
    }
}
