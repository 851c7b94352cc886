//! Messages on a schedule: the open loop.

use std::time::Duration;

use super::{
    opening::{self, IN_TURN},
    readers::Readers,
    session::{Interruption, Outcome, Session},
    settings::Steady,
    supervise,
};
use crate::{queue::Window, report::Report, watch::Watch};

/// Between the last preparation and the first event, and a bound for one burst without reading.
const LEAD: Duration = Duration::from_millis(100);
const BURST: u64 = 32;

pub(super) fn run(session: &mut Session<'_>, steady: &Steady) -> Outcome<Report> {
    enter(session)?;
    let Steady { arrivals, scheduled_per_s, warmup, duration } = steady;
    // Stamps count whole microseconds; so do the edges of the window.
    let start = Duration::from_micros((session.engine.now() + LEAD).as_micros() as u64);
    let window = Window { from: start + *warmup, to: start + *warmup + *duration };
    session.engine.tally.measure(window);
    let senders = session.settings.senders as usize;
    let mut watch = None;
    let readers = session.reading.take();
    let readers = readers.map(|plan| plan.start(window.from.saturating_sub(session.engine.now()), *duration));
    session.progress.begin("messages on schedule", (*warmup + *duration).as_secs());
    let mut arrivals = arrivals.clone().peekable();
    let mut sender = 0;
    while let Some(next) = arrivals.peek() {
        let now = session.engine.now();
        if now >= window.from {
            watch.get_or_insert_with(|| Watch::begin(session.settings.server_pid, now)).tick(now);
        }
        let mut until = start + *next;
        for _ in 0..BURST {
            let Some(offset) = arrivals.next_if(|offset| start + *offset <= now) else { break };
            session.visitor_sends(sender % senders, start + offset);
            sender += 1;
            until = arrivals.peek().map_or(now, |next| start + *next);
        }
        session.show(start);
        match session.turn(until) {
            Err(Interruption::Stopped) => {
                session.interrupt();
                break;
            }
            turned => turned?,
        }
    }
    let now = session.engine.now();
    let mut watch = watch.unwrap_or_else(|| Watch::begin(session.settings.server_pid, now));
    watch.look(now);
    session.drain()?;
    let mut report = session.report("steady");
    session.report_messages(&mut report, Some(*scheduled_per_s), &watch);
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
