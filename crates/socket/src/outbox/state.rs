use std::{mem, task::Waker};

use bytes::Bytes;

use crate::outbox::Taken;

/// What the lock of an outbox protects.
#[derive(Debug)]
pub(crate) struct State {
    frames: Vec<Bytes>,
    /// The task that takes frames out. Kept across wakes; holds that task's memory.
    task: Option<Waker>,
    /// Who waits for room.
    pub(crate) waiting: Option<Box<Waiting>>,
    /// Place in the registry.
    pub(crate) slot: Slot,
    queued: u32,
    taken: u32,
    pub(crate) code: u16,
    pub(crate) phase: Phase,
    /// The task is to be woken by the next change.
    pub(crate) is_armed: bool,
    /// The first frame was begun.
    is_cut: bool,
}

/// Who waits for room in a queue.
#[derive(Debug)]
pub(crate) struct Waiting(pub(crate) Vec<Waker>);

/// How far a connection has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    /// Frames are taken.
    Open,
    /// The close frame is the last; everything before it is to be sent.
    Flushing,
    /// The close frame is the last; only a frame that was begun goes before it.
    Discarding,
    /// Nothing is to be sent.
    Ended,
}

/// A place in the registry, or none.
#[derive(Debug)]
pub(crate) struct Slot(u32);

impl Slot {
    const NONE: u32 = u32::MAX;

    /// The place, which is given up.
    pub(crate) fn take(&mut self) -> Option<u32> {
        let slot = mem::replace(&mut self.0, Self::NONE);
        (slot != Self::NONE).then_some(slot)
    }
}

impl State {
    pub(crate) fn new(slot: u32) -> Self {
        Self {
            frames: Vec::new(),
            task: None,
            waiting: None,
            slot: Slot(slot),
            queued: 0,
            taken: 0,
            code: 0,
            phase: Phase::Open,
            is_armed: false,
            is_cut: false,
        }
    }

    /// What is queued or being written, as it counts against the limit.
    pub(crate) fn total(&self) -> u32 {
        self.queued.saturating_add(self.taken)
    }

    pub(crate) fn has_frames(&self) -> bool {
        !self.frames.is_empty()
    }

    pub(crate) fn push(&mut self, frame: Bytes) {
        self.queued = self.queued.saturating_add(cost(&frame));
        self.frames.push(frame);
    }

    pub(crate) fn take_all(&mut self) -> Taken {
        self.taken = mem::take(&mut self.queued);
        Taken { frames: mem::take(&mut self.frames), is_cut: mem::take(&mut self.is_cut), phase: self.phase }
    }

    pub(crate) fn take_some(&mut self, max: usize) -> Vec<Bytes> {
        if self.frames.len() <= max {
            self.queued = 0;
            return mem::take(&mut self.frames);
        }
        let some: Vec<Bytes> = self.frames.drain(..max).collect();
        self.queued = self.queued.saturating_sub(sum(&some));
        some
    }

    /// Puts the rest of what was taken before what came since. Returns what is to be dropped.
    pub(crate) fn put_back(&mut self, mut rest: Vec<Bytes>, is_cut: bool) -> Vec<Bytes> {
        self.taken = 0;
        let kept = match self.phase {
            Phase::Ended => 0,
            // The close frame came after what was taken.
            Phase::Discarding if self.has_frames() => usize::from(is_cut),
            _ => rest.len(),
        };
        let dropped = rest.split_off(kept.min(rest.len()));
        if !rest.is_empty() {
            self.is_cut = is_cut;
            self.is_armed = false;
            self.queued = self.queued.saturating_add(sum(&rest));
            rest.append(&mut self.frames);
            self.frames = rest;
        }
        dropped
    }

    /// Drops what is queued and not begun. Returns it.
    pub(crate) fn discard(&mut self) -> Vec<Bytes> {
        let kept = self.frames.first().filter(|_| self.is_cut).cloned();
        let dropped = mem::take(&mut self.frames);
        self.queued = 0;
        if let Some(kept) = kept {
            self.push(kept);
        }
        dropped
    }

    /// Ends the connection. Returns what is to be woken and what is to be dropped.
    pub(crate) fn end(&mut self) -> (Option<Waker>, Option<Box<Waiting>>, Vec<Bytes>) {
        self.phase = Phase::Ended;
        self.queued = 0;
        // What is being written counts no more.
        self.taken = 0;
        (self.task.take(), self.waiting.take(), mem::take(&mut self.frames))
    }

    /// Has the next frame wake the task; an ended connection keeps no task.
    pub(crate) fn arm(&mut self, waker: &Waker) {
        if self.phase == Phase::Ended {
            return;
        }
        self.is_armed = true;
        if !self.task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            self.task = Some(waker.clone());
        }
    }

    /// The task, if a frame is to wake it.
    pub(crate) fn disarm(&mut self) -> Option<Waker> {
        if mem::take(&mut self.is_armed) { self.task.clone() } else { None }
    }

    /// The task, whatever it waits for.
    pub(crate) fn task(&self) -> Option<Waker> {
        self.task.clone()
    }

    pub(crate) fn await_room(&mut self, waker: &Waker) {
        let waiting = self.waiting.get_or_insert_with(|| Box::new(Waiting(Vec::with_capacity(1))));
        // A task that gave up waiting and waits anew stands in the list already.
        if !waiting.0.iter().any(|known| known.will_wake(waker)) {
            waiting.0.push(waker.clone());
        }
    }
}

/// What a frame counts against the limit: its bytes and its place in the queue.
pub(crate) fn cost(frame: &Bytes) -> u32 {
    u32::try_from(frame.len() + size_of::<Bytes>()).unwrap_or(u32::MAX)
}

fn sum(frames: &[Bytes]) -> u32 {
    frames.iter().fold(0, |sum: u32, frame| sum.saturating_add(cost(frame)))
}
