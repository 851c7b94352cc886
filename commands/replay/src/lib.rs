//! `kefu replay`: HTTP traffic captured, converted, inspected, sent again, mirrored and compared.
//!
//! What packets, streams and messages are is `kefu_traffic`'s to know. This crate knows files, people and a target.

mod account;
mod args;
mod client;
mod coding;
mod diff;
mod endpoint;
mod forms;
mod gor;
mod head;
mod inspect;
#[cfg_attr(not(all(target_os = "linux", feature = "capture")), path = "live/absent.rs")]
mod live;
mod message;
mod middleware;
mod mirror;
mod output;
mod pattern;
mod pipeline;
mod redact;
mod run;
mod screen;
mod shown;
mod socket;
mod source;
mod target;
#[cfg(test)]
mod testing;
mod transfer;
mod translate;
#[cfg_attr(not(feature = "tls"), path = "tunnel/absent.rs")]
mod tunnel;
mod yaml;

pub use args::{
    Action, Answerer, Args, AskingArgs, CaptureArgs, ComparisonArgs, ConvertArgs, DiffArgs, DiffFormat,
    FilterArgs, FormatName, GorArgs, HeaderLine, HeaderPattern, HeaderRewrite, InspectArgs, LimitArgs,
    LiveArgs, MirrorArgs, OutputArgs, Parameter, RedactionArgs, ReportFormat, Rewrite, Rule, RunArgs, Sample,
    SampleBy, Setting, Share, SourceArgs, Speed, TranslateArgs,
};

pub use screen::{Assignment, Expression};

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
        Action::Gor(args) => gor::run(app, args),
    }
}
