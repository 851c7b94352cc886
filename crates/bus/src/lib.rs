//! What happened, told to whoever wants to hear it.
//!
//! An [`Event`] has an id that is the same however often it is told, a [`Topic`] such as `message.created`, and a key
//! (its conversation) within which events come in order. Whoever subscribes names a [`Pattern`] of topics and a group:
//! each group hears every event, and its members share them.
//!
//! *Invariant:* an event is told at least once to each group. It is done when its handler says so, never before.

#[cfg(feature = "embedded")]
pub mod embedded;
mod event;
mod handler;
#[cfg(feature = "embedded")]
pub mod happened;
mod topic;

pub use event::{EVENT_BYTES_MAX, EVENT_MEDIA_TYPE, Event, EventError};
pub use handler::{Handler, Handling, Outcome};
pub use topic::{Pattern, Topic, TopicError};
