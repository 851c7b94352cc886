//! TCP segments out of packets: link layers, VLANs, IPv4 and IPv6 with fragments and extension headers.
//!
//! Checksums are not looked at: a machine that captures its own packets sees them before the network card fills them
//! in. The length that IP states is obeyed, so that padding and frame check sequences are no data.

mod fragments;
mod ip;
mod link;
mod segment;

use std::net::IpAddr;

pub use fragments::{FRAGMENTS_BYTES_MAX, Fragments};
pub use segment::{Flags, Segment};

use crate::pcap::LinkType;

/// Why a packet is no segment.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum NoSegment {
    /// The link layer is not one that is read.
    Link,
    /// It carries neither IPv4 nor IPv6.
    NotIp,
    /// It carries something other than TCP.
    NotTcp,
    /// A header is cut off or says what cannot be.
    Malformed,
    /// A part of a packet whose other parts are not there yet.
    Fragment,
}

/// The payload of an IP packet, whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Datagram<'a> {
    source: IpAddr,
    target: IpAddr,
    protocol: u8,
    payload: &'a [u8],
    /// Bytes of it that were not captured.
    missing: u32,
    fragment: Option<Fragment>,
}

/// Which part of a packet it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Fragment {
    id: u32,
    offset: u32,
    has_more: bool,
}

const TCP: u8 = 6;

impl Fragments {
    /// Reads the segment in a packet that was captured at `time`, and hands it to `each`.
    ///
    /// # Errors
    ///
    /// There is none, and why.
    pub fn segment<T>(
        &mut self,
        link: LinkType,
        bytes: &[u8],
        missing: u32,
        time: i64,
        each: impl FnOnce(Segment<'_>) -> T,
    ) -> Result<T, NoSegment> {
        let packet = link::network(link, bytes)?;
        let datagram = ip::parse(packet, missing)?;
        if datagram.protocol != TCP {
            return Err(NoSegment::NotTcp);
        }
        let Some(fragment) = datagram.fragment else {
            return Segment::parse(&datagram).map(each);
        };
        let payload = self.add(&datagram, fragment, time).ok_or(NoSegment::Fragment)?;
        let whole = Datagram { payload: &payload, missing: 0, fragment: None, ..datagram };
        Segment::parse(&whole).map(each)
    }
}

/// Reads two bytes of a header.
fn u16_at(bytes: &[u8], at: usize) -> Result<u16, NoSegment> {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.copied().map(u16::from_be_bytes).ok_or(NoSegment::Malformed)
}

/// Reads four bytes of a header.
fn u32_at(bytes: &[u8], at: usize) -> Result<u32, NoSegment> {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.copied().map(u32::from_be_bytes).ok_or(NoSegment::Malformed)
}

#[cfg(test)]
mod tests;
