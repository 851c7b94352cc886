//! Messages on a schedule: the open loop.

use std::time::Duration;

use super::{
    figures::Figures,
    opening::{self, IN_TURN},
    readers::Readers,
    session::{Interruption, Outcome, Session},
    settings::Steady,
    supervise,
};
use crate::{procs::cpu, queue::Window, watch::Watch};

/// Between the last preparation and the first event, and a bound for one burst without reading.
const LEAD: Duration = Duration::from_millis(100);
const BURST: u64 = 32;

pub(super) fn run(session: &mut Session<'_>, steady: &Steady) -> Outcome<(Figures, Watch)> {
    let entered = enter(session)?;
    let Steady { arrivals, warmup, duration, .. } = steady;
    // Stamps count whole microseconds; so do the edges of the window.
    let start = Duration::from_micros((entered + LEAD).as_micros() as u64);
    let window = Window { from: start + *warmup, to: start + *warmup + *duration };
    session.engine.tally.measure(window);
    let senders = session.settings.senders as usize;
    let (mut watch, mut cpu_before) = (None, cpu());
    let readers = session.reading.take();
    let readers = readers.map(|plan| plan.start(window.from.saturating_sub(session.engine.now()), *duration));
    session.progress.measure(*warmup, *duration, Some(steady.scheduled_per_s));
    let mut arrivals = arrivals.clone().peekable();
    let mut sender = 0;
    while let Some(next) = arrivals.peek() {
        let now = session.engine.now();
        if now < window.from {
            cpu_before = cpu();
        } else {
            watch.get_or_insert_with(|| Watch::begin(&session.settings.server, now)).tick(now);
        }
        let mut until = start + *next;
        for _ in 0..BURST {
            let Some(offset) = arrivals.next_if(|offset| start + *offset <= now) else { break };
            session.visitor_sends(sender % senders, start + offset);
            sender += 1;
            until = arrivals.peek().map_or(now, |next| start + *next);
        }
        session.show(start)?;
        match session.turn(until) {
            Err(Interruption::Stopped) => {
                session.interrupt();
                break;
            }
            turned => turned?,
        }
    }
    let now = session.engine.now();
    let mut watch = watch.unwrap_or_else(|| Watch::begin(&session.settings.server, now));
    watch.look(now);
    let used = cpu().saturating_sub(cpu_before);
    session.drain()?;
    let mut figures = session.figures(used);
    figures.reads = readers.map(Readers::finish);
    Ok((figures, watch))
}

/// Connects everybody, sends every sender's first message and has supervisors look on; says when all of that was done.
pub(super) fn enter(session: &mut Session<'_>) -> Outcome<Duration> {
    let agents = session.agents.clone();
    opening::open(session, &agents, IN_TURN)?;
    let supervisors = session.supervisors.clone();
    opening::open(session, &supervisors, IN_TURN)?;
    let visitors: Vec<_> = session.visitors.iter().map(|visitor| visitor.conn).collect();
    opening::open(session, &visitors, IN_TURN)?;
    session.meet()?;
    session.prime()?;
    supervise::begin(session)?;
    session.meet()
}
