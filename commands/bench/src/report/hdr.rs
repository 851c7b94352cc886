//! The histograms as a log of HdrHistogram, version 1.3: its viewers and converters read it. Values are microseconds, the
//! column of the maximum is in milliseconds.

use super::{Report, line};

pub(super) fn log(report: &Report) -> String {
    let mut out =
        format!("#[Logged by kefu bench {}, {}]\n", report.form, report.target.replace(['\n', '\r'], " "));
    out.push_str("#[Histogram log format version 1.3]\n");
    out.push_str(
        "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
    );
    let seconds = report.measured_s();
    let histograms = [
        ("latency", report.latency_ms, &report.latency_hdr),
        ("service", report.service_ms, &report.service_hdr),
    ];
    for (name, summary, histogram) in histograms {
        if let (Some(summary), Some(histogram)) = (summary, histogram) {
            line(&mut out, format_args!("Tag={name},0.000,{seconds:.3},{:.3},{histogram}", summary.max));
        }
    }
    out
}
