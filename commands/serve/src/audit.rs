//! What the audit log says of what people do.

use std::net::IpAddr;

use kefu_core::Principal;
use kefu_store::{AuditActor, AuditRecord};
use uuid::Uuid;

use crate::{clock, identity::Identity};

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
    let actor = match who.principal {
        Principal::Agent(_) => AuditActor::Agent(who.id),
        Principal::Visitor(_) => AuditActor::Visitor(who.id),
        Principal::Bot | Principal::System => AuditActor::System,
    };
    AuditRecord { at: clock::now(), actor, address: Some(address.to_string()), action, target, detail }
}
