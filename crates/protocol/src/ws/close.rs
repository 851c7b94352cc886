use std::{borrow::Cow, fmt};

/// The status code of a close frame (RFC 6455 §7.4).
///
/// The codes of the chat protocol itself (4000 and up) are defined beside its frames.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: an endpoint goes away; a page was left, a server stops for good.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the WebSocket protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1007: a text message was not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1009: a message was longer than the receiver's limit.
    pub const TOO_BIG: Self = Self(1009);
    /// 1012: the server restarts; reconnect after a while.
    pub const RESTART: Self = Self(1012);

    /// Whether a peer may send this code: registered with IANA for use on the wire, or in the range
    /// for libraries and applications.
    pub fn is_sendable(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The body of a close frame that carries a code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Close<'a> {
    /// Why the peer closes.
    pub code: CloseCode,
    /// A text for people who debug; at most 123 bytes.
    pub reason: Cow<'a, str>,
}
