//! The handle on the desk, by which the rest of the daemon asks it.

use std::{
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kefu_core::Content;
use kefu_socket::ConnectionId;
use kefu_store::{Store, Writer};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::task::TaskTracker;

#[cfg(feature = "channels")]
use super::channels;
use super::{
    api::{self, Command, Connect},
    bot,
    reading::{self, ReadingOptions},
    task,
};
use crate::{
    files::Links, masking::Masking, metrics::Metrics, problem::Problem, readings::Readings, view::Directory,
    words::Words,
};

/// Bytes that one unit of the queue's budget stands for.
const UNIT_BYTES: usize = 64;

/// How many requests may wait for the desk.
const QUEUE_LEN: usize = 8192;

/// What the desk is made of.
pub(crate) struct DeskOptions {
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracker: TaskTracker,
    /// How many bytes of messages may wait.
    pub(crate) queue_bytes: usize,
    /// How many idle conversations stay in memory.
    pub(crate) hot_conversations: usize,
    /// How often clients are told to ping, in seconds.
    pub(crate) heartbeat_s: u32,
    /// How long conversations stay with an agent whose last connection has ended.
    pub(crate) grace: Duration,
    /// What agents get masked of personal data.
    pub(crate) masking: Masking,
    /// Words that are not wanted in messages.
    pub(crate) words: Arc<Words>,
    /// Makes the addresses of files.
    pub(crate) links: Links,
}

/// A handle on the desk; cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(super) queue: mpsc::Sender<Command>,
    pub(super) shared: Arc<Shared>,
    pub(super) store: Store,
    pub(super) words: Arc<Words>,
}

/// What handles may look at without asking.
pub(super) struct Shared {
    pub(super) budget: Semaphore,
    pub(super) directory: RwLock<Arc<Directory>>,
    pub(super) anyone_online: AtomicBool,
    /// How many bots may look for an answer at once.
    pub(super) bot_places: Arc<Semaphore>,
    /// What agents read of others.
    pub(super) readings: Readings,
    /// The last write to the store did not fail.
    pub(super) is_writable: AtomicBool,
    /// What is known of chat services.
    #[cfg(feature = "channels")]
    pub(super) channels: channels::Shared,
    /// Told after each commit of which events may be made.
    #[cfg(feature = "events")]
    pub(super) commits: tokio::sync::watch::Sender<()>,
    pub(super) epoch: String,
}

impl Desk {
    /// Loads what the desk needs and starts its task on `options.tracker`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn start(options: DeskOptions) -> Result<Self, kefu_store::StoreError> {
        let (queue, requests) = mpsc::channel(QUEUE_LEN);
        let shared = Arc::new(Shared {
            budget: Semaphore::new(options.queue_bytes.div_ceil(UNIT_BYTES)),
            directory: RwLock::default(),
            anyone_online: AtomicBool::new(false),
            bot_places: Arc::new(Semaphore::new(bot::DECISIONS_MAX)),
            readings: Readings::default(),
            is_writable: AtomicBool::new(true),
            #[cfg(feature = "channels")]
            channels: channels::Shared::default(),
            #[cfg(feature = "events")]
            commits: tokio::sync::watch::Sender::new(()),
            epoch: options.store.epoch().await?,
        });
        let (store, words) = (options.store.clone(), Arc::clone(&options.words));
        let desk = Self { queue, shared, store, words };
        let tracker = options.tracker.clone();
        let task = task::Task::load(options, desk.queue.downgrade(), Arc::clone(&desk.shared)).await?;
        drop(tracker.spawn(task.run(requests)));
        Ok(desk)
    }

    /// A desk that has no writer: it answers from a store that another process serves, as of the last second, and
    /// refuses whatever would change anything.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn reading(options: ReadingOptions) -> Result<Self, kefu_store::StoreError> {
        let (queue, requests) = mpsc::channel(QUEUE_LEN);
        let shared = Arc::new(Shared {
            // No message is taken, so none waits.
            budget: Semaphore::new(Semaphore::MAX_PERMITS),
            directory: RwLock::default(),
            anyone_online: AtomicBool::new(false),
            bot_places: Arc::new(Semaphore::new(0)),
            readings: Readings::default(),
            is_writable: AtomicBool::new(false),
            #[cfg(feature = "channels")]
            channels: channels::Shared::default(),
            #[cfg(feature = "events")]
            commits: tokio::sync::watch::Sender::new(()),
            epoch: options.store.epoch().await?,
        });
        let desk = Self { queue, shared, store: options.store.clone(), words: Arc::default() };
        let tracker = options.tracker.clone();
        let reading = reading::Reading::load(options, Arc::clone(&desk.shared)).await?;
        drop(tracker.spawn(reading.run(requests)));
        Ok(desk)
    }

    /// The life of the store.
    pub(crate) fn epoch(&self) -> &str {
        &self.shared.epoch
    }

    /// Agents and inboxes as they are now.
    pub(crate) fn directory(&self) -> Arc<Directory> {
        let directory = self.shared.directory.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(&directory)
    }

    /// Whether an agent would take a conversation now.
    pub(crate) fn anyone_online(&self) -> bool {
        self.shared.anyone_online.load(Ordering::Relaxed)
    }

    /// Whether the store could be written when it was last tried.
    pub(crate) fn is_writable(&self) -> bool {
        self.shared.is_writable.load(Ordering::Relaxed)
    }

    /// Hears of each commit of which events may be made.
    #[cfg(feature = "events")]
    pub(crate) fn commits(&self) -> tokio::sync::watch::Receiver<()> {
        self.shared.commits.subscribe()
    }

    /// How many requests wait.
    pub(crate) fn queue_depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Puts a connection's command in the queue at once, if there is room.
    ///
    /// # Errors
    /// The command, when it has to wait: then [`Desk::post`] does.
    #[expect(clippy::result_large_err, reason = "what does not fit at once is posted again, as it is")]
    pub(crate) fn try_post(&self, command: Command) -> Result<(), Command> {
        if let Command::Send(send) = &command {
            match self.shared.budget.try_acquire_many(send.units) {
                Ok(permit) => permit.forget(),
                Err(_) => return Err(command),
            }
        }
        self.queue.try_send(command).map_err(|error| {
            let command = error.into_inner();
            if let Command::Send(send) = &command {
                self.shared.budget.add_permits(send.units as usize);
            }
            command
        })
    }

    /// Puts a command in the queue as soon as there is room; does nothing once the desk has stopped.
    pub(crate) async fn post(&self, command: Command) {
        drop(self.enqueue(command).await);
    }

    pub(super) async fn ask<T>(&self, command: impl FnOnce(api::Answer<T>) -> Command) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(command(reply)).await?;
        answer.await.map_err(|_| stopping())?
    }

    /// Waits for room in the queue, for the command and for its bytes. Who stops waiting, because its peer has
    /// gone, holds nothing of either.
    async fn enqueue(&self, command: Command) -> Result<(), Problem> {
        let bytes = match &command {
            Command::Send(send) => {
                Some(self.shared.budget.acquire_many(send.units).await.map_err(|_| stopping())?)
            }
            _ => None,
        };
        let place = self.queue.reserve().await.map_err(|_| stopping())?;
        // The desk gives them back when it has taken the command.
        if let Some(bytes) = bytes {
            bytes.forget();
        }
        place.send(command);
        Ok(())
    }

    /// Makes a connection known: its outbox gets `hello` and what follows.
    pub(crate) async fn connect(&self, connect: Connect) -> Option<ConnectionId> {
        let (reply, answer) = oneshot::channel();
        self.post(Command::Connect { connect: Box::new(connect), reply }).await;
        answer.await.ok()
    }

    /// Finishes what waits, tells all connections to come back later, and closes the store.
    pub(crate) async fn stop(&self) {
        let (reply, answer) = oneshot::channel();
        self.post(Command::Stop { reply }).await;
        drop(answer.await);
    }
}

/// Units of the byte budget that a message takes.
pub(crate) fn units(content: &Content) -> u32 {
    // A text is at most a few hundred kilobytes, see `check_text`.
    u32::try_from(content.len() / UNIT_BYTES + 4).unwrap_or(u32::MAX)
}

fn stopping() -> Problem {
    Problem::unavailable("the daemon is stopping")
}
