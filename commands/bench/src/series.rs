//! What happened in each second of a run.

use std::time::Duration;

use kefu_traffic::Latency;
use serde::{Deserialize, Serialize};

/// A longer run has longer intervals, so that there are never more than so many.
const INTERVALS: u64 = 3600;

/// What happened in one interval.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Interval {
    /// When it began, from the start of the measured part.
    pub(crate) at_s: f64,
    /// What was answered or delivered in it.
    pub(crate) answered: u64,
    /// What went wrong in it.
    pub(crate) failed: u64,
    /// Latencies of what was answered in it, in milliseconds.
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

/// Gathers the intervals of a run, one after the other.
#[derive(Debug)]
pub(crate) struct Series {
    begin: Duration,
    end: Duration,
    step: Duration,
    current: u32,
    answered: u64,
    failed: u64,
    latency: Latency,
    done: Vec<Interval>,
    /// So many of them were given by [`Self::tick`].
    told: usize,
}

impl Series {
    /// Gathers what happens between two times.
    pub(crate) fn new(begin: Duration, end: Duration) -> Self {
        let step = Duration::from_secs(end.saturating_sub(begin).as_secs().div_ceil(INTERVALS).max(1));
        Self {
            begin,
            end,
            step,
            current: 0,
            answered: 0,
            failed: 0,
            latency: Latency::new(),
            done: Vec::new(),
            told: 0,
        }
    }

    /// Something was answered that took so long.
    pub(crate) fn answered(&mut self, now: Duration, latency: Duration) {
        if self.move_to(now) {
            self.answered += 1;
            self.latency.record_duration(latency);
        }
    }

    /// Something went wrong.
    pub(crate) fn failed(&mut self, now: Duration) {
        if self.move_to(now) {
            self.failed += 1;
        }
    }

    /// Closes intervals that are over; returns the last that was closed since the last time, by this or by an event.
    pub(crate) fn tick(&mut self, now: Duration) -> Option<&Interval> {
        self.move_to(now.min(self.end));
        let before = std::mem::replace(&mut self.told, self.done.len());
        self.done[before..].last()
    }

    /// All intervals up to `now`; the last may be short.
    pub(crate) fn finish(mut self, now: Duration) -> Vec<Interval> {
        self.tick(now);
        if now.min(self.end) > self.begin + self.step * self.current {
            self.close();
        }
        // What went on after a stop is no part of it.
        let length_s = now.min(self.end).saturating_sub(self.begin).as_secs_f64();
        self.done.retain(|interval| interval.at_s < length_s);
        self.done
    }

    /// Whether `now` is to be counted; begins its interval if so.
    fn move_to(&mut self, now: Duration) -> bool {
        if now < self.begin || now > self.end {
            return false;
        }
        while now >= self.begin + self.step * (self.current + 1) {
            self.close();
        }
        now < self.end
    }

    fn close(&mut self) {
        let latency = self.latency.summary();
        self.done.push(Interval {
            at_s: (self.step * self.current).as_secs_f64(),
            answered: self.answered,
            failed: self.failed,
            p50_ms: latency.p50,
            p99_ms: latency.p99,
            max_ms: latency.max,
        });
        (self.answered, self.failed) = (0, 0);
        self.latency.clear();
        self.current += 1;
    }
}

impl Interval {
    /// Adds what another process saw: of percentiles the mean by weight and the worst, for their histograms are gone.
    pub(crate) fn merge(&mut self, other: &Self) {
        let answered = (self.answered + other.answered).max(1) as f64;
        self.p50_ms = (self.p50_ms * self.answered as f64 + other.p50_ms * other.answered as f64) / answered;
        self.p99_ms = self.p99_ms.max(other.p99_ms);
        self.max_ms = self.max_ms.max(other.max_ms);
        self.at_s = other.at_s;
        self.answered += other.answered;
        self.failed += other.failed;
    }
}

/// Adds what another process saw in each interval.
pub(crate) fn merge(into: &mut Vec<Interval>, other: &[Interval]) {
    into.resize(into.len().max(other.len()), Interval::default());
    for (ours, theirs) in into.iter_mut().zip(other) {
        ours.merge(theirs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn each_second_has_what_happened_in_it() {
        let mut series = Series::new(at(2.0), at(5.5));
        for (now, latency) in [(1.9, 1.0), (2.0, 1.0), (2.9, 3.0), (4.5, 2.0), (5.4, 2.0), (5.5, 9.0)] {
            series.answered(at(now), at(latency / 1000.0));
        }
        series.failed(at(5.0));
        let intervals = series.finish(at(9.0));
        let counts: Vec<_> =
            intervals.iter().map(|interval| (interval.at_s, interval.answered, interval.failed)).collect();
        assert_eq!(counts, [(0.0, 2, 0), (1.0, 0, 0), (2.0, 1, 0), (3.0, 1, 1)]);
        assert_eq!((intervals[0].max_ms.round(), intervals[1].max_ms), (3.0, 0.0));
    }

    #[test]
    fn a_run_that_is_cut_short_has_what_it_came_to() {
        let mut series = Series::new(at(0.0), at(100.0));
        series.answered(at(0.5), at(0.1));
        assert_eq!(series.tick(at(0.9)), None);
        assert_eq!(series.tick(at(1.0)).map(|interval| interval.answered), Some(1));
        assert_eq!(series.tick(at(4.5)).map(|interval| interval.at_s), Some(3.0));
        assert_eq!(series.finish(at(1.2)).len(), 2, "what was waited for after the end is left out");
    }

    #[test]
    fn long_runs_have_longer_intervals() {
        let day = Duration::from_secs(86_400);
        assert_eq!(Series::new(Duration::ZERO, day).finish(day).len(), INTERVALS as usize);
    }

    #[test]
    fn processes_are_added_up() {
        let one = Interval { at_s: 0.0, answered: 3, failed: 1, p50_ms: 1.0, p99_ms: 5.0, max_ms: 6.0 };
        let two = Interval { at_s: 0.0, answered: 1, failed: 0, p50_ms: 3.0, p99_ms: 4.0, max_ms: 9.0 };
        let mut merged = vec![one];
        merge(&mut merged, &[two, Interval { at_s: 1.0, ..two }]);
        assert_eq!(
            merged[0],
            Interval { answered: 4, failed: 1, p50_ms: 1.5, p99_ms: 5.0, max_ms: 9.0, ..one }
        );
        assert_eq!((merged.len(), merged[1].at_s, merged[1].answered), (2, 1.0, 1));
    }
}
