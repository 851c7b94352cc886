use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the outboxes of a [`Registry`](crate::Registry) add up to.
#[derive(Debug, Default)]
pub struct OutboxMetrics {
    connections: AtomicU64,
    bytes_queued: AtomicU64,
    slow_closes: AtomicU64,
    dead: AtomicU64,
}

impl OutboxMetrics {
    /// Outboxes that are open or closing.
    pub fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    /// Bytes that wait for their peers, as they count against the limit.
    pub fn bytes_queued(&self) -> u64 {
        self.bytes_queued.load(Relaxed)
    }

    /// Connections that were closed because their peer read too slowly, ever.
    pub fn slow_closes(&self) -> u64 {
        self.slow_closes.load(Relaxed)
    }

    /// Connections that were ended because their peer was silent for too long, ever.
    pub fn dead(&self) -> u64 {
        self.dead.load(Relaxed)
    }

    pub(crate) fn opened(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn ended(&self) {
        self.connections.fetch_sub(1, Relaxed);
    }

    pub(crate) fn slow(&self) {
        self.slow_closes.fetch_add(1, Relaxed);
    }

    pub(crate) fn died(&self) {
        self.dead.fetch_add(1, Relaxed);
    }

    /// Moves one outbox's share of the queued bytes.
    pub(crate) fn requeued(&self, before: u32, after: u32) {
        if after > before {
            self.bytes_queued.fetch_add(u64::from(after - before), Relaxed);
        } else if after < before {
            self.bytes_queued.fetch_sub(u64::from(before - after), Relaxed);
        }
    }
}
