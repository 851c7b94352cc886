use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};

use super::Format;
use crate::report::Metric;

const COMPARE_EXAMPLES: &str = "\
Examples:
  # Five runs of each, in one file each
  for run in 1 2 3 4 5; do kefu bench http \"$URL\" -r 2000 --format json; done > new.json
  kefu bench compare base.json new.json

Exit codes:
  0  nothing is worse than before
  1  something is worse, beyond the noise and the tolerance
  2  there are too few runs to tell, or one of them is invalid
  3  the command line or a file cannot be used";

/// What `kefu bench compare` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = COMPARE_EXAMPLES)]
pub struct CompareArgs {
    /// Reports in JSON of what was before, one or more in the file
    #[arg(value_name = "BASE", value_hint = ValueHint::FilePath)]
    pub base: PathBuf,

    /// Reports of what is to be compared with it; each further file by itself
    #[arg(value_name = "NEW", required = true, value_hint = ValueHint::FilePath)]
    pub new: Vec<PathBuf>,

    /// Compare this figure [default: p50, p99, rate, error_rate and cpu_per_message]; may be given several times
    #[arg(long, value_name = "FIGURE", value_parser = figure)]
    pub metric: Vec<Figure>,

    /// Take changes up to so many percent for none
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    pub tolerance: f64,

    /// Repeat the resampling by this number
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,

    /// Write the comparison like this
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = TableFormat::Text)]
    pub format: TableFormat,
}

/// How a comparison is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum TableFormat {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
    /// A table for a document.
    Markdown,
}

/// A figure that runs can be compared by.
#[derive(Clone, Copy, Debug)]
pub struct Figure(pub(crate) Metric);

fn figure(name: &str) -> Result<Figure, String> {
    Metric::from_name(name).map(Figure).ok_or_else(|| {
        let known = Metric::ALL.map(Metric::name).join(", ");
        format!("there is no figure `{name}`; known are {known}")
    })
}

const REPORT_EXAMPLES: &str = "\
Examples:
  # What CI kept as JSON, as a page
  kefu bench report run.json -o run.html";

/// What `kefu bench report` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = REPORT_EXAMPLES)]
pub struct RenderArgs {
    /// A report in JSON
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// Write the report like this [default: as the name of the file says, else for a terminal]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,

    /// Write the report to this file instead of standard output; may be given several times
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Vec<PathBuf>,
}
