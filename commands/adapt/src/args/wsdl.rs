use std::path::PathBuf;

use clap::ValueHint;

const EXAMPLES: &str = "\
Examples:
  kefu adapt wsdl tickets.thrift --service Tickets --address https://desk.example.com/soap/tickets \\
      -o tickets.wsdl
  kefu adapt wsdl bridge.yaml --endpoint tickets-soap --address https://bridge.example.com -o tickets.wsdl

Of a bridge file it is the description of the side that speaks SOAP, with the address at which the bridge serves it;
what it imports is at that address, too. A function is an operation of style document/literal, with a port of SOAP 1.1 and one of SOAP 1.2; exceptions are
faults. What a client writes by it, `kefu adapt convert --wsdl tickets.wsdl --idl tickets.thrift` turns into Thrift.

Exit codes:
   0  written
   1  with --keep-going: some functions cannot be described; the others are
  65  a function cannot be described: maps and lists of lists have no counterpart
  73  the output cannot be written
  78  the file cannot be used, or has no such service";

/// What `kefu adapt wsdl` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct WsdlArgs {
    /// Interface file, such as tickets.thrift, or a bridge file, such as bridge.yaml
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// Also look for included files in this folder; may be given several times
    #[arg(short = 'I', long = "include", value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Schema")]
    pub include: Vec<PathBuf>,

    /// Service to describe [default: the only one of the file]
    #[arg(long, value_name = "NAME", help_heading = "Schema")]
    pub service: Option<String>,

    /// Endpoint of the bridge file that speaks SOAP [default: the only one]
    #[arg(long, value_name = "NAME", conflicts_with = "service", help_heading = "Schema")]
    pub endpoint: Option<String>,

    /// Address at which clients are to call it; of a bridge, without the endpoint's path
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, help_heading = "Result")]
    pub address: String,

    /// Namespace of its operations and types [default: urn: and the name of the service]
    #[arg(long, value_name = "URI", help_heading = "Result")]
    pub namespace: Option<String>,

    /// Leave out functions that cannot be described, say which, and end with exit code 1
    #[arg(long, help_heading = "Result")]
    pub keep_going: bool,

    /// Write to this file [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Result")]
    pub output: Option<PathBuf>,
}
