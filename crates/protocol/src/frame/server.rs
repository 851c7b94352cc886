use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    frame::{
        Change, ErrorCode, EventCode, Json, MessageKind, PartyKind, Revision, Scope, Status, Timestamp,
        Warning,
    },
    ws::TextFrame,
};

/// What a server says.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// The first frame of every connection.
    Hello(Hello<'a>),
    /// A message of this connection is durable.
    Ack(Ack),
    /// A frame of this connection was refused.
    Error(Error<'a>),
    /// An entry of a conversation's log.
    Message(Message<'a>),
    /// What was missing has been sent; live frames follow.
    Resumed,
    /// What the client holds is of no use: forget it and reload.
    Reset(Reset<'a>),
    /// A watch began.
    Watching(Watching),
    /// Somebody began or ceased to type.
    Typing(Typing<'a>),
    /// Somebody has read.
    Read(Read<'a>),
    /// Somebody came or went.
    Presence(Presence<'a>),
    /// A conversation changed.
    Conversation(Conversation<'a>),
    /// The answer to `ping`.
    Pong,
    /// The server restarts and is about to close the connection.
    Restart {
        /// Wait so long before reconnecting.
        retry_after_ms: u32,
    },
}

/// The first frame of every connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Hello<'a> {
    /// The life of the store; another one makes all positions void.
    #[serde(borrow)]
    pub epoch: Cow<'a, str>,
    /// The name of this connection.
    pub connection_id: Uuid,
    /// Send a `ping` this often, in seconds.
    pub heartbeat_s: u32,
    /// Who is signed in.
    #[serde(borrow)]
    pub principal: Party<'a>,
    /// The receiver's conversations, at most [`MAX_HELLO_CONVERSATIONS`](super::MAX_HELLO_CONVERSATIONS).
    pub conversations: Vec<Head>,
}

/// Where a conversation's log ends, as the receiver may see it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Head {
    /// The conversation.
    pub id: Uuid,
    /// Number of its last visible entry, 0 when there is none.
    pub last_seq: u64,
}

/// A message of this connection is durable.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ack {
    /// The sender's id of the message.
    pub client_id: Uuid,
    /// Where it was sent.
    pub conversation_id: Uuid,
    /// Its number.
    pub seq: u64,
    /// Number of the entry before it in the receiver's view; absent when the ack is a repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev_seq: Option<u64>,
    /// The server's id of the message.
    pub id: Uuid,
    /// When it became durable.
    pub created_at: Timestamp,
    /// What the sender should know besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Warning>,
}

/// A frame of this connection was refused.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Error<'a> {
    /// The message that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Uuid>,
    /// The conversation that is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<Uuid>,
    /// The reason.
    pub code: ErrorCode,
    /// The reason in words, for people who debug.
    #[serde(borrow)]
    pub message: Cow<'a, str>,
    /// The field that is to blame.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Cow<'a, str>>,
    /// Try again after so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u32>,
}

/// An entry of a conversation's log; as a page item it stands without the type.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Message<'a> {
    /// The conversation.
    pub conversation_id: Uuid,
    /// Its number.
    pub seq: u64,
    /// Number of the entry before it in the receiver's view, 0 when it is the first.
    pub prev_seq: u64,
    /// The server's id of the message.
    pub id: Uuid,
    /// The sender's id of the message, if it came from a client.
    pub client_id: Option<Uuid>,
    /// Who says it.
    #[serde(borrow)]
    pub from: Party<'a>,
    /// What it is.
    pub kind: MessageKind,
    /// The text, or what stands for it.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// With [`MessageKind::Event`], what happened.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event<'a>>,
    /// What the message holds besides its text, by kind.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Json<'a>>,
    /// Number of the entry that it quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_seq: Option<u64>,
    /// What became of it after it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// When it became durable.
    pub created_at: Timestamp,
}

/// Who says or does something.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Party<'a> {
    /// What they are.
    pub kind: PartyKind,
    /// Who they are; the system has no id.
    pub id: Option<Uuid>,
    /// What they are called.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
}

/// An agent, by id and name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Name<'a> {
    /// Who it is.
    pub id: Uuid,
    /// What they are called.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
}

/// What happened to a conversation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Event<'a> {
    /// What happened.
    pub code: EventCode,
    /// The agent who has the conversation now.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Name<'a>>,
    /// Who did it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Party<'a>>,
    /// The score of a rating, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// Number of the entry that an edit or recall is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Until when the conversation was set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What the client holds is of no use: forget it and reload.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reset<'a> {
    /// The life of the store as it is now.
    #[serde(borrow)]
    pub epoch: Cow<'a, str>,
    /// The only conversation that is affected; without it, all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<Uuid>,
}

/// A watch began.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Watching {
    /// What is watched.
    pub scope: Scope,
    /// Which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Entries after this one follow; earlier ones are to be had by REST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seq: Option<u64>,
}

/// Somebody began or ceased to type.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Typing<'a> {
    /// Where.
    pub conversation_id: Uuid,
    /// Who.
    #[serde(borrow)]
    pub from: Party<'a>,
    /// Whether they are typing now.
    pub on: bool,
}

/// Somebody has read.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Read<'a> {
    /// Where.
    pub conversation_id: Uuid,
    /// Who.
    #[serde(borrow)]
    pub from: Party<'a>,
    /// Up to this entry.
    pub seq: u64,
}

/// Somebody came or went.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Presence<'a> {
    /// Who.
    #[serde(borrow)]
    pub from: Party<'a>,
    /// Whether they are there now.
    pub status: Status,
    /// Why an agent is busy or away, if it says so.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    /// Since when that is so, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// A conversation changed. Its shape is the REST interface's.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Conversation<'a> {
    /// What changed.
    pub change: Change,
    /// The conversation as the receiver may see it.
    #[serde(borrow)]
    pub conversation: Cow<'a, RawValue>,
}

impl<'a> ServerFrame<'a> {
    /// The frame as JSON, in one WebSocket text frame of a server.
    pub fn encode(&self) -> Bytes {
        let mut frame = TextFrame::with_capacity(self.size_hint());
        serde_json::to_writer(&mut frame, self)
            .expect("a frame has only string keys, memory takes all bytes");
        frame.finish()
    }

    /// The frame as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a frame has only string keys")
    }

    /// Reads a frame; `None` when its type is unknown and it is to be skipped.
    pub fn parse(json: &'a str) -> Result<Option<Self>, serde_json::Error> {
        #[derive(Deserialize)]
        struct Type<'a> {
            #[serde(borrow, rename = "type")]
            name: Cow<'a, str>,
        }

        #[derive(Deserialize)]
        struct Restart {
            retry_after_ms: u32,
        }

        let frame: Type<'_> = serde_json::from_str(json)?;
        Ok(Some(match &*frame.name {
            "hello" => Self::Hello(serde_json::from_str(json)?),
            "ack" => Self::Ack(serde_json::from_str(json)?),
            "error" => Self::Error(serde_json::from_str(json)?),
            "message" => Self::Message(serde_json::from_str(json)?),
            "resumed" => Self::Resumed,
            "reset" => Self::Reset(serde_json::from_str(json)?),
            "watching" => Self::Watching(serde_json::from_str(json)?),
            "typing" => Self::Typing(serde_json::from_str(json)?),
            "read" => Self::Read(serde_json::from_str(json)?),
            "presence" => Self::Presence(serde_json::from_str(json)?),
            "conversation" => Self::Conversation(serde_json::from_str(json)?),
            "pong" => Self::Pong,
            "restart" => {
                let Restart { retry_after_ms } = serde_json::from_str(json)?;
                Self::Restart { retry_after_ms }
            }
            _ => return Ok(None),
        }))
    }

    /// About how long the JSON is, so that the hot frames are written without growing.
    fn size_hint(&self) -> usize {
        match self {
            Self::Message(message) => 384 + message.from.name.len() + message.text.len() * 9 / 8,
            Self::Hello(hello) => 320 + hello.conversations.len() * 72,
            Self::Conversation(conversation) => 64 + conversation.conversation.get().len(),
            _ => 240,
        }
    }
}
