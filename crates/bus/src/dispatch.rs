//! What every back-end does with events that came for a handler.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::{debug, warn};

use crate::backoff::Backoff;
use crate::event::Event;
use crate::handler::{Handler, Outcome};

/// Bytes of a handler's reason at most that go on into logs and dead letters.
const WHY_BYTES_MAX: usize = 1024;

/// The longest that an event waits here for its next turn.
const WAIT_MAX: Duration = Duration::from_secs(30 * 86_400);

/// How much a subscription takes on at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Events that are with this process at most, whether a handler has them or they wait behind others.
    pub in_hand_max: usize,
    /// Events that are with the handler at the same time at most.
    pub concurrency_max: usize,
    /// How long the bus leaves an event alone that is to be told again, by its attempts, where the handler does not say.
    pub retry: Backoff,
}

impl Default for Limits {
    fn default() -> Self {
        let retry = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(300) };
        Self { in_hand_max: 1024, concurrency_max: 64, retry }
    }
}

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

/// The way back to whoever told an event; it hears of the end exactly once.
pub(crate) struct Receipt<I: Copy> {
    number: I,
    words: Option<mpsc::UnboundedSender<(I, Word)>>,
    in_hand: Arc<AtomicUsize>,
}

impl<I: Copy> Receipt<I> {
    fn failed(&self) {
        if let Some(words) = &self.words {
            // Whoever told it may be gone, and tells it again then.
            drop(words.send((self.number, Word::Failed)));
        }
    }

    fn settle(mut self, word: Word) {
        self.send(word);
    }

    fn send(&mut self, word: Word) {
        if let Some(words) = self.words.take() {
            self.in_hand.fetch_sub(1, Relaxed);
            drop(words.send((self.number, word)));
        }
    }
}

impl<I: Copy> Drop for Receipt<I> {
    fn drop(&mut self) {
        self.send(Word::Later(Duration::ZERO));
    }
}

/// An event with the way back.
struct Job<I: Copy> {
    event: Event,
    attempt: u32,
    receipt: Receipt<I>,
}

/// Where connections put events for a handler.
pub(crate) struct Inlet<I: Copy> {
    jobs: mpsc::Sender<Job<I>>,
    in_hand: Arc<AtomicUsize>,
    in_hand_max: usize,
}

impl<I: Copy> Clone for Inlet<I> {
    fn clone(&self) -> Self {
        Self { jobs: self.jobs.clone(), in_hand: Arc::clone(&self.in_hand), in_hand_max: self.in_hand_max }
    }
}

impl<I: Copy> Inlet<I> {
    /// How many more events there is room for.
    pub(crate) fn room(&self) -> usize {
        self.in_hand_max.saturating_sub(self.in_hand.load(Relaxed))
    }

    /// Hands an event over; `words` hears what becomes of it, at once if there is no room.
    pub(crate) fn give(
        &self,
        event: Event,
        attempt: u32,
        number: I,
        words: &mpsc::UnboundedSender<(I, Word)>,
    ) {
        self.in_hand.fetch_add(1, Relaxed);
        let in_hand = Arc::clone(&self.in_hand);
        let receipt = Receipt { number, words: Some(words.clone()), in_hand };
        // What does not fit is dropped, and with it goes its receipt, which gives the event back.
        drop(self.jobs.try_send(Job { event, attempt, receipt }));
    }
}

/// Calls a handler, never twice at a time for one key, and for each key in the order in which events came.
pub(crate) struct Dispatcher {
    stop: watch::Sender<Option<Instant>>,
    task: JoinHandle<()>,
}

impl Dispatcher {
    /// Starts; events that wait longer than `hold_max` are given back to whoever told them.
    pub(crate) fn start<I: Copy + Send + Sync + 'static>(
        handler: Arc<dyn Handler>,
        limits: &Limits,
        hold_max: Duration,
    ) -> (Self, Inlet<I>) {
        let in_hand_max = limits.in_hand_max.max(1);
        // Connections count by themselves, and each may have one event more.
        let (jobs, queue) = mpsc::channel(2 * in_hand_max);
        let (stop, stopped) = watch::channel(None);
        let shared = Arc::new(Shared {
            handler,
            places: Semaphore::new(limits.concurrency_max.max(1)),
            retry: limits.retry,
            hold_max,
        });
        let task = tokio::spawn(run(shared, queue, stopped));
        (Self { stop, task }, Inlet { jobs, in_hand: Arc::default(), in_hand_max })
    }

    /// Begins nothing more, and waits until `deadline` for what is with the handler; the rest is given back.
    pub(crate) async fn stop(mut self, deadline: Instant) {
        self.stop.send_replace(Some(deadline));
        if let Err(error) = (&mut self.task).await {
            warn!(%error, "the dispatcher of a subscription did not end as it should");
        }
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Shared {
    handler: Arc<dyn Handler>,
    places: Semaphore,
    retry: Backoff,
    hold_max: Duration,
}

/// The tasks of the keys that are being worked on, and what waits behind them.
struct Lanes<I: Copy> {
    shared: Arc<Shared>,
    waiting: HashMap<String, VecDeque<Job<I>>>,
    tasks: JoinSet<String>,
}

async fn run<I: Copy + Send + Sync + 'static>(
    shared: Arc<Shared>,
    mut queue: mpsc::Receiver<Job<I>>,
    mut stopped: watch::Receiver<Option<Instant>>,
) {
    let mut lanes = Lanes { shared, waiting: HashMap::new(), tasks: JoinSet::new() };
    let deadline = loop {
        tokio::select! {
            job = queue.recv() => match job {
                Some(job) => lanes.take(job, &stopped),
                None => break Instant::now(),
            },
            Some(ended) = lanes.tasks.join_next() => lanes.next(ended, &stopped),
            () = begun_stop(&mut stopped) => break stopped.borrow().unwrap_or_else(Instant::now),
        }
    };
    queue.close();
    lanes.waiting.clear();
    let all = async { while lanes.tasks.join_next().await.is_some() {} };
    if timeout_at(deadline, all).await.is_err() {
        warn!(
            left = lanes.tasks.len(),
            "handlers did not end in time and are stopped; their events are told again"
        );
        lanes.tasks.shutdown().await;
    }
    while queue.recv().await.is_some() {}
}

impl<I: Copy + Send + Sync + 'static> Lanes<I> {
    fn take(&mut self, job: Job<I>, stopped: &watch::Receiver<Option<Instant>>) {
        if let Some(waiting) = self.waiting.get_mut(&job.event.key) {
            waiting.push_back(job);
        } else {
            self.waiting.insert(job.event.key.clone(), VecDeque::new());
            self.tasks.spawn(work(Arc::clone(&self.shared), job, stopped.clone()));
        }
    }

    fn next(&mut self, ended: Result<String, JoinError>, stopped: &watch::Receiver<Option<Instant>>) {
        let key = ended.expect("work catches what panics in a handler, and is aborted only at the end");
        let Some(waiting) = self.waiting.get_mut(&key) else { return };
        if let Some(job) = waiting.pop_front() {
            self.tasks.spawn(work(Arc::clone(&self.shared), job, stopped.clone()));
        } else {
            self.waiting.remove(&key);
        }
    }
}

/// Has one event handled, as often as it takes, and gives its key free.
async fn work<I: Copy + Send + Sync + 'static>(
    shared: Arc<Shared>,
    mut job: Job<I>,
    mut stopped: watch::Receiver<Option<Instant>>,
) -> String {
    loop {
        let Some(outcome) = handle(&shared, &job, &mut stopped).await else { return job.event.key };
        let (wait, why) = match outcome {
            Outcome::Done => {
                job.receipt.settle(Word::Done);
                return job.event.key;
            }
            Outcome::Dead { why } => {
                let key = job.event.key.clone();
                job.receipt.settle(Word::Dead(Box::new(job.event), shortened(why)));
                return key;
            }
            Outcome::Again { after: Some(after), why } => (after.min(WAIT_MAX), why),
            Outcome::Again { after: None, why } => {
                job.receipt.failed();
                (shared.retry.wait(job.attempt), why)
            }
        };
        let why = shortened(why);
        debug!(id = %job.event.id, attempt = job.attempt, ?wait, why, "an event is to be told again");
        if wait > shared.hold_max {
            job.receipt.settle(Word::Later(wait));
            return job.event.key;
        }
        let until = Instant::now() + wait;
        tokio::select! {
            () = sleep_until(until) => job.attempt = job.attempt.saturating_add(1),
            () = begun_stop(&mut stopped) => {
                job.receipt.settle(Word::Later(until.duration_since(Instant::now())));
                return job.event.key;
            }
        }
    }
}

/// Calls the handler once there is a place; none once no more is begun.
async fn handle<I: Copy>(
    shared: &Shared,
    job: &Job<I>,
    stopped: &mut watch::Receiver<Option<Instant>>,
) -> Option<Outcome> {
    let place = match shared.places.try_acquire() {
        Ok(place) if stopped.borrow().is_none() => place,
        Ok(_) => return None,
        Err(_) => tokio::select! {
            biased;
            () = begun_stop(stopped) => return None,
            place = shared.places.acquire() => place.expect("the places of a dispatcher are never closed"),
        },
    };
    let handling = AssertUnwindSafe(async { shared.handler.handle(&job.event, job.attempt).await });
    let outcome = handling.catch_unwind().await;
    drop(place);
    Some(outcome.unwrap_or_else(|_| Outcome::Again { after: None, why: "the handler panicked".to_owned() }))
}

/// Waits until no more is begun.
async fn begun_stop(stopped: &mut watch::Receiver<Option<Instant>>) {
    // Without an owner there is nothing to go on for, either.
    drop(stopped.wait_for(Option::is_some).await);
}

fn shortened(mut why: String) -> String {
    why.truncate(why.floor_char_boundary(WHY_BYTES_MAX));
    why
}

#[cfg(test)]
mod tests;
