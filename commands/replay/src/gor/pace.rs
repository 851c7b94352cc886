//! When messages are due, and how many may pass.

use std::time::Duration;

use kefu_traffic::gor::{Kind, Record};

use super::value::Limit;

/// When messages of a file are due.
pub(super) struct FileClock {
    pub(super) speed: f64,
    pub(super) max_wait: Option<Duration>,
    /// When the last one was.
    pub(super) due: Duration,
    /// Its recorded time.
    pub(super) last: Option<i64>,
}

impl FileClock {
    pub(super) fn due(&mut self, timestamp: i64) -> Duration {
        let gap = self.last.map_or(0, |last| timestamp.saturating_sub(last));
        if gap > 0 || self.last.is_none() {
            self.last = Some(timestamp);
        }
        // What goes back in time is sent at once.
        let gap = Duration::from_nanos(u64::try_from(gap).unwrap_or_default()).div_f64(self.speed);
        self.due += self.max_wait.map_or(gap, |max| gap.min(max));
        self.due
    }
}

/// Lets no more pass than a limit says.
#[derive(Debug)]
pub(super) struct Throttle {
    limit: Option<Limit>,
    /// The second that is going on, and how many passed in it.
    second: u64,
    passed: u64,
    random: u64,
}

impl Throttle {
    pub(super) fn new(limit: Option<Limit>) -> Self {
        Self { limit, second: 0, passed: 0, random: 0x9e37_79b9_7f4a_7c15 }
    }

    /// Whether a message passes; a limit is for requests, and answers go with them.
    pub(super) fn lets_pass(&mut self, record: &Record, now: Duration) -> bool {
        if record.kind != Kind::Request {
            return true;
        }
        match self.limit {
            None => true,
            Some(Limit::Percent(percent)) => {
                // xorshift64: no secret hangs on it.
                self.random ^= self.random << 13;
                self.random ^= self.random >> 7;
                self.random ^= self.random << 17;
                ((self.random >> 11) % 10_000) < (percent * 100.0) as u64
            }
            Some(Limit::PerSecond(max)) => {
                if now.as_secs() != self.second {
                    (self.second, self.passed) = (now.as_secs(), 0);
                }
                self.passed += 1;
                self.passed <= max
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Record {
        let (id, extra, payload) = (String::new(), String::new(), Vec::new());
        Record { kind: Kind::Request, id, timestamp: 0, latency: None, extra, payload }
    }

    #[test]
    fn limits_drop_what_is_more() {
        let passed = |limit, millis: u64| {
            let mut throttle = Throttle::new(limit);
            let pass = |number: u64| throttle.lets_pass(&request(), Duration::from_millis(number * millis));
            (0..1000).map(pass).filter(|passes| *passes).count()
        };
        assert_eq!(passed(None, 1), 1000);
        assert_eq!(passed(Some(Limit::PerSecond(10)), 4), 40);
        assert_eq!(passed(Some(Limit::Percent(0.0)), 1), 0);
        assert_eq!(passed(Some(Limit::Percent(100.0)), 1), 1000);
        assert!((200..300).contains(&passed(Some(Limit::Percent(25.0)), 1)));
    }

    #[test]
    fn files_go_by_at_their_speed_and_wait_no_longer_than_they_may() {
        let mut clock = FileClock {
            speed: 2.0,
            max_wait: Some(Duration::from_millis(300)),
            due: Duration::from_millis(10),
            last: None,
        };
        let times = [0, 100, 50, 200, 2000].map(|millis| clock.due(millis * 1_000_000).as_millis());
        assert_eq!(times, [10, 60, 60, 110, 410]);
    }
}
