//! IPv4 (RFC 791) and IPv6 (RFC 8200).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Datagram, Fragment, NoSegment, u16_at, u32_at};

const IPV6_HEADER: usize = 40;
/// More extension headers than anybody sends.
const EXTENSIONS_MAX: usize = 16;
/// 4 in 4, 6 in 4 and the like nest no deeper.
const TUNNELS_MAX: usize = 2;

pub(super) fn parse(bytes: &[u8], missing: u32) -> Result<Datagram<'_>, NoSegment> {
    let mut datagram = version(bytes, missing)?;
    for _ in 0..TUNNELS_MAX {
        if !matches!(datagram.protocol, 4 | 41) || datagram.fragment.is_some() {
            break;
        }
        datagram = version(datagram.payload, datagram.missing)?;
    }
    Ok(datagram)
}

fn version(bytes: &[u8], missing: u32) -> Result<Datagram<'_>, NoSegment> {
    match bytes.first().map(|byte| byte >> 4) {
        Some(4) => v4(bytes, missing),
        Some(6) => v6(bytes, missing),
        _ => Err(NoSegment::NotIp),
    }
}

/// Cuts off what follows the packet, and says how much of it was not captured.
///
/// What is not captured of the frame may be padding, so what IP says counts; a stated length of 0 is that of a packet
/// which the network card was to cut up.
fn cut(bytes: &[u8], stated: usize, missing: u32) -> (&[u8], u32) {
    if stated == 0 {
        return (bytes, missing);
    }
    match bytes.get(..stated) {
        Some(whole) => (whole, 0),
        // At most 16 bits, and a header of IPv6.
        None => (bytes, (stated - bytes.len()) as u32),
    }
}

fn v4(bytes: &[u8], missing: u32) -> Result<Datagram<'_>, NoSegment> {
    let header = usize::from(bytes.first().ok_or(NoSegment::Malformed)? & 0x0f) * 4;
    let total = usize::from(u16_at(bytes, 2)?);
    if header < 20 || bytes.len() < header || (total != 0 && total < header) {
        return Err(NoSegment::Malformed);
    }
    let (bytes, missing) = cut(bytes, total, missing);
    let bits = u16_at(bytes, 6)?;
    let (has_more, offset) = (bits & 0x2000 != 0, u32::from(bits & 0x1fff) * 8);
    let id = u32::from(u16_at(bytes, 4)?);
    Ok(Datagram {
        source: IpAddr::V4(Ipv4Addr::from(u32_at(bytes, 12)?)),
        target: IpAddr::V4(Ipv4Addr::from(u32_at(bytes, 16)?)),
        protocol: bytes[9],
        payload: &bytes[header..],
        missing,
        fragment: (has_more || offset != 0).then_some(Fragment { id, offset, has_more }),
    })
}

fn v6(bytes: &[u8], missing: u32) -> Result<Datagram<'_>, NoSegment> {
    let address = |at: usize| -> Result<IpAddr, NoSegment> {
        let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk::<16>());
        bytes.map(|bytes| IpAddr::V6(Ipv6Addr::from(*bytes))).ok_or(NoSegment::Malformed)
    };
    let (source, target) = (address(8)?, address(24)?);
    let stated = match usize::from(u16_at(bytes, 4)?) {
        0 => 0,
        payload => IPV6_HEADER + payload,
    };
    let mut protocol = bytes[6];
    let (bytes, missing) = cut(bytes, stated, missing);
    let mut rest = &bytes[IPV6_HEADER..];
    for _ in 0..EXTENSIONS_MAX {
        let len = match protocol {
            // Hop-by-hop options, routing and destination options have their length in units of eight bytes.
            0 | 43 | 60 => 8 + usize::from(*rest.get(1).ok_or(NoSegment::Malformed)?) * 8,
            51 => 8 + usize::from(*rest.get(1).ok_or(NoSegment::Malformed)?) * 4,
            44 => {
                let (bits, id) = (u16_at(rest, 2)?, u32_at(rest, 4)?);
                let (has_more, offset) = (bits & 1 != 0, u32::from(bits & 0xfff8));
                if has_more || offset != 0 {
                    let fragment = Some(Fragment { id, offset, has_more });
                    return Ok(Datagram {
                        source,
                        target,
                        protocol: rest[0],
                        payload: &rest[8..],
                        missing,
                        fragment,
                    });
                }
                // A fragment that is all of its packet.
                8
            }
            _ => return Ok(Datagram { source, target, protocol, payload: rest, missing, fragment: None }),
        };
        protocol = rest[0];
        rest = rest.get(len..).ok_or(NoSegment::Malformed)?;
    }
    Err(NoSegment::Malformed)
}
