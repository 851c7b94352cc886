//! WebSocket connections by the ten thousand: connection, outbox, hub, heartbeat.
//!
//! This crate knows sockets, bytes and WebSocket frames. It does **not** know what a message means,
//! the store, HTTP or JSON, and no clock: the seconds come from whoever calls [`Registry::sweep`].
//! It spawns nothing either; every task belongs to the caller.
//!
//! - [`run`] is one connection: one small task without buffers of its own while it is idle.
//! - [`Outbox`] is what a connection has still to send, bounded in bytes, pushed to from anywhere.
//! - [`Registry`] opens outboxes, counts them, pings the silent and ends the dead.
//! - [`Hub`] is who is connected and who hears what: a plain data structure of one owner.

mod connection;
mod few;
mod heartbeat;
mod hub;
mod limits;
mod metrics;
mod outbox;

pub use connection::{Connection, Ended, Flow, Handler, Reason, run};
pub use heartbeat::{Registry, Swept};
pub use hub::{Conn, ConnectionId, Hub};
pub use limits::Limits;
pub use metrics::OutboxMetrics;
pub use outbox::{Outbox, Pushed, payload};
