//! Spans as OTLP has them in JSON, of its stable version 1.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};

use super::{Attribute, Span, SpanKind, Traced};

/// What a moment of this process is on the clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    at: Instant,
    time: SystemTime,
}

impl Anchor {
    pub(super) fn now() -> Self {
        Self { at: Instant::now(), time: SystemTime::now() }
    }

    /// Nanoseconds since 1970, as a text: JSON has no numbers of 64 bits.
    fn nanos(self, at: Instant) -> String {
        let time = match at.checked_duration_since(self.at) {
            Some(later) => self.time + later,
            None => self.time - self.at.duration_since(at),
        };
        time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos()).to_string()
    }
}

/// The body of a request to `/v1/traces`.
pub(super) fn request(service: &str, traced: &[Traced], anchor: Anchor) -> Json {
    let spans = traced.iter().flat_map(|of| of.spans.iter().map(|one| span(&of.trace, one, anchor)));
    let spans: Vec<_> = spans.collect();
    let attributes = [("service.name", service), ("service.version", env!("CARGO_PKG_VERSION"))];
    let attributes = attributes.map(|(key, value)| json!({ "key": key, "value": { "stringValue": value } }));
    json!({ "resourceSpans": [{
        "resource": { "attributes": attributes },
        "scopeSpans": [{ "scope": { "name": "kefu.graphql" }, "spans": spans }],
    }] })
}

fn span(trace: &[u8; 16], span: &Span, anchor: Anchor) -> Json {
    let kind = match span.kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
    };
    let attributes = span.attributes.iter().map(|(key, value)| {
        let value = match value {
            Attribute::Text(text) => json!({ "stringValue": text }),
            Attribute::Count(count) => json!({ "intValue": count.to_string() }),
        };
        json!({ "key": key, "value": value })
    });
    let mut attributes: Vec<_> = attributes.collect();
    let mut status = json!({});
    if let Some(code) = span.error {
        attributes.push(json!({ "key": "error.type", "value": { "stringValue": code } }));
        status = json!({ "code": 2, "message": code });
    }
    let mut out = json!({
        "traceId": hex(trace),
        "spanId": hex(&span.id),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": anchor.nanos(span.begun),
        "endTimeUnixNano": anchor.nanos(span.ended),
        "attributes": attributes,
        "status": status,
    });
    if let Some(parent) = &span.parent {
        out["parentSpanId"] = hex(parent).into();
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
