/// The WebSocket subprotocol that these frames belong to.
pub const SUBPROTOCOL: &str = "kefu.v1";

/// Longest frame that a server takes from a client unless configured otherwise, in bytes.
pub const MAX_CLIENT_FRAME: u32 = 64 * 1024;

/// Longest text of a message, in characters (Unicode scalar values).
pub const MAX_TEXT_CHARS: usize = 16_384;

/// Most positions in one `resume`.
pub const MAX_POSITIONS: usize = 500;

/// Most conversations in one `hello`; a client learns of the others by REST.
pub const MAX_HELLO_CONVERSATIONS: usize = 500;
