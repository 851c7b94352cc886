mod soap;
mod wsdl;

use std::path::PathBuf;

use crate::channel::ChannelArgs;
use clap::{Subcommand, ValueEnum, ValueHint};
use kefu_app::ByteSize;
use kefu_wire::thrift::{I64Style, Protocol, Unknown};

pub use self::{
    soap::{Side, SoapArgs, SoapVersion},
    wsdl::WsdlArgs,
};

/// Convert, inspect and tell apart the messages of older systems
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
    /// Convert messages by their schema: Thrift, SOAP and JSON into each other
    ///
    /// The input is one message or many: JSON as one document, as lines or one document after the other; Thrift as
    /// frames or one message after the other; SOAP as one envelope after the other, or as one package with its
    /// attachments. It is read as a stream, with no more than a message in memory. JSON comes out with one message
    /// on a line. A file is written under another name first and takes its place when all is converted and synced;
    /// on an error what was there stays.
    Convert(Box<ConvertArgs>),
    /// List the services, operations and types of an interface file or a description, with warnings
    Inspect(InspectArgs),
    /// Describe a service of Thrift or a bridge in WSDL, so that clients of SOAP can call it
    Wsdl(WsdlArgs),
    /// Tell what bytes are: the protocol, the transport, and what the message's envelope says
    Detect(DetectArgs),
    /// Serve bridges between JSON over HTTP, SOAP and Thrift
    ///
    /// What is bridged to what is said by a file, see docs/gateway.md. SIGHUP reads it again; a file that cannot be used
    /// changes nothing.
    #[cfg(feature = "bridge")]
    Serve(crate::serve::ServeArgs),
    /// Make, check and try files that describe chat services
    Channel(Box<ChannelArgs>),
}

const EXIT_CODES: &str = "\
Examples:
  kefu adapt detect capture.bin
  kefu adapt inspect shop.thrift
  kefu adapt convert orders.bin --idl shop.thrift --struct Order
  kefu adapt convert call.xml --wsdl tickets.wsdl
  kefu adapt channel --help    files that describe chat services

Exit codes:
   0  done
   1  convert --keep-going: some messages could not be converted; detect: cannot tell; channel test: an example fails
   2  a limit is reached
  65  a message is malformed or does not fit the schema
  78  the schema cannot be used";

const CONVERT_EXAMPLES: &str = "\
Examples:
  # Structs of the binary protocol, one after the other, to lines of JSON
  kefu adapt convert orders.bin --idl shop.thrift --struct Order --protocol binary -o orders.ndjson

  # And back, in frames of the compact protocol
  kefu adapt convert orders.ndjson --idl shop.thrift --struct Order \\
      --protocol compact --transport framed -o orders.frames

  # Whole messages of a service, as captured; the protocol and the transport are detected
  kefu adapt convert calls.bin --idl shop.thrift --service Shop

  # A call from its arguments
  echo '{\"id\":7}' | \\
      kefu adapt convert --idl shop.thrift --service Shop --method getOrder -o call.bin

  # Without a schema: field numbers and types
  kefu adapt convert capture.bin --schema-less

  # What can be converted, however much that is
  kefu adapt convert orders.ndjson --idl shop.thrift --struct Order -o orders.bin --keep-going

  # Messages of SOAP, by what is in their bodies
  kefu adapt convert captured.xml --wsdl tickets.wsdl

  # A request of SOAP 1.2 from the JSON of its body, with a password that is in KEFU_SOAP_PASSWORD
  kefu adapt convert ticket.json --wsdl tickets.wsdl --op CreateTicket --soap 1.2 \\
      --user desk --password-digest --timestamp 300 -o call.xml

  # SOAP to Thrift: operations and faults of a description as methods and exceptions of a service
  kefu adapt convert captured.xml --wsdl tickets.wsdl --idl tickets.thrift --service Tickets -o calls.bin

JSON of whole messages, unless --method or --op says what is left out:
  {\"message\":\"call\",\"method\":\"getOrder\",\"sequence\":1,\"arguments\":{\"id\":7}}
  {\"message\":\"oneway\",\"method\":\"ping\",\"sequence\":2,\"arguments\":{}}
  {\"message\":\"reply\",\"method\":\"getOrder\",\"sequence\":1,\"result\":{\"id\":7}}
  {\"message\":\"reply\",\"method\":\"getOrder\",\"sequence\":1,\"result\":{\"$exception\":\"NotFound\"}}
  {\"message\":\"exception\",\"method\":\"getOrder\",\"sequence\":1,\"failure\":{\"type\":6,\"message\":\"why\"}}
A multiplexed message has \"service\" as well; without a schema the body is \"fields\". Of SOAP, \"method\" is the
operation, header blocks are \"$headers\" in the arguments or the result, and a fault is a result with \"$fault\".
Between SOAP and Thrift, a reply of one part is what the method returns; a struct is the body, or its only part.

Exit codes:
   0  all messages are converted
   1  with --keep-going: some messages could not be converted; the others are
   2  a limit is reached
  65  a message is malformed or does not fit the schema
  73  the output cannot be written
  78  the schema cannot be used, or has no such struct, service, method or operation";

/// What `kefu adapt convert` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = CONVERT_EXAMPLES)]
pub struct ConvertArgs {
    /// File to convert [default: standard input]
    #[arg(value_name = "INPUT", value_hint = ValueHint::FilePath)]
    pub input: Option<PathBuf>,

    /// Write to this file [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Conversion")]
    pub output: Option<PathBuf>,

    /// What the input is [default: the other than --to, or what it looks like]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Conversion")]
    pub from: Option<Format>,

    /// What the output is to be [default: the other than the input]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Conversion")]
    pub to: Option<Format>,

    /// Convert what can be converted, say on standard error what cannot, and end with exit code 1
    #[arg(long, help_heading = "Conversion")]
    pub keep_going: bool,

    /// Take each line for a message [default: of JSON, if the first line is one]
    #[arg(long, help_heading = "Conversion")]
    pub lines: bool,

    /// What the messages are.
    #[command(flatten)]
    pub schema: SchemaArgs,

    /// What messages of SOAP are.
    #[command(flatten)]
    pub soap: SoapArgs,

    /// Format of Thrift messages [default: what they look like; binary where they are written]
    #[arg(long, value_enum, value_name = "PROTOCOL", help_heading = "Thrift")]
    pub protocol: Option<ProtocolName>,

    /// What goes around each message [default: what they look like; none where they are written]
    #[arg(long, value_enum, value_name = "TRANSPORT", help_heading = "Thrift")]
    pub transport: Option<TransportName>,

    /// With --transport header, compress what is written
    #[arg(long, help_heading = "Thrift")]
    pub zlib: bool,

    /// How integers of 64 bits are written in JSON; all forms are read
    #[arg(long, value_enum, value_name = "FORM", default_value_t = I64Form::Number, help_heading = "JSON")]
    pub i64: I64Form,

    /// Write absent fields with their defaults
    #[arg(long, help_heading = "JSON")]
    pub fill_defaults: bool,

    /// What becomes of fields that the schema does not have
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = UnknownChoice::Keep, help_heading = "JSON")]
    pub unknown_fields: UnknownChoice,

    /// What becomes of members of JSON that the schema does not have; `keep` keeps `$unknown` and refuses others
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = UnknownChoice::Keep, help_heading = "JSON")]
    pub unknown_members: UnknownChoice,

    /// Refuse messages with more bytes, or with a text of more than a quarter of that
    #[arg(long, value_name = "SIZE", default_value = "16MiB", help_heading = "Limits")]
    pub max_message: ByteSize,

    /// Refuse messages in which structs and containers nest deeper
    #[arg(long, value_name = "LEVELS", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=512), help_heading = "Limits")]
    pub max_depth: u32,
}

/// What the messages are.
#[derive(clap::Args, Clone, Debug)]
pub struct SchemaArgs {
    /// Interface file that the messages follow
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Schema")]
    pub idl: Option<PathBuf>,

    /// Also look for included files in this folder; may be given several times
    #[arg(short = 'I', long = "include", value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Schema")]
    pub include: Vec<PathBuf>,

    /// Each message is such a struct, union or exception, without an envelope
    #[arg(
        long = "struct",
        value_name = "NAME",
        requires = "idl",
        conflicts_with = "service",
        help_heading = "Schema"
    )]
    pub structure: Option<String>,

    /// Each message is a call, a reply or an exception of this service
    #[arg(long, value_name = "NAME", requires = "idl", help_heading = "Schema")]
    pub service: Option<String>,

    /// All are messages of this method, and JSON is its arguments or its result alone
    #[arg(long, value_name = "NAME", requires = "service", help_heading = "Schema")]
    pub method: Option<String>,

    /// With --method, JSON is the result of the method
    #[arg(long, requires = "method", help_heading = "Schema")]
    pub reply: bool,

    /// Convert without a schema: fields by number, with their types
    #[arg(long, conflicts_with_all = ["idl", "wsdl"], help_heading = "Schema")]
    pub schema_less: bool,
}

const INSPECT_EXAMPLES: &str = "\
Examples:
  kefu adapt inspect shop.thrift
  kefu adapt inspect shop.thrift -I ../shared --format json | jq '.schema.services'
  kefu adapt inspect tickets.wsdl

Exit codes:
   0  the file can be used; there may be warnings
  78  the file cannot be used";

/// What `kefu adapt inspect` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = INSPECT_EXAMPLES)]
pub struct InspectArgs {
    /// Interface file of Thrift, description (WSDL) or schema (XSD)
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// Also look for included files in this folder; may be given several times
    #[arg(short = 'I', long = "include", value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Schema")]
    pub include: Vec<PathBuf>,

    /// Write the list like this; JSON has the types as JSON Schema
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ReportFormat::Text, help_heading = "Result")]
    pub format: ReportFormat,
}

const DETECT_EXAMPLES: &str = "\
Examples:
  kefu adapt detect capture.bin
  head -c 4096 capture.bin | kefu adapt detect --format json

Exit codes:
  0  told
  1  cannot tell";

/// What `kefu adapt detect` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = DETECT_EXAMPLES)]
pub struct DetectArgs {
    /// File to look at [default: standard input]
    #[arg(value_name = "INPUT", value_hint = ValueHint::FilePath)]
    pub input: Option<PathBuf>,

    /// Write what is told like this
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ReportFormat::Text, help_heading = "Result")]
    pub format: ReportFormat,
}

/// What messages are in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Format {
    /// Apache Thrift
    Thrift,
    /// JSON
    Json,
    /// SOAP
    Soap,
}

impl Format {
    /// The name of its adapter.
    pub(crate) fn adapter(self) -> &'static str {
        match self {
            Self::Thrift => "Thrift",
            Self::Json => "JSON",
            Self::Soap => "SOAP",
        }
    }
}

/// The formats of Thrift.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ProtocolName {
    /// TBinaryProtocol
    Binary,
    /// TCompactProtocol
    Compact,
    /// TJSONProtocol
    Json,
}

impl From<ProtocolName> for Protocol {
    fn from(name: ProtocolName) -> Self {
        match name {
            ProtocolName::Binary => Self::Binary,
            ProtocolName::Compact => Self::Compact,
            ProtocolName::Json => Self::Json,
        }
    }
}

/// What goes around messages of Thrift.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum TransportName {
    /// Nothing
    None,
    /// A length of four bytes
    Framed,
    /// A header with headers, as THeaderTransport has it
    Header,
    /// A header with headers, as kitex has it
    Ttheader,
}

/// How integers of 64 bits are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum I64Form {
    /// As numbers
    Number,
    /// As strings
    String,
    /// As numbers up to 2^53, else as strings
    JsSafe,
}

impl From<I64Form> for I64Style {
    fn from(form: I64Form) -> Self {
        match form {
            I64Form::Number => Self::Number,
            I64Form::String => Self::String,
            I64Form::JsSafe => Self::JsSafe,
        }
    }
}

/// What becomes of what the schema does not have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum UnknownChoice {
    /// It is kept, byte for byte
    Keep,
    /// It is left out
    Drop,
    /// The message is refused
    Refuse,
}

impl From<UnknownChoice> for Unknown {
    fn from(choice: UnknownChoice) -> Self {
        match choice {
            UnknownChoice::Keep => Self::Keep,
            UnknownChoice::Drop => Self::Drop,
            UnknownChoice::Refuse => Self::Refuse,
        }
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ReportFormat {
    /// For a terminal
    Text,
    /// For programs
    Json,
}
