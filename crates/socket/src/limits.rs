use std::time::Duration;

/// What a connection may take; one set for all connections of a [`Registry`](crate::Registry).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Longest message that is read from a peer, in bytes.
    pub message_bytes_max: u32,
    /// Most bytes that may wait for a peer; one more frame closes the connection as slow.
    ///
    /// Every frame counts 32 bytes more than it is long, so that many short ones are bounded too.
    pub queue_bytes_max: u32,
    /// A queue of at most so many bytes is drained: whoever sends in pages goes on.
    pub queue_bytes_low: u32,
    /// A peer that was silent for so many seconds is pinged.
    pub ping_after_s: u32,
    /// A peer that was silent for so many seconds is dead.
    pub dead_after_s: u32,
    /// Longest wait for the peer's half of the closing handshake.
    pub close_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 64 * 1024,
            queue_bytes_max: 256 * 1024,
            queue_bytes_low: 64 * 1024,
            ping_after_s: 25,
            dead_after_s: 55,
            close_timeout: Duration::from_secs(5),
        }
    }
}
