mod json;

use kefu_core::Micros;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::topic::Topic;

pub use json::{EVENT_BYTES_MAX, EVENT_MEDIA_TYPE};

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// The same however often it is told, and wherever.
    pub id: Uuid,
    /// What it is about.
    pub topic: Topic,
    /// Events with the same key come in order: the id of a conversation, a ticket or a visitor.
    pub key: String,
    /// Where it stands in the store's log; none for events from elsewhere.
    pub position: Option<i64>,
    /// When it happened.
    pub at: Micros,
    /// Version of the schema of `data`, by topic.
    pub version: u16,
    /// What happened, as the topic's schema says.
    pub data: Box<RawValue>,
}

/// Why bytes are no event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// They are too many.
    #[error("an event of {0} bytes; at most {EVENT_BYTES_MAX} can be told")]
    Long(usize),
    /// They are no JSON, or not of a CloudEvent.
    #[error("not a CloudEvent: {0}")]
    Json(#[from] serde_json::Error),
    /// A bus has no room for its topic.
    #[error("no event can be told at `{topic}`: {reason}")]
    Topic {
        /// Which.
        topic: String,
        /// What is wrong.
        reason: String,
    },
    /// An attribute of the envelope is not as kefu writes it.
    #[error("attribute `{name}` of the event: {reason}")]
    Attribute {
        /// Which.
        name: &'static str,
        /// What is wrong.
        reason: String,
    },
}
