use std::{path::PathBuf, time::Duration};

use clap::ValueHint;

use super::{AdminArgs, ReportArgs, SpreadArgs, WatchArgs};

const EXAMPLES: &str = "\
Examples:
  # What callers do, step by step
  kefu bench run shop.yaml -r 50 -d 1m --threshold 'p99 < 300ms' --threshold 'errors == 0'

  # Visitors of kefu and agents who answer them; the admin who makes agents is named in the environment
  KEFU_ADMIN_EMAIL=admin@example.com KEFU_ADMIN_PASSWORD=... \\
      kefu bench run chat --target http://127.0.0.1:8080 -r 100

  # What the preset says, to copy and change
  kefu bench run chat --show > mine.yaml

Presets: chat, chat-resume, gofly, graphql, http, soap, webhook. Scenarios are described in docs/bench.md.

Exit codes:
  0  every --threshold and every one of the scenario holds
  1  one does not hold
  2  the run is invalid: the generator was late, or nothing was measured
  3  the command line, a file that it names or the target cannot be used
  78 the scenario is wrong; file, line and key are named";

/// What `kefu bench run` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct RunArgs {
    /// A scenario's file, or the name of a preset
    #[arg(value_name = "SCENARIO", value_hint = ValueHint::FilePath)]
    pub scenario: String,

    /// Print the scenario instead of running it
    #[arg(long)]
    pub show: bool,

    /// Where the service is [default: what the scenario says]
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, help_heading = "Target")]
    pub target: Option<String>,

    /// Allow this host as the target, though it is not this machine; may be given several times
    #[arg(long, value_name = "HOST", help_heading = "Target")]
    pub allow_host: Vec<String>,

    /// Trust the certificates in this file (PEM) as well as those of the system
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Target")]
    pub ca_file: Option<PathBuf>,

    /// Who makes the agents of a scenario that has some.
    #[command(flatten)]
    pub admin: AdminArgs,

    /// How the server is watched.
    #[command(flatten)]
    pub watch: WatchArgs,

    /// Give a variable of the scenario another value; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment, help_heading = "Load")]
    pub set: Vec<(String, String)>,

    /// Have so many flows at the same time at most [default: what the scenario says]
    #[arg(short, long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "Load")]
    pub concurrency: Option<u32>,

    /// Begin so many flows a second [default: what the scenario says]
    #[arg(short, long, value_name = "PER_SECOND", help_heading = "Load")]
    pub rate: Option<f64>,

    /// Measure for so long [default: what the scenario says]
    #[arg(short, long, value_name = "TIME", value_parser = kefu_app::parse_duration, help_heading = "Load")]
    pub duration: Option<Duration>,

    /// Send for so long before measuring [default: what the scenario says]
    #[arg(long, value_name = "TIME", value_parser = kefu_app::parse_duration, help_heading = "Load")]
    pub warmup: Option<Duration>,

    /// Where it comes from.
    #[command(flatten)]
    pub spread: SpreadArgs,

    /// What it must meet, and where the report goes.
    #[command(flatten)]
    pub report: ReportArgs,
}

fn assignment(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("it must look like name=value")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}
