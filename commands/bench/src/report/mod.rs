//! What a run found, and how it is shown.

mod chart;
mod csv;
mod hdr;
mod html;
mod junit;
mod metric;
mod read;
mod table;

pub(crate) use metric::Metric;
pub(crate) use read::read;

use std::collections::BTreeMap;

use kefu_traffic::Summary;
use serde::{Deserialize, Serialize};

use crate::{args::Format, series::Interval, threshold::Threshold};

/// What a run found.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Report {
    /// `chat` or `http`.
    pub(crate) form: String,
    pub(crate) scenario: String,
    pub(crate) target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connections: Option<Connections>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) requests: Option<Requests>,
    /// Of a scenario, flows begun a second on average; absent in a closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flows_per_s: Option<f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) flows: BTreeMap<String, Flows>,
    /// By `flow/step`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) steps: BTreeMap<String, Steps>,
    /// From the scheduled time to the answer or, of messages, to the agent; in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latency_ms: Option<Summary>,
    /// The same from when it was really begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) service_ms: Option<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) messages: Option<Messages>,
    /// From the scheduled time to the ack, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ack_ms: Option<Summary>,
    /// From the scheduled time to the agent, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delivery_ms: Option<Summary>,
    /// From the scheduled time to a supervisor who looks on, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) watched_ms: Option<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reads: Option<Reads>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idle: Option<Idle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) storm: Option<Storm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<Server>,
    pub(crate) generator: Generator,
    pub(crate) thresholds: Vec<Checked>,
    /// Why the run says nothing about the server; empty for a valid run.
    pub(crate) invalid: Vec<String>,
    /// What a reader of the figures should know.
    pub(crate) notes: Vec<String>,
    /// The run was stopped before its end.
    pub(crate) interrupted: bool,
    /// Whatever a condition can be put on and was measured, by its name.
    pub(crate) figures: BTreeMap<String, f64>,
    /// What happened in each second of the measured part.
    pub(crate) intervals: Vec<Interval>,
    /// The histograms of latency and service time, in the compressed format V2 of HdrHistogram; microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latency_hdr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) service_hdr: Option<String>,
}

/// Flows of a scenario that ended.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Flows {
    pub(crate) done: u64,
    pub(crate) failed: u64,
}

/// Steps of a scenario.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Steps {
    pub(crate) failed: u64,
    pub(crate) latency_ms: Summary,
}

/// What became of requests.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Requests {
    /// What the schedule asked for on average; absent in a closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scheduled_per_s: Option<f64>,
    /// Length of the measured part.
    pub(crate) measured_s: f64,
    pub(crate) answered: u64,
    /// Answers per second of the measured part.
    pub(crate) answered_per_s: f64,
    /// Without an answer, or with one whose status is 400 or more.
    pub(crate) failed: u64,
    /// How they failed.
    pub(crate) errors: BTreeMap<String, u64>,
    pub(crate) statuses: BTreeMap<String, u64>,
    /// The warm-up included.
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    /// Connections that were kept, or at most so many at a time.
    pub(crate) connections: u32,
    /// Connections that were made.
    pub(crate) opened: u64,
    pub(crate) processes: u32,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Connections {
    pub(crate) visitors: u32,
    pub(crate) senders: u32,
    pub(crate) agents: u32,
    pub(crate) supervisors: u32,
    pub(crate) opened_per_s: f64,
    /// Open at the end.
    pub(crate) open: usize,
    /// Ended by the server or the network.
    pub(crate) lost: u64,
    /// How they ended: by close code, or `broken`.
    pub(crate) lost_by_code: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Messages {
    /// What the schedule asked for; absent in a closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scheduled_per_s: Option<f64>,
    /// Length of the measured part.
    pub(crate) measured_s: f64,
    pub(crate) sent: u64,
    pub(crate) acked: u64,
    pub(crate) delivered: u64,
    /// Acked per second of the measured part.
    pub(crate) acked_per_s: f64,
    /// Acked and delivered per second of the measured part.
    pub(crate) complete_per_s: f64,
    /// Neither acked nor refused.
    pub(crate) unanswered: u64,
    /// Acked, but never delivered.
    pub(crate) lost: u64,
    pub(crate) duplicates: u64,
    pub(crate) reordered: u64,
    pub(crate) gaps: u64,
    /// Frames that make no sense: about messages that were never sent, or none of the protocol.
    pub(crate) nonsense: u64,
    /// Error frames by code.
    pub(crate) errors: BTreeMap<String, u64>,
}

/// What was read over REST meanwhile.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Reads {
    pub(crate) scheduled_per_s: f64,
    pub(crate) answered: u64,
    pub(crate) failed: u64,
    /// How they failed: by the server's code, or what became of the connection.
    pub(crate) failures: BTreeMap<String, u64>,
    /// From the scheduled time to the whole answer, in milliseconds.
    pub(crate) latency_ms: Summary,
    /// The same by what was read.
    pub(crate) by_kind_ms: BTreeMap<String, Summary>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Idle {
    pub(crate) steps: Vec<Step>,
    pub(crate) held_s: f64,
    /// Slope of the server's resident memory from the first step to the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rss_per_connection_bytes: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Step {
    pub(crate) connections: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rss_mb: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Storm {
    pub(crate) clients: u32,
    /// Messages sent while nobody was connected.
    pub(crate) missed: u64,
    /// From the first connect to the last client caught up.
    pub(crate) caught_up_s: f64,
    /// From the first connect until a client was caught up.
    pub(crate) catch_up_ms: Summary,
    /// Connections that had to be tried again.
    pub(crate) retries: u64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Server {
    /// Absent when the server told of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pid: Option<u32>,
    /// The most that was resident in the measured part.
    pub(crate) rss_mb: f64,
    /// The most that was ever resident.
    pub(crate) rss_peak_mb: f64,
    pub(crate) fds: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_us_per_message: Option<f64>,
    /// Processors kept busy.
    pub(crate) cpu_load: f64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Generator {
    pub(crate) lateness_p99_ms: f64,
    pub(crate) lateness_max_ms: f64,
    /// Of a message or a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_us_per_message: Option<f64>,
    /// Processors kept busy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_load: Option<f64>,
    /// Resident memory at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rss_mb: Option<f64>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Checked {
    pub(crate) threshold: String,
    /// Absent when this scenario does not measure it: then it does not hold.
    pub(crate) measured: Option<f64>,
    pub(crate) holds: bool,
}

impl Requests {
    pub(crate) fn error_percent(&self) -> f64 {
        // An answer of status 400 is among both.
        let refused: u64 =
            self.errors.iter().filter(|(kind, _)| !kind.starts_with("status_")).map(|(_, count)| count).sum();
        let all = self.answered + refused;
        if all == 0 { 0.0 } else { self.failed as f64 * 100.0 / all as f64 }
    }
}

impl Report {
    /// Gathers the figures and holds them against conditions.
    pub(crate) fn check(&mut self, thresholds: &[Threshold]) {
        let figures =
            Metric::ALL.iter().filter_map(|metric| Some((metric.name().to_owned(), metric.of(self)?)));
        self.figures = figures.collect();
        self.thresholds = thresholds
            .iter()
            .map(|threshold| {
                let measured = threshold.metric.of(self);
                let holds = measured.is_some_and(|measured| threshold.holds(measured));
                Checked { threshold: threshold.text().to_owned(), measured, holds }
            })
            .collect();
    }

    /// The run was ended by a condition that could not hold any more.
    pub(crate) fn end_early(&mut self, condition: &str) {
        self.interrupted = false;
        self.notes.push(format!("ended before its time: {condition} could not hold any more"));
        for checked in self.thresholds.iter_mut().filter(|checked| checked.threshold == condition) {
            checked.holds = false;
        }
    }

    pub(crate) fn is_passed(&self) -> bool {
        self.thresholds.iter().all(|checked| checked.holds)
    }

    pub(crate) fn to(&self, format: Format) -> String {
        match format {
            Format::Text => table::text(self),
            Format::Json => self.to_json(),
            Format::Markdown => table::markdown(self),
            Format::Csv => csv::csv(self),
            Format::Junit => junit::junit(self),
            Format::Html => html::html(self),
            Format::Hdr => hdr::log(self),
        }
    }

    /// The report as JSON, for programs.
    pub(crate) fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("a report has only string keys");
        json.push('\n');
        json
    }

    /// Length of the measured part.
    fn measured_s(&self) -> f64 {
        let requests = self.requests.as_ref().map(|requests| requests.measured_s);
        requests.or(self.messages.as_ref().map(|messages| messages.measured_s)).unwrap_or_default()
    }
}

fn line(out: &mut String, line: std::fmt::Arguments<'_>) {
    use std::fmt::Write as _;

    let written = writeln!(out, "{line}");
    debug_assert!(written.is_ok(), "writing to a string does not fail");
}

#[cfg(test)]
mod tests;
