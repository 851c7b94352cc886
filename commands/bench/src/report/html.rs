//! The report as one page that needs nothing else: no script, no file, no network.

use kefu_traffic::Latency;

use super::{
    Report,
    chart::{Chart, Line},
    line,
    table::{self, measured},
};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6470;--rule:#d9dee4;--paper:#fff;--good:#1a7f4b;--bad:#c02b2b;\
--line0:#2563c9;--line1:#c2571a;--line2:#7a8390}\
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa4b1;--rule:#323a44;--paper:#14181d;--good:#56c98a;\
--bad:#f07b74;--line0:#74a8ff;--line1:#f0a062;--line2:#97a1ae}}\
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:820px;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}p{margin:.25rem 0;color:var(--soft);overflow-wrap:anywhere}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--rule)}\
th{font-weight:600;white-space:nowrap}td{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}\
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}\
figure{margin:1rem 0}figcaption{font-weight:600}svg{width:100%;height:auto}\
svg text{font-size:11px;fill:var(--soft)}.y{text-anchor:end}.x{text-anchor:middle}.grid{stroke:var(--rule)}\
polyline{fill:none;stroke-width:1.5;stroke-linejoin:round}polyline.line0{stroke:var(--line0)}\
polyline.line1{stroke:var(--line1);stroke-dasharray:6 2}polyline.line2{stroke:var(--line2);stroke-dasharray:2 2}\
ul{list-style:none;display:flex;gap:1.2rem;margin:.2rem 0;padding:0 0 0 4rem;color:var(--soft);font-size:.85rem}\
li::before{content:\"\";display:inline-block;width:1.4rem;border-top:2px solid;margin-right:.4rem;vertical-align:middle}\
li.line0::before{border-color:var(--line0)}li.line1::before{border-color:var(--line1);border-top-style:dashed}\
li.line2::before{border-color:var(--line2);border-top-style:dotted}";

pub(super) fn html(report: &Report) -> String {
    let title = escaped(&format!("kefu bench {}, {}", report.form, report.scenario));
    let (class, verdict) = match () {
        () if !report.invalid.is_empty() => ("bad", "invalid run"),
        () if report.interrupted => ("bad", "stopped before its end"),
        () if !report.is_passed() => ("bad", "a condition does not hold"),
        () if report.thresholds.is_empty() => ("good", "valid run"),
        () => ("good", "all conditions hold"),
    };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head><body>\n\
         <h1>{title}</h1>\n<p>{}</p>\n<p class=\"{class}\">{verdict}</p>\n",
        escaped(&report.target)
    );
    for reason in &report.invalid {
        line(&mut out, format_args!("<p class=\"bad\">{}</p>", escaped(reason)));
    }
    if !report.thresholds.is_empty() {
        out.push_str("<h2>Conditions</h2>\n<table>");
        for checked in &report.thresholds {
            let (class, word) = if checked.holds { ("good", "holds") } else { ("bad", "fails") };
            let (threshold, measured) = (escaped(&checked.threshold), measured(checked.measured));
            line(
                &mut out,
                format_args!(
                    "<tr><th>{threshold}</th><td class=\"{class}\">{word}</td><td>measured {measured}</td></tr>"
                ),
            );
        }
        out.push_str("</table>\n");
    }
    out.push_str("<h2>Figures</h2>\n<table>");
    for (name, value) in table::rows(report) {
        line(
            &mut out,
            format_args!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>", escaped(name), escaped(&value)),
        );
    }
    out.push_str("</table>\n<h2>Charts</h2>\n");
    for chart in charts(report) {
        out.push_str(&chart.to_svg());
    }
    out.push_str("</body></html>\n");
    out
}

fn charts(report: &Report) -> Vec<Chart<'static>> {
    let over_time = |of: fn(&crate::series::Interval) -> f64| {
        report.intervals.iter().map(|interval| (interval.at_s, of(interval))).collect()
    };
    let step = report.intervals.get(1).map_or(1.0, |second| second.at_s.max(1.0));
    let per_second = |of: fn(&crate::series::Interval) -> u64| {
        report.intervals.iter().map(|interval| (interval.at_s, of(interval) as f64 / step)).collect()
    };
    vec![
        Chart {
            title: "Answers a second",
            x_label: "seconds",
            lines: vec![
                Line { name: "answered", points: per_second(|interval| interval.answered) },
                Line { name: "failed", points: per_second(|interval| interval.failed) },
            ],
            x_marks: Vec::new(),
        },
        Chart {
            title: "Latency over time, ms",
            x_label: "seconds",
            lines: vec![
                Line { name: "p50", points: over_time(|interval| interval.p50_ms) },
                Line { name: "p99", points: over_time(|interval| interval.p99_ms) },
                Line { name: "max", points: over_time(|interval| interval.max_ms) },
            ],
            x_marks: Vec::new(),
        },
        Chart {
            title: "Latency by percentile, ms",
            x_label: "percent of requests that took no longer",
            lines: vec![
                Line {
                    name: "latency, from when it was due",
                    points: by_percentile(report.latency_hdr.as_deref()),
                },
                Line {
                    name: "service time, from when it was begun",
                    points: by_percentile(report.service_hdr.as_deref()),
                },
            ],
            x_marks: ["0", "90", "99", "99.9", "99.99", "99.999"]
                .iter()
                .enumerate()
                .map(|(nines, label)| (nines as f64, (*label).to_owned()))
                .collect(),
        },
    ]
}

/// Latency over the number of nines: 1 for 90 %, 2 for 99 %, up to 5.
fn by_percentile(histogram: Option<&str>) -> Vec<(f64, f64)> {
    let Some(Ok(latency)) = histogram.map(Latency::from_text) else { return Vec::new() };
    if latency.count() == 0 {
        return Vec::new();
    }
    (0..=100)
        .map(|step| f64::from(step) / 20.0)
        .map(|nines| (nines, latency.percentile_ms(100.0 * (1.0 - 10_f64.powf(-nines)))))
        .collect()
}

/// A text that stands for itself in HTML and XML; what neither may hold is left out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            other if other.is_control() => {}
            other => out.push(other),
        }
    }
    out
}
