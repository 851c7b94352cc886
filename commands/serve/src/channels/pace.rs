use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Keeps requests apart, so that a service gets no more of them than it takes.
pub(super) struct Pace {
    /// Between two requests; nothing when the service takes as many as there are.
    gap: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// So many requests in so many milliseconds, evenly spread.
    pub(super) fn new(rate: Option<(u32, u64)>) -> Self {
        let gap = rate.map(|(requests, per_ms)| Duration::from_millis(per_ms) / requests.max(1));
        Self { gap, next: Mutex::default() }
    }

    /// Takes the next turn at `now`; returns how long it is until then.
    fn take(&self, now: Instant) -> Duration {
        let Some(gap) = self.gap else { return Duration::ZERO };
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + gap);
        turn - now
    }

    /// Waits for the next turn.
    pub(super) async fn turn(&self) {
        let wait = self.take(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_evenly_spread_and_unused_ones_are_lost() {
        let pace = Pace::new(Some((20, 60_000)));
        let start = Instant::now();
        let gap = Duration::from_secs(3);
        assert_eq!([pace.take(start), pace.take(start), pace.take(start)], [Duration::ZERO, gap, gap * 2]);
        let later = start + gap * 10;
        assert_eq!([pace.take(later), pace.take(later)], [Duration::ZERO, gap]);
        assert_eq!(Pace::new(None).take(start), Duration::ZERO);
    }
}
