use std::{borrow::Cow, str};

use crate::ws::{
    Close, CloseCode, Opcode, ProtocolError, apply_mask,
    header::{Header, Parsed},
};

/// Which end of the connection decodes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// The input comes from a client and must be masked.
    Server,
    /// The input comes from a server and must not be masked.
    Client,
}

/// A whole message or control frame.
///
/// Borrowed from the input, except a message that came in fragments.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Incoming<'a> {
    /// A text message, valid UTF-8.
    Text(Cow<'a, str>),
    /// A message of bytes.
    Binary(Cow<'a, [u8]>),
    /// A ping; its body belongs into the pong.
    Ping(&'a [u8]),
    /// A pong.
    Pong(&'a [u8]),
    /// The peer closes, possibly without a code. What follows it is to be ignored.
    Close(Option<Close<'a>>),
}

/// The outcome of one look at the input.
#[derive(Debug, Eq, PartialEq)]
pub enum Step<'a> {
    /// A message or control frame; the input is used up to `consumed`.
    Incoming {
        /// What was received.
        incoming: Incoming<'a>,
        /// Bytes of input that it took.
        consumed: usize,
    },
    /// A part of a fragmented message was taken into the decoder.
    Fragment {
        /// Bytes of input that it took.
        consumed: usize,
    },
    /// No whole frame yet: call again once the input is `needed` bytes long.
    ///
    /// `needed` may grow when more of the header is known; it exceeds the length of the input.
    Incomplete {
        /// Bytes of input, counted from its start.
        needed: usize,
    },
}

/// Decodes one direction of a WebSocket connection.
///
/// Holds nothing but limits while no fragmented message is under way. After an error the
/// connection is to be failed and the decoder dropped.
#[derive(Debug)]
pub struct Decoder {
    fragments: Option<Box<Fragments>>,
    max_message: u32,
    role: Role,
}

#[derive(Debug)]
struct Fragments {
    is_text: bool,
    bytes: Vec<u8>,
}

impl Decoder {
    /// Creates a decoder that refuses messages of more than `max_message` bytes, whole or in parts.
    pub fn new(role: Role, max_message: u32) -> Self {
        Self { fragments: None, max_message, role }
    }

    /// Decodes the frame at the start of `input`, unmasking it in place.
    ///
    /// Bytes of an incomplete frame are left as they are, so that they can be kept and completed.
    pub fn next<'a>(&mut self, input: &'a mut [u8]) -> Result<Step<'a>, ProtocolError> {
        let header = match Header::parse(input, self.role)? {
            Parsed::Header(header) => header,
            Parsed::Incomplete(needed) => return Ok(Step::Incomplete { needed }),
        };
        let payload_len = self.admit(&header)?;
        let end = header.len + payload_len;
        let Some(frame) = input.get_mut(..end) else { return Ok(Step::Incomplete { needed: end }) };
        let payload = &mut frame[header.len..];
        if let Some(key) = header.mask {
            apply_mask(payload, key);
        }
        let incoming = match header.opcode {
            Opcode::Ping => Incoming::Ping(payload),
            Opcode::Pong => Incoming::Pong(payload),
            Opcode::Close => Incoming::Close(close(payload)?),
            Opcode::Text if header.fin => Incoming::Text(Cow::Borrowed(utf8(payload)?)),
            Opcode::Binary if header.fin => Incoming::Binary(Cow::Borrowed(payload)),
            opcode => match self.assemble(opcode, header.fin, payload)? {
                Some(message) => message,
                None => return Ok(Step::Fragment { consumed: end }),
            },
        };
        Ok(Step::Incoming { incoming, consumed: end })
    }

    /// Whether no fragmented message is under way.
    pub fn is_idle(&self) -> bool {
        self.fragments.is_none()
    }

    /// Checks a header against what came before it; returns the length of its payload.
    fn admit(&self, header: &Header) -> Result<usize, ProtocolError> {
        let before = match (header.opcode, &self.fragments) {
            (opcode, _) if opcode.is_control() => 0,
            (Opcode::Continuation, None) => return Err(ProtocolError::UnexpectedContinuation),
            (Opcode::Continuation, Some(fragments)) => fragments.bytes.len() as u64,
            (_, Some(_)) => return Err(ProtocolError::ExpectedContinuation),
            (_, None) => 0,
        };
        // The sum cannot overflow: the length has 63 bits at most, `before` is within the limit.
        if !header.opcode.is_control() && before + header.payload_len > u64::from(self.max_message) {
            return Err(ProtocolError::MessageTooLong { limit: self.max_message });
        }
        usize::try_from(header.payload_len)
            .map_err(|_| ProtocolError::MessageTooLong { limit: self.max_message })
    }

    /// Adds a part to the fragmented message; returns the message with its last part.
    fn assemble(
        &mut self,
        opcode: Opcode,
        fin: bool,
        payload: &[u8],
    ) -> Result<Option<Incoming<'static>>, ProtocolError> {
        let fragments = self.fragments.get_or_insert_with(|| {
            Box::new(Fragments { is_text: opcode == Opcode::Text, bytes: Vec::new() })
        });
        fragments.bytes.extend_from_slice(payload);
        if !fin {
            return Ok(None);
        }
        let Some(fragments) = self.fragments.take() else { return Ok(None) };
        let Fragments { is_text, bytes } = *fragments;
        Ok(Some(if is_text {
            let text = String::from_utf8(bytes).map_err(|_| ProtocolError::InvalidUtf8)?;
            Incoming::Text(Cow::Owned(text))
        } else {
            Incoming::Binary(Cow::Owned(bytes))
        }))
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, ProtocolError> {
    str::from_utf8(bytes).map_err(|_| ProtocolError::InvalidUtf8)
}

fn close(payload: &[u8]) -> Result<Option<Close<'_>>, ProtocolError> {
    match payload {
        [] => Ok(None),
        [_] => Err(ProtocolError::TruncatedClose),
        [high, low, reason @ ..] => {
            let code = CloseCode(u16::from_be_bytes([*high, *low]));
            if !code.is_sendable() {
                return Err(ProtocolError::InvalidCloseCode(code.0));
            }
            Ok(Some(Close { code, reason: Cow::Borrowed(utf8(reason)?) }))
        }
    }
}
