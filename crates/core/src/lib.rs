//! The domain of kefu: principals, messages, conversations and routing, as pure state machines.
//!
//! *Invariant:* this crate knows no clock, socket, database, task or random source. Times, ids and
//! log positions come from the caller, so every transition can be replayed exactly.

mod access;
mod conversation;
mod message;
mod principal;
mod rate;
mod rights;
mod routing;
mod time;

pub use access::{Action, may};
pub use conversation::{Conversation, Rating, Refusal, State};
pub use message::{Audience, Entry, Event, EventCode, MessageKind};
pub use principal::{
    Agent, AgentKey, AgentStatus, ConversationKey, Inbox, InboxKey, Principal, Role, Visitor, VisitorKey,
};
pub use rate::{Limit, Meter};
pub use rights::{Permission, Rights};
pub use routing::{Assignment, Routing};
pub use time::Micros;
