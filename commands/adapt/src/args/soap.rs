use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};
use kefu_wire::soap::{Direction, Version};

/// What messages of SOAP are, and how they are written.
#[derive(clap::Args, Clone, Debug)]
pub struct SoapArgs {
    /// Description of the service that the messages follow
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "SOAP")]
    pub wsdl: Option<PathBuf>,

    /// All are messages of this operation, and JSON is the body alone [default: what the body says]
    #[arg(long = "op", value_name = "NAME", requires = "wsdl", help_heading = "SOAP")]
    pub operation: Option<String>,

    /// Which way the messages go [default: what the body says; request where SOAP is written from the body alone]
    #[arg(long, value_enum, value_name = "SIDE", requires = "wsdl", help_heading = "SOAP")]
    pub side: Option<Side>,

    /// Version of SOAP that is written [default: that of the operation's port]
    #[arg(long, value_enum, value_name = "VERSION", requires = "wsdl", help_heading = "SOAP")]
    pub soap: Option<SoapVersion>,

    /// Refuse what the description does not have, lacks or forbids, where it could be passed on
    #[arg(long, requires = "wsdl", help_heading = "SOAP")]
    pub strict: bool,

    /// Write the name of this user into requests, as WS-Security has it, with a password
    #[arg(long, value_name = "NAME", requires = "wsdl", help_heading = "SOAP")]
    pub user: Option<String>,

    /// File that holds the password of --user [default: the variable KEFU_SOAP_PASSWORD]
    #[arg(
        long,
        value_name = "FILE",
        requires = "user",
        value_hint = ValueHint::FilePath,
        help_heading = "SOAP"
    )]
    pub password_file: Option<PathBuf>,

    /// Write a digest in place of the password
    #[arg(long, requires = "user", help_heading = "SOAP")]
    pub password_digest: bool,

    /// Write into requests that they are valid from now on for so many seconds
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "wsdl",
        value_parser = clap::value_parser!(u32).range(1..=86_400),
        help_heading = "SOAP"
    )]
    pub timestamp: Option<u32>,
}

/// Which way messages of SOAP go.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Side {
    /// To the service
    Request,
    /// From the service
    Response,
}

impl From<Side> for Direction {
    fn from(side: Side) -> Self {
        match side {
            Side::Request => Self::Request,
            Side::Response => Self::Reply,
        }
    }
}

/// The versions of SOAP.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum SoapVersion {
    /// SOAP 1.1
    #[value(name = "1.1")]
    V11,
    /// SOAP 1.2
    #[value(name = "1.2")]
    V12,
}

impl From<SoapVersion> for Version {
    fn from(version: SoapVersion) -> Self {
        match version {
            SoapVersion::V11 => Self::V11,
            SoapVersion::V12 => Self::V12,
        }
    }
}
