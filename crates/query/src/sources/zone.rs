//! Times of sources: with a zone, or without one and then of the source's own offset.

use jiff::{Timestamp, civil, tz::Offset};
use kefu_core::Micros;
use serde::Deserialize;

/// The offset from UTC of times that name none: `+08:00`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(super) struct Zone {
    seconds: i32,
}

impl TryFrom<String> for Zone {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WRONG: &str = "must be an offset from UTC such as +08:00";
        let (sign, rest) = match text.as_bytes() {
            b"Z" => return Ok(Self::default()),
            [b'+', ..] => (1, &text[1..]),
            [b'-', ..] => (-1, &text[1..]),
            _ => return Err(WRONG),
        };
        let (hours, minutes) = rest.split_once(':').ok_or(WRONG)?;
        let number = |text: &str, max: i32| {
            let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<i32>().ok().filter(|number| is_number && *number <= max).ok_or(WRONG)
        };
        Ok(Self { seconds: sign * (number(hours, 13)? * 3600 + number(minutes, 59)? * 60) })
    }
}

impl std::fmt::Display for Zone {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.seconds < 0 { '-' } else { '+' };
        let minutes = self.seconds.abs() / 60;
        write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl Zone {
    fn offset(self) -> Offset {
        Offset::from_seconds(self.seconds).expect("an offset of less than fourteen hours is one")
    }

    /// The moment of a time of this offset.
    pub(super) fn moment(self, time: civil::DateTime) -> Option<Micros> {
        self.offset().to_timestamp(time).ok().map(|moment| Micros(moment.as_microsecond()))
    }

    /// The time of a moment at this offset.
    pub(super) fn time(self, moment: Micros) -> Option<civil::DateTime> {
        Some(self.offset().to_datetime(Timestamp::from_microsecond(moment.0).ok()?))
    }

    /// Reads a time as sources write it: RFC 3339, or without a zone, or a day alone.
    pub(super) fn read(self, text: &str) -> Option<Micros> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Some(Micros(moment.as_microsecond()));
        }
        // What names a zone and is no moment is none without it either.
        self.moment(text.strip_suffix(['Z', 'z']).unwrap_or(text).parse().ok()?)
    }
}

/// A moment as RFC 3339 in microseconds, as all servers read it.
pub(super) fn rfc3339(moment: Micros) -> Option<String> {
    Some(format!("{:.6}", Timestamp::from_microsecond(moment.0).ok()?))
}

/// A time as databases write it: `2026-11-29 08:00:00.000000`.
pub(super) fn sql(time: civil::DateTime) -> String {
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.subsec_nanosecond() / 1000
    )
}

/// Reads a number as the time since 1970: in seconds, milliseconds or microseconds, whichever is of our days.
pub(super) fn since_1970(number: i64) -> Micros {
    match number.unsigned_abs() {
        0..100_000_000_000 => Micros(number * 1_000_000),
        100_000_000_000..100_000_000_000_000 => Micros(number * 1_000),
        _ => Micros(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(text: &str) -> Zone {
        Zone::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn times_are_read_with_and_without_a_zone() {
        let eight = zone("+08:00");
        for (text, expected) in [
            ("1970-01-01T00:00:01Z", Some(1_000_000)),
            ("1970-01-01 08:00:01", Some(1_000_000)),
            ("1970-01-01T08:00:00.000001", Some(1)),
            ("1970-01-01T09:00:00+09:00", Some(0)),
            ("1970-01-01", Some(-8 * 3_600_000_000)),
            ("soon", None),
            ("", None),
            ("2026-13-01", None),
        ] {
            assert_eq!(eight.read(text), expected.map(Micros), "{text}");
        }
        assert_eq!(sql(eight.time(Micros(1)).unwrap()), "1970-01-01 08:00:00.000001");
        assert_eq!(rfc3339(Micros(1)).unwrap(), "1970-01-01T00:00:00.000001Z");
        assert_eq!((zone("-03:30").to_string(), zone("Z").to_string()), ("-03:30".into(), "+00:00".into()));
        for wrong in ["", "8", "+8:00", "+08", "+99:00", "Europe/Berlin", "+ab:cd"] {
            assert!(Zone::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_times_of_our_days() {
        let seconds = 1_795_939_200;
        for number in [seconds, seconds * 1_000, seconds * 1_000_000] {
            assert_eq!(since_1970(number), Micros(seconds * 1_000_000));
        }
    }
}
