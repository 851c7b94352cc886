//! How often somebody may do something, for everybody at once, in bounded memory.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kefu_core::{AgentKey, Limit, Meter, Micros, Principal};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{address::group, problem::Problem, settings::Rates};

/// Parts of a table, each with a lock of its own: two threads rarely want the same.
const SHARDS: usize = 16;
/// Most parties that one part of a table remembers: 65,536 in a table, about 4 MiB.
const MAX_PARTIES: usize = 4096;
/// How seldom a part that is full is searched for parties that can be forgotten.
const SWEEP_EVERY: i64 = 1_000_000;

/// How often the same is written down.
const NOTICES: Limit = Limit { per_minute: 1, burst: 1 };

/// One meter per party and kind of event.
#[derive(Debug)]
pub(crate) struct Limits {
    requests: Table,
    sessions: Table,
    sign_ins: Table,
    /// By account and address.
    pairs: Table,
    accounts: Table,
    /// Codes of second factors, by agent.
    codes: Table,
    /// Requests by key.
    keys: Table,
    notices: Table,
    visitor_messages: Table,
    agent_messages: Table,
}

impl Limits {
    /// Nothing has happened yet.
    pub(crate) fn new(rates: &Rates) -> Self {
        Self {
            requests: Table::new(rates.address_requests.limit()),
            sessions: Table::new(rates.address_sessions.limit()),
            sign_ins: Table::new(rates.login_address.limit()),
            pairs: Table::new(rates.login_account.limit()),
            accounts: Table::new(rates.login_account.limit()),
            codes: Table::new(rates.login_account.limit()),
            keys: Table::new(rates.key_requests.limit()),
            notices: Table::new(NOTICES),
            visitor_messages: Table::new(rates.visitor_messages.limit()),
            agent_messages: Table::new(rates.agent_messages.limit()),
        }
    }

    /// Counts a request.
    pub(crate) fn request(&self, address: IpAddr, now: Micros) -> Result<(), Problem> {
        self.requests.take(party_of(address), now)
    }

    /// Counts a visitor's session.
    pub(crate) fn session(&self, address: IpAddr, now: Micros) -> Result<(), Problem> {
        self.sessions.take(party_of(address), now)
    }

    /// Counts a message, whichever way it comes: a person has one budget, not one for each connection.
    ///
    /// Connections keep no meter, so one that is silent costs nothing here, and closing it forgets nothing.
    pub(crate) fn message(&self, who: Principal, now: Micros) -> Result<(), Problem> {
        match who {
            Principal::Visitor(key) => self.visitor_messages.take(row(key.0), now),
            Principal::Agent(key) => self.agent_messages.take(row(key.0), now),
            Principal::Bot | Principal::System => Ok(()),
        }
    }

    /// Counts an attempt to sign in to the account of `email`, before its password is looked at.
    ///
    /// An account is guarded against many addresses, too, but nobody is kept out of its own account by
    /// others: an address that has not tried for a while always gets its turn.
    pub(crate) fn sign_in(&self, address: IpAddr, email: &str, now: Micros) -> Result<(), Problem> {
        self.sign_ins.take(party_of(address), now)?;
        let pair = pair(address, email);
        let is_new = self.pairs.is_idle(pair, now);
        self.pairs.take(pair, now)?;
        let account = self.accounts.take(account(email), now);
        if is_new { Ok(()) } else { account }
    }

    /// Counts an attempt at the second factor of an agent, wherever it comes from: who gets that far has the
    /// password, so a guesser is not to get more attempts by having more addresses.
    pub(crate) fn code(&self, agent: AgentKey, now: Micros) -> Result<(), Problem> {
        self.codes.take(row(agent.0), now)
    }

    /// Counts a request that a program makes with a key.
    pub(crate) fn key(&self, key: Uuid, now: Micros) -> Result<(), Problem> {
        self.keys.take(key.as_u128(), now)
    }

    /// Whether to write down that `party` did something that it may do over and over: the first time in a minute.
    pub(crate) fn is_news(&self, what: &str, party: &[u8], now: Micros) -> bool {
        let digest = Sha256::new().chain_update(what).chain_update([0]).chain_update(party);
        self.notices.take(shorten(digest.finalize().into()), now).is_ok()
    }

    /// Forgets the attempts that led to a correct password: only failures count. Those of other addresses at the
    /// same account are not forgiven.
    pub(crate) fn signed_in(&self, address: IpAddr, email: &str) {
        self.sign_ins.forget(party_of(address));
        self.pairs.forget(pair(address, email));
        self.accounts.give_back(account(email));
    }
}

/// Meters by party, with one limit.
#[derive(Debug)]
struct Table {
    limit: Limit,
    /// Secret, so that nobody can choose parties that fall into one part.
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    meters: HashMap<u128, Meter>,
    swept_at: Micros,
}

impl Table {
    fn new(limit: Limit) -> Self {
        Self { limit, hasher: RandomState::new(), shards: Default::default() }
    }

    /// Counts an event. A table that is full of active parties refuses new ones for a second.
    fn take(&self, party: u128, now: Micros) -> Result<(), Problem> {
        if self.limit.per_minute == 0 {
            return Ok(());
        }
        let mut shard = self.shard(party);
        let taken = match shard.meters.get_mut(&party) {
            Some(meter) => meter.take(self.limit, now),
            None => {
                shard.make_room(now)?;
                shard.meters.entry(party).or_default().take(self.limit, now)
            }
        };
        taken.map_err(Problem::rate_limited)
    }

    fn is_idle(&self, party: u128, now: Micros) -> bool {
        self.shard(party).meters.get(&party).is_none_or(|meter| meter.is_idle(now))
    }

    fn give_back(&self, party: u128) {
        if let Some(meter) = self.shard(party).meters.get_mut(&party) {
            meter.give_back(self.limit);
        }
    }

    fn forget(&self, party: u128) {
        self.shard(party).meters.remove(&party);
    }

    fn shard(&self, party: u128) -> MutexGuard<'_, Shard> {
        let hash = self.hasher.hash_one(party);
        let index = usize::try_from(hash % SHARDS as u64).unwrap_or(0);
        // A meter is one number: a panic elsewhere leaves none half written.
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Makes room for one more party. Those that a fresh meter would serve as well are forgotten before memory
    /// grows: what is kept follows how many are active, not how many have come.
    fn make_room(&mut self, now: Micros) -> Result<(), Problem> {
        let parties = self.meters.len();
        if parties < MAX_PARTIES && parties < self.meters.capacity() {
            return Ok(());
        }
        if now.0 - self.swept_at.0 >= SWEEP_EVERY {
            self.swept_at = now;
            self.meters.retain(|_, meter| !meter.is_idle(now));
        }
        if self.meters.len() < MAX_PARTIES {
            Ok(())
        } else {
            Err(Problem::rate_limited(SWEEP_EVERY.unsigned_abs()))
        }
    }
}

fn party_of(address: IpAddr) -> u128 {
    match group(address) {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn row(key: i64) -> u128 {
    u128::from(key.unsigned_abs())
}

fn account(email: &str) -> u128 {
    shorten(Sha256::digest(email.as_bytes()).into())
}

fn pair(address: IpAddr, email: &str) -> u128 {
    let digest = Sha256::new().chain_update(party_of(address).to_be_bytes()).chain_update(email.as_bytes());
    shorten(digest.finalize().into())
}

fn shorten(digest: [u8; 32]) -> u128 {
    let (half, _) = digest.split_first_chunk::<16>().expect("a digest has 32 bytes");
    u128::from_be_bytes(*half)
}

#[cfg(test)]
mod tests;
