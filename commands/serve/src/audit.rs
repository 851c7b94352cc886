//! What the audit log says of what people do.

use std::net::IpAddr;

use kefu_core::Principal;
use kefu_store::{AuditActor, AuditRecord, RecordSet};
use uuid::Uuid;

use crate::{clock, desk::Desk, identity::Identity, problem::Problem};

/// What the audit log calls a message, and a ticket or a comment on one, with words that a supervisor is to see.
pub(crate) const FLAGGED_MESSAGE: &str = "flagged.message";
pub(crate) const FLAGGED_TICKET: &str = "flagged.ticket";
/// What both begin with.
pub(crate) const FLAGGED: &str = "flagged.";

/// What the audit log calls it when somebody listens in on a conversation of others, and when somebody reads one.
pub(crate) const WATCHED: &str = "conversation.watched";
pub(crate) const READ: &str = "conversation.read";

/// `who`, as the audit log names it.
pub(crate) fn actor(who: &Identity) -> AuditActor {
    match who.principal {
        Principal::Agent(_) => who.key.map_or(AuditActor::Agent(who.id), AuditActor::Key),
        Principal::Visitor(_) => AuditActor::Visitor(who.id),
        Principal::Bot | Principal::System => AuditActor::System,
    }
}

/// A line of the audit log: `who`, from `address`, did `action` to `target`.
///
/// `detail` must be free of personal data and secrets: the audit log outlives an erase.
pub(crate) fn record(
    who: &Identity,
    address: IpAddr,
    action: &'static str,
    target: Option<(&'static str, Uuid)>,
    detail: serde_json::Value,
) -> AuditRecord {
    let actor = actor(who);
    // Where a visitor is would outlive its erasure.
    let address = (!matches!(actor, AuditActor::Visitor(_))).then(|| address.to_string());
    AuditRecord { at: clock::now(), actor, address, action, target, detail }
}

/// A line of the audit log about something that nobody could be named for, from `address`.
pub(crate) fn unknown(
    address: IpAddr,
    action: &'static str,
    target: Option<(&'static str, Uuid)>,
    detail: serde_json::Value,
) -> AuditRecord {
    let actor = AuditActor::Unknown;
    AuditRecord { at: clock::now(), actor, address: Some(address.to_string()), action, target, detail }
}

/// Writes a line of the audit log that goes with no change.
pub(crate) async fn write(desk: &Desk, record: AuditRecord) -> Result<(), Problem> {
    desk.record(RecordSet { changes: Vec::new(), audit: vec![record] }).await
}
