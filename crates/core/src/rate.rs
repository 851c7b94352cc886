use crate::Micros;

/// How often something may happen: `burst` at once, then `per_minute` evenly spread.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limit {
    /// Sustained rate; 0 means no limit.
    pub per_minute: u32,
    /// How many may come at once.
    pub burst: u32,
}

/// The state of one limited party: the generic cell rate algorithm (ITU-T I.371), one number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    /// The theoretical arrival time of the next event.
    due: Micros,
}

impl Meter {
    /// Counts one event at `now`.
    ///
    /// # Errors
    /// The microseconds to wait, when the event comes too early; it is then not counted.
    pub fn take(&mut self, limit: Limit, now: Micros) -> Result<(), u64> {
        if limit.per_minute == 0 {
            return Ok(());
        }
        let interval = 60_000_000 / i64::from(limit.per_minute);
        let tolerance = interval * i64::from(limit.burst.max(1) - 1);
        let due = self.due.0.max(now.0);
        let wait = due - tolerance - now.0;
        if wait > 0 {
            return Err(wait.unsigned_abs());
        }
        self.due = Micros(due + interval);
        Ok(())
    }

    /// Takes back one event that was counted and is not to count after all.
    pub fn give_back(&mut self, limit: Limit) {
        if limit.per_minute > 0 {
            self.due = Micros(self.due.0 - 60_000_000 / i64::from(limit.per_minute));
        }
    }

    /// Whether the meter holds nothing that a fresh one would not: it may be forgotten.
    #[must_use]
    pub fn is_idle(&self, now: Micros) -> bool {
        self.due <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_then_even_rate() {
        let limit = Limit { per_minute: 60, burst: 3 };
        let mut meter = Meter::default();
        let now = Micros(1_000_000_000);
        for _ in 0..3 {
            assert_eq!(meter.take(limit, now), Ok(()));
        }
        assert_eq!(meter.take(limit, now), Err(1_000_000));
        assert_eq!(meter.take(limit, now.plus_seconds(1)), Ok(()));
        assert!(meter.take(limit, now.plus_seconds(1)).is_err());
        assert!(meter.is_idle(now.plus_seconds(10)));
    }

    #[test]
    fn what_is_given_back_may_be_taken_again() {
        let limit = Limit { per_minute: 60, burst: 1 };
        let mut meter = Meter::default();
        let now = Micros(1_000_000_000);
        assert_eq!(meter.take(limit, now), Ok(()));
        meter.give_back(limit);
        assert_eq!(meter.take(limit, now), Ok(()));
        assert_eq!(meter.take(limit, now), Err(1_000_000));
        meter.give_back(Limit { per_minute: 0, burst: 0 });
        assert_eq!(meter.take(limit, now), Err(1_000_000));
    }

    #[test]
    fn zero_means_no_limit() {
        let mut meter = Meter::default();
        for _ in 0..10_000 {
            assert_eq!(meter.take(Limit { per_minute: 0, burst: 0 }, Micros(5)), Ok(()));
        }
    }
}
