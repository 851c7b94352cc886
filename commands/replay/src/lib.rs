//! `kefu replay`: recorded HTTP traffic captured, converted, inspected and sent again.
//!
//! What packets, streams and messages are is `kefu_traffic`'s to know. This crate knows files, people and a target.

mod account;
mod args;
mod forms;
mod gor;
mod head;
mod inspect;
#[cfg_attr(not(all(target_os = "linux", feature = "capture")), path = "live/absent.rs")]
mod live;
mod message;
mod middleware;
mod output;
mod pipeline;
mod redact;
mod run;
mod screen;
mod shown;
mod source;
mod transfer;

pub use args::{
    Action, Args, CaptureArgs, ConvertArgs, FilterArgs, FormatName, GorArgs, HeaderLine, HeaderPattern,
    HeaderRewrite, InspectArgs, LimitArgs, LiveArgs, OutputArgs, Parameter, ReportFormat, Rewrite, Rule,
    RunArgs, Sample, SampleBy, SourceArgs, Speed,
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
        Action::Gor(args) => gor::run(app, args),
    }
}
