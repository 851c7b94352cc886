//! The pages that visitors look at, on their way to the store.
//!
//! They are written together every few seconds: a page that somebody looks at is not worth a commit of its own, and
//! one that is lost with the process is no loss.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kefu_core::VisitorKey;
use kefu_store::{Change, PAGES_MAX, PageVisit, RecordSet};

use crate::{desk::Desk, problem::Problem};

/// Most bytes that wait to be written.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// Visitors whose pages are written at once.
const VISITORS_MAX: usize = 256;

/// Pages that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct Trails(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// In the order in which they were looked at.
    visits: HashMap<VisitorKey, Vec<PageVisit>>,
    bytes: usize,
}

impl Trails {
    /// Keeps a page until it is written.
    ///
    /// # Errors
    /// `unavailable` when too much waits already.
    pub(crate) fn add(&self, visitor: VisitorKey, visit: PageVisit) -> Result<(), Problem> {
        let mut waiting = self.waiting();
        waiting.bytes += bytes(&visit);
        if waiting.bytes > BYTES_MAX {
            waiting.bytes -= bytes(&visit);
            return Err(Problem::unavailable("too many pages wait to be written"));
        }
        let visits = waiting.visits.entry(visitor).or_default();
        visits.push(visit);
        if visits.len() > PAGES_MAX {
            let oldest = visits.remove(0);
            waiting.bytes -= bytes(&oldest);
        }
        Ok(())
    }

    /// What waits of a visitor, oldest first.
    pub(crate) fn of(&self, visitor: VisitorKey) -> Vec<PageVisit> {
        self.waiting().visits.get(&visitor).cloned().unwrap_or_default()
    }

    /// Forgets what waits of a visitor.
    pub(crate) fn forget(&self, visitor: VisitorKey) {
        let mut waiting = self.waiting();
        let visits = waiting.visits.remove(&visitor).unwrap_or_default();
        waiting.bytes -= visits.iter().map(bytes).sum::<usize>();
    }

    /// Writes all that waits.
    pub(crate) async fn write(&self, desk: &Desk) {
        let Waiting { visits, .. } = std::mem::take(&mut *self.waiting());
        let mut visits = visits.into_iter().map(|(visitor, visits)| Change::Pages { visitor, visits });
        loop {
            let changes: Vec<_> = visits.by_ref().take(VISITORS_MAX).collect();
            if changes.is_empty() {
                return;
            }
            if let Err(error) = desk.record(RecordSet { changes, audit: Vec::new() }).await {
                tracing::warn!(%error, "the pages that visitors looked at are not kept");
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bytes(visit: &PageVisit) -> usize {
    size_of::<PageVisit>() + visit.url.len() + visit.title.len() + visit.referrer.len()
}

#[cfg(test)]
mod tests {
    use kefu_core::Micros;

    use super::*;

    fn visit(number: usize, url_len: usize) -> PageVisit {
        let at = Micros(i64::try_from(number).unwrap());
        PageVisit { at, url: "x".repeat(url_len), title: String::new(), referrer: String::new() }
    }

    #[test]
    fn what_waits_is_bounded() {
        let trails = Trails::default();
        for number in 0..PAGES_MAX + 5 {
            trails.add(VisitorKey(1), visit(number, 10)).unwrap();
        }
        let waiting = trails.of(VisitorKey(1));
        assert_eq!((waiting.len(), waiting[0].at), (PAGES_MAX, Micros(5)));
        let before = trails.waiting().bytes;
        assert_eq!(before, PAGES_MAX * bytes(&visit(0, 10)));
        assert!(trails.add(VisitorKey(2), visit(0, BYTES_MAX)).is_err());
        assert_eq!(trails.waiting().bytes, before);
        assert!(trails.of(VisitorKey(2)).is_empty());
    }
}
