//! A connection to an nsqd: commands out, frames in.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, BytesMut};
use kefu_upstream::{Connector, Endpoint, Reach, Stream, TlsError, Trouble};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _},
    time::{Instant, timeout, timeout_at},
};

use super::{
    command::{Command, MAGIC},
    frame::{Frame, FrameError, decode},
    layer::Layer,
    settings::{NsqCompression, NsqSettings},
};

/// How long a connection may take until it is of use.
const OPEN_MAX: Duration = Duration::from_secs(5);
/// How often nsqd shows that it is there.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long it may say nothing.
const SILENCE_MAX: Duration = Duration::from_secs(25);
/// Room that is made before each read.
const READ_BYTES: usize = 32 << 10;
/// Bytes that wait to be written, after which nothing more is taken on.
const OUTPUT_BYTES_MAX: usize = 4 << 20;

/// Why a connection is of no use, or no longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error(transparent)]
    Trouble(#[from] Trouble),
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    #[error("what came from it makes no sense: {0}")]
    Frame(#[from] FrameError),
    #[error("it answered {0}")]
    Refused(String),
    #[error("it did not say in time what it can")]
    Late,
    #[error("it said nothing for {} s", SILENCE_MAX.as_secs())]
    Silent,
    #[error("it has no {0}, which the settings ask for")]
    Feature(&'static str),
}

/// An nsqd that connections can be made to.
pub(super) struct Server {
    pub(super) address: String,
    connector: Connector,
    hello: Hello,
}

/// What we say of ourselves.
#[derive(Clone, Serialize)]
struct Hello {
    client_id: String,
    hostname: String,
    user_agent: &'static str,
    feature_negotiation: bool,
    heartbeat_interval: u64,
    output_buffer_timeout: u64,
    tls_v1: bool,
    snappy: bool,
    deflate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    deflate_level: Option<u32>,
}

/// What an nsqd agrees to.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Agreed {
    #[serde(default = "ready_max")]
    pub(super) max_rdy_count: usize,
    /// Milliseconds after which a message is told again that nothing was said of.
    #[serde(default = "timeout_ms")]
    pub(super) msg_timeout: u64,
    /// Milliseconds that this can be put off in all.
    #[serde(default = "timeout_max_ms")]
    pub(super) max_msg_timeout: u64,
    #[serde(default)]
    tls_v1: bool,
    #[serde(default)]
    snappy: bool,
    #[serde(default)]
    deflate: bool,
    #[serde(default)]
    auth_required: bool,
}

fn ready_max() -> usize {
    2500
}

fn timeout_ms() -> u64 {
    60_000
}

fn timeout_max_ms() -> u64 {
    900_000
}

impl Server {
    /// Prepares connections; none is made yet.
    pub(super) fn new(endpoint: &Endpoint, settings: &NsqSettings) -> Result<Self, TlsError> {
        let is_tls = endpoint.is_tls || settings.tls.is_some();
        let endpoint = Endpoint { is_tls, ..endpoint.clone() };
        let connector =
            Connector::new(&endpoint, Reach::Internal, &settings.tls.clone().unwrap_or_default())?;
        let (snappy, deflate_level) = match settings.compression {
            NsqCompression::None => (false, None),
            NsqCompression::Snappy => (true, None),
            NsqCompression::Deflate(level) => (false, Some(u32::from(level.clamp(1, 9)))),
        };
        let hello = Hello {
            client_id: settings.client_name.clone(),
            hostname: settings.client_name.clone(),
            user_agent: concat!("kefu/", env!("CARGO_PKG_VERSION")),
            feature_negotiation: true,
            heartbeat_interval: HEARTBEAT.as_millis() as u64,
            output_buffer_timeout: 25,
            tls_v1: endpoint.is_tls,
            snappy,
            deflate: deflate_level.is_some(),
            deflate_level,
        };
        Ok(Self { address: endpoint.authority(), connector, hello })
    }

    /// Connects, and agrees on what both can.
    pub(super) async fn open(&self) -> Result<(Wire, Agreed), WireError> {
        timeout(OPEN_MAX, self.negotiate()).await.unwrap_or(Err(WireError::Late))
    }

    async fn negotiate(&self) -> Result<(Wire, Agreed), WireError> {
        let mut stream = self.connector.connect_in_clear().await?;
        stream.write_all(MAGIC).await?;
        let mut wire = Wire::new(Stream::Plain(stream));
        let hello = serde_json::to_vec(&self.hello).expect("texts, numbers and truths are JSON");
        wire.send(Command::Identify(&hello));
        let answer = match wire.frame().await? {
            Frame::Response(answer) => answer,
            other => return Err(refused(&other)),
        };
        let agreed: Agreed = serde_json::from_slice(&answer).map_err(|error| {
            WireError::Refused(format!("IDENTIFY with what is no list of features: {error}"))
        })?;
        if agreed.auth_required {
            return Err(WireError::Refused("that it wants AUTH, which is not supported".to_owned()));
        }
        for (name, wanted, given) in [
            ("TLS", self.hello.tls_v1, agreed.tls_v1),
            ("Snappy", self.hello.snappy, agreed.snappy),
            ("Deflate", self.hello.deflate, agreed.deflate),
        ] {
            if wanted && !given {
                return Err(WireError::Feature(name));
            }
        }
        if self.hello.tls_v1 {
            wire = wire.encrypted(&self.connector).await?;
            wire.expect_ok().await?;
        }
        if self.hello.snappy {
            wire.switch(Layer::snappy());
            wire.expect_ok().await?;
        }
        if let Some(level) = self.hello.deflate_level {
            wire.switch(Layer::deflate(level));
            wire.expect_ok().await?;
        }
        Ok((wire, agreed))
    }
}

pub(super) fn refused(frame: &Frame) -> WireError {
    WireError::Refused(match frame {
        Frame::Response(text) | Frame::Error(text) => {
            String::from_utf8_lossy(&text[..text.len().min(200)]).into_owned()
        }
        Frame::Message { .. } => "with a message where there can be none".to_owned(),
    })
}

/// A connection. All of its functions can be left half way and called again.
pub(super) struct Wire {
    stream: Stream,
    layer: Layer,
    /// As it came.
    raw: BytesMut,
    /// What frames are read from.
    input: BytesMut,
    /// Commands.
    commands: BytesMut,
    /// As it goes.
    output: BytesMut,
    is_flushed: bool,
    heard: Instant,
}

impl Wire {
    fn new(stream: Stream) -> Self {
        Self {
            stream,
            layer: Layer::Plain,
            raw: BytesMut::new(),
            input: BytesMut::new(),
            commands: BytesMut::new(),
            output: BytesMut::new(),
            is_flushed: true,
            heard: Instant::now(),
        }
    }

    /// Sends a command with the next call of [`Wire::frame`] or [`Wire::flush`].
    pub(super) fn send(&mut self, command: Command<'_>) {
        command.write(&mut self.commands);
    }

    /// Sends a command that was written elsewhere.
    pub(super) fn send_written(&mut self, command: &[u8]) {
        self.commands.extend_from_slice(command);
    }

    /// Whether there is room for another large command.
    pub(super) fn has_room(&self) -> bool {
        self.commands.len() + self.output.len() < OUTPUT_BYTES_MAX
    }

    /// The next frame, once it is there; what waits is sent meanwhile, and signs of life are answered.
    pub(super) async fn frame(&mut self) -> Result<Frame, WireError> {
        loop {
            if let Some(frame) = self.here()? {
                return Ok(frame);
            }
            let deadline = self.heard + SILENCE_MAX;
            timeout_at(deadline, poll_fn(|context| self.poll_both(context)))
                .await
                .map_err(|_| WireError::Silent)??;
            self.heard = Instant::now();
        }
    }

    /// The next frame if it is there already.
    pub(super) fn here(&mut self) -> Result<Option<Frame>, WireError> {
        loop {
            match decode(&mut self.input)? {
                Some(Frame::Response(text)) if text[..] == *b"_heartbeat_" => self.send(Command::Nothing),
                Some(frame) => return Ok(Some(frame)),
                None if !self.layer.read(&mut self.raw, &mut self.input)? => return Ok(None),
                None => {}
            }
        }
    }

    /// Sends what waits.
    pub(super) async fn flush(&mut self) -> Result<(), WireError> {
        Ok(poll_fn(|context| self.poll_write(context)).await?)
    }

    /// Reads once, and writes as much as goes meanwhile.
    fn poll_both(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(Err(error)) = self.poll_write(context) {
            return Poll::Ready(Err(error));
        }
        self.raw.reserve(READ_BYTES);
        match ready!(pin!(self.stream.read_buf(&mut self.raw)).poll(context))? {
            0 => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.output.is_empty() {
                if self.commands.is_empty() {
                    break;
                }
                self.layer.write(&mut self.commands, &mut self.output)?;
            }
            match ready!(Pin::new(&mut self.stream).poll_write(context, &self.output))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.output.advance(written),
            }
            self.is_flushed = false;
        }
        if !self.is_flushed {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.is_flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    pub(super) async fn expect_ok(&mut self) -> Result<(), WireError> {
        match self.frame().await? {
            Frame::Response(text) if text[..] == *b"OK" => Ok(()),
            other => Err(refused(&other)),
        }
    }

    /// Goes on within TLS.
    async fn encrypted(self, connector: &Connector) -> Result<Self, WireError> {
        match self.stream {
            Stream::Plain(stream) => Ok(Self::new(connector.encrypt(stream).await?)),
            Stream::Tls(_) => Ok(self),
        }
    }

    /// Goes on compressed; what came meanwhile is compressed already.
    fn switch(&mut self, layer: Layer) {
        self.layer = layer;
        let rest = self.raw.split();
        self.raw = self.input.split();
        self.raw.unsplit(rest);
    }
}
