//! What was written here since the last row of a source was brought over: what a way back must not lose.

use std::collections::HashMap;

use kefu_core::{MessageKind, Micros, Principal, Revision};
use uuid::Uuid;

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

impl Store {
    /// The place in the log of the last message that was brought over.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn import_end(&self) -> Result<i64, StoreError> {
        const SQL: &str = "SELECT coalesce(max(place), 0) FROM migrate_map WHERE entity IN (5, -5)";
        Ok(self.one(SQL, Args::default(), |row| Columns::of(row).take()).await?.unwrap_or(0))
    }

    /// The next `limit` messages behind a place in the log.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn written_here(&self, after: i64, limit: u32) -> Result<Vec<WrittenHere>, StoreError> {
        const SQL: &str =
            "SELECT pos, log.id, conversation.id, conversation.key, visitor.external_id, sender_kind,
                sender, agent.email, kind, text, data, revision, log.created_at
            FROM log JOIN conversation ON conversation.key = log.conversation
            JOIN visitor ON visitor.key = conversation.visitor
            LEFT JOIN agent ON sender_kind = 1 AND agent.key = sender
            WHERE pos > ? AND event IS NULL ORDER BY pos LIMIT ?";
        const ORIGIN: &str = "SELECT place, migrate_table.name, migrate_map.key
            FROM migrate_map JOIN migrate_table ON migrate_table.key = abs(source_table)
            WHERE entity IN (4, -4) AND place IN (SELECT value FROM json_each(?))";
        let read = |row: &sqlx::sqlite::SqliteRow| {
            let mut columns = Columns::of(row);
            let (pos, id, conversation) = (columns.take()?, columns.uuid()?, columns.uuid()?);
            let key: i64 = columns.take()?;
            let visitor = columns.optional()?;
            let sender = rows::principal(columns.take()?, columns.optional()?)?;
            let agent = columns.optional()?;
            let (kind, text, data) = (rows::kind(columns.take()?)?, columns.take()?, columns.optional()?);
            let is_gone = columns.take::<i64>()? > rows::revision_number(Revision::Edited);
            let at = Micros(columns.take()?);
            let written = WrittenHere {
                pos,
                id,
                conversation,
                origin: None,
                visitor,
                sender,
                agent,
                kind,
                text,
                data,
                is_gone,
                at,
            };
            Ok((key, written))
        };
        let args = Args::default().int(after).int(i64::from(limit));
        let mut written: Vec<(i64, WrittenHere)> = self.all(SQL, args, read).await?;
        let mut lease = self.lease().await?;
        let keys = Args::default().ints(written.iter().map(|(key, _)| *key));
        let mut origins: HashMap<i64, (String, Vec<u8>)> = HashMap::new();
        for row in &sql::rows(lease.conn(), ORIGIN, keys).await? {
            let mut columns = Columns::of(row);
            origins.insert(columns.take()?, (columns.take()?, columns.take()?));
        }
        for (key, written) in &mut written {
            written.origin = origins.get(key).cloned();
        }
        Ok(written.into_iter().map(|(_, written)| written).collect())
    }
}
