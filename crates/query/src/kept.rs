//! Rows that are kept for a while, of types that the configuration has a rule for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use kefu_bus::Topic;

use crate::cache::Cache;
use crate::model::Model;
use crate::rows::Rows;

/// Fetches that are kept, and rows of one.
const FETCHES_MAX: usize = 500;
const ROWS_MAX: usize = 200;

/// Keeps rows until their time is over or an event says that they are old.
#[derive(Debug)]
pub(crate) struct Kept {
    fetches: Cache<String, Entry>,
    /// How often each type was made old; what was fetched before that is not given any more.
    epochs: Vec<AtomicU64>,
}

#[derive(Clone, Debug)]
struct Entry {
    until: Instant,
    epoch: u64,
    rows: Arc<Rows>,
}

impl Kept {
    pub(crate) fn new(model: &Model) -> Self {
        let epochs = model.kinds.iter().map(|_| AtomicU64::new(0)).collect();
        Self { fetches: Cache::new(FETCHES_MAX), epochs }
    }

    /// The present epoch of a type; asked for before its rows are fetched.
    pub(crate) fn epoch(&self, kind: usize) -> u64 {
        self.epochs[kind].load(Ordering::Acquire)
    }

    pub(crate) fn get(&self, kind: usize, imprint: &str, now: Instant) -> Option<Arc<Rows>> {
        let entry = self.fetches.get(imprint)?;
        (entry.until > now && entry.epoch == self.epoch(kind)).then_some(entry.rows)
    }

    pub(crate) fn keep(&self, imprint: String, epoch: u64, until: Instant, rows: &Arc<Rows>) {
        if rows.len() <= ROWS_MAX {
            self.fetches.insert(imprint, Entry { until, epoch, rows: Arc::clone(rows) });
        }
    }

    /// Makes the rows old of all types that have a rule for the topic.
    pub(crate) fn invalidate(&self, model: &Model, topic: &Topic) {
        for (kind, epoch) in model.kinds.iter().zip(&self.epochs) {
            let mut patterns = kind.cache.iter().flat_map(|rule| &rule.topics);
            if patterns.any(|pattern| pattern.matches(topic)) {
                epoch.fetch_add(1, Ordering::AcqRel);
            }
        }
    }
}
