//! A WebSocket as its client has it.

use std::ops::ControlFlow;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use kefu_protocol::ws::{self, CloseCode, Incoming, Opcode, Role, accept_key};
use kefu_traffic::{
    http::{Start, head_len, header_lines, parse_head},
    tcp::Side,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{head::EditedHead, target::Target};

/// A longer head is no answer to a handshake.
const HEAD_MAX: usize = 64 << 10;
/// How much is read at once.
const READ: usize = 16 << 10;

/// An open connection.
pub(crate) struct Link {
    stream: TcpStream,
    reader: ws::Reader,
    /// What was read and not taken yet.
    bytes: Vec<u8>,
}

impl Link {
    /// Makes the connection, and agrees on the protocol by a handshake that still has no key of its own.
    pub(crate) async fn open(target: Target, mut head: EditedHead, message_max: u32) -> Option<Self> {
        let mut stream = target.connect().await.ok()?;
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).ok()?;
        let key = BASE64_STANDARD.encode(nonce);
        head.set("Sec-WebSocket-Key", &key);
        stream.write_all(&head.bytes()).await.ok()?;
        let mut answer = Vec::new();
        let len = loop {
            if let Some(len) = head_len(&answer, 0) {
                break len;
            }
            if answer.len() > HEAD_MAX || stream.read_buf(&mut answer).await.ok()? == 0 {
                return None;
            }
        };
        let bytes = answer.split_off(len);
        let head = parse_head(Side::Server, &answer).ok()?;
        let accepted =
            header_lines(&answer).find(|(name, _)| name.eq_ignore_ascii_case(b"sec-websocket-accept"));
        let is_agreed = head.start == Start::Response { status: 101 }
            && accepted.is_some_and(|(_, value)| value == accept_key(&key).as_bytes());
        is_agreed.then(|| Self { stream, reader: ws::Reader::new(Role::Client, message_max), bytes })
    }

    /// Waits until something has come, or the other side is gone; whoever waits no longer has lost nothing.
    pub(crate) async fn wait(&mut self) {
        if self.bytes.is_empty() {
            self.bytes.reserve(READ);
            // What went wrong shows as nothing that came.
            drop(self.stream.read_buf(&mut self.bytes).await);
        }
    }

    /// Takes the messages out of what has come; none when nothing more will.
    pub(crate) async fn take(&mut self) -> Option<Vec<Vec<u8>>> {
        let mut bytes = std::mem::take(&mut self.bytes);
        if bytes.is_empty() {
            return None;
        }
        let (mut messages, mut pongs) = (Vec::new(), Vec::new());
        let read = self.reader.feed(&mut bytes, |incoming| {
            match incoming {
                Incoming::Text(text) => messages.push(text.into_owned().into_bytes()),
                Incoming::Binary(bytes) => messages.push(bytes.to_vec()),
                Incoming::Ping(payload) => pongs.push(payload.to_vec()),
                Incoming::Pong(_) => {}
                Incoming::Close(_) => return ControlFlow::Break(()),
            }
            ControlFlow::Continue(())
        });
        for pong in pongs {
            self.send(Opcode::Pong, &pong).await;
        }
        let is_over = !matches!(read, Ok(ControlFlow::Continue(())));
        (!is_over || !messages.is_empty()).then_some(messages)
    }

    /// Sends a message; says whether it could be.
    pub(crate) async fn say(&mut self, is_text: bool, payload: &[u8]) -> bool {
        self.send(if is_text { Opcode::Text } else { Opcode::Binary }, payload).await
    }

    /// Takes leave.
    pub(crate) async fn close(mut self) {
        self.send(Opcode::Close, &CloseCode::NORMAL.0.to_be_bytes()).await;
    }

    async fn send(&mut self, opcode: Opcode, payload: &[u8]) -> bool {
        let mut mask = [0; 4];
        if getrandom::fill(&mut mask).is_err() {
            return false;
        }
        let mut frame = Vec::new();
        ws::encode(opcode, payload, Some(mask), &mut frame);
        self.stream.write_all(&frame).await.is_ok()
    }
}
