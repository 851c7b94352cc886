//! When a team or an inbox is open: a week of opening hours in a time zone, and days that are different.

mod config;

use std::collections::BTreeMap;

use jiff::{
    Timestamp, ToSpan as _,
    civil::Date,
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};

pub use config::{Day, DayHours, HoursConfig, HoursError, SpecialDay, Week};

use crate::Micros;

/// How many periods a day may have.
const PERIODS_MAX: usize = 8;

/// How many special days there may be, ranges counted by day.
const SPECIAL_DAYS_MAX: usize = 2_000;

/// How long the name of a special day may be, in characters.
const NAME_MAX: usize = 100;

/// How far [`Hours::next_opening`] looks ahead.
const HORIZON_DAYS: i64 = 400;

/// Opening hours that have been checked.
///
/// Hours are what clocks on the wall show: a period that begins in the hour that spring takes away begins when
/// the clocks change; times of the hour that autumn repeats mean its first run. A period belongs to the day
/// on which it begins, so one that crosses midnight goes on into a day that is closed.
///
/// The time zone data is compiled in: what the machine has installed makes no difference.
#[derive(Clone, Debug)]
pub struct Hours {
    zone: TimeZone,
    /// Monday first, each in order.
    week: [Vec<DayHours>; 7],
    special: BTreeMap<Date, (String, Vec<DayHours>)>,
}

impl Hours {
    /// Checks a configuration.
    ///
    /// # Errors
    /// When the time zone is not known, periods of a day overlap, a special day stands twice, or there are more
    /// of anything than allowed.
    pub fn new(config: &HoursConfig) -> Result<Self, HoursError> {
        let unknown_zone = || HoursError::Zone(config.time_zone.clone());
        let zone = TimeZoneDatabase::bundled().get(&config.time_zone).map_err(|_| unknown_zone())?;
        if zone.is_unknown() {
            return Err(unknown_zone());
        }
        let week = &config.week;
        let days = [
            ("monday", &week.monday),
            ("tuesday", &week.tuesday),
            ("wednesday", &week.wednesday),
            ("thursday", &week.thursday),
            ("friday", &week.friday),
            ("saturday", &week.saturday),
            ("sunday", &week.sunday),
        ];
        let mut checked: [Vec<DayHours>; 7] = Default::default();
        for (slot, (name, periods)) in checked.iter_mut().zip(days) {
            *slot = in_order(periods, name)?;
        }
        Ok(Self { zone, week: checked, special: special_days(&config.special_days)? })
    }

    /// Whether it is open at that moment.
    #[must_use]
    pub fn is_open(&self, at: Micros) -> bool {
        let Some(today) = self.date_at(at) else { return false };
        // Days count one after the other, but where clocks are set back over midnight a day begins twice.
        [-1, 0, 1].iter().any(|days| {
            let periods = today.checked_add(days.days()).map(|date| self.periods(date));
            periods.is_ok_and(|mut periods| periods.any(|(from, to)| from <= at && at < to))
        })
    }

    /// The first moment, not before `at`, at which it is open: `at` itself when it is open then. `None` when
    /// it does not open within the next 400 days.
    #[must_use]
    pub fn next_opening(&self, at: Micros) -> Option<Micros> {
        if self.is_open(at) {
            return Some(at);
        }
        let today = self.date_at(at)?;
        (-1..=HORIZON_DAYS).find_map(|days| {
            let date = today.checked_add(days.days()).ok()?;
            self.periods(date).map(|(from, _)| from).find(|from| *from >= at)
        })
    }

    /// The name of the special day that it is at that moment, where the hours are kept.
    #[must_use]
    pub fn special_day(&self, at: Micros) -> Option<&str> {
        self.special.get(&self.date_at(at)?).map(|(name, _)| name.as_str())
    }

    fn date_at(&self, at: Micros) -> Option<Date> {
        let at = Timestamp::from_microsecond(at.0).ok()?;
        Some(self.zone.to_datetime(at).date())
    }

    /// The periods that begin on a date, in order, without those that fall into an hour that does not exist.
    fn periods(&self, date: Date) -> impl Iterator<Item = (Micros, Micros)> {
        let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        let periods = self.special.get(&date).map_or(&self.week[weekday], |(_, periods)| periods);
        periods
            .iter()
            .filter_map(move |period| Some((self.moment(date, period.from)?, self.moment(date, period.to)?)))
            .filter(|(from, to)| from < to)
    }

    /// The moment at which clocks first show that many minutes after midnight of `date`, or would.
    fn moment(&self, date: Date, minutes: u16) -> Option<Micros> {
        let midnight = date.checked_add(i64::from(minutes / (24 * 60)).days()).ok()?;
        let (hour, minute) = (minutes % (24 * 60) / 60, minutes % 60);
        let time = midnight.at(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0);
        let ambiguous = self.zone.to_ambiguous_timestamp(time);
        let is_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
        let earlier = ambiguous.earlier().ok()?;
        let moment = if is_gap { self.zone.following(earlier).next()?.timestamp() } else { earlier };
        Some(Micros(moment.as_microsecond()))
    }
}

/// Sorts the periods of a day; `day` names it in errors.
fn in_order(periods: &[DayHours], day: &str) -> Result<Vec<DayHours>, HoursError> {
    if periods.len() > PERIODS_MAX {
        return Err(HoursError::Periods { day: day.to_owned(), max: PERIODS_MAX });
    }
    let mut sorted = periods.to_vec();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[1].from < pair[0].to) {
        Some(pair) => Err(HoursError::Overlap {
            day: day.to_owned(),
            first: pair[0].to_string(),
            second: pair[1].to_string(),
        }),
        None => Ok(sorted),
    }
}

fn special_days(config: &[SpecialDay]) -> Result<BTreeMap<Date, (String, Vec<DayHours>)>, HoursError> {
    let mut days = BTreeMap::new();
    for special in config {
        if special.name.chars().count() > NAME_MAX {
            return Err(HoursError::Name { day: special.date, max: NAME_MAX });
        }
        let until = special.until.unwrap_or(special.date);
        if until < special.date {
            return Err(HoursError::Range { from: special.date, until });
        }
        let open = in_order(&special.open, &special.date.to_string())?;
        let mut date = special.date.0;
        loop {
            if days.len() == SPECIAL_DAYS_MAX {
                return Err(HoursError::SpecialDays { max: SPECIAL_DAYS_MAX });
            }
            if days.insert(date, (special.name.clone(), open.clone())).is_some() {
                return Err(HoursError::Twice(Day(date)));
            }
            match date.tomorrow() {
                Ok(tomorrow) if tomorrow <= until.0 => date = tomorrow,
                _ => break,
            }
        }
    }
    Ok(days)
}

#[cfg(test)]
mod tests;
