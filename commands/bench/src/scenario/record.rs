use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use kefu_traffic::{Latency, Lateness};
use serde::{Deserialize, Serialize};

use super::chat::Counts;
use crate::{
    histogram,
    queue::Window,
    series::{self, Interval, Series},
};

/// What a run of a scenario counts while it goes on.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) window: Window,
    pub(super) lateness: Lateness,
    pub(super) series: Series,
    pub(super) figures: Figures,
}

/// What a process measured.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Figures {
    /// From when a step was due, the first of a flow by the schedule, to its end.
    #[serde(with = "histogram")]
    pub(super) latency: Latency,
    /// From when a step was begun to its end.
    #[serde(with = "histogram")]
    pub(super) service: Latency,
    #[serde(with = "histogram")]
    pub(super) late: Latency,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) errors: BTreeMap<Cow<'static, str>, u64>,
    pub(super) answered: u64,
    pub(super) answered_meanwhile: u64,
    pub(super) bytes_sent: u64,
    pub(super) bytes_received: u64,
    /// Connections for requests that were made.
    pub(super) opened: u64,
    pub(super) flows: BTreeMap<String, Flows>,
    pub(super) steps: BTreeMap<String, Steps>,
    pub(super) intervals: Vec<Interval>,
    pub(super) measured: Duration,
    /// Processor time of the measured part.
    pub(super) cpu: Duration,
    /// Resident memory at the end.
    pub(super) rss: u64,
    pub(super) is_interrupted: bool,
    /// Messages of kefu's own chat, if there were any.
    pub(super) chat: Option<Counts>,
}

/// Flows of a name that ended, and how.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(super) struct Flows {
    pub(super) done: u64,
    pub(super) failed: u64,
}

/// Steps of a name.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Steps {
    pub(super) failed: u64,
    #[serde(with = "histogram")]
    pub(super) latency: Latency,
}

impl Figures {
    /// Adds what another process measured.
    pub(super) fn merge(&mut self, other: &Self) {
        self.latency.merge(&other.latency);
        self.service.merge(&other.service);
        self.late.merge(&other.late);
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        for (error, count) in &other.errors {
            *self.errors.entry(error.clone()).or_default() += count;
        }
        self.answered += other.answered;
        self.answered_meanwhile += other.answered_meanwhile;
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.opened += other.opened;
        for (name, flows) in &other.flows {
            let ours = self.flows.entry(name.clone()).or_default();
            ours.done += flows.done;
            ours.failed += flows.failed;
        }
        for (name, steps) in &other.steps {
            let ours = self.steps.entry(name.clone()).or_default();
            ours.failed += steps.failed;
            ours.latency.merge(&steps.latency);
        }
        series::merge(&mut self.intervals, &other.intervals);
        self.measured = self.measured.max(other.measured);
        self.cpu += other.cpu;
        self.rss += other.rss;
        self.is_interrupted |= other.is_interrupted;
        if let Some(chat) = &other.chat {
            self.chat.get_or_insert_default().merge(chat);
        }
    }
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
            lateness: Lateness::default(),
            series: Series::new(window.from, window.to),
            figures: Figures::default(),
        }
    }

    /// What it came to by now.
    pub(super) fn finish(self, now: Duration, cpu: Duration) -> Figures {
        Figures {
            late: self.lateness.latency().clone(),
            intervals: self.series.finish(now),
            measured: self.window.to - self.window.from,
            cpu,
            ..self.figures
        }
    }

    /// Counts a step that waited for somebody else.
    pub(super) fn ended(&mut self, step: &Ended<'_>) {
        let Ended { flow, due, begun, now, .. } = *step;
        match step.error {
            None => self.series.answered(now, now.saturating_sub(due)),
            Some(_) => self.series.failed(now),
        }
        let figures = &mut self.figures;
        if self.window.holds(now) && step.error.is_none() {
            figures.answered_meanwhile += 1;
        }
        if !self.window.holds(flow) {
            return;
        }
        if let Some(status) = step.status {
            *figures.statuses.entry(status).or_default() += 1;
        }
        // By name, without a new text for each.
        if !figures.steps.contains_key(step.name) {
            figures.steps.insert(step.name.to_owned(), Steps::default());
        }
        let steps = figures.steps.get_mut(step.name);
        if let Some(error) = step.error {
            *figures.errors.entry(error.into()).or_default() += 1;
            if let Some(steps) = steps {
                steps.failed += 1;
            }
            // What took too long took so long at least; what failed at once would make latency look better.
            if error != TIMEOUT {
                return;
            }
        } else {
            figures.answered += 1;
            if let Some(steps) = steps {
                steps.latency.record(due, now);
            }
        }
        figures.latency.record(due, now);
        figures.service.record(begun, now);
    }

    /// Counts a flow that was due and never had its turn; it took so long at least.
    pub(super) fn unsent(&mut self, due: Duration, now: Duration) {
        self.series.failed(now);
        if self.window.holds(due) {
            *self.figures.errors.entry(UNSENT.into()).or_default() += 1;
            self.figures.latency.record(due, now);
        }
    }

    /// Counts a flow that has ended.
    pub(super) fn flow(&mut self, name: &str, due: Duration, is_done: bool) {
        if !self.window.holds(due) {
            return;
        }
        let known = &mut self.figures.flows;
        if !known.contains_key(name) {
            known.insert(name.to_owned(), Flows::default());
        }
        if let Some(flows) = known.get_mut(name) {
            if is_done { flows.done += 1 } else { flows.failed += 1 }
        }
    }
}

/// How a step that took too long is counted.
pub(super) const TIMEOUT: &str = "timeout";
/// How a flow that never had its turn is counted.
const UNSENT: &str = "unsent";
