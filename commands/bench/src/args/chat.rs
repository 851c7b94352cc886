use std::{path::PathBuf, time::Duration};

use clap::ValueHint;

use super::{AdminArgs, PaceArgs, ReportArgs, SpreadArgs, WatchArgs};

const EXAMPLES: &str = "\
Examples:
  # 12,000 visitors send 5,000 messages a second to 60 agents; fail beyond 20 ms
  kefu bench chat --visitors 12000 --agents 60 --rate 5000 --duration 60s \\
      --threshold 'p99<=20ms' --threshold 'loss==0'

  # The same while supervisors watch and 80 times a second somebody reads
  kefu bench chat --visitors 12000 --agents 60 --rate 5000 --duration 60s \\
      --supervisors 5 --reads-per-second 80 --threshold 'p99<=20ms' --threshold 'read_errors==0'

  # 15,000 idle connections: what does each cost the server?
  kefu bench chat --idle --visitors 15000 --steps 5000,15000 --duration 60s

  # As many messages as the server takes, 1,000 under way at a time
  kefu bench chat --max --visitors 15000 --agents 60 --in-flight 1000

  # More connections than one process may have open
  kefu bench chat --idle --visitors 60000 --procs 4 --source-addresses 3

  # Everybody reconnects at once and catches up
  kefu bench chat --storm --visitors 15000 --agents 60 --threshold 'catch_up<=10s'

Latency counts from the time at which a message or a read was due, not from when it was sent, so
that nothing the server delays is overlooked. A run in which the generator itself was late, at its
p99 by more than a millisecond and more than a tenth of the measured p99, is invalid (exit code 2).

Exit codes:
  0  every --threshold holds
  1  a --threshold does not hold
  2  the run is invalid: the generator was late, or connections could not be opened
  3  the command line, a file that it names or the target cannot be used";

/// What `kefu bench chat` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ChatArgs {
    /// Where the server listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", value_hint = ValueHint::Url, help_heading = "Target")]
    pub url: String,

    /// Key of the inbox that visitors come to
    #[arg(long, value_name = "KEY", default_value = "web", help_heading = "Target")]
    pub inbox: String,

    /// Who makes agents.
    #[command(flatten)]
    pub admin: AdminArgs,

    /// Trust the certificates in this file (PEM) as well as those of the system
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Target")]
    pub ca_file: Option<PathBuf>,

    /// How the server is watched.
    #[command(flatten)]
    pub watch: WatchArgs,

    /// Allow this host as the target, though it is not this machine; may be given several times
    #[arg(long, value_name = "HOST", help_heading = "Target")]
    pub allow_host: Vec<String>,

    /// Keep so many visitors connected
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Load")]
    pub visitors: u32,

    /// Let only so many of the visitors send [default: all]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "idle", help_heading = "Load")]
    pub senders: Option<u32>,

    /// Keep so many agents connected; with 0 only acks are measured [default: 1, with --idle 0]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=10_000), help_heading = "Load")]
    pub agents: Option<u32>,

    /// Let so many supervisors watch everything, and some conversations each
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1000), conflicts_with_all = ["idle", "max", "storm"], help_heading = "Load")]
    pub supervisors: Option<u32>,

    /// Let supervisors and agents read lists, messages and visitors over REST, so often a second
    #[arg(long, value_name = "PER_SECOND", requires = "supervisors", conflicts_with_all = ["idle", "max", "storm"], help_heading = "Load")]
    pub reads_per_second: Option<f64>,

    /// Send so many messages a second, all visitors together
    #[arg(long, value_name = "PER_SECOND", default_value_t = 100.0, conflicts_with_all = ["idle", "max", "storm"], help_heading = "Load")]
    pub rate: f64,

    /// Measure for so long; with --idle, hold the connections for so long
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = kefu_app::parse_duration, conflicts_with = "storm", help_heading = "Load")]
    pub duration: Duration,

    /// Send for so long before measuring; the rate rises during the first half
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = kefu_app::parse_duration, conflicts_with_all = ["idle", "storm"], help_heading = "Load")]
    pub warmup: Duration,

    /// How the rate changes.
    #[command(flatten)]
    pub pace: PaceArgs,

    /// Only hold connections, and report what each costs the server
    #[arg(long, conflicts_with_all = ["max", "storm"], help_heading = "Instead of a fixed rate")]
    pub idle: bool,

    /// With --idle, look at the server's memory at these numbers of connections [default: a third and all]
    #[arg(
        long,
        value_name = "COUNT",
        value_delimiter = ',',
        requires = "idle",
        help_heading = "Instead of a fixed rate"
    )]
    pub steps: Vec<u32>,

    /// Send as fast as the server takes it
    #[arg(long, conflicts_with = "storm", help_heading = "Instead of a fixed rate")]
    pub max: bool,

    /// With --max, keep so many messages under way, neither acked nor delivered yet
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Instead of a fixed rate")]
    pub in_flight: u32,

    /// Cut all visitors off, send each a message, and time how long all take to reconnect and catch up
    #[arg(long, help_heading = "Instead of a fixed rate")]
    pub storm: bool,

    /// Where it comes from.
    #[command(flatten)]
    pub spread: SpreadArgs,

    /// What it must meet, and where the report goes.
    #[command(flatten)]
    pub report: ReportArgs,
}
