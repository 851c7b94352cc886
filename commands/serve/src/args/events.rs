//! What `kefu serve events` is given.

use std::path::PathBuf;

use clap::ValueHint;
use kefu_app::Format;

const TAIL_EXAMPLES: &str = "\
Examples:
  kefu serve events tail --topic 'conversation.*' --topic chat.rated
  # What happened since this morning, one CloudEvent a line
  kefu serve events tail --since 2026-11-29T08:00:00+08:00 --once --format json > events.ndjson";

const REPLAY_EXAMPLES: &str = "\
Examples:
  kefu serve events replay sales --since 2026-11-28T00:00:00Z

Exit codes: 0 it will hear again, 2 there is no such subscription, 75 a daemon serves the store: ask it over its API.";

const DEAD_EXAMPLES: &str = "\
Examples:
  kefu serve events dead-letter
  kefu serve events dead-letter sales --retry

Exit codes: 0 done, 2 there is no such subscription, 75 a daemon serves the store: ask it over its API.";

/// What `kefu serve events` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(disable_help_subcommand = true)]
pub struct EventsArgs {
    /// What to do with events.
    #[command(subcommand)]
    pub command: EventsCommand,
}

/// What happens, and who hears of it.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum EventsCommand {
    /// Print what happens, while the store is in use or not
    #[command(after_help = TAIL_EXAMPLES)]
    Tail(EventsTailArgs),
    /// Have a subscription hear again of what happened, in a store that is not in use
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(EventsReplayArgs),
    /// List what subscriptions did not take, or have it told again
    #[command(after_help = DEAD_EXAMPLES)]
    DeadLetter(EventsDeadLetterArgs),
}

/// What `kefu serve events tail` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct EventsTailArgs {
    /// The store is in this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Events")]
    pub data_dir: Option<PathBuf>,

    /// Only these topics; `*` stands for one word, `>` for the rest [default: >]
    #[arg(long = "topic", value_name = "TOPIC", help_heading = "Events")]
    pub topics: Vec<String>,

    /// Begin with what happened at this time (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", help_heading = "Events")]
    pub since: Option<String>,

    /// End where the log ends, instead of waiting for more
    #[arg(long, help_heading = "Events")]
    pub once: bool,

    /// Write events like this
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Events")]
    pub format: Format,
}

/// What `kefu serve events replay` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct EventsReplayArgs {
    /// Id or name of the subscription
    #[arg(value_name = "SUBSCRIPTION", help_heading = "Replay")]
    pub subscription: String,

    /// From this time on (RFC 3339)
    #[arg(long, value_name = "TIME", help_heading = "Replay")]
    pub since: String,

    /// The store is in this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Replay")]
    pub data_dir: Option<PathBuf>,

    /// Write the report like this
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Replay")]
    pub format: Format,
}

/// What `kefu serve events dead-letter` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct EventsDeadLetterArgs {
    /// Id or name of a subscription [default: all]
    #[arg(value_name = "SUBSCRIPTION", help_heading = "Dead letters")]
    pub subscription: Option<String>,

    /// Have them told again, in a store that is not in use
    #[arg(long, help_heading = "Dead letters")]
    pub retry: bool,

    /// The store is in this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Dead letters")]
    pub data_dir: Option<PathBuf>,

    /// Write the list like this
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Dead letters")]
    pub format: Format,
}
