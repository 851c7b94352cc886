use std::net::SocketAddr;

use super::{Datagram, NoSegment, u16_at, u32_at};

/// The flags of a segment that matter here.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Flags {
    /// It begins a connection.
    pub syn: bool,
    /// Its sender has nothing more to say.
    pub fin: bool,
    /// It ends a connection at once.
    pub rst: bool,
}

/// A segment of TCP (RFC 9293).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segment<'a> {
    /// Who sent it.
    pub source: SocketAddr,
    /// Who is to get it.
    pub target: SocketAddr,
    /// The number of its first byte.
    pub sequence: u32,
    /// The number of the byte that is expected next, if it acknowledges.
    pub acknowledged: Option<u32>,
    /// What it is.
    pub flags: Flags,
    /// Its data.
    pub payload: &'a [u8],
    /// Data that was not captured.
    pub missing: u32,
}

impl<'a> Segment<'a> {
    pub(super) fn parse(datagram: &Datagram<'a>) -> Result<Self, NoSegment> {
        let bytes = datagram.payload;
        let flags = *bytes.get(13).ok_or(NoSegment::Malformed)?;
        let header = usize::from(bytes[12] >> 4) * 4;
        if header < 20 {
            return Err(NoSegment::Malformed);
        }
        // Of a packet that was cut short, options may be missing as well as data.
        let missing_options = header.saturating_sub(bytes.len()) as u32;
        if missing_options > datagram.missing {
            return Err(NoSegment::Malformed);
        }
        Ok(Self {
            source: SocketAddr::new(datagram.source, u16_at(bytes, 0)?),
            target: SocketAddr::new(datagram.target, u16_at(bytes, 2)?),
            sequence: u32_at(bytes, 4)?,
            acknowledged: (flags & 0x10 != 0).then_some(u32_at(bytes, 8)?),
            flags: Flags { syn: flags & 2 != 0, fin: flags & 1 != 0, rst: flags & 4 != 0 },
            payload: bytes.get(header..).unwrap_or_default(),
            missing: datagram.missing - missing_options,
        })
    }
}
