use std::io;

/// Something is wrong in a file of records, and where.
#[derive(Debug, thiserror::Error)]
#[error("{problem}, at byte {offset}")]
pub struct GorError {
    /// Where the record begins in the stream, after decompression.
    pub offset: u64,
    /// What is wrong.
    #[source]
    pub problem: Problem,
}

/// What can be wrong with a record.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The stream cannot be read any further.
    #[error("cannot read on")]
    Io(#[source] io::Error),
    /// The first line is no header; the record is left out.
    #[error("the first line of the record is no header: {0}")]
    Header(&'static str),
    /// The record is longer than what is held in memory; it is left out.
    #[error("the record is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// The timestamp is no number; the record was given with 0 in its place.
    #[error("the timestamp is no number of nanoseconds")]
    Timestamp,
    /// The header states a length at which there is no separator; the record was read up to the next one.
    #[error("the header says that the payload has {said} bytes, but no separator follows them")]
    Length {
        /// What the header says.
        said: u64,
    },
    /// The stream ends within the record; what is there of it was given.
    #[error("the last record has no separator; the file may be cut off")]
    Unterminated,
}

impl GorError {
    /// Whether nothing more can be read.
    pub fn is_fatal(&self) -> bool {
        matches!(self.problem, Problem::Io(_))
    }

    /// Whether the record it speaks of was given all the same.
    pub fn is_of_given(&self) -> bool {
        matches!(self.problem, Problem::Timestamp | Problem::Length { .. } | Problem::Unterminated)
    }
}
