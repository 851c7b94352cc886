//! The domain of kefu: principals, messages, conversations and routing, as pure state machines.
//!
//! *Invariant:* this crate knows no clock, socket, database, task or random source. Times, ids and
//! log positions come from the caller, so every transition can be replayed exactly.

mod access;
mod content;
mod conversation;
mod message;
mod principal;
mod rate;
mod revise;
mod rights;
mod routing;
mod time;

pub use access::{Action, may};
pub use content::{Content, ContentError, DATA_BYTES_MAX};
pub use conversation::{Conversation, Rating, Refusal, State};
pub use message::{Audience, Entry, Event, EventCode, MessageKind, Revision};
pub use principal::{
    Agent, AgentKey, AgentStatus, ConversationKey, Inbox, InboxKey, Principal, Role, Visitor, VisitorKey,
};
pub use rate::{Limit, Meter};
pub use revise::{EDIT_WINDOW_SECONDS, RECALL_WINDOW_SECONDS, Revise, Unrevised, revise};
pub use rights::{Permission, Rights};
pub use routing::{Assignment, Routing};
pub use time::Micros;
