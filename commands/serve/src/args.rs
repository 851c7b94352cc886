#[cfg(feature = "events")]
mod events;
mod privacy;
#[cfg(feature = "graphql")]
mod query;

use std::{net::SocketAddr, path::PathBuf};

use clap::ValueHint;
use kefu_app::Format;
use kefu_core::Grouping;

#[cfg(feature = "events")]
pub(crate) use events::{EventsArgs, EventsCommand, EventsDeadLetterArgs, EventsReplayArgs, EventsTailArgs};
pub(crate) use privacy::{PrivacyArgs, PrivacyCommand, PrivacyEraseArgs, PrivacyExportArgs};
#[cfg(feature = "graphql")]
pub(crate) use query::{
    ExplainHow, QueryArgs, QueryCheckArgs, QueryCommand, QueryExplainArgs, QueryIntrospectArgs, QueryPlace,
    QueryRunArgs, QueryText,
};

const EXAMPLES: &str = "\
Examples:
  # Try it: sample data in a throw-away directory, log-ins are printed
  kefu serve --demo

  # Run it; on an empty store a link is printed with which the first admin is made
  kefu serve --data-dir /var/lib/kefu --listen 127.0.0.1:8080

  # Make the first admin unattended
  KEFU_ADMIN_EMAIL=admin@example.com KEFU_ADMIN_PASSWORD_FILE=/run/secrets/kefu kefu serve

  # Which settings are in force, and where did they come from?
  kefu serve --check-config

  # Have a second process on the same machine ready to take over
  kefu serve --standby --data-dir /var/lib/kefu --listen 127.0.0.1:8081

  # Copy the store while it is in use
  kefu serve backup --data-dir /var/lib/kefu --to /backup/kefu.db

Exit codes: 65 damaged store, 69 port taken, 73 directory not writable, 74 disk full or broken,
75 store in use, 76 store of a newer version, 78 configuration.";

/// Run the chat daemon
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    subcommand_help_heading = "Care of the store"
)]
pub struct Args {
    /// What to do with the store instead of serving it.
    #[command(subcommand)]
    pub command: Option<StoreCommand>,

    /// Listen on this address [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", help_heading = "Service")]
    pub listen: Option<SocketAddr>,

    /// Keep the store in this directory [default: kefu in the user's data directory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Service")]
    pub data_dir: Option<PathBuf>,

    /// Serve sample data and a demo shop, from a throw-away directory unless --data-dir names one
    #[arg(long, help_heading = "Service")]
    pub demo: bool,

    /// Wait beside the process that serves the store, and take over when it has ended
    #[arg(long, conflicts_with = "demo", help_heading = "Service")]
    pub standby: bool,

    /// Rehearse: nothing leaves the process, and what would have is listed. Needs a store of its own
    #[arg(long, conflicts_with = "demo", help_heading = "Service")]
    pub shadow: bool,

    /// Print the effective settings and where each came from, then end
    #[arg(long, help_heading = "Settings")]
    pub check_config: bool,

    /// Print them like this
    #[arg(long, value_name = "FORMAT", value_enum, requires = "check_config", help_heading = "Settings")]
    pub format: Option<Format>,
}

/// Care of the store.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum StoreCommand {
    /// Copy the store into one file, while it is in use or not
    #[command(after_help = BACKUP_EXAMPLES)]
    Backup(BackupArgs),
    /// Put a backup in the place of the store
    ///
    /// The store gets a new epoch: clients forget what they hold and load again. Nothing may serve it meanwhile.
    #[command(after_help = RESTORE_EXAMPLES)]
    Restore(RestoreArgs),
    /// Check that the store is whole, without changing it
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Verify or export the audit log, while the store is in use or not
    Audit(AuditArgs),
    /// Count what became of conversations, while the store is in use or not
    ///
    /// The figures are counted from the log each time; what each means is in the operations guide.
    #[command(after_help = REPORT_EXAMPLES)]
    Report(ReportArgs),
    /// Print events, have them told again, list dead letters
    #[cfg(feature = "events")]
    Events(EventsArgs),
    /// Export or erase a customer
    Privacy(PrivacyArgs),
    /// Ask the data layer, or look after its configuration
    #[cfg(feature = "graphql")]
    Query(QueryArgs),
    /// Add a key that seals secrets from now on
    ///
    /// The key goes into the file secret.key, behind those that are there. A daemon that serves the store is told,
    /// and seals anew what older keys sealed; otherwise the next start does. Older keys stay in the file: backups
    /// need them.
    #[command(after_help = ROTATE_EXAMPLES)]
    RotateKey(RotateKeyArgs),
}

const ROTATE_EXAMPLES: &str = "\
Examples:
  kefu serve rotate-key --data-dir /var/lib/kefu";

const REPORT_EXAMPLES: &str = "\
Examples:
  kefu serve report --from 2026-11-01 --to 2026-11-30 --zone Asia/Shanghai
  kefu serve report --from 2026-11-28 --to 2026-11-28 --by agent --format csv > agents.csv";

const VERIFY_EXAMPLES: &str = "\
Examples:
  kefu serve audit verify --data-dir /var/lib/kefu
  # Were lines cut off at the end? NUMBER:HASH is what an earlier run printed, kept elsewhere
  kefu serve audit verify --data-dir /var/lib/kefu --head NUMBER:HASH

Exit codes: 0 the log is whole, 1 a line was changed, added or taken out, 2 it does not go on from --head.";

const EXPORT_EXAMPLES: &str = "\
Examples:
  kefu serve audit export --data-dir /var/lib/kefu > audit.ndjson
  kefu serve audit export --after 1200 --format csv > audit.csv";

const BACKUP_EXAMPLES: &str = "\
Examples:
  kefu serve backup --data-dir /var/lib/kefu
  kefu serve backup --data-dir /var/lib/kefu --to /backup/kefu-monday.db --format json";

const RESTORE_EXAMPLES: &str = "\
Examples:
  kefu serve restore /backup/kefu-monday.db --data-dir /var/lib/kefu
  kefu serve restore /backup/kefu-monday.db --data-dir /var/lib/kefu --replace";

const CHECK_EXAMPLES: &str = "\
Examples:
  kefu serve check --data-dir /var/lib/kefu
  kefu serve check --data-dir /var/lib/kefu --format json

Exit codes: 0 the store is whole, 65 it is damaged.";

/// What `kefu serve backup` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct BackupArgs {
    /// The store is in this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Backup")]
    pub data_dir: Option<PathBuf>,

    /// Write this file, which must not exist yet [default: kefu-<time>.db in the working directory]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Backup")]
    pub to: Option<PathBuf>,

    /// Write the report like this
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Backup")]
    pub format: Format,
}

/// What `kefu serve restore` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct RestoreArgs {
    /// The backup
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Restore")]
    pub file: PathBuf,

    /// Put the store into this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Restore")]
    pub data_dir: Option<PathBuf>,

    /// Set the store that is there already aside
    #[arg(long, help_heading = "Restore")]
    pub replace: bool,

    /// Write the report like this
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Restore")]
    pub format: Format,
}

/// What `kefu serve check` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct CheckArgs {
    /// The store is in this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Check")]
    pub data_dir: Option<PathBuf>,

    /// Write the report like this
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Check")]
    pub format: Format,
}

/// What `kefu serve audit` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(disable_help_subcommand = true)]
pub struct AuditArgs {
    /// What to do with the audit log.
    #[command(subcommand)]
    pub command: AuditCommand,
}

/// Care of the audit log.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum AuditCommand {
    /// Check that no line of the audit log was changed, added or taken out
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(AuditVerifyArgs),
    /// Write the audit log to standard output, oldest line first
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(AuditExportArgs),
}

/// What `kefu serve audit verify` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct AuditVerifyArgs {
    /// The store is in this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Verify")]
    pub data_dir: Option<PathBuf>,

    /// Check that the log still has this line with this hash, as an earlier run printed it
    #[arg(long, value_name = "NUMBER:HASH", value_parser = AuditHead::parse, help_heading = "Verify")]
    pub head: Option<AuditHead>,

    /// Write the report like this
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Verify")]
    pub format: Format,
}

/// A line's number and the hash of the log up to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditHead {
    /// 0 before the first line.
    pub number: i64,
    /// 64 hexadecimal digits in lower case.
    pub hash: String,
}

impl AuditHead {
    fn parse(text: &str) -> Result<Self, String> {
        let parsed = text.split_once(':').and_then(|(number, hash)| {
            let number = number.parse().ok().filter(|number| *number >= 0)?;
            let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hash.then(|| Self { number, hash: hash.to_ascii_lowercase() })
        });
        parsed.ok_or_else(|| "must be a number, a colon and 64 hexadecimal digits".to_owned())
    }
}

/// What `kefu serve audit export` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct AuditExportArgs {
    /// The store is in this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Export")]
    pub data_dir: Option<PathBuf>,

    /// Begin after this line
    #[arg(long, value_name = "NUMBER", default_value_t = 0, help_heading = "Export")]
    pub after: i64,

    /// Write the lines like this
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ExportFormat::Ndjson, help_heading = "Export")]
    pub format: ExportFormat,
}

/// How lines are exported.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum ExportFormat {
    /// One JSON object a line.
    Ndjson,
    /// For spreadsheets, which run nothing of it.
    Csv,
}

/// What `kefu serve report` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct ReportArgs {
    /// The store is in this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Report")]
    pub data_dir: Option<PathBuf>,

    /// Begin with this date or time
    #[arg(long, value_name = "TIME", help_heading = "Report")]
    pub from: String,

    /// End with this date, or before this time; at most 400 days later, by hour 62
    #[arg(long, value_name = "TIME", help_heading = "Report")]
    pub to: String,

    /// Count by this
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = ReportBy::Day, help_heading = "Report")]
    pub by: ReportBy,

    /// Dates, hours and days are those of this time zone [default: UTC]
    #[arg(long, value_name = "ZONE", help_heading = "Report")]
    pub zone: Option<String>,

    /// Write the figures like this
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ReportFormat::Table, help_heading = "Report")]
    pub format: ReportFormat,
}

/// What the rows of a report stand for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum ReportBy {
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Agents.
    Agent,
    /// Teams.
    Team,
    /// Inboxes.
    Inbox,
    /// Tags that the conversations have now.
    Tag,
}

impl ReportBy {
    pub(crate) fn grouping(self) -> Grouping {
        match self {
            Self::Hour => Grouping::Hour,
            Self::Day => Grouping::Day,
            Self::Agent => Grouping::Agent,
            Self::Team => Grouping::Team,
            Self::Inbox => Grouping::Inbox,
            Self::Tag => Grouping::Tag,
        }
    }
}

/// How figures are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum ReportFormat {
    /// The figures that matter most, for people.
    Table,
    /// All of them, for spreadsheets.
    Csv,
    /// All of them, for programs.
    Json,
}

/// What `kefu serve rotate-key` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct RotateKeyArgs {
    /// The store is in this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Rotation")]
    pub data_dir: Option<PathBuf>,

    /// Write the report like this
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Rotation")]
    pub format: Format,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_head_is_a_number_and_a_hash() {
        let hash = "0A".repeat(32);
        let head = AuditHead::parse(&format!("12:{hash}")).unwrap();
        assert_eq!((head.number, head.hash), (12, "0a".repeat(32)));
        for bad in ["", "12", &hash, "12:", "-1:00", &format!("x:{hash}"), &format!("-1:{hash}"), "1:zz"] {
            assert!(AuditHead::parse(bad).is_err(), "{bad}");
        }
    }
}
