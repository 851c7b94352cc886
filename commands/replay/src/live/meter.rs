use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::source::Interface;

/// Counts on an interface while others look.
#[derive(Debug)]
pub(super) struct Meter {
    name: String,
    taken: AtomicU64,
    received: Counter,
    dropped: Counter,
    dropped_by_interface: Counter,
}

/// libpcap counts in 32 bits and begins again at 0.
#[derive(Debug, Default)]
struct Counter {
    last: AtomicU32,
    sum: AtomicU64,
}

impl Counter {
    fn update(&self, now: u32) {
        let last = self.last.swap(now, Ordering::Relaxed);
        self.sum.fetch_add(u64::from(now.wrapping_sub(last)), Ordering::Relaxed);
    }

    fn sum(&self) -> u64 {
        self.sum.load(Ordering::Relaxed)
    }
}

impl Meter {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            taken: AtomicU64::new(0),
            received: Counter::default(),
            dropped: Counter::default(),
            dropped_by_interface: Counter::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Notes packets that were taken.
    pub(super) fn take(&self, packets: u64) {
        self.taken.fetch_add(packets, Ordering::Relaxed);
    }

    /// Notes what libpcap has counted since the capture began.
    pub(super) fn update(&self, counted: pcap::Stat) {
        self.received.update(counted.received);
        self.dropped.update(counted.dropped);
        self.dropped_by_interface.update(counted.if_dropped);
    }

    /// What has been counted.
    pub(super) fn interface(&self) -> Interface {
        Interface {
            interface: self.name.clone(),
            taken: self.taken.load(Ordering::Relaxed),
            received: self.received.sum(),
            dropped: self.dropped.sum(),
            dropped_by_interface: self.dropped_by_interface.sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_32_bits_go_on_beyond_them() {
        let meter = Meter::new("lo");
        for received in [5, u32::MAX, 3] {
            meter.update(pcap::Stat { received, dropped: received / 2, if_dropped: 0 });
        }
        assert_eq!(meter.interface().received, u64::from(u32::MAX) + 4);
        assert_eq!(meter.interface().dropped_by_interface, 0);
    }
}
