//! The chat scenarios: who takes part, what they do, what came of it.

mod accounts;
mod figures;
mod idle;
mod max;
mod opening;
mod readers;
mod report;
mod rest;
mod session;
mod settings;
mod steady;
mod storm;
mod supervise;
mod together;

use kefu_app::{Failure, Stop};

use crate::{progress::Progress, report::Report, watch::Watch};
pub(crate) use accounts::{Wanted, staff};
use session::Session;
pub(crate) use settings::ChatSettings;
use settings::Load;

/// Runs a scenario; `None` when this process had a part of it, or when it was stopped before its end.
pub(crate) async fn run(
    settings: &ChatSettings,
    mut progress: Progress,
    stop: &Stop,
) -> Result<Option<Report>, Failure> {
    if settings.procs > 1 && settings.share.is_none() {
        return tokio::task::block_in_place(|| together::run(settings, progress, stop));
    }
    let accounts = tokio::select! {
        accounts = accounts::prepare(settings, &mut progress) => accounts?,
        () = stop.clone().requested() => return Ok(None),
    };
    // From here on one thread has the work and everything it needs.
    tokio::task::block_in_place(|| {
        let mut session = Session::new(settings, accounts, progress, stop.clone())?;
        match act(settings, &mut session) {
            Ok(report) => Ok(report),
            Err(session::Interruption::Stopped) => Ok(None),
            Err(session::Interruption::Failed(failure)) => Err(failure),
        }
    })
}

/// Goes through a scenario; nothing is reported of a part, but told to whoever gathers them.
fn act(settings: &ChatSettings, session: &mut Session<'_>) -> session::Outcome<Option<Report>> {
    let (scenario, scheduled_per_s, (figures, watch)) = match &settings.load {
        Load::Steady(steady) => ("steady", Some(steady.scheduled_per_s), steady::run(session, steady)?),
        Load::Max { in_flight, warmup, duration } => {
            ("max", None, max::run(session, *in_flight, *warmup, *duration)?)
        }
        Load::Storm => return storm::run(session).map(Some),
        Load::Idle { steps, hold } => {
            let mut watch = Watch::begin(&settings.server, session.engine.now());
            let (figures, seen) = idle::run(session, steps, *hold)?;
            watch.look(session.engine.now());
            let is_told = session.tell(&figures)?;
            return Ok((!is_told).then(|| idle::report(settings, &figures, &seen, *hold, &watch)));
        }
    };
    let is_told = session.tell(&figures)?;
    Ok((!is_told).then(|| report::of_messages(settings, scenario, scheduled_per_s, &figures, &watch)))
}

#[cfg(test)]
mod tests;
