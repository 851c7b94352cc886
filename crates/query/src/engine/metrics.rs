use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::guarded::Guarded;

/// What a source did since the start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SourceMetrics {
    /// Its name.
    pub name: String,
    /// Fetches and changes that were asked of it.
    pub fetches: u64,
    /// Fetches that another one under way answered.
    pub shared: u64,
    /// Fetches that were asked a second time.
    pub retries: u64,
    /// Those that gave nothing, time-outs included.
    pub failures: u64,
    /// Those that ran out of time.
    pub timeouts: u64,
    /// Those that its breaker refused.
    pub refused_by_breaker: u64,
    /// Rows that it gave.
    pub rows: u64,
    /// Time that it took, all calls together.
    pub time: Duration,
    /// Whether its breaker is open.
    pub is_open: bool,
}

/// What the engine did since the start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metrics {
    /// Requests.
    pub requests: u64,
    /// Those of them that were refused before any source was asked.
    pub refused: u64,
    /// Time that writing answers took, all together.
    pub project: Duration,
    /// By source, in the order of the file.
    pub sources: Vec<SourceMetrics>,
}

/// What is counted beside the sources.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) requests: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) project_nanos: AtomicU64,
}

impl Counters {
    /// What was counted so far.
    pub(super) fn read(&self, sources: &[Arc<Guarded>]) -> Metrics {
        Metrics {
            requests: read(&self.requests),
            refused: read(&self.refused),
            project: Duration::from_nanos(read(&self.project_nanos)),
            sources: sources.iter().map(|source| of_source(source)).collect(),
        }
    }
}

fn of_source(source: &Guarded) -> SourceMetrics {
    let counters = &source.counters;
    SourceMetrics {
        name: source.settings.name.clone(),
        fetches: read(&counters.fetches),
        shared: read(&counters.shared),
        retries: read(&counters.retries),
        failures: read(&counters.failures),
        timeouts: read(&counters.timeouts),
        refused_by_breaker: read(&counters.refused_by_breaker),
        rows: read(&counters.rows),
        time: Duration::from_micros(read(&counters.micros)),
        is_open: source.is_open(),
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
