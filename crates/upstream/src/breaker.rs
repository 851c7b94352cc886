use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Keeps calls from a system that does not answer, until it may be back.
///
/// After so many failures without a success between them it opens: calls are refused at once. When the pause is over
/// one call is let through; its success closes the breaker, its failure begins the next pause.
#[derive(Debug)]
pub struct Breaker {
    failures_max: u32,
    pause: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    failures: u32,
    /// When the next call may try; none while closed.
    open_until: Option<Instant>,
}

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BreakerState {
    /// They pass.
    Closed,
    /// They are refused.
    Open,
    /// One is let through to see whether the system is back.
    HalfOpen,
}

impl Breaker {
    /// Makes a closed breaker; with no failures allowed it never opens.
    #[must_use]
    pub fn new(failures_max: u32, pause: Duration) -> Self {
        Self { failures_max, pause, inner: Mutex::new(Inner { failures: 0, open_until: None }) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a call.
    ///
    /// # Errors
    /// It is refused; another may be worth it after the time given.
    pub fn ask(&self, now: Instant) -> Result<(), Duration> {
        let mut inner = self.inner();
        match inner.open_until {
            Some(until) if now < until => Err(until - now),
            Some(_) => {
                // Whoever comes next waits for what this one finds; if it never tells, there is another after a pause.
                inner.open_until = Some(now + self.pause);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Notes that the system answered.
    pub fn succeeded(&self) {
        *self.inner() = Inner { failures: 0, open_until: None };
    }

    /// Notes that the system did not answer.
    pub fn failed(&self, now: Instant) {
        if self.failures_max == 0 {
            return;
        }
        let mut inner = self.inner();
        inner.failures = inner.failures.saturating_add(1);
        if inner.failures >= self.failures_max {
            inner.open_until = Some(now + self.pause);
        }
    }

    /// What it does with calls now.
    #[must_use]
    pub fn state(&self, now: Instant) -> BreakerState {
        match self.inner().open_until {
            None => BreakerState::Closed,
            Some(until) if now < until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_call_try() {
        let breaker = Breaker::new(2, PAUSE);
        let start = Instant::now();
        breaker.failed(start);
        breaker.succeeded();
        breaker.failed(start);
        assert_eq!(breaker.ask(start), Ok(()));
        breaker.failed(start);
        assert_eq!(breaker.ask(start), Err(PAUSE));
        assert_eq!(breaker.state(start), BreakerState::Open);
        let later = start + PAUSE;
        assert_eq!(breaker.state(later), BreakerState::HalfOpen);
        assert_eq!(breaker.ask(later), Ok(()));
        assert_eq!(breaker.ask(later), Err(PAUSE));
        breaker.failed(later);
        assert_eq!(breaker.ask(later + PAUSE), Ok(()));
        breaker.succeeded();
        assert_eq!(breaker.state(later + PAUSE), BreakerState::Closed);
        assert_eq!(breaker.ask(later + PAUSE), Ok(()));
    }

    #[test]
    fn a_breaker_without_a_number_never_opens() {
        let breaker = Breaker::new(0, PAUSE);
        let now = Instant::now();
        for _ in 0..1000 {
            breaker.failed(now);
        }
        assert_eq!(breaker.ask(now), Ok(()));
    }
}
