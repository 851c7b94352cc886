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
pub(super) struct Cache(Mutex<HashMap<Uuid, Listed>>);

struct Listed {
    at: Instant,
    is_stale: bool,
    tickets: Vec<ExternalTicket>,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Listed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is fresh enough to be shown again.
    pub(super) fn get(&self, customer: Uuid) -> Option<Vec<ExternalTicket>> {
        let all = self.lock();
        let listed = all.get(&customer).filter(|listed| !listed.is_stale && listed.at.elapsed() < FRESH);
        listed.map(|listed| listed.tickets.clone())
    }

    pub(super) fn has_listed(&self, customer: Uuid, number: &str) -> bool {
        let all = self.lock();
        let listed = all.get(&customer).filter(|listed| listed.at.elapsed() < KNOWN);
        listed.is_some_and(|listed| listed.tickets.iter().any(|ticket| ticket.number == number))
    }

    pub(super) fn put(&self, customer: Uuid, tickets: &[ExternalTicket]) {
        let mut all = self.lock();
        all.retain(|_, listed| listed.at.elapsed() < KNOWN);
        if all.len() >= CUSTOMERS_MAX
            && let Some(oldest) =
                all.iter().min_by_key(|(_, listed)| listed.at).map(|(customer, _)| *customer)
        {
            all.remove(&oldest);
        }
        let listed = Listed { at: Instant::now(), is_stale: false, tickets: tickets.to_vec() };
        all.insert(customer, listed);
    }

    /// Something has changed: nothing is shown again, but it is still known whose a ticket is.
    pub(super) fn age(&self) {
        self.lock().values_mut().for_each(|listed| listed.is_stale = true);
    }

    /// Forgets everything.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }
}
