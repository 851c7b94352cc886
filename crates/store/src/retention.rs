//! What has been kept for long enough, by inbox and kind.
//!
//! Whatever belongs to a customer under a legal hold is not due. Each kind leaves its list by being erased: a
//! conversation by the mark `emptied_pos`, a ticket by its empty subject, files and pages by being gone.

use kefu_core::{Conversation, ConversationKey, InboxKey, Kept, Micros, VisitorKey};
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::rows::{self, Columns};
use crate::sql::{self, Args};
use crate::{Store, StoreError, privacy, reader, schema};

/// The name in `meta` of when something was erased, first after the files were scrubbed.
pub(crate) const UNSCRUBBED: &str = "unscrubbed";

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Outdated {
    /// In which inbox.
    pub inbox: InboxKey,
    /// Nothing has happened since.
    pub before: Micros,
    /// The time, by which holds expire.
    pub now: Micros,
}

/// What is about to be erased because its time is over.
#[derive(Clone, Debug)]
pub enum Belongings {
    /// What was said in a conversation.
    Conversation(ConversationKey),
    /// Files, by public id.
    Files(Vec<Uuid>),
    /// Tickets, by number.
    Tickets(Vec<i64>),
    /// The page trails of visitors.
    Pages(Vec<VisitorKey>),
}

/// A query with the visitors on whom there is a hold: on their customer or on one that was merged into it.
macro_rules! select {
    ($($part:expr),+) => {
        concat!(
            "WITH RECURSIVE hold (id) AS (
                SELECT customer FROM legal_hold WHERE expires_at IS NULL OR expires_at > ?3),
            above (key) AS (
                SELECT key FROM customer WHERE id IN hold
                UNION SELECT target FROM customer_merge JOIN above ON source = above.key WHERE undone_at IS NULL),
            held (visitor) AS (
                SELECT key FROM visitor WHERE id IN hold
                UNION SELECT visitor FROM identity WHERE customer IN above AND visitor IS NOT NULL)
            SELECT ",
            $($part),+
        )
    };
}

// A row that lags behind its log looks older than it is.
macro_rules! conversations {
    () => {
        " FROM conversation WHERE inbox = ?1 AND updated_at < ?2 AND state = 4
            AND last_message_pos > emptied_pos AND visitor NOT IN held
            AND key NOT IN (SELECT conversation FROM log
                WHERE pos > (SELECT value FROM meta WHERE key = 'folded_pos') AND created_at >= ?2)"
    };
}

macro_rules! files {
    () => {
        " FROM file WHERE created_at < ?2 AND visitor NOT IN held
            AND (SELECT inbox FROM conversation WHERE key = file.conversation) = ?1"
    };
}

macro_rules! tickets {
    () => {
        " FROM ticket WHERE inbox = ?1 AND updated_at < ?2 AND status IN (3, 4) AND subject <> ''
            AND (requester IS NULL OR requester NOT IN held)
            AND NOT EXISTS (SELECT 1 FROM ticket_conversation
                JOIN conversation ON conversation.key = ticket_conversation.conversation
                WHERE ticket = ticket.number AND conversation.visitor IN held)"
    };
}

macro_rules! pages {
    () => {
        " FROM page_visit WHERE at < ?2 AND visitor NOT IN held
            AND (SELECT inbox FROM visitor WHERE key = page_visit.visitor) = ?1"
    };
}

impl Store {
    /// Whether there is a hold on anybody to whom these belong.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn are_held(&self, what: &Belongings, now: Micros) -> Result<bool, StoreError> {
        are_held(self.lease().await?.conn(), what, now).await
    }

    /// From when on the files of the store may have something in unused parts that was erased; `None` if they have
    /// nothing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn unscrubbed(&self) -> Result<Option<Micros>, StoreError> {
        let since: Option<i64> = schema::meta(self.lease().await?.conn(), UNSCRUBBED).await?;
        Ok(since.map(Micros))
    }

    /// How many of a kind are due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn outdated_count(&self, kind: Kept, outdated: Outdated) -> Result<u64, StoreError> {
        let sql = match kind {
            Kept::Messages => select!("count(*)", conversations!()),
            Kept::Files => select!("count(*)", files!()),
            Kept::Tickets => select!("count(*)", tickets!()),
            Kept::Pages => select!("count(*)", pages!()),
        };
        let count: Option<i64> = self.one(sql, outdated.args(), reader::first).await?;
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }

    /// Some conversations whose messages are due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn outdated_conversations(
        &self,
        outdated: Outdated,
        most: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        const SQL: &str = select!(rows::conversation_columns!(), conversations!(), " LIMIT ?4");
        let mut lease = self.lease().await?;
        let found = sql::rows(lease.conn(), SQL, outdated.args().int(i64::from(most))).await?;
        let mut heads = found.iter().map(rows::conversation).collect::<Result<Vec<_>, _>>()?;
        privacy::find_ends(lease.conn(), &mut heads).await?;
        Ok(heads)
    }

    /// Some files that are due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn outdated_files(&self, outdated: Outdated, most: u32) -> Result<Vec<Uuid>, StoreError> {
        const SQL: &str = select!("id", files!(), " LIMIT ?4");
        self.all(SQL, outdated.args().int(i64::from(most)), |row| Columns::of(row).uuid()).await
    }

    /// The numbers of some tickets that are due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn outdated_tickets(&self, outdated: Outdated, most: u32) -> Result<Vec<i64>, StoreError> {
        const SQL: &str = select!("number", tickets!(), " LIMIT ?4");
        self.all(SQL, outdated.args().int(i64::from(most)), reader::first).await
    }

    /// Some visitors with pages that are due; once for each page.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn outdated_pages(&self, outdated: Outdated, most: u32) -> Result<Vec<VisitorKey>, StoreError> {
        const SQL: &str = select!("visitor", pages!(), " LIMIT ?4");
        let keys: Vec<i64> = self.all(SQL, outdated.args().int(i64::from(most)), reader::first).await?;
        Ok(keys.into_iter().map(VisitorKey).collect())
    }
}

/// Whether there is a hold on anybody to whom these belong.
pub(crate) async fn are_held(
    conn: &mut SqliteConnection,
    what: &Belongings,
    now: Micros,
) -> Result<bool, StoreError> {
    const CONVERSATION: &str = select!("1 FROM conversation WHERE key = ?1 AND visitor IN held");
    const FILES: &str =
        select!("1 FROM json_each(?1) JOIN file ON file.id = unhex(value) WHERE visitor IN held LIMIT 1");
    const TICKETS: &str = select!(
        "1 FROM json_each(?1) JOIN ticket ON number = value
        WHERE requester IN held OR EXISTS (SELECT 1 FROM ticket_conversation
            JOIN conversation ON conversation.key = ticket_conversation.conversation
            WHERE ticket = number AND conversation.visitor IN held) LIMIT 1"
    );
    const PAGES: &str = select!("1 FROM held WHERE visitor IN (SELECT value FROM json_each(?1)) LIMIT 1");
    let args = Args::default();
    let (sql, args) = match what {
        Belongings::Conversation(key) => (CONVERSATION, args.int(key.0)),
        Belongings::Files(ids) => (FILES, args.uuids(ids)),
        Belongings::Tickets(numbers) => (TICKETS, args.ints(numbers.iter().copied())),
        Belongings::Pages(visitors) => (PAGES, args.ints(visitors.iter().map(|visitor| visitor.0))),
    };
    Ok(sql::row(conn, sql, args.int(None).int(now.0)).await?.is_some())
}

impl Outdated {
    fn args(self) -> Args {
        Args::default().int(self.inbox.0).int(self.before.0).int(self.now.0)
    }
}
