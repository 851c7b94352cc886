use std::collections::VecDeque;

use crate::series::Interval;

/// So many seconds of the p99 are shown.
const SHOWN: usize = 60;
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What is shown of a run while it measures.
#[derive(Debug, Default)]
pub(crate) struct Live {
    length_s: u64,
    scheduled_per_s: Option<f64>,
    seconds: u64,
    last: Interval,
    answered: u64,
    failed: u64,
    p99s: VecDeque<f64>,
}

impl Live {
    pub(super) fn new(length_s: u64, scheduled_per_s: Option<f64>) -> Self {
        Self { length_s, scheduled_per_s, ..Self::default() }
    }

    /// An interval has ended.
    pub(super) fn add(&mut self, seconds: u64, interval: &Interval) {
        (self.seconds, self.last) = (seconds, *interval);
        self.answered += interval.answered;
        self.failed += interval.failed;
        if self.p99s.len() == SHOWN {
            self.p99s.pop_front();
        }
        self.p99s.push_back(interval.p99_ms);
    }

    fn left_s(&self) -> u64 {
        self.length_s.saturating_sub(self.seconds)
    }

    /// For a terminal, above the bar.
    pub(super) fn screen(&self) -> String {
        let Interval { answered, failed, p50_ms, p99_ms, max_ms, .. } = self.last;
        let scheduled = self.scheduled_per_s.map(|rate| format!(" of {rate:.0}")).unwrap_or_default();
        let (all, bad, left) = (self.answered, self.failed, self.left_s());
        format!(
            "{answered}{scheduled} a second, {failed} failed; {all} in all, {bad} failed; {left} s left\n\
             p50 {p50_ms:.2} ms   p99 {p99_ms:.2} ms   max {max_ms:.2} ms\n\
             p99 {} {:.2} ms",
            self.spark(),
            self.most()
        )
    }

    /// For a log.
    pub(super) fn line(&self) -> String {
        let Interval { answered, failed, p50_ms, p99_ms, .. } = self.last;
        let (seconds, left) = (self.seconds, self.left_s());
        format!(
            "{seconds} s: {answered}/s, p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms, {failed} failed, {left} s left"
        )
    }

    fn most(&self) -> f64 {
        self.p99s.iter().copied().fold(0.0, f64::max)
    }

    /// The p99 of the last seconds, the highest as a full block.
    fn spark(&self) -> String {
        let most = self.most();
        let block = |p99: &f64| {
            let share = if most > 0.0 { p99 / most } else { 0.0 };
            BLOCKS[((share * BLOCKS.len() as f64) as usize).min(BLOCKS.len() - 1)]
        };
        self.p99s.iter().map(block).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(p99_ms: f64) -> Interval {
        Interval { answered: 990, failed: 2, p50_ms: 1.0, p99_ms, max_ms: 9.5, ..Interval::default() }
    }

    #[test]
    fn the_last_second_all_of_them_and_how_the_p99_went() {
        let mut live = Live::new(31, Some(1000.0));
        for (second, p99_ms) in [(2, 1.0), (3, 4.0), (4, 2.0)] {
            live.add(second, &interval(p99_ms));
        }
        assert_eq!(
            live.screen(),
            "990 of 1000 a second, 2 failed; 2970 in all, 6 failed; 27 s left\n\
             p50 1.00 ms   p99 2.00 ms   max 9.50 ms\n\
             p99 ▃█▅ 4.00 ms"
        );
        assert_eq!(live.line(), "4 s: 990/s, p50 1.0 ms, p99 2.0 ms, 2 failed, 27 s left");
    }

    #[test]
    fn an_hour_takes_no_more_room_than_a_minute() {
        let mut live = Live::new(3600, None);
        for second in 0..3700 {
            live.add(second, &interval(0.0));
        }
        assert_eq!((live.p99s.len(), live.left_s()), (SHOWN, 0));
        assert!(live.screen().ends_with(&format!("p99 {} 0.00 ms", "▁".repeat(SHOWN))));
    }
}
