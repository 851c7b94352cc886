use std::{io, ops::Deref};

use bytes::{Buf as _, Bytes};

use crate::ws::{CloseCode, Opcode, apply_mask};

/// An empty ping, as a server sends it.
pub const PING: &[u8] = &[0x89, 0x00];
/// An empty pong, as a server sends it.
pub const PONG: &[u8] = &[0x8A, 0x00];

/// The longest header without a mask.
const SERVER_HEADER_MAX: usize = 10;

/// The bytes of a frame's header.
#[derive(Clone, Copy, Debug)]
pub struct FrameHeader {
    bytes: [u8; 14],
    len: u8,
}

impl Deref for FrameHeader {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// Writes the header of a final, unfragmented frame; with a `mask` it is a client's.
pub fn encode_header(opcode: Opcode, payload_len: usize, mask: Option<[u8; 4]>) -> FrameHeader {
    let mut bytes = [0; 14];
    bytes[0] = 0x80 | opcode as u8;
    let mut len = if payload_len < 126 {
        bytes[1] = payload_len as u8;
        2
    } else if let Ok(short) = u16::try_from(payload_len) {
        bytes[1] = 126;
        bytes[2..4].copy_from_slice(&short.to_be_bytes());
        4
    } else {
        bytes[1] = 127;
        bytes[2..10].copy_from_slice(&(payload_len as u64).to_be_bytes());
        10
    };
    if let Some(key) = mask {
        bytes[1] |= 0x80;
        bytes[len..len + 4].copy_from_slice(&key);
        len += 4;
    }
    FrameHeader { bytes, len: len as u8 }
}

/// Appends a final, unfragmented frame to `out`. A client gives a fresh `mask`, a server `None`.
pub fn encode(opcode: Opcode, payload: &[u8], mask: Option<[u8; 4]>, out: &mut Vec<u8>) {
    let header = encode_header(opcode, payload.len(), mask);
    out.reserve(header.len() + payload.len());
    out.extend_from_slice(&header);
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = mask {
        apply_mask(&mut out[start..], key);
    }
}

/// A server's text frame of `text`, to be shared among any number of connections.
pub fn text_frame(text: impl AsRef<str>) -> Bytes {
    let text = text.as_ref();
    let mut frame = TextFrame::with_capacity(text.len());
    frame.payload.extend_from_slice(text.as_bytes());
    frame.finish()
}

/// A server's close frame; a reason beyond 123 bytes is cut at a character.
pub fn close_frame(code: CloseCode, reason: &str) -> Bytes {
    let reason = &reason[..reason.floor_char_boundary(123)];
    let mut frame = Vec::with_capacity(4 + reason.len());
    frame.extend_from_slice(&encode_header(Opcode::Close, 2 + reason.len(), None));
    frame.extend_from_slice(&code.0.to_be_bytes());
    frame.extend_from_slice(reason.as_bytes());
    frame.into()
}

/// A server's text frame under construction: the payload is written once, its header put before it.
#[derive(Debug)]
pub struct TextFrame {
    /// Room for the longest header, then the payload.
    payload: Vec<u8>,
}

impl TextFrame {
    /// Begins a frame whose payload is about `payload_len` bytes long.
    pub fn with_capacity(payload_len: usize) -> Self {
        let mut payload = Vec::with_capacity(SERVER_HEADER_MAX + payload_len);
        payload.resize(SERVER_HEADER_MAX, 0);
        Self { payload }
    }

    /// Ends the frame. The payload must be UTF-8.
    pub fn finish(self) -> Bytes {
        let mut bytes = self.payload;
        let header = encode_header(Opcode::Text, bytes.len() - SERVER_HEADER_MAX, None);
        let start = SERVER_HEADER_MAX - header.len();
        bytes[start..SERVER_HEADER_MAX].copy_from_slice(&header);
        let mut bytes = Bytes::from(bytes);
        bytes.advance(start);
        bytes
    }
}

impl io::Write for TextFrame {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.payload.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.payload.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
