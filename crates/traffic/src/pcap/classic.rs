//! The format of libpcap: a header, then packets.

use std::io::Read;

use super::{LinkType, Order, PACKET_MAX, PcapError, Place, Problem};
use crate::input::Input;

const HEADER: usize = 24;
const RECORD: usize = 16;
const NANOS_PER_S: i64 = 1_000_000_000;

/// What the first four bytes say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Magic {
    order: Order,
    /// Nanoseconds of a unit of the second timestamp field.
    unit: i64,
}

impl Magic {
    pub(super) fn read(head: &[u8]) -> Option<Self> {
        let (order, unit) = match *head.first_chunk()? {
            [0xa1, 0xb2, 0xc3, 0xd4] => (Order::Big, 1000),
            [0xd4, 0xc3, 0xb2, 0xa1] => (Order::Little, 1000),
            [0xa1, 0xb2, 0x3c, 0x4d] => (Order::Big, 1),
            [0x4d, 0x3c, 0xb2, 0xa1] => (Order::Little, 1),
            _ => return None,
        };
        Some(Self { order, unit })
    }
}

#[derive(Debug)]
pub(super) struct Classic {
    magic: Magic,
    link: LinkType,
}

impl Classic {
    /// Reads the header of the file.
    pub(super) fn open<R: Read>(magic: Magic, input: &mut Input<R>) -> Result<Self, PcapError> {
        if !input.need(HEADER).map_err(|error| PcapError::io(0, error))? {
            return Err(PcapError { offset: 0, problem: Problem::Truncated("file header") });
        }
        let head = input.pending();
        let version = magic.order.u16(head, 4);
        if version != 2 {
            return Err(PcapError { offset: 4, problem: Problem::Version(version) });
        }
        // The upper half may say how long the frame check sequence is; the IP length takes it off anyway.
        let link = LinkType((magic.order.u32(head, 20) & 0xffff) as u16);
        input.consume(HEADER);
        Ok(Self { magic, link })
    }

    pub(super) fn next<R: Read>(&mut self, input: &mut Input<R>) -> Result<Option<Place>, PcapError> {
        let (Magic { order, unit }, offset) = (self.magic, input.offset());
        let io = |error| PcapError::io(offset, error);
        if !input.need(RECORD).map_err(io)? {
            let is_end = input.pending().is_empty();
            let problem = Problem::Truncated("packet header");
            return if is_end { Ok(None) } else { Err(PcapError { offset, problem }) };
        }
        let head = input.pending();
        let (seconds, fraction) = (order.u32(head, 0), order.u32(head, 4));
        let (captured, original) = (order.u32(head, 8), order.u32(head, 12));
        let captured_len = captured as usize;
        if captured_len > PACKET_MAX {
            return Err(PcapError { offset, problem: Problem::TooLong(captured) });
        }
        let used = RECORD + captured_len;
        if !input.need(used).map_err(io)? {
            return Err(PcapError { offset, problem: Problem::Truncated("packet") });
        }
        let timestamp = i64::from(seconds) * NANOS_PER_S + i64::from(fraction) * unit;
        Ok(Some(Place {
            offset,
            timestamp,
            link: self.link,
            start: RECORD,
            captured: captured_len,
            missing: original.saturating_sub(captured),
            used,
        }))
    }
}
