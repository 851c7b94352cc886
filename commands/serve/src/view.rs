//! Conversations, messages and agents as the REST interface and the frames show them.

mod conversation;
mod directory;
mod message;
mod people;
mod words;

use kefu_core::Micros;
use kefu_protocol::frame::Timestamp;

pub(crate) use conversation::{ConversationView, LastMessage, OfferView, QueueView};
pub(crate) use directory::Directory;
#[cfg(test)]
pub(crate) use message::EventView;
pub(crate) use message::MessageView;
pub(crate) use people::{AgentRef, AgentView, InboxRef, PartyView, TeamRef, VisitorBrief, VisitorRef};
pub(crate) use words::{change_word, message_kind};

/// A moment as the interface writes it.
pub(crate) fn timestamp(at: Micros) -> Timestamp {
    Timestamp::from_micros(at.0)
}
