//! As many messages as the server takes: the closed loop.

use std::time::Duration;

use kefu_app::{Failure, Text};

use super::{
    figures::Figures,
    session::{Interruption, Outcome, PATIENCE, Session},
    steady,
};
use crate::{INVALID, procs::cpu, queue::Window, watch::Watch};

pub(super) fn run(
    session: &mut Session<'_>,
    in_flight: u64,
    warmup: Duration,
    duration: Duration,
) -> Outcome<(Figures, Watch)> {
    steady::enter(session)?;
    let start = session.engine.now();
    let window = Window { from: start + warmup, to: start + warmup + duration };
    session.engine.tally.measure(window);
    let senders = session.settings.senders as usize;
    session.progress.measure(warmup, duration, None);
    let (mut watch, mut cpu_before) = (None, cpu());
    let (mut next, mut last_change) = (0, (0, start));
    loop {
        let now = session.engine.now();
        if now >= window.to {
            break;
        }
        if now < window.from {
            cpu_before = cpu();
        } else {
            watch.get_or_insert_with(|| Watch::begin(&session.settings.server, now)).tick(now);
        }
        for _ in session.under_way()..in_flight {
            let now = session.engine.now();
            session.visitor_sends(next % senders, now);
            next += 1;
        }
        if session.tally().acked != last_change.0 {
            last_change = (session.tally().acked, now);
        } else if now > last_change.1 + PATIENCE {
            let (en, zh) = ("the run is invalid: the server answers no more", "测试无效: 服务器不再应答");
            return Err(Failure::new(INVALID, Text::new(en, zh)).into());
        }
        session.show(start)?;
        match session.turn(window.to) {
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
    Ok((session.figures(used), watch))
}
