mod admin;
mod chat;
mod compare;
mod http;
mod pace;
mod report;
mod run;
mod spread;
mod watch;

pub use admin::AdminArgs;
pub use chat::ChatArgs;
pub use compare::{CompareArgs, Figure, RenderArgs, TableFormat};
pub use http::HttpArgs;
pub use pace::{Arrival, PaceArgs};
pub use report::{Format, ReportArgs};
pub use run::RunArgs;
pub use spread::SpreadArgs;
pub use watch::WatchArgs;

use clap::Subcommand;

/// Measure a running service under load
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct Args {
    /// What to measure.
    #[command(subcommand)]
    pub scenario: Scenario,
}

/// What to measure.
#[derive(Clone, Debug, Subcommand)]
pub enum Scenario {
    /// Measure the chat service: many visitors, some agents, over WebSocket
    ///
    /// Signs in as admin to make agents (bench-agent-N@bench.invalid), opens a session for every visitor, and
    /// sends messages on a fixed schedule. Counts latency, loss, duplicates and order at both ends, and the
    /// server's memory and processor time when it runs on this machine. Leaves its agents and conversations
    /// behind: do not point it at a store that matters.
    Chat(Box<ChatArgs>),
    /// Measure any HTTP/1.1 service: one request, again and again
    ///
    /// With --rate requests are sent on a fixed schedule, whatever the answers take: an open loop. Without it as
    /// many are under way as there are connections, and each answer brings the next request: a closed loop, which
    /// finds what the service can take, and hides what it makes others wait.
    Http(Box<HttpArgs>),
    /// Run a scenario: what callers do, step by step, from a file or a preset
    ///
    /// Flows of HTTP requests and WebSocket messages with captures, expectations, think times, weights and data from
    /// CSV or lines of JSON, begun on a schedule or as fast as they end. docs/bench.md has the whole file.
    Run(Box<RunArgs>),
    /// Compare reports of repeated runs, and say what is worse beyond the noise
    Compare(Box<CompareArgs>),
    /// Write a report in another form
    Report(Box<RenderArgs>),
}

impl Scenario {
    /// Whether this process has a part of a load, for one that gathers the parts.
    pub(crate) fn is_part(&self) -> bool {
        match self {
            Self::Chat(args) => args.spread.share.is_some(),
            Self::Http(args) => args.spread.share.is_some(),
            Self::Run(args) => args.spread.share.is_some(),
            Self::Compare(_) | Self::Report(_) => false,
        }
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0  every --threshold holds
  1  a --threshold does not hold
  2  the run is invalid: the generator was late, or connections could not be opened
  3  the command line, a file that it names or the target cannot be used";
