use std::time::Duration;

use crate::Latency;

/// Lateness below this never matters, in milliseconds: what a timer and a scheduler take anyway.
const FREE_MS: f64 = 1.0;
/// The part of a measured figure that may be the generator's own.
const SHARE: f64 = 0.1;

/// How far the generator was behind its own schedule when it came to each event.
///
/// Record what the generator itself was late: the time at which it turned to an event, before it
/// writes. A write that the peer delays is the peer's latency.
#[derive(Clone, Debug, Default)]
pub struct Lateness {
    late: Latency,
}

impl From<Latency> for Lateness {
    fn from(late: Latency) -> Self {
        Self { late }
    }
}

/// Whether a run says something about the peer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// The generator kept its schedule well enough for what was measured.
    Valid,
    /// The generator was late: the figures are its own, not the peer's.
    Late {
        /// Its 99th percentile, in milliseconds.
        p99_ms: f64,
        /// What would have been allowed, in milliseconds.
        allowed_ms: f64,
    },
}

impl Lateness {
    /// Counts one event that was due at `scheduled` and turned to at `sent`.
    pub fn record(&mut self, scheduled: Duration, sent: Duration) {
        self.late.record(scheduled, sent);
    }

    /// How late the events were.
    pub fn latency(&self) -> &Latency {
        &self.late
    }

    /// Adds what another part of the generator counted.
    pub fn merge(&mut self, other: &Self) {
        self.late.merge(&other.late);
    }

    /// The 99th percentile, in milliseconds.
    pub fn p99_ms(&self) -> f64 {
        self.late.percentile_ms(99.0)
    }

    /// The worst, in milliseconds.
    pub fn max_ms(&self) -> f64 {
        self.late.max_ms()
    }

    /// Judges a run in which the 99th percentile of the measured latency is `measured_p99_ms`.
    ///
    /// Latency counts from the schedule, so it holds the generator's lateness. At the 99th percentile
    /// that share may be a tenth, or one millisecond where a tenth is less; otherwise the run is void.
    pub fn judge(&self, measured_p99_ms: f64) -> Verdict {
        let allowed_ms = (measured_p99_ms * SHARE).max(FREE_MS);
        let p99_ms = self.p99_ms();
        if p99_ms <= allowed_ms { Verdict::Valid } else { Verdict::Late { p99_ms, allowed_ms } }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn late_by(micros: u64) -> Lateness {
        let mut lateness = Lateness::default();
        for event in 0..1000 {
            let scheduled = Duration::from_millis(event);
            lateness.record(scheduled, scheduled + Duration::from_micros(micros));
        }
        lateness
    }

    #[test]
    fn a_tenth_of_the_figure_or_a_millisecond() {
        assert_eq!(late_by(900).judge(2.0), Verdict::Valid);
        assert_eq!(late_by(1900).judge(20.0), Verdict::Valid);
        let Verdict::Late { p99_ms, allowed_ms } = late_by(1900).judge(5.0) else { panic!() };
        assert!((p99_ms - 1.9).abs() < 0.01 && allowed_ms == 1.0, "{p99_ms} {allowed_ms}");
        assert_eq!(Lateness::default().judge(0.0), Verdict::Valid);
    }

    #[test]
    fn one_stall_in_a_thousand_events_is_forgiven_at_the_99th_percentile() {
        let mut lateness = late_by(10);
        lateness.record(Duration::ZERO, Duration::from_secs(1));
        assert_eq!(lateness.judge(1.0), Verdict::Valid);
        assert!(lateness.max_ms() > 990.0);
    }

    proptest! {
        #[test]
        fn a_slower_peer_never_makes_a_run_less_valid(micros in 0..100_000_u64, p99 in 0.0..500.0_f64) {
            let lateness = late_by(micros);
            if lateness.judge(p99) == Verdict::Valid {
                prop_assert_eq!(lateness.judge(p99 * 2.0), Verdict::Valid);
            }
        }
    }
}
