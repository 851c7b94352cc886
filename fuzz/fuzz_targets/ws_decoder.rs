//! A peer's bytes: decoding never panics, how they are cut never matters, the limit always holds.

#![no_main]

use std::ops::ControlFlow;

use kefu_protocol::ws::{Incoming, ProtocolError, Reader, Role};
use libfuzzer_sys::fuzz_target;

const LIMIT: u32 = 512;

fn decode<'a>(
    role: Role,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<String>, Result<(), ProtocolError>) {
    let mut reader = Reader::new(role, LIMIT);
    let mut seen = Vec::new();
    for piece in pieces {
        let mut piece = piece.to_vec();
        let outcome = reader.feed::<()>(&mut piece, |incoming| {
            match &incoming {
                Incoming::Text(text) => assert!(text.len() <= LIMIT as usize),
                Incoming::Binary(bytes) => assert!(bytes.len() <= LIMIT as usize),
                Incoming::Ping(bytes) | Incoming::Pong(bytes) => assert!(bytes.len() <= 125),
                Incoming::Close(_) => {}
            }
            seen.push(format!("{incoming:?}"));
            ControlFlow::Continue(())
        });
        if let Err(error) = outcome {
            return (seen, Err(error));
        }
    }
    (seen, Ok(()))
}

fuzz_target!(|input: &[u8]| {
    let Some((&choice, bytes)) = input.split_first() else { return };
    let role = if choice & 0x80 == 0 { Role::Server } else { Role::Client };
    let size = usize::from(choice & 0x7F) + 1;
    let whole = decode(role, std::iter::once(bytes));
    assert_eq!(whole, decode(role, bytes.chunks(size)));
});
