//! What is asked of a report.

use jiff::{
    ToSpan as _,
    civil::Date,
    tz::{TimeZone, TimeZoneDatabase},
};
use kefu_core::{Grouping, Micros};
use kefu_protocol::frame::Timestamp;

use crate::problem::Problem;

/// Most days of a range.
pub(crate) const DAYS_MAX: i64 = 400;

/// Most days of a range by hour.
pub(crate) const HOUR_DAYS_MAX: i64 = 62;

/// Most bytes of the name of a time zone.
const ZONE_BYTES: usize = 64;

/// What the rows of a report stand for, by its word.
pub(crate) fn grouping(word: &str) -> Result<Grouping, Problem> {
    match word {
        "hour" => Ok(Grouping::Hour),
        "day" => Ok(Grouping::Day),
        "agent" => Ok(Grouping::Agent),
        "team" => Ok(Grouping::Team),
        "inbox" => Ok(Grouping::Inbox),
        "tag" => Ok(Grouping::Tag),
        _ => Err(Problem::invalid("by", "must be hour, day, agent, team, inbox or tag")),
    }
}

/// The word of [`grouping`].
pub(crate) fn word(grouping: Grouping) -> &'static str {
    match grouping {
        Grouping::Hour => "hour",
        Grouping::Day => "day",
        Grouping::Agent => "agent",
        Grouping::Team => "team",
        Grouping::Inbox => "inbox",
        Grouping::Tag => "tag",
    }
}

/// A time zone by its name; the data is compiled in.
pub(crate) fn zone(name: Option<&str>) -> Result<TimeZone, Problem> {
    let Some(name) = name else { return Ok(TimeZone::UTC) };
    let found = Some(name).filter(|name| name.len() <= ZONE_BYTES);
    let found = found.and_then(|name| TimeZoneDatabase::bundled().get(name).ok());
    found
        .filter(|zone| !zone.is_unknown())
        .ok_or_else(|| Problem::invalid("zone", "there is no such time zone; one is Asia/Shanghai"))
}

/// A range from `from` to before `to`, each a time or a date; a date as `to` is still part of it.
pub(crate) fn span(
    from: &str,
    to: &str,
    grouping: Grouping,
    zone: &TimeZone,
) -> Result<(Micros, Micros), Problem> {
    let (begin, end) = (moment("from", from, 0, zone)?, moment("to", to, 1, zone)?);
    let days = if grouping == Grouping::Hour { HOUR_DAYS_MAX } else { DAYS_MAX };
    if end <= begin {
        return Err(Problem::invalid("to", "must come after `from`"));
    }
    // The day on which clocks are set back has 25 hours.
    if end.since(begin) > (days * 24 + 1) * 3600 * 1_000_000 {
        return Err(Problem::invalid("to", format!("must be at most {days} days after `from`")));
    }
    Ok((begin, end))
}

fn moment(field: &'static str, text: &str, days: i64, zone: &TimeZone) -> Result<Micros, Problem> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Micros(time.micros()));
    }
    let invalid = || {
        let detail = "must be a date such as 2026-11-28, or a time of RFC 3339 such as 2026-11-28T08:00:00Z";
        Problem::invalid(field, detail)
    };
    let is_date = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date: Date = Some(text).filter(|_| is_date).and_then(|text| text.parse().ok()).ok_or_else(invalid)?;
    let date = date.checked_add(days.days()).map_err(|_| invalid())?;
    let begin = date.to_zoned_datetime(zone.clone()).map_err(|_| invalid())?;
    Ok(Micros(begin.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_are_those_of_the_zone_and_the_last_one_counts() {
        let shanghai = zone(Some("Asia/Shanghai")).unwrap();
        let (from, to) = span("2026-11-28", "2026-11-28", Grouping::Hour, &shanghai).unwrap();
        assert_eq!((from.0, to.0), (1_795_795_200_000_000, 1_795_881_600_000_000));
        let (from, to) =
            span("2026-11-27T16:00:00Z", "2026-11-28T16:00:00Z", Grouping::Day, &shanghai).unwrap();
        assert_eq!((from.0, to.0), (1_795_795_200_000_000, 1_795_881_600_000_000));
    }

    #[test]
    fn the_wrong_field_is_named() {
        let field = |from, to, grouping| span(from, to, grouping, &TimeZone::UTC).unwrap_err().field;
        for (from, to, grouping, expected) in [
            ("", "2026-11-28", Grouping::Day, "from"),
            ("2026-02-30", "2026-11-28", Grouping::Day, "from"),
            ("2026-11-28", "yesterday", Grouping::Day, "to"),
            ("2026-11-28", "2026-11-27", Grouping::Day, "to"),
            ("2025-01-01", "2026-11-27", Grouping::Day, "to"),
            ("2026-01-01", "2026-11-27", Grouping::Hour, "to"),
        ] {
            assert_eq!(field(from, to, grouping), Some(expected), "{from} {to}");
        }
        assert!(span("2026-01-01", "2026-11-27", Grouping::Day, &TimeZone::UTC).is_ok());
        assert_eq!(zone(Some("Mars/Base")).unwrap_err().field, Some("zone"));
        assert_eq!(zone(Some(&"x".repeat(1000))).unwrap_err().field, Some("zone"));
        for by in ["hour", "day", "agent", "team", "inbox", "tag"] {
            assert_eq!(word(grouping(by).unwrap()), by);
        }
        assert_eq!(grouping("week").unwrap_err().field, Some("by"));
    }

    proptest! {
        #[test]
        fn no_range_panics(from in "[0-9TZ:+. -]{0,30}", to in "\\PC{0,12}|-?[0-9]{1,6}-[0-9]{2}-[0-9]{2}") {
            span(&from, &to, Grouping::Day, &TimeZone::UTC).ok();
            zone(Some(&to)).ok();
        }
    }
}
