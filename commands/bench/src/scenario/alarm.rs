//! Waking up on time: tokio counts whole milliseconds, too coarse for a schedule. A thread that only sleeps does not.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::Instant,
};

use tokio::sync::Notify;

/// Wakes a task; perhaps also without a reason.
pub(super) struct Alarm {
    /// Taken when the thread is to end.
    deadlines: Option<Sender<Instant>>,
    rings: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Alarm {
    pub(super) fn new() -> Self {
        let (sender, deadlines) = channel();
        let rings = Arc::new(Notify::new());
        let bell = Arc::clone(&rings);
        let thread = std::thread::spawn(move || ring(&deadlines, &bell));
        Self { deadlines: Some(sender), rings, thread: Some(thread) }
    }

    /// Waits until then; a deadline that was set before is forgotten.
    pub(super) async fn sleep(&self, until: Instant) {
        if let Some(deadlines) = &self.deadlines
            && deadlines.send(until).is_ok()
        {
            self.rings.notified().await;
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        drop(self.deadlines.take());
        if let Some(thread) = self.thread.take() {
            // It does nothing that could panic, and if it did there is nothing left to do about it.
            drop(thread.join());
        }
    }
}

fn ring(deadlines: &Receiver<Instant>, bell: &Notify) {
    while let Ok(mut until) = deadlines.recv() {
        loop {
            match deadlines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(other) => until = other,
                Err(RecvTimeoutError::Timeout) => break bell.notify_one(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}
