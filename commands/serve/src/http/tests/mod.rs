//! The whole interface over a real store, without a socket.

mod access;
mod articles;
mod blocks;
mod bodies;
#[cfg(feature = "channels")]
mod channels;
mod customers;
mod doors;
mod erasure;
#[cfg(feature = "events")]
mod events;
#[cfg(feature = "bridge")]
mod external;
mod files;
#[cfg(feature = "bridge")]
mod gateway;
mod hostile;
mod identity;
mod masking;
mod notes;
pub(crate) mod office;
mod oversee;
mod privacy;
mod records;
mod replies;
mod reports;
mod retention;
pub(crate) mod rights;
mod search;
mod second;
mod settings;
mod shadow;
mod standby;
mod statuses;
mod tickets;
mod trail;
mod widget;
mod words;

pub(crate) use office::{Ask, Office};
