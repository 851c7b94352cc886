//! An answer as it is compared: without chunks and compression, its body as what it is.

use std::borrow::Cow;

use kefu_traffic::gor::{Kind, Record};
use serde_json::Value;

use crate::{coding::decoded, message::Parts};

/// A body is not made larger than this by what it says of its compression.
const BODY_MAX: usize = 64 << 20;

/// What somebody answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(super) status: u16,
    /// Names in small letters, in order; of cookies without their values.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// Values.
    Json(Value),
    /// Words: HTML, XML, forms and whatever else is UTF-8 without control characters.
    Text(String),
    /// Anything else.
    Binary(Vec<u8>),
}

impl Answer {
    /// Reads an answer as it was on the wire; none if it is no HTTP.
    pub(crate) fn of(payload: Vec<u8>) -> Option<Self> {
        let (id, extra) = (String::new(), String::new());
        let record = Record { kind: Kind::Response, id, timestamp: 0, latency: None, extra, payload };
        let parts = Parts::of(&record)?;
        let status = parts.status()?;
        let mut headers: Vec<(String, String)> = parts
            .headers()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned()))
            .map(|(name, value)| match name.as_str() {
                "set-cookie" => (name, cookie(&value)),
                _ => (name, value),
            })
            .collect();
        // Lines of different names may come in any order.
        headers.sort_by(|(a, _), (b, _)| a.cmp(b));
        let coding = parts.header("content-encoding").unwrap_or_default();
        let body = match decoded(&coding, &parts.body(), BODY_MAX) {
            Some(bytes) => {
                if !coding.is_empty() {
                    headers.retain(|(name, _)| name != "content-encoding");
                }
                Body::of(bytes)
            }
            None => Body::Binary(parts.body().into_owned()),
        };
        Some(Self { status, headers, body })
    }

    /// A message of a WebSocket, which has neither status nor headers of its own.
    pub(super) fn of_message(payload: Vec<u8>) -> Self {
        Self { status: 101, headers: Vec::new(), body: Body::of(payload) }
    }

    /// The values of a header, joined.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> =
            self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

impl Body {
    fn of(bytes: Vec<u8>) -> Self {
        if matches!(bytes.trim_ascii_start(), [b'{' | b'[', ..])
            && let Ok(value) = serde_json::from_slice(&bytes)
        {
            return Self::Json(value);
        }
        match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => match serde_json::from_str(&text) {
                // A number or a word alone is values as well.
                Ok(value) => Self::Json(value),
                Err(_) => Self::Text(text),
            },
            Ok(text) => Self::Binary(text.into_bytes()),
            Err(error) => Self::Binary(error.into_bytes()),
        }
    }
}

/// A cookie without its value and its end, which are of one session.
fn cookie(line: &str) -> String {
    let mut parts = line.split(';').map(str::trim);
    let name = parts.next().and_then(|pair| pair.split('=').next()).unwrap_or_default();
    let is_kept = |part: &&str| {
        let name = part.split('=').next().unwrap_or_default();
        !name.eq_ignore_ascii_case("expires") && !name.eq_ignore_ascii_case("max-age")
    };
    let rest: Vec<Cow<'_, str>> = parts.filter(is_kept).map(|part| format!("; {part}").into()).collect();
    format!("{name}=…{}", rest.concat())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use serde_json::json;

    use super::*;

    fn of(head: &str, body: &[u8]) -> Answer {
        Answer::of([format!("HTTP/1.1 200 OK\r\n{head}\r\n").as_bytes(), body].concat()).unwrap()
    }

    #[test]
    fn bodies_are_what_they_are_also_when_compressed() {
        let gzip = {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            out.write_all(b"{\"a\":1}").unwrap();
            out.finish().unwrap()
        };
        let plain = of("", b"{\"a\":1}");
        assert_eq!(plain.body, Body::Json(json!({"a": 1})));
        assert_eq!(of("Content-Encoding: gzip\r\n", &gzip), plain);
        let zlib = {
            let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            out.write_all(b"{\"a\":1}").unwrap();
            out.finish().unwrap()
        };
        assert_eq!(of("Content-Encoding: deflate\r\n", &zlib), plain);
        assert_eq!(of("Content-Encoding: br\r\n", b"\x0b\x03\x80{\"a\":1}\x03"), plain);
        assert_eq!(of("Content-Encoding: zstd\r\n", b"\x28\xb5\x2f\xfd\x20\x07\x39\0\0{\"a\":1}"), plain);
        assert!(matches!(of("Content-Encoding: br\r\n", b"x").body, Body::Binary(_)));
        assert_eq!(of("Transfer-Encoding: chunked\r\n", b"1\r\n7\r\n0\r\n\r\n").body, Body::Json(json!(7)));
        assert_eq!(of("", b"<a/>").body, Body::Text("<a/>".to_owned()));
        assert_eq!(of("", b"a\0b").body, Body::Binary(b"a\0b".to_vec()));
        assert!(Answer::of(b"no".to_vec()).is_none());
    }

    #[test]
    fn cookies_are_compared_without_their_values() {
        let answer =
            of("Set-Cookie: sid=1; Path=/; Expires=Thu, 01 Jan 2026 00:00:00 GMT; HttpOnly\r\nB: 2\r\n", b"");
        assert_eq!(answer.header("set-cookie").as_deref(), Some("sid=…; Path=/; HttpOnly"));
        assert_eq!(answer.header("b").as_deref(), Some("2"));
    }
}
