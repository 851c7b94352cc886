//! Chat services: what connects them to inboxes, what has come from them, and what is on its way to them.
//!
//! A message on its way is a row that names its entry of the log, written in the transaction of the entry; what is
//! erased from the log is sent nowhere. A message that came is known by a hash for as long as its service may send it
//! again.

mod read;

use kefu_core::{ConversationKey, InboxKey, Micros, VisitorKey};
use uuid::Uuid;

/// A chat service that is connected to an inbox.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Channel {
    /// Row number; whatever it is when the channel is added.
    pub key: i64,
    /// Public id, which stands in the address that the service calls.
    pub id: Uuid,
    /// Where its conversations are.
    pub inbox: InboxKey,
    /// Its name for people.
    pub name: String,
    /// The file that describes the service.
    pub yaml: String,
    /// Whether it receives and sends.
    pub is_enabled: bool,
    /// The operator's secrets and settings, sealed; empty when there are none yet.
    pub sealed: Vec<u8>,
    /// Rises with each change; a change names the one that it was made for.
    pub version: i64,
    /// When it was added.
    pub created_at: Micros,
    /// When it was last changed.
    pub updated_at: Micros,
}

/// A value that a service gave for some time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChannelToken {
    /// Its name in the file.
    pub name: String,
    /// The value, sealed.
    pub sealed: Vec<u8>,
    /// When a new one is due, in milliseconds since 1970.
    pub renew_at_ms: i64,
}

/// Somebody who writes in one place of a service, and with whom that is here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChannelThread {
    /// Row number; whatever it is when the thread is added.
    pub key: i64,
    /// The channel.
    pub channel: i64,
    /// The service's name for the place.
    pub thread: String,
    /// The service's name for the person.
    pub sender: String,
    /// Who that is here.
    pub visitor: VisitorKey,
    /// The newest conversation.
    pub conversation: ConversationKey,
    /// What sending needs, as JSON.
    pub context: String,
    /// When the person last wrote.
    pub last_at: Micros,
    /// Until when it can be answered.
    pub reply_until: Option<Micros>,
    /// How many messages may follow the last one of the person.
    pub quota: Option<u32>,
    /// How many did.
    pub sent: u32,
}

impl ChannelThread {
    /// How many messages may still follow the last one of the person.
    #[must_use]
    pub fn left(&self) -> Option<u32> {
        self.quota.map(|quota| quota.saturating_sub(self.sent))
    }
}

/// What became of a message for a service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SendState {
    /// It is on its way.
    Waiting,
    /// The service has it.
    Sent,
    /// The service does not take it.
    Failed,
    /// The service has it, and is to be told that it was changed or taken back.
    Changing,
    /// The service has it as it was, and will not be told that it was changed or taken back.
    Outdated,
}

/// A message for a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChannelSend {
    /// Row number.
    pub key: i64,
    /// The thread.
    pub thread: i64,
    /// The conversation.
    pub conversation: ConversationKey,
    /// Position of its entry in the log.
    pub pos: i64,
    /// Number of its entry in the conversation.
    pub seq: u64,
    /// Parts that the service has.
    pub parts: u32,
    /// How often it was tried.
    pub tries: u32,
    /// What became of it.
    pub state: SendState,
    /// How often its entry was changed or taken back.
    pub revisions: u32,
    /// When it is tried next.
    pub next_at: Micros,
    /// The service's names for its parts, as far as it has them and gave them names.
    pub external_ids: Vec<Option<String>>,
    /// Why it was not taken when it was last tried.
    pub error: Option<String>,
}

/// A message that came and whose file is still to be fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChannelMedia {
    /// Row number; whatever it is when it is added.
    pub key: i64,
    /// The channel.
    pub channel: i64,
    /// The thread that it belongs to.
    pub thread: i64,
    /// The conversation that it belongs to.
    pub conversation: ConversationKey,
    /// Its public id; whatever it is when it is added.
    pub conversation_id: Uuid,
    /// What it is called in the log.
    pub client_id: Uuid,
    /// The message, in the form that its writer understands.
    pub message: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next.
    pub next_at: Micros,
}

/// Something that came and could not be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChannelRefusal {
    /// 1, 2, 3 …; whatever it is when it is written.
    pub number: i64,
    /// The channel.
    pub channel: i64,
    /// When it came.
    pub at: Micros,
    /// Why.
    pub reason: String,
    /// What can be read again, if it can, sealed.
    pub request: Option<Vec<u8>>,
}

/// How a channel is doing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ChannelHealth {
    /// Messages on their way.
    pub waiting: u64,
    /// Messages that the service did not take.
    pub failed: u64,
    /// Why the last message that was tried in vain was not taken.
    pub last_error: Option<String>,
    /// What came and could not be read.
    pub refused: u64,
}

/// A change of channels.
#[derive(Clone, Debug)]
pub enum ChannelChange {
    /// Adds a channel.
    Add(Box<Channel>),
    /// Replaces what may change of a channel; [`StoreError::Stale`](crate::StoreError::Stale) when `version` is not the one that there is.
    Update(Box<Channel>),
    /// Takes a channel away, with everything that came and waits. Conversations stay.
    Remove(Uuid),
    /// Replaces all files that lie beside a channel's own.
    Files {
        /// Which channel.
        id: Uuid,
        /// Their names and what they say.
        files: Vec<(String, String)>,
    },
    /// The same secrets sealed anew; does nothing when they are others by now.
    Resealed {
        /// Which channel.
        id: Uuid,
        /// As they were.
        before: Vec<u8>,
        /// As they are.
        after: Vec<u8>,
    },
    /// Keeps a value that the service gave.
    Token {
        /// Which channel.
        channel: i64,
        /// The value.
        token: ChannelToken,
    },
    /// Forgets values that the service gave; all of them when none is named.
    DropTokens {
        /// Which channel.
        channel: i64,
        /// Their names.
        names: Vec<String>,
    },
    /// Notes that a message came.
    Seen {
        /// Which channel.
        channel: i64,
        /// What tells it.
        hash: [u8; 16],
        /// Until when it may come again.
        until: Micros,
    },
    /// Notes what the service told of a list that is to be read.
    Notice {
        /// Which channel.
        channel: i64,
        /// Which list.
        list: String,
        /// What it told, as JSON.
        notice: String,
    },
    /// Notes how far a list was read.
    Cursor {
        /// Which channel.
        channel: i64,
        /// Which list.
        list: String,
        /// How far; nothing when that stays as it was.
        cursor: Option<String>,
        /// The notice that is done with, unless there is another one by now.
        done: Option<String>,
    },
    /// Adds a thread, or has it go on with what was written last.
    Thread(Box<ChannelThread>),
    /// Adds a message whose file is to be fetched, to the thread of its conversation.
    Media(Box<ChannelMedia>),
    /// A file could not be fetched.
    MediaTried {
        /// Which one.
        key: i64,
        /// When it is tried next.
        next_at: Micros,
    },
    /// A file was fetched, or never will be.
    MediaDone(i64),
    /// Has an entry sent, if its conversation is one of a channel.
    Queue {
        /// The conversation.
        conversation: ConversationKey,
        /// Position of the entry in the log.
        pos: i64,
        /// Number of the entry in the conversation.
        seq: u64,
        /// When.
        at: Micros,
    },
    /// An entry was changed or taken back: if it is a message for a service that has it, that is to be told.
    Revised {
        /// The conversation.
        conversation: ConversationKey,
        /// Number of the entry in the conversation.
        seq: u64,
        /// When.
        at: Micros,
    },
    /// The service has one more part of a message, and not all of it.
    PartSent {
        /// Which one.
        key: i64,
        /// The service's name for the part.
        external_id: Option<String>,
    },
    /// The service has a message, as it was after so many revisions.
    Sent {
        /// Which one.
        key: i64,
        /// When.
        at: Micros,
        /// The service's name for its last part.
        external_id: Option<String>,
        /// How often it was changed before it was sent.
        revisions: u32,
    },
    /// The service was told what a message became, after so many revisions.
    Told {
        /// Which one.
        key: i64,
        /// When.
        at: Micros,
        /// How often it was changed before the service was told.
        revisions: u32,
    },
    /// A message was taken back before it was sent: it is sent nowhere, and does not count.
    Withdrawn(i64),
    /// The service did not take a message now.
    Tried {
        /// Which one.
        key: i64,
        /// When it is tried next.
        next_at: Micros,
        /// Why.
        error: String,
    },
    /// The service will not take a message, or not what it became.
    Failed {
        /// Which one.
        key: i64,
        /// When.
        at: Micros,
        /// Why.
        error: String,
    },
    /// Has the failed message of this entry sent again; [`StoreError::Stale`](crate::StoreError::Stale) when there is none.
    Again {
        /// The conversation.
        conversation: ConversationKey,
        /// Number of the entry in the conversation.
        seq: u64,
        /// When.
        at: Micros,
    },
    /// Keeps something that could not be read.
    Refused(Box<ChannelRefusal>),
    /// Forgets it.
    DropRefused(i64),
    /// Forgets what is over: messages that cannot come again at `now`, and what was done or refused `before`.
    Expire {
        /// The time.
        now: Micros,
        /// Which time.
        before: Micros,
    },
}
