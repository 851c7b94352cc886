//! `kefu bench`: load tests that a gate can trust.
//!
//! Open loop by default, latency from the scheduled time, loss and order counted at both ends, and a run in
//! which the generator itself was late is refused rather than reported.

mod admin;
mod args;
mod chat;
mod compare;
mod descriptors;
mod engine;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod gate;
mod histogram;
mod http;
mod link;
mod observed;
mod process;
mod procs;
mod progress;
mod queue;
mod report;
mod scenario;
mod series;
mod shape;
mod share;
mod stream;
mod target;
#[cfg(test)]
mod testing;
mod threshold;
#[cfg_attr(not(feature = "tls"), path = "tls/absent.rs")]
mod tls;
mod watch;
mod write;

pub use args::{
    AdminArgs, Args, Arrival, ChatArgs, CompareArgs, Figure, Format, HttpArgs, PaceArgs, RenderArgs,
    ReportArgs, RunArgs, Scenario, SpreadArgs, TableFormat, WatchArgs,
};
pub use shape::{Shape, ShapeError};
pub use share::Share;
pub use threshold::{Threshold, ThresholdError};

use kefu_app::{App, Exit, Failure, Text};

use chat::ChatSettings;
use gate::Gate;
use http::HttpSettings;
use progress::Progress;
use report::Report;
use scenario::ScenarioSettings;

/// A condition does not hold.
const FAILED: Exit = Exit::Verdict(1);
/// The run says nothing about the server.
const INVALID: Exit = Exit::Verdict(2);
/// The command line, a file that it names or the target cannot be used; 64 elsewhere, but a gate has one list of its own.
pub const USAGE: Exit = Exit::Verdict(3);

/// Runs `kefu bench` to its end.
///
/// # Errors
///
/// The settings are unusable, the server cannot be reached or refuses, or the run is invalid before
/// there is anything to report.
pub fn run(app: &App, args: &Args) -> Result<Exit, Failure> {
    let stop = app.stop();
    let progress = |gate: &Gate| {
        if args.scenario.is_part() { Progress::silent() } else { Progress::new(gate.judge()) }
    };
    let (report, gate, output) = match &args.scenario {
        Scenario::Chat(args) => {
            let settings = ChatSettings::new(args)?;
            let gate = Gate::new(&[], &args.report, app.stop_handle())?;
            (app.block_on(chat::run(&settings, progress(&gate), &stop))??, gate, &args.report)
        }
        Scenario::Http(args) => {
            let settings = HttpSettings::new(args)?;
            let gate = Gate::new(&[], &args.report, app.stop_handle())?;
            // Signals are seen to beside it.
            let run = async { tokio::task::block_in_place(|| http::run(&settings, progress(&gate), &stop)) };
            (app.block_on(run)??, gate, &args.report)
        }
        Scenario::Run(args) if args.show => {
            app.print(&scenario::show(&args.scenario)?)?;
            return Ok(Exit::Ok);
        }
        Scenario::Run(args) => {
            let settings = ScenarioSettings::new(args)?;
            let gate = Gate::new(settings.thresholds(), &args.report, app.stop_handle())?;
            // Signals are seen to beside it.
            let run =
                async { tokio::task::block_in_place(|| scenario::run(settings, progress(&gate), &stop)) };
            (app.block_on(run)??, gate, &args.report)
        }
        Scenario::Compare(args) => return compare::run(app, args),
        Scenario::Report(args) => return render(app, args),
    };
    let Some(mut report) = report else {
        // Who has a part of the load has told its figures to whoever gathers them.
        return Ok(if args.scenario.is_part() { Exit::Ok } else { Exit::Interrupted });
    };
    report.check(&gate.conditions);
    if let Some(condition) = gate.broken() {
        report.end_early(condition);
    }
    write::write(app, output.format, &output.output, &report)?;
    write::summary(&report.to(Format::Markdown))?;
    Ok(exit(&report))
}

/// Writes a report that was kept in another form.
fn render(app: &App, args: &RenderArgs) -> Result<Exit, Failure> {
    let reports = report::read(&args.file)?;
    let [report] = reports.as_slice() else {
        let (file, count) = (args.file.display(), reports.len());
        return Err(usage(
            format!("cannot choose: there are {count} reports in {file}"),
            format!("无法选择: {file} 中有 {count} 份报告"),
        ));
    };
    write::write(app, args.format, &args.output, report)?;
    Ok(Exit::Ok)
}

fn exit(report: &Report) -> Exit {
    match () {
        () if report.interrupted => Exit::Interrupted,
        () if !report.invalid.is_empty() => INVALID,
        () if report.is_passed() => Exit::Ok,
        () => FAILED,
    }
}

/// A mistake of whoever started the run.
fn usage(en: impl Into<String>, zh: impl Into<String>) -> Failure {
    Failure::new(USAGE, Text::new(en, zh))
}
