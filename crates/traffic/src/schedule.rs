use std::time::Duration;

const NANOS_PER_S: f64 = 1e9;

/// A schedule cannot be made of these numbers.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("a rate must be above 0 and at most {max} events per second, not {rate}", max = Schedule::MAX_RATE)]
pub struct ScheduleError {
    /// The rate that was asked for.
    pub rate: f64,
}

/// When the events of an open-loop run are due: at a constant rate, after a linear ramp from zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Events per nanosecond.
    rate: f64,
    /// Length of the ramp in nanoseconds.
    ramp: f64,
    /// Events within the ramp.
    ramp_events: f64,
}

impl Schedule {
    /// The highest rate, in events per second.
    pub const MAX_RATE: f64 = 1e8;

    /// Schedules `rate_per_s` events per second, reached in a straight line over `ramp`.
    ///
    /// # Errors
    ///
    /// The rate is not a number above zero and within [`Self::MAX_RATE`].
    pub fn new(rate_per_s: f64, ramp: Duration) -> Result<Self, ScheduleError> {
        if !(rate_per_s > 0.0 && rate_per_s <= Self::MAX_RATE) {
            return Err(ScheduleError { rate: rate_per_s });
        }
        let rate = rate_per_s / NANOS_PER_S;
        let ramp = ramp.as_nanos() as f64;
        Ok(Self { rate, ramp, ramp_events: rate * ramp / 2.0 })
    }

    /// When event `n` (from 0) is due, from the start of the run.
    pub fn offset(&self, n: u64) -> Duration {
        let n = n as f64;
        let nanos = if n < self.ramp_events {
            // The ramp has sent rate·t²/(2·ramp) events by the time t.
            (2.0 * n * self.ramp / self.rate).sqrt()
        } else {
            self.ramp + (n - self.ramp_events) / self.rate
        };
        Duration::from_nanos(nanos.round() as u64)
    }

    /// How many events are due `elapsed` after the start.
    ///
    /// The inverse of [`Self::offset`]: event `n` is due exactly when `n < due(elapsed)`.
    pub fn due(&self, elapsed: Duration) -> u64 {
        let nanos = elapsed.as_nanos() as f64;
        let events = if nanos < self.ramp {
            self.rate * nanos * nanos / (2.0 * self.ramp)
        } else {
            self.ramp_events + (nanos - self.ramp) * self.rate
        };
        // Rounding may be off by one either way; the offsets decide.
        let mut count = events as u64;
        while self.offset(count) <= elapsed {
            count += 1;
        }
        while count > 0 && self.offset(count - 1) > elapsed {
            count -= 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schedule(rate: f64, ramp_s: f64) -> Schedule {
        Schedule::new(rate, Duration::from_secs_f64(ramp_s)).unwrap()
    }

    #[test]
    fn a_constant_rate_is_even() {
        let schedule = schedule(5000.0, 0.0);
        assert_eq!(schedule.offset(0), Duration::ZERO);
        assert_eq!(schedule.offset(1), Duration::from_micros(200));
        assert_eq!(schedule.offset(9_000_000), Duration::from_secs(1800));
        assert_eq!(schedule.due(Duration::ZERO), 1);
        assert_eq!(schedule.due(Duration::from_micros(199)), 1);
        assert_eq!(schedule.due(Duration::from_secs(1)), 5001);
    }

    #[test]
    fn a_ramp_sends_half_and_then_joins_without_a_step() {
        let schedule = schedule(1000.0, 10.0);
        assert_eq!(schedule.offset(5000), Duration::from_secs(10));
        assert_eq!(schedule.offset(6000), Duration::from_secs(11));
        let (before, after) = (schedule.offset(4999), schedule.offset(5001));
        let ten = Duration::from_secs(10);
        assert!((ten - before).abs_diff(after - ten) < Duration::from_micros(1));
    }

    #[test]
    fn impossible_rates() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(Schedule::new(rate, Duration::ZERO).is_err(), "{rate}");
        }
    }

    proptest! {
        #[test]
        fn offsets_rise_and_due_inverts_them(
            rate in 0.01..200_000.0_f64,
            ramp in prop_oneof![Just(0.0), 0.001..100.0_f64],
            n in 0..20_000_000_u64,
        ) {
            let schedule = schedule(rate, ramp);
            let offset = schedule.offset(n);
            prop_assert!(offset < schedule.offset(n + 1));
            prop_assert_eq!(schedule.due(offset), n + 1);
            if let Some(before) = offset.checked_sub(Duration::from_nanos(1)) {
                prop_assert_eq!(schedule.due(before), n);
            }
        }

        #[test]
        fn the_rate_is_kept(rate in 1.0..100_000.0_f64, seconds in 1..1000_u64) {
            let due = schedule(rate, 0.0).due(Duration::from_secs(seconds));
            let expected = rate * seconds as f64;
            // When an event is due is a whole number of nanoseconds.
            let allowed = 1.0 + rate * 1e-9;
            prop_assert!((due as f64 - expected).abs() <= allowed, "{due} {expected}");
        }
    }
}
