mod access;
mod audit;
mod blocks;
mod canned;
#[cfg(feature = "query")]
mod cards;
mod changes;
#[cfg(feature = "channels")]
mod channels;
mod checkpoint;
mod customers;
mod dedupe;
mod entries;
#[cfg_attr(not(feature = "events"), path = "writer/events/absent.rs")]
mod events;
mod external;
mod files;
mod fold;
#[cfg(feature = "import")]
mod import;
mod keys;
mod knowledge;
mod mentions;
mod pages;
mod privacy;
mod records;
mod recover;
mod revise;
mod scrub;
mod sessions;
mod shadow;
mod tags;
mod tickets;

#[cfg(feature = "import")]
pub(crate) use changes::{agents, bind_agent, bind_visitor, visitors};
pub use checkpoint::StoreMetrics;
#[cfg(feature = "import")]
pub(crate) use fold::Gather;
#[cfg(feature = "import")]
pub(crate) use import::write_change;
#[cfg(feature = "import")]
pub(crate) use knowledge::add_text;
pub(crate) use recover::Left;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kefu_core::{Conversation, ConversationKey, Principal};
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::scrub::PageFile;
use crate::sql::{self, Args};
use crate::{Batch, Committed, StoreError, backup, rows};
use audit::Chain;
use checkpoint::Checkpointer;
use entries::Statements;
use fold::{Slice, Tail};
use keys::Keys;

/// Rows that idle time folds in one transaction.
const IDLE_SLICE: usize = 512;

/// The one connection that changes the store.
///
/// Its owner awaits every call to its end: a commit that is dropped half-way makes all that follow
/// fail with [`StoreError::Abandoned`].
pub struct Writer {
    conn: SqliteConnection,
    statements: Statements,
    keys: Keys,
    tail: Tail,
    /// The end of the audit log.
    chain: Chain,
    checkpointer: Checkpointer,
    file: PathBuf,
    wal: PathBuf,
    /// The store's file beneath SQLite, once it was needed.
    pages: Option<Arc<PageFile>>,
    in_transaction: bool,
    /// The last session that was looked at for expiry; empty before the first.
    sessions_seen: Vec<u8>,
    /// Released last.
    _lock: File,
}

impl Writer {
    /// Takes over a migrated store; returns it with the number of entries that were read back.
    pub(crate) async fn start(
        mut conn: SqliteConnection,
        checkpoints: SqliteConnection,
        file: PathBuf,
        lock: File,
    ) -> Result<(Self, usize), StoreError> {
        let keys = Keys::read(&mut conn).await?;
        let (tail, recovered) = recover::tail(&mut conn, keys.next_pos()).await?;
        let chain = Chain::read(&mut conn).await?;
        let checkpointer = Checkpointer::start(checkpoints);
        let statements = Statements::default();
        let mut writer = Self {
            conn,
            statements,
            keys,
            tail,
            chain,
            checkpointer,
            wal: backup::beside(&file, "-wal"),
            file,
            pages: None,
            in_transaction: false,
            sessions_seen: Vec::new(),
            _lock: lock,
        };
        writer.measure_wal();
        Ok((writer, recovered))
    }

    /// Writes `batch` durably, or nothing of it.
    ///
    /// # Errors
    /// [`StoreError::Full`] and [`StoreError::Io`] leave everything as it was, and a later commit may
    /// succeed; [`StoreError::Conflict`] names the column whose value is taken. A set of records that
    /// conflicts is refused alone, see [`Committed::records`].
    pub async fn commit(&mut self, batch: &Batch) -> Result<Committed, StoreError> {
        self.commit_with(batch, None).await
    }

    async fn commit_with(&mut self, batch: &Batch, beside: Beside<'_>) -> Result<Committed, StoreError> {
        self.check_sound()?;
        self.check_order(batch)?;
        let checkpoint = self.checkpointer.assist(&mut self.conn).await;
        self.tail.start_run_if_due(self.keys.next_pos());
        let slice = self.tail.slice((batch.entries.len() * 2).max(fold::SLICE_MIN));
        let begun = Instant::now();
        let mut records = Vec::new();
        if !batch.is_empty() || !slice.is_empty() || beside.is_some() {
            records = self.transact(Some(batch), beside, &slice).await?;
        }
        self.tail.folded(&slice);
        self.tail.add(batch);
        self.keys.advance(batch.entries.len());
        Ok(Committed { records, ..self.done(batch, &slice, begun.elapsed(), checkpoint) })
    }

    /// Folds a larger slice of earlier commits; returns whether more is left to do now.
    ///
    /// Meant for when nothing waits to be written, again about every second: young commits gather first.
    ///
    /// # Errors
    /// As [`Writer::commit`].
    pub async fn idle_work(&mut self) -> Result<bool, StoreError> {
        self.tail.start_run_if_due(self.keys.next_pos());
        self.fold(IDLE_SLICE).await
    }

    async fn fold(&mut self, rows: usize) -> Result<bool, StoreError> {
        self.checkpointer.assist(&mut self.conn).await;
        let slice = self.tail.slice(rows);
        if slice.is_empty() {
            return Ok(false);
        }
        let begun = Instant::now();
        self.transact(None, None, &slice).await?;
        self.tail.folded(&slice);
        self.done(&Batch::default(), &slice, begun.elapsed(), None);
        Ok(self.tail.has_run())
    }

    /// Folds everything, moves the write-ahead log into the file and ends the writer's tasks and threads.
    ///
    /// # Errors
    /// As [`Writer::commit`]; the writer ends nevertheless, and the next open folds what is left.
    pub async fn close(mut self) -> Result<(), StoreError> {
        let folded = self.fold_all().await;
        self.checkpointer.stop().await;
        let emptied = match &folded {
            Ok(()) => sql::script(&mut self.conn, "PRAGMA wal_checkpoint(TRUNCATE)").await,
            Err(_) => Ok(()),
        };
        let closed = self.conn.close().await;
        folded?;
        emptied?;
        Ok(closed?)
    }

    async fn fold_all(&mut self) -> Result<(), StoreError> {
        loop {
            self.tail.start_run(self.keys.next_pos());
            if !self.tail.has_run() {
                return Ok(());
            }
            while self.fold(IDLE_SLICE * 16).await? {}
        }
    }

    /// The heads with these keys as last committed, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn conversations_by_key(
        &mut self,
        keys: &[ConversationKey],
    ) -> Result<Vec<Conversation>, StoreError> {
        let mut heads = heads_by_key(&mut self.conn, keys).await?;
        self.tail.overlay(&mut heads)?;
        Ok(heads)
    }

    /// The heads with these public ids as last committed, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn conversations(&mut self, ids: &[Uuid]) -> Result<Vec<Conversation>, StoreError> {
        let mut heads = heads_by_id(&mut self.conn, ids).await?;
        self.tail.overlay(&mut heads)?;
        Ok(heads)
    }

    /// Finds out whether the store can be written, by a write that changes nothing.
    ///
    /// # Errors
    /// As [`Writer::commit`].
    pub async fn probe(&mut self) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE meta SET value = value WHERE key = 'folded_pos'";
        self.check_sound()?;
        sql::execute(&mut self.conn, SQL, Args::default()).await.map(drop)
    }

    /// What was measured since the store was opened.
    #[must_use]
    pub fn metrics(&self) -> Arc<StoreMetrics> {
        self.checkpointer.metrics()
    }

    /// Size of the write-ahead log's file in bytes.
    #[must_use]
    pub fn wal_bytes(&self) -> u64 {
        std::fs::metadata(&self.wal).map_or(0, |data| data.len())
    }

    /// Entries that are not folded yet.
    #[must_use]
    pub fn unfolded(&self) -> usize {
        self.tail.len()
    }

    /// Runs one transaction: the slice of earlier commits, then the batch.
    async fn transact(
        &mut self,
        batch: Option<&Batch>,
        beside: Beside<'_>,
        slice: &Slice,
    ) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        self.check_sound()?;
        self.in_transaction = true;
        let chain = self.chain;
        let result = self.write(batch, beside, slice).await;
        if result.is_err() {
            // What failed may have ended the transaction; then this has nothing to do.
            drop(sql::execute(&mut self.conn, "ROLLBACK", Args::default()).await);
            self.chain = chain;
        }
        self.in_transaction = false;
        result
    }

    async fn write(
        &mut self,
        batch: Option<&Batch>,
        beside: Beside<'_>,
        slice: &Slice,
    ) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let Self { conn, statements, tail, chain, .. } = self;
        let mut outcomes = Vec::new();
        if let Some(batch) = batch
            && beside.is_none()
            && batch.only_grows()
            && slice.is_empty()
            && statements.commit_few(conn, &batch.entries).await?
        {
            return Ok(outcomes);
        }
        sql::execute(conn, "BEGIN IMMEDIATE", Args::default()).await?;
        tail.write(conn, statements, slice).await?;
        if let Some(batch) = batch {
            match beside {
                None => statements.write_entries(conn, &batch.entries).await?,
                #[cfg(feature = "import")]
                Some((import, _)) => {
                    import.write_entries(conn, &batch.entries).await?;
                    statements.write_anchors(conn, &batch.entries).await?;
                }
                #[cfg(not(feature = "import"))]
                Some(never) => match *never {},
            }
            statements.write_heads(conn, &batch.conversations).await?;
            for change in &batch.changes {
                changes::write(conn, change).await?;
            }
            outcomes = records::write(conn, chain, &batch.records).await?;
        }
        #[cfg(feature = "import")]
        if let Some((import, step)) = beside {
            import.write(conn, step).await?;
        }
        sql::execute(conn, "COMMIT", Args::default()).await?;
        Ok(outcomes)
    }

    fn check_sound(&self) -> Result<(), StoreError> {
        if self.in_transaction { Err(StoreError::Abandoned) } else { Ok(()) }
    }

    fn check_order(&self, batch: &Batch) -> Result<(), StoreError> {
        for (expected, entry) in (self.keys.next_pos()..).zip(&batch.entries) {
            if entry.pos != expected {
                return Err(StoreError::OutOfOrder { expected, found: entry.pos });
            }
        }
        debug_assert!(
            batch.entries.iter().all(|entry| {
                let mut heads = batch.conversations.iter().chain(batch.grown.iter().map(|head| &**head));
                heads.any(|head| head.key == entry.conversation && head.last_pos >= entry.pos)
            }),
            "every entry's head is in the batch"
        );
        Ok(())
    }

    fn done(
        &mut self,
        batch: &Batch,
        slice: &Slice,
        duration: Duration,
        checkpoint: Option<Duration>,
    ) -> Committed {
        self.measure_wal();
        // Roughly: every folded row and every head may touch a page of its own.
        let bytes: usize = batch.entries.iter().map(|entry| entry.text.len() + 96).sum();
        let records: usize = batch.records.iter().map(|set| set.changes.len() + set.audit.len()).sum();
        let changes = batch.changes.len() + records;
        let scattered = slice.len() + batch.conversations.len() * 4 + changes * 3;
        self.checkpointer.wrote(bytes / 4096 + scattered + batch.entries.len() / 32 + 2);
        Committed {
            entries: batch.entries.len(),
            folded: slice.len(),
            duration,
            checkpoint,
            records: Vec::new(),
        }
    }

    fn measure_wal(&mut self) {
        self.checkpointer.measured(self.wal_bytes());
    }
}

/// What a commit writes beside its batch, in the same transaction: what an import does, which writes entries in its own
/// way, too.
#[cfg(feature = "import")]
type Beside<'a> = Option<(&'a crate::import::Statements, &'a crate::import::Step)>;

/// Nothing.
#[cfg(not(feature = "import"))]
type Beside<'a> = Option<&'a std::convert::Infallible>;

/// The rows with these public ids, which may lag behind their log.
pub(crate) async fn heads_by_id(
    conn: &mut SqliteConnection,
    ids: &[Uuid],
) -> Result<Vec<Conversation>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        rows::conversation_columns!(),
        " FROM conversation WHERE id IN (SELECT unhex(value) FROM json_each(?))"
    );
    let found = sql::rows(conn, SQL, Args::default().uuids(ids)).await?;
    found.iter().map(rows::conversation).collect()
}

/// The same by key.
pub(crate) async fn heads_by_key(
    conn: &mut SqliteConnection,
    keys: &[ConversationKey],
) -> Result<Vec<Conversation>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        rows::conversation_columns!(),
        " FROM conversation WHERE key IN (SELECT value FROM json_each(?))"
    );
    let found = sql::rows(conn, SQL, Args::default().ints(keys.iter().map(|key| key.0))).await?;
    found.iter().map(rows::conversation).collect()
}

/// What the dedupe of messages goes by.
pub(crate) type Asked = (ConversationKey, Principal, Uuid);

#[cfg(test)]
mod tests;
