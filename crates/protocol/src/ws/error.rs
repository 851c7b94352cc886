use crate::ws::CloseCode;

/// How a peer broke the WebSocket protocol; the connection must be failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProtocolError {
    /// A reserved bit was set although no extension was negotiated.
    #[error("reserved bits are set")]
    ReservedBits,
    /// The opcode is not one of RFC 6455.
    #[error("opcode {0} is reserved")]
    ReservedOpcode(u8),
    /// A close, ping or pong frame without the FIN bit.
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// A close, ping or pong frame with more than 125 bytes.
    #[error("a control frame is longer than 125 bytes")]
    ControlTooLong,
    /// A 64-bit length with its top bit set.
    #[error("the frame length exceeds 63 bits")]
    LengthTopBit,
    /// A client's frame without a mask.
    #[error("a frame from the client is not masked")]
    Unmasked,
    /// A server's frame with a mask.
    #[error("a frame from the server is masked")]
    Masked,
    /// A continuation frame with no message to continue.
    #[error("a continuation frame continues nothing")]
    UnexpectedContinuation,
    /// A new message within a fragmented one.
    #[error("a new message began within a fragmented one")]
    ExpectedContinuation,
    /// A text message or a close reason that is not UTF-8.
    #[error("text is not UTF-8")]
    InvalidUtf8,
    /// A close frame whose body is a single byte.
    #[error("a close frame has half a code")]
    TruncatedClose,
    /// A close code that must not be sent.
    #[error("close code {0} must not be sent")]
    InvalidCloseCode(u16),
    /// A message beyond the receiver's limit, known from its headers alone.
    #[error("a message exceeds {limit} bytes")]
    MessageTooLong {
        /// The limit, in bytes.
        limit: u32,
    },
}

impl ProtocolError {
    /// The code that RFC 6455 gives to this failure.
    pub fn close_code(&self) -> CloseCode {
        match self {
            Self::InvalidUtf8 => CloseCode::INVALID_PAYLOAD,
            Self::MessageTooLong { .. } => CloseCode::TOO_BIG,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}
