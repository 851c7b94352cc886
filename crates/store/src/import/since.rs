//! What was written or changed here since what is here counts: what a way back must not lose.
//!
//! Three lists say it, each in the order of its commits: the log, what happened to records, and the audit log, in which alone it
//! stands that an agent changed a customer. They only say *what* changed; what it is now is read where it is
//! ([`Store::records_here`]).

use std::collections::{BTreeSet, HashMap};

use kefu_core::{Event, EventCode, MessageKind, Micros, Principal, Revision};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use uuid::Uuid;

use super::switch::SWITCHED_FROM;
use crate::rows::{self, Columns};
use crate::sql::{self, Args};
use crate::{Store, StoreError};

/// How far what changed here was looked at.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ChangedPosition {
    /// In the log.
    pub pos: i64,
    /// In the list of what happened to records.
    pub number: i64,
    /// In the audit log.
    pub audit: i64,
}

/// What changed behind a position, by row numbers; messages by their places in the log.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ChangedHere {
    /// Messages that were written.
    pub written: BTreeSet<i64>,
    /// Messages that were edited or taken back, whenever they were written.
    pub revised: BTreeSet<i64>,
    /// Conversations in which something happened.
    pub conversations: BTreeSet<i64>,
    /// Visitors who did something, or of whom something else is known by now.
    pub visitors: BTreeSet<i64>,
    /// Tickets that were made or changed.
    pub tickets: BTreeSet<i64>,
    /// Those of them that were made.
    pub new_tickets: BTreeSet<i64>,
    /// Comments on tickets.
    pub comments: BTreeSet<i64>,
    /// Up to here.
    pub upto: ChangedPosition,
}

/// A message that was written here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WrittenHere {
    /// Its place in the log.
    pub pos: i64,
    /// Public id.
    pub id: Uuid,
    /// The conversation that it is in.
    pub conversation: Uuid,
    /// Row number of that conversation.
    pub place: i64,
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
    /// Whether it was written in an older system, and brought over.
    pub is_imported: bool,
    /// When it was written.
    pub at: Micros,
}

impl Store {
    /// Where what is here began to count, in the first inbox if they were switched one by one. Behind it is what older systems
    /// do not know, and what was brought over into the others since. Of a store that does not know it any more, all of it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn changed_begin(&self) -> Result<ChangedPosition, StoreError> {
        const SQL: &str = "SELECT value ->> 0, value ->> 1, value ->> 2 FROM meta WHERE key = ?";
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok(ChangedPosition { pos: columns.take()?, number: columns.take()?, audit: columns.take()? })
        };
        Ok(self.one(SQL, Args::default().text(SWITCHED_FROM), read).await?.unwrap_or_default())
    }

    /// What changed behind `from`, `limit` lines of each list at most.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn changed_here(&self, from: ChangedPosition, limit: u32) -> Result<ChangedHere, StoreError> {
        let mut changed = ChangedHere { upto: from, ..ChangedHere::default() };
        let mut lease = self.lease().await?;
        let conn = lease.conn();
        changed.read_log(conn, limit).await?;
        changed.read_happened(conn, limit).await?;
        changed.read_audit(conn, limit).await?;
        Ok(changed)
    }

    /// The messages at these places of the log, in their order, with the rows that their conversations came from.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn written_here(&self, places: &BTreeSet<i64>) -> Result<Vec<WrittenHere>, StoreError> {
        const SQL: &str =
            "SELECT pos, log.id, conversation.id, conversation.key, visitor.external_id, sender_kind,
                sender, agent.email, kind, text, data, revision, occurred_at IS NOT NULL, log.created_at
            FROM json_each(?) AS wanted CROSS JOIN log ON log.pos = wanted.value
            JOIN conversation ON conversation.key = log.conversation
            JOIN visitor ON visitor.key = conversation.visitor
            LEFT JOIN agent ON sender_kind = 1 AND agent.key = sender
            ORDER BY pos";
        const ORIGIN: &str = "SELECT place, migrate_table.name, migrate_map.key
            FROM migrate_map JOIN migrate_table ON migrate_table.key = abs(source_table)
            WHERE entity IN (4, -4) AND place IN (SELECT value FROM json_each(?))";
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let mut lease = self.lease().await?;
        let conn = lease.conn();
        let found = sql::rows(conn, SQL, Args::default().ints(places.iter().copied())).await?;
        let mut written = found.iter().map(read_written).collect::<Result<Vec<_>, _>>()?;
        let keys = Args::default().ints(written.iter().map(|message| message.place));
        let mut origins: HashMap<i64, (String, Vec<u8>)> = HashMap::new();
        for row in &sql::rows(conn, ORIGIN, keys).await? {
            let mut columns = Columns::of(row);
            origins.insert(columns.take()?, (columns.take()?, columns.take()?));
        }
        for message in &mut written {
            message.origin = origins.get(&message.place).cloned();
        }
        Ok(written)
    }
}

fn read_written(row: &SqliteRow) -> Result<WrittenHere, StoreError> {
    let mut columns = Columns::of(row);
    Ok(WrittenHere {
        pos: columns.take()?,
        id: columns.uuid()?,
        conversation: columns.uuid()?,
        place: columns.take()?,
        origin: None,
        visitor: columns.optional()?,
        sender: rows::principal(columns.take()?, columns.optional()?)?,
        agent: columns.optional()?,
        kind: rows::kind(columns.take()?)?,
        text: columns.take()?,
        data: columns.optional()?,
        is_gone: columns.take::<i64>()? > rows::revision_number(Revision::Edited),
        is_imported: columns.take()?,
        at: Micros(columns.take()?),
    })
}

impl ChangedHere {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { written, revised, conversations, visitors, tickets, new_tickets: _, comments, upto: _ } =
            self;
        [written, revised, conversations, visitors, tickets, comments].iter().all(|places| places.is_empty())
    }

    async fn read_log(&mut self, conn: &mut SqliteConnection, limit: u32) -> Result<(), StoreError> {
        // What was brought over has the time at which it was written there.
        const SQL: &str = "SELECT pos, conversation, visitor, event
            FROM log JOIN conversation ON conversation.key = log.conversation
            WHERE pos > ? AND pos <= ? AND occurred_at IS NULL ORDER BY pos LIMIT ?";
        const END: &str = "SELECT coalesce(max(pos), 0) FROM log";
        let end = sql::row(conn, END, Args::default()).await?;
        let end = end.map_or(Ok(0), |row| Columns::of(&row).take())?;
        let args = Args::default().int(self.upto.pos).int(end).int(i64::from(limit));
        let found = sql::rows(conn, SQL, args).await?;
        // What is brought over meanwhile is passed over once.
        let is_end = found.len() < limit as usize;
        for row in &found {
            let mut columns = Columns::of(row);
            let (pos, conversation, visitor) = (columns.take()?, columns.take()?, columns.take()?);
            self.upto.pos = pos;
            self.conversations.insert(conversation);
            self.visitors.insert(visitor);
            let Some(event) = columns.optional::<&str>()? else {
                self.written.insert(pos);
                continue;
            };
            let event: Event = serde_json::from_str(event)
                .map_err(|error| StoreError::corrupt(format!("an event cannot be read: {error}")))?;
            if let (EventCode::Edited | EventCode::Recalled, Some(seq)) = (event.code, event.seq) {
                self.revised.extend(place_in_log(conn, conversation, seq, pos).await?);
            }
        }
        if is_end {
            self.upto.pos = self.upto.pos.max(end);
        }
        Ok(())
    }

    async fn read_happened(&mut self, conn: &mut SqliteConnection, limit: u32) -> Result<(), StoreError> {
        const SQL: &str =
            "SELECT number, kind, target, first FROM happened WHERE number > ? ORDER BY number LIMIT ?";
        let args = Args::default().int(self.upto.number).int(i64::from(limit));
        for row in &sql::rows(conn, SQL, args).await? {
            let mut columns = Columns::of(row);
            self.upto.number = columns.take()?;
            let (kind, target, first): (i64, i64, i64) = (columns.take()?, columns.take()?, columns.take()?);
            match kind {
                0..=2 => drop(self.tickets.insert(target)),
                _ => drop(self.visitors.insert(target)),
            }
            match kind {
                0 => drop(self.new_tickets.insert(target)),
                2 => drop(self.comments.insert(first)),
                _ => {}
            }
        }
        Ok(())
    }

    async fn read_audit(&mut self, conn: &mut SqliteConnection, limit: u32) -> Result<(), StoreError> {
        const SQL: &str = "SELECT number, action, target FROM audit WHERE number > ? ORDER BY number LIMIT ?";
        // A visitor whom nobody changed is a customer of its own.
        const VISITORS: &str =
            "SELECT identity.visitor FROM customer JOIN identity ON identity.customer = customer.key
            WHERE customer.id = ?1 AND identity.visitor IS NOT NULL
            UNION SELECT key FROM visitor WHERE id = ?1";
        let args = Args::default().int(self.upto.audit).int(i64::from(limit));
        for row in &sql::rows(conn, SQL, args).await? {
            let mut columns = Columns::of(row);
            self.upto.audit = columns.take()?;
            let action: &str = columns.take()?;
            let target = columns.optional::<&[u8]>()?.filter(|_| action.starts_with("customer."));
            let Some(target) = target else { continue };
            for row in &sql::rows(conn, VISITORS, Args::default().blob(target)).await? {
                self.visitors.insert(Columns::of(row).take()?);
            }
        }
        Ok(())
    }
}

/// The place of the entry `seq` of a conversation; `from` is that of a later one.
async fn place_in_log(
    conn: &mut SqliteConnection,
    conversation: i64,
    seq: u64,
    from: i64,
) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "WITH RECURSIVE walk (pos, seq, prev_pos) AS (
            SELECT pos, seq, prev_pos FROM log WHERE pos = coalesce(
                (SELECT pos FROM anchor WHERE conversation = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1), ?3)
            UNION ALL
            SELECT log.pos, log.seq, log.prev_pos FROM walk CROSS JOIN log ON log.pos = walk.prev_pos
            WHERE walk.seq > ?2)
        SELECT pos FROM walk WHERE seq = ?2";
    let args = Args::default().int(conversation).int(rows::int(seq)).int(from);
    let row = sql::row(conn, SQL, args).await?;
    row.map(|row| Columns::of(&row).take()).transpose()
}
