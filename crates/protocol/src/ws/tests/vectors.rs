//! The examples of RFC 6455 §5.7, byte for byte.

use super::{Event, KEY, read_all, serve};
use crate::ws::{CloseCode, Opcode, PING, PONG, Role, close_frame, encode, text_frame};

const LIMIT: u32 = 1 << 20;

fn from_server(input: &[u8]) -> Vec<Event> {
    let (events, outcome) = read_all(Role::Client, LIMIT, [input]);
    assert_eq!(outcome, Ok(()));
    events
}

fn encoded(opcode: Opcode, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut out = Vec::new();
    encode(opcode, payload, mask, &mut out);
    out
}

#[test]
fn single_frame_unmasked_text() {
    let bytes = b"\x81\x05Hello";
    assert_eq!(from_server(bytes), [Event::Text("Hello".into())]);
    assert_eq!(encoded(Opcode::Text, b"Hello", None), bytes);
    assert_eq!(&text_frame("Hello")[..], bytes);
}

#[test]
fn single_frame_masked_text() {
    let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(serve(LIMIT, &bytes), (vec![Event::Text("Hello".into())], Ok(())));
    assert_eq!(encoded(Opcode::Text, b"Hello", Some(KEY)), bytes);
}

#[test]
fn fragmented_unmasked_text() {
    assert_eq!(from_server(b"\x01\x03Hel\x80\x02lo"), [Event::Text("Hello".into())]);
}

#[test]
fn unmasked_ping_and_masked_pong() {
    assert_eq!(from_server(b"\x89\x05Hello"), [Event::Ping(b"Hello".to_vec())]);
    let pong = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(serve(LIMIT, &pong), (vec![Event::Pong(b"Hello".to_vec())], Ok(())));
    assert_eq!(from_server(&[PING, PONG].concat()), [Event::Ping(vec![]), Event::Pong(vec![])]);
}

#[test]
fn medium_and_large_binary() {
    for (len, header) in
        [(256, &b"\x82\x7E\x01\x00"[..]), (65_536, &b"\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00"[..])]
    {
        let payload = vec![7; len];
        let bytes = [header, &payload].concat();
        assert_eq!(encoded(Opcode::Binary, &payload, None), bytes);
        assert_eq!(from_server(&bytes), [Event::Binary(payload)]);
    }
}

#[test]
fn lengths_at_every_edge() {
    for len in [0, 1, 7, 8, 9, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537] {
        let payload = "x".repeat(len);
        let expected = [Event::Text(payload.clone())];
        assert_eq!(from_server(&text_frame(&payload)), expected, "{len} bytes from the server");
        let masked = encoded(Opcode::Text, payload.as_bytes(), Some(KEY));
        assert_eq!(read_all(Role::Server, LIMIT, [&masked[..]]).0, expected, "{len} bytes to the server");
    }
}

#[test]
fn close_frames() {
    assert_eq!(&close_frame(CloseCode::NORMAL, "bye")[..], b"\x88\x05\x03\xE8bye");
    // 123 bytes is the most; a character is never cut in two.
    let long = format!("{}é", "a".repeat(122));
    let frame = close_frame(CloseCode::SLOW, &long);
    assert_eq!(frame[1], 124);
    assert_eq!(from_server(&frame), [Event::Close(Some((CloseCode::SLOW, "a".repeat(122))))]);
}
