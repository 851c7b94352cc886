use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    engine::Counts,
    report::Reads,
    series::{self, Interval},
};

/// What a process measured.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Figures {
    pub(super) counts: Counts,
    /// Connections open at the end.
    pub(super) open: usize,
    pub(super) opened_per_s: f64,
    pub(super) intervals: Vec<Interval>,
    pub(super) measured: Duration,
    /// Processor time of the measured part.
    pub(super) cpu: Duration,
    /// Resident memory at the end.
    pub(super) rss: u64,
    pub(super) reads: Option<Reads>,
    pub(super) is_interrupted: bool,
}

impl Figures {
    /// Adds what another process measured.
    pub(super) fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        self.open += other.open;
        self.opened_per_s += other.opened_per_s;
        series::merge(&mut self.intervals, &other.intervals);
        self.measured = self.measured.max(other.measured);
        self.cpu += other.cpu;
        self.rss += other.rss;
        if let Some(reads) = &other.reads {
            // One process reads for all.
            self.reads = Some(reads.clone());
        }
        self.is_interrupted |= other.is_interrupted;
    }
}
