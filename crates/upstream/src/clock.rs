//! Times as XML has them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY_S: u64 = 86_400;

/// A time like `2026-01-31T23:59:59.000Z`, which is all that WS-Security takes from the clock.
pub(crate) fn xml_time(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let (days, rest) = (since.as_secs() / DAY_S, since.as_secs() % DAY_S);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

/// The date of a day since 1970; "Euclidean affine functions and applications to calendar algorithms" (Neri, Schneider).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = 4 * (days + 719_468) + 3;
    let (century, rest) = (shifted / 146_097, shifted % 146_097 / 4 * 4 + 3);
    let (year_of_century, day_of_year) = (rest / 1461, rest % 1461 / 4);
    let scaled = 2141 * day_of_year + 197_913;
    let (month, day) = (scaled / 65_536, scaled % 65_536 / 2141 + 1);
    let is_next_year = day_of_year >= 306;
    let year = 100 * century + year_of_century + u64::from(is_next_year);
    (year, if is_next_year { month - 12 } else { month }, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199, "2024-02-29T23:59:59.000Z"),
            (1_709_251_200, "2024-03-01T00:00:00.000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
            (1_798_761_599, "2026-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(xml_time(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
