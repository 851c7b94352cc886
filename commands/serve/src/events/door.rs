//! What stands between subscriptions and the world outside: in a rehearsal nothing leaves.

use kefu_bus::{
    Outcome,
    embedded::{Telling, Told},
};
use kefu_store::RecordSet;

use crate::{desk::Desk, outgoing::Outgoing};

/// What a subscription asks before it tells somebody outside.
pub(crate) struct Door {
    pub(super) desk: Desk,
    pub(super) outgoing: Outgoing,
    /// The subscription's name.
    pub(super) name: String,
}

impl Door {
    /// In a rehearsal, lists what is not told, and says what came of that; nothing when it may be told.
    pub(super) async fn held_back(&self, kind: &'static str, telling: &Telling<'_>) -> Option<Told> {
        let summary = || format!("{} {}", telling.heard.event.topic, telling.delivery);
        let listed = self.outgoing.held_back(kind, &self.name, summary)?;
        let listed = RecordSet { changes: vec![listed], audit: Vec::new() };
        let outcome = match self.desk.record(listed).await {
            Ok(()) => Outcome::Done,
            Err(problem) => Outcome::Again { after: None, why: problem.to_string() },
        };
        Some(Told { outcome, attempt: None })
    }
}
