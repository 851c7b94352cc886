//! WebSocket (RFC 6455), server and client side, without extensions.
//!
//! An idle connection costs the codec 16 bytes ([`Decoder`]) or 24 ([`Reader`]): input is decoded in
//! the buffer that it was read into, and only a frame cut in two or a fragmented message is kept.

mod close;
mod decoder;
mod encoder;
mod error;
mod handshake;
mod header;
mod mask;
mod reader;

pub use close::{Close, CloseCode};
pub use decoder::{Decoder, Incoming, Role, Step};
pub use encoder::{FrameHeader, PING, PONG, TextFrame, close_frame, encode, encode_header, text_frame};
pub use error::ProtocolError;
pub use handshake::{ClientHandshake, HandshakeError, HandshakeStep, accept_key, has_token, is_valid_key};
pub use header::Opcode;
pub use mask::apply_mask;
pub use reader::Reader;

#[cfg(test)]
mod tests;
