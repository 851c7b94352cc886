use std::{collections::BTreeMap, time::Duration};

use kefu_traffic::{Latency, Lateness};

use crate::{queue::Window, series::Series};

/// What a run of a scenario counts.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) window: Window,
    /// From when a step was due, the first of a flow by the schedule, to its end.
    pub(super) latency: Latency,
    /// From when a step was begun to its end.
    pub(super) service: Latency,
    pub(super) lateness: Lateness,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) errors: BTreeMap<&'static str, u64>,
    pub(super) answered: u64,
    pub(super) answered_meanwhile: u64,
    pub(super) bytes_sent: u64,
    pub(super) bytes_received: u64,
    pub(super) flows: BTreeMap<String, Flows>,
    pub(super) steps: BTreeMap<String, Steps>,
    pub(super) series: Series,
}

/// Flows of a name that ended, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flows {
    pub(super) done: u64,
    pub(super) failed: u64,
}

/// Steps of a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    pub(super) failed: u64,
    pub(super) latency: Latency,
}

/// A step that has ended.
pub(super) struct Ended<'a> {
    pub(super) name: &'a str,
    /// When its flow was due: those that are due in the measured part are measured to their end.
    pub(super) flow: Duration,
    pub(super) due: Duration,
    pub(super) begun: Duration,
    pub(super) now: Duration,
    pub(super) status: Option<u16>,
    pub(super) error: Option<&'static str>,
}

impl Record {
    pub(super) fn new(window: Window) -> Self {
        Self {
            window,
            latency: Latency::new(),
            service: Latency::new(),
            lateness: Lateness::default(),
            statuses: BTreeMap::new(),
            errors: BTreeMap::new(),
            answered: 0,
            answered_meanwhile: 0,
            bytes_sent: 0,
            bytes_received: 0,
            flows: BTreeMap::new(),
            steps: BTreeMap::new(),
            series: Series::new(window.from, window.to),
        }
    }

    /// Counts a step that waited for somebody else.
    pub(super) fn ended(&mut self, step: &Ended<'_>) {
        let Ended { flow, due, begun, now, .. } = *step;
        match step.error {
            None => self.series.answered(now, now.saturating_sub(due)),
            Some(_) => self.series.failed(now),
        }
        if self.window.holds(now) && step.error.is_none() {
            self.answered_meanwhile += 1;
        }
        if !self.window.holds(flow) {
            return;
        }
        if let Some(status) = step.status {
            *self.statuses.entry(status).or_default() += 1;
        }
        // By name, without a new text for each.
        if !self.steps.contains_key(step.name) {
            self.steps.insert(step.name.to_owned(), Steps::default());
        }
        let steps = self.steps.get_mut(step.name);
        if let Some(error) = step.error {
            *self.errors.entry(error).or_default() += 1;
            if let Some(steps) = steps {
                steps.failed += 1;
            }
            // What took too long took so long at least; what failed at once would make latency look better.
            if error != TIMEOUT {
                return;
            }
        } else {
            self.answered += 1;
            if let Some(steps) = steps {
                steps.latency.record(due, now);
            }
        }
        self.latency.record(due, now);
        self.service.record(begun, now);
    }

    /// Counts a flow that was due and never had its turn; it took so long at least.
    pub(super) fn unsent(&mut self, due: Duration, now: Duration) {
        self.series.failed(now);
        if self.window.holds(due) {
            *self.errors.entry(UNSENT).or_default() += 1;
            self.latency.record(due, now);
        }
    }

    /// Counts a flow that has ended.
    pub(super) fn flow(&mut self, name: &str, due: Duration, is_done: bool) {
        if !self.window.holds(due) {
            return;
        }
        if !self.flows.contains_key(name) {
            self.flows.insert(name.to_owned(), Flows::default());
        }
        if let Some(flows) = self.flows.get_mut(name) {
            if is_done { flows.done += 1 } else { flows.failed += 1 }
        }
    }
}

/// How a step that took too long is counted.
pub(super) const TIMEOUT: &str = "timeout";
/// How a flow that never had its turn is counted.
const UNSENT: &str = "unsent";
