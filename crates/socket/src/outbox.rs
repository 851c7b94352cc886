mod state;

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use kefu_protocol::ws::{CloseCode, Opcode, PING, close_frame, encode};

use crate::{
    Registry,
    outbox::state::{State, Waiting},
};

pub(crate) use state::Phase;

/// What a connection has still to send: encoded frames, bounded in bytes.
///
/// Made by [`Registry::open`]. Anyone may push; one transport takes out. Empty, it is a single
/// allocation of 112 bytes; a queue exists only while something waits in it.
#[derive(Debug)]
pub struct Outbox {
    registry: Arc<Registry>,
    last_seen_s: AtomicU32,
    pinged: AtomicBool,
    state: Mutex<State>,
}

/// What became of a pushed frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pushed {
    /// It will be sent.
    Queued,
    /// It did not fit: the queue was dropped and the connection is being closed with
    /// [`CloseCode::SLOW`]. Told once.
    Slow,
    /// The connection is closing or has ended.
    Closed,
}

/// What the transport takes out to write.
pub(crate) struct Taken {
    pub(crate) frames: Vec<Bytes>,
    /// The first frame was begun earlier and must go first.
    pub(crate) is_cut: bool,
    pub(crate) phase: Phase,
}

impl Outbox {
    pub(crate) fn new(registry: Arc<Registry>, slot: u32, now_s: u32) -> Self {
        registry.metrics().opened();
        Self {
            registry,
            last_seen_s: AtomicU32::new(now_s),
            pinged: AtomicBool::new(false),
            state: Mutex::new(State::new(slot)),
        }
    }

    /// Queues a frame. A frame that alone exceeds the limit is taken by an empty queue.
    pub fn push(&self, frame: Bytes) -> Pushed {
        let limit = self.registry.limits().queue_bytes_max;
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Pushed::Closed;
        }
        let before = state.total();
        if before > 0 && before.saturating_add(state::cost(&frame)) > limit {
            self.registry.metrics().slow();
            self.shut(state, CloseCode::SLOW.0, close_frame(CloseCode::SLOW, "too slow"), Phase::Discarding);
            return Pushed::Slow;
        }
        state.push(frame);
        let task = state.disarm();
        self.release(state, before, task, None);
        Pushed::Queued
    }

    /// Closes the connection: no more is taken, what is queued is sent, then the close frame.
    ///
    /// With [`CloseCode::SLOW`] the queue is dropped. The first close counts.
    pub fn close(&self, code: CloseCode, reason: &str) {
        let phase = if code == CloseCode::SLOW { Phase::Discarding } else { Phase::Flushing };
        self.shut(self.lock(), code.0, close_frame(code, reason), phase);
    }

    /// Answers the peer's close frame; what is queued is dropped.
    pub(crate) fn echo_close(&self, code: Option<CloseCode>) -> bool {
        let frame = code.map_or_else(
            || {
                let mut frame = Vec::new();
                encode(Opcode::Close, &[], None, &mut frame);
                frame.into()
            },
            |code| close_frame(code, ""),
        );
        self.shut(self.lock(), code.map_or(0, |code| code.0), frame, Phase::Discarding)
    }

    /// Ends the connection at once, without a word to the peer. Whatever waits is dropped.
    ///
    /// Every transport calls this when it ends, however it ends.
    pub fn end(&self) {
        let mut state = self.lock();
        let before = state.total();
        let (task, waiting, dropped) = state.end();
        let slot = state.slot.take();
        self.registry.metrics().requeued(before, 0);
        drop(state);
        if let Some(slot) = slot {
            self.registry.forget(slot);
            self.registry.metrics().ended();
        }
        drop(dropped);
        wake(task, waiting);
    }

    /// Bytes that wait, as they count against the limit.
    pub fn bytes(&self) -> u32 {
        self.lock().total()
    }

    /// Whether nothing more is taken.
    pub fn is_closed(&self) -> bool {
        self.lock().phase != Phase::Open
    }

    /// The code that the connection was closed with, by either side.
    pub fn close_code(&self) -> Option<CloseCode> {
        match self.lock().code {
            0 => None,
            code => Some(CloseCode(code)),
        }
    }

    /// Waits until at most [`Limits::queue_bytes_low`](crate::Limits::queue_bytes_low) bytes wait or
    /// the connection closes: the time to push the next page. One that counts no more than what is
    /// between that mark and the limit is never slow, unless others push too.
    pub async fn drained(&self) {
        poll_fn(|cx| self.poll_drained(cx)).await;
    }

    fn poll_drained(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.phase != Phase::Open || state.total() <= self.registry.limits().queue_bytes_low {
            return Poll::Ready(());
        }
        state.await_room(cx.waker());
        Poll::Pending
    }

    /// Notes a sign of life at `now_s`.
    pub fn touch(&self, now_s: u32) {
        self.last_seen_s.store(now_s, Relaxed);
        self.pinged.store(false, Relaxed);
    }

    /// Notes a sign of life at the time of the last sweep.
    pub(crate) fn touch_now(&self) {
        self.touch(self.registry.now_s());
    }

    /// Second of the last sign of life.
    pub fn idle_since(&self) -> u32 {
        self.last_seen_s.load(Relaxed)
    }

    /// Queues a ping unless the peer owes an answer already. Returns whether it did.
    pub(crate) fn ping(&self) -> bool {
        if self.pinged.swap(true, Relaxed) {
            return false;
        }
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return false;
        }
        let before = state.total();
        // Two bytes, once per silence: exempt from the limit.
        state.push(Bytes::from_static(PING));
        let task = state.disarm();
        self.release(state, before, task, None);
        true
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Takes at most `max` whole frames out, for a transport that is not a WebSocket.
    ///
    /// Such a peer cannot answer a ping, so that taking frames counts as a sign of life. What is
    /// not text ([`payload`] tells) is a ping or the close, of which [`close_code`](Self::close_code)
    /// tells.
    pub fn take_frames(&self, max: usize) -> Vec<Bytes> {
        let mut state = self.lock();
        let before = state.total();
        let frames = state.take_some(max);
        let waiting = self.whom_to_tell(&mut state);
        self.release(state, before, None, waiting);
        if !frames.is_empty() {
            self.touch_now();
        }
        frames
    }

    /// [`take_frames`](Self::take_frames), at least one; `None` when the connection is closed and
    /// everything was taken, or it has ended: then call [`end`](Self::end).
    pub fn poll_frames(&self, cx: &Context<'_>, max: usize) -> Poll<Option<Vec<Bytes>>> {
        let mut state = self.lock();
        if state.has_frames() {
            drop(state);
            return Poll::Ready(Some(self.take_frames(max)));
        }
        if state.phase != Phase::Open {
            return Poll::Ready(None);
        }
        state.arm(cx.waker());
        Poll::Pending
    }

    /// Begins a turn of the transport's task: what is pushed during it wakes nobody.
    pub(crate) fn begin_turn(&self) -> Phase {
        let mut state = self.lock();
        state.is_armed = false;
        state.phase
    }

    /// Takes everything out to be written; later pushes wake the task.
    ///
    /// What was taken counts as queued until [`put_back`](Self::put_back).
    pub(crate) fn take(&self, waker: &Waker) -> Taken {
        let mut state = self.lock();
        state.arm(waker);
        state.take_all()
    }

    /// Puts back what could not be written of what was taken. While something is left, only a close
    /// wakes the task: it waits for the socket.
    pub(crate) fn put_back(&self, rest: Vec<Bytes>, is_cut: bool) {
        let mut state = self.lock();
        let before = state.total();
        let dropped = state.put_back(rest, is_cut);
        let waiting = self.whom_to_tell(&mut state);
        self.release(state, before, None, waiting);
        drop(dropped);
    }

    /// Enters a closing phase, if the outbox is open: `frame` is the last. Returns whether it was.
    fn shut(&self, mut state: MutexGuard<'_, State>, code: u16, frame: Bytes, phase: Phase) -> bool {
        if state.phase != Phase::Open {
            return false;
        }
        let before = state.total();
        state.phase = phase;
        state.code = code;
        let dropped = if phase == Phase::Discarding { state.discard() } else { Vec::new() };
        state.push(frame);
        let task = state.task();
        let waiting = self.whom_to_tell(&mut state);
        self.release(state, before, task, waiting);
        drop(dropped);
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those who wait for room, if there is some or never will be.
    fn whom_to_tell(&self, state: &mut State) -> Option<Box<Waiting>> {
        if state.phase == Phase::Open && state.total() > self.registry.limits().queue_bytes_low {
            return None;
        }
        state.waiting.take()
    }

    /// Gives up the lock after a change, then wakes whom it concerns.
    fn release(
        &self,
        state: MutexGuard<'_, State>,
        before: u32,
        task: Option<Waker>,
        waiting: Option<Box<Waiting>>,
    ) {
        self.registry.metrics().requeued(before, state.total());
        drop(state);
        wake(task, waiting);
    }
}

/// Wakes the transport's task and those who wait for room; never under the lock.
fn wake(task: Option<Waker>, waiting: Option<Box<Waiting>>) {
    if let Some(task) = task {
        task.wake();
    }
    for waker in waiting.into_iter().flat_map(|waiting| waiting.0) {
        waker.wake();
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.end();
    }
}

/// The text of a server's text frame, sharing its memory; `None` for every other frame.
pub fn payload(frame: &Bytes) -> Option<Bytes> {
    let start = match **frame {
        [0x81, 127, ..] => 10,
        [0x81, 126, ..] => 4,
        [0x81, ..] => 2,
        _ => return None,
    };
    (start <= frame.len()).then(|| frame.slice(start..))
}

#[cfg(test)]
mod tests;
