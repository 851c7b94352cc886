use std::mem::MaybeUninit;

use memchr::memchr_iter;

use super::Deflate;
use crate::tcp::Side;

/// More header lines than this are refused.
const HEADERS_MAX: usize = 256;

/// The first line of a message; its words may be where they were read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Start<Word = String> {
    /// A request.
    Request {
        /// Any word.
        method: Word,
        /// A path with its query, or whatever stands there.
        target: Word,
    },
    /// An answer.
    Response {
        /// Three digits.
        status: u16,
    },
}

/// What a message's head says of the message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head<Word = String> {
    /// The first line.
    pub start: Start<Word>,
    /// The last transfer coding is `chunked`.
    pub is_chunked: bool,
    /// There is a transfer coding.
    pub has_transfer_coding: bool,
    /// The length of the body, if stated.
    pub content_length: Option<u64>,
    /// It asks for, or agrees to, another protocol.
    pub has_upgrade: bool,
    /// That protocol is WebSocket.
    pub is_websocket: bool,
    /// How its messages are compressed, as far as this side says.
    pub deflate: Option<Deflate>,
    /// The connection is not to be used again.
    pub is_last: bool,
}

/// A head that cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the head of the message is malformed")]
pub struct Malformed;

/// The length of the head at the start of `bytes`, its empty line included, looking only at lines that end after
/// `from`.
pub fn head_len(bytes: &[u8], from: usize) -> Option<usize> {
    let from = from.saturating_sub(2);
    memchr_iter(b'\n', &bytes[from..]).find_map(|line| {
        let end = from + line + 1;
        match bytes[end..] {
            [b'\n', ..] => Some(end + 1),
            [b'\r', b'\n', ..] => Some(end + 2),
            _ => None,
        }
    })
}

/// The names and values of a message's header lines, as they are; lines without a name are passed over.
pub fn header_lines(message: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let head = head_len(message, 0).map_or(message, |len| &message[..len]);
    head.split(|byte| *byte == b'\n').skip(1).filter_map(|line| {
        let colon = memchr::memchr(b':', line)?;
        let name = line[..colon].trim_ascii_end();
        (!name.is_empty() && !name[0].is_ascii_whitespace()).then(|| (name, line[colon + 1..].trim_ascii()))
    })
}

/// Reads a whole head.
///
/// # Errors
///
/// It is none, or states lengths that contradict each other.
pub fn parse_head(side: Side, bytes: &[u8]) -> Result<Head, Malformed> {
    let head = look_at_head(side, bytes)?;
    let start = match head.start {
        Start::Request { method, target } => {
            Start::Request { method: method.to_owned(), target: target.to_owned() }
        }
        Start::Response { status } => Start::Response { status },
    };
    let Head {
        is_chunked,
        has_transfer_coding,
        content_length,
        has_upgrade,
        is_websocket,
        deflate,
        is_last,
        ..
    } = head;
    Ok(Head {
        start,
        is_chunked,
        has_transfer_coding,
        content_length,
        has_upgrade,
        is_websocket,
        deflate,
        is_last,
    })
}

/// Reads a whole head, and leaves its words where they are.
///
/// # Errors
///
/// As for [`parse_head`].
pub fn look_at_head(side: Side, bytes: &[u8]) -> Result<Head<&str>, Malformed> {
    let mut config = httparse::ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_request_line_delimiters(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .ignore_invalid_headers_in_requests(true)
        .ignore_invalid_headers_in_responses(true);
    let mut headers = [MaybeUninit::uninit(); HEADERS_MAX];
    match side {
        Side::Client => {
            let mut request = httparse::Request::new(&mut []);
            let parsed = config.parse_request_with_uninit_headers(&mut request, bytes, &mut headers);
            if !parsed.map_err(|_| Malformed)?.is_complete() {
                return Err(Malformed);
            }
            let (method, target) = (request.method.ok_or(Malformed)?, request.path.ok_or(Malformed)?);
            Head::new(Start::Request { method, target }, request.version, request.headers)
        }
        Side::Server => {
            let mut response = httparse::Response::new(&mut []);
            let parsed = config.parse_response_with_uninit_headers(&mut response, bytes, &mut headers);
            if !parsed.map_err(|_| Malformed)?.is_complete() {
                return Err(Malformed);
            }
            let start = Start::Response { status: response.code.ok_or(Malformed)? };
            Head::new(start, response.version, response.headers)
        }
    }
}

impl<Word> Head<Word> {
    fn new(
        start: Start<Word>,
        version: Option<u8>,
        headers: &[httparse::Header<'_>],
    ) -> Result<Self, Malformed> {
        let mut head = Self {
            start,
            is_chunked: false,
            has_transfer_coding: false,
            content_length: None,
            has_upgrade: false,
            is_websocket: false,
            deflate: None,
            // What is older than 1.1 ends after a message unless it says otherwise.
            is_last: version == Some(0),
        };
        for header in headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            let words = || header.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
            let has = |word: &[u8]| words().any(|known| known.eq_ignore_ascii_case(word));
            if is("content-length") {
                // Several are one if they are equal.
                for word in words() {
                    let digits = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
                    let len = digits.then(|| str::from_utf8(word).ok()?.parse().ok()).flatten();
                    let len = len.ok_or(Malformed)?;
                    if *head.content_length.get_or_insert(len) != len {
                        return Err(Malformed);
                    }
                }
            } else if is("transfer-encoding") {
                head.has_transfer_coding = true;
                head.is_chunked =
                    words().next_back().is_some_and(|word| word.eq_ignore_ascii_case(b"chunked"));
            } else if is("upgrade") {
                head.has_upgrade = true;
                head.is_websocket = has(b"websocket");
            } else if is("sec-websocket-extensions") {
                head.deflate = head.deflate.or_else(|| Deflate::parse(header.value));
            } else if is("connection") {
                head.is_last = has(b"close") || (head.is_last && !has(b"keep-alive"));
            }
        }
        Ok(head)
    }
}

/// Whether a message of this side may begin so.
pub(super) fn may_begin(side: Side, bytes: &[u8]) -> bool {
    match side {
        Side::Client => {
            let word = bytes.iter().take(33).take_while(|byte| is_token(**byte)).count();
            (1..33).contains(&word) && bytes.get(word).is_none_or(|byte| *byte == b' ')
        }
        Side::Server => {
            let known = b"HTTP/1.";
            let len = bytes.len().min(known.len());
            len > 0 && bytes[..len] == known[..len]
        }
    }
}

/// Who says what begins so, if it is the beginning of a request or of an answer.
pub(super) fn speaker(bytes: &[u8]) -> Option<Side> {
    let bytes = &bytes[bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()..];
    if bytes.starts_with(b"HTTP/1.") {
        return Some(Side::Server);
    }
    let word = bytes.iter().take(33).take_while(|byte| is_token(**byte)).count();
    let rest = bytes.get(word..).filter(|rest| (1..33).contains(&word) && rest.starts_with(b" "))?;
    let is_request = match memchr::memchr(b'\n', rest) {
        Some(end) => {
            let line = rest[..end].trim_ascii_end();
            line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0")
        }
        // A line that has not ended: what is known, and a path.
        None => METHODS.contains(&&bytes[..word]) && matches!(rest, [b' ', b'/' | b'h' | b'*', ..]),
    };
    is_request.then_some(Side::Client)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Methods that are looked for where a message may begin anywhere.
const METHODS: [&[u8]; 9] =
    [b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE"];

/// Finds where the next message seems to begin; otherwise says up to where there is certainly none.
pub(super) fn find_begin(side: Side, bytes: &[u8]) -> Result<usize, usize> {
    match side {
        Side::Server => {
            for found in memchr::memmem::find_iter(bytes, b"HTTP/1.") {
                match bytes.get(found + 7..found + 13) {
                    Some([b'0' | b'1', b' ', status @ .., _]) if status.iter().all(u8::is_ascii_digit) => {
                        return Ok(found);
                    }
                    Some(_) => {}
                    None => return Err(found),
                }
            }
            Err(bytes.len().saturating_sub(12))
        }
        Side::Client => {
            for found in memchr::memmem::find_iter(bytes, b" HTTP/1.") {
                match bytes.get(found + 8..found + 10) {
                    Some([b'0' | b'1', b'\r' | b'\n']) => {}
                    Some(_) => continue,
                    None => break,
                }
                if let Some(begin) = request_line(&bytes[..found]) {
                    return Ok(begin);
                }
            }
            // The line that has not ended may be the beginning.
            let line = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
            Err(line.max(bytes.len().saturating_sub(SOUGHT_LINE_MAX)))
        }
    }
}

/// A longer line is not found where a message may begin anywhere.
const SOUGHT_LINE_MAX: usize = 8192;

/// Where the method is in a line up to its version: at its start, or a known one behind what belongs to a body.
fn request_line(bytes: &[u8]) -> Option<usize> {
    let line = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
    let space = memchr::memrchr(b' ', &bytes[line..])? + line;
    let word = &bytes[line..space];
    if !word.is_empty() && word.iter().all(|byte| is_token(*byte)) && word.len() < 33 {
        return Some(line);
    }
    METHODS.iter().find(|method| word.ends_with(method)).map(|method| space - method.len())
}
