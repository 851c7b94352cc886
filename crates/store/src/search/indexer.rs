use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::state::Shared;
use super::worker::Worker;
use crate::{Store, StoreError};

/// How often the log is looked at. Searches read what came since themselves.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How long it waits after an error.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// After how many looks the files are settled without being asked to, if something was taken out of them.
const SETTLE_EVERY: u32 = 25;

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
    Settle(Reply),
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

    /// For who only reads: indexes nothing, and refuses as after [`Indexer::close`].
    #[must_use]
    pub fn closed() -> Self {
        Self { requests: mpsc::channel(1).0 }
    }

    /// Returns when everything that was committed before the call is indexed.
    ///
    /// # Errors
    /// When the log or the index cannot be read or written, [`StoreError::Closed`] after
    /// [`Indexer::close`].
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        self.ask(Request::CatchUp).await
    }

    /// Returns when the files of the index hold nothing of what entries said before they were revised, as far as that
    /// was committed before the call.
    ///
    /// The index follows revisions by itself, and finds out after a crash where it was; only an erasure that must
    /// not end before nothing is left has to call this, and again after a crash. Repeating it is harmless. Each
    /// segment of 16,384 entries that is touched costs some milliseconds.
    ///
    /// # Errors
    /// As [`Indexer::catch_up`]; [`StoreError::Busy`] while a search has the files open for long. Then
    /// it has to be called again.
    pub async fn settle(&self) -> Result<(), StoreError> {
        self.ask(Request::Settle).await
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
        Ok(runtime) => runtime.block_on(Keeper { shared, worker: None, looks: 0 }.serve(queue)),
        Err(error) => warn!(error = &error as &dyn std::error::Error, "the search index is not kept up"),
    }
}

/// Opens the index when needed, and again after an error.
struct Keeper {
    shared: Arc<Shared>,
    worker: Option<Worker>,
    /// How many looks came to the end of the log.
    looks: u32,
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
                Some(Request::Settle(reply)) => drop(reply.send(self.settle().await)),
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
        let looked = match self.step().await {
            Ok(false) => self.rest().await.map(|()| false),
            looked => looked,
        };
        match looked {
            Ok(true) => Duration::ZERO,
            Ok(false) => LOOK_EVERY,
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "cannot keep the search index up");
                RETRY_AFTER
            }
        }
    }

    /// Settles the files some time after they were changed last: what was recalled does not stay in them.
    async fn rest(&mut self) -> Result<(), StoreError> {
        self.looks = self.looks.wrapping_add(1);
        if self.looks.is_multiple_of(SETTLE_EVERY) && self.worker.as_ref().is_some_and(Worker::is_unsettled) {
            match self.settle().await {
                // A search has them open; there is time.
                Err(StoreError::Busy) => {}
                settled => settled?,
            }
        }
        Ok(())
    }

    async fn catch_up(&mut self) -> Result<(), StoreError> {
        while self.step().await? {}
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let result = self.worker().await?.settle(&shared).await;
        self.unless_damaged(result).await
    }

    /// Indexes some of what is new; returns whether there is more.
    async fn step(&mut self) -> Result<bool, StoreError> {
        let shared = Arc::clone(&self.shared);
        let result = match shared.take_damage() {
            true => Err(StoreError::corrupt("a search could not read it")),
            false => self.worker().await?.step(&shared).await,
        };
        let mut is_more = true;
        self.unless_damaged(result.map(|more| is_more = more)).await?;
        Ok(is_more)
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
        self.shared.renew()
    }

    async fn close(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.close().await;
        }
    }
}
