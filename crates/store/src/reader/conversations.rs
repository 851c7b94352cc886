use kefu_core::{
    AgentKey, Conversation, ConversationKey, InboxKey, Micros, Priority, State, TeamKey, VisitorKey,
};
use sqlx::AssertSqlSafe;

use super::{Page, Store};
use crate::StoreError;
use crate::rows;
use crate::sql::{self, Args};

/// A list of conversations.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum View {
    /// Open or pending ones of an agent, newest activity first.
    Mine(AgentKey),
    /// Queued ones, longest waiting first.
    Waiting,
    /// Those of [`View::Waiting`] that wait for anybody or for a team of this agent.
    WaitingFor(AgentKey),
    /// All that are queued, open or pending, newest activity first.
    All,
    /// What an agent may see of [`View::All`]: its own and what waits for it.
    AgentAll(AgentKey),
    /// Open ones that nobody has: a bot answers.
    Bot,
    /// Resolved ones, newest activity first.
    Ended {
        /// Only those that this agent had last.
        assignee: Option<AgentKey>,
    },
    /// A visitor's, in every state, newest activity first.
    OfVisitor(VisitorKey),
    /// Those with a note that calls this agent and that it has not looked at, in every state, newest activity first.
    Mentioned(AgentKey),
}

/// Where a list of conversations goes on: the time and key of the last one that was seen.
pub type Cursor = (i64, i64);

/// What routing goes by of a conversation; the fields are those of [`Conversation`].
#[derive(Clone, Debug)]
pub struct OpenWork {
    /// Which.
    pub key: ConversationKey,
    /// Where it came in.
    pub inbox: InboxKey,
    /// Queued or open.
    pub state: State,
    /// Who has it.
    pub assignee: Option<AgentKey>,
    /// Who had it last.
    pub last_assignee: Option<AgentKey>,
    /// When that was.
    pub last_met_at: Option<Micros>,
    /// Whom it waits for.
    pub team: Option<TeamKey>,
    /// How urgent it is.
    pub priority: Priority,
    /// Since when it waits.
    pub queued_at: Option<Micros>,
    /// When its log last grew.
    pub updated_at: Micros,
    /// Who joined it.
    pub joined: Vec<AgentKey>,
}

/// An index, unless rows are found by their key, and what they must fulfil; `?1` is the agent or visitor.
type Part = (Option<&'static str>, &'static str);

fn select(columns: &str, (index, condition): Part) -> String {
    let by = index.map_or_else(String::new, |index| format!("INDEXED BY {index}"));
    format!("SELECT {columns} FROM conversation {by} WHERE {condition} AND (?2 IS NULL OR inbox = ?2)")
}

/// Goes on below the cursor.
fn newest(part: Part) -> String {
    let rows = select(rows::conversation_columns!(), part);
    format!("{rows} AND (updated_at, key) < (?3, ?4) ORDER BY updated_at DESC, key DESC LIMIT ?5")
}

impl View {
    /// What it is read by, in one part or two that have nothing in common.
    fn parts(self) -> (Part, Option<Part>) {
        const MINE: Part = (Some("conversation_mine"), "assignee = ?1 AND state IN (2, 3)");
        // What waits for a team that is gone waits for anybody.
        const FOR_ME: Part = (
            Some("conversation_waiting"),
            "state = 1 AND (team IS NULL OR team NOT IN (SELECT key FROM team)
                OR team IN (SELECT value FROM json_each((SELECT teams FROM agent WHERE key = ?1))))",
        );
        let part = match self {
            Self::Mine(_) => MINE,
            Self::Waiting => (Some("conversation_waiting"), "state = 1"),
            Self::WaitingFor(_) => FOR_ME,
            Self::All => (Some("conversation_live"), "state IN (1, 2, 3)"),
            Self::AgentAll(_) => return (MINE, Some(FOR_ME)),
            Self::Bot => (Some("conversation_mine"), "assignee IS NULL AND state IN (2, 3) AND state = 2"),
            Self::Ended { assignee: None } => (Some("conversation_ended"), "state = 4"),
            Self::Ended { assignee: Some(_) } => {
                (Some("conversation_ended_mine"), "assignee = ?1 AND state = 4")
            }
            Self::OfVisitor(_) => (Some("conversation_visitor"), "visitor = ?1"),
            Self::Mentioned(_) => (None, "key IN (SELECT conversation FROM mention WHERE agent = ?1)"),
        };
        (part, None)
    }

    fn sql(self) -> String {
        match (self, self.parts()) {
            (Self::Waiting | Self::WaitingFor(_), (part, _)) => {
                let rows = select(rows::conversation_columns!(), part);
                format!("{rows} AND (queued_at, key) > (?3, ?4) ORDER BY queued_at, key LIMIT ?5")
            }
            (_, (part, None)) => newest(part),
            (_, (one, Some(other))) => format!(
                "SELECT * FROM (SELECT * FROM ({}) UNION ALL SELECT * FROM ({}))
                 ORDER BY updated_at DESC, key DESC LIMIT ?5",
                newest(one),
                newest(other)
            ),
        }
    }

    /// Counts no further than `?3` in each part.
    pub(super) fn count_sql(self) -> String {
        let count = |part| format!("(SELECT count(*) FROM ({} LIMIT ?3))", select("1", part));
        match self.parts() {
            (part, None) => format!("SELECT {}", count(part)),
            (one, Some(other)) => format!("SELECT {} + {}", count(one), count(other)),
        }
    }

    pub(super) fn whose(self) -> Option<i64> {
        match self {
            Self::Mine(agent)
            | Self::WaitingFor(agent)
            | Self::AgentAll(agent)
            | Self::Mentioned(agent)
            | Self::Ended { assignee: Some(agent) } => Some(agent.0),
            Self::OfVisitor(visitor) => Some(visitor.0),
            Self::Waiting | Self::All | Self::Bot | Self::Ended { assignee: None } => None,
        }
    }

    /// Where the list goes on after `last`.
    fn cursor(self, last: &Conversation) -> Cursor {
        match self {
            Self::Waiting | Self::WaitingFor(_) => (last.queued_at.unwrap_or_default().0, last.key.0),
            _ => (last.updated_at.0, last.key.0),
        }
    }
}

impl Store {
    /// A page of `view`, and where it goes on if it does.
    ///
    /// The order goes by times that may lag by some seconds, see [`Store`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn conversations(
        &self,
        view: View,
        inbox: Option<InboxKey>,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<(Page<Conversation>, Option<Cursor>), StoreError> {
        let begin = match view {
            View::Waiting | View::WaitingFor(_) => (i64::MIN, i64::MIN),
            _ => (i64::MAX, i64::MAX),
        };
        let (time, key) = cursor.unwrap_or(begin);
        let args = Args::default()
            .int(view.whose())
            .int(inbox.map(|inbox| inbox.0))
            .int(time)
            .int(key)
            .int(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1));
        let mut lease = self.pool.lease().await?;
        let found = sql::rows(lease.conn(), AssertSqlSafe(view.sql()), args).await?;
        let has_more = found.len() > limit;
        let items = found.iter().take(limit).map(rows::conversation).collect::<Result<Vec<_>, _>>()?;
        let next = items.last().filter(|_| has_more).map(|last| view.cursor(last));
        Ok((Page { items, has_more }, next))
    }

    /// Every queued conversation and every open one: what routing starts from.
    ///
    /// They come as one value: thousands of rows on their way from the connection's thread are most of a start.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open_work(&self) -> Result<Vec<OpenWork>, StoreError> {
        const SQL: &str =
            "SELECT json_group_array(json_array(key, inbox, state, assignee, last_assignee, last_met_at,
                team, priority, queued_at, updated_at, json(joined)))
            FROM conversation INDEXED BY conversation_live WHERE state IN (1, 2, 3) AND state <> 3";
        let json: Option<String> = self.one(SQL, Args::default(), super::first).await?;
        let rows: Vec<OpenRow> = serde_json::from_str(json.as_deref().unwrap_or("[]"))
            .map_err(|error| StoreError::corrupt(format!("open conversations cannot be read: {error}")))?;
        rows.into_iter().map(OpenWork::try_from).collect()
    }
}

/// The columns of [`OpenWork`].
type OpenRow = (
    i64,
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    i64,
    Option<i64>,
    i64,
    Option<Vec<i64>>,
);

impl TryFrom<OpenRow> for OpenWork {
    type Error = StoreError;

    fn try_from(row: OpenRow) -> Result<Self, StoreError> {
        let (
            key,
            inbox,
            state,
            assignee,
            last_assignee,
            last_met_at,
            team,
            priority,
            queued_at,
            updated_at,
            joined,
        ) = row;
        Ok(Self {
            key: ConversationKey(key),
            inbox: InboxKey(inbox),
            state: rows::state(state)?,
            assignee: assignee.map(AgentKey),
            last_assignee: last_assignee.map(AgentKey),
            last_met_at: last_met_at.map(Micros),
            team: team.map(TeamKey),
            priority: rows::priority(priority)?,
            queued_at: queued_at.map(Micros),
            updated_at: Micros(updated_at),
            joined: joined.unwrap_or_default().into_iter().map(AgentKey).collect(),
        })
    }
}

impl From<&Conversation> for OpenWork {
    fn from(conversation: &Conversation) -> Self {
        Self {
            key: conversation.key,
            inbox: conversation.inbox,
            state: conversation.state,
            assignee: conversation.assignee,
            last_assignee: conversation.last_assignee,
            last_met_at: conversation.last_met_at,
            team: conversation.team,
            priority: conversation.priority,
            queued_at: conversation.queued_at,
            updated_at: conversation.updated_at,
            joined: conversation.joined.clone(),
        }
    }
}
