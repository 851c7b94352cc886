use std::sync::Arc;

use kefu_core::{ArticleState, Language, MessageKind, Micros, Role, State, TicketPriority, TicketStatus};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::StoreError;

/// A hash of a record's fields.
pub type Hash = [u8; 16];

/// What a row of a source can become.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Entity {
    /// A person of the company.
    Agent,
    /// A person on the other side.
    Visitor,
    /// A conversation without its messages.
    Conversation,
    /// A message of a conversation.
    Message,
    /// A ticket.
    Ticket,
    /// A text that is written once and sent often.
    Canned,
    /// An article of the knowledge base, in one language.
    Article,
}

impl Entity {
    /// All of them; what refers to others comes after them.
    pub const ALL: [Self; 7] = [
        Self::Agent,
        Self::Visitor,
        Self::Conversation,
        Self::Message,
        Self::Ticket,
        Self::Canned,
        Self::Article,
    ];

    /// The word that stands for it in mappings and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Visitor => "visitor",
            Self::Conversation => "conversation",
            Self::Message => "message",
            Self::Ticket => "ticket",
            Self::Canned => "canned",
            Self::Article => "article",
        }
    }

    /// The one that `word` stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.as_str() == word)
    }

    /// The number that stands for it in the store.
    #[must_use]
    pub fn number(self) -> i64 {
        self as i64 + 2
    }

    pub(super) fn read(number: i64) -> Result<Self, StoreError> {
        let entity = Self::ALL.into_iter().find(|entity| entity.number() == number);
        entity.ok_or_else(|| StoreError::corrupt(format!("{number} names nothing that is brought over")))
    }
}

/// What a row of a source became. References are ids.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Record {
    /// See [`Entity::Agent`].
    Agent(AgentRecord),
    /// See [`Entity::Visitor`].
    Visitor(VisitorRecord),
    /// See [`Entity::Conversation`].
    Conversation(ConversationRecord),
    /// See [`Entity::Message`].
    Message(MessageRecord),
    /// See [`Entity::Ticket`].
    Ticket(TicketRecord),
    /// See [`Entity::Canned`].
    Canned(CannedRecord),
    /// See [`Entity::Article`].
    Article(ArticleRecord),
}

/// An agent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AgentRecord {
    /// Public id.
    pub id: Uuid,
    /// Shown to visitors.
    pub name: String,
    /// Log-in name; kept in lower case.
    pub email: String,
    /// What it may do.
    pub role: Role,
    /// Cannot sign in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Micros,
    /// By what the older system knew the password: MD5 in 32 hexadecimal digits, or a hash of bcrypt. Empty for none;
    /// whoever runs the store sets one then.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub password: String,
}

/// A visitor.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct VisitorRecord {
    /// Public id.
    pub id: Uuid,
    /// The inbox that it belongs to, by its name in embed codes.
    pub inbox: Arc<str>,
    /// The company's own id of it.
    pub external_id: Option<String>,
    /// Whether that id is known to be its own.
    pub verified: bool,
    /// May be empty.
    pub name: String,
    /// May be empty.
    pub email: String,
    /// May be empty.
    pub phone: String,
    /// A JSON object.
    pub attributes: String,
    /// When it was first seen.
    pub created_at: Micros,
    /// When it was last seen.
    pub last_seen_at: Micros,
}

/// A conversation's head.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ConversationRecord {
    /// Public id.
    pub id: Uuid,
    /// Where it came in, by the inbox's name in embed codes.
    pub inbox: Arc<str>,
    /// Whose it is.
    pub visitor: Uuid,
    /// Who answers it.
    pub assignee: Option<Uuid>,
    /// Where it stands.
    pub state: State,
    /// When it was made.
    pub created_at: Micros,
    /// When it ended; of one that has, when its last message was written if this is not known.
    pub resolved_at: Option<Micros>,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Sender {
    /// The visitor whose conversation it is.
    Visitor,
    /// An agent.
    Agent(Uuid),
    /// An automatic answer.
    Bot,
    /// The system itself.
    System,
}

/// A message.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MessageRecord {
    /// Public id.
    pub id: Uuid,
    /// The conversation that it is in.
    pub conversation: Uuid,
    /// That conversation, where no row of the source stands for it, and the key under which it is noted.
    #[serde(skip)]
    pub opens: Option<Box<(Vec<u8>, ConversationRecord)>>,
    /// Who wrote it.
    pub sender: Sender,
    /// What it is; no event.
    pub kind: MessageKind,
    /// The text.
    pub text: String,
    /// What it holds besides its text, as JSON.
    pub data: Option<String>,
    /// When it was written.
    pub occurred_at: Micros,
}

/// A ticket.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TicketRecord {
    /// Public id.
    pub id: Uuid,
    /// Where it belongs, by the inbox's name in embed codes.
    pub inbox: Arc<str>,
    /// Whose it is.
    pub requester: Option<Uuid>,
    /// Who works on it.
    pub assignee: Option<Uuid>,
    /// What it is about, in one line.
    pub subject: String,
    /// The whole of it.
    pub body: String,
    /// Name of the contact; may be empty.
    pub contact_name: String,
    /// E-mail address of the contact; may be empty.
    pub contact_email: String,
    /// Telephone number of the contact; may be empty.
    pub contact_phone: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// How soon it wants to be looked at.
    pub priority: TicketPriority,
    /// When it was made.
    pub created_at: Micros,
    /// When it last changed.
    pub updated_at: Micros,
}

/// A canned reply.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CannedRecord {
    /// Public id.
    pub id: Uuid,
    /// Whose it is; nobody's, when all share it.
    pub owner: Option<Uuid>,
    /// May be empty.
    pub folder: String,
    /// What is typed to find it; unique among its owner's.
    pub shortcut: String,
    /// What it is called.
    pub title: String,
    /// Its text.
    pub text: String,
    /// When it was made.
    pub created_at: Micros,
}

/// An article of the knowledge base, for all inboxes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ArticleRecord {
    /// Public id.
    pub id: Uuid,
    /// Its name in addresses.
    pub slug: String,
    /// Where it stands, if anywhere.
    pub category: Option<Uuid>,
    /// What that is called, should it have to be made.
    #[serde(skip)]
    pub category_name: String,
    /// Whether it is shown.
    pub state: ArticleState,
    /// The language that it is written in.
    pub language: Language,
    /// The heading.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it last changed.
    pub updated_at: Micros,
}

impl Record {
    /// What it is.
    #[must_use]
    pub fn entity(&self) -> Entity {
        match self {
            Self::Agent(_) => Entity::Agent,
            Self::Visitor(_) => Entity::Visitor,
            Self::Conversation(_) => Entity::Conversation,
            Self::Message(_) => Entity::Message,
            Self::Ticket(_) => Entity::Ticket,
            Self::Canned(_) => Entity::Canned,
            Self::Article(_) => Entity::Article,
        }
    }

    /// Its public id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Self::Agent(agent) => agent.id,
            Self::Visitor(visitor) => visitor.id,
            Self::Conversation(conversation) => conversation.id,
            Self::Message(message) => message.id,
            Self::Ticket(ticket) => ticket.id,
            Self::Canned(canned) => canned.id,
            Self::Article(article) => article.id,
        }
    }

    /// The same record without its references to agents and visitors that it can do without: a message of an agent is
    /// the bot's then.
    #[must_use]
    pub fn detached(mut self, is_known: impl Fn(&Uuid) -> bool) -> Self {
        match &mut self {
            Self::Conversation(conversation) => {
                conversation.assignee = conversation.assignee.filter(&is_known);
            }
            Self::Message(message) => {
                if let Sender::Agent(agent) = &message.sender
                    && !is_known(agent)
                {
                    message.sender = Sender::Bot;
                }
                if let Some(opens) = &mut message.opens {
                    opens.1.assignee = opens.1.assignee.filter(&is_known);
                }
            }
            Self::Ticket(ticket) => {
                ticket.requester = ticket.requester.filter(&is_known);
                ticket.assignee = ticket.assignee.filter(&is_known);
            }
            Self::Canned(canned) => canned.owner = canned.owner.filter(&is_known),
            Self::Agent(_) | Self::Visitor(_) | Self::Article(_) => {}
        }
        self
    }

    /// The same record without what cannot be read back: a password here is hashed otherwise, or is another one by now.
    #[must_use]
    pub fn without_password(mut self) -> Self {
        if let Self::Agent(agent) = &mut self {
            agent.password.clear();
        }
        self
    }

    /// A hash of all its fields; `buffer` is only there to be used again.
    #[must_use]
    pub fn hash(&self, buffer: &mut Vec<u8>) -> Hash {
        buffer.clear();
        serde_json::to_writer(&mut *buffer, self)
            .expect("a record is plain JSON, and a buffer takes all of it");
        hash_of(buffer)
    }
}

/// The first half of SHA-256: what two different rows never share, for all practical purposes.
#[must_use]
pub fn hash_of(bytes: &[u8]) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(&Sha256::digest(bytes)[..16]);
    hash
}
