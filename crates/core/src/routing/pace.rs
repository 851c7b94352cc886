use std::collections::VecDeque;

use crate::Micros;

/// How many hand-outs are remembered.
const KEPT: usize = 16;

/// How fast a queue moves: the last hand-outs on a clock that runs only while somebody waits, so that a quiet
/// night does not make the morning look slow.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    busy_us: i64,
    busy_since: Option<Micros>,
    /// Where the busy clock stood: first at the beginning of the measure, then at each hand-out.
    stamps: VecDeque<i64>,
}

impl Pace {
    fn busy(&self, now: Micros) -> i64 {
        self.busy_us + self.busy_since.map_or(0, |since| now.since(since).max(0))
    }

    /// Somebody waits from now on.
    pub(super) fn filled(&mut self, now: Micros) {
        self.busy_since.get_or_insert(now);
        if self.stamps.is_empty() {
            self.stamps.push_back(self.busy_us);
        }
    }

    /// Nobody waits any more.
    pub(super) fn emptied(&mut self, now: Micros) {
        self.busy_us = self.busy(now);
        self.busy_since = None;
    }

    /// Somebody who had waited was handed out.
    pub(super) fn handed_out(&mut self, now: Micros) {
        if self.stamps.len() > KEPT {
            self.stamps.pop_front();
        }
        self.stamps.push_back(self.busy(now));
    }

    /// Microseconds from one hand-out to the next; `None` while nothing was measured.
    pub(super) fn interval_us(&self, now: Micros) -> Option<i64> {
        let count = i64::try_from(self.stamps.len()).ok()?.checked_sub(1).filter(|count| *count > 0)?;
        // What has passed since the last one counts, so that a queue that stands still looks slower and slower.
        Some((self.busy(now) - self.stamps.front()?) / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_time_in_which_somebody_waits_counts() {
        let mut pace = Pace::default();
        assert_eq!(pace.interval_us(Micros(0)), None);
        pace.filled(Micros(1_000));
        assert_eq!(pace.interval_us(Micros(1_500)), None);
        pace.handed_out(Micros(1_100));
        pace.handed_out(Micros(1_200));
        pace.emptied(Micros(1_200));
        assert_eq!(pace.interval_us(Micros(9_000_000)), Some(100));
        pace.filled(Micros(9_000_000));
        assert_eq!(pace.interval_us(Micros(9_000_400)), Some(300));
    }

    #[test]
    fn the_measure_follows_the_last_hand_outs() {
        let mut pace = Pace::default();
        pace.filled(Micros(0));
        let mut now = 0;
        for step in [1000, 10] {
            for _ in 0..40 {
                now += step;
                pace.handed_out(Micros(now));
            }
            assert_eq!(pace.interval_us(Micros(now)), Some(step));
        }
    }
}
