//! What `kefu serve query` is given.

use std::path::PathBuf;

use clap::ValueHint;
use kefu_app::Format;

const RUN_EXAMPLES: &str = "\
Examples:
  kefu serve query run user.graphql --variables '{\"id\": 42}'
  echo '{ users { nodes { id name } } }' | kefu serve query run --explain analyze
  kefu serve query run user.graphql --file query.yaml --role agent --format json

Exit codes: 0 answered, 1 answered with errors, 78 the configuration is wrong.";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  kefu serve query explain user.graphql --variables '{\"id\": 42}'

Exit codes: 0 explained, 1 the query is refused, 78 the configuration is wrong.";

const CHECK_EXAMPLES: &str = "\
Examples:
  kefu serve query check
  kefu serve query check --file query.yaml --schema > schema.graphql

Exit codes: 0 nothing is wrong, 78 the configuration is wrong: every mistake is named with line and path.";

const INTROSPECT_EXAMPLES: &str = "\
Examples:
  kefu serve query introspect mysql 'mysql://reader:secret@db/shop' > query.yaml
  kefu serve query introspect mongodb mongodb://db --database chat
  kefu serve query introspect soap ticket.wsdl

Exit codes: 0 drafted, 64 there is no such kind, 69 the system cannot be read.";

/// What `kefu serve query` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(disable_help_subcommand = true)]
pub struct QueryArgs {
    /// What to do with the data layer.
    #[command(subcommand)]
    pub command: QueryCommand,
}

/// The data layer on the shell.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum QueryCommand {
    /// Ask a query of all systems that the configuration names
    #[command(after_help = RUN_EXAMPLES)]
    Run(QueryRunArgs),
    /// Show how a query would be carried out, without asking any system
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(QueryExplainArgs),
    /// Check the configuration
    #[command(after_help = CHECK_EXAMPLES)]
    Check(QueryCheckArgs),
    /// Draft a configuration from a live system, or from what describes it
    #[command(after_help = INTROSPECT_EXAMPLES)]
    Introspect(QueryIntrospectArgs),
}

/// Where the data layer is described, and as whom it is asked.
#[derive(clap::Args, Clone, Debug)]
pub struct QueryPlace {
    /// Read the configuration from this file [default: serve.graphql.file]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Data layer")]
    pub file: Option<PathBuf>,

    /// The store with kefu's own records is in this directory [default: as for `kefu serve`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Data layer")]
    pub data_dir: Option<PathBuf>,

    /// Ask as somebody of this role
    #[arg(long, value_name = "ROLE", default_value = "admin", help_heading = "Data layer")]
    pub role: String,
}

/// What is asked.
#[derive(clap::Args, Clone, Debug)]
pub struct QueryText {
    /// The query [default: standard input]
    #[arg(value_name = "QUERY", value_hint = ValueHint::FilePath, help_heading = "Query")]
    pub query: Option<PathBuf>,

    /// Values of its variables, as JSON
    #[arg(long, value_name = "JSON", help_heading = "Query")]
    pub variables: Option<String>,

    /// Carry out this operation of several
    #[arg(long, value_name = "NAME", help_heading = "Query")]
    pub operation: Option<String>,
}

/// What `kefu serve query run` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct QueryRunArgs {
    /// What is asked.
    #[command(flatten)]
    pub text: QueryText,
    /// Of what, and as whom.
    #[command(flatten)]
    pub place: QueryPlace,

    /// Also say how it is carried out: as planned, or with what each step took
    #[arg(long, value_name = "HOW", value_enum, help_heading = "Answer")]
    pub explain: Option<ExplainHow>,

    /// Write the answer for people, or on one line for programs
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Answer")]
    pub format: Format,
}

/// What `kefu serve query explain` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct QueryExplainArgs {
    /// What is asked.
    #[command(flatten)]
    pub text: QueryText,
    /// Of what, and as whom.
    #[command(flatten)]
    pub place: QueryPlace,

    /// Write the plan as a tree, or as JSON
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Answer")]
    pub format: Format,
}

/// What `kefu serve query check` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct QueryCheckArgs {
    /// Read the configuration from this file [default: serve.graphql.file]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Data layer")]
    pub file: Option<PathBuf>,

    /// Print the schema that it makes
    #[arg(long, help_heading = "Answer")]
    pub schema: bool,
}

/// What `kefu serve query introspect` is to do.
#[derive(clap::Args, Clone, Debug)]
pub struct QueryIntrospectArgs {
    /// mysql, postgres, sqlite, mongodb, soap, thrift or http
    #[arg(value_name = "KIND", help_heading = "System")]
    pub kind: String,

    /// Its address, or the file that it is or that describes it: WSDL, IDL or OpenAPI
    #[arg(value_name = "PLACE", value_hint = ValueHint::AnyPath, help_heading = "System")]
    pub place: String,

    /// Call the source this in the draft
    #[arg(long, value_name = "NAME", default_value = "source", help_heading = "System")]
    pub name: String,

    /// Of MongoDB, look at this database
    #[arg(long, value_name = "NAME", help_heading = "System")]
    pub database: Option<String>,
}

/// How much is said of how a query is carried out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum ExplainHow {
    /// As it is planned; no system is asked.
    Plan,
    /// With what each step took, after the answer.
    Analyze,
}
