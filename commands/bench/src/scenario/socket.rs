//! A WebSocket of a flow: one message after the other.

use std::{io, ops::ControlFlow};

use kefu_protocol::ws::{
    ClientHandshake, CloseCode, HandshakeError, HandshakeStep, Incoming, Opcode, ProtocolError, Reader, Role,
    encode,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{stream::Stream, target::Target};

/// A longer message is refused.
const MESSAGE_MAX: u32 = 4 << 20;
const READ: usize = 16 << 10;

pub(super) struct Socket {
    stream: Stream,
    reader: Reader,
    buffer: Vec<u8>,
    mask: u64,
    /// What came with the answer to the opening.
    first: Option<Heard>,
}

/// Why a WebSocket is of no more use.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketError {
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    #[error("the server did not open a WebSocket")]
    NotOpened(#[from] HandshakeError),
    #[error("the connection broke")]
    Broken(#[from] io::Error),
    #[error("the server closed it")]
    Closed,
    #[error("the server broke the protocol")]
    Protocol(#[from] ProtocolError),
}

impl SocketError {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Connect(_) => "unreachable",
            Self::NotOpened(_) => "not_opened",
            Self::Broken(_) => "broken",
            Self::Closed => "closed",
            Self::Protocol(_) => "protocol",
        }
    }
}

impl Socket {
    /// Connects and opens; `random` gives the source address, the nonce and the masks.
    pub(super) async fn open(
        target: &Target,
        path: &str,
        subprotocol: &str,
        headers: &[(&str, String)],
        random: [u64; 2],
    ) -> Result<Self, SocketError> {
        let mut stream = Stream::connect(target, random[0] as usize).await.map_err(SocketError::Connect)?;
        let nonce = (u128::from(random[0]) << 64 | u128::from(random[1])).to_ne_bytes();
        let handshake = ClientHandshake::new(nonce);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        stream.write_all(&handshake.request(&target.authority, path, subprotocol, &headers)).await?;
        stream.flush().await?;
        let mut answer = Vec::new();
        let consumed = loop {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(SocketError::Closed);
            }
            if let HandshakeStep::Open { consumed } = handshake.response(&answer, subprotocol)? {
                break consumed;
            }
        };
        let mut reader = Reader::new(Role::Client, MESSAGE_MAX);
        // Frames may have come with the answer; what follows the first of them the reader keeps.
        let first = reader.feed(&mut answer[consumed..], hear)?.break_value();
        Ok(Self { stream, reader, buffer: vec![0; READ], mask: random[0], first })
    }

    pub(super) async fn send(&mut self, text: &str) -> Result<(), SocketError> {
        self.frame(Opcode::Text, text.as_bytes()).await
    }

    /// Waits for a text that `wanted` takes; others are passed over.
    pub(super) async fn receive(&mut self, wanted: impl Fn(&str) -> bool) -> Result<String, SocketError> {
        loop {
            match self.next().await? {
                Heard::Text(text) if wanted(&text) => return Ok(text),
                Heard::Text(_) => {}
                Heard::Ping(payload) => self.frame(Opcode::Pong, &payload).await?,
                Heard::Close => return Err(SocketError::Closed),
            }
        }
    }

    pub(super) async fn close(mut self, code: CloseCode) -> Result<(), SocketError> {
        self.frame(Opcode::Close, &code.0.to_be_bytes()).await
    }

    async fn frame(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SocketError> {
        // A mask need not be secret here.
        self.mask = self.mask.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mask = ((self.mask >> 32) as u32).to_ne_bytes();
        let mut frame = Vec::new();
        encode(opcode, payload, Some(mask), &mut frame);
        self.stream.write_all(&frame).await?;
        Ok(self.stream.flush().await?)
    }

    async fn next(&mut self) -> Result<Heard, SocketError> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        let mut read = 0;
        loop {
            let heard = self.reader.feed(&mut self.buffer[..read], hear)?;
            if let ControlFlow::Break(heard) = heard {
                return Ok(heard);
            }
            read = self.stream.read(&mut self.buffer).await?;
            if read == 0 {
                return Err(SocketError::Closed);
            }
        }
    }
}

fn hear(incoming: Incoming<'_>) -> ControlFlow<Heard> {
    match incoming {
        Incoming::Text(text) => ControlFlow::Break(Heard::Text(text.into_owned())),
        Incoming::Ping(payload) => ControlFlow::Break(Heard::Ping(payload.to_vec())),
        Incoming::Close(_) => ControlFlow::Break(Heard::Close),
        Incoming::Binary(_) | Incoming::Pong(_) => ControlFlow::Continue(()),
    }
}

/// What the server has said.
#[derive(Debug)]
enum Heard {
    Text(String),
    Ping(Vec<u8>),
    Close,
}
