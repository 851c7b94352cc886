use kefu_core::{
    AgentKey, Conversation, ConversationKey, Entry, InboxKey, MessageKind, Micros, State, VisitorKey,
};
use uuid::Uuid;

/// What is searched for, and where. A filter that is `None` lets everything pass.
#[derive(Clone, Debug)]
pub struct SearchQuery {
    /// Words and phrases that must all be there, see [`kefu_text::terms::query`].
    pub text: String,
    /// What the reader may see.
    pub scope: SearchScope,
    /// Only this conversation.
    pub conversation: Option<ConversationKey>,
    /// Only the conversations of these visitors, who may be one customer.
    pub visitors: Option<Vec<VisitorKey>>,
    /// Only conversations that this agent has, or had when they ended.
    pub assignee: Option<AgentKey>,
    /// Only conversations that have the tag with this public id.
    pub tag: Option<Uuid>,
    /// Only conversations of this inbox.
    pub inbox: Option<InboxKey>,
    /// Only texts or only notes.
    pub kind: Option<MessageKind>,
    /// Only what was written then or later.
    pub from: Option<Micros>,
    /// Only what was written before.
    pub until: Option<Micros>,
    /// Only what stands before this position of the log: [`SearchPage::next`] of the page before.
    pub before: Option<i64>,
    /// At most so many hits.
    pub limit: usize,
}

/// What somebody who searches may see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SearchScope {
    /// Everything.
    All,
    /// An agent's own conversations and those that wait.
    Agent(AgentKey),
    /// A visitor's own conversations, without notes.
    Visitor(VisitorKey),
}

/// A message that was found.
#[derive(Clone, Debug)]
pub struct SearchHit {
    /// The text or note.
    pub entry: Entry,
    /// Its conversation; the head may lag behind the log, see [`Store`](crate::Store).
    pub conversation: Conversation,
}

/// Hits, newest first.
#[derive(Clone, Debug, Default)]
pub struct SearchPage {
    /// May be empty although there is more.
    pub hits: Vec<SearchHit>,
    /// Where the search goes on. A call does a bounded amount of work and may end before it has found as
    /// many as were wanted.
    pub next: Option<i64>,
}

impl SearchQuery {
    /// A search for `text` in everything, without filters.
    #[must_use]
    pub fn new(text: &str, scope: SearchScope, limit: usize) -> Self {
        Self {
            text: text.to_owned(),
            scope,
            conversation: None,
            visitors: None,
            assignee: None,
            tag: None,
            inbox: None,
            kind: None,
            from: None,
            until: None,
            before: None,
            limit,
        }
    }
}

impl SearchScope {
    /// Whether a conversation is in it.
    pub(super) fn includes(self, conversation: &Conversation) -> bool {
        match self {
            Self::All => true,
            Self::Agent(agent) => conversation.assignee == Some(agent) || conversation.state == State::Queued,
            Self::Visitor(visitor) => conversation.visitor == visitor,
        }
    }
}
