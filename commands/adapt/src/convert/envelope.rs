//! Whole messages as JSON: what the envelope says beside the body.

use std::borrow::Cow;

use kefu_wire::{
    Error, Problem,
    thrift::{ApplicationException, ApplicationExceptionKind, MessageKind},
};
use serde::{Deserialize, de::Error as _};
use serde_json::value::RawValue;

/// `{"message":"call","method":"getOrder","sequence":1,"arguments":{…}}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelope<'j> {
    pub(super) message: Kind,
    #[serde(borrow, default)]
    pub(super) service: Option<Cow<'j, str>>,
    #[serde(borrow)]
    pub(super) method: Cow<'j, str>,
    #[serde(default)]
    pub(super) sequence: i32,
    #[serde(borrow, default)]
    arguments: Option<&'j RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'j RawValue>,
    #[serde(borrow, default)]
    fields: Option<&'j RawValue>,
    #[serde(default)]
    failure: Option<FailureBody>,
}

/// Tells `"result":null` from no result.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some).map_err(D::Error::custom)
}

/// What a message is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Call,
    Oneway,
    Reply,
    Exception,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Oneway => "oneway",
            Self::Reply => "reply",
            Self::Exception => "exception",
        }
    }
}

impl From<MessageKind> for Kind {
    fn from(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Call => Self::Call,
            MessageKind::Oneway => Self::Oneway,
            MessageKind::Reply => Self::Reply,
            MessageKind::Exception => Self::Exception,
        }
    }
}

impl From<Kind> for MessageKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Call => Self::Call,
            Kind::Oneway => Self::Oneway,
            Kind::Reply => Self::Reply,
            Kind::Exception => Self::Exception,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FailureBody {
    #[serde(rename = "type", default)]
    kind: i32,
    #[serde(default)]
    message: String,
}

/// A body, the member that it stands in, and its first byte in the document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'j> {
    pub(super) json: &'j [u8],
    pub(super) member: &'static str,
    pub(super) offset: usize,
}

impl Body<'_> {
    /// An error in the body, as one in the document.
    pub(super) fn outside(self, error: &Error) -> Error {
        let moved = match error.offset() {
            Some(offset) => Error::at(self.offset + offset, error.problem().clone()),
            None => Error::new(error.problem().clone()),
        };
        moved.in_field(error.path()).in_field(self.member)
    }
}

impl<'j> Envelope<'j> {
    /// Reads the envelope; the body is left for whoever knows its type.
    pub(super) fn parse(document: &'j [u8]) -> Result<Self, Error> {
        serde_json::from_slice(document).map_err(|error| {
            let text = error.to_string();
            // The place follows as a byte.
            let text = text.split(" at line ").next().unwrap_or(&text).to_owned();
            let rule = format!("this is not the JSON of a message: {text}");
            Error::at(offset_of(document, error.line(), error.column()), Problem::Malformed(rule.into()))
        })
    }

    fn body(
        &self,
        document: &'j [u8],
        json: Option<&'j RawValue>,
        member: &'static str,
    ) -> Result<Body<'j>, Error> {
        let json = json.ok_or_else(|| {
            let message = self.message.name();
            let found = format!("a {message} without it");
            Error::at(
                0,
                Problem::Unexpected {
                    expected: format!("the member {member:?}").into(),
                    found: found.into(),
                },
            )
        })?;
        let json = json.get().as_bytes();
        // A raw value is a slice of the document.
        let offset = (json.as_ptr() as usize).saturating_sub(document.as_ptr() as usize);
        Ok(Body { json, member, offset })
    }

    pub(super) fn arguments(&self, document: &'j [u8]) -> Result<Body<'j>, Error> {
        self.body(document, self.arguments, "arguments")
    }

    pub(super) fn result(&self, document: &'j [u8]) -> Result<Body<'j>, Error> {
        self.body(document, self.result, "result")
    }

    pub(super) fn fields(&self, document: &'j [u8]) -> Result<Body<'j>, Error> {
        self.body(document, self.fields, "fields")
    }

    pub(super) fn failure(&self) -> ApplicationException {
        let failure = self.failure.as_ref();
        ApplicationException {
            message: failure.map(|failure| failure.message.clone()).unwrap_or_default(),
            kind: ApplicationExceptionKind::from_number(
                failure.map(|failure| failure.kind).unwrap_or_default(),
            ),
        }
    }

    /// The name in the envelope of Thrift.
    pub(super) fn name(&self) -> Cow<'_, str> {
        match &self.service {
            Some(service) => format!("{service}:{}", self.method).into(),
            None => Cow::Borrowed(&self.method),
        }
    }
}

/// Writes an envelope up to its body, which the caller writes between this and [`end`].
pub(super) fn begin(
    out: &mut Vec<u8>,
    kind: Kind,
    service: Option<&str>,
    method: &str,
    sequence: i32,
    member: &str,
) {
    out.extend_from_slice(b"{\"message\":");
    text(out, kind.name());
    if let Some(service) = service {
        out.extend_from_slice(b",\"service\":");
        text(out, service);
    }
    out.extend_from_slice(b",\"method\":");
    text(out, method);
    out.extend_from_slice(format!(",\"sequence\":{sequence},").as_bytes());
    text(out, member);
    out.push(b':');
}

/// Writes the body of a failure.
pub(super) fn write_failure(out: &mut Vec<u8>, failure: &ApplicationException) {
    out.extend_from_slice(format!("{{\"type\":{},\"message\":", failure.kind as i32).as_bytes());
    text(out, &failure.message);
    out.push(b'}');
}

/// Ends an envelope.
pub(super) fn end(out: &mut Vec<u8>) {
    out.push(b'}');
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
}

/// The byte of a line and a column, both from 1; column 0 is before the line's first byte.
fn offset_of(document: &[u8], line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(newline) => {
            let mut newlines = document.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            newlines.nth(newline).map_or(0, |(index, _)| index + 1)
        }
    };
    (start + column.saturating_sub(1)).min(document.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_read_as_it_is_written() {
        let mut out = Vec::new();
        begin(&mut out, Kind::Reply, Some("S\"hop"), "get", -1, "result");
        out.extend_from_slice(b"null");
        end(&mut out);
        let envelope = Envelope::parse(&out).expect("it is well formed");
        assert_eq!((envelope.message, &*envelope.name(), envelope.sequence), (Kind::Reply, "S\"hop:get", -1));
        let body = envelope.result(&out).expect("null is a result");
        assert_eq!(&out[body.offset..body.offset + 4], b"null");
        assert!(envelope.arguments(&out).is_err());
    }

    #[test]
    fn errors_have_a_place_in_the_document() {
        let document = b"{\"message\":\"call\",\n \"method\":\"x\", \"sequense\":1}";
        let error = Envelope::parse(document).expect_err("a member is unknown");
        let at = error.offset().expect("it has a place");
        assert!(document[..at].ends_with(b"\"sequense"), "{error}");
        assert!(error.to_string().contains("sequense") && !error.to_string().contains("line"), "{error}");

        let inner = Error::at(2, Problem::MissingField).in_field("price").in_element(3);
        let body = Body { json: b"", member: "arguments", offset: 30 };
        let moved = body.outside(&inner);
        assert_eq!(moved.to_string(), "arguments[3].price: the required field is missing, at byte 32");
    }
}
