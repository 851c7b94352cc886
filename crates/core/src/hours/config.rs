use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// Why opening hours cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HoursError {
    /// No such time zone.
    #[error("there is no time zone {0:?}: use an IANA name such as Asia/Shanghai")]
    Zone(String),
    /// Not a period.
    #[error("{0:?} is no period of opening hours: write it as 09:00-18:00")]
    Period(String),
    /// Not a date.
    #[error("{0:?} is no date: write it as 2027-01-31")]
    Date(String),
    /// Periods of one day have time in common.
    #[error("the opening hours {first} and {second} of {day} overlap")]
    Overlap {
        /// Of which day.
        day: String,
        /// The one that begins first.
        first: String,
        /// The other.
        second: String,
    },
    /// Too many periods in one day.
    #[error("{day} has more than {max} periods of opening hours")]
    Periods {
        /// Which day.
        day: String,
        /// How many there may be.
        max: usize,
    },
    /// A range that ends before it begins.
    #[error("the special days from {from} until {until} end before they begin")]
    Range {
        /// Its first day.
        from: Day,
        /// Its last day.
        until: Day,
    },
    /// A day that two special days name.
    #[error("{0} stands twice among the special days")]
    Twice(Day),
    /// Too many special days.
    #[error("there are more than {max} special days")]
    SpecialDays {
        /// How many there may be.
        max: usize,
    },
    /// The name of a special day is too long.
    #[error("the name of the special day {day} is longer than {max} characters")]
    Name {
        /// Which day.
        day: Day,
        /// How many characters it may have.
        max: usize,
    },
}

/// Opening hours as they stand in a configuration or come over the API. [`crate::Hours::new`] checks them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HoursConfig {
    /// The IANA name of the time zone in which the hours are meant, such as `Asia/Shanghai`.
    pub time_zone: String,
    /// The hours of each weekday.
    #[serde(default)]
    pub week: Week,
    /// Days that are different.
    #[serde(default)]
    pub special_days: Vec<SpecialDay>,
}

/// The hours of a week; a day without any is closed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Week {
    /// Monday's.
    pub monday: Vec<DayHours>,
    /// Tuesday's.
    pub tuesday: Vec<DayHours>,
    /// Wednesday's.
    pub wednesday: Vec<DayHours>,
    /// Thursday's.
    pub thursday: Vec<DayHours>,
    /// Friday's.
    pub friday: Vec<DayHours>,
    /// Saturday's.
    pub saturday: Vec<DayHours>,
    /// Sunday's.
    pub sunday: Vec<DayHours>,
}

/// A day, or a range of days, with hours of its own: a holiday, or a Saturday that makes up for one.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialDay {
    /// The day, or the first of them.
    pub date: Day,
    /// The last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// When it is open all the same; closed when empty.
    #[serde(default)]
    pub open: Vec<DayHours>,
}

/// A period of a day, written `09:00-18:00`. An end that is not later than the beginning is on the next day,
/// `24:00` is midnight at the end of the day. The end itself is closed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct DayHours {
    /// Minutes after midnight.
    pub(super) from: u16,
    /// Minutes after the same midnight; later than `from`.
    pub(super) to: u16,
}

/// A day of the calendar, written `2027-01-31`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct Day(pub(super) Date);

impl TryFrom<String> for DayHours {
    type Error = HoursError;

    fn try_from(text: String) -> Result<Self, HoursError> {
        let parsed = text.split_once('-').and_then(|(from, to)| {
            let (from, to) = (minutes(from)?, minutes(to)?);
            let crosses = to < from;
            (from < DAY && from != to).then_some(Self { from, to: if crosses { to + DAY } else { to } })
        });
        parsed.ok_or(HoursError::Period(text))
    }
}

impl fmt::Display for DayHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.to > DAY { self.to - DAY } else { self.to };
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, to / 60, to % 60)
    }
}

impl From<DayHours> for String {
    fn from(hours: DayHours) -> Self {
        hours.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = HoursError;

    fn try_from(text: String) -> Result<Self, HoursError> {
        let digits = |range| text.get(range).filter(|part: &&str| part.bytes().all(|b| b.is_ascii_digit()));
        let parsed = (|| {
            let is_dated = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
            let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
            let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
            is_dated.then_some(Self(date))
        })();
        parsed.ok_or_else(|| HoursError::Date(text.clone()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

/// Reads `HH:MM`, up to `24:00`, as minutes.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !two_digits(hour) || !two_digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
}
