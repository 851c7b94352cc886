//! Connections that do nothing but stay: what each costs the server.

use std::time::Duration;

use super::{
    figures::Figures,
    opening::{self, IN_TURN},
    session::{Outcome, Session},
    settings::ChatSettings,
};
use crate::{
    report::{Idle, Report, Step},
    watch::{Watch, megabytes},
};

/// Before the server's memory is looked at; less when the hold is shorter.
const SETTLE: Duration = Duration::from_secs(3);

/// Connections, and the server's resident memory with so many.
pub(super) type Seen = (u32, Option<u64>);

pub(super) fn run(session: &mut Session<'_>, steps: &[u32], hold: Duration) -> Outcome<(Figures, Vec<Seen>)> {
    let agents = session.agents.clone();
    opening::open(session, &agents, IN_TURN)?;
    let mut seen = Vec::new();
    let mut open = 0;
    for (number, &step) in steps.iter().enumerate() {
        let more: Vec<_> = session.visitors[open..step as usize].iter().map(|visitor| visitor.conn).collect();
        opening::open(session, &more, IN_TURN)?;
        open = step as usize;
        rest(session, SETTLE.min(hold))?;
        session.meet()?;
        note(&mut seen, steps, number, rss(session));
    }
    session.progress.begin("seconds held", hold.as_secs());
    rest(session, hold)?;
    session.meet()?;
    note(&mut seen, steps, steps.len(), rss(session));
    Ok((session.figures(Duration::ZERO), seen))
}

/// Keeps what was seen after a step; after the hold it takes the place of the last, for what counts is what remains.
pub(super) fn note(seen: &mut Vec<Seen>, steps: &[u32], number: usize, rss: Option<u64>) {
    match steps.get(number) {
        Some(step) => seen.push((*step, rss)),
        None => {
            if let Some((_, last)) = seen.last_mut() {
                *last = rss;
            }
        }
    }
}

pub(super) fn report(
    settings: &ChatSettings,
    figures: &Figures,
    seen: &[Seen],
    hold: Duration,
    watch: &Watch,
) -> Report {
    let mut report = super::report::report(settings, "idle", figures);
    report.idle = Some(Idle {
        rss_per_connection_bytes: slope(seen),
        steps: seen
            .iter()
            .map(|&(connections, rss)| Step { connections, rss_mb: rss.map(megabytes) })
            .collect(),
        held_s: hold.as_secs_f64(),
    });
    report.server = watch.server(0);
    report.generator.rss_mb = (figures.rss > 0).then(|| megabytes(figures.rss));
    report
}

/// Keeps the connections alive for so long.
fn rest(session: &mut Session<'_>, time: Duration) -> Outcome<()> {
    let began = session.engine.now();
    loop {
        let now = session.engine.now();
        if now >= began + time {
            return Ok(());
        }
        session.progress.set((now - began).as_secs());
        session.turn(began + time)?;
    }
}

fn rss(session: &Session<'_>) -> Option<u64> {
    session.settings.server.usage().map(|usage| usage.rss)
}

/// Bytes for each connection between the first step and the last.
fn slope(steps: &[(u32, Option<u64>)]) -> Option<f64> {
    let (&(first, first_rss), &(last, last_rss)) = (steps.first()?, steps.last()?);
    let more = last.checked_sub(first).filter(|more| *more > 0)?;
    Some((last_rss? as f64 - first_rss? as f64) / f64::from(more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_runs_from_the_first_step_to_the_last() {
        let steps = [(5000, Some(10_000_000)), (10_000, Some(99_000_000)), (15_000, Some(20_000_000))];
        assert_eq!(slope(&steps), Some(1000.0));
        assert_eq!(slope(&steps[..1]), None);
        assert_eq!(slope(&[(1, None), (2, Some(5))]), None);
    }
}
