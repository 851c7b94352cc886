//! Packets out of capture files: pcap in microseconds and nanoseconds, and pcapng, in either byte order.
//!
//! Formats: `pcap-savefile(5)` and the pcapng draft of the IETF (draft-ietf-opsawg-pcapng).

mod classic;
mod error;
mod next;

use std::io::Read;

pub use error::{PcapError, Problem};

use self::{classic::Classic, next::Next};
use crate::input::Input;

/// A packet that claims more bytes is refused.
pub const PACKET_MAX: usize = 16 << 20;

/// What a packet begins with: a `LINKTYPE_` number of tcpdump.org's registry.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct LinkType(pub u16);

/// One captured packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Packet<'a> {
    /// Where its record begins in the file.
    pub offset: u64,
    /// When it was captured, in nanoseconds since 1970.
    pub timestamp: i64,
    /// What its bytes begin with.
    pub link: LinkType,
    /// What was captured of it.
    pub bytes: &'a [u8],
    /// How many of its bytes were not captured.
    pub missing: u32,
}

/// A place in the file that holds a packet.
#[derive(Clone, Copy, Debug)]
struct Place {
    offset: u64,
    timestamp: i64,
    link: LinkType,
    /// Where the bytes are among those that are pending, and how long the record is.
    start: usize,
    captured: usize,
    missing: u32,
    used: usize,
}

/// Byte order of a file or a section.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Order {
    Big,
    Little,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk()).copied().unwrap_or_default();
        match self {
            Self::Big => u16::from_be_bytes(bytes),
            Self::Little => u16::from_le_bytes(bytes),
        }
    }

    fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk()).copied().unwrap_or_default();
        match self {
            Self::Big => u32::from_be_bytes(bytes),
            Self::Little => u32::from_le_bytes(bytes),
        }
    }
}

/// Whether a file that begins so is a capture.
pub(crate) fn is_magic(head: &[u8]) -> bool {
    head.starts_with(&next::SECTION) || classic::Magic::read(head).is_some()
}

/// Reads packets one after the other, with no more than one in memory.
#[derive(Debug)]
pub struct Reader<R> {
    input: Input<R>,
    format: Format,
    /// What the last packet took, which goes with the next call.
    used: usize,
    is_over: bool,
}

#[derive(Debug)]
enum Format {
    Unknown,
    Classic(Classic),
    Next(Next),
}

impl<R: Read> Reader<R> {
    /// Reads from a stream that is not compressed.
    pub fn new(reader: R) -> Self {
        Self { input: Input::new(reader), format: Format::Unknown, used: 0, is_over: false }
    }

    /// How far it has read, in bytes of the stream.
    pub fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// The next packet; none at the end of the stream, or after an error.
    ///
    /// # Errors
    ///
    /// The stream is no capture, is damaged or is cut off; packets before that have been given.
    pub fn next_packet(&mut self) -> Result<Option<Packet<'_>>, PcapError> {
        if self.is_over {
            return Ok(None);
        }
        self.input.consume(std::mem::take(&mut self.used));
        match self.place() {
            Ok(Some(place)) => {
                self.used = place.used;
                let Place { offset, timestamp, link, start, captured, missing, .. } = place;
                let bytes = &self.input.pending()[start..start + captured];
                Ok(Some(Packet { offset, timestamp, link, bytes, missing }))
            }
            Ok(None) => {
                self.is_over = true;
                Ok(None)
            }
            Err(error) => {
                self.is_over = true;
                Err(error)
            }
        }
    }

    fn place(&mut self) -> Result<Option<Place>, PcapError> {
        loop {
            match &mut self.format {
                Format::Classic(classic) => return classic.next(&mut self.input),
                Format::Next(next) => return next.next(&mut self.input),
                Format::Unknown => {
                    let is_there = self.input.need(4).map_err(|error| PcapError::io(0, error))?;
                    let head = self.input.pending();
                    self.format = if is_there && head.starts_with(&next::SECTION) {
                        Format::Next(Next::default())
                    } else if let Some(magic) = classic::Magic::read(head) {
                        Format::Classic(Classic::open(magic, &mut self.input)?)
                    } else if head.is_empty() {
                        return Err(PcapError { offset: 0, problem: Problem::Empty });
                    } else {
                        return Err(PcapError { offset: 0, problem: Problem::Magic });
                    };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
