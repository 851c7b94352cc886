//! `kefu replay`: HTTP traffic captured, converted, inspected, sent again, mirrored and compared.
//!
//! What packets, streams and messages are is `kefu_traffic`'s to know. This crate knows files, people and a target.

mod args;
mod client;
mod diff;
mod endpoint;
mod forms;
mod head;
mod inspect;
mod message;
mod mirror;
mod output;
mod pattern;
mod redact;
mod run;
mod shown;
mod source;
mod transfer;
mod translate;
#[cfg_attr(not(feature = "tls"), path = "tunnel/absent.rs")]
mod tunnel;
mod yaml;

pub use args::{
    Action, Answerer, Args, AskingArgs, CaptureArgs, ComparisonArgs, ConvertArgs, DiffArgs, DiffFormat,
    FormatName, HeaderLine, InspectArgs, LimitArgs, MirrorArgs, OutputArgs, ReportFormat, Rule, RunArgs,
    Setting, Share, SourceArgs, Speed, TranslateArgs,
};

use kefu_app::{App, Exit, Failure};

/// A part of the input could not be read.
const PARTLY: Exit = Exit::Verdict(1);

/// Runs `kefu replay` to its end.
///
/// # Errors
///
/// A file cannot be read or written, or the target is refused.
pub fn run(app: &App, args: &Args) -> Result<Exit, Failure> {
    match &args.action {
        Action::Capture(args) => transfer::capture(app, args),
        Action::Convert(args) => transfer::convert(app, args),
        Action::Inspect(args) => inspect::run(app, args),
        Action::Run(args) => run::run(app, args),
        Action::Diff(args) => diff::run(app, args),
        Action::Mirror(args) => mirror::run(app, args),
    }
}
