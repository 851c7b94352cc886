//! What happened, for whoever wants to hear of it: places in the log and in the list of what happened to records, how
//! far each group has heard, and what is still to be told.
//!
//! A delivery names an event and never holds what it says: what is erased is told to nobody. A group's place and the
//! deliveries that it leaves behind it are written in one transaction, so nothing is between the two.

#[cfg(feature = "events")]
mod read;

#[cfg(feature = "events")]
pub(crate) use read::{kind_number, source_number, state_number};

use kefu_core::{Conversation, Entry, Micros, Principal, Visitor};
use uuid::Uuid;

/// How far something has come: everything up to here is behind it.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct EventPosition {
    /// In the log.
    pub pos: i64,
    /// In the list of what happened to records.
    pub number: i64,
}

/// Which list an event stands in.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum EventSource {
    /// The log.
    Log,
    /// The list of what happened to records.
    Records,
}

/// What happened to a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HappenedKind {
    /// A ticket was made.
    TicketMade,
    /// Fields of a ticket changed.
    TicketChanged,
    /// A ticket was commented on.
    TicketCommented,
    /// A visitor said who it is, or became known otherwise.
    VisitorIdentified,
}

/// Something that happened to a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Happened {
    /// 1, 2, 3 … in the order of commits, with gaps.
    pub number: i64,
    /// What.
    pub kind: HappenedKind,
    /// Number of the ticket, key of the visitor.
    pub target: i64,
    /// Of a ticket, the first and the last of what belongs to it: lines of its history, or its comment.
    pub keys: (i64, i64),
    /// Who did it.
    pub actor: Principal,
    /// When.
    pub at: Micros,
}

/// A part of the log as events are made of it.
#[derive(Clone, Debug, Default)]
pub struct EventSlice {
    /// Entries that were written here: what was brought over from elsewhere is nothing new.
    pub entries: Vec<Entry>,
    /// What happened to records.
    pub happened: Vec<Happened>,
    /// Up to where the slice goes.
    pub upto: EventPosition,
    /// Nothing was behind it.
    pub is_last: bool,
}

/// Conversations of events, and whose they are.
#[derive(Clone, Debug, Default)]
pub struct EventScenes {
    /// Heads, which may lag behind their log.
    pub conversations: Vec<Conversation>,
    /// Their visitors.
    pub visitors: Vec<Visitor>,
}

/// Who hears of events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventGroup {
    /// Row number.
    pub key: i64,
    /// Its name.
    pub name: String,
    /// How far it has heard, but for what waits.
    pub at: EventPosition,
    /// Up to where it is told however old it is.
    pub asked: EventPosition,
    /// Events that were too old when their turn came.
    pub skipped: u64,
    /// Since when nothing was taken.
    pub failing_since: Option<Micros>,
    /// When it was given up.
    pub stopped_at: Option<Micros>,
}

/// What became of an event for a group.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeliveryState {
    /// It is to be told.
    Waiting,
    /// It was told.
    Done,
    /// It will not be told.
    Dead,
}

/// An event that was told to a group, or is to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventDelivery {
    /// Row number, in the order of events; whatever it is when it is written.
    pub number: i64,
    /// Public id, which is made of the group and the event.
    pub id: Uuid,
    /// Row number of the group.
    pub group: i64,
    /// Id of the event.
    pub event: Uuid,
    /// Topic of the event.
    pub topic: String,
    /// Key of the event.
    pub key: String,
    /// Where the event stands.
    pub source: EventSource,
    /// Which place of that.
    pub pos: i64,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried since it was last asked for.
    pub tries: u32,
    /// What came of the last attempts, as a list of JSON; of one that is written, what came of the newest.
    pub attempts: String,
    /// When it is tried next, while it waits.
    pub next_at: Micros,
    /// When it was first tried or had to wait.
    pub created_at: Micros,
    /// When it last changed.
    pub updated_at: Micros,
}

/// How a group is doing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct GroupHealth {
    /// Deliveries that wait.
    pub waiting: u64,
    /// Since when the oldest does.
    pub oldest_waiting_at: Option<Micros>,
    /// Dead letters.
    pub dead: u64,
}

/// A department that asked for events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventSubscription {
    /// Public id.
    pub id: Uuid,
    /// Its name for people.
    pub name: String,
    /// What it asked for, as JSON.
    pub settings: String,
    /// What its requests are signed with, sealed; empty when they are not.
    pub sealed: Vec<u8>,
    /// Whether it is told anything.
    pub is_enabled: bool,
    /// Rises with each change; a change names the one that it was made for.
    pub version: i64,
    /// When it was added.
    pub created_at: Micros,
    /// When it was last changed.
    pub updated_at: Micros,
}

/// A change of who hears of events and what was told.
#[derive(Clone, Debug)]
pub enum EventChange {
    /// Adds a subscription.
    Subscribe(Box<EventSubscription>),
    /// Replaces what may change of a subscription; [`StoreError::Stale`](crate::StoreError::Stale) when `version` is
    /// not the one that there is.
    Resubscribe(Box<EventSubscription>),
    /// Takes a subscription away.
    Unsubscribe(Uuid),
    /// The same secret sealed anew; does nothing when it is another one by now.
    Resealed {
        /// Which subscription.
        id: Uuid,
        /// As it was.
        before: Vec<u8>,
        /// As it is.
        after: Vec<u8>,
    },
    /// Adds a group that hears of everything behind `at`, unless there is one of this name.
    Group {
        /// Its name.
        name: String,
        /// From where on.
        at: EventPosition,
    },
    /// Takes a group away, with all of its deliveries.
    EndGroup(String),
    /// A group has heard up to here, but for what waits.
    Advance {
        /// Row number of the group.
        group: i64,
        /// Up to where.
        to: EventPosition,
        /// Events on the way that were too old.
        skipped: u64,
    },
    /// A group hears again of everything behind `to`.
    Rewind {
        /// Row number of the group.
        group: i64,
        /// From where on.
        to: EventPosition,
        /// Up to where it is told however old it is.
        asked: EventPosition,
    },
    /// Says how a group is doing.
    Health {
        /// Row number of the group.
        group: i64,
        /// Since when nothing was taken.
        failing_since: Option<Micros>,
        /// When it was given up.
        stopped_at: Option<Micros>,
    },
    /// Writes what becomes of a delivery; its attempt is added to those that there are.
    Deliver(Box<EventDelivery>),
    /// Nothing is to be kept of a delivery.
    Delivered(Uuid),
    /// Has a delivery told again; [`StoreError::Stale`](crate::StoreError::Stale) when there is none.
    Redeliver {
        /// Its public id.
        id: Uuid,
        /// When.
        at: Micros,
    },
    /// Has all dead letters of a group told again.
    Revive {
        /// Row number of the group.
        group: i64,
        /// When.
        at: Micros,
    },
    /// Has everything of a group that waits tried at once.
    Hurry {
        /// Row number of the group.
        group: i64,
        /// When.
        at: Micros,
    },
    /// Forgets what was told `told_before`, and what happened to records or died `before`.
    Expire {
        /// Of what was told.
        told_before: Micros,
        /// Of all else.
        before: Micros,
    },
}
