//! Supervisors look on: at everything that changes, and at some conversations closely.

use std::time::Duration;

use kefu_app::{Failure, Text};
use kefu_protocol::frame::{ClientFrame, Scope, Watch};

use super::session::{Outcome, PATIENCE, Session};
use crate::INVALID;

/// Conversations that each supervisor has on its screen.
const WATCHES: usize = 4;

/// Begins all watches and waits until the server has confirmed them.
pub(super) fn begin(session: &mut Session<'_>) -> Outcome<()> {
    let supervisors = session.supervisors.clone();
    let senders = session.settings.senders as usize;
    let watched = (supervisors.len() * WATCHES).min(senders);
    if supervisors.is_empty() {
        return Ok(());
    }
    for supervisor in &supervisors {
        let everything = Watch { scope: Scope::All, id: None };
        session.engine.say(*supervisor, &ClientFrame::Watch(everything));
    }
    for number in 0..watched {
        let conversation = session.visitors[number * senders / watched].conversation;
        let watch = Watch { scope: Scope::Conversation, id: Some(conversation) };
        session.engine.say(supervisors[number % supervisors.len()], &ClientFrame::Watch(watch));
    }
    let wanted = (supervisors.len() + watched) as u64;
    session.progress.begin("watches", wanted);
    let deadline = session.engine.now() + PATIENCE;
    while session.tally().watches < wanted {
        if session.engine.now() > deadline || !session.tally().errors.is_empty() {
            return Err(refused(session, wanted).into());
        }
        session.progress.set(session.tally().watches);
        session.turn(session.engine.now() + Duration::from_millis(100))?;
    }
    Ok(())
}

fn refused(session: &Session<'_>, wanted: u64) -> Failure {
    let (begun, errors) = (session.tally().watches, &session.tally().errors);
    Failure::new(
        INVALID,
        Text::new(
            format!("the run is invalid: of {wanted} watches only {begun} began"),
            format!("测试无效: {wanted} 个关注中只有 {begun} 个生效"),
        ),
    )
    .hint(Text::from(format!("{errors:?}")))
}
