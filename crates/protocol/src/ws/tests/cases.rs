//! What the public conformance suites for RFC 6455 look at, as a table of our own.

use super::{Event, client_frame as frame, serve};
use crate::ws::{CloseCode, Decoder, ProtocolError, Reader, Role, Step};

const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

const LIMIT: u32 = 1000;

fn text(text: &str) -> Event {
    Event::Text(text.into())
}

fn error(frames: &[Vec<u8>]) -> ProtocolError {
    let (_, outcome) = serve(LIMIT, &frames.concat());
    outcome.expect_err("the input is wrong")
}

fn events(frames: &[Vec<u8>]) -> Vec<Event> {
    let (events, outcome) = serve(LIMIT, &frames.concat());
    assert_eq!(outcome, Ok(()));
    events
}

#[test]
fn idle_state_is_small() {
    assert!(size_of::<Decoder>() <= 16, "{}", size_of::<Decoder>());
    assert!(size_of::<Reader>() <= 24, "{}", size_of::<Reader>());
}

#[test]
fn nothing_is_kept_once_all_is_read() {
    let mut reader = Reader::new(Role::Server, LIMIT);
    let stream = [frame(TEXT, b"a"), frame(FIN, b"b"), frame(FIN | PING, b"")].concat();
    for (index, byte) in stream.iter().enumerate() {
        let flow = reader.feed::<()>(&mut [*byte], |_| std::ops::ControlFlow::Continue(()));
        assert!(flow.expect("the frames are right").is_continue());
        assert_eq!(reader.is_idle(), index + 1 == stream.len() || index + 1 == 14, "after byte {index}");
    }
}

#[test]
fn whole_messages_are_borrowed_from_the_input() {
    let mut input = frame(FIN | TEXT, "客服".as_bytes());
    let range = input.as_ptr_range();
    let step = Decoder::new(Role::Server, LIMIT).next(&mut input).expect("the frame is right");
    let Step::Incoming { incoming: super::Incoming::Text(text), consumed: 12 } = step else {
        panic!("{step:?}")
    };
    assert!(matches!(text, std::borrow::Cow::Borrowed(_)));
    assert!(range.contains(&text.as_ptr()));
}

#[test]
fn fragmentation() {
    let cases: [(&[Vec<u8>], &[Event]); 7] = [
        (&[frame(TEXT, b"a"), frame(FIN, b"b")], &[text("ab")]),
        (&[frame(TEXT, b""), frame(0, b""), frame(FIN, b"")], &[text("")]),
        (&[frame(BINARY, b"\xFF"), frame(0, b"\xFE"), frame(FIN, b"")], &[Event::Binary(vec![0xFF, 0xFE])]),
        // A character cut in the middle is whole again in the message.
        (&[frame(TEXT, b"\xE5\xAE"), frame(FIN, b"\xA2")], &[text("客")]),
        (
            &[
                frame(TEXT, b"a"),
                frame(FIN | PING, b"p"),
                frame(0, b"b"),
                frame(FIN | PONG, b"q"),
                frame(FIN, b"c"),
            ],
            &[Event::Ping(b"p".to_vec()), Event::Pong(b"q".to_vec()), text("abc")],
        ),
        (
            &[frame(TEXT, b"a"), frame(FIN, b"b"), frame(TEXT, b"c"), frame(FIN, b"d")],
            &[text("ab"), text("cd")],
        ),
        // A close within a fragmented message ends everything.
        (&[frame(TEXT, b"a"), frame(FIN | CLOSE, b""), frame(FIN, b"b")], &[Event::Close(None)]),
    ];
    for (frames, expected) in cases {
        assert_eq!(events(frames), expected);
    }
}

#[test]
fn continuation_rules() {
    assert_eq!(error(&[frame(FIN | CONTINUATION, b"a")]), ProtocolError::UnexpectedContinuation);
    assert_eq!(error(&[frame(CONTINUATION, b"a")]), ProtocolError::UnexpectedContinuation);
    for first in [TEXT, FIN | TEXT, BINARY, FIN | BINARY] {
        assert_eq!(error(&[frame(TEXT, b"a"), frame(first, b"b")]), ProtocolError::ExpectedContinuation);
    }
    let frames = [frame(TEXT, b"a"), frame(FIN, b"b"), frame(FIN, b"c")];
    assert_eq!(error(&frames), ProtocolError::UnexpectedContinuation);
}

#[test]
fn reserved_bits_and_opcodes() {
    for bits in [0x40, 0x20, 0x10, 0x70] {
        for opcode in [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] {
            assert_eq!(error(&[frame(FIN | bits | opcode, b"")]), ProtocolError::ReservedBits);
        }
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        assert_eq!(error(&[frame(FIN | opcode, b"")]), ProtocolError::ReservedOpcode(opcode));
    }
}

#[test]
fn control_frames() {
    for opcode in [CLOSE, PING, PONG] {
        assert_eq!(error(&[frame(opcode, b"")]), ProtocolError::FragmentedControl);
        assert_eq!(error(&[frame(FIN | opcode, &[b'x'; 126])]), ProtocolError::ControlTooLong);
        assert_eq!(error(&[frame(FIN | opcode, &[b'x'; 70_000])]), ProtocolError::ControlTooLong);
    }
    let full = vec![0xFE; 125];
    assert_eq!(events(&[frame(FIN | PING, &full)]), [Event::Ping(full)]);
}

#[test]
fn masks_belong_to_clients() {
    let (_, outcome) = serve(LIMIT, b"\x81\x05Hello");
    assert_eq!(outcome, Err(ProtocolError::Unmasked));
    let (_, outcome) = super::read_all(Role::Client, LIMIT, [&frame(FIN | TEXT, b"Hello")[..]]);
    assert_eq!(outcome, Err(ProtocolError::Masked));
}

#[test]
fn lengths() {
    let with_length = |length: [u8; 8]| [&[FIN | TEXT, 0xFF][..], &length, &[0; 4]].concat();
    assert_eq!(error(&[with_length([0x80, 0, 0, 0, 0, 0, 0, 0])]), ProtocolError::LengthTopBit);
    let too_long = ProtocolError::MessageTooLong { limit: LIMIT };
    assert_eq!(error(&[with_length([0x7F, 255, 255, 255, 255, 255, 255, 255])]), too_long);
    assert_eq!(error(&[with_length(1001_u64.to_be_bytes())]), too_long);
    // More bytes for the length than it needs are no error.
    let long_form = [with_length(0_u64.to_be_bytes()), frame(FIN | TEXT, b"x")];
    assert_eq!(events(&long_form), [text(""), text("x")]);
}

#[test]
fn too_long_is_known_before_the_payload_comes() {
    let head = &frame(FIN | TEXT, &[b'x'; 1001])[..8];
    assert_eq!(error(&[head.to_vec()]), ProtocolError::MessageTooLong { limit: LIMIT });
    let parts = [frame(TEXT, &[b'x'; 600]), frame(0, &[b'x'; 400])];
    assert_eq!(events(&[parts.concat(), frame(FIN, b"")]), [text(&"x".repeat(1000))]);
    let next = frame(FIN, b"y")[..6].to_vec();
    assert_eq!(error(&[parts.concat(), next]), ProtocolError::MessageTooLong { limit: LIMIT });
    // Control frames do not count.
    let pinged = [parts.concat(), frame(FIN | PING, &[0; 125]), frame(FIN, b"")];
    assert_eq!(events(&pinged).len(), 2);
}

#[test]
fn utf8() {
    for good in ["κόσμε", "\u{0}\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}", "👩‍👩‍👧 退款"]
    {
        assert_eq!(events(&[frame(FIN | TEXT, good.as_bytes())]), [text(good)]);
        for cut in 0..=good.len() {
            let (head, tail) = good.as_bytes().split_at(cut);
            let frames = [frame(TEXT, head), frame(FIN | PING, b""), frame(FIN, tail)];
            assert_eq!(events(&frames)[1], text(good));
        }
    }
    let bad: [&[u8]; 8] = [
        b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80edited",
        b"\xC0\xAF",
        b"\xE0\x80\xAF",
        b"\xF4\x90\x80\x80",
        b"\xF8\x88\x80\x80\x80",
        b"\x80",
        b"\xE5\xAE",
        b"\xFF",
    ];
    for bad in bad {
        assert_eq!(error(&[frame(FIN | TEXT, bad)]), ProtocolError::InvalidUtf8);
        assert_eq!(error(&[frame(TEXT, bad), frame(FIN, b"")]), ProtocolError::InvalidUtf8);
        let reason = [&1000_u16.to_be_bytes(), bad].concat();
        assert_eq!(error(&[frame(FIN | CLOSE, &reason)]), ProtocolError::InvalidUtf8);
        assert_eq!(events(&[frame(FIN | BINARY, bad)]), [Event::Binary(bad.to_vec())]);
    }
}

#[test]
fn close_codes() {
    assert_eq!(events(&[frame(FIN | CLOSE, b"")]), [Event::Close(None)]);
    assert_eq!(error(&[frame(FIN | CLOSE, b"\x03")]), ProtocolError::TruncatedClose);
    let good = [1000..=1003, 1007..=1014, 3000..=4999];
    for code in 0..=u16::MAX {
        let close = frame(FIN | CLOSE, &[&code.to_be_bytes()[..], b"why"].concat());
        if good.iter().any(|range| range.contains(&code)) {
            assert_eq!(events(&[close]), [Event::Close(Some((CloseCode(code), "why".into())))]);
        } else {
            assert_eq!(error(&[close]), ProtocolError::InvalidCloseCode(code));
        }
    }
}

#[test]
fn errors_have_their_close_code() {
    let limit = ProtocolError::MessageTooLong { limit: 1 };
    assert_eq!(limit.close_code(), CloseCode::TOO_BIG);
    assert_eq!(CloseCode::for_chat(&limit), CloseCode::BAD_FRAME);
    assert_eq!(ProtocolError::InvalidUtf8.close_code(), CloseCode::INVALID_PAYLOAD);
    assert_eq!(CloseCode::for_chat(&ProtocolError::InvalidUtf8), CloseCode::INVALID_PAYLOAD);
    assert_eq!(ProtocolError::Unmasked.close_code(), CloseCode::PROTOCOL_ERROR);
}
