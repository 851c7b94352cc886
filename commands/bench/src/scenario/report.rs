use kefu_traffic::Verdict;

use super::{ScenarioSettings, record::Record};
use crate::{
    report::{self, Generator, Report, Requests},
    watch::Watch,
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
}

impl Shown {
    pub(super) fn of(settings: &ScenarioSettings) -> Self {
        let scheme = if settings.url.is_tls { "https" } else { "http" };
        Self {
            name: settings.name.clone(),
            url: format!("{scheme}://{}", settings.url.target.authority),
            concurrency: settings.concurrency,
            scheduled_per_s: settings.scheduled_per_s,
        }
    }
}

pub(super) fn report(shown: &Shown, record: &Record, watch: Option<&Watch>) -> Report {
    let measured_s = (record.window.to - record.window.from).as_secs_f64();
    let answered = record.answered_meanwhile;
    let errors: std::collections::BTreeMap<_, _> =
        record.errors.iter().map(|(error, count)| ((*error).to_owned(), *count)).collect();
    let flows = record
        .flows
        .iter()
        .map(|(name, flows)| (name.clone(), report::Flows { done: flows.done, failed: flows.failed }));
    let steps = record.steps.iter().map(|(name, steps)| {
        (name.clone(), report::Steps { failed: steps.failed, latency_ms: steps.latency.summary() })
    });
    let mut report = Report {
        form: "run".into(),
        scenario: shown.name.clone(),
        target: shown.url.clone(),
        requests: Some(Requests {
            scheduled_per_s: None,
            measured_s,
            answered: record.answered,
            answered_per_s: if measured_s > 0.0 { answered as f64 / measured_s } else { 0.0 },
            failed: errors.values().sum(),
            errors,
            statuses: record.statuses.iter().map(|(status, count)| (status.to_string(), *count)).collect(),
            bytes_sent: record.bytes_sent,
            bytes_received: record.bytes_received,
            connections: shown.concurrency,
            opened: 0,
            processes: 1,
        }),
        flows_per_s: shown.scheduled_per_s,
        flows: flows.collect(),
        steps: steps.collect(),
        latency_ms: Some(record.latency.summary()),
        service_ms: Some(record.service.summary()),
        latency_hdr: Some(record.latency.to_text()),
        service_hdr: Some(record.service.to_text()),
        server: watch.and_then(|watch| watch.server(answered)),
        generator: Generator {
            lateness_p99_ms: record.lateness.p99_ms(),
            lateness_max_ms: record.lateness.max_ms(),
            cpu_us_per_message: watch.and_then(|watch| watch.generator_cpu_us(answered)),
            cpu_load: watch.and_then(Watch::generator_load),
            rss_mb: watch.and_then(Watch::generator_rss_mb),
        },
        notes: vec![NOTE.into()],
        ..Report::default()
    };
    if record.latency.count() == 0 {
        report.invalid.push("no step was measured".into());
    }
    if let Verdict::Late { p99_ms, allowed_ms } = record.lateness.judge(record.latency.percentile_ms(99.0)) {
        report.invalid.push(format!(
            "the generator was late by {p99_ms:.2} ms at p99, {allowed_ms:.2} ms are allowed; \
             give it more of a processor or lower the rate"
        ));
    }
    report
}
