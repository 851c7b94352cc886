use std::io;

/// Why a capture cannot be read any further, and where.
#[derive(Debug, thiserror::Error)]
#[error("{problem}, at byte {offset}")]
pub struct PcapError {
    /// Where in the stream, after decompression.
    pub offset: u64,
    /// What is wrong.
    #[source]
    pub problem: Problem,
}

/// What can be wrong with a capture.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The stream cannot be read.
    #[error("cannot read on")]
    Io(#[source] io::Error),
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It does not begin like a capture.
    #[error("this is neither pcap nor pcapng")]
    Magic,
    /// A major version that nobody has described.
    #[error("version {0} of the format is not known")]
    Version(u16),
    /// It ends within a record.
    #[error("the file ends within a {0}")]
    Truncated(&'static str),
    /// A packet claims to be longer than packets are.
    #[error("a packet claims to have {0} bytes")]
    TooLong(u32),
    /// A block's length cannot be.
    #[error("a block claims to have {0} bytes")]
    BlockLength(u32),
    /// A block says at its end that it is of another length.
    #[error("a block has {start} bytes by its start and {end} by its end")]
    LengthsDiffer {
        /// The length at its start.
        start: u32,
        /// The length at its end.
        end: u32,
    },
    /// A section without a byte order.
    #[error("a section has no byte order mark")]
    ByteOrder,
    /// A packet of an interface that was not described.
    #[error("a packet names interface {0}, which the section does not describe")]
    Interface(u32),
    /// More interfaces than are held in memory.
    #[error("a section describes more than {0} interfaces")]
    Interfaces(usize),
}

impl PcapError {
    pub(super) fn io(offset: u64, error: io::Error) -> Self {
        Self { offset, problem: Problem::Io(error) }
    }
}
