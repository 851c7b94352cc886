//! Streams out of segments, as a listener beside the connection can know them.
//!
//! A connection has two halves. Each gives its bytes once and in order: what is sent again or overlaps counts as it came
//! first, what comes early waits for what is before it, and what never comes becomes a gap that is said with its length.
//! Data is given only after what it acknowledges was given, so that an answer never comes before its question, however
//! the capture has mixed them.
//!
//! Time is that of the packets. Whatever waits is bounded, by connection and in all.

mod flow;
mod flows;
mod half;

pub use flow::{Ends, Side};
pub use flows::{Counters, Flows, Limits, Speaker};

/// What comes out of a half.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// The next bytes.
    Data {
        /// What was sent.
        bytes: &'a [u8],
        /// Where and when.
        at: Position,
    },
    /// Bytes that were not captured.
    Gap {
        /// Where it begins.
        offset: u64,
        /// How many.
        len: u64,
    },
    /// Nothing more comes.
    End(End),
}

/// Where in its half data is, and what its sender had seen of the other half.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Position {
    /// When it was captured, in nanoseconds since 1970.
    pub time: i64,
    /// The place of the first byte; only differences mean something.
    pub offset: u64,
    /// Up to which place of the other half its sender had received, if it said so.
    pub acknowledged: Option<u64>,
    /// The same as the segment has it.
    pub acknowledgement: u32,
}

/// How a half ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// Its sender closed it.
    Closed,
    /// The connection was reset.
    Reset,
    /// Nothing more was captured: the capture ended, the connection was silent for too long, or its ports were used again.
    Cut,
}

#[cfg(test)]
mod tests;
