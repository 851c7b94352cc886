//! The bus without a server: the store's own log is the queue.
//!
//! Each group reads the log behind its place and tells its subscriber. What is told in order and done needs no row: the
//! group's place says so. What fails gets a row, and so does everything of its key that comes behind it, so that the
//! place moves on and other keys do not wait.
//!
//! *Invariant:* a group's place only passes events that are done, dead or have a row, and it is written in one
//! transaction with those rows. So a kill at any point loses nothing; what was told and not written down is told again
//! under the same id.
//!
//! *Invariant:* groups share nothing but the store, which they read and never wait for. One that is slow, down or fed
//! with poison keeps no other waiting, and nobody who writes.

mod runner;
mod turns;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use kefu_core::Micros;
use kefu_store::{EventChange, EventPosition};
use sha1::{Digest as _, Sha1};
use tokio::sync::watch;
use uuid::{Builder, Uuid};

pub use runner::{Ended, Order, Runner};

use crate::happened::{Heard, Kind, Reader};
use crate::{Handler, Outcome, Pattern};

/// Writes changes durably, all of them or none.
pub trait Keeper: Send + Sync + 'static {
    /// Writes them.
    fn keep(&self, changes: Vec<EventChange>) -> BoxFuture<'_, Result<(), NotKept>>;
}

/// Changes could not be written now.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotKept(pub String);

/// An event that is told to a group.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// The same however often this event is told to this group.
    pub delivery: Uuid,
    /// The event.
    pub heard: &'a Heard,
    /// 1, 2, 3 … since it was last asked for.
    pub attempt: u32,
}

/// What came of telling an event.
#[derive(Clone, Debug)]
pub struct Told {
    /// What becomes of it.
    pub outcome: Outcome,
    /// What operators are to know of the attempt, as JSON, where it is kept.
    pub attempt: Option<String>,
}

/// Is told events by the embedded bus: as a [`Handler`], and hears which delivery it is.
pub trait Subscriber: Send + Sync + 'static {
    /// Does what is to be done about an event.
    fn tell<'a>(&'a self, telling: Telling<'a>) -> BoxFuture<'a, Told>;
}

/// A handler as a subscriber.
pub struct Plain(pub Arc<dyn Handler>);

impl Subscriber for Plain {
    fn tell<'a>(&'a self, telling: Telling<'a>) -> BoxFuture<'a, Told> {
        Box::pin(async move {
            let outcome = self.0.handle(&telling.heard.event, telling.attempt).await;
            Told { outcome, attempt: None }
        })
    }
}

/// A group, and what it wants to hear.
#[derive(Clone)]
pub struct Listener {
    /// Name of the group.
    pub name: String,
    /// Topics that it hears of.
    pub topics: Vec<Pattern>,
    /// Inboxes that it hears of; all if there are none.
    pub inboxes: Vec<Uuid>,
    /// Events that are told at once; those of one key never are.
    pub side_by_side: usize,
    /// How long it takes until an event is told again, by attempt; after the last one it is a dead letter.
    pub waits: Vec<Duration>,
    /// Whether a row is kept of what is done, too.
    pub keeps_done: bool,
    /// Who is told.
    pub subscriber: Arc<dyn Subscriber>,
}

impl Listener {
    fn wants(&self, kind: Kind) -> bool {
        let topic = kind.topic().parse().expect("a test parses every topic of the catalogue");
        self.topics.iter().any(|pattern| pattern.matches(&topic))
    }

    fn is_for(&self, heard: &Heard) -> bool {
        self.inboxes.is_empty() || heard.inbox.is_some_and(|inbox| self.inboxes.contains(&inbox))
    }
}

/// What groups are held to.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedLimits {
    /// Deliveries of a group that may wait; beyond it the group reads no further in the log.
    pub waiting_max: usize,
    /// Events that are older when their turn comes are counted and not told.
    pub keep_seconds: i64,
    /// A group of which nothing was taken for so long is given up.
    pub give_up_seconds: i64,
}

impl Default for EmbeddedLimits {
    fn default() -> Self {
        const DAY: i64 = 24 * 60 * 60;
        Self { waiting_max: 10_000, keep_seconds: 30 * DAY, give_up_seconds: 3 * DAY }
    }
}

/// What was counted since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Events that were told and taken.
    pub done: AtomicU64,
    /// Attempts that are to be repeated.
    pub again: AtomicU64,
    /// Dead letters.
    pub dead: AtomicU64,
    /// Events that were too old when their turn came.
    pub skipped: AtomicU64,
}

impl Counters {
    fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

/// The embedded bus of a store.
pub struct Embedded {
    reader: Reader,
    keeper: Arc<dyn Keeper>,
    clock: fn() -> Micros,
    limits: EmbeddedLimits,
    news: watch::Sender<()>,
    counters: Counters,
}

impl Embedded {
    /// Makes one: `reader` and `keeper` are of the same store, and `clock` is what the store's times are by.
    #[must_use]
    pub fn new(
        reader: Reader,
        keeper: Arc<dyn Keeper>,
        clock: fn() -> Micros,
        limits: EmbeddedLimits,
    ) -> Arc<Self> {
        let news = watch::Sender::new(());
        Arc::new(Self { reader, keeper, clock, limits, news, counters: Counters::default() })
    }

    /// Something was committed: groups look.
    pub fn look(&self) {
        self.news.send_replace(());
    }

    /// Hears when groups are to look.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// Makes events of the store.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Writes changes that somebody else than a group makes.
    ///
    /// # Errors
    /// They cannot be written now.
    pub async fn keep(&self, changes: Vec<EventChange>) -> Result<(), NotKept> {
        self.keeper.keep(changes).await
    }

    /// Has a group of this name hear of everything from now on, or of everything behind `from`; one that there is
    /// already stays where it was.
    ///
    /// # Errors
    /// The store cannot be read or written now.
    pub async fn begin(&self, name: &str, from: Option<EventPosition>) -> Result<(), NotKept> {
        let at = match from {
            Some(from) => from,
            None => self.reader.end().await.map_err(|error| NotKept(error.to_string()))?,
        };
        self.keep(vec![EventChange::Group { name: name.to_owned(), at }]).await
    }
}

/// The id (UUIDv5) of the delivery of an event to a group.
#[must_use]
pub fn delivery_id(group: &str, event: Uuid) -> Uuid {
    let mut hash = Sha1::new();
    hash.update(event.as_bytes());
    hash.update(group);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    Builder::from_sha1_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests;
