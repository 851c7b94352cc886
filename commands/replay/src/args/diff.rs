use std::{path::PathBuf, str::FromStr, time::Duration};

use clap::{ValueEnum, ValueHint, builder::RangedU64ValueParser};
use kefu_app::parse_duration;

use super::{SourceArgs, TranslateArgs};

const DIFF_EXAMPLES: &str = "\
Examples:
  # Two servers of the old version tell how much answers differ by themselves, the new one is compared with them
  kefu replay diff old.gor --primary http://127.0.0.1:8081 --secondary http://127.0.0.1:8082 \\
      --candidate http://127.0.0.1:9090 --rules diff.yaml

  # What was recorded against what the new version answers now, for a build server
  kefu replay diff old.gor --candidate http://127.0.0.1:9090 --format junit --report diff.html > diff.xml

  # Answers that two replays kept, without any server
  kefu replay diff old.gor --primary answers-1.gor --candidate answers-2.gor

A field counts as different when it differs more often between primary and candidate than between primary and
secondary. Without a secondary every difference counts that the rules do not leave out. Of each field and endpoint a few
examples are kept, with secrets and personal numbers replaced.

Exit codes:
   0  no difference beyond noise, or no more than --threshold
   1  more differences
   2  requests have no answer to compare with, or nothing was compared
   3  a part of the input is damaged or cut off
   4  a target is not on this machine and was not allowed
  65  the input is neither .gor nor pcap nor pcapng
  78  the file of rules is wrong";

/// What `kefu replay diff` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = DIFF_EXAMPLES)]
pub struct DiffArgs {
    /// Files of requests to read, or patterns that name them
    #[arg(value_name = "INPUT", required = true, value_hint = ValueHint::FilePath)]
    pub input: Vec<PathBuf>,

    /// What is read.
    #[command(flatten)]
    pub source: SourceArgs,

    /// Take the old system's answers from this server or .gor file [default: those in the input]
    #[arg(long, value_name = "URL|FILE", help_heading = "Answers")]
    pub primary: Option<Answerer>,

    /// Take the old system's answers a second time from here: what differs by itself is noise
    #[arg(long, value_name = "URL|FILE", help_heading = "Answers")]
    pub secondary: Option<Answerer>,

    /// Take the new system's answers from this server or .gor file
    #[arg(long, value_name = "URL|FILE", help_heading = "Answers")]
    pub candidate: Answerer,

    /// How servers are asked.
    #[command(flatten)]
    pub asking: AskingArgs,

    /// How requests are said to the candidate.
    #[command(flatten)]
    pub translation: TranslateArgs,

    /// Compare this share of the recorded connections
    #[arg(long, value_name = "PERCENT", default_value = "100%", help_heading = "Comparison")]
    pub sample: Share,

    /// How answers are compared.
    #[command(flatten)]
    pub comparison: ComparisonArgs,
}

/// How servers are asked.
#[derive(clap::Args, Clone, Debug)]
pub struct AskingArgs {
    /// Also send to this host, which is not this machine; may be given several times
    #[arg(long, value_name = "HOST", help_heading = "Answers")]
    pub allow_host: Vec<String>,

    /// Trust the certificates in this file (PEM), too, of servers that are https://
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Answers")]
    pub ca_file: Option<PathBuf>,

    /// Also send requests with methods other than GET, HEAD and OPTIONS
    #[arg(long, help_heading = "Answers")]
    pub unsafe_methods: bool,

    /// Ask over at most so many connections to each server
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = RangedU64ValueParser::<usize>::new().range(1..=10_000), help_heading = "Answers")]
    pub connections: usize,

    /// Give a request up after this time
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration, help_heading = "Answers")]
    pub timeout: Duration,
}

/// How answers are compared, and where that is written.
#[derive(clap::Args, Clone, Debug)]
pub struct ComparisonArgs {
    /// Read from this YAML file what is not compared, and what is as good as equal
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Comparison")]
    pub rules: Option<PathBuf>,

    /// Keep so many examples of each field and endpoint
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = RangedU64ValueParser::<usize>::new().range(0..=100), help_heading = "Comparison")]
    pub examples: usize,

    /// Let this share of the answers differ
    #[arg(long, value_name = "PERCENT", default_value = "0%", help_heading = "Comparison")]
    pub threshold: Share,

    /// Write the report like this
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = DiffFormat::Text, help_heading = "Result")]
    pub format: DiffFormat,

    /// Also write it to this file, by its name as JSON, JUnit (.xml), HTML or Markdown (.md); may be given several times
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Result")]
    pub report: Vec<PathBuf>,
}

/// Where answers come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answerer {
    /// A server.
    Url(String),
    /// A file of answers.
    File(PathBuf),
}

impl FromStr for Answerer {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text.contains("://") { Self::Url(text.to_owned()) } else { Self::File(text.into()) })
    }
}

/// How the report of a comparison is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum DiffFormat {
    /// For a terminal
    Text,
    /// For programs
    Json,
    /// For build servers
    Junit,
    /// A page
    Html,
    /// For tickets and reviews
    Markdown,
}

/// A part of the whole, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(pub f64);

impl FromStr for Share {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_suffix('%').unwrap_or(text).parse::<f64>();
        match number {
            Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Self(percent)),
            _ => Err("a percentage from 0% to 100%"),
        }
    }
}

impl Share {
    /// Whether something belongs to the share, told by a hash of it: always the same for the same thing.
    #[must_use]
    pub fn has(self, hash: u64) -> bool {
        const PARTS: u64 = 1_000_000;
        // The hash is mixed, so that those of neighbours fall anywhere.
        let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let part = (mixed >> 32) % PARTS;
        #[expect(clippy::cast_precision_loss, reason = "a million is exact")]
        let part = part as f64;
        part < self.0 * 10_000.0
    }
}
