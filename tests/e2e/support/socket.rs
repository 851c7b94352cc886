//! A chat client's WebSocket.

use std::{
    collections::VecDeque,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    ops::ControlFlow,
    time::{Duration, Instant},
};

use kefu_protocol::{
    frame::{SUBPROTOCOL, ServerFrame},
    ws::{ClientHandshake, HandshakeStep, Incoming, Opcode, Reader, Role, encode},
};
use serde_json::Value;

use super::{http, random::patience};

/// Far beyond what a server sends.
const MAX_FRAME: u32 = 16 * 1024 * 1024;

/// What a server said.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// A frame of the chat protocol.
    Frame(Value),
    /// It closes, with this code.
    Close(u16),
}

/// The connection is gone.
#[derive(Debug)]
pub(crate) struct Lost;

impl From<io::Error> for Lost {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// One connection. It answers pings only while somebody calls [`Socket::next`].
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    reader: Reader,
    waiting: VecDeque<Said>,
    mask: u32,
}

impl Socket {
    /// Shakes hands; anything but a 101 is an error.
    pub(crate) fn open(address: SocketAddr, token: &str) -> Result<Self, Lost> {
        let mut stream = http::connect(address)?;
        let handshake = ClientHandshake::new(*b"sixteen byte key");
        let target = format!("/ws?token={token}");
        stream.write_all(&handshake.request(&address.to_string(), &target, SUBPROTOCOL, &[]))?;
        let mut head = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let read = stream.read(&mut buffer)?;
            head.extend_from_slice(&buffer[..read]);
            match handshake.response(&head, SUBPROTOCOL) {
                Ok(HandshakeStep::Open { consumed }) => {
                    let mut socket = Self {
                        stream,
                        reader: Reader::new(Role::Client, MAX_FRAME),
                        waiting: VecDeque::new(),
                        mask: 0x5eed_1234,
                    };
                    socket.take(&mut head[consumed..])?;
                    return Ok(socket);
                }
                Ok(HandshakeStep::Incomplete) if read > 0 => {}
                _ => return Err(Lost),
            }
        }
    }

    /// Sends one frame of the chat protocol.
    pub(crate) fn say(&mut self, frame: &Value) -> Result<(), Lost> {
        self.send(Opcode::Text, frame.to_string().as_bytes())
    }

    /// Sends one WebSocket frame.
    pub(crate) fn send(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Lost> {
        self.mask = self.mask.rotate_left(5) ^ 0x9e37_79b9;
        let mut bytes = Vec::new();
        encode(opcode, payload, Some(self.mask.to_be_bytes()), &mut bytes);
        Ok(self.stream.write_all(&bytes)?)
    }

    /// The next thing that the server says; `None` when it says nothing for `wait`.
    pub(crate) fn next(&mut self, wait: Duration) -> Result<Option<Said>, Lost> {
        let deadline = Instant::now() + wait;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            if let Some(said) = self.waiting.pop_front() {
                return Ok(Some(said));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            self.stream.set_read_timeout(Some(left.max(Duration::from_micros(500))))?;
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(Lost),
                Ok(read) => self.take(&mut buffer[..read])?,
                Err(error) if http::is_timeout(&error) => return Ok(None),
                Err(_) => return Err(Lost),
            }
        }
    }

    /// The next frame of this type; others are skipped.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, name: &str) -> Value {
        let deadline = Instant::now() + patience();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.next(left) {
                Ok(Some(Said::Frame(frame))) if frame["type"] == name => return frame,
                Ok(Some(Said::Frame(_))) => {}
                other => panic!("no {name} came: {other:?}"),
            }
        }
    }

    /// The code with which the server closes, 1006 when it just ends; `None` when it does neither in time.
    pub(crate) fn wait_for_close(&mut self, wait: Duration) -> Option<u16> {
        let deadline = Instant::now() + wait;
        loop {
            match self.next(deadline.saturating_duration_since(Instant::now())) {
                Ok(Some(Said::Close(code))) => return Some(code),
                Ok(Some(Said::Frame(_))) => {}
                Ok(None) => return None,
                Err(Lost) => return Some(1006),
            }
        }
    }

    fn take(&mut self, bytes: &mut [u8]) -> Result<(), Lost> {
        let waiting = &mut self.waiting;
        let mut pongs = Vec::new();
        let fed = self.reader.feed(bytes, |incoming| {
            match incoming {
                Incoming::Text(text) => {
                    ServerFrame::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
                    waiting.push_back(Said::Frame(serde_json::from_str(&text).unwrap()));
                }
                Incoming::Ping(body) => pongs.push(body.to_vec()),
                Incoming::Close(close) => {
                    waiting.push_back(Said::Close(close.map_or(1005, |close| close.code.0)));
                }
                Incoming::Pong(_) => {}
                Incoming::Binary(_) => panic!("the server sent bytes"),
            }
            ControlFlow::<()>::Continue(())
        });
        assert!(fed.is_ok(), "the server broke the WebSocket protocol: {fed:?}");
        for body in pongs {
            self.send(Opcode::Pong, &body)?;
        }
        Ok(())
    }
}
