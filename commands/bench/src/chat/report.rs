use kefu_traffic::{Lateness, Verdict};

use super::{figures::Figures, settings::ChatSettings};
use crate::{
    report::{Connections, Generator, Messages, Report},
    watch::{Watch, megabytes},
};

/// What several processes cannot tell of messages that go from one to the other.
const TOGETHER: &str =
    "service time is that of messages whose visitor and agent are in one process of the load";

/// The report as far as every scenario has it.
pub(super) fn report(settings: &ChatSettings, scenario: &str, figures: &Figures) -> Report {
    Report {
        form: "chat".into(),
        scenario: scenario.into(),
        interrupted: figures.is_interrupted,
        target: settings.url.clone(),
        connections: Some(Connections {
            visitors: settings.visitors,
            senders: settings.senders,
            agents: settings.agents,
            supervisors: settings.supervisors,
            opened_per_s: figures.opened_per_s,
            open: figures.open,
            lost: figures.counts.closed.values().sum(),
            lost_by_code: figures.counts.closed.clone(),
        }),
        ..Report::default()
    }
}

/// The report of a scenario that sends messages.
pub(super) fn of_messages(
    settings: &ChatSettings,
    scenario: &str,
    scheduled_per_s: Option<f64>,
    figures: &Figures,
    watch: &Watch,
) -> Report {
    let mut report = report(settings, scenario, figures);
    let counts = &figures.counts;
    let measured_s = figures.measured.as_secs_f64();
    let per_s = |count: u64| if measured_s > 0.0 { count as f64 / measured_s } else { 0.0 };
    let refused: u64 = counts.errors.values().sum();
    let has_agents = settings.agents > 0;
    report.messages = Some(Messages {
        scheduled_per_s,
        measured_s,
        sent: counts.sent,
        acked: counts.acked,
        delivered: counts.delivered,
        acked_per_s: per_s(counts.acked_in_window),
        complete_per_s: if has_agents { per_s(counts.complete_in_window) } else { 0.0 },
        unanswered: counts.sent.saturating_sub(counts.acked + refused),
        lost: if has_agents { counts.lost() } else { 0 },
        duplicates: counts.duplicates,
        reordered: counts.reordered,
        gaps: counts.gaps,
        nonsense: counts.nonsense(),
        errors: counts.errors.clone(),
    });
    report.ack_ms = Some(counts.ack.summary());
    report.delivery_ms = has_agents.then(|| counts.delivery.summary());
    report.watched_ms = (settings.supervisors > 0).then(|| counts.watched.summary());
    report.reads.clone_from(&figures.reads);
    let messages = counts.acked_in_window;
    let lateness = Lateness::from(counts.late.clone());
    report.server = watch.server(messages);
    report.generator = Generator {
        lateness_p99_ms: lateness.p99_ms(),
        lateness_max_ms: lateness.max_ms(),
        cpu_us_per_message: (messages > 0).then(|| figures.cpu.as_secs_f64() * 1e6 / messages as f64),
        cpu_load: (measured_s > 0.0).then(|| figures.cpu.as_secs_f64() / measured_s),
        rss_mb: (figures.rss > 0).then(|| megabytes(figures.rss)),
    };
    let measured = if has_agents { &counts.delivery } else { &counts.ack };
    report.latency_ms = Some(measured.summary());
    report.service_ms = Some(counts.service.summary());
    report.latency_hdr = Some(measured.to_text());
    report.service_hdr = Some(counts.service.to_text());
    report.intervals.clone_from(&figures.intervals);
    if settings.procs > 1 && has_agents {
        report.notes.push(TOGETHER.into());
    }
    if measured.count() == 0 {
        report.invalid.push("no message was measured".into());
    }
    if let Verdict::Late { p99_ms, allowed_ms } = lateness.judge(measured.percentile_ms(99.0)) {
        report.invalid.push(format!(
            "the generator was late by {p99_ms:.2} ms at p99, {allowed_ms:.2} ms are allowed; \
             give it more of a processor, spread it with --procs or lower the rate"
        ));
    }
    report
}
