//! A load that several processes send: what each of them does at which point, and what all of it is.
//!
//! They meet when all are connected, again when every conversation has its agent, and once more when every message has its
//! answer; with connections that only stay, after each step.

use std::time::Instant;

use kefu_app::{Failure, Stop};

use super::{
    figures::Figures,
    idle, report,
    settings::{ChatSettings, Load},
};
use crate::{
    procs::{self, Moment},
    progress::Progress,
    report::Report,
    watch::Watch,
};

/// The meeting after which messages are sent on a schedule.
const PRIMED: u32 = 1;

pub(super) fn run(
    settings: &ChatSettings,
    mut progress: Progress,
    stop: &Stop,
) -> Result<Option<Report>, Failure> {
    let begun = Instant::now();
    let mut watch = Watch::begin(&settings.server, begun.elapsed());
    let (mut began, mut seen) = (None, Vec::new());
    let parts = procs::gather(settings.procs, stop, &mut progress, &mut |progress, moment| {
        match (&settings.load, moment) {
            (Load::Steady(steady), Moment::Met(PRIMED)) => {
                began = Some(begun.elapsed());
                progress.measure(steady.warmup, steady.duration, Some(steady.scheduled_per_s));
            }
            (Load::Steady(steady), Moment::Tick) => {
                let now = begun.elapsed();
                let Some(began) = began else { return };
                progress.set(now.saturating_sub(began).as_secs());
                // Until measuring begins, it begins anew.
                if now < began + steady.warmup {
                    watch = Watch::begin(&settings.server, now);
                } else if now < began + steady.warmup + steady.duration {
                    watch.tick(now);
                }
            }
            (Load::Idle { steps, hold }, Moment::Met(meeting)) => {
                let rss = settings.server.usage().map(|usage| usage.rss);
                idle::note(&mut seen, steps, meeting as usize, rss);
                if seen.len() == steps.len() {
                    progress.begin("seconds held", hold.as_secs());
                }
            }
            _ => {}
        }
    })?;
    progress.end();
    let Some(parts) = parts else { return Ok(None) };
    let mut figures = Figures::default();
    parts.iter().for_each(|part: &Figures| figures.merge(part));
    Ok(Some(match &settings.load {
        Load::Idle { hold, .. } => {
            watch.look(begun.elapsed());
            idle::report(settings, &figures, &seen, *hold, &watch)
        }
        Load::Steady(steady) => {
            report::of_messages(settings, "steady", Some(steady.scheduled_per_s), &figures, &watch)
        }
        Load::Max { .. } | Load::Storm => unreachable!("the settings refuse several processes for them"),
    }))
}
