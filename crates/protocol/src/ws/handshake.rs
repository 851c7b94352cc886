//! The opening handshake (RFC 6455 §4): what a server computes, and all of the client's side.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha1::{Digest as _, Sha1};

/// The constant of RFC 6455 §1.3 that every accept key is salted with.
const ACCEPT_GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// More header lines than this in an answer are refused.
const MAX_HEADERS: usize = 64;
/// A longer head of an answer is refused, in bytes.
const MAX_RESPONSE: usize = 16 * 1024;

/// The `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key` (RFC 6455 §4.2.2).
pub fn accept_key(key: &str) -> String {
    let digest = Sha1::new().chain_update(key).chain_update(ACCEPT_GUID).finalize();
    BASE64_STANDARD.encode(digest)
}

/// Whether `key` is a well-formed `Sec-WebSocket-Key`: 16 bytes in base64.
pub fn is_valid_key(key: &str) -> bool {
    BASE64_STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16)
}

/// Whether a comma-separated header value holds `token`, in any case.
///
/// Fits `Connection`, `Upgrade` and `Sec-WebSocket-Protocol`.
pub fn has_token(value: &str, token: &str) -> bool {
    value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Why the server's answer is not the beginning of a WebSocket connection.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// The answer is not HTTP/1.1.
    #[error("the answer is not HTTP")]
    NotHttp(#[source] httparse::Error),
    /// The head of the answer does not end.
    #[error("the head of the answer is longer than {MAX_RESPONSE} bytes")]
    TooLong,
    /// The server refused to upgrade.
    #[error("the server answered with status {status} instead of 101")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// A header is missing or wrong.
    #[error("the answer lacks a valid {0} header")]
    Header(&'static str),
}

/// How far the server's answer has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandshakeStep {
    /// The head is incomplete: read on.
    Incomplete,
    /// The connection is open; frames begin after `consumed` bytes.
    Open {
        /// Length of the head.
        consumed: usize,
    },
}

/// A client's side of one opening handshake.
#[derive(Clone, Copy, Debug)]
pub struct ClientHandshake {
    nonce: [u8; 16],
}

impl ClientHandshake {
    /// Begins a handshake; the nonce should be random.
    pub fn new(nonce: [u8; 16]) -> Self {
        Self { nonce }
    }

    /// The bytes of the request: `target` is path and query, `headers` go out as they are; no subprotocol is asked for if
    /// it is empty.
    pub fn request(&self, host: &str, target: &str, subprotocol: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        let key = BASE64_STANDARD.encode(self.nonce);
        let mut request = format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        );
        let asked = [("Sec-WebSocket-Protocol", subprotocol)];
        let asked = asked.iter().filter(|(_, subprotocol)| !subprotocol.is_empty());
        for (name, value) in asked.chain(headers) {
            request.push_str(name);
            request.push_str(": ");
            request.push_str(value);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        request.into_bytes()
    }

    /// Checks the server's answer as far as it has been read (RFC 6455 §4.1).
    ///
    /// # Errors
    ///
    /// The answer is not HTTP, no upgrade, for another key, or names another subprotocol.
    pub fn response(&self, input: &[u8], subprotocol: &str) -> Result<HandshakeStep, HandshakeError> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let consumed = match response.parse(input).map_err(HandshakeError::NotHttp)? {
            httparse::Status::Complete(consumed) => consumed,
            httparse::Status::Partial if input.len() < MAX_RESPONSE => {
                return Ok(HandshakeStep::Incomplete);
            }
            httparse::Status::Partial => return Err(HandshakeError::TooLong),
        };
        match response.code {
            Some(101) => {}
            status => return Err(HandshakeError::Status { status: status.unwrap_or_default() }),
        }
        let header = |name: &'static str, wanted: &dyn Fn(&str) -> bool| {
            let holds = response.headers.iter().any(|header| {
                header.name.eq_ignore_ascii_case(name)
                    && str::from_utf8(header.value).is_ok_and(|value| wanted(value.trim()))
            });
            if holds { Ok(()) } else { Err(HandshakeError::Header(name)) }
        };
        header("Upgrade", &|value| has_token(value, "websocket"))?;
        header("Connection", &|value| has_token(value, "upgrade"))?;
        let accept = accept_key(&BASE64_STANDARD.encode(self.nonce));
        header("Sec-WebSocket-Accept", &|value| value == accept)?;
        if !subprotocol.is_empty() {
            header("Sec-WebSocket-Protocol", &|value| value == subprotocol)?;
        }
        Ok(HandshakeStep::Open { consumed })
    }
}
