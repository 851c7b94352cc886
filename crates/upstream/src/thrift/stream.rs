//! Messages of Thrift on a stream of bytes, for both sides.

use std::{
    io,
    time::{Duration, Instant},
};

use kefu_wire::{
    Error, Limits,
    thrift::{
        Protocol, rpc,
        transport::{
            framed,
            header::{self, HeaderFrame},
            ttheader::{self, TtHeaderFrame},
        },
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

/// Bytes that are read at a time.
const READ_BYTES: usize = 16 << 10;
/// A look at an unframed message that is not all there costs less than this: look again whenever there is more.
const LOOK_CHEAP: Duration = Duration::from_micros(50);
/// How much longer than a look the wait for more is, so that looks cost a twentieth of the time at most.
const LOOK_SHARE: u32 = 20;
/// The longest such wait: a look also seems to cost much when the machine was busy with others meanwhile.
const LOOK_WAIT_MAX: Duration = Duration::from_millis(200);

/// What goes around messages.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Framing {
    /// Nothing.
    Unframed,
    /// A length.
    Framed,
    /// A header of `THeaderTransport`; whether what is sent is compressed.
    Header {
        /// Whether it is.
        zlib: bool,
    },
    /// A header of kitex; messages are of the binary protocol.
    TtHeader,
}

/// A message that came.
#[derive(Debug)]
pub struct Incoming {
    /// The message, without what was around it.
    pub message: Vec<u8>,
    /// Its format; a header says it.
    pub protocol: Protocol,
    /// The sequence number and whether it was compressed, where there is a header.
    pub header: Option<(u32, bool)>,
    /// What the header says besides.
    pub headers: Vec<(String, String)>,
}

impl Incoming {
    fn bare(message: &[u8], protocol: Protocol) -> Self {
        Self { message: message.to_vec(), protocol, header: None, headers: Vec::new() }
    }
}

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The connection broke.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What came is no message.
    #[error(transparent)]
    Message(#[from] Error),
}

/// A stream, and what was read of it and belongs to messages to come.
#[derive(Debug)]
pub struct ThriftStream<S> {
    stream: S,
    input: Vec<u8>,
    limits: Limits,
}

impl<S> ThriftStream<S> {
    /// Takes a stream over.
    pub fn new(stream: S, limits: Limits) -> Self {
        Self { stream, input: Vec::new(), limits }
    }

    /// Whether nothing is left of what was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.input.is_empty()
    }

    /// What was read and not yet taken.
    #[must_use]
    pub fn peek(&self) -> &[u8] {
        &self.input
    }

    /// The stream itself.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> ThriftStream<S> {
    /// Reads some more; 0 at the end of the stream.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn fill(&mut self) -> io::Result<usize> {
        self.input.reserve(READ_BYTES);
        self.stream.read_buf(&mut self.input).await
    }

    /// Takes the next message off the stream; none at its end.
    ///
    /// # Errors
    /// The connection broke, within a message or not, or what came is no message.
    pub async fn receive(
        &mut self,
        protocol: Protocol,
        framing: Framing,
    ) -> Result<Option<Incoming>, StreamError> {
        let message = match framing {
            Framing::Unframed => self.unframed(protocol).await?,
            Framing::Framed => loop {
                if let Some((message, len)) = framed::decode(&self.input, &self.limits)? {
                    let incoming = Incoming::bare(message, protocol);
                    break Some(self.took(incoming, len));
                }
                if !self.more().await? {
                    break None;
                }
            },
            Framing::Header { .. } | Framing::TtHeader => loop {
                if let Some((incoming, len)) = self.with_header(framing)? {
                    break Some(self.took(incoming, len));
                }
                if !self.more().await? {
                    break None;
                }
            },
        };
        Ok(message)
    }

    /// A header is looked at when its frame is there, not before: to inflate it costs more than to wait.
    fn with_header(&self, framing: Framing) -> Result<Option<(Incoming, usize)>, Error> {
        let (input, limits) = (&self.input, &self.limits);
        if framed::decode(input, limits)?.is_none() {
            return Ok(None);
        }
        Ok(if framing == Framing::TtHeader {
            ttheader::decode(input, limits)?.map(|(frame, len)| {
                let TtHeaderFrame { message, sequence, headers } = frame;
                let header = Some((sequence, false));
                (Incoming { message, protocol: Protocol::Binary, header, headers }, len)
            })
        } else {
            header::decode(input, limits)?.map(|(frame, len)| {
                let HeaderFrame { message, protocol, sequence, zlib, headers, .. } = frame;
                (Incoming { message, protocol, header: Some((sequence, zlib)), headers }, len)
            })
        })
    }

    fn took(&mut self, incoming: Incoming, len: usize) -> Incoming {
        self.input.drain(..len);
        if self.input.is_empty() && self.input.capacity() > 4 * READ_BYTES {
            self.input = Vec::new();
        }
        incoming
    }

    /// Reads more of a message; false at the end of the stream before its first byte.
    async fn more(&mut self) -> io::Result<bool> {
        match self.fill().await? {
            0 if self.input.is_empty() => Ok(false),
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ended within a message")),
            _ => Ok(true),
        }
    }

    /// Each look begins at the front, so looks are rationed: after one that cost something the next comes when there is
    /// a quarter more, or when nothing has come for a while that is long beside the cost. Nothing new, no look.
    async fn unframed(&mut self, protocol: Protocol) -> Result<Option<Incoming>, StreamError> {
        loop {
            if self.input.is_empty() && !self.more().await? {
                return Ok(None);
            }
            let begun = Instant::now();
            if let Some(len) = rpc::message_len(protocol, &self.input, &self.limits)? {
                let incoming = Incoming::bare(&self.input[..len], protocol);
                return Ok(Some(self.took(incoming, len)));
            }
            let cost = begun.elapsed();
            let enough = self.input.len() + self.input.len() / 4;
            self.more().await?;
            let wait = (cost * LOOK_SHARE).min(LOOK_WAIT_MAX);
            while cost > LOOK_CHEAP && self.input.len() < enough {
                match timeout(wait, self.more()).await {
                    Ok(more) => drop(more?),
                    Err(_) => break,
                }
            }
        }
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }
}

/// Puts around a message what its transport has around it.
///
/// # Errors
/// The message is longer than a frame may be.
pub fn frame(
    message: Vec<u8>,
    framing: Framing,
    protocol: Protocol,
    sequence: i32,
    headers: Vec<(String, String)>,
) -> Result<Vec<u8>, Error> {
    match framing {
        Framing::Unframed => Ok(message),
        Framing::Framed => {
            let mut out = Vec::with_capacity(message.len() + 4);
            let begin = framed::begin(&mut out);
            out.extend_from_slice(&message);
            framed::end(&mut out, begin)?;
            Ok(out)
        }
        Framing::Header { zlib } => {
            let sequence = sequence.cast_unsigned();
            let mut out = Vec::with_capacity(message.len() + 64);
            header::encode(&HeaderFrame { protocol, flags: 0, sequence, headers, zlib, message }, &mut out)?;
            Ok(out)
        }
        Framing::TtHeader => {
            let sequence = sequence.cast_unsigned();
            let mut out = Vec::with_capacity(message.len() + 64);
            ttheader::encode(&TtHeaderFrame { sequence, headers, message }, &mut out)?;
            Ok(out)
        }
    }
}
