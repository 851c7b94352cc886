use std::{path::PathBuf, str::FromStr, time::Duration};

use clap::{ValueHint, builder::RangedU64ValueParser};
use kefu_app::parse_duration;

use super::{FilterArgs, LimitArgs, ReportFormat, TranslateArgs};

const RUN_EXAMPLES: &str = "\
Examples:
  # As it was, against a copy of the service on this machine
  kefu replay run old.gor --target http://127.0.0.1:8081

  # Twice as fast, with requests that change something, and the answers kept
  kefu replay run 'old-*.gor.gz' --target http://127.0.0.1:8081 --speed 2x --unsafe-methods -o answers.gor

  # 500 requests a second whatever the recording says, reached within half a minute
  kefu replay run old.gor --target http://staging:8080 --allow-host staging --rate 500 --ramp 30s

Each request is sent when it is due by the recording, whether or not earlier ones are answered; those of one recorded
connection follow each other on one connection. The bytes are the recorded ones but for what is to be changed and the header
X-Kefu-Replay, by which a capture knows its own replay. Latency counts from when a request was due. WebSocket sessions are
sent with the recorded times between messages, unless there is a rate or a translation; tunnels are left out.

Exit codes:
   0  every request that was sent has an answer, and every WebSocket message was sent
   2  some were not
   3  a part of the input is damaged or cut off
   4  the target is not on this machine and was not allowed
  65  the input is neither .gor nor pcap nor pcapng
  73  the output cannot be written, or is there already";

/// What `kefu replay run` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// Files to read, or patterns that name them
    #[arg(value_name = "INPUT", required = true, value_hint = ValueHint::FilePath)]
    pub input: Vec<PathBuf>,

    /// Send to this server
    #[arg(short, long, value_name = "URL", help_heading = "Target")]
    pub target: String,

    /// Also send to this host, which is not this machine; may be given several times
    #[arg(long, value_name = "HOST", help_heading = "Target")]
    pub allow_host: Vec<String>,

    /// Trust the certificates in this file (PEM), too, of a target that is https://
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Target")]
    pub ca_file: Option<PathBuf>,

    /// Also send requests with methods other than GET, HEAD and OPTIONS
    #[arg(long, help_heading = "Target")]
    pub unsafe_methods: bool,

    /// Read everything and send nothing
    #[arg(long, help_heading = "Target")]
    pub dry_run: bool,

    /// Send so many times as fast as recorded, or `max`
    #[arg(long, value_name = "FACTOR", default_value = "1x", help_heading = "Pace")]
    pub speed: Speed,

    /// Send so many requests a second instead
    #[arg(long, value_name = "N", conflicts_with = "speed", help_heading = "Pace")]
    pub rate: Option<f64>,

    /// Reach the rate within this time
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration, requires = "rate", help_heading = "Pace")]
    pub ramp: Duration,

    /// Send everything so many times
    #[arg(long = "loop", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..), help_heading = "Pace")]
    pub times: u64,

    /// Use at most so many connections
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = RangedU64ValueParser::<usize>::new().range(1..=10_000), help_heading = "Pace")]
    pub connections: usize,

    /// Give a request up after this time
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration, help_heading = "Pace")]
    pub timeout: Duration,

    /// What is sent and what is changed in it.
    #[command(flatten)]
    pub filters: FilterArgs,

    /// Leave the header X-Kefu-Replay out
    #[arg(long, help_heading = "Changes")]
    pub no_mark: bool,

    /// How requests are said to the target.
    #[command(flatten)]
    pub translation: TranslateArgs,

    /// What may be taken up.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Write the answers to this .gor file, which only its owner may read
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Result")]
    pub output: Option<PathBuf>,

    /// Write over a file that is there already
    #[arg(long, requires = "output", help_heading = "Result")]
    pub replace: bool,

    /// Write the report like this
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ReportFormat::Text, help_heading = "Result")]
    pub format: ReportFormat,
}

/// How fast recorded time goes by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// So many times as fast.
    Times(f64),
    /// As fast as the target answers.
    Max,
}

impl FromStr for Speed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let number = text.strip_suffix('x').unwrap_or(text).parse::<f64>();
        match number {
            Ok(factor) if (0.001..=1000.0).contains(&factor) => Ok(Self::Times(factor)),
            _ => Err("a factor from 0.001x to 1000x, or max"),
        }
    }
}

/// A header line to be set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeaderLine {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl FromStr for HeaderLine {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once(':').ok_or("a name, a colon and a value are needed")?;
        let (name, value) = (name.trim(), value.trim());
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) || value.contains(['\r', '\n', '\0']) {
            return Err("the name or the value of the header cannot be sent");
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}
