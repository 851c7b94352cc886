use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::Backoff;

/// How much is asked of an nsqd while a handler fails: nothing for a while, then one message to try, then all again.
///
/// As NSQ's own clients do it: each failure makes the next pause longer, each success makes it shorter.
pub(super) struct Flow {
    backoff: Backoff,
    failures: u32,
    until: Option<Instant>,
}

impl Flow {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self { backoff, failures: 0, until: None }
    }

    /// How many messages may be on the way, of `share` when all is well.
    pub(super) fn ready(&mut self, share: usize, now: Instant) -> usize {
        if self.until.is_some_and(|until| until <= now) {
            self.until = None;
        }
        match (self.until, self.failures) {
            (Some(_), _) => 0,
            (None, 0) => share,
            (None, _) => share.min(1),
        }
    }

    /// When [`Flow::ready`] has something else to say, if time alone decides it.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// The handler failed.
    pub(super) fn failed(&mut self, now: Instant) {
        // What was on the way when a pause began says nothing new.
        if self.until.is_none() {
            self.failures = self.failures.saturating_add(1);
            self.pause(now);
        }
    }

    /// The handler did something.
    pub(super) fn succeeded(&mut self, now: Instant) {
        if self.until.is_none() && self.failures > 0 {
            self.failures -= 1;
            if self.failures > 0 {
                self.pause(now);
            }
        }
    }

    fn pause(&mut self, now: Instant) {
        let wait: Duration = self.backoff.wait(self.failures);
        self.until = Some(now + wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_that_fails_is_left_alone_and_then_tried_with_one() {
        let second = Duration::from_secs(1);
        let mut flow = Flow::new(Backoff { first: second, max: 60 * second });
        let begin = Instant::now();
        assert_eq!(flow.ready(9, begin), 9);
        flow.failed(begin);
        flow.failed(begin);
        assert_eq!(flow.ready(9, begin), 0);
        assert!(flow.until().unwrap() < begin + 2 * second);
        // Messages that were under way when the pause began change nothing.
        flow.succeeded(begin);
        assert_eq!(flow.ready(9, begin), 0);
        let after = begin + 2 * second;
        assert_eq!(flow.ready(9, after), 1);
        flow.failed(after);
        assert_eq!(flow.ready(9, after + second), 0);
        let later = after + 3 * second;
        assert_eq!((flow.ready(9, later), flow.ready(0, later)), (1, 0));
        flow.succeeded(later);
        assert_eq!(flow.ready(9, later), 0);
        let end = later + 2 * second;
        assert_eq!(flow.ready(9, end), 1);
        flow.succeeded(end);
        assert_eq!(flow.ready(9, end), 9);
    }
}
