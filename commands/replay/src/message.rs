//! A recorded message taken apart, for what shows or counts it.

use std::{borrow::Cow, ops::Range};

use kefu_traffic::{
    gor::{Kind, Record},
    http::{Head, Start, head_len, header_lines, parse_head},
    tcp::Side,
};

/// The parts of a message.
pub(crate) struct Parts<'a> {
    pub(crate) head: Head,
    /// All before the body.
    pub(crate) head_bytes: &'a [u8],
    /// The body as it was on the wire.
    pub(crate) raw_body: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Takes a request or an answer apart; none if it is no HTTP.
    pub(crate) fn of(record: &'a Record) -> Option<Self> {
        let side = match record.kind {
            Kind::Request => Side::Client,
            Kind::Response | Kind::Replayed => Side::Server,
            _ => return None,
        };
        let len = head_len(&record.payload, 0)?;
        let (head_bytes, raw_body) = record.payload.split_at(len);
        let head = parse_head(side, head_bytes).ok()?;
        Some(Self { head, head_bytes, raw_body })
    }

    /// The names and values of its header lines.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        header_lines(self.head_bytes)
            .map(|(name, value)| (String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        self.headers().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body without the marks of its chunks.
    pub(crate) fn body(&self) -> Cow<'a, [u8]> {
        if self.head.is_chunked { Cow::Owned(unchunked(self.raw_body)) } else { Cow::Borrowed(self.raw_body) }
    }

    /// The version, as the first line has it.
    pub(crate) fn version(&self) -> &'static str {
        if memchr::memmem::find(self.first_line(), b"HTTP/1.0").is_some() { "HTTP/1.0" } else { "HTTP/1.1" }
    }

    /// The words after the status.
    pub(crate) fn reason(&self) -> Cow<'a, str> {
        let mut words = self.first_line().trim_ascii().splitn(3, |byte| *byte == b' ');
        String::from_utf8_lossy(words.nth(2).unwrap_or_default())
    }

    fn first_line(&self) -> &'a [u8] {
        let end = memchr::memchr(b'\n', self.head_bytes).unwrap_or(self.head_bytes.len());
        &self.head_bytes[..end]
    }

    /// The method and the target of a request.
    pub(crate) fn request(&self) -> Option<(&str, &str)> {
        match &self.head.start {
            Start::Request { method, target } => Some((method, target)),
            Start::Response { .. } => None,
        }
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        match self.head.start {
            Start::Response { status } => Some(status),
            Start::Request { .. } => None,
        }
    }
}

/// The chunks of a body, as far as they are well formed.
fn unchunked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    Chunks::of(bytes).parts.into_iter().for_each(|part| out.extend_from_slice(&bytes[part]));
    out
}

/// Where the chunks of a body are.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    /// What they say; the last may be cut off.
    pub(crate) parts: Vec<Range<usize>>,
    /// Where the line of the last chunk ends, and trailers begin; none if there is no such line.
    pub(crate) end: Option<usize>,
}

impl Chunks {
    /// Finds them, as far as they are well formed.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut chunks = Self::default();
        let mut at = 0;
        while let Some(end) = memchr::memchr(b'\n', &bytes[at..]) {
            let line = bytes[at..at + end].trim_ascii();
            let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            let size = str::from_utf8(&line[..digits]).ok();
            let Some(size) = size.and_then(|size| usize::from_str_radix(size, 16).ok()) else { break };
            at += end + 1;
            if size == 0 {
                chunks.end = Some(at);
                break;
            }
            let part_end = at.saturating_add(size).min(bytes.len());
            chunks.parts.push(at..part_end);
            if part_end - at < size {
                break;
            }
            let rest = &bytes[part_end..];
            at = part_end + memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        }
        chunks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: Kind, payload: &[u8]) -> Record {
        let (id, extra) = (String::new(), String::new());
        Record { kind, id, timestamp: 0, latency: None, extra, payload: payload.to_vec() }
    }

    #[test]
    fn a_message_is_taken_apart() {
        let response = record(
            Kind::Response,
            b"HTTP/1.0 404 Not Found\r\nX: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        );
        let parts = Parts::of(&response).unwrap();
        assert_eq!((parts.status(), parts.version(), &*parts.reason()), (Some(404), "HTTP/1.0", "Not Found"));
        assert_eq!((&*parts.body(), parts.header("x").as_deref()), (&b"abcde"[..], Some("a")));
        let request = record(Kind::Request, b"POST /a?b HTTP/1.1\r\n\r\nbody");
        let parts = Parts::of(&request).unwrap();
        assert_eq!((parts.request(), &*parts.body()), (Some(("POST", "/a?b")), &b"body"[..]));
        assert!(Parts::of(&record(Kind::ToServer, b"{}")).is_none());
        assert!(Parts::of(&record(Kind::Request, b"POST /a HTTP/1.1\r\n")).is_none());
    }
}
