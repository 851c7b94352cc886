//! `kefu bench`: load tests that a gate can trust.
//!
//! Open loop by default, latency from the scheduled time, loss and order counted at both ends, and a run in
//! which the generator itself was late is refused rather than reported.

mod args;
mod chat;
mod descriptors;
mod engine;
mod http;
mod process;
mod progress;
mod report;
mod settings;
mod threshold;

pub use args::{Args, ChatArgs, Format, Scenario};
pub use threshold::{Threshold, ThresholdError};

use kefu_app::{App, Exit, Failure, Text};

use report::Report;
use settings::ChatSettings;

/// A condition does not hold.
const FAILED: Exit = Exit::Verdict(1);
/// The run says nothing about the server.
const INVALID: Exit = Exit::Verdict(2);

/// Runs `kefu bench` to its end.
///
/// # Errors
///
/// The settings are unusable, the server cannot be reached or refuses, or the run is invalid before
/// there is anything to report.
pub fn run(app: &App, args: &Args) -> Result<Exit, Failure> {
    let Scenario::Chat(args) = &args.scenario;
    let settings = ChatSettings::new(args)?;
    let stop = app.stop();
    let Some(mut report) = app.block_on(chat::run(&settings, &stop))?? else { return Ok(Exit::Interrupted) };
    report.check(&settings.thresholds);
    write(app, &settings, &report)?;
    Ok(if !report.invalid.is_empty() {
        INVALID
    } else if report.is_passed() {
        Exit::Ok
    } else {
        FAILED
    })
}

fn write(app: &App, settings: &ChatSettings, report: &Report) -> Result<(), Failure> {
    let text = match settings.format {
        Format::Text => report.to_text(),
        Format::Json => report.to_json(),
        Format::Markdown => report.to_markdown(),
    };
    let Some(path) = &settings.output else { return app.print(&text) };
    std::fs::write(path, text).map_err(|error| {
        let path = path.display();
        Failure::new(
            Exit::Create,
            Text::new(format!("cannot write the report to {path}"), format!("无法将报告写入 {path}")),
        )
        .because(error)
    })
}
