use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kefu_core::{InboxKey, Micros};
use kefu_store::Store;

/// How far back answers count.
const SINCE_SECONDS: i64 = 7 * 24 * 60 * 60;

/// For how long an answer is given again.
const FRESH_US: i64 = 5 * 60 * 1_000_000;

/// Fewer answers than this say nothing.
const ANSWERS_MIN: usize = 5;

/// How long visitors of each inbox waited of late until an agent first answered.
#[derive(Debug, Default)]
pub(crate) struct ReplyTimes(Mutex<HashMap<InboxKey, Known>>);

#[derive(Clone, Copy, Debug)]
struct Known {
    looked_at: Micros,
    median_us: Option<i64>,
}

impl ReplyTimes {
    /// The median of an inbox in microseconds, at most some minutes old; nothing while too little is known. Of those who
    /// ask at the same time one has it looked up, the others are told what was known before.
    pub(crate) async fn of(&self, store: &Store, inbox: InboxKey, now: Micros) -> Option<i64> {
        let before = {
            let mut known = self.lock();
            let before = known.get(&inbox).copied();
            if let Some(Known { looked_at, median_us }) = before
                && now.since(looked_at) < FRESH_US
            {
                return median_us;
            }
            let median_us = before.and_then(|before| before.median_us);
            known.insert(inbox, Known { looked_at: now, median_us });
            median_us
        };
        match store.first_responses(inbox, now.plus_seconds(-SINCE_SECONDS)).await {
            Ok(waits) => {
                let median_us = median(waits);
                self.lock().insert(inbox, Known { looked_at: now, median_us });
                median_us
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot tell how fast answers come");
                before
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<InboxKey, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn median(mut waits: Vec<i64>) -> Option<i64> {
    if waits.len() < ANSWERS_MIN {
        return None;
    }
    let middle = waits.len() / 2;
    Some((*waits.select_nth_unstable(middle).1).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_counts_and_a_few_answers_do_not() {
        assert_eq!(median(vec![1, 2, 3, 4]), None);
        assert_eq!(median(vec![9_000, 1, 5, 2, 7]), Some(5), "one who slept moves nothing");
        assert_eq!(median(vec![-3; 5]), Some(0), "a clock that was set back makes nobody fast");
    }
}
