//! The format pcapng: sections of blocks, each with its interfaces.

use std::io::Read;

use super::{LinkType, Order, PACKET_MAX, PcapError, Place, Problem};
use crate::input::Input;

/// The type of the block that begins a section, the same in either byte order.
pub(super) const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const PACKET: u32 = 6;

const INTERFACES_MAX: usize = 4096;
/// A description of an interface has at most so many bytes that are looked at.
const DESCRIPTION_MAX: u32 = 64 << 10;
/// A packet's block beyond the packet: its header and its options.
const BEYOND_PACKET: u32 = 256 << 10;
const NANOS_PER_S: i128 = 1_000_000_000;

/// What is known of the section that is being read.
#[derive(Debug)]
pub(super) struct Next {
    order: Order,
    interfaces: Vec<Interface>,
    /// The time of the last packet: simple ones have none of their own.
    time: i64,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    snap_len: u32,
    /// `if_tsresol`: a power of two if the top bit is set, else of ten.
    resolution: u8,
    /// Seconds to be added.
    offset: i64,
}

impl Default for Next {
    fn default() -> Self {
        Self { order: Order::Little, interfaces: Vec::new(), time: 0 }
    }
}

impl Next {
    pub(super) fn next<R: Read>(&mut self, input: &mut Input<R>) -> Result<Option<Place>, PcapError> {
        loop {
            let offset = input.offset();
            let failed = |problem| PcapError { offset, problem };
            let io = |error| PcapError::io(offset, error);
            if !input.need(12).map_err(io)? {
                let is_end = input.pending().is_empty();
                return if is_end { Ok(None) } else { Err(failed(Problem::Truncated("block"))) };
            }
            let head = input.pending();
            if head.starts_with(&SECTION) {
                self.begin(&head[8..12]).map_err(failed)?;
            }
            let (kind, len) = (self.order.u32(head, 0), self.order.u32(head, 4));
            if len < 12 || !len.is_multiple_of(4) {
                return Err(failed(Problem::BlockLength(len)));
            }
            let whole = len as usize;
            match kind {
                PACKET | OLD_PACKET | SIMPLE_PACKET => {
                    if len > PACKET_MAX as u32 + BEYOND_PACKET {
                        return Err(failed(Problem::BlockLength(len)));
                    }
                    self.need(input, offset, whole)?;
                    return self.packet(kind, &input.pending()[..whole], offset).map(Some).map_err(failed);
                }
                INTERFACE if len <= DESCRIPTION_MAX => {
                    self.need(input, offset, whole)?;
                    self.describe(&input.pending()[..whole]).map_err(failed)?;
                    input.consume(whole);
                }
                INTERFACE => return Err(failed(Problem::BlockLength(len))),
                // What it is does not matter, so it may be of any length.
                _ => {
                    if !input.skip(u64::from(len)).map_err(io)? {
                        return Err(failed(Problem::Truncated("block")));
                    }
                }
            }
        }
    }

    /// Reads a whole block and compares its two lengths.
    fn need<R: Read>(&self, input: &mut Input<R>, offset: u64, whole: usize) -> Result<(), PcapError> {
        if !input.need(whole).map_err(|error| PcapError::io(offset, error))? {
            return Err(PcapError { offset, problem: Problem::Truncated("block") });
        }
        let block = input.pending();
        let (start, end) = (self.order.u32(block, 4), self.order.u32(block, whole - 4));
        if start != end {
            return Err(PcapError { offset, problem: Problem::LengthsDiffer { start, end } });
        }
        Ok(())
    }

    /// Begins a section: what was known of interfaces is over.
    fn begin(&mut self, mark: &[u8]) -> Result<(), Problem> {
        self.order = match mark {
            [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
            [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
            _ => return Err(Problem::ByteOrder),
        };
        self.interfaces.clear();
        Ok(())
    }

    fn describe(&mut self, block: &[u8]) -> Result<(), Problem> {
        if block.len() < 20 {
            return Err(Problem::Truncated("description of an interface"));
        }
        if self.interfaces.len() == INTERFACES_MAX {
            return Err(Problem::Interfaces(INTERFACES_MAX));
        }
        let order = self.order;
        let mut interface = Interface {
            link: LinkType(order.u16(block, 8)),
            snap_len: order.u32(block, 12),
            resolution: 6,
            offset: 0,
        };
        let mut options = &block[16..block.len() - 4];
        while options.len() >= 4 {
            let (code, len) = (order.u16(options, 0), usize::from(order.u16(options, 2)));
            let Some(value) = options.get(4..4 + len) else { break };
            match (code, value) {
                (0, _) => break,
                (9, [resolution]) => interface.resolution = *resolution,
                (14, [_, _, _, _, _, _, _, _]) => {
                    let (first, second) = (u64::from(order.u32(value, 0)), u64::from(order.u32(value, 4)));
                    interface.offset = match order {
                        Order::Big => first << 32 | second,
                        Order::Little => second << 32 | first,
                    }
                    .cast_signed();
                }
                _ => {}
            }
            options = options.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
        }
        self.interfaces.push(interface);
        Ok(())
    }

    fn packet(&mut self, kind: u32, block: &[u8], offset: u64) -> Result<Place, Problem> {
        let order = self.order;
        let header = if kind == SIMPLE_PACKET { 12 } else { 28 };
        if block.len() < header + 4 {
            return Err(Problem::Truncated("header of a packet"));
        }
        let number = match kind {
            PACKET => order.u32(block, 8),
            OLD_PACKET => u32::from(order.u16(block, 8)),
            _ => 0,
        };
        let interface = usize::try_from(number).ok().and_then(|number| self.interfaces.get(number));
        let interface = *interface.ok_or(Problem::Interface(number))?;
        let room = block.len() - header - 4;
        let (captured, original) = if kind == SIMPLE_PACKET {
            let original = order.u32(block, 8);
            let limit = if interface.snap_len == 0 { original } else { interface.snap_len };
            (original.min(limit), original)
        } else {
            let ticks = u64::from(order.u32(block, 12)) << 32 | u64::from(order.u32(block, 16));
            self.time = interface.nanos(ticks);
            (order.u32(block, 20), order.u32(block, 24))
        };
        let captured_len = captured as usize;
        if captured_len > room {
            return Err(Problem::TooLong(captured));
        }
        Ok(Place {
            offset,
            timestamp: self.time,
            link: interface.link,
            start: header,
            captured: captured_len,
            missing: original.saturating_sub(captured),
            used: block.len(),
        })
    }
}

impl Interface {
    /// The time of a packet in nanoseconds, or the nearest that can be said.
    fn nanos(&self, ticks: u64) -> i64 {
        let exponent = u32::from(self.resolution & 0x7f);
        let base = if self.resolution & 0x80 == 0 { 10_i128 } else { 2 };
        // A finer unit than can be written has no ticks that would matter.
        let per_second = base.checked_pow(exponent).unwrap_or(i128::MAX);
        let nanos = (i128::from(ticks).saturating_mul(NANOS_PER_S)) / per_second;
        let nanos = nanos + i128::from(self.offset) * NANOS_PER_S;
        i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
    }
}
