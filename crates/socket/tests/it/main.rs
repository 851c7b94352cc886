//! Connections over real sockets, in process.

mod churn;
mod close;
mod echo;
mod heartbeat;
mod peer;
mod pressure;
