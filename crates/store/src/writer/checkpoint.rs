use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};
use tokio::task::JoinHandle;
use tracing::warn;

use crate::StoreError;
use crate::rows::int;
use crate::sql::{self, Args};

/// Pages in the write-ahead log (8 MiB) above which a checkpoint is worth its two syncs.
const PAGES_BETWEEN: i64 = 2_048;

/// Pages in the write-ahead log (64 MiB) above which the writer helps to begin it anew.
const PAGES_HIGH: i64 = 16_384;

/// A checkpoint this short left so little behind that the writer can finish it between two commits.
const SHORT: Duration = Duration::from_millis(20);

/// Pages that short reads may hold back; more means that a long one, such as a backup, is under way, and
/// the log cannot begin anew whatever the writer does.
const PAGES_HELD: i64 = 2_048;

/// How often the checkpointer tries for a short one before the writer helps anyway.
const ROUNDS: usize = 4;

/// What the store measures while it runs.
#[derive(Debug, Default)]
pub struct StoreMetrics {
    /// Checkpoints done.
    pub checkpoints: AtomicU64,
    /// How long the last one took.
    pub checkpoint_micros_last: AtomicU64,
    /// How long the longest one took.
    pub checkpoint_micros_max: AtomicU64,
    /// Checkpoints done by the writer itself, between two commits.
    pub assists: AtomicU64,
    /// How long the longest of those took.
    pub assist_micros_max: AtomicU64,
    /// Size of the write-ahead log's file.
    pub wal_bytes: AtomicU64,
}

/// Moves committed pages from the write-ahead log into the file, on a connection of its own.
///
/// The log begins anew by itself when a commit finds it moved completely. Under load that never
/// happens, because commits go on during a checkpoint: then the writer does the last short one.
pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    /// At most so many pages were committed since the checkpointer last looked.
    pages: i64,
    task: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    wake: Notify,
    stop: AtomicBool,
    assist: AtomicBool,
    /// Held by whoever moves pages.
    turn: Arc<Mutex<()>>,
    metrics: Arc<StoreMetrics>,
}

impl Checkpointer {
    pub(super) fn start(conn: SqliteConnection) -> Self {
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(run(conn, Arc::clone(&shared)));
        Self { shared, pages: 0, task: Some(task) }
    }

    pub(super) fn metrics(&self) -> Arc<StoreMetrics> {
        Arc::clone(&self.shared.metrics)
    }

    /// At most about so many pages were committed.
    pub(super) fn wrote(&mut self, pages: usize) {
        self.pages += int(pages as u64);
        if self.pages >= PAGES_BETWEEN {
            self.pages = 0;
            self.shared.wake.notify_one();
        }
    }

    /// Keeps it from moving pages until the turn is dropped; `None` while it moves some.
    pub(super) fn take_turn(&self) -> Option<OwnedMutexGuard<()>> {
        let turn = Arc::clone(&self.shared.turn).try_lock_owned().ok()?;
        self.shared.assist.store(false, Relaxed);
        Some(turn)
    }

    pub(super) fn measured(&self, wal_bytes: u64) {
        self.shared.metrics.wal_bytes.store(wal_bytes, Relaxed);
    }

    /// Does the last, short checkpoint on the writer's connection, if it is time to.
    pub(super) async fn assist(&self, conn: &mut SqliteConnection) -> Option<Duration> {
        if !self.shared.assist.swap(false, Relaxed) {
            return None;
        }
        let begun = Instant::now();
        if let Err(error) = checkpoint(conn, MOVE).await {
            warn!(error = &error as &dyn std::error::Error, "cannot begin the write-ahead log anew");
        }
        let duration = begun.elapsed();
        let metrics = &self.shared.metrics;
        metrics.assists.fetch_add(1, Relaxed);
        metrics.assist_micros_max.fetch_max(micros(duration), Relaxed);
        Some(duration)
    }

    /// Ends the task and its connection.
    pub(super) async fn stop(&mut self) {
        self.shared.stop.store(true, Relaxed);
        self.shared.wake.notify_one();
        if let Some(task) = self.task.take()
            && let Err(error) = task.await
        {
            warn!(error = &error as &dyn std::error::Error, "the checkpointer ended badly");
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn run(mut conn: SqliteConnection, shared: Arc<Shared>) {
    loop {
        shared.wake.notified().await;
        if shared.stop.load(Relaxed) {
            break;
        }
        // Whoever has the turn empties the log.
        let Ok(_turn) = shared.turn.try_lock() else { continue };
        if let Err(error) = round(&mut conn, &shared).await {
            warn!(error = &error as &dyn std::error::Error, "cannot move the write-ahead log into the file");
        }
    }
    if let Err(error) = conn.close().await {
        warn!(error = &error as &dyn std::error::Error, "cannot close the checkpointer's connection");
    }
}

async fn round(conn: &mut SqliteConnection, shared: &Shared) -> Result<(), StoreError> {
    let (pages, moved) = checkpoint(conn, LOOK).await?;
    if pages - moved < PAGES_BETWEEN {
        return Ok(());
    }
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let (pages, moved) = checkpoint(conn, MOVE).await?;
        let duration = begun.elapsed();
        shared.metrics.checkpoints.fetch_add(1, Relaxed);
        shared.metrics.checkpoint_micros_last.store(micros(duration), Relaxed);
        shared.metrics.checkpoint_micros_max.fetch_max(micros(duration), Relaxed);
        if pages < PAGES_HIGH || pages - moved > PAGES_HELD || shared.stop.load(Relaxed) {
            return Ok(());
        }
        if duration < SHORT {
            break;
        }
    }
    shared.assist.store(true, Relaxed);
    Ok(())
}

/// Moves what no reader needs any more.
const MOVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// Moves nothing.
const LOOK: &str = "PRAGMA wal_checkpoint(NOOP)";

/// Runs a checkpoint; returns how many pages the write-ahead log has, and how many of them are moved.
async fn checkpoint(conn: &mut SqliteConnection, how: &'static str) -> Result<(i64, i64), StoreError> {
    let row = sql::row(conn, how, Args::default()).await?;
    row.map_or(Ok((0, 0)), |row| Ok((row.try_get_unchecked(1)?, row.try_get_unchecked(2)?)))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
