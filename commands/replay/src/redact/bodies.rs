//! Bodies of messages: what is compressed is looked into, and stays a valid body.

use std::io::Write as _;

use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use kefu_traffic::http::header_lines;

use super::Redaction;
use crate::{coding::decoded, head::EditedHead, message::Chunks};

/// A body that is larger when it is decompressed is replaced as a whole.
pub(super) const BODY_MAX: usize = 64 << 20;
/// What stands in the place of a body that cannot be looked into.
const REPLACED: &[u8] = b"[a body that could not be looked into]";

/// How a body was left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kept {
    /// Coded as it was.
    Coded,
    /// Without its codings.
    Plain,
    /// Replaced as a whole.
    Nothing,
}

/// What a head says of its body.
#[derive(Debug, Default)]
struct Coding {
    /// In the order in which they were applied; `chunked` is none of them.
    names: Vec<String>,
    is_chunked: bool,
}

impl Coding {
    fn of(head: &[u8]) -> Self {
        let mut coding = Self::default();
        let mut transfer = Vec::new();
        for (name, value) in header_lines(head) {
            let is_content = name.eq_ignore_ascii_case(b"content-encoding");
            if !is_content && !name.eq_ignore_ascii_case(b"transfer-encoding") {
                continue;
            }
            for word in String::from_utf8_lossy(value).to_ascii_lowercase().split(',').map(str::trim) {
                match word {
                    "" | "identity" => {}
                    "chunked" if !is_content => coding.is_chunked = true,
                    word if is_content => coding.names.push(word.to_owned()),
                    word => transfer.push(word.to_owned()),
                }
            }
        }
        coding.names.append(&mut transfer);
        coding
    }

    /// A body in the same coding again, where that is one that is written here.
    fn encoded(&self, body: &[u8]) -> Option<Vec<u8>> {
        let [name] = self.names.as_slice() else { return None };
        match name.as_str() {
            "gzip" | "x-gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(body).and_then(|()| encoder.finish()).ok()
            }
            "deflate" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(body).and_then(|()| encoder.finish()).ok()
            }
            _ => None,
        }
    }
}

impl Redaction {
    /// Replaces in the body that follows the head of a message.
    pub(super) fn body(&self, payload: &mut Vec<u8>, head_len: usize, count: &mut u64) -> Kept {
        let (head, body) = payload.split_at_mut(head_len);
        let coding = Coding::of(head);
        let chunks = if coding.is_chunked { Chunks::of(body) } else { Chunks::default() };
        if coding.names.is_empty() || body.is_empty() {
            self.numbers(body, count);
            self.across(body, &chunks, count);
            return Kept::Coded;
        }
        let end = chunks.end.unwrap_or(body.len());
        let trailers = &mut body[end..];
        self.numbers(trailers, count);
        let trailers = trailers.to_vec();
        // What is not whole does not come apart.
        let whole = match (coding.is_chunked, chunks.end) {
            (false, _) => Some(body.to_vec()),
            (true, end) => end.map(|_| joined(body, &chunks)),
        };
        if whole.as_ref().is_some_and(Vec::is_empty) {
            return Kept::Coded;
        }
        let before = *count;
        let plain = whole.as_ref().and_then(|whole| decoded(&coding.names.join(","), whole, self.body_max));
        let (body, kept) = match (plain, whole) {
            (Some(mut plain), Some(whole)) => {
                self.numbers(&mut plain, count);
                // What is no part of what it decompresses to goes as well.
                if *count == before && self.found(&whole).is_empty() {
                    return Kept::Coded;
                }
                *count = (*count).max(before + 1);
                match coding.encoded(&plain) {
                    Some(coded) => (coded, Kept::Coded),
                    None => (plain, Kept::Plain),
                }
            }
            _ => {
                *count += 1;
                (REPLACED.to_vec(), Kept::Nothing)
            }
        };
        let trailers = if chunks.end.is_some() { trailers } else { b"\r\n".to_vec() };
        *payload = message(&payload[..head_len], &coding, kept, &body, &trailers);
        kept
    }

    /// Replaces what goes over the borders of chunks; each keeps its length.
    fn across(&self, body: &mut [u8], chunks: &Chunks, count: &mut u64) {
        if chunks.parts.len() < 2 {
            return;
        }
        let mut whole = joined(body, chunks);
        self.numbers(&mut whole, count);
        let mut rest = whole.as_slice();
        for part in &chunks.parts {
            let (here, later) = rest.split_at(part.len());
            body[part.clone()].copy_from_slice(here);
            rest = later;
        }
    }
}

/// What the chunks of a body say.
fn joined(body: &[u8], chunks: &Chunks) -> Vec<u8> {
    chunks.parts.iter().flat_map(|part| &body[part.clone()]).copied().collect()
}

/// A message with another body.
fn message(head: &[u8], coding: &Coding, kept: Kept, body: &[u8], trailers: &[u8]) -> Vec<u8> {
    let mut head = EditedHead::of(head);
    if kept != Kept::Coded {
        head.remove("Content-Encoding");
        head.remove("Transfer-Encoding");
        if coding.is_chunked {
            head.set("Transfer-Encoding", "chunked");
        }
    }
    if !coding.is_chunked && head.header("Content-Length").is_some() {
        head.set("Content-Length", &body.len().to_string());
    }
    let mut message = head.bytes();
    if coding.is_chunked && !body.is_empty() {
        message.extend_from_slice(format!("{:x}\r\n", body.len()).as_bytes());
    }
    message.extend_from_slice(body);
    if coding.is_chunked {
        message.extend_from_slice(if body.is_empty() { b"0\r\n" } else { b"\r\n0\r\n" });
        message.extend_from_slice(trailers);
    }
    message
}
