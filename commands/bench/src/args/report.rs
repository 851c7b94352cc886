use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};

use crate::threshold::Threshold;

/// What a run must meet, and where its report goes.
#[derive(clap::Args, Clone, Debug)]
pub struct ReportArgs {
    /// Fail with exit code 1 unless this holds, such as `p99<=20ms`, `loss==0`, `rate>=30000` or `rss_mb<=60`
    #[arg(long, visible_alias = "require", value_name = "CONDITION", help_heading = "Report")]
    pub threshold: Vec<Threshold>,

    /// End the run with exit code 1 as soon as a condition on errors, error_rate, max or a percentile cannot hold any more
    #[arg(long, help_heading = "Report")]
    pub abort_on_fail: bool,

    /// Write the report like this [default: as the name of the file says, else for a terminal]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Report")]
    pub format: Option<Format>,

    /// Write the report to this file instead of standard output; may be given several times
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Report")]
    pub output: Vec<PathBuf>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
    /// A table for a document.
    Markdown,
    /// The seconds of the run, for spreadsheets.
    Csv,
    /// A test for each condition, for a CI.
    Junit,
    /// A page with charts.
    Html,
    /// The histograms, for the tools of HdrHistogram.
    Hdr,
}
