//! Keys of programs.

use std::net::IpAddr;

use kefu_core::{Micros, Principal};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{AccessChange, Change, RecordSet};

use crate::{address::Network, identity::Identity, problem::Problem, services::Services};

/// How seldom the last use of a key is written, in microseconds.
const SEEN_EVERY: i64 = 5 * 60 * 1_000_000;

/// As whom the key whose token has this hash acts, and what it may do: what it was made for, and never more than
/// its owner may do now.
///
/// # Errors
/// `unauthorized` for a key that is unknown, expired or of a disabled agent, `forbidden` from another address than
/// it is for, `rate_limited` when it is used too often.
pub(super) async fn identify(
    services: &Services,
    hash: &[u8; 32],
    address: Option<IpAddr>,
    now: Micros,
) -> Result<Identity, Problem> {
    let key = services.store.api_key(hash).await?;
    let key = key.filter(|key| key.expires_at.is_none_or(|expiry| expiry > now));
    let key = key.ok_or_else(Problem::unauthorized)?;
    let directory = services.desk.directory();
    let owner = directory.agents.get(&key.owner).filter(|agent| !agent.disabled);
    let owner = owner.ok_or_else(Problem::unauthorized)?;
    if !works_from(&key.networks, address) {
        return Err(Problem::new(ErrorCode::Forbidden, "this key does not work from this address"));
    }
    services.limits.key(key.id, now)?;
    if key.last_used_at.is_none_or(|at| now.0.saturating_sub(at.0) >= SEEN_EVERY) {
        let (desk, id) = (services.desk.clone(), key.id);
        let changes = vec![Change::Access(AccessChange::KeySeen { id, at: now })];
        // Nobody waits for it; what is lost is a mark of time.
        drop(services.tracker.spawn(async move {
            drop(desk.record(RecordSet { changes, audit: Vec::new() }).await);
        }));
    }
    Ok(Identity {
        principal: Principal::Agent(key.owner),
        id: owner.id,
        name: owner.name.clone(),
        role: Some(owner.role),
        rights: key.scopes.intersection(directory.rights_of(owner)),
        inbox: None,
        session: key.id,
        key: Some(key.id),
    })
}

/// Whether a key for these ranges works from `address`; what is no range covers nothing.
fn works_from(networks: &[String], address: Option<IpAddr>) -> bool {
    let covers = |text: &String| {
        let network = text.parse::<Network>().ok();
        network.zip(address).is_some_and(|(network, address)| network.contains(address))
    };
    networks.is_empty() || networks.iter().any(covers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_keep_others_out() {
        let works = |networks: &[&str], address: &str| {
            let networks: Vec<_> = networks.iter().map(|text| (*text).to_owned()).collect();
            works_from(&networks, address.parse().ok())
        };
        assert!(works(&[], "203.0.113.9") && works(&[], ""));
        assert!(works(&["10.0.0.0/8", "203.0.113.9"], "203.0.113.9"));
        assert!(!works(&["10.0.0.0/8"], "203.0.113.9"));
        assert!(!works(&["10.0.0.0/8"], "") && !works(&["nonsense"], "203.0.113.9"));
        assert!(works(&["10.0.0.0/8"], "::ffff:10.1.2.3"));
    }
}
