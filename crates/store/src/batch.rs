use std::sync::Arc;
use std::time::Duration;

use kefu_core::{
    Agent, AgentKey, Conversation, Entry, Inbox, Micros, Principal, Revision, Team, TeamKey, Visitor,
    VisitorKey,
};
use uuid::Uuid;

#[cfg(feature = "query")]
use crate::CardChange;
#[cfg(feature = "channels")]
use crate::ChannelChange;
#[cfg(feature = "events")]
use crate::EventChange;

use crate::{
    AccessChange, AuditRecord, BlockChange, CannedChange, CustomerChange, ExternalChange, FileChange,
    KnowledgeChange, MentionChange, PageVisit, PrivacyChange, Session, ShadowChange, StoreError, TagChange,
    TicketChange,
};

/// What one transaction writes.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// In order of position, from [`Writer::next_pos`](crate::Writer::next_pos) on without a gap. The
    /// conversation of each is in `conversations` or `grown`.
    pub entries: Vec<Entry>,
    /// New heads and those changed beyond growth, as they are after `entries`; written at once.
    pub conversations: Vec<Conversation>,
    /// Heads that merely grew, as they are after `entries`, none of them in `conversations`. After a
    /// crash they are rebuilt from the log: a read mark that moved without an entry is then lost,
    /// unless it stands in `conversations`. They are shared: the writer keeps them until they are folded.
    pub grown: Vec<Arc<Conversation>>,
    /// Changes of everything else; one that fails fails the batch.
    pub changes: Vec<Change>,
    /// Changes of records, each set for itself.
    pub records: Vec<RecordSet>,
}

/// Changes of records outside the logs that hold together: all of them or none, whatever becomes of the
/// other sets of their batch.
#[derive(Clone, Debug, Default)]
pub struct RecordSet {
    /// In the order in which they are made.
    pub changes: Vec<Change>,
    /// What the audit log says of them.
    pub audit: Vec<AuditRecord>,
}

impl Batch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
            && self.conversations.is_empty()
            && self.grown.is_empty()
            && self.changes.is_empty()
            && self.records.is_empty()
    }

    /// Whether entries are all that has to be written now.
    pub(crate) fn only_grows(&self) -> bool {
        self.conversations.is_empty() && self.changes.is_empty() && self.records.is_empty()
    }
}

/// A change outside the logs.
#[derive(Clone, Debug)]
pub enum Change {
    /// Adds a visitor or replaces what is known of it.
    Visitor(Visitor),
    /// Adds or replaces an inbox.
    Inbox(Box<Inbox>),
    /// Adds an agent or replaces everything but its password.
    Agent(Agent),
    /// Adds or replaces a team.
    Team(Team),
    /// Takes a team away. What waited for it waits for anybody.
    EndTeam(TeamKey),
    /// Sets an agent's password.
    Password {
        /// Whose.
        agent: AgentKey,
        /// In PHC string format.
        hash: String,
    },
    /// Adds a session.
    Session(Session),
    /// A session was used to begin anew and lives on; one that has ended meanwhile stays so.
    SessionRenewed {
        /// Hash of its token.
        token_hash: [u8; 32],
        /// When.
        at: Micros,
        /// When it ends by itself from now on, if it does.
        expires_at: Option<Micros>,
        /// What the client calls itself now; may be empty.
        user_agent: String,
        /// Where the client connects from now; may be empty.
        address: String,
    },
    /// A session was used.
    SessionSeen {
        /// Hash of its token.
        token_hash: [u8; 32],
        /// When.
        at: Micros,
    },
    /// Ends the session with this public id.
    EndSession(Uuid),
    /// Ends the session with this token hash.
    EndToken([u8; 32]),
    /// Ends all sessions of a visitor or an agent.
    EndSessionsOf(Principal),
    /// Changes an entry of the log; does nothing to one that was recalled or erased.
    Revise {
        /// Where it is.
        pos: i64,
        /// What becomes of it.
        revision: Revision,
        /// What it says from now on.
        text: String,
    },
    /// A change of tickets.
    Ticket(TicketChange),
    /// A change of what is asked of ticket systems of others.
    External(ExternalChange),
    /// A change of tags.
    Tag(TagChange),
    /// A change of what agents are called to.
    Mention(MentionChange),
    /// A change of canned replies.
    Canned(CannedChange),
    /// A change of cards.
    #[cfg(feature = "query")]
    Card(CardChange),
    /// A change of channels.
    #[cfg(feature = "channels")]
    Channel(ChannelChange),
    /// A change of files.
    File(FileChange),
    /// A change of the knowledge base.
    Knowledge(KnowledgeChange),
    /// Changes a customer.
    Customer(CustomerChange),
    /// Changes who is blocked.
    Block(BlockChange),
    /// Erases, or holds what must not be erased.
    Privacy(PrivacyChange),
    /// Adds to the pages that a visitor looked at; the oldest beyond [`PAGES_MAX`](crate::PAGES_MAX) go.
    Pages {
        /// Whose.
        visitor: VisitorKey,
        /// In the order in which it looked at them.
        visits: Vec<PageVisit>,
    },
    /// Changes a rehearsal's store.
    Shadow(ShadowChange),
    /// Changes who gets in and with which rights.
    Access(AccessChange),
    /// Changes who hears of events and what was told.
    #[cfg(feature = "events")]
    Event(EventChange),
    /// Sets or forgets the hash of the token that lets the first agent in.
    SetupToken(Option<[u8; 32]>),
}

/// What a commit did.
#[derive(Debug, Default)]
pub struct Committed {
    /// What became of each set of records: one that was refused left nothing behind.
    pub records: Vec<Result<(), StoreError>>,
    /// Entries written.
    pub entries: usize,
    /// Rows of earlier commits folded into indexes and heads.
    pub folded: usize,
    /// How long the transaction took, the checkpoint not counted.
    pub duration: Duration,
    /// How long the writer itself worked on a checkpoint before.
    pub checkpoint: Option<Duration>,
}
