//! What a run found, and how it is shown.

mod metric;
mod table;

pub(crate) use metric::Metric;

use std::collections::BTreeMap;

use kefu_traffic::Summary;
use serde::Serialize;

use crate::threshold::Threshold;

/// What a run found.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) scenario: &'static str,
    pub(crate) target: String,
    pub(crate) connections: Connections,
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
}

#[derive(Clone, Debug, Default, Serialize)]
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

#[derive(Clone, Debug, Default, Serialize)]
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
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Reads {
    pub(crate) scheduled_per_s: f64,
    pub(crate) answered: u64,
    pub(crate) failed: u64,
    /// How they failed: by the server's code, or what became of the connection.
    pub(crate) failures: BTreeMap<String, u64>,
    /// From the scheduled time to the whole answer, in milliseconds.
    pub(crate) latency_ms: Summary,
    /// The same by what was read.
    pub(crate) by_kind_ms: BTreeMap<&'static str, Summary>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Idle {
    pub(crate) steps: Vec<Step>,
    pub(crate) held_s: f64,
    /// Slope of the server's resident memory from the first step to the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rss_per_connection_bytes: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Step {
    pub(crate) connections: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rss_mb: Option<f64>,
}

#[derive(Clone, Debug, Default, Serialize)]
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

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Server {
    pub(crate) pid: u32,
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

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Generator {
    pub(crate) lateness_p99_ms: f64,
    pub(crate) lateness_max_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_us_per_message: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Checked {
    pub(crate) threshold: String,
    /// Absent when this scenario does not measure it: then it does not hold.
    pub(crate) measured: Option<f64>,
    pub(crate) holds: bool,
}

impl Report {
    /// Holds the report against conditions.
    pub(crate) fn check(&mut self, thresholds: &[Threshold]) {
        self.thresholds = thresholds
            .iter()
            .map(|threshold| {
                let measured = threshold.metric.of(self);
                let holds = measured.is_some_and(|measured| threshold.holds(measured));
                Checked { threshold: threshold.text().to_owned(), measured, holds }
            })
            .collect();
    }

    pub(crate) fn is_passed(&self) -> bool {
        self.thresholds.iter().all(|checked| checked.holds)
    }

    /// The report as JSON, for programs.
    pub(crate) fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("a report has only string keys");
        json.push('\n');
        json
    }

    /// The report for a terminal.
    pub(crate) fn to_text(&self) -> String {
        table::text(self)
    }

    /// The report as a Markdown table.
    pub(crate) fn to_markdown(&self) -> String {
        table::markdown(self)
    }
}

#[cfg(test)]
mod tests;
