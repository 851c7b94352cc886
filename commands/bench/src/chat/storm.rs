//! Everybody is cut off, misses something, and comes back at the same moment.

use std::{collections::HashMap, time::Duration};

use kefu_traffic::Latency;
use uuid::Uuid;

use super::{
    opening::{self, AT_ONCE},
    report,
    session::{Outcome, Session},
    steady,
};
use crate::{
    engine::{ConnId, View},
    queue::Window,
    report::{Report, Storm},
    watch::Watch,
};

/// A message that an agent is to send.
struct Missed {
    agent: ConnId,
    conversation: Uuid,
    visitor: u32,
}

pub(super) fn run(session: &mut Session<'_>) -> Outcome<Report> {
    steady::enter(session)?;
    for visitor in session.visitors.clone() {
        session.engine.cut(visitor.conn);
    }
    let missed = missed(session);
    session.send_gently("messages to be missed", &missed, false, |session, missed| {
        let now = session.engine.now();
        session.engine.send(missed.agent, missed.visitor, missed.conversation, now);
    })?;
    let began = session.engine.now();
    session.engine.tally.measure(Window { from: began, to: began });
    let mut watch = Watch::begin(&session.settings.server, began);
    let visitors: Vec<_> = session.visitors.iter().map(|visitor| visitor.conn).collect();
    let retries = opening::open(session, &visitors, AT_ONCE)?;
    watch.look(session.engine.now());
    let mut catch_up = Latency::new();
    for &visitor in &visitors {
        catch_up.record(began, session.engine.caught_up_at(visitor));
    }
    session.drain()?;
    let figures = session.figures(Duration::ZERO);
    let mut report = report::of_messages(session.settings, "storm", None, &figures, &watch);
    // Nothing is sent in the storm itself.
    (report.ack_ms, report.delivery_ms) = (None, None);
    (report.latency_ms, report.service_ms) = (None, None);
    (report.latency_hdr, report.service_hdr) = (None, None);
    (report.generator.cpu_us_per_message, report.generator.cpu_load) = (None, None);
    report.invalid.clear();
    let caught_up_s = catch_up.max_ms() / 1000.0;
    report.storm = Some(Storm {
        clients: session.settings.visitors,
        missed: missed.len() as u64,
        caught_up_s,
        catch_up_ms: catch_up.summary(),
        retries,
    });
    Ok(report)
}

/// One message for every conversation that an agent of this run has.
fn missed(session: &Session<'_>) -> Vec<Missed> {
    let visitors: HashMap<_, _> =
        session.visitors.iter().zip(0..).map(|(visitor, number)| (visitor.conversation, number)).collect();
    let mut missed = Vec::new();
    for &agent in &session.agents {
        let View::Agent(positions) = session.engine.view(agent) else { continue };
        let ours = positions.keys().filter_map(|conversation| {
            let visitor = *visitors.get(conversation)?;
            Some(Missed { agent, conversation: *conversation, visitor })
        });
        missed.extend(ours);
    }
    missed
}
