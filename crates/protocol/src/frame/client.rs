mod fields;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    frame::{ErrorCode, Json, MAX_POSITIONS, MAX_TEXT_CHARS, Scope, SendKind},
    ws::CloseCode,
};

/// What a client says.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame<'a> {
    /// Adds a message to a conversation.
    Send(Send<'a>),
    /// Names what the client holds, as the first frame of a connection.
    Resume(Resume<'a>),
    /// Begins or ceases to type.
    Typing {
        /// Where.
        conversation_id: Uuid,
        /// Whether the client is typing now.
        on: bool,
    },
    /// Has read up to an entry.
    Read {
        /// Where.
        conversation_id: Uuid,
        /// The entry.
        seq: u64,
    },
    /// Wants to receive more.
    Watch(Watch),
    /// Wants to receive it no longer.
    Unwatch(Watch),
    /// Asks for a sign of life.
    Ping,
}

/// Adds a message to a conversation.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Send<'a> {
    /// The sender's id of the message: sending it twice stores it once.
    pub client_id: Uuid,
    /// Where it belongs.
    pub conversation_id: Uuid,
    /// What it is.
    pub kind: SendKind,
    /// The text, between 1 and [`MAX_TEXT_CHARS`] characters; may be empty beside `data`.
    pub text: Cow<'a, str>,
    /// What the message holds besides its text; which kinds have it is not this crate's to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json<'a>>,
    /// Number of the entry that it quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote_seq: Option<u64>,
}

/// Names what the client holds.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Resume<'a> {
    /// The life of the store that the positions belong to.
    pub epoch: Cow<'a, str>,
    /// At most [`MAX_POSITIONS`].
    pub positions: Vec<Position>,
}

/// The last entry of a conversation that a client holds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Position {
    /// The conversation.
    pub conversation_id: Uuid,
    /// Number of the entry, 0 when the client holds none.
    pub seq: u64,
}

/// What a watch is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Watch {
    /// What is watched.
    pub scope: Scope,
    /// Which one; a conversation must be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

/// Why a client's frame was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// The reason.
    pub code: ErrorCode,
    /// The message that the frame was about, when that much could be read.
    pub client_id: Option<Uuid>,
    /// The field that is to blame.
    pub field: Option<&'static str>,
    /// The reason in words.
    pub message: Cow<'static, str>,
    /// Close the connection with this code instead of answering.
    pub close: Option<CloseCode>,
}

impl ParseError {
    /// An error to be answered.
    fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, client_id: None, field: None, message: message.into(), close: None }
    }

    fn in_field(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }

    /// An error after which the connection must be closed: the frame is not JSON.
    fn not_json() -> Self {
        Self { close: Some(CloseCode::BAD_FRAME), ..Self::new(ErrorCode::BadFrame, "the frame is not JSON") }
    }
}

impl<'a> ClientFrame<'a> {
    /// Reads a client's frame.
    ///
    /// Unknown fields are ignored. A name that stands twice counts as it stands last.
    ///
    /// # Errors
    ///
    /// The frame is not JSON ([`ParseError::close`] is set), is no object, has an unknown type, lacks a
    /// field, or a field is malformed or over its limit.
    pub fn parse(json: &'a str) -> Result<Self, ParseError> {
        // One pass over a well-formed frame. Whatever else, field by field tells what is wrong with it.
        match serde_json::from_str::<Envelope<'a>>(json) {
            Ok(envelope) => match envelope.open() {
                Some(frame) => frame.check(),
                None => fields::parse(json),
            },
            Err(_) => fields::parse(json),
        }
    }

    /// The frame as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a frame has only string keys")
    }

    /// Holds a well-formed frame against the limits.
    fn check(self) -> Result<Self, ParseError> {
        match &self {
            Self::Send(send) => {
                let named = |error| ParseError { client_id: Some(send.client_id), ..error };
                check_text(send.kind, &send.text).map_err(named)?;
            }
            Self::Resume(resume) if resume.positions.len() > MAX_POSITIONS => {
                let message = format!("more than {MAX_POSITIONS} positions");
                return Err(ParseError::new(ErrorCode::TooLarge, message).in_field("positions"));
            }
            Self::Watch(Watch { scope: Scope::Conversation, id: None })
            | Self::Unwatch(Watch { scope: Scope::Conversation, id: None }) => {
                return Err(ParseError::new(ErrorCode::BadFrame, "id is missing").in_field("id"));
            }
            _ => {}
        }
        Ok(self)
    }
}

/// Checks the text of a message, from wherever it comes.
///
/// # Errors
///
/// The text is longer than [`MAX_TEXT_CHARS`], or blank where it is all that there is.
pub fn check_text(kind: SendKind, text: &str) -> Result<(), ParseError> {
    // No text has more characters than bytes.
    if text.len() > MAX_TEXT_CHARS && text.chars().count() > MAX_TEXT_CHARS {
        let message = format!("text is longer than {MAX_TEXT_CHARS} characters");
        return Err(ParseError::new(ErrorCode::TooLarge, message).in_field("text"));
    }
    if matches!(kind, SendKind::Text | SendKind::Note) && text.trim_start().is_empty() {
        return Err(ParseError::new(ErrorCode::BadFrame, "text is empty").in_field("text"));
    }
    Ok(())
}

/// [`ClientFrame::parse`] without its short cut.
#[cfg(test)]
pub(super) fn parse_by_fields(json: &str) -> Result<ClientFrame<'static>, ParseError> {
    fields::parse(json)
}

/// Every field that a frame may have, read in one pass.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    name: &'a str,
    client_id: Option<Uuid>,
    conversation_id: Option<Uuid>,
    kind: Option<SendKind>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<Json<'a>>,
    quote_seq: Option<u64>,
    #[serde(borrow)]
    epoch: Option<Text<'a>>,
    positions: Option<Vec<Position>>,
    on: Option<bool>,
    seq: Option<u64>,
    scope: Option<Scope>,
    id: Option<Uuid>,
}

/// A string that is borrowed unless it has escapes; an `Option<Cow<str>>` would always be copied.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Envelope<'a> {
    /// The frame, if its type is known and its fields are there.
    fn open(self) -> Option<ClientFrame<'a>> {
        Some(match self.name {
            "send" => ClientFrame::Send(Send {
                client_id: self.client_id?,
                conversation_id: self.conversation_id?,
                kind: self.kind?,
                // Only beside data may the text be left out, and the slow way knows when.
                text: self.text?.0,
                data: self.data,
                quote_seq: self.quote_seq,
            }),
            "resume" => ClientFrame::Resume(Resume { epoch: self.epoch?.0, positions: self.positions? }),
            "typing" => ClientFrame::Typing { conversation_id: self.conversation_id?, on: self.on? },
            "read" => ClientFrame::Read { conversation_id: self.conversation_id?, seq: self.seq? },
            "watch" => ClientFrame::Watch(Watch { scope: self.scope?, id: self.id }),
            "unwatch" => ClientFrame::Unwatch(Watch { scope: self.scope?, id: self.id }),
            "ping" => ClientFrame::Ping,
            _ => return None,
        })
    }
}
