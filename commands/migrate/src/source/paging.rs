//! How many rows one query of a server asks for, and how long a server that is away is waited for.

use std::time::Duration;

use super::PAGE_BYTES;

/// Bytes of one page that are read before the next page is made smaller.
pub(super) const PAGE_BYTES_MAX: usize = 4 * PAGE_BYTES;

/// How often a page is asked for while the server does not answer: one that is started again needs a minute or two.
pub(super) const ATTEMPTS: u32 = 30;

/// The longest time between two of these.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The time after an attempt that was in vain.
pub(super) fn pause(attempt: u32) -> Duration {
    Duration::from_millis(200 << attempt.min(5)).min(PAUSE_MAX)
}

/// What a page was, and how long it took.
pub(super) struct Measured {
    pub(super) rows: usize,
    pub(super) bytes: usize,
    pub(super) took: Duration,
}

/// How many rows the next query may ask for, if one for `limit` was this: as many as come in time and fit into memory.
pub(super) fn next_limit(limit: u32, page: &Measured, wanted: Duration, most: u32) -> u32 {
    let fitting = PAGE_BYTES / (page.bytes / page.rows.max(1)).max(1);
    let fitting = u32::try_from(fitting).unwrap_or(u32::MAX).min(most);
    in_time(limit, page.took, wanted).min(fitting).max(1)
}

fn in_time(limit: u32, took: Duration, wanted: Duration) -> u32 {
    let ratio = wanted.as_secs_f64() / took.as_secs_f64().max(1e-6);
    (f64::from(limit) * ratio.clamp(0.25, 4.0)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_takes_long_is_followed_by_a_smaller_one() {
        let wanted = Duration::from_millis(500);
        assert_eq!(in_time(1000, Duration::from_secs(1), wanted), 500);
        assert_eq!(in_time(1000, Duration::from_secs(60), wanted), 250);
        assert_eq!(in_time(1000, Duration::from_millis(400), wanted), 1250);
        assert_eq!(in_time(1000, Duration::ZERO, wanted), 4000);
    }

    #[test]
    fn a_server_that_is_started_again_has_more_than_a_minute() {
        assert_eq!([1, 2, 5, 29].map(pause), [400, 800, 5000, 5000].map(Duration::from_millis));
        let all: Duration = (1..ATTEMPTS).map(pause).sum();
        assert!(all > Duration::from_secs(60) && all < Duration::from_secs(180), "{all:?}");
    }

    #[test]
    fn pages_of_large_rows_have_few_of_them() {
        let page = |rows, bytes| Measured { rows, bytes, took: Duration::ZERO };
        let wanted = Duration::from_secs(1);
        assert_eq!(next_limit(512, &page(2, 2 * PAGE_BYTES), wanted, 8192), 1);
        assert_eq!(next_limit(512, &page(512, 512 * 64), wanted, 1000), 1000);
        assert_eq!(next_limit(512, &page(0, 0), wanted, 8192), 2048);
    }
}
