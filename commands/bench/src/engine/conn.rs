use std::{
    io::{self, Read as _, Write as _},
    ops::ControlFlow,
};

use kefu_protocol::{
    frame::SUBPROTOCOL,
    ws::{ClientHandshake, CloseCode, HandshakeError, HandshakeStep, ProtocolError, Reader, Role},
};

use super::peer::{Context, Peer, State};
use crate::{link::Link, target::Target};

/// Longest frame that is taken from the server: a page of a replay is many frames, none of them longer.
const MAX_MESSAGE: u32 = 1 << 20;

/// A client's connection and what is under way on it; small while nothing is.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) link: Option<Link>,
    pub(crate) peer: Peer,
    reader: Reader,
    /// What the socket did not take yet.
    unsent: Vec<u8>,
    upgrade: Option<Box<Upgrade>>,
}

/// An opening handshake under way.
#[derive(Debug)]
struct Upgrade {
    handshake: ClientHandshake,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    #[error("the server closed the connection with code {0}")]
    Closed(CloseCode),
    #[error("the server closed the connection without a code")]
    ClosedWithoutCode,
    #[error("the server ended the connection without closing it")]
    Vanished,
    #[error("the connection broke")]
    Broken(#[from] io::Error),
    #[error("the server did not open a WebSocket")]
    NotOpened(#[from] HandshakeError),
    #[error("the server broke the WebSocket protocol")]
    Protocol(#[from] ProtocolError),
}

impl Ended {
    /// The close code, if the server gave one.
    pub(crate) fn code(&self) -> Option<CloseCode> {
        match self {
            Self::Closed(code) => Some(*code),
            _ => None,
        }
    }

    /// Whether it is worth trying again soon.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Closed(code) => *code == CloseCode::RESTART || *code == CloseCode::RATE_LIMITED,
            Self::NotOpened(HandshakeError::Status { status }) => matches!(status, 429 | 503),
            Self::NotOpened(_) | Self::Protocol(_) => false,
            Self::ClosedWithoutCode | Self::Vanished | Self::Broken(_) => true,
        }
    }
}

impl Conn {
    pub(crate) fn new(peer: Peer) -> Self {
        Self {
            link: None,
            peer,
            reader: Reader::new(Role::Client, MAX_MESSAGE),
            unsent: Vec::new(),
            upgrade: None,
        }
    }

    /// Begins to connect; the socket becomes writable when it is done.
    pub(crate) fn connect(
        &mut self,
        target: &Target,
        number: usize,
        nonce: [u8; 16],
        token: &str,
    ) -> io::Result<&mut Link> {
        let link = Link::open(target, number)?;
        let handshake = ClientHandshake::new(nonce);
        let authorization = format!("Bearer {token}");
        let request =
            handshake.request(&target.authority, "/ws", SUBPROTOCOL, &[("Authorization", &authorization)]);
        self.upgrade = Some(Box::new(Upgrade { handshake, request, answer: Vec::new() }));
        self.reader = Reader::new(Role::Client, MAX_MESSAGE);
        self.unsent = Vec::new();
        self.peer.state = State::Connecting;
        Ok(self.link.insert(link))
    }

    /// The socket is writable: sends what is waiting.
    pub(crate) fn writable(&mut self) -> Result<(), Ended> {
        let Some(link) = &mut self.link else { return Ok(()) };
        if self.peer.state == State::Connecting {
            if !link.is_connected()? || !link.shake()? {
                return Ok(());
            }
            self.peer.state = State::Upgrading;
            let request = self.upgrade.as_mut().map(|upgrade| std::mem::take(&mut upgrade.request));
            return self.write(&request.unwrap_or_default());
        }
        if !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            self.write(&unsent)?;
        }
        match &mut self.link {
            Some(link) => Ok(link.flush()?),
            None => Ok(()),
        }
    }

    /// Sends `bytes` after what is already waiting; what the socket does not take waits.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        let Some(link) = &mut self.link else { return Ok(()) };
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return Ok(());
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            match link.write(rest) {
                Ok(0) => return Err(Ended::Vanished),
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.unsent = rest.to_vec();
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The socket is readable: reads all there is. With `to_the_end`, until the peer's end shows.
    pub(crate) fn readable(
        &mut self,
        buffer: &mut [u8],
        to_the_end: bool,
        context: &mut Context<'_>,
    ) -> Result<(), Ended> {
        if self.peer.state == State::Connecting {
            return Ok(());
        }
        loop {
            let Some(link) = &mut self.link else { return Ok(()) };
            let read = match link.read(buffer) {
                Ok(0) => return Err(Ended::Vanished),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            // A socket that gave less than it was asked for is empty: the next bytes are a new event.
            let is_empty = link.is_plain() && read < buffer.len();
            self.take(&mut buffer[..read], context)?;
            if is_empty && !to_the_end {
                return Ok(());
            }
        }
    }

    fn take(&mut self, input: &mut [u8], context: &mut Context<'_>) -> Result<(), Ended> {
        if self.peer.state != State::Upgrading {
            return self.feed(input, context);
        }
        let Some(upgrade) = &mut self.upgrade else { return Ok(()) };
        upgrade.answer.extend_from_slice(input);
        match upgrade.handshake.response(&upgrade.answer, SUBPROTOCOL)? {
            HandshakeStep::Incomplete => Ok(()),
            HandshakeStep::Open { consumed } => {
                let mut frames = upgrade.answer.split_off(consumed);
                self.upgrade = None;
                self.peer.state = State::Greeting;
                self.feed(&mut frames, context)
            }
        }
    }

    fn feed(&mut self, input: &mut [u8], context: &mut Context<'_>) -> Result<(), Ended> {
        let peer = &mut self.peer;
        match self.reader.feed(input, |incoming| peer.receive(incoming, context))? {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(Some(code)) => Err(Ended::Closed(code)),
            ControlFlow::Break(None) => Err(Ended::ClosedWithoutCode),
        }
    }

    /// Forgets the socket and all that was under way on it.
    pub(crate) fn close(&mut self) -> Option<Link> {
        self.peer.state = State::Closed;
        self.reader = Reader::new(Role::Client, MAX_MESSAGE);
        self.unsent = Vec::new();
        self.upgrade = None;
        self.link.take()
    }
}
