//! What was written here since the last row of a source was brought over: what a way back must not lose.

use std::collections::HashMap;

use kefu_core::{MessageKind, Micros, Principal, Revision};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::record::Entity;
use crate::rows::{self, Columns};
use crate::sql::{self, Args};
use crate::{Store, StoreError};

/// A message that was written here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WrittenHere {
    /// Its place in the log.
    pub pos: i64,
    /// Public id.
    pub id: Uuid,
    /// The conversation that it is in.
    pub conversation: Uuid,
    /// Row numbers of that conversation and of its visitor.
    pub places: [i64; 2],
    /// The table and the key of the row that this conversation was brought over from, if it was; of one that was made
    /// of messages, those of its first message.
    pub origin: Option<(String, Vec<u8>)>,
    /// The company's own id of the visitor.
    pub visitor: Option<String>,
    /// Who wrote it.
    pub sender: Principal,
    /// Log-in name of the agent who did.
    pub agent: Option<String>,
    /// What it is.
    pub kind: MessageKind,
    /// Its text, as it is now.
    pub text: String,
    /// What it holds besides, as JSON.
    pub data: Option<String>,
    /// Whether it was taken back or erased.
    pub is_gone: bool,
    /// When it was written.
    pub at: Micros,
}

/// A visitor, as far as older systems know of one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VisitorHere {
    /// Public id.
    pub id: Uuid,
    /// The company's own id.
    pub external_id: Option<String>,
    /// Name; empty if it is not known.
    pub name: String,
    /// Address; empty if it is not known.
    pub email: String,
    /// Telephone number; empty if it is not known.
    pub phone: String,
    /// When the visitor first came.
    pub created_at: Micros,
    /// When the visitor was last here.
    pub last_seen_at: Micros,
}

/// A conversation, as far as older systems know of one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConversationHere {
    /// When it began.
    pub created_at: Micros,
    /// Row number of the agent who has it.
    pub assignee: Option<i64>,
}

impl Store {
    /// The place in the log of the last message that was brought over.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn import_end(&self) -> Result<i64, StoreError> {
        const SQL: &str = "SELECT coalesce(max(place), 0) FROM migrate_map WHERE entity IN (5, -5)";
        Ok(self.one(SQL, Args::default(), |row| Columns::of(row).take()).await?.unwrap_or(0))
    }

    /// The next `limit` messages behind a place in the log, with the rows that their conversations came from.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn written_here(&self, after: i64, limit: u32) -> Result<Vec<WrittenHere>, StoreError> {
        const ORIGIN: &str = "SELECT place, migrate_table.name, migrate_map.key
            FROM migrate_map JOIN migrate_table ON migrate_table.key = abs(source_table)
            WHERE entity IN (4, -4) AND place IN (SELECT value FROM json_each(?))";
        let mut written = self.messages_behind(after, limit).await?;
        let mut lease = self.lease().await?;
        let keys = Args::default().ints(written.iter().map(|message| message.places[0]));
        let mut origins: HashMap<i64, (String, Vec<u8>)> = HashMap::new();
        for row in &sql::rows(lease.conn(), ORIGIN, keys).await? {
            let mut columns = Columns::of(row);
            origins.insert(columns.take()?, (columns.take()?, columns.take()?));
        }
        for message in &mut written {
            message.origin = origins.get(&message.places[0]).cloned();
        }
        Ok(written)
    }

    /// The same without these rows, which are looked for among all.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn messages_behind(&self, after: i64, limit: u32) -> Result<Vec<WrittenHere>, StoreError> {
        const SQL: &str =
            "SELECT pos, log.id, conversation.id, conversation.key, visitor.key, visitor.external_id, sender_kind,
                sender, agent.email, kind, text, data, revision, log.created_at
            FROM log JOIN conversation ON conversation.key = log.conversation
            JOIN visitor ON visitor.key = conversation.visitor
            LEFT JOIN agent ON sender_kind = 1 AND agent.key = sender
            WHERE pos > ? AND event IS NULL ORDER BY pos LIMIT ?";
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok(WrittenHere {
                pos: columns.take()?,
                id: columns.uuid()?,
                conversation: columns.uuid()?,
                places: [columns.take()?, columns.take()?],
                origin: None,
                visitor: columns.optional()?,
                sender: rows::principal(columns.take()?, columns.optional()?)?,
                agent: columns.optional()?,
                kind: rows::kind(columns.take()?)?,
                text: columns.take()?,
                data: columns.optional()?,
                is_gone: columns.take::<i64>()? > rows::revision_number(Revision::Edited),
                at: Micros(columns.take()?),
            })
        };
        self.all(SQL, Args::default().int(after).int(i64::from(limit)), read).await
    }

    /// The keys of the rows of `table` that became what is at these places.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn import_keys(
        &self,
        table: i64,
        entity: Entity,
        places: &[i64],
    ) -> Result<HashMap<i64, Vec<u8>>, StoreError> {
        const SQL: &str = "SELECT place, key FROM migrate_map
            WHERE source_table = ? AND entity = ? AND place IN (SELECT value FROM json_each(?))";
        let args = Args::default().int(table).int(entity.number()).ints(places.iter().copied());
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok((columns.take()?, columns.take()?))
        };
        Ok(self.all(SQL, args, read).await?.into_iter().collect())
    }

    /// What a visitor is, by row number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn visitor_here(&self, place: i64) -> Result<Option<VisitorHere>, StoreError> {
        const SQL: &str =
            "SELECT visitor.id, external_id, visitor.name, visitor.email, coalesce(customer.phone, ''),
                visitor.created_at, last_seen_at
            FROM visitor LEFT JOIN identity ON identity.visitor = visitor.key
            LEFT JOIN customer ON customer.key = identity.customer WHERE visitor.key = ? LIMIT 1";
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok(VisitorHere {
                id: columns.uuid()?,
                external_id: columns.optional()?,
                name: columns.take()?,
                email: columns.take()?,
                phone: columns.take()?,
                created_at: Micros(columns.take()?),
                last_seen_at: Micros(columns.take()?),
            })
        };
        self.one(SQL, Args::default().int(place), read).await
    }

    /// What a conversation is, by row number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn conversation_here(&self, place: i64) -> Result<Option<ConversationHere>, StoreError> {
        const SQL: &str = "SELECT created_at, assignee FROM conversation WHERE key = ?";
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok(ConversationHere { created_at: Micros(columns.take()?), assignee: columns.optional()? })
        };
        self.one(SQL, Args::default().int(place), read).await
    }
}
