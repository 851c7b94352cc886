//! What something is here by now, for older systems that are to know of it, and which row there stands for it.

use std::collections::{HashMap, HashSet};

use kefu_core::Revision;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use uuid::Uuid;

use super::read::records;
use super::record::{Entity, Hash, Record};
use crate::rows::{self, Columns};
use crate::sql::{self, Args};
use crate::{Store, StoreError};

/// What something is by now.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordHere {
    /// Its row number; of a message, its place in the log.
    pub place: i64,
    /// All of it that older systems can know.
    pub record: Record,
    /// Whether it was taken back or erased: nothing is left to be said of it.
    pub is_gone: bool,
}

/// The row that something was brought over from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImportedRow {
    /// Its key there.
    pub key: Vec<u8>,
    /// Of what it was when it was last read; nothing, if that is to be read again.
    pub hash: Option<Hash>,
}

impl Store {
    /// What is at these places by now, in no order; what is not there any more is left out. What agents changed of a customer
    /// counts for its visitors, too.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn records_here(&self, entity: Entity, places: &[i64]) -> Result<Vec<RecordHere>, StoreError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let mut lease = self.lease().await?;
        let conn = lease.conn();
        let gone = gone(conn, entity, places).await?;
        let mut changed = match entity {
            Entity::Visitor => changed_customers(conn, places).await?,
            _ => HashMap::new(),
        };
        let found = records(conn, entity, places.iter().copied()).await?;
        let here = found.into_iter().map(|(place, mut record)| {
            if let (Record::Visitor(visitor), Some(known)) = (&mut record, changed.remove(&place)) {
                [visitor.name, visitor.email, visitor.attributes] = known;
            }
            RecordHere { place, record, is_gone: gone.contains(&place) }
        });
        Ok(here.collect())
    }

    /// The place of what has this public id: an agent, a visitor, a conversation or a ticket.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn place_of(&self, entity: Entity, id: Uuid) -> Result<Option<i64>, StoreError> {
        let sql = match entity {
            Entity::Agent => "SELECT key FROM agent WHERE id = ?",
            Entity::Visitor => "SELECT key FROM visitor WHERE id = ?",
            Entity::Conversation => "SELECT key FROM conversation WHERE id = ?",
            Entity::Ticket => "SELECT number FROM ticket WHERE id = ?",
            Entity::Message | Entity::Canned | Entity::Article => return Ok(None),
        };
        self.one(sql, Args::default().blob(id.as_bytes()), |row| Columns::of(row).take()).await
    }

    /// The rows of `table` that became what is at these places.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn import_rows(
        &self,
        table: i64,
        entity: Entity,
        places: &[i64],
    ) -> Result<HashMap<i64, ImportedRow>, StoreError> {
        const SQL: &str = "SELECT place, key, hash FROM migrate_map
            WHERE source_table = ? AND entity = ? AND place IN (SELECT value FROM json_each(?))";
        if places.is_empty() {
            return Ok(HashMap::new());
        }
        let args = Args::default().int(table).int(entity.number()).ints(places.iter().copied());
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            let (place, key) = (columns.take()?, columns.take()?);
            let hash: &[u8] = columns.take()?;
            Ok((place, ImportedRow { key, hash: hash.try_into().ok() }))
        };
        Ok(self.all(SQL, args, read).await?.into_iter().collect())
    }

    /// Log-in names of all agents, by public id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn agent_names(&self) -> Result<HashMap<Uuid, String>, StoreError> {
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok((columns.uuid()?, columns.take()?))
        };
        Ok(self.all("SELECT id, email FROM agent", Args::default(), read).await?.into_iter().collect())
    }
}

/// Which of them were taken back or erased.
async fn gone(
    conn: &mut SqliteConnection,
    entity: Entity,
    places: &[i64],
) -> Result<HashSet<i64>, StoreError> {
    let sql = match entity {
        Entity::Message => {
            "SELECT pos FROM log WHERE pos IN (SELECT value FROM json_each(?1)) AND revision > ?2"
        }
        Entity::Visitor => {
            "SELECT key FROM visitor WHERE key IN (SELECT value FROM json_each(?1)) AND erased_at IS NOT NULL"
        }
        _ => return Ok(HashSet::new()),
    };
    let edited = rows::revision_number(Revision::Edited);
    let args = Args::default().ints(places.iter().copied()).int(edited);
    let found = sql::rows(conn, sql, args).await?;
    found.iter().map(|row| Columns::of(row).take()).collect()
}

/// Name, address and attributes of customers that somebody changed, by visitor.
async fn changed_customers(
    conn: &mut SqliteConnection,
    visitors: &[i64],
) -> Result<HashMap<i64, [String; 3]>, StoreError> {
    const SQL: &str = "SELECT identity.visitor, name, email, attributes
        FROM identity JOIN customer ON customer.key = identity.customer
        WHERE identity.visitor IN (SELECT value FROM json_each(?)) AND version > 0";
    let found = sql::rows(conn, SQL, Args::default().ints(visitors.iter().copied())).await?;
    let read = |row: &SqliteRow| {
        let mut columns = Columns::of(row);
        Ok((columns.take()?, [columns.take()?, columns.take()?, columns.take()?]))
    };
    found.iter().map(read).collect()
}
