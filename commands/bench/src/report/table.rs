//! The report as a table of two columns, for people.

use std::collections::BTreeMap;

use kefu_traffic::Summary;

use super::{Connections, Reads, Report, Requests, line};

type Row = (&'static str, String);

pub(super) fn text(report: &Report) -> String {
    let rows = rows(report);
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut out = format!("kefu bench {}, {}, {}\n\n", report.form, report.scenario, report.target);
    for (name, value) in &rows {
        line(&mut out, format_args!("  {name:width$}  {value}"));
    }
    for checked in &report.thresholds {
        let mark = if checked.holds { "ok  " } else { "FAIL" };
        line(
            &mut out,
            format_args!("  {mark} {} (measured {})", checked.threshold, measured(checked.measured)),
        );
    }
    for reason in &report.invalid {
        line(&mut out, format_args!("  INVALID RUN: {reason}"));
    }
    out
}

pub(super) fn markdown(report: &Report) -> String {
    let mut out =
        format!("| `kefu bench {}`, {} | {} |\n|---|---|\n", report.form, report.scenario, report.target);
    for (name, value) in rows(report) {
        line(&mut out, format_args!("| {name} | {value} |"));
    }
    for checked in &report.thresholds {
        let mark = if checked.holds { "holds" } else { "**fails**" };
        line(
            &mut out,
            format_args!("| `{}` | {mark}, measured {} |", checked.threshold, measured(checked.measured)),
        );
    }
    for reason in &report.invalid {
        line(&mut out, format_args!("| **invalid run** | {reason} |"));
    }
    out
}

pub(super) fn rows(report: &Report) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(connections) = &report.connections {
        rows.push(("connections", connected(connections)));
    }
    for (name, flows) in &report.flows {
        let scheduled =
            report.flows_per_s.map(|rate| format!(" (all flows: scheduled {rate:.1}/s)")).unwrap_or_default();
        rows.push(("flow", format!("{name}: {} done, {} failed{scheduled}", flows.done, flows.failed)));
    }
    for (name, steps) in &report.steps {
        rows.push(("step, ms", format!("{name}: {}; {} failed", summary(&steps.latency_ms), steps.failed)));
    }
    if let Some(requests) = &report.requests {
        request_rows(&mut rows, report, requests);
    }
    if let Some(messages) = &report.messages {
        rows.push((
            "messages",
            format!("{} sent, {} acked, {} delivered", messages.sent, messages.acked, messages.delivered),
        ));
        let scheduled =
            messages.scheduled_per_s.map(|rate| format!(" (scheduled {rate:.0}/s)")).unwrap_or_default();
        rows.push((
            "throughput",
            format!(
                "{:.0}/s acked, {:.0}/s acked and delivered, over {:.1} s{scheduled}",
                messages.acked_per_s, messages.complete_per_s, messages.measured_s
            ),
        ));
        rows.push((
            "integrity",
            format!(
                "{} lost, {} duplicates, {} reordered, {} gaps, {} unanswered, {} nonsense; {} errors{}",
                messages.lost,
                messages.duplicates,
                messages.reordered,
                messages.gaps,
                messages.unanswered,
                messages.nonsense,
                messages.errors.values().sum::<u64>(),
                counts(&messages.errors),
            ),
        ));
    }
    if report.form == "chat"
        && let Some(service) = &report.service_ms
    {
        rows.push(("service time, ms", summary(service)));
    }
    if let Some(latency) = &report.ack_ms {
        rows.push(("send to ack, ms", summary(latency)));
    }
    if let Some(latency) = &report.delivery_ms {
        rows.push(("send to agent, ms", summary(latency)));
    }
    if let Some(latency) = &report.watched_ms {
        rows.push(("send to supervisor, ms", summary(latency)));
    }
    if let Some(reads) = &report.reads {
        let Reads { scheduled_per_s, answered, failed, .. } = reads;
        let failures = counts(&reads.failures);
        let line =
            format!("{answered} answered (scheduled {scheduled_per_s:.0}/s), {failed} failed{failures}");
        rows.push(("reads", line));
        rows.push(("read to answer, ms", summary(&reads.latency_ms)));
        let each: Vec<_> =
            reads.by_kind_ms.iter().map(|(kind, latency)| format!("{kind} {:.2}", latency.p99)).collect();
        rows.push(("p99 of each, ms", each.join(", ")));
    }
    if let Some(idle) = &report.idle {
        for step in &idle.steps {
            let rss = step.rss_mb.map_or("unknown".into(), |rss| format!("{rss:.1} MB"));
            rows.push(("server memory", format!("{rss} at {} connections", step.connections)));
        }
        if let Some(bytes) = idle.rss_per_connection_bytes {
            rows.push(("memory per connection", format!("{bytes:.0} bytes, held for {:.0} s", idle.held_s)));
        }
    }
    if let Some(storm) = &report.storm {
        rows.push((
            "caught up",
            format!(
                "{} clients after {:.2} s, {} messages missed, {} retries",
                storm.clients, storm.caught_up_s, storm.missed, storm.retries
            ),
        ));
        rows.push(("catch-up, ms", summary(&storm.catch_up_ms)));
    }
    let what = if report.requests.is_some() { "request" } else { "message" };
    if let Some(server) = &report.server {
        let cpu =
            server.cpu_us_per_message.map(|cpu| format!("{cpu:.1} µs of CPU a {what}, ")).unwrap_or_default();
        let pid = server.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
        rows.push((
            "server",
            format!(
                "{:.1} MB resident (ever {:.1}), {cpu}{:.2} processors busy, {} descriptors{pid}",
                server.rss_mb, server.rss_peak_mb, server.cpu_load, server.fds
            ),
        ));
    }
    let generator = &report.generator;
    let cpu =
        generator.cpu_us_per_message.map(|cpu| format!(", {cpu:.1} µs of CPU a {what}")).unwrap_or_default();
    let load = generator.cpu_load.map(|load| format!(", {load:.2} processors busy")).unwrap_or_default();
    let rss = generator.rss_mb.map(|rss| format!(", {rss:.1} MB resident")).unwrap_or_default();
    rows.push((
        "generator",
        format!(
            "late by {:.2} ms at p99, {:.2} at most{cpu}{load}{rss}",
            generator.lateness_p99_ms, generator.lateness_max_ms
        ),
    ));
    rows.extend(report.notes.iter().map(|note| ("note", note.clone())));
    rows
}

fn connected(connections: &Connections) -> String {
    let supervisors = match connections.supervisors {
        0 => String::new(),
        count => format!(", {count} supervisors"),
    };
    format!(
        "{} visitors ({} send), {} agents{supervisors}; {} open at the end, {} lost{}; {:.0} opened/s",
        connections.visitors,
        connections.senders,
        connections.agents,
        connections.open,
        connections.lost,
        counts(&connections.lost_by_code),
        connections.opened_per_s,
    )
}

fn request_rows(rows: &mut Vec<Row>, report: &Report, requests: &Requests) {
    let scheduled =
        requests.scheduled_per_s.map(|rate| format!(" (scheduled {rate:.0}/s)")).unwrap_or_default();
    let line = format!(
        "{} answered, {:.0}/s over {:.1} s{scheduled}; {} failed{}",
        requests.answered,
        requests.answered_per_s,
        requests.measured_s,
        requests.failed,
        counts(&requests.errors),
    );
    rows.push(("requests", line));
    if !requests.statuses.is_empty() {
        rows.push(("statuses", counts(&requests.statuses).trim_matches([' ', '(', ')']).to_owned()));
    }
    for (name, latency) in [("latency, ms", &report.latency_ms), ("service time, ms", &report.service_ms)] {
        rows.extend(latency.as_ref().map(|latency| (name, summary(latency))));
    }
    let processes = match requests.processes {
        1 => String::new(),
        count => format!(" by {count} processes"),
    };
    let opened = if requests.opened > 0 { format!(", {} opened", requests.opened) } else { String::new() };
    let line = format!(
        "{} connections{opened}{processes}; {:.2} MB sent, {:.2} MB received",
        requests.connections,
        requests.bytes_sent as f64 / 1e6,
        requests.bytes_received as f64 / 1e6,
    );
    rows.push(("traffic", line));
}

fn summary(latency: &Summary) -> String {
    format!(
        "p50 {:.2}, p90 {:.2}, p99 {:.2}, p99.9 {:.2}, max {:.2}, mean {:.2} ({})",
        latency.p50, latency.p90, latency.p99, latency.p999, latency.max, latency.mean, latency.count
    )
}

fn counts(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let each: Vec<_> = counts.iter().map(|(name, count)| format!("{name}: {count}")).collect();
    format!(" ({})", each.join(", "))
}

pub(super) fn measured(value: Option<f64>) -> String {
    value.map_or("nothing".into(), |value| format!("{value:.3}"))
}
