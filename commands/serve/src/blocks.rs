//! Who may not come in: a copy in memory of the blocks in the store, cheap enough to ask at every message.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock},
};

use kefu_core::{Micros, Principal, VisitorKey};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{BlockChange, BlockTarget, Change, RecordSet, Store, StoreError};
use tokio::sync::Mutex;

use crate::{address::Network, desk::Desk, identity::Identity, problem::Problem};

/// The blocks that hold. They never apply to agents.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    set: RwLock<Arc<Set>>,
    /// Held while the set is read anew: the last who reads has seen every change.
    reload: Mutex<()>,
}

/// Until when somebody is blocked; [`Micros`] of `i64::MAX` is for ever.
type Until = Micros;

#[derive(Debug, Default)]
struct Set {
    visitors: HashMap<VisitorKey, Until>,
    ranges: HashMap<Network, Until>,
    /// The lengths of prefixes that there are, so that an address is looked up once for each.
    prefixes: BTreeSet<u8>,
    /// When the first of them expires.
    first_expiry: Option<Micros>,
}

impl Blocks {
    /// Reads the blocks of a store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let set = Set::read(store).await?;
        Ok(Self { set: RwLock::new(Arc::new(set)), reload: Mutex::default() })
    }

    /// Follows a change of blocks, or of who the customers are that they name, and ends the connections of whoever
    /// is blocked.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn refresh(&self, desk: &Desk, store: &Store) -> Result<(), StoreError> {
        let visitors = {
            let _alone = self.reload.lock().await;
            let set = Arc::new(Set::read(store).await?);
            *self.set.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&set);
            set.visitors.keys().copied().collect()
        };
        desk.close_blocked(visitors).await;
        Ok(())
    }

    /// Deletes blocks that have expired, if there are any.
    pub(crate) async fn forget_expired(&self, desk: &Desk, store: &Store, now: Micros) {
        if self.set().first_expiry.is_none_or(|expiry| expiry > now) {
            return;
        }
        let changes = vec![Change::Block(BlockChange::DropExpired(now))];
        let done = match desk.record(RecordSet { changes, audit: Vec::new() }).await {
            Ok(()) => self.refresh(desk, store).await.map_err(Problem::from),
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            tracing::warn!(%error, "expired blocks are not deleted yet");
        }
    }

    /// Refuses a visitor that is blocked, by itself or by where it comes from.
    ///
    /// # Errors
    /// `forbidden`.
    pub(crate) fn check(&self, who: &Identity, address: IpAddr, now: Micros) -> Result<(), Problem> {
        let Principal::Visitor(visitor) = who.principal else { return Ok(()) };
        self.check_visitor(visitor, now)?;
        self.check_address(address, now)
    }

    /// Refuses a visitor that is blocked itself.
    ///
    /// # Errors
    /// `forbidden`.
    pub(crate) fn check_visitor(&self, visitor: VisitorKey, now: Micros) -> Result<(), Problem> {
        let holds = self.set().visitors.get(&visitor).is_some_and(|until| *until > now);
        if holds { Err(blocked()) } else { Ok(()) }
    }

    /// Refuses whoever comes from a blocked address.
    ///
    /// # Errors
    /// `forbidden`.
    pub(crate) fn check_address(&self, address: IpAddr, now: Micros) -> Result<(), Problem> {
        if self.set().holds(address, now) { Err(blocked()) } else { Ok(()) }
    }

    fn set(&self) -> Arc<Set> {
        Arc::clone(&self.set.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Set {
    async fn read(store: &Store) -> Result<Self, StoreError> {
        let mut set = Self::default();
        for block in store.blocks().await? {
            let until = block.expires_at.unwrap_or(Micros(i64::MAX));
            set.first_expiry = [set.first_expiry, block.expires_at].into_iter().flatten().min();
            match block.target {
                BlockTarget::Visitor(id) => {
                    let visitor = store.visitor_by_id(id).await?;
                    set.add_visitors(visitor.into_iter().map(|visitor| visitor.key), until);
                }
                BlockTarget::Customer(id) => {
                    if let Some(customer) = store.customer(id).await? {
                        set.add_visitors(store.customer_visitors(&customer).await?, until);
                    }
                }
                BlockTarget::Range(range) => match range.parse() {
                    Ok(range) => set.add_range(range, until),
                    Err(error) => tracing::error!(block = %block.id, %error, "a block names no range"),
                },
            }
        }
        Ok(set)
    }

    /// A visitor may be blocked in two ways: the longer one holds.
    fn add_visitors(&mut self, visitors: impl IntoIterator<Item = VisitorKey>, until: Until) {
        for visitor in visitors {
            let known = self.visitors.entry(visitor).or_insert(until);
            *known = until.max(*known);
        }
    }

    fn add_range(&mut self, range: Network, until: Until) {
        self.prefixes.insert(range.prefix());
        self.ranges.insert(range, until);
    }

    fn holds(&self, address: IpAddr, now: Micros) -> bool {
        self.prefixes.iter().any(|prefix| {
            let range = Network::around(address, *prefix).and_then(|range| self.ranges.get(&range));
            range.is_some_and(|until| *until > now)
        })
    }
}

fn blocked() -> Problem {
    Problem::new(ErrorCode::Forbidden, "blocked")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(ranges: &[(&str, i64)]) -> Set {
        let mut set = Set::default();
        for (range, until) in ranges {
            set.add_range(range.parse().unwrap(), Micros(*until));
        }
        set
    }

    #[test]
    fn addresses_are_found_in_ranges_until_they_expire() {
        let set = set(&[("192.0.2.0/24", 10), ("192.0.2.7", 20), ("2001:db8::/32", i64::MAX)]);
        let holds = |address: &str, now| set.holds(address.parse().unwrap(), Micros(now));
        assert!(holds("192.0.2.8", 9) && !holds("192.0.2.8", 10));
        assert!(holds("192.0.2.7", 19) && !holds("192.0.2.7", 20));
        assert!(holds("::ffff:192.0.2.8", 9));
        assert!(holds("2001:db8:1::1", 1 << 60) && !holds("2001:db9::1", 0));
        assert!(!holds("198.51.100.1", 0));
    }

    #[test]
    fn the_longer_block_of_a_visitor_holds() {
        let mut set = Set::default();
        for until in [5, 9, 7] {
            set.add_visitors([VisitorKey(1)], Micros(until));
        }
        assert_eq!(set.visitors[&VisitorKey(1)], Micros(9));
    }

    proptest! {
        /// Looking up by prefix finds what asking each range finds.
        #[test]
        fn ranges_are_found_as_if_each_was_asked(
            ranges in prop::collection::vec((any::<u32>(), 0..=32_u8), 0..20),
            address: u32,
        ) {
            let ranges: Vec<_> = ranges
                .into_iter()
                .filter_map(|(bits, prefix)| Network::around(IpAddr::V4(bits.into()), prefix))
                .collect();
            let mut set = Set::default();
            ranges.iter().for_each(|range| set.add_range(*range, Micros(1)));
            let address = IpAddr::V4(address.into());
            let expected = ranges.iter().any(|range| range.contains(address));
            prop_assert_eq!(set.holds(address, Micros(0)), expected);
        }
    }
}
