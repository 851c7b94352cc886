use std::collections::BTreeMap;

use kefu_app::{Language, Text};
use serde_json::{Map, Value, json};

use super::{
    engine::Figures,
    feed::{Fed, Pace},
    slot::Lost,
};
use crate::{
    account::{Account, Reason},
    args::Speed,
    shown,
};

impl Lost {
    /// Its name for programs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Unreadable => "unreadable",
        }
    }

    fn text(self) -> Text {
        match self {
            Self::Connect => Text::new("no connection", "无法连接"),
            Self::Closed => Text::new("connection closed", "连接被关闭"),
            Self::Timeout => Text::new("time-out", "超时"),
            Self::Unreadable => Text::new("unreadable answer", "应答无法解析"),
        }
    }
}

/// What became of the records that were read: those of which a byte was sent were emitted.
pub(super) fn account(figures: &Figures, fed: &Fed) -> Account {
    let mut account = fed.account.clone();
    let sockets = fed.sockets;
    account.emitted = figures.sent + sockets.opened + sockets.sent;
    account.in_flight = figures.unsent + fed.untaken + fed.played.saturating_sub(sockets.done());
    account.dropped(Reason::NotSent, figures.never_sent + sockets.failed + sockets.unsent);
    account.dropped(Reason::Untranslated, figures.untranslated + sockets.untranslated);
    account
}

/// For programs.
pub(super) fn json(figures: &Figures, fed: &Fed, pace: Pace, untranslated: &BTreeMap<String, u64>) -> Value {
    let statuses: Map<String, Value> =
        figures.statuses.iter().map(|(status, count)| (status.to_string(), json!(count))).collect();
    let lost: Map<String, Value> =
        figures.lost.iter().map(|(why, count)| (why.name().to_owned(), json!(count))).collect();
    let account = account(figures, fed);
    let mut report = json!({
        "sent": figures.sent,
        "answered": figures.answered,
        "unanswered": lost,
        "unsent": figures.unsent,
        "left_out": {
            "malformed": account.of(Reason::Malformed),
            "unsafe_method": account.of(Reason::UnsafeMethod),
            "upgrade": account.of(Reason::Upgrade),
        },
        "account": account.to_json(),
        "untranslated": untranslated,
        "websockets": {
            "opened": fed.sockets.opened,
            "failed": fed.sockets.failed,
            "broken": fed.sockets.broken,
            "sent": fed.sockets.sent,
            "unsent": fed.sockets.unsent,
            "untranslated": fed.sockets.untranslated,
            "received": fed.sockets.received,
            "recorded": fed.sockets.recorded,
        },
        "damaged": fed.outcome.complaints,
        "statuses": statuses,
        "seconds": figures.elapsed.as_secs_f64(),
        "rate": rate(figures),
        "connections": figures.opened,
        "sent_again": figures.again,
        "bytes_sent": figures.bytes_sent,
        "bytes_received": figures.bytes_received,
        "latency_ms": figures.latency.summary(),
        "service_ms": figures.service.summary(),
    });
    if is_paced(pace) {
        report["pace"] = json!({
            "late_ms": figures.late.summary(),
            "send_error_ms": figures.send_error.summary(),
            "waited": figures.waited,
            "drift_ms": figures.drift.as_secs_f64() * 1000.0,
        });
    }
    report
}

/// For people.
pub(super) fn text(
    figures: &Figures,
    fed: &Fed,
    pace: Pace,
    untranslated: &BTreeMap<String, u64>,
    language: Language,
) -> String {
    let say = |en: &str, zh: &str| Text::new(en, zh).in_language(language).to_owned();
    let mut rows = vec![
        vec![say("sent", "已发送"), figures.sent.to_string()],
        vec![say("answered", "已应答"), figures.answered.to_string()],
    ];
    for (why, count) in &figures.lost {
        rows.push(vec![why.text().in_language(language).to_owned(), count.to_string()]);
    }
    for (reason, count) in fed.account.reasons().filter(|(reason, _)| *reason != Reason::Response) {
        let text = reason.text();
        let (en, zh) = (text.in_language(Language::English), text.in_language(Language::Chinese));
        rows.push(vec![say(&format!("left out: {en}"), &format!("略过:{zh}")), count.to_string()]);
    }
    let sockets = fed.sockets;
    for (name, count) in [
        (say("not sent", "未发送"), figures.unsent + fed.untaken),
        (say("WebSocket sessions", "WebSocket 会话"), sockets.opened),
        (say("WebSocket sessions that did not begin", "未能建立的 WebSocket 会话"), sockets.failed),
        (say("WebSocket sessions cut short", "中断的 WebSocket 会话"), sockets.broken),
        (say("WebSocket messages sent", "已发送的 WebSocket 消息"), sockets.sent),
        (say("WebSocket messages not sent", "未发送的 WebSocket 消息"), sockets.unsent),
        (say("WebSocket messages received", "已接收的 WebSocket 消息"), sockets.received),
        (say("and as recorded", "录制时的数量"), sockets.recorded),
        (say("damaged places", "损坏之处"), fed.outcome.complaints),
        (say("sent again", "重新发送"), figures.again),
    ] {
        if count > 0 {
            rows.push(vec![name, count.to_string()]);
        }
    }
    rows.extend(untranslated.iter().map(|(why, count)| {
        vec![shown::line(&format!("{}: {why}", say("not translated", "未翻译"))), count.to_string()]
    }));
    rows.extend([
        vec![say("seconds", "秒数"), format!("{:.3}", figures.elapsed.as_secs_f64())],
        vec![say("requests/s", "请求/秒"), format!("{:.1}", rate(figures))],
        vec![say("connections", "连接"), figures.opened.to_string()],
        vec![say("bytes sent", "已发送字节"), shown::bytes(figures.bytes_sent)],
        vec![say("bytes received", "已接收字节"), shown::bytes(figures.bytes_received)],
    ]);
    if is_paced(pace) {
        rows.push(vec![say("waited for their connection", "等待所属连接"), figures.waited.to_string()]);
        let drift = figures.drift.as_secs_f64() * 1000.0;
        rows.push(vec![say("drift, ms", "末尾漂移,毫秒"), format!("{drift:.3}")]);
    }
    let mut out = shown::table(&rows);
    let statuses: Vec<_> =
        figures.statuses.iter().map(|(status, count)| format!("{status} × {count}")).collect();
    if !statuses.is_empty() {
        out.push_str(&format!("\n{}: {}\n", say("statuses", "状态码"), statuses.join(", ")));
    }
    let mut rows =
        vec![[&say("ms", "毫秒"), "p50", "p90", "p99", "p99.9", "max"].map(str::to_owned).to_vec()];
    let mut measured = vec![
        (say("latency, from when it was due", "延迟(自应发送时起)"), &figures.latency),
        (say("latency, from when it was sent", "延迟(自实际发送时起)"), &figures.service),
    ];
    if is_paced(pace) {
        measured.push((say("taken up late", "取出迟到"), &figures.late));
        measured.push((say("sent late, waits included", "发送迟到(含等待)"), &figures.send_error));
    }
    for (name, latency) in measured {
        let summary = latency.summary();
        let figures = [summary.p50, summary.p90, summary.p99, summary.p999, summary.max];
        rows.push(std::iter::once(name).chain(figures.map(|ms| format!("{ms:.3}"))).collect());
    }
    out.push('\n');
    out.push_str(&shown::table(&rows));
    out
}

/// Whether requests have a time of their own at which they are due.
fn is_paced(pace: Pace) -> bool {
    !matches!(pace, Pace::Recorded(Speed::Max))
}

#[expect(clippy::cast_precision_loss, reason = "a rate is shown with one digit")]
fn rate(figures: &Figures) -> f64 {
    let seconds = figures.elapsed.as_secs_f64();
    if seconds > 0.0 { figures.sent as f64 / seconds } else { 0.0 }
}
