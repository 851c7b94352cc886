use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::ExternalTicket;

/// How long what was listed is shown again.
const FRESH: Duration = Duration::from_secs(15);
/// How long it is known whose a ticket is.
const KNOWN: Duration = Duration::from_secs(3600);
/// Customers at most; of more, those that were asked for longest ago go.
const CUSTOMERS_MAX: usize = 2000;

/// What was listed lately, by customer.
#[derive(Default)]
pub(super) struct Cache(Mutex<State>);

#[derive(Default)]
struct State {
    /// How often something has changed.
    age: u64,
    all: HashMap<Uuid, Listed>,
}

struct Listed {
    at: Instant,
    /// The age of what is known when this was asked for.
    age: u64,
    tickets: Vec<ExternalTicket>,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is fresh enough to be shown again.
    pub(super) fn get(&self, customer: Uuid) -> Option<Vec<ExternalTicket>> {
        let State { age, all } = &*self.lock();
        let listed = all.get(&customer).filter(|listed| listed.age == *age && listed.at.elapsed() < FRESH);
        listed.map(|listed| listed.tickets.clone())
    }

    /// What to put a list under that is asked for now: something may change before it has come.
    pub(super) fn current(&self) -> u64 {
        self.lock().age
    }

    pub(super) fn has_listed(&self, customer: Uuid, number: &str) -> bool {
        let state = self.lock();
        let listed = state.all.get(&customer).filter(|listed| listed.at.elapsed() < KNOWN);
        listed.is_some_and(|listed| listed.tickets.iter().any(|ticket| ticket.number == number))
    }

    pub(super) fn put(&self, customer: Uuid, age: u64, tickets: &[ExternalTicket]) {
        let all = &mut self.lock().all;
        all.retain(|_, listed| listed.at.elapsed() < KNOWN);
        if all.len() >= CUSTOMERS_MAX
            && let Some(oldest) =
                all.iter().min_by_key(|(_, listed)| listed.at).map(|(customer, _)| *customer)
        {
            all.remove(&oldest);
        }
        let listed = Listed { at: Instant::now(), age, tickets: tickets.to_vec() };
        all.insert(customer, listed);
    }

    /// Something has changed: nothing is shown again, but it is still known whose a ticket is.
    pub(super) fn age(&self) {
        self.lock().age += 1;
    }

    /// Forgets everything.
    pub(super) fn forget(&self) {
        let mut state = self.lock();
        state.age += 1;
        state.all.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_before_a_change_is_not_shown_after_it() {
        let (cache, customer) = (Cache::default(), Uuid::from_u128(1));
        let before = cache.current();
        cache.put(customer, before, &[]);
        assert!(cache.get(customer).is_some());
        cache.age();
        assert!(cache.get(customer).is_none());
        // The answer to what was asked before comes only now.
        cache.put(customer, before, &[]);
        assert!(cache.get(customer).is_none());
        cache.put(customer, cache.current(), &[]);
        assert!(cache.get(customer).is_some());
    }
}
