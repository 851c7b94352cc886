//! `kefu bench http`: one request, again and again, on a schedule or as fast as it is answered.

mod answer;
mod conn;
mod engine;
mod figures;
mod link;
mod procs;
mod report;
mod settings;
mod tls;

pub(crate) use settings::HttpSettings;
pub use settings::Share;

use std::{sync::Arc, time::Duration};

use kefu_app::{Exit, Failure, Stop, Text};
use rustls::{ClientConfig, pki_types::ServerName};

use crate::{progress::Progress, queue::Pace, report::Report, target::Target, watch::Watch};
use engine::Engine;
use figures::Figures;

/// What one process is to send.
#[derive(Debug)]
struct Plan {
    target: Target,
    /// Whom to trust, and the name that the server must have.
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
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
pub(crate) fn run(settings: &HttpSettings, stop: &Stop) -> Result<Option<Report>, Failure> {
    if settings.is_worker {
        procs::work(&settings.plan, stop)?;
        return Ok(None);
    }
    let mut progress = Progress::new();
    let mut watch = Watching { settings, watch: None };
    let figures = if settings.procs > 1 {
        procs::gather(settings, stop, &mut progress, &mut watch)?
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
    progress.begin("seconds", (settings.plan.warmup + settings.plan.duration).as_secs());
    engine
        .run(stop, &mut |now, interval| {
            watch.tick(now);
            if let Some(interval) = interval {
                progress.interval(now.as_secs(), interval);
            }
        })
        .map(Some)
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
            self.watch.get_or_insert_with(|| Watch::begin(self.settings.server_pid, now)).tick(now);
        }
    }
}

fn no_poller(error: std::io::Error) -> Failure {
    Failure::new(Exit::Unavailable, Text::new("cannot wait for sockets", "无法等待套接字")).because(error)
}

#[cfg(test)]
mod tests;
