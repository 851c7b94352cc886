//! `kefu bench http`: one request, again and again, on a schedule or as fast as it is answered.

pub(crate) mod answer;
mod conn;
mod engine;
mod figures;
mod report;
mod settings;

pub(crate) use settings::HttpSettings;

use std::time::{Duration, Instant};

use kefu_app::{Exit, Failure, Stop, Text};

use crate::{
    procs::{self, Moment, Parent},
    progress::Progress,
    queue::Pace,
    report::Report,
    target::Target,
    watch::Watch,
};
use engine::Engine;
use figures::Figures;

/// What one process is to send.
#[derive(Debug)]
struct Plan {
    target: Target,
    /// The bytes of the request.
    request: Vec<u8>,
    /// Answers have no body, whatever length they state.
    is_bodiless: bool,
    keep_alive: bool,
    timeout: Duration,
    connections: usize,
    pace: Pace,
    requests: u64,
    /// It ends with the last of so many requests, and not with its time.
    is_counted: bool,
    warmup: Duration,
    duration: Duration,
}

/// Runs the load; `None` when this process sent a part of it, or when it was stopped before anything was measured.
pub(crate) fn run(
    settings: &HttpSettings,
    mut progress: Progress,
    stop: &Stop,
) -> Result<Option<Report>, Failure> {
    if settings.is_part {
        part(&settings.plan, stop)?;
        return Ok(None);
    }
    let mut watch = Watching { settings, watch: None };
    let figures = if settings.procs > 1 {
        together(settings, stop, &mut progress, &mut watch)?
    } else {
        alone(settings, stop, &mut progress, &mut watch)?
    };
    progress.end();
    Ok(figures.map(|figures| report::report(settings, &figures, watch.watch.as_ref())))
}

fn alone(
    settings: &HttpSettings,
    stop: &Stop,
    progress: &mut Progress,
    watch: &mut Watching<'_>,
) -> Result<Option<Figures>, Failure> {
    let mut engine = Engine::new(&settings.plan).map_err(no_poller)?;
    engine.open(stop, progress)?;
    if stop.is_requested() {
        return Ok(None);
    }
    progress.measure(settings.plan.warmup, settings.plan.duration, settings.scheduled_per_s);
    engine
        .run(stop, &mut |now, interval| {
            watch.tick(now);
            progress.set(now.as_secs());
            if let Some(interval) = interval {
                progress.interval(now.as_secs(), interval);
            }
        })
        .map(Some)
}

/// Sends a part of the load for the process that started this one.
fn part(plan: &Plan, stop: &Stop) -> Result<(), Failure> {
    let mut engine = Engine::new(plan).map_err(no_poller)?;
    engine.open(stop, &mut Progress::silent())?;
    let parent = Parent::new();
    parent.arrive()?;
    if parent.wait().is_none() {
        return Ok(());
    }
    let mut told = Ok(());
    let figures = engine.run(stop, &mut |_, interval| {
        if let Some(interval) = interval
            && told.is_ok()
        {
            told = parent.second(interval);
        }
    })?;
    told?;
    parent.tell(&figures)
}

/// Has several processes send, and adds up what they measured.
fn together(
    settings: &HttpSettings,
    stop: &Stop,
    progress: &mut Progress,
    watch: &mut Watching<'_>,
) -> Result<Option<Figures>, Failure> {
    let mut began = None;
    let parts = procs::gather(settings.procs, stop, progress, &mut |progress, moment| match moment {
        Moment::Met(_) => {
            began = Some(Instant::now());
            progress.measure(settings.plan.warmup, settings.plan.duration, settings.scheduled_per_s);
        }
        Moment::Tick => {
            if let Some(began) = began {
                watch.tick(began.elapsed());
                progress.set(began.elapsed().as_secs());
            }
        }
    })?;
    Ok(parts.map(|parts| {
        parts.iter().fold(Figures::default(), |mut whole, part| {
            whole.merge(part);
            whole
        })
    }))
}

/// The server and this process, watched from when measuring begins.
struct Watching<'a> {
    settings: &'a HttpSettings,
    watch: Option<Watch>,
}

impl Watching<'_> {
    /// So much of the run is over.
    fn tick(&mut self, now: Duration) {
        let plan = &self.settings.plan;
        if (plan.warmup..plan.warmup + plan.duration).contains(&now) {
            self.watch.get_or_insert_with(|| Watch::begin(&self.settings.server, now)).tick(now);
        }
    }
}

fn no_poller(error: std::io::Error) -> Failure {
    Failure::new(Exit::Unavailable, Text::new("cannot wait for sockets", "无法等待套接字")).because(error)
}

#[cfg(test)]
mod tests;
