use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, Weak,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use slab::Slab;

use crate::{Limits, Outbox, OutboxMetrics};

/// Outboxes that one hold of the lock looks up.
const CHUNK: usize = 1024;

/// Fewer places than this are not worth giving back.
const PLACES_KEPT: usize = 64;

/// All live outboxes of a process, and the one clock of their heartbeat.
///
/// One task sweeps it each second; no connection has a timer of its own. It refers to outboxes weakly
/// and forgets each as it ends.
#[derive(Debug)]
pub struct Registry {
    limits: Limits,
    metrics: OutboxMetrics,
    now_s: AtomicU32,
    live: Mutex<Slab<Weak<Outbox>>>,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Swept {
    /// Silent peers that were pinged.
    pub pinged: usize,
    /// Connections that were ended because their peer was silent for too long.
    pub dead: usize,
}

impl Registry {
    /// An empty registry at second `now_s` of any monotonic count.
    pub fn new(limits: Limits, now_s: u32) -> Arc<Self> {
        Arc::new(Self {
            limits,
            metrics: OutboxMetrics::default(),
            now_s: AtomicU32::new(now_s),
            live: Mutex::new(Slab::new()),
        })
    }

    /// Opens the outbox of a new connection. It is forgotten when it ends, at the latest when the last
    /// reference is dropped.
    pub fn open(self: &Arc<Self>) -> Arc<Outbox> {
        let mut live = self.lock();
        let entry = live.vacant_entry();
        let slot = u32::try_from(entry.key()).expect("a process has fewer than 2^32 connections");
        let outbox = Arc::new(Outbox::new(Arc::clone(self), slot, self.now_s()));
        entry.insert(Arc::downgrade(&outbox));
        outbox
    }

    /// Pings every peer that has been silent for long and ends the connection of every dead one.
    ///
    /// Also sets the time at which connections note signs of life: call it each second. A sweep over
    /// 20,000 live connections took 1 to 6 ms in a debug build; it holds the lock for a thousand at a time.
    pub fn sweep(&self, now_s: u32) -> Swept {
        self.now_s.store(now_s, Relaxed);
        let mut swept = Swept::default();
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut start = 0;
        loop {
            let mut live = self.lock();
            let end = live.capacity();
            if start >= end {
                give_back(&mut live);
                return swept;
            }
            let slots = start..end.min(start + CHUNK);
            start = slots.end;
            chunk.extend(slots.filter_map(|slot| live.get(slot)?.upgrade()));
            drop(live);
            // Without the lock: dropping the last reference to an outbox takes it.
            for outbox in chunk.drain(..) {
                self.look_after(&outbox, now_s, &mut swept);
            }
        }
    }

    fn look_after(&self, outbox: &Outbox, now_s: u32, swept: &mut Swept) {
        let silent_s = now_s.saturating_sub(outbox.idle_since());
        if silent_s >= self.limits.dead_after_s {
            self.metrics.died();
            swept.dead += 1;
            outbox.end();
        } else if silent_s >= self.limits.ping_after_s && outbox.ping() {
            swept.pinged += 1;
        }
    }

    /// Live connections.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether no connection is live.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Second of the last sweep.
    pub fn now_s(&self) -> u32 {
        self.now_s.load(Relaxed)
    }

    /// What every connection may take.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What the outboxes add up to.
    pub fn metrics(&self) -> &OutboxMetrics {
        &self.metrics
    }

    pub(crate) fn forget(&self, slot: u32) {
        // Dropped after the lock.
        let _outbox = self.lock().try_remove(slot as usize);
    }

    fn lock(&self) -> MutexGuard<'_, Slab<Weak<Outbox>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns memory after many connections have ended.
fn give_back(live: &mut Slab<Weak<Outbox>>) {
    if live.capacity() > PLACES_KEPT && live.len() < live.capacity() / 4 {
        live.shrink_to_fit();
    }
}
