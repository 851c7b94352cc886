use std::{
    mem,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll},
};

use kefu_protocol::ws::{CloseCode, Incoming, Reader, Role};
use tokio::io::{AsyncRead as _, ReadBuf};

use crate::connection::{Connection, Flow, Handler, Input, Reason, Wait, buffers::with_input};

/// Reads of one turn; then other connections have theirs.
const READS_PER_TURN: u32 = 4;

/// Frames of one turn.
const FRAMES_PER_TURN: u32 = 256;

/// Why the reader was stopped within its input.
enum Stop {
    /// Enough for one turn.
    Enough,
    /// The handler waits.
    Wait(Wait),
    /// The handler closes.
    Close(CloseCode, &'static str),
    /// A binary message came.
    Binary,
    /// The peer closes.
    ByPeer(Option<CloseCode>),
}

impl<H: Handler> Connection<H> {
    /// Takes in what there is. Returns whether there may be more, which the next turn is to take.
    pub(super) fn poll_input(&mut self, cx: &mut Context<'_>) -> Result<bool, Reason> {
        let mut frames_left = FRAMES_PER_TURN;
        for _ in 0..READS_PER_TURN {
            if self.input == Input::Over {
                return Ok(false);
            }
            if let Some(wait) = &mut self.wait {
                if wait.as_mut().poll(cx).is_pending() {
                    return Ok(false);
                }
                self.wait = None;
            }
            if mem::take(&mut self.has_backlog) {
                let mut leftover = mem::take(&mut self.leftover);
                self.take_in(&mut leftover, &mut frames_left);
            } else {
                match self.poll_read(cx, &mut frames_left)? {
                    Poll::Ready(()) => {}
                    Poll::Pending => return Ok(false),
                }
            }
            if frames_left == 0 {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// Reads once and decodes it.
    fn poll_read(&mut self, cx: &mut Context<'_>, frames_left: &mut u32) -> Result<Poll<()>, Reason> {
        with_input(|buffer| {
            let mut read = ReadBuf::new(buffer);
            match Pin::new(&mut self.stream).poll_read(cx, &mut read) {
                Poll::Pending => return Ok(Poll::Pending),
                Poll::Ready(Ok(())) if !read.filled().is_empty() => {}
                Poll::Ready(_) => return Err(Reason::Lost),
            }
            self.outbox.touch_now();
            self.take_in(read.filled_mut(), frames_left);
            Ok(Poll::Ready(()))
        })
    }

    /// Decodes `input` and acts on it.
    fn take_in(&mut self, input: &mut [u8], frames_left: &mut u32) {
        if self.input == Input::Dropped {
            return;
        }
        let is_handled = self.input == Input::Handled;
        let Self { reader, handler, pong, .. } = self;
        let outcome = reader.feed(input, |incoming| {
            match incoming {
                Incoming::Close(close) => {
                    return ControlFlow::Break(Stop::ByPeer(close.map(|close| close.code)));
                }
                _ if !is_handled => {}
                Incoming::Text(text) => match handler.message(&text) {
                    Flow::Continue => {}
                    Flow::Close(code, reason) => return ControlFlow::Break(Stop::Close(code, reason)),
                    Flow::Wait(wait) => return ControlFlow::Break(Stop::Wait(wait)),
                },
                Incoming::Binary(_) => return ControlFlow::Break(Stop::Binary),
                Incoming::Ping(body) => *pong = Some(body.into()),
                Incoming::Pong(_) => {}
            }
            *frames_left = frames_left.saturating_sub(1);
            if *frames_left == 0 { ControlFlow::Break(Stop::Enough) } else { ControlFlow::Continue(()) }
        });
        match outcome {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(stop)) => self.stop(stop),
            Err(error) => {
                self.outbox.close(CloseCode::for_chat(&error), &error.to_string());
                self.begin_close(Reason::Protocol);
                self.input = Input::Dropped;
                self.reader = Reader::new(Role::Server, 0);
            }
        }
    }

    fn stop(&mut self, stop: Stop) {
        self.has_backlog = true;
        match stop {
            Stop::Enough => {}
            Stop::Wait(wait) => self.wait = Some(wait),
            Stop::Close(code, reason) => {
                self.outbox.close(code, reason);
                self.begin_close(Reason::Closed);
            }
            Stop::Binary => {
                self.outbox.close(CloseCode::BAD_FRAME, "binary frames are not understood");
                self.begin_close(Reason::Protocol);
            }
            Stop::ByPeer(code) => {
                self.outbox.echo_close(code);
                self.begin_close(Reason::ByPeer);
                self.input = Input::Over;
                self.reader = Reader::new(Role::Server, 0);
            }
        }
    }
}
