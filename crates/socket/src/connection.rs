mod buffers;
mod input;
mod output;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use kefu_protocol::ws::{CloseCode, Reader, Role};
use tokio::{
    net::TcpStream,
    time::{Sleep, sleep},
};

use crate::{Outbox, outbox::Phase};

/// What a connection does with what it receives.
pub trait Handler: Send {
    /// Takes one text message. Runs on the connection's task and must not block.
    fn message(&mut self, text: &str) -> Flow;
}

/// How a connection goes on after a message.
pub enum Flow {
    /// With the next message.
    Continue,
    /// Not: the connection is closed with this code and reason.
    Close(CloseCode, &'static str),
    /// With the next message once the future is done. Nothing is read until then, but output flows.
    /// The future is dropped when the connection closes or ends.
    Wait(Wait),
}

type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How a connection came to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ended {
    /// The first cause.
    pub reason: Reason,
    /// The close code that either side gave, if any.
    pub code: Option<CloseCode>,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// This side closed it.
    Closed,
    /// The peer closed it with a close frame.
    ByPeer,
    /// The peer sent something that is not allowed.
    Protocol,
    /// The stream ended or broke without a close frame.
    Lost,
    /// The outbox was ended: the peer was silent for too long.
    Dead,
}

/// One WebSocket connection after its handshake, made by [`run`]: a future small enough to have ten
/// thousands of. It owns no buffer: input is read into one that its thread shares, and only a frame
/// that was cut in two is kept.
#[must_use = "a connection does nothing unless it is polled"]
pub struct Connection<H> {
    stream: TcpStream,
    outbox: Arc<Outbox>,
    handler: H,
    reader: Reader,
    /// What was read of the stream before, until the first turn.
    leftover: Box<[u8]>,
    wait: Option<Wait>,
    /// The body of the last ping, until its pong is sent.
    pong: Option<Box<[u8]>>,
    /// Runs out when the closing handshake takes too long.
    deadline: Option<Pin<Box<Sleep>>>,
    input: Input,
    /// The reader may hold whole frames.
    has_backlog: bool,
    reason: Option<Reason>,
}

/// What is done with input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Input {
    /// Messages go to the handler.
    Handled,
    /// The outbox closes: only the peer's close frame matters.
    Skimmed,
    /// The peer broke the protocol: bytes are dropped unread until it gives up.
    Dropped,
    /// The peer has closed: nothing is read.
    Over,
}

/// Runs a WebSocket connection after its handshake: hands messages to `handler`, sends what
/// comes into `outbox`, answers pings and closes.
///
/// `leftover` is what was read behind the handshake. The caller has set `TCP_NODELAY`. On any end, and
/// when the future is dropped, the outbox is ended too.
pub fn run<H: Handler>(stream: TcpStream, leftover: &[u8], outbox: Arc<Outbox>, handler: H) -> Connection<H> {
    let reader = Reader::new(Role::Server, outbox.registry().limits().message_bytes_max);
    Connection {
        stream,
        outbox,
        handler,
        reader,
        leftover: leftover.into(),
        wait: None,
        pong: None,
        deadline: None,
        input: Input::Handled,
        has_backlog: true,
        reason: None,
    }
}

/// Nothing in it is ever pinned.
impl<H> Unpin for Connection<H> {}

impl<H: Handler> Future for Connection<H> {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let connection = self.get_mut();
        let cause = ready!(connection.turn(cx));
        let code = connection.outbox.close_code();
        connection.outbox.end();
        Poll::Ready(Ended { reason: connection.reason.unwrap_or(cause), code })
    }
}

impl<H: Handler> Connection<H> {
    /// Reads, handles, writes; returns why it is over.
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<Reason> {
        match self.outbox.begin_turn() {
            Phase::Open => {}
            Phase::Ended => return Poll::Ready(Reason::Dead),
            Phase::Flushing | Phase::Discarding => self.begin_close(Reason::Closed),
        }
        let mut again = match self.poll_input(cx) {
            Ok(again) => again,
            Err(reason) => return Poll::Ready(reason),
        };
        let (phase, is_flushed) = match self.poll_output(cx) {
            Ok(output) => output,
            Err(reason) => return Poll::Ready(reason),
        };
        match phase {
            Phase::Open => {}
            Phase::Ended => return Poll::Ready(Reason::Dead),
            Phase::Flushing | Phase::Discarding => {
                // Closed since this turn began: the next one looks for the peer's close.
                again |= self.input == Input::Handled;
                self.begin_close(Reason::Closed);
                if is_flushed && self.input == Input::Over {
                    return Poll::Ready(Reason::Closed);
                }
                if self.poll_deadline(cx).is_ready() {
                    return Poll::Ready(Reason::Closed);
                }
            }
        }
        if again {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Turns from messages to the peer's close frame. The first reason counts.
    fn begin_close(&mut self, reason: Reason) {
        self.reason.get_or_insert(reason);
        if self.input == Input::Handled {
            self.input = Input::Skimmed;
        }
        self.wait = None;
        self.pong = None;
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timeout = self.outbox.registry().limits().close_timeout;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(timeout)));
        deadline.as_mut().poll(cx)
    }
}

impl<H> Drop for Connection<H> {
    fn drop(&mut self) {
        self.outbox.end();
    }
}
