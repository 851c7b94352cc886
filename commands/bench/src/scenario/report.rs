use std::collections::BTreeMap;

use kefu_traffic::{Lateness, Verdict};

use super::{ScenarioSettings, record::Figures};
use crate::{
    report::{self, Generator, Messages, Report, Requests},
    watch::{Watch, megabytes},
};

/// What tells the two figures apart.
const NOTE: &str = "latency counts from when a step was due, the first of a flow by the schedule and the others when the \
                    one before them had ended; service time counts from when it was begun";

/// What a report says of a scenario, whatever came of it.
pub(super) struct Shown {
    name: String,
    url: String,
    concurrency: u32,
    scheduled_per_s: Option<f64>,
    procs: u32,
}

impl Shown {
    pub(super) fn of(settings: &ScenarioSettings) -> Self {
        let scheme = if settings.target.tls.is_some() { "https" } else { "http" };
        Self {
            name: settings.name.clone(),
            url: format!("{scheme}://{}", settings.target.authority),
            concurrency: settings.concurrency,
            scheduled_per_s: settings.scheduled_per_s,
            procs: settings.procs,
        }
    }
}

pub(super) fn report(shown: &Shown, figures: &Figures, watch: Option<&Watch>) -> Report {
    let measured_s = figures.measured.as_secs_f64();
    let per_s = |count: u64| if measured_s > 0.0 { count as f64 / measured_s } else { 0.0 };
    let answered = figures.answered_meanwhile;
    let lateness = Lateness::from(figures.late.clone());
    let errors: BTreeMap<_, _> =
        figures.errors.iter().map(|(error, count)| (error.to_string(), *count)).collect();
    let flows = figures
        .flows
        .iter()
        .map(|(name, flows)| (name.clone(), report::Flows { done: flows.done, failed: flows.failed }));
    let steps = figures.steps.iter().map(|(name, steps)| {
        (name.clone(), report::Steps { failed: steps.failed, latency_ms: steps.latency.summary() })
    });
    let mut report = Report {
        form: "run".into(),
        scenario: shown.name.clone(),
        target: shown.url.clone(),
        requests: Some(Requests {
            scheduled_per_s: None,
            measured_s,
            answered: figures.answered,
            answered_per_s: per_s(answered),
            failed: errors.values().sum(),
            errors,
            statuses: figures.statuses.iter().map(|(status, count)| (status.to_string(), *count)).collect(),
            bytes_sent: figures.bytes_sent,
            bytes_received: figures.bytes_received,
            connections: shown.concurrency,
            opened: figures.opened,
            processes: shown.procs,
        }),
        messages: figures.chat.as_ref().map(|chat| Messages {
            scheduled_per_s: None,
            measured_s,
            sent: chat.sent,
            acked: chat.acked,
            delivered: chat.delivered,
            acked_per_s: per_s(chat.acked_in_window),
            complete_per_s: per_s(chat.delivered_in_window),
            unanswered: chat.unanswered,
            lost: chat.lost,
            duplicates: chat.duplicates,
            reordered: chat.reordered,
            gaps: chat.gaps,
            nonsense: chat.nonsense,
            errors: BTreeMap::new(),
        }),
        flows_per_s: shown.scheduled_per_s,
        flows: flows.collect(),
        steps: steps.collect(),
        latency_ms: Some(figures.latency.summary()),
        service_ms: Some(figures.service.summary()),
        latency_hdr: Some(figures.latency.to_text()),
        service_hdr: Some(figures.service.to_text()),
        server: watch.and_then(|watch| watch.server(answered)),
        generator: Generator {
            lateness_p99_ms: lateness.p99_ms(),
            lateness_max_ms: lateness.max_ms(),
            cpu_us_per_message: (answered > 0).then(|| figures.cpu.as_secs_f64() * 1e6 / answered as f64),
            cpu_load: (measured_s > 0.0).then(|| figures.cpu.as_secs_f64() / measured_s),
            rss_mb: (figures.rss > 0).then(|| megabytes(figures.rss)),
        },
        notes: vec![NOTE.into()],
        intervals: figures.intervals.clone(),
        interrupted: figures.is_interrupted,
        ..Report::default()
    };
    if figures.latency.count() == 0 {
        report.invalid.push("no step was measured".into());
    }
    if let Verdict::Late { p99_ms, allowed_ms } = lateness.judge(figures.latency.percentile_ms(99.0)) {
        report.invalid.push(format!(
            "the generator was late by {p99_ms:.2} ms at p99, {allowed_ms:.2} ms are allowed; \
             give it more of a processor, spread it with --procs or lower the rate"
        ));
    }
    report
}
