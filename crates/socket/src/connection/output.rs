use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf as _, Bytes};
use kefu_protocol::ws::{Opcode, PONG, encode};
use tokio::{io::AsyncWrite as _, net::TcpStream};

use crate::{
    connection::{Connection, Handler, Reason},
    outbox::Phase,
};

/// Frames of one system call.
const FRAMES_PER_WRITE: usize = 64;

/// Emptyings of the outbox in one turn.
const ROUNDS_PER_TURN: usize = 4;

/// How far a write came.
struct Wrote {
    is_blocked: bool,
    /// The first frame that is left was begun.
    is_cut: bool,
}

impl<H: Handler> Connection<H> {
    /// Writes what waits. Returns the outbox's phase and whether everything is written.
    pub(super) fn poll_output(&mut self, cx: &mut Context<'_>) -> Result<(Phase, bool), Reason> {
        for _ in 0..ROUNDS_PER_TURN {
            let mut taken = self.outbox.take(cx.waker());
            if taken.phase != Phase::Open {
                // Nothing may follow the close frame.
                self.pong = None;
            }
            let pong_at = usize::from(taken.is_cut);
            let has_pong = if let Some(body) = self.pong.take() {
                taken.frames.insert(pong_at, pong(&body));
                true
            } else {
                false
            };
            if taken.frames.is_empty() {
                return Ok((taken.phase, true));
            }
            let count = taken.frames.len();
            let Ok(wrote) = write(&mut self.stream, cx, &mut taken.frames, taken.is_cut) else {
                return Err(Reason::Lost);
            };
            let written = count - taken.frames.len();
            let begun = written + usize::from(wrote.is_cut);
            if has_pong && pong_at >= begun {
                // Taken back, so that the answer to a later ping can replace it.
                let frame = taken.frames.remove(pong_at - written);
                self.pong = Some(frame.get(PONG.len()..).unwrap_or_default().into());
            }
            self.outbox.put_back(taken.frames, wrote.is_cut);
            if wrote.is_blocked {
                return Ok((taken.phase, false));
            }
        }
        cx.waker().wake_by_ref();
        Ok((Phase::Open, false))
    }
}

fn pong(body: &[u8]) -> Bytes {
    if body.is_empty() {
        return Bytes::from_static(PONG);
    }
    let mut frame = Vec::new();
    encode(Opcode::Pong, body, None, &mut frame);
    frame.into()
}

/// Writes `frames` until all are written or the socket is full; leaves the rest.
fn write(
    stream: &mut TcpStream,
    cx: &mut Context<'_>,
    frames: &mut Vec<Bytes>,
    is_cut: bool,
) -> io::Result<Wrote> {
    let mut wrote = Wrote { is_blocked: false, is_cut };
    let mut written = 0;
    while let Some(mut bytes) = match poll_write(Pin::new(&mut *stream), cx, &frames[written..]) {
        Poll::Ready(result) => result?,
        Poll::Pending => {
            wrote.is_blocked = true;
            None
        }
    } {
        while let Some(frame) = frames.get_mut(written) {
            if bytes < frame.len() {
                frame.advance(bytes);
                wrote.is_cut |= bytes > 0;
                break;
            }
            bytes -= frame.len();
            wrote.is_cut = false;
            written += 1;
        }
    }
    frames.drain(..written);
    Ok(wrote)
}

/// One system call; `None` when there is nothing to write.
fn poll_write(
    stream: Pin<&mut TcpStream>,
    cx: &mut Context<'_>,
    frames: &[Bytes],
) -> Poll<io::Result<Option<usize>>> {
    let written = match frames {
        [] => return Poll::Ready(Ok(None)),
        [frame] => stream.poll_write(cx, frame),
        frames => {
            let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE];
            let count = frames.len().min(FRAMES_PER_WRITE);
            for (slice, frame) in slices.iter_mut().zip(frames) {
                *slice = IoSlice::new(frame);
            }
            stream.poll_write_vectored(cx, &slices[..count])
        }
    };
    written.map(|result| match result {
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) => Err(error),
    })
}
