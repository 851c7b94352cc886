//! Inboxes that are switched one by one: from then on what is here counts, and rows that change at their sources
//! after all are late.

use std::borrow::BorrowMut;
use std::collections::HashSet;

use kefu_core::{InboxKey, Micros};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use uuid::Uuid;

use super::follow::{self, FollowPosition};
use super::importer::Importer;
use super::record::Entity;
use crate::rows::Columns;
use crate::sql::{self, Args, Join};
use crate::{Store, StoreError, Writer, schema};

/// The name in `meta` of where everything stood when the first inbox was switched, see [`crate::import::ChangedPosition`].
pub(super) const SWITCHED_FROM: &str = "switched_from";

/// An inbox that an older system feeds, or fed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FedInbox {
    /// Row number.
    pub key: InboxKey,
    /// Its name in embed codes.
    pub slug: String,
    /// From when on what is here counts.
    pub switched_at: Option<Micros>,
}

/// A row that changed after its inbox was switched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Late {
    /// The name of its table.
    pub table: String,
    /// Its key there.
    pub key: Vec<u8>,
}

impl<W: BorrowMut<Writer>> Importer<W> {
    /// From now on what is here counts in the inbox `slug`; without one in all that are left, and following has come to
    /// its end. Returns whether there was anything to switch.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn switch(&mut self, slug: Option<&str>, now: Micros) -> Result<bool, StoreError> {
        const ONE: &str = "UPDATE migrate_inbox SET switched_at = ?1
            WHERE switched_at IS NULL AND inbox = (SELECT key FROM inbox WHERE slug = ?2)";
        const ALL: &str = "UPDATE migrate_inbox SET switched_at = ? WHERE switched_at IS NULL";
        const END: &str = "UPDATE migrate_position SET state = 2, updated_at = ? WHERE state <> 2";
        const FROM: &str = "INSERT OR IGNORE INTO meta (key, value) SELECT ?, json_array(
            (SELECT coalesce(max(pos), 0) FROM log), (SELECT coalesce(max(number), 0) FROM happened),
            (SELECT coalesce(max(number), 0) FROM audit))";
        let switch = async |conn: &mut SqliteConnection| {
            let now = || Args::default().int(now.0);
            let changed = match slug {
                Some(slug) => sql::execute(conn, ONE, now().text(slug)).await?,
                None => sql::execute(conn, ALL, now()).await? + sql::execute(conn, END, now()).await?,
            };
            if changed > 0 {
                sql::execute(conn, FROM, Args::default().text(SWITCHED_FROM)).await?;
            }
            Ok(changed)
        };
        let changed = self.writer().alone(switch).await?;
        self.switched = switched(self.writer().reading()).await?;
        Ok(changed > 0)
    }

    /// What is here counts in no inbox any more, and the sources are followed from these positions again. What changed there
    /// too late is read again then.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn switch_back(&mut self, positions: &[FollowPosition]) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE migrate_inbox SET switched_at = NULL";
        let back = async |conn: &mut SqliteConnection| {
            for position in positions {
                follow::write(conn, position).await?;
            }
            sql::execute(conn, SQL, Args::default()).await?;
            schema::remove_meta(conn, SWITCHED_FROM).await
        };
        self.writer().alone(back).await?;
        self.switched.clear();
        self.has_late = true;
        Ok(())
    }

    /// Whether rows that were late come in time by now.
    pub(super) fn is_catching_up(&self) -> bool {
        self.has_late && self.switched.is_empty()
    }

    /// Which of these records, by entity and row number, are in an inbox that was switched.
    pub(super) async fn in_switched(
        &mut self,
        records: impl IntoIterator<Item = (i64, i64)>,
    ) -> Result<HashSet<(i64, i64)>, StoreError> {
        let mut found = HashSet::new();
        if self.switched.is_empty() {
            return Ok(found);
        }
        let inboxes: Vec<_> = self.switched.iter().copied().collect();
        let records: Vec<_> = records.into_iter().collect();
        for entity in [Entity::Conversation, Entity::Message, Entity::Ticket] {
            let number = entity.number();
            let places = records.iter().filter(|(of, place)| of.abs() == number && *place > 0);
            let places: Vec<_> = places.map(|(_, place)| *place).collect();
            let inside = places_in(self.writer().reading(), entity, &places, &inboxes).await?;
            found.extend(inside.into_iter().map(|place| (number, place)));
        }
        Ok(found)
    }

    /// Which of these conversations are not here because their rows were late.
    pub(super) async fn late_conversations(&mut self, ids: &[Uuid]) -> Result<HashSet<Uuid>, StoreError> {
        const SQL: &str = "SELECT id FROM migrate_late WHERE id IN (SELECT unhex(value) FROM json_each(?))";
        if self.switched.is_empty() || ids.is_empty() {
            return Ok(HashSet::new());
        }
        let rows = sql::rows(self.writer().reading(), SQL, Args::default().uuids(ids)).await?;
        rows.iter().map(|row| Columns::of(row).uuid()).collect()
    }
}

/// The inboxes that were switched.
pub(super) async fn switched(conn: &mut SqliteConnection) -> Result<HashSet<InboxKey>, StoreError> {
    const SQL: &str = "SELECT inbox FROM migrate_inbox WHERE switched_at IS NOT NULL";
    let rows = sql::rows(conn, SQL, Args::default()).await?;
    rows.iter().map(|row| Ok(InboxKey(Columns::of(row).take()?))).collect()
}

/// Has an older system feed the inbox, until it is switched.
pub(super) async fn feed_inbox(conn: &mut SqliteConnection, inbox: InboxKey) -> Result<(), StoreError> {
    const SQL: &str = "INSERT OR IGNORE INTO migrate_inbox (inbox) VALUES (?)";
    sql::execute(conn, SQL, Args::default().int(inbox.0)).await.map(drop)
}

/// Notes rows that are late, with the id of a conversation that is not here.
pub(super) async fn note_late(
    conn: &mut SqliteConnection,
    rows: &[(i64, Vec<u8>, Option<Uuid>)],
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT OR IGNORE INTO migrate_late (source_table, key, id) VALUES (?, ?, ?)";
    for (table, key, id) in rows {
        let mut args = Args::default().int(*table).blob(key);
        args.add_opt_blob(id.as_ref().map(|id| id.as_bytes().as_slice()));
        sql::execute(conn, SQL, args).await?;
    }
    Ok(())
}

/// Forgets that these rows were late.
pub(super) async fn forget_late(
    conn: &mut SqliteConnection,
    rows: &[(i64, Vec<u8>)],
) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM migrate_late WHERE source_table = ? AND key = ?";
    for (table, key) in rows {
        sql::execute(conn, SQL, Args::default().int(*table).blob(key)).await?;
    }
    Ok(())
}

/// Whether rows were late.
pub(super) async fn has_late(conn: &mut SqliteConnection) -> Result<bool, StoreError> {
    Ok(schema::pragma(conn, "SELECT EXISTS (SELECT 1 FROM migrate_late)").await? != 0)
}

/// Which of the records at these places are in one of these inboxes.
pub(super) async fn places_in(
    conn: &mut SqliteConnection,
    entity: Entity,
    places: &[i64],
    inboxes: &[InboxKey],
) -> Result<HashSet<i64>, StoreError> {
    let sql = match entity {
        Entity::Conversation => {
            "SELECT key FROM conversation WHERE key IN (SELECT value FROM json_each(?))
                AND inbox IN (SELECT value FROM json_each(?))"
        }
        Entity::Message => {
            "SELECT pos FROM json_each(?) AS wanted CROSS JOIN log ON log.pos = wanted.value
                JOIN conversation ON conversation.key = log.conversation
                WHERE inbox IN (SELECT value FROM json_each(?))"
        }
        Entity::Ticket => {
            "SELECT number FROM ticket WHERE number IN (SELECT value FROM json_each(?))
                AND inbox IN (SELECT value FROM json_each(?))"
        }
        Entity::Agent | Entity::Visitor | Entity::Canned | Entity::Article => return Ok(HashSet::new()),
    };
    if places.is_empty() || inboxes.is_empty() {
        return Ok(HashSet::new());
    }
    let args = Args::default().ints(places.iter().copied()).ints(inboxes.iter().map(|inbox| inbox.0));
    let rows = sql::rows(conn, sql, args).await?;
    rows.iter().map(|row| Columns::of(row).take()).collect()
}

/// A look-up of late rows by table and key.
pub(super) fn late_lookup() -> Join {
    Join::new(
        "SELECT asked.column1 FROM (",
        3,
        ") AS asked CROSS JOIN migrate_late AS late
            ON late.source_table = asked.column2 AND late.key = asked.column3",
    )
}

impl Store {
    /// The inboxes that older systems feed, or fed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn fed_inboxes(&self) -> Result<Vec<FedInbox>, StoreError> {
        const SQL: &str = "SELECT inbox.key, slug, switched_at FROM migrate_inbox
            JOIN inbox ON inbox.key = migrate_inbox.inbox ORDER BY slug";
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok(FedInbox {
                key: InboxKey(columns.take()?),
                slug: columns.take()?,
                switched_at: columns.optional()?.map(Micros),
            })
        };
        self.all(SQL, Args::default(), read).await
    }

    /// Rows that changed after their inbox was switched, the first so many.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn late_rows(&self, limit: u32) -> Result<Vec<Late>, StoreError> {
        const SQL: &str = "SELECT name, migrate_late.key FROM migrate_late
            JOIN migrate_table ON migrate_table.key = source_table ORDER BY source_table, migrate_late.key LIMIT ?";
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok(Late { table: columns.take()?, key: columns.take()? })
        };
        self.all(SQL, Args::default().int(i64::from(limit)), read).await
    }
}
