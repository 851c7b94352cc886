use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{ValueHint, builder::RangedU64ValueParser};
use kefu_app::parse_duration;

use super::{AskingArgs, ComparisonArgs, LiveArgs, RedactionArgs, Share, SourceArgs, TranslateArgs};

const MIRROR_EXAMPLES: &str = "\
Examples:
  # Clients come to port 8080; the old system at 8081 answers them, the new one at 9090 gets a copy
  kefu replay mirror --listen 127.0.0.1:8080 --upstream http://127.0.0.1:8081 --shadow http://127.0.0.1:9090

  # Compare the answers meanwhile, and keep both in a file
  kefu replay mirror --listen 127.0.0.1:8080 --upstream http://127.0.0.1:8081 --shadow http://127.0.0.1:9090 \\
      --diff --rules diff.yaml --report diff.html -o mirrored.gor.gz

  # Nothing in between: what goes by on an interface is copied
  kefu replay mirror --interface eth0 --port 8080 --shadow http://127.0.0.1:9090 --diff

What clients and the old system say to each other goes through byte for byte and at once: answers that take long, WebSocket
messages and other protocols after an upgrade, and whatever else goes over TCP. The shadow gets whole requests from a queue,
and a WebSocket session of its own for each that the old system agrees to; when a queue is full they are dropped and counted. It
never holds up anybody else.

SIGTERM or Ctrl-C ends it: no new connections, those that are open may finish, then the report.

Exit codes:
   0  ended, and without --diff or with no difference beyond noise
   1  with --diff: more differences than --threshold allows
   4  the shadow is not on this machine and was not allowed
  69  the address to listen on is taken, or the interface cannot be captured
  73  the output cannot be written, or is there already
  78  the file of rules is wrong";

/// What `kefu replay mirror` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = MIRROR_EXAMPLES)]
pub struct MirrorArgs {
    /// Listen on this address
    #[arg(
        long,
        value_name = "ADDRESS",
        required_unless_present = "interface",
        requires = "upstream",
        conflicts_with = "interface",
        help_heading = "Proxy"
    )]
    pub listen: Option<SocketAddr>,

    /// Have this server answer
    #[arg(long, value_name = "URL", requires = "listen", help_heading = "Proxy")]
    pub upstream: Option<String>,

    /// Take at most so many connections at once
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000), help_heading = "Proxy")]
    pub max_connections: usize,

    /// Let open connections and the shadow's queue finish for so long at the end
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration, help_heading = "Proxy")]
    pub drain: Duration,

    /// What is copied as it goes by.
    #[command(flatten)]
    pub live: LiveArgs,

    /// Send a copy of each request to this server
    #[arg(long, value_name = "URL", help_heading = "Shadow")]
    pub shadow: Option<String>,

    /// Send this share of them
    #[arg(long, value_name = "PERCENT", default_value = "100%", help_heading = "Shadow")]
    pub sample: Share,

    /// Have at most so many requests wait for the shadow or be answered by it
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000), help_heading = "Shadow")]
    pub queue: usize,

    /// How the shadow is asked.
    #[command(flatten)]
    pub asking: AskingArgs,

    /// How requests are said to the shadow.
    #[command(flatten)]
    pub translation: TranslateArgs,

    /// Compare the shadow's answers with those of the old system
    #[arg(long, requires = "shadow", help_heading = "Comparison")]
    pub diff: bool,

    /// How answers are compared.
    #[command(flatten)]
    pub comparison: ComparisonArgs,

    /// Write requests and answers to this .gor file, which only its owner may read
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Write over a file that is there already
    #[arg(long, requires = "output", help_heading = "Output")]
    pub replace: bool,

    /// What is replaced.
    #[command(flatten)]
    pub redaction: RedactionArgs,

    /// What is read.
    #[command(flatten)]
    pub source: SourceArgs,
}
