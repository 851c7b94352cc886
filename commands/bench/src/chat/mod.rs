//! The chat scenarios: who takes part, what they do, what came of it.

mod accounts;
mod idle;
mod max;
mod opening;
mod readers;
mod rest;
mod session;
mod settings;
mod steady;
mod storm;
mod supervise;

use kefu_app::{Failure, Stop};

use crate::{progress::Progress, report::Report};
use session::Session;
pub(crate) use settings::ChatSettings;
use settings::Load;

/// Runs a scenario; `None` when it was stopped before its end.
pub(crate) async fn run(settings: &ChatSettings, stop: &Stop) -> Result<Option<Report>, Failure> {
    let mut progress = Progress::new();
    let accounts = tokio::select! {
        accounts = accounts::prepare(settings, &mut progress) => accounts?,
        () = stop.clone().requested() => return Ok(None),
    };
    // From here on one thread has the work and everything it needs.
    tokio::task::block_in_place(|| {
        let mut session = Session::new(settings, accounts, progress, stop.clone())?;
        let outcome = match &settings.load {
            Load::Steady(steady) => steady::run(&mut session, steady),
            Load::Max { in_flight, warmup, duration } => {
                max::run(&mut session, *in_flight, *warmup, *duration)
            }
            Load::Idle { steps, hold } => idle::run(&mut session, steps, *hold),
            Load::Storm => storm::run(&mut session),
        };
        match outcome {
            Ok(report) => Ok(Some(report)),
            Err(session::Interruption::Stopped) => Ok(None),
            Err(session::Interruption::Failed(failure)) => Err(failure),
        }
    })
}

#[cfg(test)]
mod tests;
