//! Link layers, by their `LINKTYPE_` numbers (tcpdump.org/linktypes.html).

use super::{NoSegment, u16_at};
use crate::pcap::LinkType;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
/// 802.1Q, 802.1ad and what was used before it.
const VLANS: [u16; 3] = [0x8100, 0x88a8, 0x9100];
const PPPOE: u16 = 0x8864;
/// A type below is a length: an LLC header follows.
const TYPE_MIN: u16 = 0x0600;
const VLANS_MAX: usize = 8;

/// Gives the IP packet that a packet of the link layer carries.
pub(super) fn network(link: LinkType, bytes: &[u8]) -> Result<&[u8], NoSegment> {
    let skip = |len: usize| bytes.get(len..).ok_or(NoSegment::Malformed);
    match link.0 {
        // NULL has the address family in the byte order of the machine, LOOP in network order.
        0 | 108 => {
            let family: [u8; 4] = bytes.first_chunk().copied().ok_or(NoSegment::Malformed)?;
            let family = if family[0] == 0 { u32::from_be_bytes(family) } else { u32::from_le_bytes(family) };
            // IPv6 is 10, 24, 28 or 30, as the system has it.
            if matches!(family, 2 | 10 | 24 | 28 | 30) { skip(4) } else { Err(NoSegment::NotIp) }
        }
        1 => ether(u16_at(bytes, 12)?, skip(14)?),
        12 | 14 | 101 | 228 | 229 => Ok(bytes),
        // Linux's cooked captures, of both versions.
        113 => ether(u16_at(bytes, 14)?, skip(16)?),
        276 => ether(u16_at(bytes, 0)?, skip(20)?),
        _ => Err(NoSegment::Link),
    }
}

/// What follows a type of Ethernet.
fn ether(mut kind: u16, mut rest: &[u8]) -> Result<&[u8], NoSegment> {
    for _ in 0..=VLANS_MAX {
        let skip = |len: usize| rest.get(len..).ok_or(NoSegment::Malformed);
        match kind {
            IPV4 | IPV6 => return Ok(rest),
            kind_of_vlan if VLANS.contains(&kind_of_vlan) => {
                (kind, rest) = (u16_at(rest, 2)?, skip(4)?);
            }
            // A session of PPP: version and type, code 0, and behind the header the protocol.
            PPPOE => match u16_at(rest, 6)? {
                0x0021 | 0x0057 => return skip(8),
                _ => return Err(NoSegment::NotIp),
            },
            // SNAP with the types of Ethernet.
            length if length < TYPE_MIN && rest.starts_with(&[0xaa, 0xaa, 3, 0, 0, 0]) => {
                (kind, rest) = (u16_at(rest, 6)?, skip(8)?);
            }
            _ => return Err(NoSegment::NotIp),
        }
    }
    Err(NoSegment::Malformed)
}
