use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::event::Event;

/// Hears of events.
///
/// Several events may be with a handler at once, but never two with the same key.
pub trait Handler: Send + Sync + 'static {
    /// Does what is to be done about an event that is told for the `attempt`-th time, from 1.
    fn handle<'a>(&'a self, event: &'a Event, attempt: u32) -> Handling<'a>;
}

/// An outcome to come.
pub type Handling<'a> = BoxFuture<'a, Outcome>;

/// What became of an event at a handler.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It is done, durably, and will not be told again.
    Done,
    /// It is to be told again, not before this time has passed; those with the same key wait behind it.
    Again {
        /// How long at least; none leaves it to the bus.
        after: Option<Duration>,
        /// Why, for operators.
        why: String,
    },
    /// It will never do. It is laid aside as a dead letter, and the next one comes.
    Dead {
        /// Why, for operators.
        why: String,
    },
}
