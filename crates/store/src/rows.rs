//! Values of the domain from and to rows. The numbers that stand for enums are explained in the schema.

use kefu_core::{
    Agent, AgentKey, AgentStatus, Conversation, ConversationKey, Entry, Inbox, InboxKey, MessageKind, Micros,
    Principal, Priority, Rating, Revision, Role, State, Team, TeamKey, Visitor, VisitorKey,
};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row as _};
use uuid::Uuid;

use crate::sql::Args;
use crate::{Session, StoreError};

/// Columns of an entry, as [`entry`] reads them.
macro_rules! entry_columns {
    () => {
        "log.pos, log.conversation, log.seq, log.prev_pos, log.prev_public_seq, log.kind, log.sender_kind, \
         log.sender, log.created_at, log.id, log.client_id, log.text, log.event, log.data, \
         log.quote_seq, log.revision"
    };
}

/// Columns of a conversation, as [`conversation`] reads and [`bind_conversation`] writes them.
macro_rules! conversation_columns {
    () => {
        "key, id, inbox, visitor, state, assignee, last_seq, last_public_seq, last_pos, last_message_pos, \
         last_public_message_pos, visitor_read_seq, agent_read_seq, queued_at, created_at, updated_at, \
         resolved_at, rating_score, rating_comment, rating_at, last_assignee, last_met_at, team, priority, asked_at, \
         answered_at, joined, unanswered_at, snoozed_until, marked_unread"
    };
}

macro_rules! visitor_columns {
    () => {
        "key, id, inbox, external_id, verified, name, email, attributes, created_at, last_seen_at, erased_at"
    };
}

macro_rules! agent_columns {
    () => {
        "key, id, name, email, role, status, capacity, disabled, created_at, teams, skills, custom_role, \
         status_reason, status_at"
    };
}

macro_rules! team_columns {
    () => {
        "key, id, name, settings, versions, created_at"
    };
}

macro_rules! inbox_columns {
    () => {
        "key, id, slug, name, greeting, origins, identity_required, sealed_secret, created_at, settings, versions"
    };
}

macro_rules! session_columns {
    () => {
        "token_hash, id, principal_kind, principal, inbox, created_at, last_seen_at, expires_at, user_agent, \
         address"
    };
}

pub(crate) use {
    agent_columns, conversation_columns, entry_columns, inbox_columns, session_columns, team_columns,
    visitor_columns,
};

/// Reads the columns of a row from left to right.
pub(crate) struct Columns<'r> {
    row: &'r SqliteRow,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(crate) fn of(row: &'r SqliteRow) -> Self {
        Self { row, next: 0 }
    }

    pub(crate) fn take<T: Decode<'r, Sqlite>>(&mut self) -> Result<T, StoreError> {
        let index = self.next;
        self.next += 1;
        Ok(self.row.try_get_unchecked(index)?)
    }

    pub(crate) fn optional<T: Decode<'r, Sqlite>>(&mut self) -> Result<Option<T>, StoreError> {
        let index = self.next;
        self.next += 1;
        Ok(self.row.try_get_unchecked::<Option<T>, _>(index)?)
    }

    pub(crate) fn number<T: TryFrom<i64>>(&mut self) -> Result<T, StoreError> {
        let value: i64 = self.take()?;
        T::try_from(value).map_err(|_| StoreError::corrupt(format!("{value} is out of range")))
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self, what: &str) -> Result<T, StoreError> {
        serde_json::from_str(self.take()?)
            .map_err(|error| StoreError::corrupt(format!("{what} cannot be read: {error}")))
    }

    pub(crate) fn optional_number<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, StoreError> {
        let Some(value) = self.optional::<i64>()? else { return Ok(None) };
        let number = T::try_from(value);
        number.map(Some).map_err(|_| StoreError::corrupt(format!("{value} is out of range")))
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid, StoreError> {
        let bytes: &[u8] = self.take()?;
        Uuid::from_slice(bytes).map_err(|_| StoreError::corrupt("an id has not 16 bytes"))
    }

    pub(crate) fn optional_uuid(&mut self) -> Result<Option<Uuid>, StoreError> {
        let bytes: Option<&[u8]> = self.optional()?;
        let id = bytes.map(Uuid::from_slice).transpose();
        id.map_err(|_| StoreError::corrupt("an id has not 16 bytes"))
    }
}

pub(crate) fn principal_number(principal: Principal) -> (i64, Option<i64>) {
    match principal {
        Principal::Visitor(key) => (0, Some(key.0)),
        Principal::Agent(key) => (1, Some(key.0)),
        Principal::Bot => (2, None),
        Principal::System => (3, None),
    }
}

pub(crate) fn principal(kind: i64, key: Option<i64>) -> Result<Principal, StoreError> {
    match (kind, key) {
        (0, Some(key)) => Ok(Principal::Visitor(VisitorKey(key))),
        (1, Some(key)) => Ok(Principal::Agent(AgentKey(key))),
        (2, None) => Ok(Principal::Bot),
        (3, None) => Ok(Principal::System),
        _ => Err(StoreError::corrupt(format!("{kind} names no kind of sender"))),
    }
}

pub(crate) const NOTE: i64 = 1;

pub(crate) const EVENT: i64 = 2;

pub(crate) fn kind_number(kind: MessageKind) -> i64 {
    match kind {
        MessageKind::Text => 0,
        MessageKind::Note => NOTE,
        MessageKind::Event => EVENT,
        MessageKind::Image => 3,
        MessageKind::File => 4,
        MessageKind::Voice => 5,
        MessageKind::Video => 6,
        MessageKind::Location => 7,
        MessageKind::Card => 8,
        MessageKind::Form => 9,
    }
}

pub(crate) fn kind(number: i64) -> Result<MessageKind, StoreError> {
    match number {
        0 => Ok(MessageKind::Text),
        NOTE => Ok(MessageKind::Note),
        EVENT => Ok(MessageKind::Event),
        3 => Ok(MessageKind::Image),
        4 => Ok(MessageKind::File),
        5 => Ok(MessageKind::Voice),
        6 => Ok(MessageKind::Video),
        7 => Ok(MessageKind::Location),
        8 => Ok(MessageKind::Card),
        9 => Ok(MessageKind::Form),
        _ => Err(StoreError::corrupt(format!("{number} names no kind of entry"))),
    }
}

pub(crate) fn revision_number(revision: Revision) -> i64 {
    match revision {
        Revision::Intact => 0,
        Revision::Edited => 1,
        Revision::Recalled => 2,
        Revision::Erased => 3,
    }
}

fn revision(number: i64) -> Result<Revision, StoreError> {
    match number {
        0 => Ok(Revision::Intact),
        1 => Ok(Revision::Edited),
        2 => Ok(Revision::Recalled),
        3 => Ok(Revision::Erased),
        _ => Err(StoreError::corrupt(format!("{number} names no revision"))),
    }
}

fn priority_number(priority: Priority) -> i64 {
    match priority {
        Priority::Low => 0,
        Priority::Normal => 1,
        Priority::High => 2,
        Priority::Urgent => 3,
    }
}

pub(crate) fn priority(number: i64) -> Result<Priority, StoreError> {
    match number {
        0 => Ok(Priority::Low),
        1 => Ok(Priority::Normal),
        2 => Ok(Priority::High),
        3 => Ok(Priority::Urgent),
        _ => Err(StoreError::corrupt(format!("{number} names no priority"))),
    }
}

pub(crate) fn state_number(state: State) -> i64 {
    match state {
        State::New => 0,
        State::Queued => 1,
        State::Open => 2,
        State::Pending => 3,
        State::Resolved => 4,
    }
}

pub(crate) fn state(number: i64) -> Result<State, StoreError> {
    match number {
        0 => Ok(State::New),
        1 => Ok(State::Queued),
        2 => Ok(State::Open),
        3 => Ok(State::Pending),
        4 => Ok(State::Resolved),
        _ => Err(StoreError::corrupt(format!("{number} names no state"))),
    }
}

pub(crate) fn role_number(role: Role) -> i64 {
    match role {
        Role::Agent => 0,
        Role::Supervisor => 1,
        Role::Admin => 2,
    }
}

pub(crate) fn role(number: i64) -> Result<Role, StoreError> {
    match number {
        0 => Ok(Role::Agent),
        1 => Ok(Role::Supervisor),
        2 => Ok(Role::Admin),
        _ => Err(StoreError::corrupt(format!("{number} names no role"))),
    }
}

pub(crate) fn status_number(status: AgentStatus) -> i64 {
    match status {
        AgentStatus::Online => 0,
        AgentStatus::Busy => 1,
        AgentStatus::Away | AgentStatus::Offline => 2,
    }
}

fn status(number: i64) -> Result<AgentStatus, StoreError> {
    match number {
        0 => Ok(AgentStatus::Online),
        1 => Ok(AgentStatus::Busy),
        2 => Ok(AgentStatus::Away),
        _ => Err(StoreError::corrupt(format!("{number} names no status"))),
    }
}

/// A count as SQLite keeps it; none comes near 2^63.
pub(crate) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn entry(row: &SqliteRow) -> Result<Entry, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Entry {
        pos: columns.take()?,
        conversation: ConversationKey(columns.take()?),
        seq: columns.number()?,
        prev_pos: columns.take()?,
        prev_public_seq: columns.number()?,
        kind: kind(columns.take()?)?,
        sender: principal(columns.take()?, columns.optional()?)?,
        created_at: Micros(columns.take()?),
        id: columns.uuid()?,
        client_id: columns.optional_uuid()?,
        text: columns.take()?,
        event: columns
            .optional::<&str>()?
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| StoreError::corrupt(format!("an event cannot be read: {error}")))?,
        data: columns.optional::<&str>()?.map(Box::from),
        quote_seq: columns.optional_number()?,
        revision: revision(columns.take()?)?,
    })
}

pub(crate) fn bind_entry(args: &mut Args, entry: &Entry) {
    let (sender_kind, sender) = principal_number(entry.sender);
    args.add_int(entry.pos);
    args.add_int(entry.conversation.0);
    args.add_int(int(entry.seq));
    args.add_int(entry.prev_pos);
    args.add_int(int(entry.prev_public_seq));
    args.add_int(kind_number(entry.kind));
    args.add_int(sender_kind);
    args.add_int(sender);
    args.add_int(entry.created_at.0);
    args.add_blob(entry.id.as_bytes());
    args.add_opt_blob(entry.client_id.as_ref().map(|id| id.as_bytes().as_slice()));
    args.add_text(&entry.text);
    let event = entry.event.map(|event| serde_json::to_string(&event).expect("an event is plain JSON"));
    args.add_opt_text(event.as_deref());
    args.add_opt_text(entry.data.as_deref());
    args.add_int(entry.quote_seq.map(int));
}

pub(crate) fn conversation(row: &SqliteRow) -> Result<Conversation, StoreError> {
    let mut columns = Columns::of(row);
    let mut conversation = Conversation {
        key: ConversationKey(columns.take()?),
        id: columns.uuid()?,
        inbox: InboxKey(columns.take()?),
        visitor: VisitorKey(columns.take()?),
        state: state(columns.take()?)?,
        assignee: columns.optional()?.map(AgentKey),
        joined: Vec::new(),
        last_assignee: None,
        last_met_at: None,
        team: None,
        priority: Priority::Normal,
        last_seq: columns.number()?,
        last_public_seq: columns.number()?,
        last_pos: columns.take()?,
        last_message_pos: columns.take()?,
        last_public_message_pos: columns.take()?,
        visitor_read_seq: columns.number()?,
        agent_read_seq: columns.number()?,
        queued_at: columns.optional()?.map(Micros),
        asked_at: None,
        answered_at: None,
        unanswered_at: None,
        snoozed_until: None,
        marked_unread: false,
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
        resolved_at: columns.optional()?.map(Micros),
        rating: None,
    };
    let (score, comment, at) =
        (columns.optional::<i64>()?, columns.optional::<String>()?, columns.optional::<i64>()?);
    if let (Some(score), Some(comment), Some(at)) = (score, comment, at) {
        let score = u8::try_from(score).map_err(|_| StoreError::corrupt("a score is out of range"))?;
        conversation.rating = Some(Box::new(Rating { score, comment, created_at: Micros(at) }));
    }
    conversation.last_assignee = columns.optional()?.map(AgentKey);
    conversation.last_met_at = columns.optional()?.map(Micros);
    conversation.team = columns.optional()?.map(TeamKey);
    conversation.priority = priority(columns.take()?)?;
    conversation.asked_at = columns.optional()?.map(Micros);
    conversation.answered_at = columns.optional()?.map(Micros);
    if let Some(joined) = columns.optional::<&str>()? {
        let joined = serde_json::from_str(joined);
        let broken = |error| StoreError::corrupt(format!("who joined cannot be read: {error}"));
        conversation.joined = joined.map_err(broken)?;
    }
    conversation.unanswered_at = columns.optional()?.map(Micros);
    conversation.snoozed_until = columns.optional()?.map(Micros);
    conversation.marked_unread = columns.take()?;
    Ok(conversation)
}

pub(crate) const CONVERSATION_COLUMNS: usize = 30;

pub(crate) fn bind_conversation(args: &mut Args, conversation: &Conversation) {
    args.add_int(conversation.key.0);
    args.add_blob(conversation.id.as_bytes());
    args.add_int(conversation.inbox.0);
    args.add_int(conversation.visitor.0);
    args.add_int(state_number(conversation.state));
    args.add_int(conversation.assignee.map(|agent| agent.0));
    args.add_int(int(conversation.last_seq));
    args.add_int(int(conversation.last_public_seq));
    args.add_int(conversation.last_pos);
    args.add_int(conversation.last_message_pos);
    args.add_int(conversation.last_public_message_pos);
    args.add_int(int(conversation.visitor_read_seq));
    args.add_int(int(conversation.agent_read_seq));
    args.add_int(conversation.queued_at.map(|at| at.0));
    args.add_int(conversation.created_at.0);
    args.add_int(conversation.updated_at.0);
    args.add_int(conversation.resolved_at.map(|at| at.0));
    let rating = conversation.rating.as_ref();
    args.add_int(rating.map(|rating| i64::from(rating.score)));
    args.add_opt_text(rating.map(|rating| rating.comment.as_str()));
    args.add_int(rating.map(|rating| rating.created_at.0));
    args.add_int(conversation.last_assignee.map(|agent| agent.0));
    args.add_int(conversation.last_met_at.map(|at| at.0));
    args.add_int(conversation.team.map(|team| team.0));
    args.add_int(priority_number(conversation.priority));
    args.add_int(conversation.asked_at.map(|at| at.0));
    args.add_int(conversation.answered_at.map(|at| at.0));
    let joined = (!conversation.joined.is_empty())
        .then(|| serde_json::to_string(&conversation.joined).expect("keys are plain JSON"));
    args.add_opt_text(joined.as_deref());
    args.add_int(conversation.unanswered_at.map(|at| at.0));
    args.add_int(conversation.snoozed_until.map(|at| at.0));
    args.add_int(i64::from(conversation.marked_unread));
}

pub(crate) fn visitor(row: &SqliteRow) -> Result<Visitor, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Visitor {
        key: VisitorKey(columns.take()?),
        id: columns.uuid()?,
        inbox: InboxKey(columns.take()?),
        external_id: columns.optional()?,
        verified: columns.take()?,
        name: columns.take::<&str>()?.into(),
        email: columns.take()?,
        attributes: columns.take()?,
        created_at: Micros(columns.take()?),
        last_seen_at: Micros(columns.take()?),
        erased_at: columns.optional()?.map(Micros),
    })
}

pub(crate) fn agent(row: &SqliteRow) -> Result<Agent, StoreError> {
    let mut columns = Columns::of(row);
    let mut agent = Agent {
        key: AgentKey(columns.take()?),
        id: columns.uuid()?,
        name: columns.take::<&str>()?.into(),
        email: columns.take()?,
        role: role(columns.take()?)?,
        status: status(columns.take()?)?,
        status_reason: None,
        status_at: Micros::default(),
        capacity: columns.number()?,
        disabled: columns.take()?,
        created_at: Micros(columns.take()?),
        teams: columns.json::<Vec<TeamKey>>("an agent's teams")?,
        skills: columns.json("an agent's skills")?,
        custom_role: columns.optional_uuid()?,
    };
    agent.status_reason = columns.optional::<&str>()?.map(Into::into);
    agent.status_at = columns.optional()?.map_or(agent.created_at, Micros);
    Ok(agent)
}

pub(crate) fn team(row: &SqliteRow) -> Result<Team, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Team {
        key: TeamKey(columns.take()?),
        id: columns.uuid()?,
        name: columns.take()?,
        settings: columns.json("a team's settings")?,
        versions: columns.json("a team's versions")?,
        created_at: Micros(columns.take()?),
    })
}

pub(crate) fn inbox(row: &SqliteRow) -> Result<Inbox, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Inbox {
        key: InboxKey(columns.take()?),
        id: columns.uuid()?,
        slug: columns.take()?,
        name: columns.take()?,
        greeting: columns.take()?,
        origins: columns.json("an inbox's origins")?,
        identity_required: columns.take()?,
        sealed_secret: columns.take()?,
        created_at: Micros(columns.take()?),
        settings: columns.json("an inbox's settings")?,
        versions: columns.json("an inbox's versions")?,
    })
}

pub(crate) fn session(row: &SqliteRow) -> Result<Session, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Session {
        token_hash: hash(columns.take()?)?,
        id: columns.uuid()?,
        principal: principal(columns.take()?, Some(columns.take()?))?,
        inbox: columns.optional()?.map(InboxKey),
        created_at: Micros(columns.take()?),
        last_seen_at: Micros(columns.take()?),
        expires_at: columns.optional()?.map(Micros),
        user_agent: columns.take()?,
        address: columns.take()?,
    })
}

/// A stored 32-byte hash.
pub(crate) fn hash(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::corrupt("a hash has not 32 bytes"))
}
