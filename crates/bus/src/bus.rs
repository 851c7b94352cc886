use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::event::{Event, EventError};
use crate::group::Group;
use crate::handler::Handler;
use crate::subscription::Subscription;
use crate::topic::{Pattern, Topic};

/// Where events are told and heard.
pub enum Bus {
    /// Over NSQ.
    #[cfg(feature = "nsq")]
    Nsq(crate::nsq::Nsq),
    /// Over NATS JetStream.
    #[cfg(feature = "nats")]
    Nats(crate::nats::Nats),
}

impl Bus {
    /// Tells events; they are durable when this returns well, and those with the same key come in this order.
    ///
    /// # Errors
    /// Some of them are perhaps not durable. Whoever tells all of them again makes no second events: ids stay.
    pub async fn publish(&self, events: &[Event]) -> Result<(), PublishError> {
        self.tell(None, events).await
    }

    /// Tells events as [`Bus::publish`] does, below a topic: `sales` has `chat.rated` told at `sales.chat.rated`. They
    /// stay the events that they are: what they say of themselves is not of where they are told.
    ///
    /// # Errors
    /// As with [`Bus::publish`]; a topic is perhaps too long with the other in front of it.
    pub async fn publish_below(&self, above: &Topic, events: &[Event]) -> Result<(), PublishError> {
        self.tell(Some(above), events).await
    }

    async fn tell(&self, above: Option<&Topic>, events: &[Event]) -> Result<(), PublishError> {
        match self {
            #[cfg(feature = "nsq")]
            Self::Nsq(nsq) => nsq.publish(above, events).await,
            #[cfg(feature = "nats")]
            Self::Nats(nats) => nats.publish(above, events).await,
        }
    }

    /// Has a handler hear the topics of a pattern as a member of a group. A server that is away is tried for ever.
    pub fn subscribe(&self, pattern: &Pattern, group: &Group, handler: Arc<dyn Handler>) -> Subscription {
        match self {
            #[cfg(feature = "nsq")]
            Self::Nsq(nsq) => nsq.subscribe(pattern, group, handler),
            #[cfg(feature = "nats")]
            Self::Nats(nats) => nats.subscribe(pattern, group, handler),
        }
    }
}

/// The topic of a bus at which an event is told.
pub(crate) fn told_at<'a>(event: &'a Event, above: Option<&Topic>) -> Result<Cow<'a, Topic>, PublishError> {
    let Some(above) = above else { return Ok(Cow::Borrowed(&event.topic)) };
    let topic = format!("{above}.{}", event.topic);
    topic.parse::<Topic>().map(Cow::Owned).map_err(|error| {
        let cause = EventError::Topic { topic, reason: error.to_string() };
        PublishError::Event { id: event.id, cause }
    })
}

/// Why events are perhaps not durable.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// One of them cannot be told.
    #[error("event {id} cannot be told: {cause}")]
    Event {
        /// Which.
        id: Uuid,
        /// Why.
        cause: EventError,
    },
    /// There is no server in the settings that takes events.
    #[error("the settings name no server to tell events to")]
    Nowhere,
    /// The server cannot be reached, or the connection broke before it answered.
    #[error("{server} cannot be told events: {cause}")]
    Away {
        /// Its address.
        server: String,
        /// Why.
        cause: String,
    },
    /// The server does not take them.
    #[error("{server} does not take events: {answer}")]
    Refused {
        /// Its address.
        server: String,
        /// What it says.
        answer: String,
    },
    /// The server did not confirm them in time.
    #[error("the server did not confirm the events within {0:?}")]
    TimedOut(Duration),
}

impl PublishError {
    pub(crate) fn away(server: &str, cause: &dyn fmt::Display) -> Self {
        Self::Away { server: server.to_owned(), cause: cause.to_string() }
    }

    #[cfg(feature = "nsq")]
    pub(crate) fn closed() -> Self {
        Self::away("the bus", &"it is being closed")
    }
}
