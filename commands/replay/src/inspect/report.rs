use kefu_app::{Language, Text};
use serde_json::{Map, Value, json};

use super::count::{Count, Endpoint};
use crate::{shown, source::Outcome};

/// The timeline of the text has at most so many rows.
const ROWS_MAX: usize = 20;
/// The longest bar.
const BAR: u64 = 40;

/// For programs.
pub(super) fn json(count: &Count, outcome: &Outcome, top: usize) -> Value {
    let endpoints: Vec<_> = count
        .top(top)
        .into_iter()
        .map(|(name, endpoint)| {
            let Endpoint { requests, responses, errors, latency } = endpoint;
            json!({
                "endpoint": name,
                "requests": requests,
                "responses": responses,
                "errors": errors,
                "latency_ms": latency.summary(),
            })
        })
        .collect();
    let step_s = count.timeline.step_s;
    let timeline: Vec<_> = count
        .timeline
        .steps
        .iter()
        .map(|(step, (requests, errors))| {
            let time = shown::time(step.saturating_mul(step_s).saturating_mul(1_000_000_000));
            json!({ "time": time, "requests": requests, "errors": errors })
        })
        .collect();
    let statuses: Map<String, Value> =
        count.statuses.iter().map(|(status, count)| (status.to_string(), json!(count))).collect();
    let errors: u64 = count.statuses.range(400..).map(|(_, count)| count).sum();
    let mut report = json!({
        "requests": count.requests,
        "responses": count.responses,
        "replayed": count.replayed,
        "websocket_messages": count.frames,
        "other_records": count.others,
        "pairs": count.paired,
        "errors": errors,
        "malformed": count.malformed,
        "redacted": count.redacted,
        "damaged": outcome.complaints,
        "account": count.account().to_json(),
        "bytes": count.bytes,
        "connections": count.connections(),
        "first": count.first.map(shown::time),
        "last": count.last.map(shown::time),
        "seconds": count.seconds(),
        "rate": { "mean": mean(count), "peak": count.timeline.peak() },
        "latency_ms": count.latency.summary(),
        "methods": count.methods,
        "statuses": statuses,
        "hosts": count.hosts,
        "endpoints": endpoints,
        "timeline": { "step_s": step_s, "steps": timeline },
    });
    if let Some(packets) = outcome.packets {
        report["capture"] = packets.to_json();
    }
    report
}

/// For people.
pub(super) fn text(count: &Count, outcome: &Outcome, top: usize, language: Language) -> String {
    let say = |en: &str, zh: &str| Text::new(en, zh).in_language(language).to_owned();
    let mut out = outcome.packets.map_or_else(String::new, |packets| packets.to_text(language) + "\n");
    let mut rows = vec![
        vec![say("requests", "请求"), count.requests.to_string()],
        vec![say("responses", "响应"), count.responses.to_string()],
        vec![say("pairs", "成对"), count.paired.to_string()],
        vec![say("bytes", "大小"), shown::bytes(count.bytes)],
        vec![say("connections", "连接"), count.connections().to_string()],
        vec![say("seconds", "秒数"), format!("{:.3}", count.seconds())],
        vec![
            say("requests/s", "请求/秒"),
            say(
                &format!("{:.1} (peak {:.1})", mean(count), count.timeline.peak()),
                &format!("{:.1}(峰值 {:.1})", mean(count), count.timeline.peak()),
            ),
        ],
    ];
    for (name, value) in [
        (say("replayed responses", "重放的响应"), count.replayed),
        (say("WebSocket messages", "WebSocket 消息"), count.frames),
        (say("other records", "其他记录"), count.others),
        (say("malformed messages", "格式错误的消息"), count.malformed),
        (say("messages with replacements", "含替换内容的消息"), count.redacted),
        (say("damaged places", "损坏之处"), outcome.complaints),
    ] {
        if value > 0 {
            rows.push(vec![name, value.to_string()]);
        }
    }
    if let (Some(first), Some(last)) = (count.first, count.last) {
        rows.push(vec![say("first", "最早"), shown::time(first)]);
        rows.push(vec![say("last", "最晚"), shown::time(last)]);
    }
    out.push_str(&shown::table(&rows));
    let statuses: Vec<_> =
        count.statuses.iter().map(|(status, count)| format!("{status} × {count}")).collect();
    if !statuses.is_empty() {
        out.push_str(&format!("\n{}: {}\n", say("statuses", "状态码"), statuses.join(", ")));
    }
    endpoints(count, top, &say, &mut out);
    timeline(count, &say, &mut out);
    out
}

fn endpoints(count: &Count, top: usize, say: &impl Fn(&str, &str) -> String, out: &mut String) {
    let listed = count.top(top);
    if listed.is_empty() {
        return;
    }
    let mut rows = vec![vec![
        say("endpoint", "端点"),
        say("requests", "请求"),
        say("responses", "响应"),
        say("errors", "错误"),
        "p50 ms".to_owned(),
        "p99 ms".to_owned(),
    ]];
    for (name, endpoint) in &listed {
        rows.push(vec![
            shown::line(name),
            endpoint.requests.to_string(),
            endpoint.responses.to_string(),
            endpoint.errors.to_string(),
            format!("{:.2}", endpoint.latency.percentile_ms(50.0)),
            format!("{:.2}", endpoint.latency.percentile_ms(99.0)),
        ]);
    }
    out.push('\n');
    out.push_str(&shown::table(&rows));
    if let Some(more @ 1..) = count.endpoints().checked_sub(listed.len()) {
        out.push_str(&say(
            &format!("{more} more endpoints; show them with --top\n"),
            &format!("另有 {more} 个端点;可用 --top 显示\n"),
        ));
    }
}

fn timeline(count: &Count, say: &impl Fn(&str, &str) -> String, out: &mut String) {
    let steps = &count.timeline.steps;
    let (Some((first, _)), Some((last, _))) = (steps.first_key_value(), steps.last_key_value()) else {
        return;
    };
    // As many steps together as it takes to have few rows.
    let rows = i64::try_from(ROWS_MAX).unwrap_or(i64::MAX);
    let width = (last - first) / rows + 1;
    let mut sums = vec![(0, 0); usize::try_from((last - first) / width + 1).unwrap_or_default()];
    for (step, (requests, errors)) in steps {
        if let Some(sum) = usize::try_from((step - first) / width).ok().and_then(|row| sums.get_mut(row)) {
            sum.0 += requests;
            sum.1 += errors;
        }
    }
    let most = sums.iter().map(|(requests, _)| *requests).max().unwrap_or(0).max(1);
    let mut lines =
        vec![vec![say("time", "时间"), say("requests", "请求"), say("errors", "错误"), String::new()]];
    let seconds = count.timeline.step_s;
    let mut step = *first;
    for (requests, errors) in sums {
        let time = shown::time(step.saturating_mul(seconds).saturating_mul(1_000_000_000));
        let bar = "█".repeat(usize::try_from(requests * BAR / most).unwrap_or_default());
        lines.push(vec![time.replace(".000000000", ""), requests.to_string(), errors.to_string(), bar]);
        step += width;
    }
    // The bars begin at one line: all but the last column are a table.
    let bars: Vec<String> = lines.iter_mut().filter_map(Vec::pop).collect();
    out.push('\n');
    for (line, bar) in shown::table(&lines).lines().zip(bars) {
        out.push_str(format!("{line}  {bar}").trim_end());
        out.push('\n');
    }
}

/// Requests per second over the whole time.
#[expect(clippy::cast_precision_loss, reason = "rates are shown with a digit or two")]
fn mean(count: &Count) -> f64 {
    let seconds = count.seconds();
    if seconds > 0.0 { count.requests as f64 / seconds } else { count.requests as f64 }
}
