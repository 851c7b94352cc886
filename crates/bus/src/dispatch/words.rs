//! What becomes of events that a back-end gave away.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::event::Event;

/// How long a word waits for others, if any are to come: told one by one, each costs a call of the system.
const MOMENT: Duration = Duration::from_millis(1);
/// Words that are heard together at most.
const WORDS_MAX: usize = 1024;

/// What a back-end hears of an event that it gave away.
#[derive(Debug)]
pub(crate) enum Word {
    /// The handler failed and leaves the wait to the bus; the event is still in hand.
    Failed,
    /// The handler is done with it.
    Done,
    /// It is given back, to be told again after so long.
    Later(Duration),
    /// It is a dead letter.
    Dead(Box<Event>, String),
}

/// The way from events to the connection that they came over.
pub(crate) struct Way<I: Copy> {
    words: mpsc::UnboundedSender<(I, Word)>,
    in_hand: Arc<AtomicUsize>,
}

/// What comes over it, many words at a time.
pub(crate) struct Words<I: Copy> {
    receiver: mpsc::UnboundedReceiver<(I, Word)>,
    came: Vec<(I, Word)>,
    /// When the first of them has waited for long enough.
    until: Option<Instant>,
}

/// Makes a way; as many words at most are on it as there are events in hand.
pub(super) fn channel<I: Copy>(in_hand: Arc<AtomicUsize>) -> (Arc<Way<I>>, Words<I>) {
    let (words, receiver) = mpsc::unbounded_channel();
    (Arc::new(Way { words, in_hand }), Words { receiver, came: Vec::new(), until: None })
}

impl<I: Copy> Words<I> {
    /// Words that came: as soon as there are `enough`, or a moment after the first one. Can be left half way and called
    /// again.
    pub(crate) async fn next(&mut self, enough: usize) -> Vec<(I, Word)> {
        while self.came.len() < enough.clamp(1, WORDS_MAX) {
            let room = WORDS_MAX - self.came.len();
            let receiving = self.receiver.recv_many(&mut self.came, room);
            let received = match self.until {
                None => receiving.await,
                Some(until) => match timeout_at(until, receiving).await {
                    Ok(received) => received,
                    Err(_) => break,
                },
            };
            if received == 0 && self.came.is_empty() {
                // Nobody is left who could say anything.
                return pending().await;
            }
            if received == 0 {
                break;
            }
            self.until.get_or_insert_with(|| Instant::now() + MOMENT);
        }
        self.until = None;
        std::mem::take(&mut self.came)
    }

    /// What has come by now.
    pub(crate) fn now(&mut self) -> Vec<(I, Word)> {
        while let Ok(word) = self.receiver.try_recv() {
            self.came.push(word);
        }
        self.until = None;
        std::mem::take(&mut self.came)
    }
}

/// The way back to whoever told an event; it hears of the end exactly once.
pub(super) struct Receipt<I: Copy> {
    number: I,
    way: Option<Arc<Way<I>>>,
}

impl<I: Copy> Receipt<I> {
    /// Counts an event as one in hand.
    pub(super) fn new(number: I, way: &Arc<Way<I>>) -> Self {
        way.in_hand.fetch_add(1, Relaxed);
        Self { number, way: Some(Arc::clone(way)) }
    }

    pub(super) fn failed(&self) {
        if let Some(way) = &self.way {
            // Whoever told it may be gone, and tells it again then.
            drop(way.words.send((self.number, Word::Failed)));
        }
    }

    pub(super) fn settle(mut self, word: Word) {
        self.send(word);
    }

    fn send(&mut self, word: Word) {
        if let Some(way) = self.way.take() {
            way.in_hand.fetch_sub(1, Relaxed);
            drop(way.words.send((self.number, word)));
        }
    }
}

impl<I: Copy> Drop for Receipt<I> {
    fn drop(&mut self) {
        self.send(Word::Later(Duration::ZERO));
    }
}
