use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::IpAddr,
};

use super::{Datagram, Fragment};

/// Fragments hold at most so many bytes in all; the oldest packet gives way.
pub const FRAGMENTS_BYTES_MAX: usize = 8 << 20;
/// A packet of IP has no more bytes.
const PACKET_MAX: usize = 65_535;
/// Parts of a packet that come later than this do not belong to it, in nanoseconds.
const PATIENCE: i64 = 30_000_000_000;

/// Puts packets together that were sent in parts.
#[derive(Debug, Default)]
pub struct Fragments {
    packets: HashMap<Key, Parts>,
    /// In the order in which they began.
    order: VecDeque<(i64, Key)>,
    bytes: usize,
}

type Key = (IpAddr, IpAddr, u32, u8);

#[derive(Debug)]
struct Parts {
    begun: i64,
    /// By offset. The first to come counts where parts overlap.
    parts: BTreeMap<u32, Vec<u8>>,
    end: Option<usize>,
}

impl Fragments {
    /// Adds a part; gives the packet if that was the last.
    pub(super) fn add(&mut self, datagram: &Datagram<'_>, fragment: Fragment, time: i64) -> Option<Vec<u8>> {
        self.expire(time);
        let end = fragment.offset as usize + datagram.payload.len();
        // What was cut off at the capture can never be whole.
        if end > PACKET_MAX || datagram.missing > 0 {
            return None;
        }
        let key = (datagram.source, datagram.target, fragment.id, datagram.protocol);
        let parts = self.packets.entry(key).or_insert_with(|| {
            self.order.push_back((time, key));
            Parts { begun: time, parts: BTreeMap::new(), end: None }
        });
        if !fragment.has_more {
            parts.end = Some(end);
        }
        if let std::collections::btree_map::Entry::Vacant(place) = parts.parts.entry(fragment.offset) {
            self.bytes += datagram.payload.len();
            place.insert(datagram.payload.to_vec());
        }
        let whole = parts.whole()?;
        self.forget(key);
        Some(whole)
    }

    /// Bytes that wait for others.
    pub fn held(&self) -> usize {
        self.bytes
    }

    /// Lets go of packets that waited for too long, or of the oldest if there are too many bytes.
    fn expire(&mut self, time: i64) {
        while let Some(&(begun, key)) = self.order.front()
            && (time.saturating_sub(begun) > PATIENCE
                || self.bytes > FRAGMENTS_BYTES_MAX
                || self.order.len() > FRAGMENTS_BYTES_MAX / 256)
        {
            self.order.pop_front();
            // The key may have been used again since.
            if self.packets.get(&key).is_some_and(|parts| parts.begun == begun) {
                self.forget(key);
            }
        }
    }

    fn forget(&mut self, key: Key) {
        if let Some(parts) = self.packets.remove(&key) {
            self.bytes -= parts.parts.values().map(Vec::len).sum::<usize>();
        }
    }
}

impl Parts {
    fn whole(&self) -> Option<Vec<u8>> {
        let end = self.end?;
        let mut whole = Vec::with_capacity(end.min(PACKET_MAX));
        for (offset, part) in &self.parts {
            let seen = whole.len().checked_sub(*offset as usize)?;
            whole.extend_from_slice(part.get(seen..).unwrap_or_default());
        }
        (whole.len() >= end).then(|| {
            whole.truncate(end);
            whole
        })
    }
}
