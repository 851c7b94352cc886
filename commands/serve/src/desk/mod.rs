//! The desk: the one task that changes conversations, people and settings.
//!
//! Requests come in over one bounded channel. The task takes all that wait, applies them to copies of
//! what they touch, commits the outcome in one transaction, and only then answers, tells the sockets and
//! keeps the copies. A commit that fails changes nothing: every request of the group is refused.
//!
//! The desk is the single owner of routing, of the hub and of the store's writer, so none of them has a lock.

mod api;
mod apply;
mod batch;
mod bot;
#[cfg(feature = "channels")]
mod channels;
mod connections;
mod conversations;
mod deliver;
mod erase;
#[cfg(feature = "migrate")]
mod feed;
mod files;
mod gather;
mod handle;
mod hot;
mod ids;
mod messages;
mod people;
mod reading;
mod records;
mod replay;
mod roles;
mod routing;
mod task;
mod teams;
mod timed;

#[cfg(test)]
pub(crate) use api::OpenedVisitor;
pub(crate) use api::{
    Act, AgentChange, Change, Command, Connect, Ending, InboxChange, NewVisitor, Reply, RoleChange, Send,
    Sent, TeamChange,
};
#[cfg(feature = "channels")]
pub(crate) use channels::{Arrival, Arrivals, Arrived};
pub(crate) use handle::{Desk, DeskOptions, units};
pub(crate) use reading::ReadingOptions;

use handle::Shared;

#[cfg(test)]
mod tests;
