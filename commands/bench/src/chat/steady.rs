//! Messages on a schedule: the open loop.

use std::time::Duration;

use kefu_traffic::Schedule;

use super::{
    opening::{self, IN_TURN},
    readers::Readers,
    session::{Outcome, Session},
    supervise,
    watch::Watch,
};
use crate::{engine::Window, report::Report};

/// Between the last preparation and the first event, and a bound for one burst without reading.
const LEAD: Duration = Duration::from_millis(100);
const BURST: u64 = 32;

pub(super) fn run(
    session: &mut Session<'_>,
    rate: f64,
    schedule: &Schedule,
    warmup: Duration,
    duration: Duration,
) -> Outcome<Report> {
    enter(session)?;
    // Stamps count whole microseconds; so do the edges of the window.
    let start = Duration::from_micros((session.engine.now() + LEAD).as_micros() as u64);
    let window = Window { from: start + warmup, to: start + warmup + duration };
    session.engine.tally.window = window;
    let total = schedule.due((warmup + duration).saturating_sub(Duration::from_nanos(1)));
    let senders = session.settings.senders as usize;
    let mut watch = None;
    let readers = session.reading.take();
    let readers = readers.map(|plan| plan.start(window.from.saturating_sub(session.engine.now()), duration));
    session.progress.begin("messages on schedule", total);
    let mut next = 0;
    while next < total {
        let now = session.engine.now();
        if now >= window.from {
            watch.get_or_insert_with(|| Watch::begin(session.settings.server_pid, now)).tick(now);
        }
        let due = if now < start { 0 } else { schedule.due(now - start).min(total) };
        for _ in 0..due.saturating_sub(next).min(BURST) {
            session.visitor_sends(next as usize % senders, start + schedule.offset(next));
            next += 1;
        }
        session.progress.set(next);
        let until = if next < due { now } else { start + schedule.offset(next) };
        session.turn(until)?;
    }
    let now = session.engine.now();
    let mut watch = watch.unwrap_or_else(|| Watch::begin(session.settings.server_pid, now));
    watch.look(now);
    session.drain()?;
    let mut report = session.report("steady");
    session.report_messages(&mut report, Some(rate), &watch);
    report.reads = readers.map(Readers::finish);
    Ok(report)
}

/// Connects everybody, sends every sender's first message and has supervisors look on.
pub(super) fn enter(session: &mut Session<'_>) -> Outcome<()> {
    let agents = session.agents.clone();
    opening::open(session, &agents, IN_TURN)?;
    let supervisors = session.supervisors.clone();
    opening::open(session, &supervisors, IN_TURN)?;
    let visitors: Vec<_> = session.visitors.iter().map(|visitor| visitor.conn).collect();
    opening::open(session, &visitors, IN_TURN)?;
    session.prime()?;
    supervise::begin(session)
}
