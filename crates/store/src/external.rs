//! What agents ask of ticket systems of others: written down before it is sent, and what became of it.
//!
//! Only what waits is sent, and that it is being sent is written down first: what a crash leaves in that state may
//! have been done.

use kefu_core::{AgentKey, ConversationKey, Micros, VisitorKey};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::rows::Columns;
use crate::sql::Args;
use crate::{Store, StoreError, reader};

/// What is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExternalKind {
    /// To make a ticket.
    Create,
    /// To change one.
    Update,
    /// To add a comment to one.
    Comment,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExternalState {
    /// It is to be sent.
    Waiting,
    /// It is on its way.
    Sending,
    /// It is done.
    Done,
    /// It is not done.
    Failed,
    /// Nobody knows whether it is done.
    Unknown,
    /// An agent has said that nothing is to be done about it.
    Dismissed,
}

/// Something that an agent asks of a ticket system of others.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExternalWrite {
    /// 1, 2, 3 … in the order of asking; whatever it is when it is written.
    pub number: i64,
    /// Public id.
    pub id: Uuid,
    /// Where it was asked for.
    pub conversation: ConversationKey,
    /// Who asks.
    pub agent: AgentKey,
    /// What is asked.
    pub kind: ExternalKind,
    /// What became of it.
    pub state: ExternalState,
    /// What that system calls the ticket; of one that is to be made, once it is.
    pub ticket: Option<String>,
    /// What it is to say, as JSON; empty when it is done.
    pub body: String,
    /// SHA-256 of what it was to say.
    pub digest: [u8; 32],
    /// Why it is not done; may be empty.
    pub reason: String,
    /// How often it was sent.
    pub tries: u32,
    /// When it is tried next.
    pub due_at: Option<Micros>,
    /// When it was asked for.
    pub created_at: Micros,
    /// When its state changed last.
    pub updated_at: Micros,
}

/// What becomes of something that was being sent, or was to be.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Public id.
    pub id: Uuid,
    /// The new state.
    pub state: ExternalState,
    /// What that system calls the ticket, if it said so.
    pub ticket: Option<String>,
    /// Why it is not done; may be empty.
    pub reason: String,
    /// When it is tried again, if it waits.
    pub due_at: Option<Micros>,
    /// When.
    pub at: Micros,
}

/// A change of what is asked of ticket systems of others.
#[derive(Clone, Debug)]
pub enum ExternalChange {
    /// Writes it down; [`StoreError::Conflict`] if it is there.
    Ask(Box<ExternalWrite>),
    /// It is being sent from now on; [`StoreError::Stale`] if it does not wait.
    Begin {
        /// Public id.
        id: Uuid,
        /// When.
        at: Micros,
    },
    /// What became of it; does nothing to what is gone.
    Settle(Settled),
    /// Has what failed or is not known sent again; [`StoreError::Stale`] if it is neither.
    Repeat {
        /// Public id.
        id: Uuid,
        /// When.
        at: Micros,
    },
    /// Nothing is to be done about what failed or is not known; [`StoreError::Stale`] if it is neither.
    Dismiss {
        /// Public id.
        id: Uuid,
        /// When.
        at: Micros,
    },
}

macro_rules! columns {
    () => {
        "number, id, conversation, agent, kind, state, ticket, body, digest, reason, tries, due_at, created_at, \
         updated_at"
    };
}

impl Store {
    /// What was asked for under this public id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn external_write(&self, id: Uuid) -> Result<Option<ExternalWrite>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM external_write WHERE id = ?");
        self.one(SQL, Args::default().blob(id.as_bytes()), write).await
    }

    /// What was asked for in a conversation, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn external_writes(
        &self,
        conversation: ConversationKey,
        limit: usize,
    ) -> Result<Vec<ExternalWrite>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM external_write WHERE conversation = ? ORDER BY number DESC LIMIT ?"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.all(SQL, Args::default().int(conversation.0).int(limit), write).await
    }

    /// What was asked for about these visitors behind the number `after`, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn external_writes_about(
        &self,
        visitors: &[VisitorKey],
        after: i64,
        most: usize,
    ) -> Result<Vec<ExternalWrite>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM external_write WHERE number > ?2 AND conversation IN
                (SELECT key FROM conversation WHERE visitor IN (SELECT value FROM json_each(?1)))
            ORDER BY number LIMIT ?3"
        );
        let args = Args::default().ints(visitors.iter().map(|visitor| visitor.0)).int(after);
        self.all(SQL, args.int(i64::try_from(most).unwrap_or(i64::MAX)), write).await
    }

    /// What is to be sent by now, in the order of asking within each conversation.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn external_due(&self, now: Micros, most: usize) -> Result<Vec<ExternalWrite>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM external_write WHERE due_at <= ? AND NOT EXISTS
                (SELECT 1 FROM external_write AS earlier WHERE earlier.conversation = external_write.conversation
                    AND earlier.state < 2 AND earlier.number < external_write.number)
            ORDER BY due_at, number LIMIT ?"
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.all(SQL, Args::default().int(now.0).int(most), write).await
    }

    /// What was being sent when nobody was left to hear the answer.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn external_cut_off(&self) -> Result<Vec<ExternalWrite>, StoreError> {
        const SQL: &str =
            concat!("SELECT ", columns!(), " FROM external_write WHERE state = 1 ORDER BY number LIMIT 1000");
        self.all(SQL, Args::default(), write).await
    }

    /// Whether a ticket of this name was made for one of these visitors.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn has_external_ticket(
        &self,
        visitors: &[VisitorKey],
        ticket: &str,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT EXISTS (SELECT 1 FROM external_write WHERE ticket = ?2 AND kind = 0
            AND conversation IN (SELECT key FROM conversation WHERE visitor IN (SELECT value FROM json_each(?1))))";
        let args = Args::default().ints(visitors.iter().map(|visitor| visitor.0)).text(ticket);
        let found: Option<i64> = self.one(SQL, args, reader::first).await?;
        Ok(found == Some(1))
    }
}

fn write(row: &SqliteRow) -> Result<ExternalWrite, StoreError> {
    let mut columns = Columns::of(row);
    Ok(ExternalWrite {
        number: columns.take()?,
        id: columns.uuid()?,
        conversation: ConversationKey(columns.take()?),
        agent: AgentKey(columns.take()?),
        kind: match columns.take::<i64>()? {
            0 => ExternalKind::Create,
            1 => ExternalKind::Update,
            2 => ExternalKind::Comment,
            other => return Err(StoreError::corrupt(format!("{other} is nothing that can be asked"))),
        },
        state: match columns.take::<i64>()? {
            0 => ExternalState::Waiting,
            1 => ExternalState::Sending,
            2 => ExternalState::Done,
            3 => ExternalState::Failed,
            4 => ExternalState::Unknown,
            5 => ExternalState::Dismissed,
            other => return Err(StoreError::corrupt(format!("{other} is no state of what is asked"))),
        },
        ticket: columns.optional()?,
        body: columns.take()?,
        digest: columns
            .take::<&[u8]>()?
            .try_into()
            .map_err(|_| StoreError::corrupt("a digest has not 32 bytes"))?,
        reason: columns.take()?,
        tries: columns.number()?,
        due_at: columns.optional()?.map(Micros),
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
    })
}

pub(crate) fn kind_number(kind: ExternalKind) -> i64 {
    match kind {
        ExternalKind::Create => 0,
        ExternalKind::Update => 1,
        ExternalKind::Comment => 2,
    }
}

pub(crate) fn state_number(state: ExternalState) -> i64 {
    match state {
        ExternalState::Waiting => 0,
        ExternalState::Sending => 1,
        ExternalState::Done => 2,
        ExternalState::Failed => 3,
        ExternalState::Unknown => 4,
        ExternalState::Dismissed => 5,
    }
}
