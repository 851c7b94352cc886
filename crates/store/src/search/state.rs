use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use super::file;
use super::tail::Tail;
use crate::reader::Pool;
use crate::{StoreError, open};

/// The position of the first entry of every log.
const FIRST_POS: i64 = 1;

/// Positions of the log that are in the index's file together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    /// The position of offset 0.
    pub(super) start: i64,
    /// The position after the last one.
    pub(super) end: i64,
}

/// What is indexed, as of one moment.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) segments: Arc<Vec<Segment>>,
    /// It begins where the last segment ends.
    pub(super) tail: Tail,
    /// The number of the last revision that both have.
    pub(super) revised: i64,
}

/// What the search index measures while it is kept up.
#[derive(Debug, Default)]
pub struct SearchMetrics {
    /// Entries that are found in the index's file or in memory, not by reading the log.
    pub indexed: AtomicU64,
    /// Entries of the log that were not indexed when the indexer last looked.
    pub behind: AtomicU64,
    /// How often the index was written from the beginning.
    pub rebuilds: AtomicU64,
}

/// What the indexer and those who search share.
pub(crate) struct Shared {
    pub(super) dir: PathBuf,
    readers: usize,
    pool: Mutex<Arc<Pool>>,
    state: Mutex<Arc<State>>,
    is_damaged: AtomicBool,
    /// One for each search that may be under way: the others who read must not wait for them.
    pub(super) searches: Semaphore,
    pub(super) metrics: Arc<SearchMetrics>,
}

impl State {
    pub(super) fn new(segments: Vec<Segment>, revised: i64) -> Self {
        let start = segments.last().map_or(FIRST_POS, |last| last.end);
        Self { segments: Arc::new(segments), tail: Tail::new(start), revised }
    }

    /// The same, the tail being the last segment now.
    pub(super) fn with_segment(&self) -> Self {
        let mut segments = Vec::with_capacity(self.segments.len() + 1);
        segments.extend_from_slice(&self.segments);
        segments.push(Segment { start: self.tail.start, end: self.tail.end() });
        Self::new(segments, self.revised)
    }

    /// The segment that has this position, and the offset there.
    pub(super) fn segment_of(&self, pos: i64) -> Option<(usize, u16)> {
        let number = self.segments.partition_point(|segment| segment.end <= pos);
        let segment = self.segments.get(number).filter(|segment| segment.start <= pos)?;
        Some((number, u16::try_from(pos - segment.start).ok()?))
    }
}

impl Shared {
    /// Nothing is indexed until an indexer says so.
    pub(crate) fn new(dir: &Path, readers: usize) -> Self {
        Self {
            dir: dir.to_owned(),
            readers,
            pool: Mutex::new(Arc::new(pool(dir, readers))),
            state: Mutex::new(Arc::new(State::new(Vec::new(), 0))),
            is_damaged: AtomicBool::new(false),
            searches: Semaphore::new((readers / 2).max(1)),
            metrics: Arc::default(),
        }
    }

    /// What is indexed now.
    pub(super) fn state(&self) -> Arc<State> {
        Arc::clone(&lock(&self.state))
    }

    /// Makes a new state the one that searches begin with.
    pub(super) fn publish(&self, state: State) {
        let indexed = u64::try_from(state.tail.end() - FIRST_POS).unwrap_or(0);
        self.metrics.indexed.store(indexed, Relaxed);
        // The old one may be large: it ends without the lock.
        drop(std::mem::replace(&mut *lock(&self.state), Arc::new(state)));
    }

    /// Connections that read the index's file.
    pub(super) fn pool(&self) -> Arc<Pool> {
        Arc::clone(&lock(&self.pool))
    }

    /// Removes the index, so that it is made again. Who reads the file begins anew too.
    pub(super) fn renew(&self) -> Result<(), StoreError> {
        self.metrics.rebuilds.fetch_add(1, Relaxed);
        self.publish(State::new(Vec::new(), 0));
        *lock(&self.pool) = Arc::new(pool(&self.dir, self.readers));
        file::remove(&self.dir)
    }

    pub(crate) fn metrics(&self) -> &Arc<SearchMetrics> {
        &self.metrics
    }

    /// A search found the file damaged.
    pub(super) fn report_damage(&self) {
        self.is_damaged.store(true, Relaxed);
    }

    /// Whether a search found the file damaged since the last call.
    pub(super) fn take_damage(&self) -> bool {
        self.is_damaged.swap(false, Relaxed)
    }

    /// Ends the connections that read the file.
    pub(crate) async fn close(&self) {
        self.pool().close().await;
    }
}

fn pool(dir: &Path, readers: usize) -> Pool {
    Pool::new(open::reading(&file::path(dir)), readers)
}

/// Nothing panics while it holds one of these locks, so what they guard is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
