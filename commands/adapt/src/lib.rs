//! `kefu adapt`: messages of older systems converted, inspected and told apart, by their schemas at run time.
//!
//! What bytes mean is `kefu_wire`'s to know. This crate knows files, streams and people: where a message ends in a
//! stream, how output takes the place of a file, and what an error says and advises.

mod args;
mod channel;
mod convert;
mod detect;
mod inspect;
mod progress;
mod schema;
#[cfg(feature = "bridge")]
mod serve;
mod settings;
mod shown;
mod wsdl;

pub use channel::{
    ChannelAction, ChannelArgs, FilesArgs as ChannelFilesArgs, LintArgs as ChannelLintArgs,
    NewArgs as ChannelNewArgs, SignArgs as ChannelSignArgs,
};

pub use args::{
    Action, Args, ConvertArgs, DetectArgs, Format, I64Form, InspectArgs, ProtocolName, ReportFormat,
    SchemaArgs, Side, SoapArgs, SoapVersion, TransportName, UnknownChoice, WsdlArgs,
};

#[cfg(feature = "bridge")]
pub use {channel::MockArgs as ChannelMockArgs, serve::ServeArgs};

use kefu_app::{App, Exit, Failure};

/// Not all messages could be converted, or it cannot be told what bytes are.
const PARTLY: Exit = Exit::Verdict(1);
/// A message is beyond a limit.
const LIMIT: Exit = Exit::Verdict(2);

/// Runs `kefu adapt` to its end.
///
/// # Errors
///
/// The schema cannot be used, a file cannot be read or written, or a message cannot be converted.
pub fn run(app: &App, args: &Args) -> Result<Exit, Failure> {
    match &args.action {
        Action::Convert(args) => convert::run(app, args),
        Action::Inspect(args) => inspect::run(app, args),
        Action::Wsdl(args) => wsdl::run(app, args),
        Action::Detect(args) => detect::run(app, args),
        #[cfg(feature = "bridge")]
        Action::Serve(args) => serve::run(app, args),
        Action::Channel(args) => channel::run(app, args),
    }
}
