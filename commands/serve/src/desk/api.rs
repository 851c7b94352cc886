//! What the rest of the daemon may ask of the desk.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use kefu_core::{
    Agent, AgentStatus, Content, ConversationKey, CustomRole, Entry, Event, Inbox, InboxKey, InboxSettings,
    Micros, Priority, Revise, Rights, Role, Summary, Team, TeamSettings, VisitorKey,
};
use kefu_protocol::frame::{Position, Warning};
use kefu_socket::{ConnectionId, Outbox};
use kefu_store::{AuditRecord, PrivacyChange, RecordSet, Scrub};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    identity::Identity,
    problem::Problem,
    view::{AgentView, ConversationView, VisitorBrief, timestamp},
    words::Screened,
};

/// The answer to a request, once what it changed is durable.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, Problem>>;

/// A durable message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// Its number in the conversation.
    pub(crate) seq: u64,
    /// Its id.
    pub(crate) id: Uuid,
    /// When it was taken.
    pub(crate) created_at: Micros,
    /// It was durable before this request came.
    pub(crate) repeated: bool,
    /// What its sender should know.
    pub(crate) warning: Option<Warning>,
}

/// What an agent says of a conversation that it ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending {
    pub(crate) summary: Summary,
    /// In words, for colleagues; may be empty.
    pub(crate) note: String,
}

/// A change of one conversation.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Take it from the queue.
    Accept,
    /// Let an offer pass.
    Decline,
    /// Hand it to this agent, or back to the queue.
    Transfer(Option<Uuid>),
    /// Hand it to this team.
    TransferToTeam(Uuid),
    /// Say how urgent it is.
    Prioritise(Priority),
    /// Set it aside, until a time or until something outside happens.
    Pend(Option<Micros>),
    /// Remind of it, whatever was read.
    MarkUnread,
    /// End it, with what there is to say of it.
    Resolve(Option<Box<Ending>>),
    /// End it as its visitor.
    End,
    /// Take it up again.
    Reopen,
    /// Take part beside the agent who has it.
    Join,
    /// Take part no longer.
    Leave,
    /// Take it from whoever has it.
    TakeOver,
    /// Ask the visitor for a score.
    InviteRating,
    /// Change or take back a message.
    Revise {
        /// The message as it was read last.
        entry: Box<Entry>,
        /// What becomes of it.
        how: Revise,
        /// Words of its new text that a supervisor is to see.
        flagged: Vec<String>,
    },
    /// Give a score.
    Rate {
        /// 1 to 5.
        score: u8,
        /// May be empty.
        comment: String,
        /// Words of the comment that a supervisor is to see.
        flagged: Vec<String>,
    },
    /// Move the reader's mark.
    Read {
        /// Everything up to here is read.
        seq: u64,
    },
}

/// A visitor who opens a session.
#[derive(Clone, Debug)]
pub(crate) struct NewVisitor {
    /// Where.
    pub(crate) inbox: InboxKey,
    /// The visitor, when it is known already.
    pub(crate) existing: Option<VisitorKey>,
    /// The company's id of it.
    pub(crate) external_id: Option<String>,
    /// Whether `external_id` is proven.
    pub(crate) verified: bool,
    /// Replaces the known name.
    pub(crate) name: Option<String>,
    /// Replaces the known e-mail address.
    pub(crate) email: Option<String>,
    /// Replaces the known attributes: a JSON object.
    pub(crate) attributes: Option<String>,
    /// SHA-256 of the session's token.
    pub(crate) token_hash: [u8; 32],
    /// The token is that of a session which lives on, not one of a new session.
    pub(crate) is_renewal: bool,
    /// Where it came from.
    pub(crate) address: String,
    /// With which program.
    pub(crate) user_agent: String,
    /// When the session ends.
    pub(crate) expires_at: Option<Micros>,
}

/// What a visitor's session begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenedVisitor {
    /// The visitor.
    pub(crate) visitor_id: Uuid,
    /// Its conversation.
    pub(crate) conversation_id: Uuid,
    /// The last entry of it that the visitor may see.
    pub(crate) last_seq: u64,
}

/// A new agent (no `id`) or a change of one: what is `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct AgentChange {
    pub(crate) id: Option<Uuid>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) role: Option<Role>,
    /// Gives it a role of the company's own, or takes that away.
    pub(crate) custom_role: Option<Option<Uuid>>,
    pub(crate) status: Option<AgentStatus>,
    /// Goes with `status`: without one, there is no reason any more.
    pub(crate) status_reason: Option<Arc<str>>,
    pub(crate) capacity: Option<u32>,
    pub(crate) disabled: Option<bool>,
    pub(crate) teams: Option<Vec<Uuid>>,
    pub(crate) skills: Option<BTreeMap<String, u8>>,
    pub(crate) password_hash: Option<String>,
    /// What the audit log says of it; the desk names the agent.
    pub(crate) audit: Option<AuditRecord>,
}

/// A new role (no `id`) or a change of one: what is `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct RoleChange {
    pub(crate) id: Option<Uuid>,
    pub(crate) name: Option<String>,
    pub(crate) rights: Option<Rights>,
    /// What the audit log says of it; the desk names the role.
    pub(crate) audit: Option<AuditRecord>,
}

/// A new inbox (no `id`) or a change of one: what is `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct InboxChange {
    pub(crate) id: Option<Uuid>,
    /// The version that the change was made for; whatever there is when it is `None`.
    pub(crate) seen: Option<u32>,
    pub(crate) slug: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) greeting: Option<String>,
    pub(crate) origins: Option<Vec<String>>,
    pub(crate) identity_required: Option<bool>,
    pub(crate) settings: Option<InboxSettings>,
    pub(crate) sealed_secret: Option<Vec<u8>>,
    /// The same secret sealed anew: as it was, and as it is to be. Does nothing when it is another one by now.
    pub(crate) resealed_secret: Option<(Vec<u8>, Vec<u8>)>,
    /// What the audit log says of it; the desk names the inbox.
    pub(crate) audit: Option<AuditRecord>,
}

/// A new team (no `id`) or a change of one: what is `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct TeamChange {
    pub(crate) id: Option<Uuid>,
    /// The version that the change was made for; whatever there is when it is `None`.
    pub(crate) seen: Option<u32>,
    pub(crate) name: Option<String>,
    pub(crate) settings: Option<TeamSettings>,
    /// Takes the team away.
    pub(crate) ends: bool,
    /// What the audit log says of it; the desk names the team.
    pub(crate) audit: Option<AuditRecord>,
}

/// A message on its way to the log.
pub(crate) struct Send {
    pub(crate) who: Arc<Identity>,
    pub(crate) conversation: Uuid,
    pub(crate) client_id: Uuid,
    /// As it was sent.
    pub(crate) content: Content,
    /// What the list of sensitive words says of it.
    pub(crate) screened: Option<Box<Screened>>,
    /// Units of the queue's byte budget that it holds.
    pub(crate) units: u32,
    /// What the audit log says of it; the desk names the conversation.
    pub(crate) audit: Option<Box<AuditRecord>>,
    pub(crate) reply: Reply,
}

/// A change of a conversation on its way to the log.
pub(crate) struct Change {
    pub(crate) who: Arc<Identity>,
    pub(crate) conversation: Uuid,
    pub(crate) act: Act,
    /// The connection that it came over, if it did: it need not be told, unless it is refused.
    pub(crate) connection: Option<ConnectionId>,
    /// What the audit log says of it if anything changes; the desk names the conversation.
    pub(crate) audit: Option<Box<AuditRecord>>,
    pub(crate) reply: Option<Answer<ConversationView>>,
}

/// What a bot has come to.
pub(crate) struct BotAnswer {
    pub(crate) conversation: ConversationKey,
    /// Where the message stands that it answers: dropped when it is not the last one any more.
    pub(crate) pos: i64,
    pub(crate) outcome: BotOutcome,
}

/// Whether a bot has an answer.
pub(crate) enum BotOutcome {
    /// It says this.
    Says {
        text: String,
        /// The article that it is from.
        article: Option<Uuid>,
    },
    /// Nothing answers the message.
    Nothing,
    /// It could not look, or not in time.
    Failed,
}

/// Where the outcome of a message goes.
pub(crate) enum Reply {
    /// To a connection, as `ack` or `error`.
    Socket(ConnectionId),
    /// To a waiting request.
    Call(Answer<Sent>),
}

/// A connection that wants to be told of things.
pub(crate) struct Connect {
    pub(crate) who: Arc<Identity>,
    pub(crate) outbox: Arc<Outbox>,
    /// Its name on the wire.
    pub(crate) connection_id: Uuid,
    /// A visitor's conversations; an agent's are known to the desk.
    pub(crate) conversations: Vec<Uuid>,
}

/// One conversation as the desk holds it.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) conversation: kefu_core::Conversation,
    pub(crate) visitor: Arc<VisitorBrief>,
}

/// What is asked of the desk's task.
pub(crate) enum Command {
    Send(Send),
    Act(Change),
    Snapshot {
        who: Arc<Identity>,
        conversation: Uuid,
        reply: Answer<Snapshot>,
    },
    Views {
        who: Arc<Identity>,
        conversations: Vec<ConversationKey>,
        reply: Answer<Vec<ConversationView>>,
    },
    OpenVisitor {
        new: Box<NewVisitor>,
        latest: Option<ConversationKey>,
        reply: Answer<OpenedVisitor>,
    },
    PutAgent {
        change: Box<AgentChange>,
        reply: Answer<AgentView>,
    },
    PutTeam {
        change: Box<TeamChange>,
        reply: Answer<Team>,
    },
    PutInbox {
        change: Box<InboxChange>,
        reply: Answer<Inbox>,
    },
    PutRole {
        change: Box<RoleChange>,
        reply: Answer<CustomRole>,
    },
    DropRole {
        id: Uuid,
        audit: Box<AuditRecord>,
        reply: Answer<()>,
    },
    SessionSeen {
        token_hash: [u8; 32],
        at: Micros,
    },
    EndSession {
        id: Uuid,
        reply: Answer<()>,
    },
    SetupToken {
        hash: Option<[u8; 32]>,
        reply: Answer<()>,
    },
    /// Changes of records outside the conversations, all or none.
    Record {
        set: Box<RecordSet>,
        reply: Answer<()>,
    },
    Agents {
        reply: Answer<Vec<AgentView>>,
    },
    /// Follows the beginning of an erasure: ends what these visitors have open, and forgets who they are.
    Forget(Vec<VisitorKey>),
    /// Ends a conversation of which everything is erased, and tells of it.
    EndErased {
        conversation: ConversationKey,
        /// The erasure's note of it.
        note: PrivacyChange,
        reply: Answer<()>,
    },
    /// Tells the agents of a conversation what became of something outside, together with a change that says so.
    Tell {
        conversation: ConversationKey,
        event: Event,
        /// As JSON.
        data: Box<str>,
        change: Box<kefu_store::Change>,
        reply: Answer<()>,
    },
    /// Empties the store's write-ahead log and cleans what a scrub noted; without one, begins one.
    Scrub {
        scrub: Option<Arc<Scrub>>,
        reply: Answer<Arc<Scrub>>,
    },
    /// What a bot has come to.
    Bot(BotAnswer),
    /// Messages that came over a channel.
    #[cfg(feature = "channels")]
    Receive {
        arrivals: Box<super::channels::Arrivals>,
        reply: Answer<()>,
    },
    /// What feeds the store while it is served.
    #[cfg(feature = "migrate")]
    Feed {
        request: Box<kefu_store::import::FeedRequest>,
        reply: Answer<kefu_store::import::FeedAnswer>,
    },
    /// Ends the connections of visitors who are blocked.
    CloseBlocked(Vec<VisitorKey>),
    Connect {
        connect: Box<Connect>,
        reply: oneshot::Sender<ConnectionId>,
    },
    Disconnect(ConnectionId),
    Resume {
        connection: ConnectionId,
        epoch: String,
        positions: Vec<Position>,
    },
    /// A replay has come this far.
    Replayed {
        connection: ConnectionId,
        positions: Vec<(ConversationKey, u64)>,
        rounds: u8,
    },
    Typing {
        connection: ConnectionId,
        conversation: Uuid,
        on: bool,
    },
    Watch {
        connection: ConnectionId,
        watch: kefu_protocol::frame::Watch,
        on: bool,
        /// Where the connection came from.
        address: IpAddr,
    },
    Stop {
        reply: oneshot::Sender<()>,
    },
}

impl Command {
    /// Refuses a request that somebody waits for; returns what is none, and messages, which hold a part of the budget.
    pub(super) fn refuse(self, problem: &Problem) -> Option<Self> {
        match self {
            Self::Act(change) => change.reply.and_then(|reply| refuse(reply, problem)),
            Self::Snapshot { reply, .. } => refuse(reply, problem),
            Self::Views { reply, .. } => refuse(reply, problem),
            Self::OpenVisitor { reply, .. } => refuse(reply, problem),
            Self::PutAgent { reply, .. } => refuse(reply, problem),
            Self::PutTeam { reply, .. } => refuse(reply, problem),
            Self::PutInbox { reply, .. } => refuse(reply, problem),
            Self::PutRole { reply, .. } => refuse(reply, problem),
            Self::DropRole { reply, .. }
            | Self::EndSession { reply, .. }
            | Self::EndErased { reply, .. }
            | Self::Tell { reply, .. }
            | Self::Record { reply, .. }
            | Self::SetupToken { reply, .. } => refuse(reply, problem),
            #[cfg(feature = "channels")]
            Self::Receive { reply, .. } => refuse(reply, problem),
            #[cfg(feature = "migrate")]
            Self::Feed { reply, .. } => refuse(reply, problem),
            Self::Agents { reply } => refuse(reply, problem),
            Self::Scrub { reply, .. } => refuse(reply, problem),
            Self::Stop { reply } => {
                // Whoever asked may have stopped waiting.
                reply.send(()).ok();
                None
            }
            other => Some(other),
        }
    }
}

fn refuse<T>(reply: Answer<T>, problem: &Problem) -> Option<Command> {
    // Whoever asked may have stopped waiting.
    reply.send(Err(problem.clone())).ok();
    None
}

/// What the desk knows of an agent besides its row.
pub(crate) fn agent_view(
    agent: &Agent,
    rights: Rights,
    (status, since): (AgentStatus, Option<Micros>),
    load: u32,
    teams: Vec<Uuid>,
) -> AgentView {
    let says_why = matches!(status, AgentStatus::Busy | AgentStatus::Away);
    AgentView {
        id: agent.id,
        name: Arc::clone(&agent.name),
        email: agent.email.clone(),
        role: agent.role,
        custom_role_id: agent.custom_role,
        permissions: rights.iter().collect(),
        status,
        status_reason: agent.status_reason.clone().filter(|_| says_why),
        status_since: since.map(timestamp),
        capacity: agent.capacity,
        load,
        disabled: agent.disabled,
        teams,
        skills: agent.skills.clone(),
        upload_bytes_max: None,
    }
}
