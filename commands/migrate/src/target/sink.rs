//! Where records go: to the store itself, or to the process that serves it.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use kefu_app::{Exit, Failure, Stop, Text};
use kefu_core::Micros;
use kefu_store::{
    Indexer, Opened, Store, StoreError,
    import::{
        Begin, Entity, FeedAnswer, FeedNote, FeedRequest, FollowPosition, ImportAction, ImportBatch,
        ImportTable, Importer, Refused, TableSetup,
    },
};
use uuid::Uuid;

use super::{
    failure, now, open, open_reading,
    remote::{Connected, Remote, unexpected},
};

/// How long somebody has to take the store over that was given up for it.
const HAND_OVER: Duration = Duration::from_secs(10);

/// The time between two tries, at first and at most.
const TRY_AFTER: Duration = Duration::from_millis(50);
const TRY_AFTER_MAX: Duration = Duration::from_secs(2);

/// Who writes the store.
pub(crate) enum Sink {
    /// This process, which has its lock.
    Here(Box<Importer>),
    /// The one that serves it.
    There(Remote),
}

/// Whether somebody is waited for who serves the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Waiting {
    /// No: without one the store is this process's.
    No,
    /// For a moment: it was given up for that.
    HandOver,
    /// Until one is there: it was served before, and chat goes first.
    Daemon,
}

/// A store that is written, and can be read.
pub(crate) struct Target {
    pub(crate) sink: Sink,
    pub(crate) store: Store,
    indexer: Option<Indexer>,
}

impl Target {
    /// Takes the store in `dir`, or connects to whoever serves it; with `takes_over`, in the place of one that follows.
    /// Nothing when `stop` came first.
    pub(crate) async fn take(
        dir: &Path,
        takes_over: bool,
        mut waiting: Waiting,
        stop: &Stop,
    ) -> Result<Option<Self>, Failure> {
        let at_store = |error| failure(dir, error);
        let (begun, mut pause) = (Instant::now(), TRY_AFTER);
        let is_handed_over = waiting == Waiting::HandOver;
        loop {
            let connected = Remote::connect(dir, takes_over).await;
            match connected.map_err(|error| at_store(StoreError::Io(error.into())))? {
                Connected::Ready(remote) => {
                    let (sink, store) = (Sink::There(remote), open_reading(dir).await?);
                    return Ok(Some(Self { sink, store, indexer: None }));
                }
                Connected::Busy if waiting == Waiting::No => return Err(busy()),
                Connected::Nobody if waiting == Waiting::No => match open(dir).await {
                    // Somebody has taken it over, and does not listen yet.
                    Err(failure) if is_handed_over && failure.exit() == Exit::Locked => {
                        waiting = Waiting::Daemon;
                    }
                    opened => {
                        let Opened { writer, store, .. } = opened?;
                        let indexer = Some(Indexer::start(&store).map_err(at_store)?);
                        let importer = Importer::new(writer).await.map_err(at_store)?;
                        return Ok(Some(Self { sink: Sink::Here(Box::new(importer)), store, indexer }));
                    }
                },
                // A cutover feeds a daemon that is there.
                Connected::Busy => waiting = Waiting::Daemon,
                Connected::Nobody => {}
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.clone().requested() => return Ok(None),
            }
            pause = (pause * 2).min(TRY_AFTER_MAX);
            if waiting == Waiting::HandOver && begun.elapsed() >= HAND_OVER {
                waiting = Waiting::No;
            }
        }
    }

    /// Gives the store up; what can be read of it stays. With `catch_up` everything is found by a search then.
    pub(crate) async fn close(self, catch_up: bool) -> (Result<(), StoreError>, Store) {
        let mut caught_up = Ok(());
        // Before the lock is free: whoever takes the store over has an index of its own. What the importer writes at its end
        // is in no search.
        if let Some(indexer) = self.indexer {
            if catch_up {
                caught_up = indexer.catch_up().await;
            }
            indexer.close().await;
        }
        let closed = match self.sink {
            Sink::Here(importer) => importer.close().await,
            Sink::There(_) => Ok(()),
        };
        (closed.and(caught_up), self.store)
    }
}

fn busy() -> Failure {
    let text = Text::new("another `kefu migrate` feeds the store", "另一个 `kefu migrate` 正在写入数据库");
    Failure::new(Exit::Locked, text).hint(Text::new("stop it first", "请先停止它"))
}

impl Sink {
    /// Whether who served the store is gone.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::There(remote) if remote.is_lost())
    }

    /// Whether this process has the store to itself.
    #[cfg(feature = "live")]
    pub(crate) fn is_here(&self) -> bool {
        matches!(self, Self::Here(_))
    }

    /// Where each source is followed from.
    pub(crate) async fn positions(&mut self) -> Result<Vec<FollowPosition>, StoreError> {
        match self {
            Self::Here(importer) => importer.positions().await,
            Self::There(remote) => match remote.ask(&FeedRequest::Positions).await? {
                FeedAnswer::Positions(positions) => Ok(positions),
                other => Err(unexpected(&other)),
            },
        }
    }

    /// Writes positions down, all of them or none.
    #[cfg(feature = "live")]
    pub(crate) async fn set_positions(&mut self, positions: &[FollowPosition]) -> Result<(), StoreError> {
        match self {
            Self::Here(importer) => importer.set_positions(positions).await,
            Self::There(remote) => done(remote, &FeedRequest::SetPositions(positions.to_vec())).await,
        }
    }

    /// Where a table stands; nothing, if it was never begun.
    pub(crate) async fn table(&mut self, name: &str) -> Result<Option<ImportTable>, StoreError> {
        match self {
            Self::Here(importer) => importer.table(name).await,
            Self::There(remote) => match remote.ask(&FeedRequest::Table(name.to_owned())).await? {
                FeedAnswer::Table(table) => Ok(table),
                other => Err(unexpected(&other)),
            },
        }
    }

    /// Takes a table up; one that was never begun begins.
    pub(crate) async fn begin(
        &mut self,
        setup: &TableSetup,
        begin: Begin,
        now: Micros,
    ) -> Result<ImportTable, StoreError> {
        match self {
            Self::Here(importer) => importer.begin(setup, begin, now).await,
            Self::There(remote) => {
                match remote.ask(&FeedRequest::Begin { setup: setup.clone(), begin, now }).await? {
                    FeedAnswer::Table(Some(table)) => Ok(table),
                    other => Err(unexpected(&other)),
                }
            }
        }
    }

    /// What a source said it is when it was first read; with `replace` it is noted anew.
    pub(crate) async fn source_identity(
        &mut self,
        name: &str,
        identity: &str,
        replace: bool,
        now: Micros,
    ) -> Result<String, StoreError> {
        match self {
            Self::Here(importer) => importer.source_identity(name, identity, replace, now).await,
            Self::There(remote) => {
                let (name, identity) = (name.to_owned(), identity.to_owned());
                match remote.ask(&FeedRequest::Source { name, identity, replace, now }).await? {
                    FeedAnswer::Source(known) => Ok(known),
                    other => Err(unexpected(&other)),
                }
            }
        }
    }

    /// Makes the inbox `slug`, if there is none of that name; with `is_fed` nothing else changes it until it is switched.
    pub(crate) async fn ensure_inbox(
        &mut self,
        slug: &str,
        id: Uuid,
        is_fed: bool,
        now: Micros,
    ) -> Result<(), StoreError> {
        match self {
            Self::Here(importer) if is_fed => importer.feed_inbox(slug, id, now).await,
            Self::Here(importer) => importer.ensure_inbox(slug, id, now).await,
            Self::There(remote) => {
                done(remote, &FeedRequest::EnsureInbox { slug: slug.to_owned(), id, is_fed, now }).await
            }
        }
    }

    /// From now on what is here counts in this inbox, or in all that are left.
    #[cfg(feature = "live")]
    pub(crate) async fn switch(&mut self, slug: Option<&str>) -> Result<(), StoreError> {
        match self {
            Self::Here(importer) => importer.switch(slug, now()).await.map(drop),
            Self::There(remote) => {
                let slug = slug.map(ToOwned::to_owned);
                match remote.ask(&FeedRequest::Switch { slug, now: now() }).await? {
                    FeedAnswer::Count(_) => Ok(()),
                    other => Err(unexpected(&other)),
                }
            }
        }
    }

    /// Has rows with these keys written again, whether or not they are the same.
    pub(crate) async fn forget(&mut self, table: i64, keys: &[Vec<u8>]) -> Result<(), StoreError> {
        match self {
            Self::Here(importer) => importer.forget(table, keys).await,
            Self::There(remote) => {
                for keys in keys.chunks(KEYS_MAX) {
                    done(remote, &FeedRequest::Forget { table, keys: keys.to_vec() }).await?;
                }
                Ok(())
            }
        }
    }

    /// Writes a batch, and `position` with it; returns how many rows it changed. `keep` hears first of rows that cannot be
    /// stored, and makes that durable: should it fail, so does this.
    pub(crate) async fn put(
        &mut self,
        batch: &ImportBatch,
        position: Option<FollowPosition>,
        mut keep: impl FnMut(&[Refused]) -> Result<(), Failure>,
    ) -> Result<Result<u64, Failure>, StoreError> {
        let importer = match self {
            Self::Here(importer) => importer,
            Self::There(remote) => return remote.put(batch, position.as_ref(), &mut keep).await,
        };
        let mut prepared = importer.prepare(batch).await?;
        if let Err(failure) = keep(prepared.refused()) {
            return Ok(Err(failure));
        }
        if let Some(position) = position {
            prepared.reach(position);
        }
        let written = prepared.written();
        importer.commit(prepared).await?;
        Ok(Ok(written))
    }

    /// Takes away what became of these rows, because they are not there any more.
    #[cfg(feature = "live")]
    pub(crate) async fn bury(
        &mut self,
        table: i64,
        entity: Entity,
        keys: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        match self {
            Self::Here(importer) => importer.bury(table, entity, keys).await.map(drop),
            Self::There(remote) => {
                for keys in keys.chunks(KEYS_MAX) {
                    match remote.ask(&FeedRequest::Bury { table, entity, keys: keys.to_vec() }).await? {
                        FeedAnswer::Count(_) => {}
                        other => return Err(unexpected(&other)),
                    }
                }
                Ok(())
            }
        }
    }

    /// Keys of a table of which something is here, or with `dead` of its dead letters; the first so many behind `after`.
    #[cfg(feature = "live")]
    pub(crate) async fn keys(
        &mut self,
        table: i64,
        dead: bool,
        after: &[u8],
        limit: u32,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        match self {
            Self::Here(importer) if dead => importer.dead_keys(table, after, limit).await,
            Self::Here(importer) => importer.known_keys(table, after, limit).await,
            Self::There(remote) => {
                match remote.ask(&FeedRequest::Keys { table, dead, after: after.to_vec(), limit }).await? {
                    FeedAnswer::Keys(keys) => Ok(keys),
                    other => Err(unexpected(&other)),
                }
            }
        }
    }

    /// Settles what has ended; whoever serves the store has done so.
    pub(crate) async fn settle(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Here(importer) => importer.settle().await,
            Self::There(_) => Ok(()),
        }
    }

    /// Has the audit log say what was done.
    pub(crate) async fn note(
        &mut self,
        action: ImportAction,
        detail: serde_json::Value,
    ) -> Result<(), StoreError> {
        let note = FeedNote { at: now(), action, detail };
        match self {
            Self::Here(importer) => importer.audit(note.record()).await,
            Self::There(remote) => done(remote, &FeedRequest::Note(note)).await,
        }
    }
}

/// Keys that are sent at once.
const KEYS_MAX: usize = 500;

async fn done(remote: &mut Remote, request: &FeedRequest) -> Result<(), StoreError> {
    match remote.ask(request).await? {
        FeedAnswer::Done => Ok(()),
        other => Err(unexpected(&other)),
    }
}
