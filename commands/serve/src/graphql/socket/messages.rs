//! What client and server say (`graphql-transport-ws`).

use bytes::Bytes;
use kefu_protocol::ws::text_frame;
use serde_json::{Map, Value, json};

/// Most characters of the name of an operation.
const ID_CHARS: usize = 128;

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Init(Map<String, Value>),
    Ping(Option<Value>),
    Pong,
    Subscribe { id: String, payload: Value },
    Complete { id: String },
}

impl Said {
    /// Reads a message; none when it is none of the protocol's.
    pub(super) fn read(text: &str) -> Option<Self> {
        let Value::Object(mut message) = serde_json::from_str(text).ok()? else { return None };
        let kind = message.remove("type")?;
        let payload = message.remove("payload");
        let id = || {
            let id = message.get("id")?.as_str()?;
            let is_id = !id.is_empty() && id.chars().count() <= ID_CHARS;
            is_id.then(|| id.to_owned())
        };
        match (kind.as_str()?, payload) {
            ("connection_init", None | Some(Value::Null)) => Some(Self::Init(Map::new())),
            ("connection_init", Some(Value::Object(payload))) => Some(Self::Init(payload)),
            ("ping", payload @ (None | Some(Value::Object(_)))) => Some(Self::Ping(payload)),
            ("pong", _) => Some(Self::Pong),
            ("subscribe", Some(payload @ Value::Object(_))) => Some(Self::Subscribe { id: id()?, payload }),
            ("complete", _) => Some(Self::Complete { id: id()? }),
            _ => None,
        }
    }
}

pub(super) fn acknowledged() -> Bytes {
    text_frame(r#"{"type":"connection_ack"}"#)
}

pub(super) fn pong(payload: Option<Value>) -> Bytes {
    match payload {
        None => text_frame(r#"{"type":"pong"}"#),
        Some(payload) => text_frame(json!({"type": "pong", "payload": payload}).to_string()),
    }
}

pub(super) fn complete(id: &str) -> Bytes {
    text_frame(json!({"type": "complete", "id": id}).to_string())
}

/// An answer of the data layer: a result, or errors in its place when it was not carried out. Says whether it is the
/// last of its operation.
pub(super) fn answer(id: &str, body: &[u8]) -> (Bytes, bool) {
    let body = std::str::from_utf8(body).expect("the data layer writes JSON");
    let errors = (!body.starts_with("{\"data\"")).then(|| {
        let parsed: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
        if parsed.contains_key("data") { None } else { parsed.get("errors").cloned() }
    });
    let id_text = Value::from(id).to_string();
    match errors.flatten() {
        None => (text_frame(format!(r#"{{"id":{id_text},"type":"next","payload":{body}}}"#)), false),
        Some(errors) => {
            (text_frame(format!(r#"{{"id":{id_text},"type":"error","payload":{errors}}}"#)), true)
        }
    }
}

#[cfg(test)]
mod tests {
    use kefu_socket::payload;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_message_of_the_protocol_is_not_taken() {
        assert_eq!(Said::read(r#"{"type":"connection_init"}"#), Some(Said::Init(Map::new())));
        assert_eq!(Said::read(r#"{"type":"pong","payload":{}}"#), Some(Said::Pong));
        assert_eq!(
            Said::read(r#"{"type":"complete","id":"1"}"#),
            Some(Said::Complete { id: "1".to_owned() })
        );
        for bad in [
            "",
            "[]",
            "null",
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"","payload":{}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":1,"payload":{}}"#,
            r#"{"type":"connection_init","payload":"x"}"#,
            r#"{"type":"complete"}"#,
        ] {
            assert_eq!(Said::read(bad), None, "{bad}");
        }
        let long = format!(r#"{{"type":"complete","id":"{}"}}"#, "x".repeat(ID_CHARS + 1));
        assert_eq!(Said::read(&long), None);
    }

    #[test]
    fn what_was_not_carried_out_has_errors_in_place_of_a_result() {
        let text = |body: &str| {
            let (frame, is_last) = answer("a\"b", body.as_bytes());
            (String::from_utf8(payload(&frame).unwrap().to_vec()).unwrap(), is_last)
        };
        let next = r#"{"id":"a\"b","type":"next","payload":{"data":null,"errors":[]}}"#;
        assert_eq!(text(r#"{"data":null,"errors":[]}"#), (next.to_owned(), false));
        let next = r#"{"id":"a\"b","type":"next","payload":{"errors":[1],"data":{}}}"#;
        assert_eq!(text(r#"{"errors":[1],"data":{}}"#), (next.to_owned(), false));
        let error = r#"{"id":"a\"b","type":"error","payload":[{"message":"x"}]}"#;
        assert_eq!(text(r#"{"errors":[{"message":"x"}]}"#), (error.to_owned(), true));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,200}") {
            Said::read(&text);
        }
    }
}
