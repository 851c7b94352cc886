use std::time::Duration;

/// Waits that grow: each is twice the one before it, up to a limit, and a fifth more or less by chance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// The longest.
    pub max: Duration,
}

impl Backoff {
    /// How long to wait after the `attempt`-th try, from 1.
    #[must_use]
    pub fn wait(&self, attempt: u32) -> Duration {
        self.exact(attempt).mul_f64(0.8 + 0.4 * chance())
    }

    fn exact(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1).min(31));
        self.first.saturating_mul(doubled).min(self.max)
    }
}

/// A number from 0 to 1 by chance; the middle where there is no chance to be had.
fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_limit() {
        let backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(60) };
        for (attempt, exact_s) in [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (u32::MAX, 60)] {
            let exact = Duration::from_secs(exact_s);
            assert_eq!(backoff.exact(attempt), exact);
            let wait = backoff.wait(attempt);
            assert!(exact.mul_f64(0.79) < wait && wait < exact.mul_f64(1.21), "{wait:?}");
        }
    }
}
