//! A WebSocket that somebody listens to, with compressed messages or without: how its bytes are cut does not matter, no message
//! is longer than the limit, and each that was seen is given or has a reason.

#![no_main]

use kefu_traffic::{
    http::{Limits, Output, Session},
    tcp::Side,
};
use libfuzzer_sys::fuzz_target;

const MAX: usize = 1000;
const ASKED: &[u8] = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";

fn read(answer: &[u8], turns: &[(bool, &[u8])], piece: usize) -> Vec<(Side, bool, Vec<u8>)> {
    let mut session = Session::new(Limits { message: MAX, ..Limits::default() });
    let mut messages = Vec::new();
    let mut out = |output: Output| {
        if let Output::Frame { side, is_text, payload, .. } = output {
            assert!(payload.len() <= MAX && (!is_text || std::str::from_utf8(&payload).is_ok()));
            messages.push((side, is_text, payload));
        }
    };
    session.data(Side::Client, ASKED, 0, &mut out);
    session.data(Side::Server, answer, 0, &mut out);
    assert!(session.is_upgraded());
    for (is_client, bytes) in turns {
        let side = if *is_client { Side::Client } else { Side::Server };
        bytes.chunks(piece).for_each(|piece| session.data(side, piece, 0, &mut out));
    }
    session.ended(Side::Client, &mut out);
    session.ended(Side::Server, &mut out);
    let frames = session.totals().frames;
    assert_eq!(frames.seen, frames.emitted + frames.dropped());
    assert_eq!(frames.emitted, messages.len() as u64);
    messages
}

fuzz_target!(|input: (u8, u8, Vec<(bool, &[u8])>)| {
    let (kind, piece, turns) = input;
    let extension = match kind % 4 {
        0 => "",
        1 => "Sec-WebSocket-Extensions: permessage-deflate\r\n",
        2 => "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n",
        _ => "Sec-WebSocket-Extensions: x, permessage-deflate; server_no_context_takeover\r\n",
    };
    let answer = format!("HTTP/1.1 101 X\r\nUpgrade: websocket\r\n{extension}\r\n");
    let whole = read(answer.as_bytes(), &turns, usize::MAX);
    assert_eq!(whole, read(answer.as_bytes(), &turns, usize::from(piece).max(1)));
});
