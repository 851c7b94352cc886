use std::{
    io::{self, Cursor, Read, Write},
    ops::ControlFlow,
};

use proptest::{collection::vec, prelude::*, sample::select};
use tungstenite::{
    Message,
    protocol::{Role as PeerRole, WebSocket, WebSocketConfig},
};

use super::{Event, client_frame, read_all};
use crate::ws::{CloseCode, Opcode, ProtocolError, Reader, Role, apply_mask, close_frame, encode};

const LIMIT: u32 = 300;

fn event() -> impl Strategy<Value = Event> {
    let bytes = || vec(any::<u8>(), 0..=125);
    prop_oneof![
        4 => ".{0,60}".prop_map(Event::Text),
        1 => vec(any::<u8>(), 0..300).prop_map(Event::Binary),
        1 => bytes().prop_map(Event::Ping),
        1 => bytes().prop_map(Event::Pong),
    ]
}

/// Encodes messages, those of data in as many fragments as `fragments` says.
fn write_all(role: Role, events: &[(Event, usize)], mask: [u8; 4]) -> Vec<u8> {
    let mask = (role == Role::Server).then_some(mask);
    let mut out = Vec::new();
    for (event, fragments) in events {
        let (opcode, payload) = match event {
            Event::Text(text) => (Opcode::Text, text.as_bytes()),
            Event::Binary(bytes) => (Opcode::Binary, &bytes[..]),
            Event::Ping(bytes) => (Opcode::Ping, &bytes[..]),
            Event::Pong(bytes) => (Opcode::Pong, &bytes[..]),
            Event::Close(_) => unreachable!("not generated"),
        };
        if opcode.is_control() || *fragments < 2 {
            encode(opcode, payload, mask, &mut out);
            continue;
        }
        let size = payload.len().div_ceil(*fragments).max(1);
        let mut parts: Vec<_> = payload.chunks(size).collect();
        if parts.is_empty() {
            parts.push(b"");
        }
        let last = parts.len() - 1;
        for (index, part) in parts.into_iter().enumerate() {
            let start = out.len();
            encode(if index == 0 { opcode } else { Opcode::Continuation }, part, mask, &mut out);
            if index < last {
                out[start] &= 0x7F;
            }
        }
    }
    out
}

/// Cuts `bytes` at the given places, wherever they fall.
fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.sort_unstable();
    cuts.push(bytes.len());
    let mut from = 0;
    let mut pieces = Vec::new();
    for cut in cuts {
        pieces.push(&bytes[from..cut]);
        from = cut;
    }
    pieces
}

/// A frame that is mostly right.
fn raw_frame() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        4 => ".{0,40}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..140),
        1 => Just("客".as_bytes()[..2].to_vec()),
        1 => Just("客".as_bytes()[2..].to_vec()),
        1 => vec(any::<u8>(), 290..310),
    ];
    let codes = vec![1000, 1001, 1003, 1007, 1011, 3000, 4999, 0, 999, 1005, 1006, 1015, 2999, 5000];
    let close = (select(codes), ".{0,20}")
        .prop_map(|(code, why): (u16, String)| [&code.to_be_bytes(), why.as_bytes()].concat());
    let data = (any::<bool>(), select(vec![0_u8, 0, 1, 2]), payload.clone())
        .prop_map(|(fin, opcode, payload)| client_frame(if fin { 0x80 } else { 0 } | opcode, &payload));
    prop_oneof![
        12 => data,
        4 => (select(vec![9_u8, 10]), vec(any::<u8>(), 0..=125)).prop_map(|(opcode, p)| client_frame(0x80 | opcode, &p)),
        1 => prop_oneof![close, vec(any::<u8>(), 0..2)].prop_map(|payload| client_frame(0x88, &payload)),
        1 => (any::<u8>(), payload).prop_map(|(first, payload)| client_frame(first, &payload)),
        1 => Just(b"\x81\x01x".to_vec()),
    ]
}

/// A stream that gives what it has and swallows the rest.
struct Tape(Cursor<Vec<u8>>);

impl Read for Tape {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite makes of a server's input; the error is true when the text was at fault.
fn peer(input: Vec<u8>) -> (Vec<Event>, Option<bool>) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LIMIT as usize))
        .max_frame_size(Some(LIMIT as usize));
    let mut socket = WebSocket::from_raw_socket(Tape(Cursor::new(input)), PeerRole::Server, Some(config));
    let mut events = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => events.push(Event::Text(text.to_string())),
            Ok(Message::Binary(bytes)) => events.push(Event::Binary(bytes.to_vec())),
            Ok(Message::Ping(bytes)) => events.push(Event::Ping(bytes.to_vec())),
            Ok(Message::Pong(bytes)) => events.push(Event::Pong(bytes.to_vec())),
            Ok(Message::Close(close)) => {
                // It turns a forbidden code into this frame.
                if close.as_ref().is_some_and(|close| close.reason == "Protocol violation") {
                    return (events, Some(false));
                }
                let close = close.map(|close| (CloseCode(close.code.into()), close.reason.to_string()));
                events.push(Event::Close(close));
                return (events, None);
            }
            Ok(Message::Frame(_)) => unreachable!("reading gives whole messages"),
            Err(tungstenite::Error::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )) => return (events, None),
            Err(tungstenite::Error::Utf8(_)) => return (events, Some(true)),
            Err(_) => return (events, Some(false)),
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_however_it_is_cut(
        events in vec((event(), 0..5_usize), 0..12),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
        mask: [u8; 4],
        role in select(vec![Role::Server, Role::Client]),
    ) {
        let bytes = write_all(role, &events, mask);
        let (read, outcome) = read_all(role, LIMIT, pieces(&bytes, &cuts));
        prop_assert_eq!(outcome, Ok(()));
        prop_assert_eq!(read, events.into_iter().map(|(event, _)| event).collect::<Vec<_>>());
    }

    #[test]
    fn breaking_off_loses_nothing(
        events in vec((event(), 0..4_usize), 1..12),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let bytes = write_all(Role::Server, &events, [1, 2, 3, 4]);
        let mut reader = Reader::new(Role::Server, LIMIT);
        let mut read = Vec::new();
        for piece in pieces(&bytes, &cuts) {
            let mut piece = piece.to_vec();
            // One message per call; the rest is asked for with an empty input.
            while reader
                .feed(&mut piece, |incoming| {
                    read.push(Event::from(incoming));
                    ControlFlow::Break(())
                })
                .expect("the frames are right")
                .is_break()
            {
                piece.clear();
            }
        }
        prop_assert!(reader.is_idle());
        prop_assert_eq!(read, events.into_iter().map(|(event, _)| event).collect::<Vec<_>>());
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_cuts_never_matter(
        bytes in vec(any::<u8>(), 0..200),
        cuts in vec(any::<prop::sample::Index>(), 0..10),
        role in select(vec![Role::Server, Role::Client]),
    ) {
        prop_assert_eq!(read_all(role, LIMIT, [&bytes[..]]), read_all(role, LIMIT, pieces(&bytes, &cuts)));
    }

    #[test]
    fn a_server_agrees_with_tungstenite(frames in vec(raw_frame(), 0..8)) {
        let bytes = frames.concat();
        let (ours, outcome) = read_all(Role::Server, LIMIT, [&bytes[..]]);
        let (theirs, error) = peer(bytes);
        match error {
            // It checks text part by part and may give up earlier; the text never becomes a message.
            Some(true) => {
                prop_assert!(ours.starts_with(&theirs), "{ours:?} {theirs:?}");
                let is_data = |event: &Event| matches!(event, Event::Text(_) | Event::Binary(_));
                prop_assert!(!ours[theirs.len()..].iter().any(is_data), "{ours:?} {theirs:?}");
            }
            Some(false) => {
                prop_assert!(outcome.is_err(), "only tungstenite refuses: {ours:?} {theirs:?}");
                prop_assert_eq!(ours, theirs);
            }
            None => {
                prop_assert_eq!(outcome, Ok(()));
                prop_assert_eq!(ours, theirs);
            }
        }
    }

    #[test]
    fn masking_is_its_own_inverse_and_bytewise(mut bytes in vec(any::<u8>(), 0..100), key: [u8; 4]) {
        let plain = bytes.clone();
        apply_mask(&mut bytes, key);
        for (index, byte) in bytes.iter().enumerate() {
            prop_assert_eq!(*byte, plain[index] ^ key[index % 4]);
        }
        apply_mask(&mut bytes, key);
        prop_assert_eq!(bytes, plain);
    }

    #[test]
    fn close_frames_are_read_back(code in prop_oneof![1000_u16..=1003, 3000_u16..=4999], reason in ".{0,60}") {
        let frame = close_frame(CloseCode(code), &reason);
        let (events, outcome) = read_all(Role::Client, LIMIT, [&frame[..]]);
        prop_assert_eq!(outcome, Ok::<(), ProtocolError>(()));
        let [Event::Close(Some((read, cut)))] = &events[..] else { panic!("{events:?}") };
        prop_assert_eq!(read.0, code);
        prop_assert!(reason.starts_with(cut.as_str()) && cut.len() <= 123);
    }
}
