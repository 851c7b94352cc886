//! The chat protocol `kefu.v1`, both sides: the WebSocket codec beneath it and its JSON frames.
//!
//! Bytes in, values out. This crate does **not** know a socket, a runtime, a clock, a source of
//! randomness or the store: mask keys, nonces, ids and times come from the caller, and whoever
//! reads the socket owns its buffers.
//!
//! - [`ws`] is RFC 6455: an incremental decoder, encoders, the opening handshake.
//! - [`frame`] is what chat clients and the server say to each other.

pub mod frame;
pub mod ws;
