//! What a run must meet, and when to end it because it cannot meet that any more.

use std::sync::{Arc, OnceLock};

use kefu_app::{Failure, StopHandle};

use crate::{args::ReportArgs, report::Metric, series::Interval, threshold::Threshold, usage};

/// The conditions of a run.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) conditions: Vec<Threshold>,
    /// Ends the run at the first of them that cannot hold any more.
    stop: Option<StopHandle>,
    broken: Arc<OnceLock<String>>,
}

impl Gate {
    /// Conditions of the scenario itself and of the command line.
    ///
    /// # Errors
    ///
    /// It is to end by conditions and has none.
    pub(crate) fn new(own: &[Threshold], args: &ReportArgs, stop: StopHandle) -> Result<Self, Failure> {
        let conditions = [own, &args.threshold].concat();
        if args.abort_on_fail && conditions.is_empty() {
            return Err(usage("--abort-on-fail needs a --threshold", "--abort-on-fail 需要 --threshold"));
        }
        Ok(Self { conditions, stop: args.abort_on_fail.then_some(stop), broken: Arc::default() })
    }

    /// Which condition has ended the run.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.get().map(String::as_str)
    }

    /// Who looks at each second of the run, if it may have to end before its time.
    pub(crate) fn judge(&self) -> Option<Judge> {
        let stop = self.stop.clone()?;
        let conditions = self.conditions.iter().map(|condition| (condition.clone(), 0.0)).collect();
        Some(Judge { conditions, due: None, failed: 0, stop, broken: Arc::clone(&self.broken) })
    }
}

/// Ends a run as soon as one of its conditions cannot hold any more, whatever the rest of it brings.
#[derive(Debug)]
pub(crate) struct Judge {
    /// With each how many answers were certainly slower than it allows.
    conditions: Vec<(Threshold, f64)>,
    /// How many are due in the measured part, if a schedule says so.
    due: Option<f64>,
    failed: u64,
    stop: StopHandle,
    broken: Arc<OnceLock<String>>,
}

impl Judge {
    /// So many are due in the measured part.
    pub(crate) fn expect(&mut self, due: Option<f64>) {
        self.due = due;
    }

    /// Looks at a second that is over.
    pub(crate) fn look(&mut self, interval: &Interval) {
        self.failed += interval.failed;
        let (failed, due) = (self.failed as f64, self.due);
        // What waited for longer than it is being measured was due in the warm-up, and does not count.
        let is_measured = interval.max_ms <= interval.at_s * 1000.0;
        for (condition, slow) in &mut self.conditions {
            let is_beyond = |measured: f64| condition.is_beyond(measured);
            let is_broken = match condition.metric {
                Metric::Errors => is_beyond(failed),
                Metric::ErrorRate => due.is_some_and(|due| is_beyond(failed * 100.0 / due)),
                Metric::Max => is_measured && is_beyond(interval.max_ms),
                metric => {
                    let Some(excess) = metric.excess().filter(|_| is_measured) else { continue };
                    *slow += interval.answered as f64 * slower(interval, is_beyond);
                    due.is_some_and(|due| *slow > due * excess)
                }
            };
            if is_broken {
                // The first is the one that is told.
                drop(self.broken.set(condition.text().to_owned()));
                self.stop.request();
                return;
            }
        }
    }
}

/// The share of a second's answers that certainly were beyond something: its percentiles say no more.
fn slower(interval: &Interval, is_beyond: impl Fn(f64) -> bool) -> f64 {
    match () {
        () if is_beyond(interval.p50_ms) => 0.5,
        () if is_beyond(interval.p99_ms) => 0.01,
        () => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use kefu_app::Stop;

    use super::*;

    /// After how many of these seconds a run ends that has so many due.
    fn ends_after(condition: &str, due: Option<f64>, seconds: &[(u64, u64, f64, f64)]) -> Option<usize> {
        let (handle, stop) = Stop::new();
        let args = ReportArgs {
            threshold: vec![condition.parse().unwrap()],
            abort_on_fail: true,
            format: None,
            output: Vec::new(),
        };
        let gate = Gate::new(&[], &args, handle).unwrap();
        let mut judge = gate.judge().unwrap();
        judge.expect(due);
        let ended = seconds.iter().enumerate().position(|(at, &(answered, failed, p50_ms, p99_ms))| {
            let max_ms = p99_ms;
            judge.look(&Interval { at_s: at as f64, answered, failed, p50_ms, p99_ms, max_ms });
            stop.is_requested()
        });
        assert_eq!(gate.broken(), ended.map(|_| condition));
        ended
    }

    #[test]
    fn a_run_ends_when_a_condition_cannot_hold_any_more() {
        let fails = [(99, 1, 1.0, 2.0); 20];
        assert_eq!(ends_after("errors == 0", None, &fails), Some(0));
        assert_eq!(ends_after("errors <= 2", None, &fails), Some(2));
        assert_eq!(ends_after("errors < 2", None, &fails), Some(1));
        // Of a hundred in ten seconds, five are one in twenty; without a schedule nobody knows.
        assert_eq!(ends_after("error_rate <= 0.4%", Some(1000.0), &fails), Some(4));
        assert_eq!(ends_after("error_rate <= 0.4%", None, &fails), None);
        assert_eq!(ends_after("error_rate <= 3%", Some(1000.0), &fails), None);
    }

    #[test]
    fn what_may_still_turn_out_well_goes_on() {
        let slow = [(100, 0, 50.0, 90.0); 5];
        // Half of each second is too slow: of a thousand, one in a hundred is reached in the first one that counts.
        assert_eq!(ends_after("p99 < 50ms", Some(1000.0), &slow), Some(1));
        assert_eq!(ends_after("p90 < 50ms", Some(1000.0), &slow), Some(3));
        assert_eq!(ends_after("p99 < 80ms", Some(1000.0), &slow), None);
        assert_eq!(ends_after("max <= 80ms", None, &slow), Some(1));
        for condition in
            ["p99 > 80ms", "rate >= 1000", "loss == 0", "p50 < 51ms", "errors != 0", "errors >= 5"]
        {
            assert_eq!(ends_after(condition, Some(1000.0), &slow), None, "{condition}");
        }
    }

    #[test]
    fn what_was_due_in_the_warm_up_does_not_end_a_run() {
        assert_eq!(ends_after("max < 1s", None, &[(9, 0, 1.0, 4000.0), (9, 0, 1.0, 3000.0)]), None);
        assert_eq!(
            ends_after("max < 1s", None, &[(9, 0, 1.0, 1.0), (9, 0, 1.0, 2.0), (9, 0, 1.0, 1500.0)]),
            Some(2)
        );
    }

    #[test]
    fn conditions_are_what_it_ends_by() {
        let args =
            ReportArgs { threshold: Vec::new(), abort_on_fail: true, format: None, output: Vec::new() };
        assert!(Gate::new(&[], &args, Stop::new().0).is_err());
        assert!(Gate::new(&["p99 < 1s".parse().unwrap()], &args, Stop::new().0).unwrap().judge().is_some());
        let args = ReportArgs { abort_on_fail: false, ..args };
        assert!(Gate::new(&[], &args, Stop::new().0).unwrap().judge().is_none());
    }
}
