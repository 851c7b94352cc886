use kefu_core::{AgentKey, ConversationKey, InboxKey, TeamKey, VisitorKey};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::Writer;
use crate::StoreError;
use crate::sql::{self, Args};

/// The next row number of each table. Taken at once; used when the row is committed.
pub(super) struct Keys {
    pos: i64,
    conversation: i64,
    visitor: i64,
    agent: i64,
    inbox: i64,
    team: i64,
}

impl Keys {
    pub(super) async fn read(conn: &mut SqliteConnection) -> Result<Self, StoreError> {
        const SQL: &str = "SELECT
            (SELECT max(pos) FROM log),
            (SELECT max(key) FROM conversation),
            (SELECT max(key) FROM visitor),
            (SELECT max(key) FROM agent),
            (SELECT max(key) FROM inbox),
            (SELECT max(key) FROM team)";
        let row = sql::row(conn, SQL, Args::default()).await?;
        let row = row.ok_or_else(|| StoreError::corrupt("a query without tables has no row"))?;
        let next = |column: usize| -> Result<i64, StoreError> {
            Ok(row.try_get_unchecked::<Option<i64>, _>(column)?.unwrap_or(0) + 1)
        };
        Ok(Self {
            pos: next(0)?,
            conversation: next(1)?,
            visitor: next(2)?,
            agent: next(3)?,
            inbox: next(4)?,
            team: next(5)?,
        })
    }

    pub(super) fn next_pos(&self) -> i64 {
        self.pos
    }

    pub(super) fn advance(&mut self, entries: usize) {
        self.pos += i64::try_from(entries).unwrap_or(i64::MAX);
    }
}

fn take(next: &mut i64) -> i64 {
    let key = *next;
    *next += 1;
    key
}

impl Writer {
    /// The position of the next entry.
    #[must_use]
    pub fn next_pos(&self) -> i64 {
        self.keys.next_pos()
    }

    /// Takes the key of a new conversation.
    pub fn next_conversation_key(&mut self) -> ConversationKey {
        ConversationKey(take(&mut self.keys.conversation))
    }

    /// Takes the key of a new visitor.
    pub fn next_visitor_key(&mut self) -> VisitorKey {
        VisitorKey(take(&mut self.keys.visitor))
    }

    /// Takes the key of a new agent.
    pub fn next_agent_key(&mut self) -> AgentKey {
        AgentKey(take(&mut self.keys.agent))
    }

    /// Takes the key of a new team.
    pub fn next_team_key(&mut self) -> TeamKey {
        TeamKey(take(&mut self.keys.team))
    }

    /// Takes the key of a new inbox.
    pub fn next_inbox_key(&mut self) -> InboxKey {
        InboxKey(take(&mut self.keys.inbox))
    }
}
