use std::net::{Ipv4Addr, Ipv6Addr};

use kefu_core::{AgentKey, VisitorKey};
use kefu_protocol::frame::ErrorCode;

use super::*;
use crate::settings::Rate;

const NOW: Micros = Micros(1_800_000_000_000_000);

fn limits() -> Limits {
    let rate = |burst| Rate { per_minute: 60, burst };
    Limits::new(&Rates {
        visitor_messages: rate(2),
        agent_messages: Rate { per_minute: 0, burst: 0 },
        address_requests: rate(3),
        address_sessions: rate(1),
        login_address: rate(10),
        login_account: Rate { per_minute: 6, burst: 5 },
        key_requests: Rate { per_minute: 6, burst: 5 },
    })
}

fn host(last: u8) -> IpAddr {
    Ipv4Addr::new(203, 0, 113, last).into()
}

#[test]
fn each_party_has_its_own_meter() {
    let limits = limits();
    for _ in 0..3 {
        assert!(limits.request(host(1), NOW).is_ok());
    }
    let problem = limits.request(host(1), NOW).unwrap_err();
    assert_eq!((problem.code, problem.retry_after_ms), (ErrorCode::RateLimited, Some(1000)));
    assert!(limits.request(host(2), NOW).is_ok());
    assert!(limits.request(host(1), NOW.plus_seconds(1)).is_ok());
    assert!(limits.session(host(1), NOW).is_ok());
}

#[test]
fn a_network_of_ipv6_is_one_party_and_mapped_ipv4_is_ipv4() {
    let limits = limits();
    let v6 = |last| IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last));
    assert!(limits.session(v6(1), NOW).is_ok());
    assert!(limits.session(v6(2), NOW).is_err());
    assert!(limits.session(Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1).into(), NOW).is_ok());
    assert!(limits.session(host(1), NOW).is_ok());
    assert!(limits.session(Ipv4Addr::new(203, 0, 113, 1).to_ipv6_mapped().into(), NOW).is_err());
}

#[test]
fn visitors_and_agents_are_told_apart() {
    let limits = limits();
    let (visitor, agent) = (Principal::Visitor(VisitorKey(1)), Principal::Agent(AgentKey(1)));
    assert!(limits.message(visitor, NOW).is_ok() && limits.message(visitor, NOW).is_ok());
    assert!(limits.message(visitor, NOW).is_err());
    for _ in 0..1000 {
        assert!(limits.message(agent, NOW).is_ok());
    }
}

#[test]
fn guessing_one_account_from_one_address_is_slowed_down() {
    let limits = limits();
    let tries = (0..20).filter(|_| limits.sign_in(host(1), "a@example.com", NOW).is_ok()).count();
    assert_eq!(tries, 5);
    assert!(limits.sign_in(host(1), "a@example.com", NOW.plus_seconds(60)).is_ok());
}

#[test]
fn guessing_many_accounts_from_one_address_is_slowed_down() {
    let limits = limits();
    let attempt = |n| limits.sign_in(host(1), &format!("{n}@example.com"), NOW);
    assert_eq!((0..50).filter(|n| attempt(*n).is_ok()).count(), 10);
}

#[test]
fn others_cannot_keep_somebody_out_of_its_account() {
    let limits = limits();
    for attacker in 0..200 {
        for _ in 0..5 {
            limits.sign_in(host(attacker), "a@example.com", NOW).ok();
        }
    }
    assert!(limits.sign_in(host(250), "a@example.com", NOW).is_ok());
    assert!(limits.sign_in(host(250), "a@example.com", NOW).is_err());
    assert!(limits.sign_in(host(250), "a@example.com", NOW.plus_seconds(60)).is_ok());
}

#[test]
fn a_correct_password_clears_the_address() {
    let limits = limits();
    for _ in 0..100 {
        assert!(limits.sign_in(host(1), "a@example.com", NOW).is_ok());
        limits.signed_in(host(1), "a@example.com");
    }
}

#[test]
fn a_correct_password_leaves_the_account_open_to_a_mistake() {
    let limits = limits();
    for _ in 0..100 {
        assert!(limits.sign_in(host(1), "a@example.com", NOW).is_ok());
        limits.signed_in(host(1), "a@example.com");
    }
    for _ in 0..5 {
        assert!(limits.sign_in(host(1), "a@example.com", NOW).is_ok());
    }
    assert!(limits.sign_in(host(1), "a@example.com", NOW).is_err());
}

fn parties_in(table: &Table) -> usize {
    table.shards.iter().map(|shard| shard.lock().unwrap().meters.len()).sum()
}

#[test]
fn memory_is_bounded_and_idle_parties_make_room() {
    let table = Table::new(Limit { per_minute: 60, burst: 1 });
    let (mut known, mut refused) = (None, None);
    for party in 0..2 * (SHARDS * MAX_PARTIES) as u128 {
        match table.take(party, NOW) {
            Ok(()) => known = Some(party),
            Err(problem) => refused = Some((party, problem)),
        }
    }
    assert_eq!(parties_in(&table), SHARDS * MAX_PARTIES);
    let (stranger, problem) = refused.unwrap();
    assert_eq!((problem.code, problem.retry_after_ms), (ErrorCode::RateLimited, Some(1000)));
    // Somebody who is known already is served, and soon there is room for others.
    assert!(table.take(known.unwrap(), NOW.plus_seconds(1)).is_ok());
    assert!(table.take(stranger, NOW.plus_seconds(2)).is_ok());
}

#[test]
fn what_is_kept_follows_how_many_are_active() {
    let table = Table::new(Limit { per_minute: 60, burst: 1 });
    for second in 0..100 {
        for party in 0..100 {
            assert!(table.take(second * 100 + party, NOW.plus_seconds(2 * second as i64)).is_ok());
        }
    }
    let kept = parties_in(&table);
    assert!(kept < 1000, "{kept} of 10,000 parties are kept, 100 are active");
}
