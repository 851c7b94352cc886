use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use kefu_text::terms;
use sqlx::Connection as _;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

use super::file::{self, IndexFile};
use super::key::{SEGMENT_LEN, SEGMENTS_MAX, Term};
use super::offsets::Offsets;
use super::state::{Shared, State};
use super::tail::Intake;
use crate::rows::{self, Columns};
use crate::sql::{self, Args};
use crate::{Store, StoreError, open, schema};

/// How often the log is looked at. Searches read what came since themselves.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long it waits after an error.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Entries that one query reads.
const READ_LEN: usize = 256;

/// Entries, and bytes of their texts, that are taken in together at most.
const INTAKE_LEN: usize = 4_096;
const INTAKE_BYTES: usize = 1 << 20;

/// How much the threads of the index yield to all others.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Requests that may wait for the index.
const QUEUE_LEN: usize = 16;

/// Keeps the search index up to date; a handle, cheap to clone.
///
/// It works in threads of its own, which yield to all others, and follows the log by position. It can
/// only be behind the log, never ahead of it: a segment is written from entries that are durable.
#[derive(Clone)]
pub struct Indexer {
    requests: mpsc::Sender<Request>,
}

type Reply = oneshot::Sender<Result<(), StoreError>>;

enum Request {
    CatchUp(Reply),
    Forget(Vec<i64>, Reply),
    Close(oneshot::Sender<()>),
}

impl Indexer {
    /// Starts to index the log of `store`, which the same process has open for writing.
    ///
    /// An index that is missing, damaged or of another log or version is written anew.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the system gives no thread. What goes wrong later is logged and tried
    /// again; searches then read more of the log itself.
    pub fn start(store: &Store) -> Result<Self, StoreError> {
        let (requests, queue) = mpsc::channel(QUEUE_LEN);
        let shared = Arc::clone(store.search_index());
        let thread = thread::Builder::new().name("kefu-search".to_owned());
        let spawned = thread.spawn(move || run(shared, queue));
        spawned.map_err(|error| StoreError::Io(error.into()))?;
        Ok(Self { requests })
    }

    /// Returns when everything that was committed before the call is indexed.
    ///
    /// # Errors
    /// When the log or the index cannot be read or written, [`StoreError::Closed`] after
    /// [`Indexer::close`].
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        self.ask(Request::CatchUp).await
    }

    /// Takes entries out of the index; returns when its files do not tell any more what they said.
    ///
    /// The log's texts are to be replaced before: the index takes them in again when it has to be
    /// written anew. Repeating it is harmless. Each segment of 16,384 entries that is touched costs some
    /// milliseconds.
    ///
    /// # Errors
    /// As [`Indexer::catch_up`]; [`StoreError::Busy`] while a search has the files open for long. Then
    /// it has to be called again.
    pub async fn forget(&self, positions: &[i64]) -> Result<(), StoreError> {
        let positions = positions.to_vec();
        self.ask(|reply| Request::Forget(positions, reply)).await
    }

    /// Ends the work and closes the index. What is indexed but not in the file yet is read again at the
    /// next start.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        // Who is not there any more has closed it.
        if self.requests.send(Request::Close(reply)).await.is_ok() {
            closed.await.ok();
        }
    }

    async fn ask(&self, request: impl FnOnce(Reply) -> Request) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

/// The thread. Those of its connections inherit its niceness.
fn run(shared: Arc<Shared>, queue: mpsc::Receiver<Request>) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        warn!(error = &error as &dyn std::error::Error, "the search index cannot yield to other threads");
    }
    match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime.block_on(Keeper { shared, worker: None }.serve(queue)),
        Err(error) => warn!(error = &error as &dyn std::error::Error, "the search index is not kept up"),
    }
}

/// Opens the index when needed, and again after an error.
struct Keeper {
    shared: Arc<Shared>,
    worker: Option<Worker>,
}

impl Keeper {
    async fn serve(mut self, mut queue: mpsc::Receiver<Request>) {
        let mut wait = Duration::ZERO;
        loop {
            let request = tokio::select! {
                biased;
                request = queue.recv() => request,
                () = tokio::time::sleep(wait) => {
                    wait = self.look().await;
                    continue;
                }
            };
            // Whoever asked may have stopped waiting.
            match request {
                Some(Request::CatchUp(reply)) => drop(reply.send(self.catch_up().await)),
                Some(Request::Forget(positions, reply)) => drop(reply.send(self.forget(&positions).await)),
                Some(Request::Close(reply)) => {
                    self.close().await;
                    reply.send(()).ok();
                    return;
                }
                None => return self.close().await,
            }
        }
    }

    /// Indexes some of what is new; returns how long to wait before the next time.
    async fn look(&mut self) -> Duration {
        match self.step().await {
            Ok(true) => Duration::ZERO,
            Ok(false) => LOOK_EVERY,
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "cannot keep the search index up");
                RETRY_AFTER
            }
        }
    }

    async fn catch_up(&mut self) -> Result<(), StoreError> {
        while self.step().await? {}
        Ok(())
    }

    async fn forget(&mut self, positions: &[i64]) -> Result<(), StoreError> {
        self.catch_up().await?;
        let shared = Arc::clone(&self.shared);
        let worker = self.worker().await?;
        let result = worker.forget(positions, &shared).await;
        self.unless_damaged(result).await
    }

    /// Indexes some of what is new; returns whether there is more.
    async fn step(&mut self) -> Result<bool, StoreError> {
        let shared = Arc::clone(&self.shared);
        if shared.take_damage() {
            let damage = StoreError::corrupt("a search could not read it");
            self.unless_damaged(Err(damage)).await?;
        }
        let worker = self.worker().await?;
        if worker.state.tail.is_full() {
            let result = worker.write(&shared).await;
            self.unless_damaged(result).await?;
            return Ok(true);
        }
        worker.take_in(&shared).await
    }

    async fn worker(&mut self) -> Result<&mut Worker, StoreError> {
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => Worker::open(&self.shared).await?,
        };
        Ok(self.worker.insert(worker))
    }

    /// Has a damaged index written anew.
    async fn unless_damaged(&mut self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        let Err(StoreError::Corrupt(what)) = result else { return result };
        warn!(what, "the search index is damaged: it is written anew");
        self.close().await;
        renew(&self.shared)
    }

    async fn close(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.close().await;
        }
    }
}

/// Removes the index, so that it is made again.
fn renew(shared: &Shared) -> Result<(), StoreError> {
    shared.metrics.rebuilds.fetch_add(1, Relaxed);
    shared.reset();
    file::remove(&shared.dir)
}

/// The open index and the log that it follows.
struct Worker {
    log: SqliteConnection,
    file: IndexFile,
    state: State,
    /// The terms of one entry.
    terms: String,
}

impl Worker {
    async fn open(shared: &Shared) -> Result<Self, StoreError> {
        let mut log = open::connect_reading(&shared.dir.join(open::FILE)).await?;
        let opened = match IndexFile::open(&shared.dir, &mut log).await? {
            Some(opened) => Some(opened),
            None => {
                info!("the search index is damaged or of another log or version: it is written anew");
                renew(shared)?;
                IndexFile::open(&shared.dir, &mut log).await?
            }
        };
        let (file, segments) = opened.ok_or_else(|| StoreError::corrupt("a new index cannot be used"))?;
        let state = State::new(segments);
        shared.publish(state.clone());
        Ok(Self { log, file, state, terms: String::new() })
    }

    /// Takes in entries that are not indexed yet; returns whether there are more.
    async fn take_in(&mut self, shared: &Shared) -> Result<bool, StoreError> {
        let mut intake = self.state.tail.intake();
        let (from, mut bytes, mut is_end) = (intake.next(), 0, false);
        while !is_end && !intake.is_full() && bytes < INTAKE_BYTES {
            if intake.next() - from >= INTAKE_LEN as i64 {
                break;
            }
            let found = read(&mut self.log, intake.next()).await?;
            is_end = found.len() < READ_LEN;
            for row in &found {
                bytes += self.take_in_row(row, &mut intake)?;
                if intake.is_full() {
                    is_end = false;
                    break;
                }
            }
        }
        self.state.tail.add(intake);
        shared.publish(self.state.clone());
        let behind = if is_end { 0 } else { self.behind().await? };
        shared.metrics.behind.store(behind, Relaxed);
        Ok(!is_end)
    }

    /// Takes in one entry; returns how long its text is.
    fn take_in_row(&mut self, row: &SqliteRow, intake: &mut Intake) -> Result<usize, StoreError> {
        let mut columns = Columns::of(row);
        let (pos, conversation, kind): (i64, i64, i64) = (columns.take()?, columns.take()?, columns.take()?);
        let (inbox, visitor) = (columns.optional()?, columns.optional()?);
        let text: &str = columns.take()?;
        while intake.next() < pos && !intake.is_full() {
            // There is no such entry.
            intake.push(0, std::iter::empty());
        }
        if intake.is_full() {
            return Ok(0);
        }
        if kind == rows::EVENT {
            intake.push(conversation, std::iter::empty());
            return Ok(0);
        }
        self.terms.clear();
        terms::index_terms(text, &mut self.terms);
        let note = (kind == rows::NOTE).then(Term::note);
        let inbox = inbox.map(|key| Term::inbox(kefu_core::InboxKey(key)));
        let visitor = visitor.map(|key| Term::visitor(kefu_core::VisitorKey(key)));
        let terms = self.terms.split(' ').filter(|term| !term.is_empty()).map(Term::of);
        intake.push(conversation, terms.chain(note).chain(inbox).chain(visitor));
        Ok(text.len())
    }

    async fn behind(&mut self) -> Result<u64, StoreError> {
        let last = schema::pragma(&mut self.log, "SELECT max(pos) FROM log").await?;
        Ok(u64::try_from(last + 1 - self.state.tail.end()).unwrap_or(0))
    }

    /// Makes a segment of the tail.
    async fn write(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let number = self.state.segments.len();
        if number >= SEGMENTS_MAX {
            return Err(StoreError::Full);
        }
        let last = Args::default().int(self.state.tail.end() - 1);
        let last_id = match sql::row(&mut self.log, "SELECT id FROM log WHERE pos = ?", last).await? {
            Some(row) => row.try_get_unchecked(0)?,
            None => Vec::new(),
        };
        self.file.write(number, &self.state.tail, &last_id).await?;
        self.state = self.state.with_segment();
        shared.publish(self.state.clone());
        Ok(())
    }

    async fn forget(&mut self, positions: &[i64], shared: &Shared) -> Result<(), StoreError> {
        let mut in_tail = Offsets::default();
        let mut in_segments: BTreeMap<usize, Offsets> = BTreeMap::new();
        for &pos in positions {
            match self.state.segment_of(pos) {
                Some((number, offset)) => in_segments.entry(number).or_default().insert(offset),
                None => {
                    let offset = usize::try_from(pos - self.state.tail.start).ok();
                    let offset = offset.filter(|offset| *offset < SEGMENT_LEN);
                    if let Some(offset) = offset {
                        in_tail.insert(offset as u16);
                    }
                }
            }
        }
        if !in_tail.is_empty() {
            self.state.tail.forget(&in_tail);
            shared.publish(self.state.clone());
        }
        for (number, offsets) in &in_segments {
            self.file.forget(*number, offsets).await?;
        }
        if in_segments.is_empty() { Ok(()) } else { self.file.settle().await }
    }

    async fn close(mut self) {
        // Those who read the file may be the last to close it, and they cannot move the log's pages.
        match self.file.settle().await {
            Ok(()) | Err(StoreError::Busy) => {}
            Err(error) => warn!(error = &error as &dyn std::error::Error, "cannot settle the search index"),
        }
        for closed in [self.file.conn.close().await, self.log.close().await] {
            if let Err(error) = closed {
                warn!(error = &error as &dyn std::error::Error, "cannot close the search index");
            }
        }
    }
}

/// The entries from `pos` on.
async fn read(log: &mut SqliteConnection, pos: i64) -> Result<Vec<SqliteRow>, StoreError> {
    const SQL: &str = "SELECT log.pos, log.conversation, log.kind, conversation.inbox, conversation.visitor,
            log.text
        FROM log LEFT JOIN conversation ON conversation.key = log.conversation
        WHERE log.pos >= ? ORDER BY log.pos LIMIT ?";
    sql::rows(log, SQL, Args::default().int(pos).int(READ_LEN as i64)).await
}
