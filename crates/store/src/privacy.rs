//! What has to be said, kept or forgotten of a person: erasures, legal holds and what they go by.
//!
//! An erasure is written down with its first change, which takes who the customer is and stops everything that its
//! visitors could still do. What was said follows in slices, each a commit of its own, so that nobody waits for it;
//! after a crash it goes on where it was. An entry that is erased keeps its place: its number, its sender, its times.

use kefu_core::{Conversation, ConversationKey, Micros, Visitor, VisitorKey};
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::rows::{self, Columns};
use crate::sql::{self, Args};
use crate::{Belongings, Customer, Store, StoreError, reader};

/// The rows of a customer and of those that were merged into it; `?1` is its public id.
pub(crate) const FAMILY: &str = "WITH RECURSIVE family (key) AS (
        SELECT key FROM customer WHERE id = ?1
        UNION SELECT source FROM customer_merge JOIN family ON target = family.key WHERE undone_at IS NULL)
    SELECT key FROM family";

/// The visitors of a customer, whose public id is `?1`.
pub(crate) const VISITORS: &str =
    "SELECT visitor FROM identity JOIN customer ON customer.key = identity.customer
    WHERE customer.id = ?1 AND visitor IS NOT NULL ORDER BY visitor";

/// A hold on a customer or on one that was merged into it; `?1` is its public id, `?2` the time.
pub(crate) const HOLD: &str = "WITH RECURSIVE family (key) AS (
        SELECT key FROM customer WHERE id = ?1
        UNION SELECT source FROM customer_merge JOIN family ON target = family.key WHERE undone_at IS NULL)
    SELECT customer, reason, made_by, made_at, expires_at FROM legal_hold
    WHERE (expires_at IS NULL OR expires_at > ?2)
        AND (customer = ?1 OR customer IN (SELECT id FROM family JOIN customer USING (key))) LIMIT 1";

/// An erasure that goes on of a customer or of one that it was merged into; `?1` is its public id.
pub(crate) const ERASING: &str = "WITH RECURSIVE above (key) AS (
        SELECT key FROM customer WHERE id = ?1
        UNION SELECT target FROM customer_merge JOIN above ON source = above.key WHERE undone_at IS NULL)
    SELECT 1 FROM erasure WHERE finished_at IS NULL
        AND (customer = ?1 OR customer IN (SELECT id FROM above JOIN customer USING (key))) LIMIT 1";

/// Conversations that one query reads.
const KEYS_MAX: i64 = 256;

/// A customer of whom nothing may be erased.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LegalHold {
    /// Public id.
    pub customer: Uuid,
    /// Why.
    pub reason: String,
    /// Public id of the agent who made it; none for who works on the server's own shell.
    pub made_by: Option<Uuid>,
    /// When it was made.
    pub made_at: Micros,
    /// From when on it counts for nothing.
    pub expires_at: Option<Micros>,
}

/// How far an erasure is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErasureState {
    /// It goes on.
    UnderWay,
    /// Nothing was left at this time.
    Finished(Micros),
}

/// The erasure of a customer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Erasure {
    /// Public id.
    pub customer: Uuid,
    /// When it was asked for.
    pub asked_at: Micros,
    /// Public id of the agent who asked; none for who works on the server's own shell.
    pub asked_by: Option<Uuid>,
    /// The last conversation that is done with; those that follow have greater keys.
    pub done_upto: ConversationKey,
    /// Entries that became empty so far.
    pub entries: u64,
    /// How far it is.
    pub state: ErasureState,
}

/// A change for the sake of somebody's privacy.
#[derive(Clone, Debug)]
pub enum PrivacyChange {
    /// Forbids to erase a customer; takes the place of a hold that is there. [`StoreError::Erasing`] when it, or one that
    /// it was merged into, is being erased.
    Hold(LegalHold),
    /// Ends the hold on the customer with this public id; [`StoreError::Stale`] when there is none.
    Release(Uuid),
    /// Begins to erase a customer, or begins anew; [`StoreError::Held`] while a hold is on it.
    Erase {
        /// Public id.
        customer: Uuid,
        /// When.
        at: Micros,
        /// Public id of the agent who asked.
        by: Option<Uuid>,
        /// Numbers of requests of channels that could not be read and are of others; all others of the channels over
        /// which the customer wrote go.
        spared: Vec<i64>,
    },
    /// Refuses its set with [`StoreError::Held`] while there is a hold on anybody to whom these belong: what was found
    /// to be due is not erased when a hold came meanwhile.
    RequireNoHold {
        /// What is about to be erased.
        what: Belongings,
        /// The time, by which holds expire.
        now: Micros,
    },
    /// Leaves nothing of the entries at these positions but their places.
    EraseEntries(Vec<i64>),
    /// Leaves nothing of what was written in the tickets with these numbers.
    EraseTickets(Vec<i64>),
    /// Nothing is left of a conversation.
    Erased {
        /// Public id of the customer whose erasure it is.
        customer: Uuid,
        /// Which conversation.
        conversation: ConversationKey,
        /// How many entries it had.
        entries: u64,
    },
    /// Nothing is left of what a conversation held up to this position, because its time was over.
    Emptied {
        /// Which conversation.
        conversation: ConversationKey,
        /// Position in the log.
        upto: i64,
    },
    /// Removes the pages that these visitors saw before a time.
    RemovePages {
        /// Whose.
        visitors: Vec<VisitorKey>,
        /// Which time.
        before: Micros,
    },
    /// Something was erased at this time: the files may have it in unused parts. `None`: they have nothing.
    Unscrubbed(Option<Micros>),
    /// Nothing is left of a customer; [`StoreError::Stale`] when its erasure was asked for anew since.
    Finish {
        /// Public id.
        customer: Uuid,
        /// When it was asked for.
        asked_at: Micros,
        /// When.
        at: Micros,
    },
}

impl Store {
    /// The hold on a customer or on one that was merged into it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn hold(&self, customer: Uuid, now: Micros) -> Result<Option<LegalHold>, StoreError> {
        self.one(HOLD, Args::default().blob(customer.as_bytes()).int(now.0), hold).await
    }

    /// The erasure of a customer, if there was one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn erasure(&self, customer: Uuid) -> Result<Option<Erasure>, StoreError> {
        const SQL: &str = "SELECT customer, asked_at, asked_by, done_upto, entries, finished_at FROM erasure
            WHERE customer = ?";
        self.one(SQL, Args::default().blob(customer.as_bytes()), erasure).await
    }

    /// The erasures that are not finished, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open_erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        const SQL: &str = "SELECT customer, asked_at, asked_by, done_upto, entries, finished_at FROM erasure
            WHERE finished_at IS NULL ORDER BY asked_at LIMIT 100";
        self.all(SQL, Args::default(), erasure).await
    }

    /// All visitors of a customer, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn visitors_of_customer(&self, customer: &Customer) -> Result<Vec<Visitor>, StoreError> {
        if let Some(visitor) = customer.only_visitor() {
            return Ok(self.visitor(visitor).await?.into_iter().collect());
        }
        let args = Args::default().blob(customer.id.as_bytes());
        let keys: Vec<i64> = self.all(VISITORS, args, reader::first).await?;
        self.visitors(&keys.into_iter().map(VisitorKey).collect::<Vec<_>>()).await
    }

    /// Some conversations of these visitors behind `after`, in the order of their keys, with the exact ends of their
    /// logs, also when another process writes the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn conversations_after(
        &self,
        visitors: &[VisitorKey],
        after: ConversationKey,
    ) -> Result<Vec<Conversation>, StoreError> {
        const HEADS: &str = concat!(
            "SELECT ",
            rows::conversation_columns!(),
            " FROM conversation INDEXED BY conversation_visitor
            WHERE visitor IN (SELECT value FROM json_each(?)) AND key > ? ORDER BY key LIMIT ?"
        );
        let args = Args::default().ints(visitors.iter().map(|visitor| visitor.0)).int(after.0).int(KEYS_MAX);
        let mut lease = self.lease().await?;
        let found = sql::rows(lease.conn(), HEADS, args).await?;
        let mut heads = found.iter().map(rows::conversation).collect::<Result<Vec<_>, _>>()?;
        find_ends(lease.conn(), &mut heads).await?;
        Ok(heads)
    }

    /// The positions of at most `most` entries of a conversation, from the one at `pos` back; and where it goes on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn positions_back(&self, pos: i64, most: usize) -> Result<(Vec<i64>, Option<i64>), StoreError> {
        const SQL: &str = "WITH RECURSIVE walk (pos, prev_pos) AS (
                SELECT pos, prev_pos FROM log WHERE pos = ?1
                UNION ALL SELECT log.pos, log.prev_pos FROM walk CROSS JOIN log ON log.pos = walk.prev_pos LIMIT ?2)
            SELECT pos, prev_pos FROM walk";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let found: Vec<(i64, i64)> = self
            .all(SQL, Args::default().int(pos).int(most), |row| {
                let mut columns = Columns::of(row);
                Ok((columns.take()?, columns.take()?))
            })
            .await?;
        let next = found.last().map(|(_, prev)| *prev).filter(|prev| *prev > 0);
        Ok((found.into_iter().map(|(pos, _)| pos).collect(), next))
    }

    /// The numbers of some tickets behind `after` that are about these visitors: those that they asked for, and those
    /// of nobody that hang on a conversation of theirs.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tickets_about(
        &self,
        visitors: &[VisitorKey],
        after: i64,
        most: usize,
    ) -> Result<Vec<i64>, StoreError> {
        const SQL: &str = "WITH about (visitor) AS (SELECT value FROM json_each(?1))
            SELECT number FROM ticket WHERE requester IN about AND number > ?2
            UNION SELECT ticket.number FROM conversation
                JOIN ticket_conversation ON ticket_conversation.conversation = conversation.key
                JOIN ticket ON ticket.number = ticket_conversation.ticket
                WHERE conversation.visitor IN about AND ticket.requester IS NULL AND ticket.number > ?2
            ORDER BY 1 LIMIT ?3";
        let args = Args::default().ints(visitors.iter().map(|visitor| visitor.0)).int(after);
        self.all(SQL, args.int(i64::try_from(most).unwrap_or(i64::MAX)), reader::first).await
    }
}

/// Gives heads the exact ends of their logs: what is not folded in yet is not in their rows.
pub(crate) async fn find_ends(
    conn: &mut SqliteConnection,
    heads: &mut [Conversation],
) -> Result<(), StoreError> {
    const ENDS: &str = "SELECT conversation, max(pos), max(seq) FROM log
        WHERE pos > (SELECT value FROM meta WHERE key = 'folded_pos')
            AND conversation IN (SELECT value FROM json_each(?)) GROUP BY conversation";
    if heads.is_empty() {
        return Ok(());
    }
    let args = Args::default().ints(heads.iter().map(|head| head.key.0));
    for row in &sql::rows(conn, ENDS, args).await? {
        let mut columns = Columns::of(row);
        let (key, pos, seq) = (columns.take()?, columns.take()?, columns.number()?);
        if let Some(head) = heads.iter_mut().find(|head| head.key == ConversationKey(key)) {
            // The row may be newer than the part of the log that is not folded in.
            if seq > head.last_seq {
                (head.last_pos, head.last_seq) = (pos, seq);
            }
        }
    }
    Ok(())
}

fn hold(row: &sqlx::sqlite::SqliteRow) -> Result<LegalHold, StoreError> {
    let mut columns = Columns::of(row);
    Ok(LegalHold {
        customer: columns.uuid()?,
        reason: columns.take()?,
        made_by: columns.optional_uuid()?,
        made_at: Micros(columns.take()?),
        expires_at: columns.optional()?.map(Micros),
    })
}

fn erasure(row: &sqlx::sqlite::SqliteRow) -> Result<Erasure, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Erasure {
        customer: columns.uuid()?,
        asked_at: Micros(columns.take()?),
        asked_by: columns.optional_uuid()?,
        done_upto: ConversationKey(columns.take()?),
        entries: columns.number()?,
        state: columns.optional()?.map_or(ErasureState::UnderWay, |at| ErasureState::Finished(Micros(at))),
    })
}
