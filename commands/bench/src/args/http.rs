use std::{path::PathBuf, time::Duration};

use clap::ValueHint;

use super::{PaceArgs, ReportArgs, SpreadArgs, WatchArgs};

const EXAMPLES: &str = "\
Examples:
  # 5,000 requests a second over 200 connections for half a minute; fail beyond 100 ms
  kefu bench http http://127.0.0.1:8080/healthz -c 200 -r 5000 -d 30s --threshold 'p99 < 100ms'

  # As many requests as 64 connections get answered
  kefu bench http http://127.0.0.1:8080/healthz -c 64 -d 10s

  # A request with a body to another machine, with a spike of ten times the rate
  kefu bench http https://shop.example/api/orders --allow-host shop.example -m POST \\
      -H 'content-type: application/json' --body-file order.json -r 200 --profile spike:10

  # A report to look at, one for programs and one for the CI
  kefu bench http http://127.0.0.1:8080/ -r 1000 -o report.html -o report.json -o junit.xml

On a schedule, latency counts from the time at which a request was due, service time from when a connection was
free for it: what the service makes others wait is in the first and not in the second. A run in which the
generator itself was late, at its p99 by more than a millisecond and more than a tenth of the measured p99, is
invalid (exit code 2).

Exit codes:
  0  every --threshold holds
  1  a --threshold does not hold
  2  the run is invalid: the generator was late, or connections could not be opened
  3  the command line, a file that it names or the target cannot be used";

/// What `kefu bench http` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct HttpArgs {
    /// What to request
    #[arg(value_name = "URL", value_hint = ValueHint::Url)]
    pub url: String,

    /// Allow this host as the target, though it is not this machine; may be given several times
    #[arg(long, value_name = "HOST", help_heading = "Target")]
    pub allow_host: Vec<String>,

    /// Trust the certificates in this file (PEM) as well as those of the system
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Target")]
    pub ca_file: Option<PathBuf>,

    /// How the server is watched.
    #[command(flatten)]
    pub watch: WatchArgs,

    /// Use this method [default: GET, with a body POST]
    #[arg(short, long, value_name = "METHOD", help_heading = "Request")]
    pub method: Option<String>,

    /// Send this header line, such as `accept: text/html`; may be given several times
    #[arg(short = 'H', long, value_name = "LINE", help_heading = "Request")]
    pub header: Vec<String>,

    /// Send this body
    #[arg(short, long, value_name = "TEXT", help_heading = "Request")]
    pub body: Option<String>,

    /// Send what is in this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "body", help_heading = "Request")]
    pub body_file: Option<PathBuf>,

    /// Open a connection for each request
    #[arg(long, help_heading = "Request")]
    pub no_keep_alive: bool,

    /// Give up a request after so long
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = kefu_app::parse_duration, help_heading = "Request")]
    pub timeout: Duration,

    /// Use so many connections
    #[arg(short, long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Load")]
    pub concurrency: u32,

    /// Send so many requests a second [default: as many as are answered]
    #[arg(short, long, value_name = "PER_SECOND", help_heading = "Load")]
    pub rate: Option<f64>,

    /// Measure for so long
    #[arg(short, long, value_name = "TIME", default_value = "10s", value_parser = kefu_app::parse_duration, help_heading = "Load")]
    pub duration: Duration,

    /// Send so many requests at most, those of the warm-up included
    #[arg(short = 'n', long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Load")]
    pub requests: Option<u64>,

    /// Send for so long before measuring; a rate rises during the first half [default: 1s, with --requests 0s]
    #[arg(long, value_name = "TIME", value_parser = kefu_app::parse_duration, help_heading = "Load")]
    pub warmup: Option<Duration>,

    /// How the rate changes.
    #[command(flatten)]
    pub pace: PaceArgs,

    /// Where it comes from.
    #[command(flatten)]
    pub spread: SpreadArgs,

    /// What it must meet, and where the report goes.
    #[command(flatten)]
    pub report: ReportArgs,
}
