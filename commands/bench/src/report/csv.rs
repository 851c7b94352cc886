//! The seconds of a run as comma-separated values, for spreadsheets.

use super::{Report, line};

pub(super) fn csv(report: &Report) -> String {
    let mut out = String::from("at_s,answered,failed,p50_ms,p99_ms,max_ms\n");
    for interval in &report.intervals {
        let crate::series::Interval { at_s, answered, failed, p50_ms, p99_ms, max_ms } = interval;
        line(&mut out, format_args!("{at_s},{answered},{failed},{p50_ms},{p99_ms},{max_ms}"));
    }
    out
}
