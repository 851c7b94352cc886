//! What every back-end does with events that came for a handler.
//!
//! Events are handed over, and words about them come back, many at a time: what goes from one task to another costs as
//! much for one as for a hundred.

mod words;

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

use words::Receipt;
pub(crate) use words::{Way, Word, Words};

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

/// An event with the way back.
struct Job<I: Copy> {
    event: Event,
    attempt: u32,
    receipt: Receipt<I>,
}

/// Where a connection puts events for a handler.
pub(crate) struct Inlet<I: Copy> {
    jobs: mpsc::UnboundedSender<Vec<Job<I>>>,
    /// Given and not yet handed over.
    given: Vec<Job<I>>,
    in_hand: Arc<AtomicUsize>,
    in_hand_max: usize,
}

impl<I: Copy> Clone for Inlet<I> {
    fn clone(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            given: Vec::new(),
            in_hand: Arc::clone(&self.in_hand),
            in_hand_max: self.in_hand_max,
        }
    }
}

impl<I: Copy> Inlet<I> {
    /// How many more events there is room for.
    pub(crate) fn room(&self) -> usize {
        self.in_hand_max.saturating_sub(self.in_hand.load(Relaxed))
    }

    /// What becomes of the events of one connection, and the way that it is said.
    pub(crate) fn words(&self) -> (Arc<Way<I>>, Words<I>) {
        words::channel(Arc::clone(&self.in_hand))
    }

    /// Takes an event that is handed over with the next call of [`Inlet::hand_over`]; what becomes of it is said on
    /// `way`, at once if there is no room.
    pub(crate) fn give(&mut self, event: Event, attempt: u32, number: I, way: &Arc<Way<I>>) {
        let receipt = Receipt::new(number, way);
        // Connections count by themselves, and each may have one event more.
        if self.in_hand.load(Relaxed) <= 2 * self.in_hand_max {
            self.given.push(Job { event, attempt, receipt });
        }
        // What does not fit goes, and with it its receipt, which gives the event back.
    }

    /// Hands over what was given.
    pub(crate) fn hand_over(&mut self) {
        if !self.given.is_empty() {
            // Without a dispatcher all of it is given back.
            drop(self.jobs.send(std::mem::take(&mut self.given)));
        }
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
        // It has as many events at most as there is room for.
        let (jobs, queue) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(None);
        let shared = Arc::new(Shared {
            handler,
            places: Semaphore::new(limits.concurrency_max.max(1)),
            retry: limits.retry,
            hold_max,
            stopped,
        });
        let task = tokio::spawn(run(shared, queue));
        let in_hand_max = limits.in_hand_max.max(1);
        (Self { stop, task }, Inlet { jobs, given: Vec::new(), in_hand: Arc::default(), in_hand_max })
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
    stopped: watch::Receiver<Option<Instant>>,
}

/// The tasks of the keys that are being worked on, and what waits behind them.
struct Lanes<I: Copy> {
    shared: Arc<Shared>,
    waiting: HashMap<String, VecDeque<Job<I>>>,
    tasks: JoinSet<String>,
}

async fn run<I: Copy + Send + Sync + 'static>(
    shared: Arc<Shared>,
    mut queue: mpsc::UnboundedReceiver<Vec<Job<I>>>,
) {
    let stopped = shared.stopped.clone();
    let mut lanes = Lanes { shared, waiting: HashMap::new(), tasks: JoinSet::new() };
    let deadline = loop {
        tokio::select! {
            jobs = queue.recv() => match jobs {
                Some(jobs) => jobs.into_iter().for_each(|job| lanes.take(job)),
                None => break Instant::now(),
            },
            Some(ended) = lanes.tasks.join_next() => lanes.next(ended),
            () = begun_stop(&stopped) => break stopped.borrow().unwrap_or_else(Instant::now),
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
    fn take(&mut self, job: Job<I>) {
        if let Some(waiting) = self.waiting.get_mut(&job.event.key) {
            waiting.push_back(job);
            return;
        }
        let key = job.event.key.clone();
        if !self.is_done_at_once(job) {
            self.waiting.insert(key, VecDeque::new());
        }
    }

    /// Begins with an event; only what does not end at once is worth a task of its own.
    fn is_done_at_once(&mut self, job: Job<I>) -> bool {
        let mut work = Box::pin(work(Arc::clone(&self.shared), job));
        let is_done = work.as_mut().now_or_never().is_some();
        if !is_done {
            self.tasks.spawn(work);
        }
        is_done
    }

    fn next(&mut self, ended: Result<String, JoinError>) {
        let key = ended.expect("work catches what panics in a handler, and is aborted only at the end");
        while let Some(job) = self.waiting.get_mut(&key).and_then(VecDeque::pop_front) {
            if !self.is_done_at_once(job) {
                return;
            }
        }
        self.waiting.remove(&key);
    }
}

/// Has one event handled, as often as it takes, and gives its key free.
async fn work<I: Copy + Send + Sync + 'static>(shared: Arc<Shared>, mut job: Job<I>) -> String {
    loop {
        let Some(outcome) = handle(&shared, &job).await else { return job.event.key };
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
            () = begun_stop(&shared.stopped) => {
                job.receipt.settle(Word::Later(until.duration_since(Instant::now())));
                return job.event.key;
            }
        }
    }
}

/// Calls the handler once there is a place; none once no more is begun.
async fn handle<I: Copy>(shared: &Shared, job: &Job<I>) -> Option<Outcome> {
    let place = match shared.places.try_acquire() {
        Ok(place) if shared.stopped.borrow().is_none() => place,
        Ok(_) => return None,
        Err(_) => tokio::select! {
            biased;
            () = begun_stop(&shared.stopped) => return None,
            place = shared.places.acquire() => place.expect("the places of a dispatcher are never closed"),
        },
    };
    let handling = AssertUnwindSafe(async { shared.handler.handle(&job.event, job.attempt).await });
    let outcome = handling.catch_unwind().await;
    drop(place);
    Some(outcome.unwrap_or_else(|_| Outcome::Again { after: None, why: "the handler panicked".to_owned() }))
}

/// Waits until no more is begun.
async fn begun_stop(stopped: &watch::Receiver<Option<Instant>>) {
    // Without an owner there is nothing to go on for, either.
    drop(stopped.clone().wait_for(Option::is_some).await);
}

fn shortened(mut why: String) -> String {
    why.truncate(why.floor_char_boundary(WHY_BYTES_MAX));
    why
}

#[cfg(test)]
mod tests;
