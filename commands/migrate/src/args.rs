use std::{path::PathBuf, time::Duration};

use clap::{Subcommand, ValueEnum, ValueHint};
use kefu_app::parse_duration;

/// Bring the records of an older system over, and prove that nothing is missing
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Action {
    /// Look at the sources and say what would be brought over; writes nothing
    ///
    /// Connects to every source, compares its tables with the mapping, and refuses what could not work. Without tables
    /// in the file it drafts a mapping for what it finds.
    Plan(PlanArgs),
    /// Bring the records over; goes on where an earlier run ended
    ///
    /// Safe to repeat: rows that are the same write nothing, rows that changed are changed. With --follow changes come
    /// over as they are made. The store must not be in use meanwhile.
    Run(RunArgs),
    /// Say how far it has come, whether or not it is running
    Status(StatusArgs),
    /// Read both sides again and compare every row
    Verify(VerifyArgs),
    /// Have what is here take the old system's place: fence, last changes, comparison, in one go
    ///
    /// Waits until it is hardly behind, has the old system stop writing, brings over exactly what it had written, compares
    /// the rows that changed, and notes that what is here counts from now on. After that nothing more is read of the
    /// sources. `run --follow` has to be stopped first. Whatever stops it, the same command begins again.
    Cutover(CutoverArgs),
    /// Have the old system count again
    ///
    /// Before anything is switched this takes the fence down. After it, what was written or changed here since, also in
    /// inboxes that were switched alone, is saved in a file and flows back as far as the mapping has an inverse, and
    /// `run --follow` goes on from where the sources ended. `kefu serve` has to be stopped first.
    Rollback(RollbackArgs),
    /// Have what is written here since its switch flow back to the old system, until it is stopped
    ///
    /// Runs beside `kefu serve`, and beside `run --follow` while some inboxes are not switched yet. New messages and
    /// tickets, with the visitors and conversations that they need, become rows of the old system by the mapping read the
    /// other way, and what is changed here is changed there, so that a return loses nothing. Rows that somebody else has
    /// changed there stay as they are. It may be stopped and begun again at any time.
    FlowBack(FlowBackArgs),
    /// Close the way back: nothing flows to the old system any more
    ///
    /// Writes the rest there first. Nothing of the old system is needed after that.
    Finalize(FinalizeArgs),
    /// List the rows that could not be used, or try them again
    DeadLetter(DeadLetterArgs),
}

const AFTER_HELP: &str = "\
Examples:
  # What is there, and what would become of it?
  OLD_MYSQL_URL=mysql://reader:secret@10.0.0.5/gofly kefu migrate plan -f migrate.yaml

  # Bring it over; the same command goes on after a stop, whatever stopped it
  kefu migrate run -f migrate.yaml

  # The same, and then every change as it is made there
  kefu migrate run -f migrate.yaml --follow

  # How far is it? From another terminal
  kefu migrate status -f migrate.yaml --watch

  # Is everything here, and the same?
  kefu migrate verify -f migrate.yaml

  # Repair what is not, and keep a report
  kefu migrate verify -f migrate.yaml --repair --report verify.html

  # Have it take the old system's place
  kefu migrate cutover -f migrate.yaml --fence 'systemctl stop old-chat'

  # Keep the old system up to date behind it, for a way back; and close that
  kefu migrate flow-back -f migrate.yaml
  kefu migrate finalize -f migrate.yaml

  # What could not be used, and why; and once the cause is gone, again
  kefu migrate dead-letter list -f migrate.yaml
  kefu migrate dead-letter retry -f migrate.yaml

The file is described in docs/migrate.md.

Exit codes:
   0  done; plan: it can be run; verify: both sides are the same
   3  a source is refused: it is not the one of the last run, a table or a column is missing, or its changes cannot
      be followed (any more)
   4  verify: rows differ; run, retry: some rows became dead letters
   5  run: more rows cannot be used than `rules.max_bad_rows` allows
   6  cutover: it is not time yet; what is missing is said
  65  a dump is damaged; the byte is said
  69  a source does not answer
  75  the store is in use
  78  the file cannot be used
 130  stopped by the user; the command that goes on is printed";

/// Where it is said what is brought over.
#[derive(clap::Args, Clone, Debug)]
pub struct FileArgs {
    /// The file that says what is brought over
    #[arg(short, long, value_name = "FILE", default_value = "migrate.yaml", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
}

/// How something is said.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum ReportFormat {
    /// Markdown, which people read as it is
    #[default]
    Markdown,
    /// For programs
    Json,
    /// A page for browsers
    Html,
}

/// Where a report goes, and in which form.
#[derive(clap::Args, Clone, Debug)]
pub struct ReportArgs {
    /// Say what came of it as Markdown, JSON or HTML
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: ReportFormat,

    /// Write it to this file, too, as HTML, JSON or Markdown by its ending
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Option<PathBuf>,
}

/// What `kefu migrate plan` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct PlanArgs {
    /// The file.
    #[command(flatten)]
    pub file: FileArgs,

    /// Say it as Markdown, JSON or HTML
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: ReportFormat,
}

/// What `kefu migrate run` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct RunArgs {
    /// The file.
    #[command(flatten)]
    pub file: FileArgs,

    /// The report.
    #[command(flatten)]
    pub report: ReportArgs,

    /// Go on although the mapping is another one than before: its tables are read anew
    #[arg(long)]
    pub accept_change: bool,

    /// After the copy bring changes over as they are made, until it is stopped
    ///
    /// Needs a binary log in rows at the server, and the rights to read it; `kefu migrate plan` says what is missing.
    #[arg(long)]
    pub follow: bool,

    /// Read a damaged dump as far as it is whole: what is behind the damage is left out, and said
    #[arg(long)]
    pub skip_corrupt_tail: bool,

    /// Follow from now on, and read all tables again, whatever an earlier run had
    #[arg(long, requires = "follow")]
    pub recopy: bool,
}

/// What `kefu migrate status` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct StatusArgs {
    /// The file.
    #[command(flatten)]
    pub file: FileArgs,

    /// Say it as Markdown, JSON or HTML
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: ReportFormat,

    /// Say it again every second until everything is done
    #[arg(long)]
    pub watch: bool,
}

/// What `kefu migrate verify` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct VerifyArgs {
    /// The file.
    #[command(flatten)]
    pub file: FileArgs,

    /// Only these tables
    #[arg(long, value_name = "TABLE", value_delimiter = ',')]
    pub tables: Vec<String>,

    /// Bring over again what differs or is missing; the store must not be in use meanwhile
    #[arg(long)]
    pub repair: bool,

    /// Read a damaged dump as far as it is whole, as `run` was told to
    #[arg(long)]
    pub skip_corrupt_tail: bool,

    /// Begin anew, although an earlier comparison was stopped half-way
    #[arg(long)]
    pub fresh: bool,

    /// Wait so long before rows of a server that differ are looked at once more
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_duration)]
    pub retry_after: Duration,

    /// The report.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// What `kefu migrate cutover` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct CutoverArgs {
    /// The file.
    #[command(flatten)]
    pub file: FileArgs,

    /// Switch this inbox alone; without it, all that are left
    ///
    /// The fence is to keep the old system from writing what belongs to the inbox: its command finds the name in the
    /// variable KEFU_INBOX. `kefu serve` takes the store over, if `kefu serve --standby` waits for it.
    #[arg(long, value_name = "INBOX", conflicts_with = "read_only")]
    pub inbox: Option<String>,

    /// The fence.
    #[command(flatten)]
    pub fence: FenceArgs,

    /// Put the fence up when it is less behind than this
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_duration)]
    pub max_lag: Duration,

    /// Both sides must have been compared, and the same, within this time
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_duration)]
    pub verified_within: Duration,

    /// The fence's command must end within this time
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    pub fence_timeout: Duration,

    /// Go on although some rows are dead letters
    #[arg(long)]
    pub accept_dead_letters: bool,

    /// Say what came of it as Markdown or as JSON
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: ReportFormat,
}

/// What `kefu migrate rollback` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct RollbackArgs {
    /// The file.
    #[command(flatten)]
    pub file: FileArgs,

    /// Command that has the old system write again
    #[arg(long, value_name = "COMMAND")]
    pub unfence: Option<String>,

    /// Take `read_only` off at the servers of all sources
    #[arg(long)]
    pub read_only: bool,

    /// The command must end within this time
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    pub fence_timeout: Duration,

    /// Say what came of it as Markdown or as JSON
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: ReportFormat,
}

/// What `kefu migrate flow-back` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct FlowBackArgs {
    /// The file.
    #[command(flatten)]
    pub file: FileArgs,

    /// End when everything is there that is here now
    #[arg(long)]
    pub once: bool,

    /// Say what came of it as Markdown or as JSON
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: ReportFormat,
}

/// What `kefu migrate finalize` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct FinalizeArgs {
    /// The file.
    #[command(flatten)]
    pub file: FileArgs,

    /// Do not write the rest to the old system: it is gone
    #[arg(long)]
    pub without_source: bool,

    /// Say what came of it as Markdown or as JSON
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: ReportFormat,
}

/// How the old system is kept from writing.
#[derive(clap::Args, Clone, Debug)]
#[group(required = true, multiple = true)]
pub struct FenceArgs {
    /// Command that has the old system stop writing; it may be run more than once
    #[arg(long, value_name = "COMMAND")]
    pub fence: Option<String>,

    /// Command that has it write again, should the cutover fail behind the fence
    #[arg(long, value_name = "COMMAND", requires = "fence")]
    pub unfence: Option<String>,

    /// `SET GLOBAL read_only` at the servers of all sources, for which the user needs the right
    #[arg(long)]
    pub read_only: bool,
}

/// What `kefu migrate dead-letter` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct DeadLetterArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: DeadLetterAction,
}

/// What to do with dead letters.
#[derive(Clone, Debug, Subcommand)]
pub enum DeadLetterAction {
    /// List them, one as a line of JSON, the last word on each key
    List(FileArgs),
    /// Read their rows again and bring over what can be used by now
    Retry(RetryArgs),
}

/// What `kefu migrate dead-letter retry` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct RetryArgs {
    /// The file.
    #[command(flatten)]
    pub file: FileArgs,

    /// Say what came of it as Markdown, JSON or HTML
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: ReportFormat,
}
