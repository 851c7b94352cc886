mod known;

use std::borrow::{BorrowMut, Cow};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use kefu_core::{AgentKey, Conversation, FieldVersions, Inbox, InboxKey, InboxSettings, Micros, VisitorKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::build::Building;
use super::progress::{self, Begin, Checkpoint, ImportTable, TableSetup, TableState};
use super::recent::Recent;
use super::record::Record;
use super::step::{self, DEAD, FILTERED, MapRow, Statements, Step};
use super::switch;
use crate::rows::Columns;
use crate::sql::{self, Args, Join};
use crate::writer::Gather;
use crate::{AuditRecord, Batch, RecordSet, StoreError, Writer, schema};

pub(super) use known::Known;

/// Heads, and visitors, that are kept in memory.
const HEADS_MAX: usize = 65_536;
const VISITORS_MAX: usize = 131_072;

/// What gathers before it is folded: an import touches most conversations again soon, and after a crash nobody waits for
/// what has to be read back.
const GATHER: Gather = Gather { entries: 262_144, heads: 32_768, age: Duration::MAX };

/// The name in `meta` of the position from which on imported entries may belong to heads that a crash left behind.
const UNSETTLED: &str = "import_unsettled";

/// Brings records over from other systems.
///
/// A batch is prepared, which finds what cannot be used, and then committed: between the two the caller makes durable
/// what it has to say of the former.
///
/// It has the writer for itself, or works beside others on one that they lend it for a moment, see
/// [`Importer::beside`].
pub struct Importer<W: BorrowMut<Writer> = Writer> {
    writer: W,
    /// Others change the store between two calls, and nobody is to wait for what gathers.
    pub(super) is_beside: bool,
    statements: Statements,
    lookup: Join,
    tables: HashMap<i64, Table>,
    pub(super) inboxes: HashMap<Arc<str>, InboxKey>,
    /// Those in which what is here counts by now.
    pub(super) switched: HashSet<InboxKey>,
    /// Rows may be noted as late.
    pub(super) has_late: bool,
    /// Of the present batch: conversations that are not here because their rows were late.
    pub(super) late: HashSet<Uuid>,
    pub(super) agents: HashMap<Uuid, AgentKey>,
    pub(super) visitors: Recent<VisitorKey>,
    pub(super) heads: Recent<Arc<Conversation>>,
    /// From where on an import that did not end left something to be settled.
    unsettled: Option<i64>,
    next_ticket: i64,
    next_canned: i64,
    next_article: i64,
}

/// A table that is being copied.
struct Table {
    progress: ImportTable,
    /// The greatest key that something became of: what lies beyond it needs no look-up.
    greatest: Option<Vec<u8>>,
}

/// Rows of one table, in the order of their source.
#[derive(Clone, Debug, Default)]
pub struct ImportBatch {
    /// Row number of the table, see [`Importer::begin`].
    pub table: i64,
    /// The rows; their keys differ.
    pub rows: Vec<ImportRow>,
    /// How far the table has come with them.
    pub checkpoint: Option<Checkpoint>,
    /// Whether references that lead nowhere are left out where a record can do without; else it is refused.
    pub detach: bool,
}

/// A row of a source.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// Its key, encoded so that bytes sort as the keys do.
    pub key: Vec<u8>,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// What becomes of a row.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A record.
    Record(Box<Record>),
    /// Nothing: a filter leaves it out.
    Filtered,
    /// Nothing: it cannot be used.
    Dead,
}

/// A row whose record cannot be stored.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Refused {
    /// Which of the batch.
    pub index: usize,
    /// Why, in one word.
    pub code: Cow<'static, str>,
    /// More about it.
    pub detail: String,
}

/// A batch that can be committed.
#[derive(Debug, Default)]
pub struct Prepared {
    table: i64,
    pub(super) batch: Batch,
    pub(super) step: Step,
    pub(super) heads: Vec<Arc<Conversation>>,
    pub(super) visitors: Vec<(Uuid, VisitorKey)>,
    pub(super) agents: Vec<(Uuid, AgentKey)>,
    pub(super) refused: Vec<Refused>,
    pub(super) written: u64,
    greatest: Option<Vec<u8>>,
}

impl Prepared {
    /// The rows whose records cannot be stored: they count as dead.
    #[must_use]
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// How many rows become something, or something else than before.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }
}

impl Importer {
    /// Takes over a store that nobody else writes.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn new(mut writer: Writer) -> Result<Self, StoreError> {
        writer.prepare_for_import(GATHER).await?;
        let unsettled = schema::meta(writer.reading(), UNSETTLED).await?;
        if unsettled.is_none() {
            let from = writer.next_pos();
            writer.alone(async |conn| schema::set_meta_int(conn, UNSETTLED, from).await).await?;
        }
        Self::open(writer, false, unsettled).await
    }

    /// Folds everything, and settles what an import left that did not end: conversations that ended count as read, and
    /// wait for nobody. Of all others that is so from the commit of their messages on.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn settle(&mut self) -> Result<(), StoreError> {
        self.writer.fold_everything().await?;
        let Some(from) = self.unsettled.take() else { return Ok(()) };
        self.heads.clear();
        settle_from(&mut self.writer, from).await
    }

    /// Gives the store up.
    ///
    /// # Errors
    /// As [`Writer::close`].
    pub async fn close(mut self) -> Result<(), StoreError> {
        let settled = match self.unsettled {
            None => self.settled().await,
            // The next import does it.
            Some(_) => Ok(()),
        };
        let closed = self.writer.close().await;
        settled.and(closed)
    }

    /// Notes that no head is behind its log.
    async fn settled(&mut self) -> Result<(), StoreError> {
        self.writer.fold_everything().await?;
        self.writer.alone(async |conn| schema::remove_meta(conn, UNSETTLED).await).await
    }
}

/// Settles what an import left that did not end, for whoever takes its store over.
///
/// # Errors
/// When the store cannot be written.
pub async fn settle_left(writer: &mut Writer) -> Result<(), StoreError> {
    let Some(from) = schema::meta(writer.reading(), UNSETTLED).await? else { return Ok(()) };
    writer.fold_everything().await?;
    settle_from(writer, from).await?;
    writer.alone(async |conn| schema::remove_meta(conn, UNSETTLED).await).await
}

async fn settle_from(writer: &mut Writer, from: i64) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE conversation SET
            resolved_at = iif(key IN (SELECT place FROM migrate_map WHERE source_table < 0),
                max(coalesce(resolved_at, 0), updated_at), coalesce(resolved_at, updated_at)),
            unanswered_at = NULL, visitor_read_seq = last_public_seq, agent_read_seq = last_seq
        WHERE state = 4
            AND key IN (SELECT conversation FROM log WHERE pos >= ? AND occurred_at IS NOT NULL)";
    writer.alone(async |conn| sql::execute(conn, SQL, Args::default().int(from)).await.map(drop)).await
}

impl<'w> Importer<&'w mut Writer> {
    /// Works with a writer that is lent for one call: whoever lends it changes the store, too, before and after.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn beside(writer: &'w mut Writer) -> Result<Self, StoreError> {
        Self::open(writer, true, None).await
    }
}

impl<W: BorrowMut<Writer>> Importer<W> {
    async fn open(mut writer: W, is_beside: bool, unsettled: Option<i64>) -> Result<Self, StoreError> {
        let conn = writer.borrow_mut().reading();
        let inboxes = sql::rows(conn, "SELECT slug, key FROM inbox", Args::default()).await?;
        let agents = sql::rows(conn, "SELECT id, key FROM agent", Args::default()).await?;
        let switched = switch::switched(conn).await?;
        let has_late = switch::has_late(conn).await?;
        let next_ticket = schema::pragma(
            conn,
            "SELECT max(coalesce((SELECT max(number) FROM ticket), 0),
                coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'ticket'), 0)) + 1",
        );
        let next_ticket = next_ticket.await?;
        let next_canned = schema::pragma(conn, "SELECT coalesce(max(key), 0) + 1 FROM canned_reply").await?;
        let next_article = schema::pragma(
            conn,
            "SELECT max(coalesce((SELECT max(key) FROM article), 0),
                coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'article'), 0)) + 1",
        );
        let next_article = next_article.await?;
        let read_inbox = |row| {
            let mut columns = Columns::of(row);
            Ok::<_, StoreError>((Arc::from(columns.take::<&str>()?), InboxKey(columns.take()?)))
        };
        let read_agent = |row| {
            let mut columns = Columns::of(row);
            Ok::<_, StoreError>((columns.uuid()?, AgentKey(columns.take()?)))
        };
        Ok(Self {
            inboxes: inboxes.iter().map(read_inbox).collect::<Result<_, _>>()?,
            agents: agents.iter().map(read_agent).collect::<Result<_, _>>()?,
            writer,
            is_beside,
            switched,
            has_late,
            late: HashSet::new(),
            statements: Statements::default(),
            lookup: Join::new(
                "SELECT asked.column1, known.entity, known.place, known.hash FROM (",
                3,
                ") AS asked CROSS JOIN migrate_map AS known
                    ON known.source_table = asked.column2 AND known.key = asked.column3",
            ),
            tables: HashMap::new(),
            visitors: Recent::new(VISITORS_MAX),
            heads: Recent::new(HEADS_MAX),
            unsettled,
            next_ticket,
            next_canned,
            next_article,
        })
    }

    /// Makes the inbox `slug`, if there is none of that name.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn ensure_inbox(&mut self, slug: &str, id: Uuid, now: Micros) -> Result<(), StoreError> {
        self.inbox(slug, id, now).await.map(drop)
    }

    /// The same for one that an older system feeds until it is switched.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn feed_inbox(&mut self, slug: &str, id: Uuid, now: Micros) -> Result<(), StoreError> {
        let inbox = self.inbox(slug, id, now).await?;
        self.writer().alone(async |conn| switch::feed_inbox(conn, inbox).await).await
    }

    async fn inbox(&mut self, slug: &str, id: Uuid, now: Micros) -> Result<InboxKey, StoreError> {
        if let Some(known) = self.inboxes.get(slug) {
            return Ok(*known);
        }
        let key = self.writer.borrow_mut().next_inbox_key();
        let inbox = Inbox {
            key,
            id,
            slug: slug.to_owned(),
            name: slug.to_owned(),
            greeting: String::new(),
            origins: Vec::new(),
            identity_required: false,
            settings: InboxSettings::default(),
            sealed_secret: Vec::new(),
            versions: FieldVersions::default(),
            created_at: now,
        };
        self.writer.borrow_mut().alone(async |conn| step::put_inbox(conn, &inbox).await).await?;
        self.inboxes.insert(slug.into(), key);
        Ok(key)
    }

    /// What a source said it is when it was first read; notes `identity` if that is now, or where it is to
    /// `replace` the other one.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn source_identity(
        &mut self,
        name: &str,
        identity: &str,
        replace: bool,
        now: Micros,
    ) -> Result<String, StoreError> {
        self.writer
            .borrow_mut()
            .alone(async |conn| progress::source_identity(conn, name, identity, replace, now).await)
            .await
    }

    /// Where a table stands; nothing, if it was never begun.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn table(&mut self, name: &str) -> Result<Option<ImportTable>, StoreError> {
        progress::table(self.writer.borrow_mut().reading(), name).await
    }

    /// Takes a table up; one that was never begun begins.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn begin(
        &mut self,
        setup: &TableSetup,
        begin: Begin,
        now: Micros,
    ) -> Result<ImportTable, StoreError> {
        let known = self.table(&setup.name).await?;
        let table = match known {
            Some(table) if begin == Begin::Continue => table,
            _ => {
                let is_next = begin == Begin::Again;
                self.writer
                    .borrow_mut()
                    .alone(async |conn| progress::begin(conn, setup, is_next, now).await)
                    .await?;
                let made = self.table(&setup.name).await?;
                made.ok_or_else(|| StoreError::corrupt("a table that was begun is gone"))?
            }
        };
        self.know(table.clone()).await?;
        Ok(table)
    }

    async fn know(&mut self, progress: ImportTable) -> Result<(), StoreError> {
        const GREATEST: &str = "SELECT max(key) FROM migrate_map WHERE source_table = ?";
        let args = Args::default().int(progress.key);
        let greatest = sql::row(self.writer().reading(), GREATEST, args).await?;
        let greatest = greatest.map_or(Ok(None), |row| Columns::of(&row).optional())?;
        self.tables.insert(progress.key, Table { progress, greatest });
        Ok(())
    }

    /// Has a table in memory that was begun before the writer was lent.
    async fn take_up(&mut self, key: i64) -> Result<(), StoreError> {
        if self.is_beside && !self.tables.contains_key(&key) {
            let progress = progress::table_of(self.writer().reading(), key).await?;
            self.know(progress.ok_or(StoreError::Stale("table"))?).await?;
        }
        Ok(())
    }

    /// Forgets what the rows of `table` with these keys were mapped to: the next batch that has them writes them, whether
    /// or not they are the same.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn forget(&mut self, table: i64, keys: &[Vec<u8>]) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE migrate_map SET hash = x'' WHERE source_table = ? AND key = ?";
        self.writer
            .borrow_mut()
            .alone(async |conn| {
                for key in keys {
                    sql::execute(conn, SQL, Args::default().int(table).blob(key)).await?;
                }
                Ok(())
            })
            .await
    }

    /// Finds out what has to be written for `batch`; changes nothing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn prepare(&mut self, batch: &ImportBatch) -> Result<Prepared, StoreError> {
        self.take_up(batch.table).await?;
        let known = self.known(batch).await?;
        self.load_references(batch, &known).await?;
        let places = known.values().map(|known| (known.entity, known.place));
        let switched = self.in_switched(places.collect::<Vec<_>>()).await?;
        let is_switched = |known: Known| switched.contains(&(known.entity.abs(), known.place));
        let mut building = Building::new(self, batch.table);
        // Rows mostly come in the order of their keys: then none of them comes twice.
        let is_ascending = batch.rows.is_sorted_by(|one, next| one.key < next.key);
        let (mut buffer, mut seen) = (Vec::new(), HashSet::new());
        for (index, row) in batch.rows.iter().enumerate() {
            let before = known.get(&index).copied();
            if !is_ascending && !seen.insert(row.key.as_slice()) {
                building.refuse(index, "duplicate_key", "another row of the same source has this key");
                continue;
            }
            let place = before.map_or(0, |known| known.place);
            let nothing =
                |entity| MapRow { table: batch.table, key: row.key.clone(), entity, place, hash: None };
            let is_late = before.is_some_and(is_switched);
            let record = match &row.outcome {
                Outcome::Filtered | Outcome::Dead if is_late => {
                    building.late(&row.key, None);
                    continue;
                }
                Outcome::Filtered => {
                    if let Some(known) = before.filter(|known| known.entity > FILTERED) {
                        building.leave_out(nothing(known.entity));
                    }
                    building.note(nothing(FILTERED));
                    continue;
                }
                Outcome::Dead => {
                    building.note(nothing(DEAD));
                    continue;
                }
                Outcome::Record(record) => record,
            };
            let hash = record.hash(&mut buffer);
            let entity = record.entity().number();
            if before.is_some_and(|known| known.entity == entity && known.hash == Some(hash)) {
                continue;
            }
            if is_late || building.is_switched(record) {
                building.late(&row.key, Some(record));
                continue;
            }
            match building.record(record, before.filter(|known| known.place != 0), batch.detach) {
                Ok(place) => {
                    building.note(MapRow { place, hash: Some(hash), ..nothing(entity) });
                    building.count();
                }
                Err((code, detail)) => {
                    building.refuse(index, code, detail);
                    building.note(nothing(DEAD));
                }
            }
        }
        let mut prepared = building.finish();
        prepared.table = batch.table;
        if let Some(checkpoint) = &batch.checkpoint {
            prepared.step.table = Some(self.advanced(batch.table, checkpoint, prepared.written)?);
        }
        if self.is_catching_up() {
            let in_time = batch.rows.iter().map(|row| (batch.table, row.key.clone()));
            prepared.step.in_time = in_time.collect();
        }
        prepared.greatest = batch.rows.iter().map(|row| &row.key).max().cloned();
        Ok(prepared)
    }

    /// Makes what was prepared durable, with the checkpoint of its table, or nothing of it.
    ///
    /// # Errors
    /// As [`Writer::commit`]; a [`StoreError::Conflict`] means that a value of some row is taken.
    pub async fn commit(&mut self, prepared: Prepared) -> Result<(), StoreError> {
        self.writer.borrow_mut().commit_import(&self.statements, &prepared.batch, &prepared.step).await?;
        if let Some(table) = self.tables.get_mut(&prepared.table) {
            table.greatest = table.greatest.take().max(prepared.greatest);
        }
        if let Some(progress) = prepared.step.table
            && let Some(table) = self.tables.get_mut(&progress.key)
        {
            table.progress = progress;
        }
        for head in prepared.heads {
            self.heads.insert(head.id, head);
        }
        for (id, key) in prepared.visitors {
            self.visitors.insert(id, key);
        }
        self.agents.extend(prepared.agents);
        Ok(())
    }

    /// Something became of this key in another way than by a batch: from now on it is looked up.
    pub(super) fn reach(&mut self, table: i64, key: &[u8]) {
        if let Some(table) = self.tables.get_mut(&table) {
            table.greatest = table.greatest.take().max(Some(key.to_vec()));
        }
    }

    /// Has every conversation where statements find it.
    pub(super) async fn forget_heads(&mut self) -> Result<(), StoreError> {
        self.heads.clear();
        self.writer.borrow_mut().fold_everything().await
    }

    /// Writes down in the audit log what was done.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn audit(&mut self, record: AuditRecord) -> Result<(), StoreError> {
        let set = RecordSet { changes: Vec::new(), audit: vec![record] };
        self.writer.borrow_mut().commit(&Batch { records: vec![set], ..Batch::default() }).await.map(drop)
    }

    /// Where a table stands once `checkpoint` is committed.
    fn advanced(&self, table: i64, checkpoint: &Checkpoint, written: u64) -> Result<ImportTable, StoreError> {
        let known = self.tables.get(&table);
        let mut table = known.ok_or(StoreError::Stale("table"))?.progress.clone();
        table.state = if checkpoint.is_end { TableState::Done } else { TableState::Copying };
        if checkpoint.position.is_some() {
            table.position.clone_from(&checkpoint.position);
        }
        table.rows += checkpoint.rows;
        table.written += written + checkpoint.written;
        for (what, count) in &checkpoint.changed {
            *table.changed.entry(what.clone()).or_default() += count;
        }
        table.updated_at = checkpoint.at;
        Ok(table)
    }

    pub(super) fn writer(&mut self) -> &mut Writer {
        self.writer.borrow_mut()
    }

    pub(super) fn take_ticket(&mut self) -> i64 {
        self.next_ticket += 1;
        self.next_ticket - 1
    }

    pub(super) fn take_canned(&mut self) -> i64 {
        self.next_canned += 1;
        self.next_canned - 1
    }

    pub(super) fn take_article(&mut self) -> i64 {
        self.next_article += 1;
        self.next_article - 1
    }
}
