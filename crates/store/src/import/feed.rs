//! Records that come to a store which another process serves: what is asked of that process, and what it answers.
//!
//! Every request stands for itself, so that it does not matter who asked the one before, and is answered when what it
//! changed is durable. Repeating one does no harm.

mod frame;

#[cfg(test)]
mod tests;

use std::borrow::BorrowMut;

use kefu_core::{Micros, VisitorKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::follow::FollowPosition;
use super::importer::{ImportBatch, ImportRow, Importer, Outcome, Refused};
use super::progress::{Begin, Checkpoint, ImportTable, TableSetup};
use super::record::{ConversationRecord, Entity, Record};
use crate::{AuditActor, AuditRecord, StoreError, Writer};

pub use frame::{FEED_VERSION, FeedHello, FeedWelcome, SOCKET, read_frame, write_frame};

/// Bytes of a request or an answer at most.
pub const FRAME_BYTES_MAX: usize = 16 << 20;

/// Rows of a batch at most: chat waits while they are written.
pub const ROWS_MAX: usize = 1000;

/// What is asked of the process that serves a store.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum FeedRequest {
    /// See [`Importer::positions`].
    Positions,
    /// See [`Importer::set_positions`].
    SetPositions(Vec<FollowPosition>),
    /// See [`Importer::table`].
    Table(String),
    /// See [`Importer::begin`].
    Begin {
        /// The table.
        setup: TableSetup,
        /// How it is taken up.
        begin: Begin,
        /// When.
        now: Micros,
    },
    /// See [`Importer::source_identity`].
    Source {
        /// Its name.
        name: String,
        /// What it says that it is.
        identity: String,
        /// Whether that takes the place of what it said before.
        replace: bool,
        /// When.
        now: Micros,
    },
    /// See [`Importer::ensure_inbox`].
    EnsureInbox {
        /// Its name in embed codes.
        slug: String,
        /// Its public id, should it have to be made.
        id: Uuid,
        /// Whether it is fed until it is switched, see [`Importer::feed_inbox`].
        is_fed: bool,
        /// When.
        now: Micros,
    },
    /// See [`Importer::forget`].
    Forget {
        /// The table.
        table: i64,
        /// Keys of its rows.
        keys: Vec<Vec<u8>>,
    },
    /// Prepares a batch, and commits it if nothing of it is refused but what the asker knows of already.
    Put {
        /// The batch.
        batch: FeedBatch,
        /// Written in the same transaction.
        position: Option<FollowPosition>,
        /// What an earlier answer refused of it.
        told: Vec<Refused>,
    },
    /// See [`Importer::bury`].
    Bury {
        /// The table.
        table: i64,
        /// What its rows became.
        entity: Entity,
        /// Keys of those that are gone.
        keys: Vec<Vec<u8>>,
    },
    /// See [`Importer::known_keys`] and [`Importer::dead_keys`].
    Keys {
        /// The table.
        table: i64,
        /// Whether dead letters are asked for.
        dead: bool,
        /// The key before the first one.
        after: Vec<u8>,
        /// How many at most.
        limit: u32,
    },
    /// See [`Importer::switch`].
    Switch {
        /// The inbox; all that are left without one.
        slug: Option<String>,
        /// When.
        now: Micros,
    },
    /// Writes a line of the audit log.
    Note(FeedNote),
}

/// A batch as it is sent.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FeedBatch {
    table: i64,
    rows: Vec<FeedRow>,
    checkpoint: Option<Checkpoint>,
    detach: bool,
}

/// A row as it is sent: with what a record has beside its fields.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct FeedRow {
    key: Vec<u8>,
    record: Option<Record>,
    opens: Option<(Vec<u8>, ConversationRecord)>,
    category_name: Option<String>,
    is_dead: bool,
}

/// A line of the audit log.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FeedNote {
    /// When.
    pub at: Micros,
    /// What was done.
    pub action: ImportAction,
    /// More about it.
    pub detail: serde_json::Value,
}

/// What an import does that the audit log tells of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ImportAction {
    /// Tables were copied.
    Copied,
    /// Rows that differed were brought over again.
    Repaired,
    /// What is here took the sources' place.
    CutOver,
    /// The same for one inbox.
    InboxSwitched,
}

/// What is answered.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum FeedAnswer {
    /// It is durable.
    Done,
    /// Where each source is followed from.
    Positions(Vec<FollowPosition>),
    /// The table, if it was ever begun.
    Table(Option<ImportTable>),
    /// What a source said it is.
    Source(String),
    /// So many rows.
    Count(u64),
    /// Nothing was committed: these rows cannot be stored.
    Refused(Vec<Refused>),
    /// Keys of rows.
    Keys(Vec<Vec<u8>>),
    /// Nothing was changed.
    Failed(FeedFailure),
}

/// Why something could not be done.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum FeedFailure {
    /// A value that must be unique is taken.
    Conflict(String),
    /// No room is left on the disk.
    Full,
    /// Anything else, in words.
    Other(String),
}

/// An answer, and what else of the store it changed.
#[derive(Debug)]
pub struct Fed {
    /// What is answered.
    pub answer: FeedAnswer,
    /// Visitors who are new or say something else of themselves.
    pub visitors: Vec<VisitorKey>,
    /// Agents or inboxes are not what they were.
    pub is_directory_changed: bool,
    /// Anybody may be gone.
    pub is_anybody_gone: bool,
}

impl From<FeedAnswer> for Fed {
    fn from(answer: FeedAnswer) -> Self {
        Self { answer, visitors: Vec::new(), is_directory_changed: false, is_anybody_gone: false }
    }
}

impl From<StoreError> for FeedFailure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(what) => Self::Conflict(what),
            StoreError::Full => Self::Full,
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<FeedFailure> for StoreError {
    fn from(failure: FeedFailure) -> Self {
        match failure {
            FeedFailure::Conflict(what) => Self::Conflict(what),
            FeedFailure::Full => Self::Full,
            FeedFailure::Other(text) => Self::Io(text.into()),
        }
    }
}

impl FeedNote {
    /// The line.
    #[must_use]
    pub fn record(self) -> AuditRecord {
        let action = match self.action {
            ImportAction::Copied => "migrate.copied",
            ImportAction::Repaired => "migrate.repaired",
            ImportAction::CutOver => "migrate.cut_over",
            ImportAction::InboxSwitched => "migrate.inbox_switched",
        };
        let (actor, address, target) = (AuditActor::Shell, None, None);
        AuditRecord { at: self.at, actor, address, action, target, detail: self.detail }
    }
}

impl FeedBatch {
    /// These rows of `batch`; its checkpoint goes with the last of them.
    #[must_use]
    pub fn of(batch: &ImportBatch, rows: &[ImportRow], checkpoint: Option<Checkpoint>) -> Self {
        let rows = rows.iter().map(FeedRow::from).collect();
        Self { table: batch.table, rows, checkpoint, detach: batch.detach }
    }
}

impl From<FeedBatch> for ImportBatch {
    fn from(batch: FeedBatch) -> Self {
        let FeedBatch { table, rows, checkpoint, detach } = batch;
        Self { table, rows: rows.into_iter().map(ImportRow::from).collect(), checkpoint, detach }
    }
}

impl From<&ImportRow> for FeedRow {
    fn from(row: &ImportRow) -> Self {
        let record = match &row.outcome {
            Outcome::Record(record) => Some(Record::clone(record)),
            Outcome::Filtered | Outcome::Dead => None,
        };
        let (opens, category_name) = match &record {
            Some(Record::Message(message)) => (message.opens.as_deref().cloned(), None),
            Some(Record::Article(article)) => (None, Some(article.category_name.clone())),
            _ => (None, None),
        };
        let is_dead = matches!(row.outcome, Outcome::Dead);
        Self { key: row.key.clone(), record, opens, category_name, is_dead }
    }
}

impl From<FeedRow> for ImportRow {
    fn from(row: FeedRow) -> Self {
        let FeedRow { key, record, opens, category_name, is_dead } = row;
        let outcome = match record {
            Some(Record::Message(mut message)) => {
                message.opens = opens.map(Box::new);
                Outcome::Record(Box::new(Record::Message(message)))
            }
            Some(Record::Article(mut article)) => {
                article.category_name = category_name.unwrap_or_default();
                Outcome::Record(Box::new(Record::Article(article)))
            }
            Some(record) => Outcome::Record(Box::new(record)),
            None if is_dead => Outcome::Dead,
            None => Outcome::Filtered,
        };
        Self { key, outcome }
    }
}

impl<W: BorrowMut<Writer>> Importer<W> {
    /// Does what is asked.
    pub async fn carry_out(&mut self, request: FeedRequest) -> Fed {
        match self.try_to_carry_out(request).await {
            Ok(fed) => fed,
            Err(error) => FeedAnswer::Failed(error.into()).into(),
        }
    }

    async fn try_to_carry_out(&mut self, request: FeedRequest) -> Result<Fed, StoreError> {
        let answer = match request {
            FeedRequest::Positions => FeedAnswer::Positions(self.positions().await?),
            FeedRequest::SetPositions(positions) => {
                self.set_positions(&positions).await?;
                FeedAnswer::Done
            }
            FeedRequest::Table(name) => FeedAnswer::Table(self.table(&name).await?),
            FeedRequest::Begin { setup, begin, now } => {
                FeedAnswer::Table(Some(self.begin(&setup, begin, now).await?))
            }
            FeedRequest::Source { name, identity, replace, now } => {
                FeedAnswer::Source(self.source_identity(&name, &identity, replace, now).await?)
            }
            FeedRequest::EnsureInbox { slug, id, is_fed, now } => {
                match is_fed {
                    true => self.feed_inbox(&slug, id, now).await?,
                    false => self.ensure_inbox(&slug, id, now).await?,
                }
                return Ok(Fed { is_directory_changed: true, ..FeedAnswer::Done.into() });
            }
            FeedRequest::Forget { table, keys } => {
                self.forget(table, &keys).await?;
                FeedAnswer::Done
            }
            FeedRequest::Put { batch, position, told } => return self.put(batch, position, &told).await,
            FeedRequest::Bury { table, entity, keys } => {
                let count = FeedAnswer::Count(self.bury(table, entity, &keys).await?);
                let is_directory_changed = entity == Entity::Agent;
                return Ok(Fed { is_anybody_gone: true, is_directory_changed, ..count.into() });
            }
            FeedRequest::Keys { table, dead, after, limit } => FeedAnswer::Keys(match dead {
                true => self.dead_keys(table, &after, limit).await?,
                false => self.known_keys(table, &after, limit).await?,
            }),
            FeedRequest::Switch { slug, now } => {
                let count = FeedAnswer::Count(u64::from(self.switch(slug.as_deref(), now).await?));
                return Ok(Fed { is_directory_changed: true, ..count.into() });
            }
            FeedRequest::Note(note) => {
                self.audit(note.record()).await?;
                FeedAnswer::Done
            }
        };
        Ok(answer.into())
    }

    async fn put(
        &mut self,
        batch: FeedBatch,
        position: Option<FollowPosition>,
        told: &[Refused],
    ) -> Result<Fed, StoreError> {
        let batch = ImportBatch::from(batch);
        if batch.rows.len() > ROWS_MAX {
            return Err(StoreError::Io(format!("a batch has more than {ROWS_MAX} rows").into()));
        }
        let mut prepared = self.prepare(&batch).await?;
        // Others may have changed the store since the last answer.
        if prepared.refused().iter().any(|refused| !told.contains(refused)) {
            return Ok(FeedAnswer::Refused(prepared.refused).into());
        }
        if let Some(position) = position {
            prepared.reach(position);
        }
        let count = FeedAnswer::Count(prepared.written());
        let visitors = prepared.visitors.iter().map(|(_, key)| *key).collect();
        let is_directory_changed = prepared.step.has_agents();
        self.commit(prepared).await?;
        Ok(Fed { visitors, is_directory_changed, ..count.into() })
    }
}
