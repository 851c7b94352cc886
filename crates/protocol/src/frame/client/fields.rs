//! The slow way to read a client's frame: field by field, so that an error can name the field.
//!
//! Whatever the fast way takes, this one takes with the same result.

use std::{borrow::Cow, collections::HashMap};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{ClientFrame, ParseError, Position, Resume, Send, Watch};
use crate::frame::{ErrorCode, Json, Scope, SendKind};

pub(super) fn parse(json: &str) -> Result<ClientFrame<'static>, ParseError> {
    let fields = match serde_json::from_str(json) {
        Ok(fields) => Fields(fields),
        Err(_) if serde_json::from_str::<IgnoredAny>(json).is_ok() => {
            return Err(ParseError::new(ErrorCode::BadFrame, "the frame is not a JSON object"));
        }
        Err(_) => return Err(ParseError::not_json()),
    };
    let client_id = fields.optional("client_id", UUID).unwrap_or_default();
    fields
        .frame()
        .and_then(ClientFrame::check)
        .map_err(|error| ParseError { client_id: error.client_id.or(client_id), ..error })
}

/// What a message may be.
const WORDS: &str = "text, note, location, card, form, image, file, voice or video";

const UUID: &str = "a UUID";
const STRING: &str = "a string";

/// The fields of one object, not looked into yet.
struct Fields<'a>(HashMap<String, &'a RawValue>);

impl Fields<'_> {
    fn frame(&self) -> Result<ClientFrame<'static>, ParseError> {
        let name: String = self.required("type", STRING)?;
        Ok(match &*name {
            "send" => ClientFrame::Send(Send {
                client_id: self.required("client_id", UUID)?,
                conversation_id: self.required("conversation_id", UUID)?,
                kind: self.word("kind", SendKind::from_word, WORDS)?,
                text: match self.0.get("data") {
                    None => Cow::Owned(self.required("text", STRING)?),
                    Some(_) => Cow::Owned(self.optional("text", STRING)?.unwrap_or_default()),
                },
                data: self
                    .0
                    .get("data")
                    .filter(|data| data.get() != "null")
                    .map(|data| Json::new(data.get().to_owned())),
                quote_seq: self.optional("quote_seq", "a whole number")?,
            }),
            "resume" => ClientFrame::Resume(Resume {
                epoch: Cow::Owned(self.required("epoch", STRING)?),
                positions: self.required::<Vec<Position>>("positions", "a list of {conversation_id, seq}")?,
            }),
            "typing" => ClientFrame::Typing {
                conversation_id: self.required("conversation_id", UUID)?,
                on: self.required("on", "true or false")?,
            },
            "read" => ClientFrame::Read {
                conversation_id: self.required("conversation_id", UUID)?,
                seq: self.required("seq", "a whole number")?,
            },
            "watch" => ClientFrame::Watch(self.watch()?),
            "unwatch" => ClientFrame::Unwatch(self.watch()?),
            "ping" => ClientFrame::Ping,
            _ => {
                let message = format!("frames of the type {} are unknown", clip(&name));
                return Err(ParseError::new(ErrorCode::BadFrame, message).in_field("type"));
            }
        })
    }

    fn watch(&self) -> Result<Watch, ParseError> {
        Ok(Watch {
            scope: self.word("scope", Scope::from_word, "conversation, team or all")?,
            id: self.optional::<Uuid>("id", UUID)?,
        })
    }

    fn word<T>(
        &self,
        field: &'static str,
        from_word: impl Fn(&str) -> Option<T>,
        wanted: &str,
    ) -> Result<T, ParseError> {
        let word: String = self.required(field, wanted)?;
        from_word(&word).ok_or_else(|| wrong(field, wanted))
    }

    fn required<T: DeserializeOwned>(&self, field: &'static str, wanted: &str) -> Result<T, ParseError> {
        let missing = || ParseError::new(ErrorCode::BadFrame, format!("{field} is missing")).in_field(field);
        self.optional(field, wanted)?.ok_or_else(missing)
    }

    /// The field's value; null counts as absent.
    fn optional<T: DeserializeOwned>(
        &self,
        field: &'static str,
        wanted: &str,
    ) -> Result<Option<T>, ParseError> {
        let Some(value) = self.0.get(field) else { return Ok(None) };
        serde_json::from_str(value.get()).map_err(|_| wrong(field, wanted))
    }
}

fn wrong(field: &'static str, wanted: &str) -> ParseError {
    ParseError::new(ErrorCode::BadFrame, format!("{field} must be {wanted}")).in_field(field)
}

/// A stranger's word, short enough to be repeated to them.
fn clip(word: &str) -> &str {
    &word[..word.floor_char_boundary(64)]
}
