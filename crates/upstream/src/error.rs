use std::{io, time::Duration};

use kefu_wire::{Error, thrift::ApplicationException};

/// What another system answered, as JSON.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// What the operation returns.
    Returned(Vec<u8>),
    /// An exception that the operation declares: an object that begins with `"$exception"`.
    Thrown(Vec<u8>),
    /// A fault of SOAP: an object with the member `"$fault"`.
    Fault(Vec<u8>),
    /// Nothing, because the operation is one-way.
    Nothing,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The JSON of the call does not fit the operation.
    #[error("the call does not fit the operation: {0}")]
    Unwritable(Error),
    /// What came back is no answer to the operation.
    #[error("the upstream's answer cannot be read: {0}")]
    Unreadable(Error),
    /// A Thrift service failed in a way that the operation does not declare.
    #[error("the upstream failed: {} ({:?})", .0.message, .0.kind)]
    Failed(ApplicationException),
    /// An HTTP service answered with a status that is no success.
    #[error("the upstream answered with status {status}")]
    Status {
        /// The status.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
    /// Bytes did not get there or back.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// The breaker is open.
    #[error("the upstream failed too often and is left alone")]
    Open {
        /// When a call may be tried again.
        retry_after: Duration,
    },
}

/// Why bytes did not get to another system or back.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// There is no connection.
    #[error("cannot connect to the upstream: {0}")]
    Connect(io::Error),
    /// The connection broke, or what came on it makes no sense.
    #[error("the connection to the upstream broke: {0}")]
    Broken(String),
    /// It took too long.
    #[error("the upstream took too long")]
    TimedOut,
    /// The answer is too long.
    #[error("the upstream's answer is longer than {0} bytes")]
    TooLong(usize),
}

impl CallError {
    /// Whether the other system is not well: what breakers count, and what another try may change.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Trouble(Trouble::TooLong(_)) => false,
            Self::Trouble(_) => true,
            Self::Status { status, .. } => matches!(status, 502..=504),
            Self::Unwritable(_) | Self::Unreadable(_) | Self::Failed(_) | Self::Open { .. } => false,
        }
    }

    /// Its name in metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unwritable(_) => "bad_call",
            Self::Unreadable(_) => "bad_answer",
            Self::Failed(_) => "failed",
            Self::Status { .. } => "status",
            Self::Trouble(Trouble::Connect(_)) => "connect",
            Self::Trouble(Trouble::Broken(_)) => "broken",
            Self::Trouble(Trouble::TimedOut) => "timeout",
            Self::Trouble(Trouble::TooLong(_)) => "too_long",
            Self::Open { .. } => "breaker_open",
        }
    }
}
