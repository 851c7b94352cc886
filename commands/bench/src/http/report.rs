use std::collections::BTreeMap;

use kefu_traffic::Verdict;

use super::{HttpSettings, figures::Figures};
use crate::{
    report::{Generator, Report, Requests},
    watch::{Watch, megabytes},
};

/// What tells the two figures apart.
const OPEN: &str = "latency counts from when a request was due, service time from when a connection was free for it; \
                    what lies between is the wait for answers that were late, which callers of a service have as well";
const CLOSED: &str = "in a closed loop a request is due when a connection is free, so that latency and service time \
                      are the same, and a stall shows in as few requests as there are connections; what callers \
                      would have seen is told with --rate";
/// Beyond this share of a processor it is the generator that sets the pace of a closed loop.
const BUSY: f64 = 0.9;

pub(super) fn report(settings: &HttpSettings, figures: &Figures, watch: Option<&Watch>) -> Report {
    let measured_s = figures.measured.as_secs_f64();
    let per = |whole: f64, parts: f64| if parts > 0.0 { whole / parts } else { 0.0 };
    let mut errors: BTreeMap<String, u64> =
        figures.troubles.iter().map(|(trouble, count)| (trouble.name().to_owned(), *count)).collect();
    for (status, count) in figures.statuses.iter().filter(|(status, _)| **status >= 400) {
        errors.insert(format!("status_{status}"), *count);
    }
    let load = per(figures.cpu.as_secs_f64(), measured_s);
    let answered = figures.answered_meanwhile;
    let lateness = figures.lateness();
    let is_open = settings.scheduled_per_s.is_some();
    let mut report = Report {
        form: "http".into(),
        scenario: if is_open { "open loop" } else { "closed loop" }.into(),
        target: settings.url.clone(),
        requests: Some(Requests {
            scheduled_per_s: settings.scheduled_per_s,
            measured_s,
            answered: figures.answered,
            answered_per_s: per(answered as f64, measured_s),
            failed: errors.values().sum(),
            errors,
            statuses: figures.statuses.iter().map(|(status, count)| (status.to_string(), *count)).collect(),
            bytes_sent: figures.bytes_sent,
            bytes_received: figures.bytes_received,
            connections: settings.connections,
            opened: figures.opened,
            processes: settings.procs,
        }),
        latency_ms: Some(figures.latency.summary()),
        service_ms: Some(figures.service.summary()),
        server: watch.and_then(|watch| watch.server(answered)),
        generator: Generator {
            lateness_p99_ms: lateness.p99_ms(),
            lateness_max_ms: lateness.max_ms(),
            cpu_us_per_message: (answered > 0).then(|| figures.cpu.as_secs_f64() * 1e6 / answered as f64),
            cpu_load: Some(load),
            rss_mb: (figures.rss > 0).then(|| megabytes(figures.rss)),
        },
        notes: vec![if is_open { OPEN } else { CLOSED }.into()],
        interrupted: figures.is_interrupted,
        intervals: figures.intervals.clone(),
        latency_hdr: Some(figures.latency.to_text()),
        service_hdr: Some(figures.service.to_text()),
        ..Report::default()
    };
    if !is_open && load > BUSY * f64::from(settings.procs) {
        report.notes.push(format!(
            "the generator kept {load:.2} processors busy: the server may take more than it was given; see --procs"
        ));
    }
    report.invalid = invalid(figures);
    report
}

/// Why the figures are not the server's.
fn invalid(figures: &Figures) -> Vec<String> {
    let mut reasons = Vec::new();
    if figures.latency.count() == 0 {
        reasons.push("no request was measured".to_owned());
    }
    for (trouble, count) in figures.troubles.iter().filter(|(trouble, _)| trouble.is_ours()) {
        reasons.push(format!(
            "this machine could not open {count} connections ({}); give it more source addresses or open files",
            trouble.name()
        ));
    }
    if let Verdict::Late { p99_ms, allowed_ms } =
        figures.lateness().judge(figures.latency.percentile_ms(99.0))
    {
        reasons.push(format!(
            "the generator was late by {p99_ms:.2} ms at p99, {allowed_ms:.2} ms are allowed; \
             give it more of a processor, spread it with --procs or lower the rate"
        ));
    }
    reasons
}
