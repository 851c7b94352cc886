mod cases;
mod handshake;
mod properties;
mod vectors;

use std::ops::ControlFlow;

use crate::ws::{CloseCode, Incoming, ProtocolError, Reader, Role, apply_mask};

/// A message that outlives its buffer.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Event {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(CloseCode, String)>),
}

impl From<Incoming<'_>> for Event {
    fn from(incoming: Incoming<'_>) -> Self {
        match incoming {
            Incoming::Text(text) => Self::Text(text.into_owned()),
            Incoming::Binary(bytes) => Self::Binary(bytes.into_owned()),
            Incoming::Ping(bytes) => Self::Ping(bytes.to_vec()),
            Incoming::Pong(bytes) => Self::Pong(bytes.to_vec()),
            Incoming::Close(close) => Self::Close(close.map(|close| (close.code, close.reason.into_owned()))),
        }
    }
}

/// What one end makes of `pieces`, and how it ended. Nothing is read behind a close frame.
fn read_all<'a>(
    role: Role,
    limit: u32,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Event>, Result<(), ProtocolError>) {
    let mut reader = Reader::new(role, limit);
    let mut events = Vec::new();
    for piece in pieces {
        let mut piece = piece.to_vec();
        let outcome = reader.feed(&mut piece, |incoming| {
            let event = Event::from(incoming);
            let closed = matches!(event, Event::Close(_));
            events.push(event);
            if closed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match outcome {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return (events, Ok(())),
            Err(error) => return (events, Err(error)),
        }
    }
    (events, Ok(()))
}

/// What a server makes of the whole input, read at once and byte by byte: always the same.
fn serve(limit: u32, input: &[u8]) -> (Vec<Event>, Result<(), ProtocolError>) {
    let at_once = read_all(Role::Server, limit, [input]);
    let trickled = read_all(Role::Server, limit, input.chunks(1));
    assert_eq!(at_once, trickled);
    at_once
}

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A client's frame, right or wrong: `first` is FIN, reserved bits and opcode.
fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(0x80 | len as u8),
        len @ 126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&KEY);
    let start = frame.len();
    frame.extend_from_slice(payload);
    apply_mask(&mut frame[start..], KEY);
    frame
}
