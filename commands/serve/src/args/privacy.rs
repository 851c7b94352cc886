//! What `kefu serve privacy` is given.

use std::path::PathBuf;

use clap::ValueHint;
use kefu_app::Format;
use uuid::Uuid;

const EXPORT_EXAMPLES: &str = "\
Examples:
  kefu serve privacy export 0198c0de-0000-7000-8000-000000000001 --to customer.json
  kefu serve privacy export 0198c0de-0000-7000-8000-000000000001 --to customer.json --files customer-files

Exit codes: 0 written, 2 there is no such customer.";

const ERASE_EXAMPLES: &str = "\
Examples:
  kefu serve privacy erase 0198c0de-0000-7000-8000-000000000001
  kefu serve privacy erase 0198c0de-0000-7000-8000-000000000001 --yes --format json

Exit codes: 0 nothing is left, 1 a legal hold is in the way, 2 there is no such customer, 75 a daemon serves the
store: ask it over its API.";

/// What `kefu serve privacy` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(disable_help_subcommand = true)]
pub struct PrivacyArgs {
    /// What to do with a customer's data.
    #[command(subcommand)]
    pub command: PrivacyCommand,
}

/// Care of customers' data.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum PrivacyCommand {
    /// Write all that is known of a customer as JSON, while the store is in use or not
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(PrivacyExportArgs),
    /// Erase a customer for good, in a store that is not in use
    ///
    /// Messages keep their numbers and nothing else. Backups made earlier are not touched.
    #[command(after_help = ERASE_EXAMPLES)]
    Erase(PrivacyEraseArgs),
}

/// What `kefu serve privacy export` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct PrivacyExportArgs {
    /// Id of the customer
    #[arg(value_name = "CUSTOMER", help_heading = "Customer")]
    pub customer: Uuid,

    /// The store is in this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Customer")]
    pub data_dir: Option<PathBuf>,

    /// Write this file, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Customer")]
    pub to: Option<PathBuf>,

    /// Copy the files of conversations into this directory, which must not exist yet; the document says which is which
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Customer")]
    pub files: Option<PathBuf>,
}

/// What `kefu serve privacy erase` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct PrivacyEraseArgs {
    /// Id of the customer
    #[arg(value_name = "CUSTOMER", help_heading = "Customer")]
    pub customer: Uuid,

    /// The store is in this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Customer")]
    pub data_dir: Option<PathBuf>,

    /// Do not ask whether this is meant
    #[arg(long, help_heading = "Customer")]
    pub yes: bool,

    /// Write the report like this
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Customer")]
    pub format: Format,
}
