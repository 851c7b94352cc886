use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

const EXAMPLES: &str = "\
Examples:
  # A service that no file covers: from a captured message to a file that is checked
  kefu adapt channel new kik --from captured.json -o kik.yaml
  kefu adapt channel lint kik.yaml
  kefu adapt channel test kik.yaml

  # What comes with kefu
  kefu adapt channel list
  kefu adapt channel new shop-wecom --like wecom-kf -o shop-wecom.yaml

Exit codes:
   0  done
   1  test: an example does not hold; lint --strict: there is advice
  65  new: nothing can be made of the sample; sign: the message cannot be signed
  73  the output cannot be written
  78  the file cannot be used";

/// What `kefu adapt channel` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ChannelArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: ChannelAction,
}

/// What to do with a channel's file.
#[derive(Clone, Debug, Subcommand)]
pub enum ChannelAction {
    /// List the channels that come with kefu
    List,
    /// Draft a file from a captured message, or from a file that comes with kefu
    New(NewArgs),
    /// Say what is wrong in files, and what is likely forgotten
    Lint(LintArgs),
    /// Carry out the examples in files
    Test(FilesArgs),
    /// Make a request as the service would, covered and signed, for curl
    Sign(SignArgs),
    /// Stand in for the service: take what kefu sends, answer it, and post what is typed here
    ///
    /// What the service posts and answers is made of the examples in the file. Each line of standard input is a message
    /// of a customer. What comes and goes is written to standard output.
    #[cfg(feature = "bridge")]
    Mock(super::mock::MockArgs),
}

/// What `kefu adapt channel new` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct NewArgs {
    /// Name of the new channel: letters, digits, - and _
    #[arg(value_name = "ID")]
    pub id: String,

    /// Captured body of a request: JSON, XML or a form; `-` is standard input
    #[arg(long, value_name = "FILE", required_unless_present = "like", value_hint = ValueHint::FilePath, help_heading = "Draft")]
    pub from: Option<PathBuf>,

    /// Begin with this file that comes with kefu
    #[arg(long, value_name = "CHANNEL", conflicts_with = "from", help_heading = "Draft")]
    pub like: Option<String>,

    /// Write to this file, which must not be there yet [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Draft")]
    pub output: Option<PathBuf>,
}

/// Files to look at.
#[derive(clap::Args, Clone, Debug)]
pub struct FilesArgs {
    /// Files, or names of channels that come with kefu
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
}

/// What `kefu adapt channel lint` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct LintArgs {
    /// Files, or names of channels that come with kefu
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,

    /// End with exit code 1 if there is advice
    #[arg(long, help_heading = "Result")]
    pub strict: bool,
}

const SIGN_EXAMPLES: &str = "\
Examples:
  # A line for the shell that sends the message to a kefu of your own
  export KEFU_CHANNEL_WEBHOOK_KEY=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw KEFU_CHANNEL_SEND_KEY=k
  kefu adapt channel sign webhook --values kik.env --body message.json --url http://127.0.0.1:8080/in/webhook

  # kik.env has a line for each value: secrets and settings by their names in the file
  send_url=https://crm.example/chat";

/// What `kefu adapt channel sign` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = SIGN_EXAMPLES)]
pub struct SignArgs {
    /// File, or name of a channel that comes with kefu
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// Where the request is to go
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, help_heading = "Request")]
    pub url: String,

    /// Body of the request, without its cover [default: standard input; none of a GET]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Request")]
    pub body: Option<PathBuf>,

    /// Make a GET, as for a handshake
    #[arg(long, conflicts_with = "body", help_heading = "Request")]
    pub get: bool,

    /// Parameter of the address, such as `echostr=1`; may be given several times
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Request")]
    pub query: Vec<String>,

    /// Read values of secrets and settings from this file of lines NAME=VALUE [default: variables KEFU_CHANNEL_NAME]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Request")]
    pub values: Option<PathBuf>,

    /// Sign as of this time, in seconds since 1970 [default: now]
    #[arg(long, value_name = "SECONDS", help_heading = "Request")]
    pub time: Option<i64>,
}
