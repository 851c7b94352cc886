mod diff;
mod filter;
mod live;
mod mirror;
mod run;
mod translate;

use std::{ffi::OsString, path::PathBuf};

use clap::{Subcommand, ValueEnum, ValueHint};
use kefu_app::ByteSize;

pub use self::{
    diff::{Answerer, AskingArgs, ComparisonArgs, DiffArgs, DiffFormat, Share},
    filter::{FilterArgs, HeaderPattern, HeaderRewrite, Parameter, Rewrite, Sample, SampleBy},
    live::LiveArgs,
    mirror::MirrorArgs,
    run::{HeaderLine, RunArgs, Speed},
    translate::{Setting, TranslateArgs},
};

/// Capture, convert, inspect, replay, mirror and compare HTTP traffic
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Action {
    /// Take HTTP messages off the network, or out of captured packets
    ///
    /// Listens on network interfaces, or reads pcap and pcapng, also compressed by gzip, and writes requests and responses
    /// as they were on the wire. Lost,
    /// repeated and reordered segments are put right where that is possible; a segment that was not captured costs the
    /// messages that it touches, and the report says how many. Credentials and personal numbers are replaced.
    Capture(Box<CaptureArgs>),
    /// Turn recorded traffic from one form into another
    ///
    /// Several .gor files become one, in the order of time. Packets are read as `kefu replay capture` does.
    Convert(Box<ConvertArgs>),
    /// Count what recorded traffic holds: messages, endpoints, rates, errors and a timeline
    Inspect(Box<InspectArgs>),
    /// Send recorded requests to a server when they are due
    Run(Box<RunArgs>),
    /// Compare the answers of two systems to the same requests
    ///
    /// Status, headers, JSON by path, and other bodies by length and hash. What the old system answers twice tells how
    /// much its answers differ by themselves: that is noise, and what goes beyond it is told by endpoint and field.
    Diff(Box<DiffArgs>),
    /// Pass requests to the old system, and a copy of each to the new one
    ///
    /// A proxy that stands before the old system: clients get its answers at once and byte for byte, and the new system
    /// gets the same requests from a queue, where it can hang or die without anybody being held up. Both answers can be
    /// compared meanwhile, and what was said can be kept.
    Mirror(Box<MirrorArgs>),
    /// Do what a command line of goreplay says
    ///
    /// Its flags, with one dash or two, mean what they mean there; what cannot be had is an error that names what is there
    /// in its place. It ends when its inputs are at their ends.
    Gor(GorArgs),
}

const EXIT_CODES: &str = "\
Examples:
  kefu replay capture -i old.pcapng --port 8080 -o old.gor.gz
  kefu replay inspect old.gor.gz
  kefu replay convert old.gor.gz -o old.har
  kefu replay run old.gor.gz --target http://127.0.0.1:8081
  kefu replay diff old.gor.gz --candidate http://127.0.0.1:8081

Exit codes:
   0  done
   1  a part of the input is damaged or cut off; what could be read of it is there
  65  the input is neither .gor nor pcap nor pcapng
  73  the output cannot be written, or is there already";

const CAPTURE_EXAMPLES: &str = "\
Examples:
  # What a service is asked and answers, as it goes by, for ten minutes
  kefu replay capture --interface eth0 --port 8080 --exit-after 10m -o old.gor.gz

  # Requests and responses of a service, from packets that tcpdump has written
  kefu replay capture -i old.pcap --port 8080 -o old.gor

  # Many files, compressed; the requests alone
  kefu replay capture -i 'dumps/*.pcapng.gz' --port 80,8080 --no-responses -o old.gor.gz

  # For a look with jq
  kefu replay capture -i old.pcap --to ndjson | jq .target

What is replaced is of the same length, but for bodies that are compressed, so that messages stay well formed: credentials and
the values of cookies by letters that are the same for the same value, digits by 9. How many replacements a message has
stands in its record as `redacted=N`. Compressed bodies are looked into; one that does not come apart is replaced as a whole,
and the report counts them.

Listening takes libpcap and the capability CAP_NET_RAW: `sudo setcap cap_net_raw+ep /usr/bin/kefu`. What the kernel had to
drop, because there was more than could be taken, is in the report. Interrupted, it writes everything and ends.

Exit codes:
   0  done
   1  a part of the input is damaged or cut off, or the kernel has dropped packets; what could be read is there
  65  the input is neither pcap nor pcapng
  69  libpcap, the interface or the permission to listen is not there
  73  the output cannot be written, or is there already";

/// What `kefu replay capture` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = CAPTURE_EXAMPLES)]
pub struct CaptureArgs {
    /// Read packets from this file or from those that a pattern names; may be given several times
    #[arg(short, long, value_name = "FILE", required_unless_present = "interface", conflicts_with = "interface", value_hint = ValueHint::FilePath, help_heading = "Capture")]
    pub input: Vec<PathBuf>,

    /// What is captured as it goes by.
    #[command(flatten)]
    pub live: LiveArgs,

    /// What is read.
    #[command(flatten)]
    pub source: SourceArgs,

    /// Leave responses out
    #[arg(long, help_heading = "Capture")]
    pub no_responses: bool,

    /// What is replaced.
    #[command(flatten)]
    pub redaction: RedactionArgs,

    /// What is taken and what is changed.
    #[command(flatten)]
    pub filters: FilterArgs,

    /// Where it goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

const CONVERT_EXAMPLES: &str = "\
Examples:
  # The files of goreplay as one, in the order of time
  kefu replay convert 'requests_*.gor' -o requests.gor.gz

  # For a browser's network panel
  kefu replay convert old.gor -o old.har

Exit codes:
   0  done
   1  a part of the input is damaged or cut off; what could be read of it is there
  65  the input is neither .gor nor pcap nor pcapng
  73  the output cannot be written, or is there already";

/// What `kefu replay convert` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = CONVERT_EXAMPLES)]
pub struct ConvertArgs {
    /// Files to read, or patterns that name them
    #[arg(value_name = "INPUT", required = true, value_hint = ValueHint::FilePath)]
    pub input: Vec<PathBuf>,

    /// What is read.
    #[command(flatten)]
    pub source: SourceArgs,

    /// Replace this in messages; `off` replaces nothing
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        value_delimiter = ',',
        default_value = "off",
        help_heading = "Conversion"
    )]
    pub redact: Vec<Rule>,

    /// What is taken and what is changed.
    #[command(flatten)]
    pub filters: FilterArgs,

    /// Where it goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

const INSPECT_EXAMPLES: &str = "\
Examples:
  kefu replay inspect old.gor
  kefu replay inspect old.pcap --port 8080 --format json | jq '.requests, .responses'

Exit codes:
   0  done
   1  a part of the input is damaged or cut off; the rest is counted
  65  the input is neither .gor nor pcap nor pcapng";

/// What `kefu replay inspect` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = INSPECT_EXAMPLES)]
pub struct InspectArgs {
    /// Files to read, or patterns that name them
    #[arg(value_name = "INPUT", required = true, value_hint = ValueHint::FilePath)]
    pub input: Vec<PathBuf>,

    /// What is read.
    #[command(flatten)]
    pub source: SourceArgs,

    /// Show so many endpoints
    #[arg(long, value_name = "N", default_value_t = 20, help_heading = "Result")]
    pub top: usize,

    /// Write the result like this
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ReportFormat::Text, help_heading = "Result")]
    pub format: ReportFormat,
}

const GOR_EXAMPLES: &str = "\
Examples:
  kefu replay gor --input-raw :8080 --input-raw-track-response --output-file requests.gor
  kefu replay gor --input-file 'requests_*.gor|200%' --output-http 'http://127.0.0.1:8081|50%'
  kefu replay gor --input-raw :8080 --output-http http://127.0.0.1:8081 --http-disallow-url ^/admin

Exit codes:
   0  done
   2  some requests have no answer
   4  what is captured would be what is sent
  64  a flag is unknown, or cannot be had: what to use is said
  69  an input or an output is not there";

/// A command line of goreplay.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = GOR_EXAMPLES)]
pub struct GorArgs {
    /// goreplay's flags: --input-file, --input-raw, --input-tcp, --output-file, --output-http, --http-allow-url, --middleware …
    #[arg(value_name = "FLAGS", required = true, trailing_var_arg = true, allow_hyphen_values = true, value_hint = ValueHint::Other)]
    pub flags: Vec<OsString>,
}

/// What is read of the input.
#[derive(clap::Args, Clone, Debug)]
pub struct SourceArgs {
    /// Of packets, take connections to these ports [default: all]
    #[arg(long, value_name = "PORT", value_delimiter = ',', help_heading = "Packets")]
    pub port: Vec<u16>,

    /// What may be taken up.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// What may be taken up.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct LimitArgs {
    /// Leave out messages with more bytes
    #[arg(long, value_name = "SIZE", default_value = "16MiB", help_heading = "Limits")]
    pub max_message: ByteSize,

    /// Hold at most so much of connections that are under way; what does not fit counts as lost
    #[arg(long, value_name = "SIZE", default_value = "256MiB", help_heading = "Limits")]
    pub max_memory: ByteSize,
}

/// Where records go.
#[derive(clap::Args, Clone, Debug)]
pub struct OutputArgs {
    /// Write to this file, which only its owner may read [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// What is written [default: by the name of the file, else gor]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Output")]
    pub to: Option<FormatName>,

    /// Write over a file that is there already
    #[arg(long, requires = "output", help_heading = "Output")]
    pub replace: bool,

    /// Write the report like this, to standard error if standard output has the records
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ReportFormat::Text, help_heading = "Output")]
    pub format: ReportFormat,
}

/// What records are written as.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum FormatName {
    /// Records as goreplay has them
    Gor,
    /// A line of JSON for each message
    Ndjson,
    /// HTTP Archive 1.2
    Har,
}

/// What is replaced in what is written.
#[derive(clap::Args, Clone, Debug)]
pub struct RedactionArgs {
    /// Replace this in what is written; `off` replaces nothing
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        value_delimiter = ',',
        default_values_t = Rule::DEFAULT,
        help_heading = "Output"
    )]
    pub redact: Vec<Rule>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ReportFormat {
    /// For a terminal
    Text,
    /// For programs
    Json,
}

/// What is replaced in messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Rule {
    /// Nothing
    Off,
    /// Values of Authorization, Proxy-Authorization and X-Api-Key
    Authorization,
    /// Values of cookies
    Cookies,
    /// Numbers of bank cards
    Cards,
    /// Numbers of telephones
    Phones,
    /// Numbers of identity cards
    Identities,
}

impl Rule {
    /// All of them.
    pub const DEFAULT: [Self; 5] =
        [Self::Authorization, Self::Cookies, Self::Cards, Self::Phones, Self::Identities];
}
