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
mod group;
mod handler;
#[cfg(feature = "embedded")]
pub mod happened;
mod topic;

#[cfg(any(feature = "nats", feature = "nsq"))]
mod backoff;
#[cfg(any(feature = "nats", feature = "nsq"))]
mod bus;
#[cfg(any(feature = "nats", feature = "nsq"))]
mod dispatch;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "nsq")]
mod nsq;
#[cfg(any(feature = "nats", feature = "nsq"))]
mod subscription;

#[cfg(any(feature = "nats", feature = "nsq"))]
pub use backoff::Backoff;
#[cfg(any(feature = "nats", feature = "nsq"))]
pub use bus::{Bus, PublishError};
#[cfg(any(feature = "nats", feature = "nsq"))]
pub use dispatch::Limits;
pub use event::{EVENT_BYTES_MAX, EVENT_MEDIA_TYPE, Event, EventError};
pub use group::{Group, GroupError};
pub use handler::{Handler, Handling, Outcome};
#[cfg(feature = "nats")]
pub use nats::{Nats, NatsError, NatsLogin, NatsSettings};
#[cfg(feature = "nsq")]
pub use nsq::{Nsq, NsqCompression, NsqSettings};
#[cfg(any(feature = "nats", feature = "nsq"))]
pub use subscription::Subscription;
pub use topic::{Pattern, Topic, TopicError};
