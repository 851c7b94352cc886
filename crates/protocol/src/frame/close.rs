use crate::ws::{CloseCode, ProtocolError};

/// The codes with which a chat server closes, beside those of RFC 6455.
impl CloseCode {
    /// 4000: a frame that is not JSON, is binary or is too large.
    pub const BAD_FRAME: Self = Self(4000);
    /// 4001: no valid token.
    pub const UNAUTHORIZED: Self = Self(4001);
    /// 4003: the origin or the principal is not allowed here.
    pub const FORBIDDEN: Self = Self(4003);
    /// 4008: the client reads too slowly; reconnect and resume.
    pub const SLOW: Self = Self(4008);
    /// 4009: too many connections of one principal; a newer one took this one's place.
    pub const REPLACED: Self = Self(4009);
    /// 4029: too many frames or connections; reconnect later.
    pub const RATE_LIMITED: Self = Self(4029);

    /// The code with which the chat server answers a broken WebSocket frame.
    pub fn for_chat(error: &ProtocolError) -> Self {
        match error {
            ProtocolError::MessageTooLong { .. } => Self::BAD_FRAME,
            other => other.close_code(),
        }
    }
}
