use jiff::civil::DateTime;
use proptest::prelude::*;

use super::*;

/// Zones with different habits: none, half an hour, an hour, over midnight, southern, no daylight saving.
const ZONES: &[&str] = &[
    "UTC",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Africa/Cairo",
];

fn hours(json: &str) -> Result<Hours, String> {
    let config: HoursConfig = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Hours::new(&config).map_err(|error| error.to_string())
}

fn at(zone: &str, local: &str) -> Micros {
    let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
    let local: DateTime = local.parse().unwrap();
    Micros(zone.to_ambiguous_timestamp(local).compatible().unwrap().as_microsecond())
}

fn utc(text: &str) -> Micros {
    Micros(text.parse::<Timestamp>().unwrap().as_microsecond())
}

#[test]
fn a_week_with_a_lunch_break_and_a_night() {
    let hours = hours(
        r#"{"time_zone": "Asia/Shanghai", "week": {
            "monday": ["13:30-18:00", "09:00-12:00"], "friday": ["22:00-06:00"], "sunday": ["00:00-24:00"]}}"#,
    )
    .unwrap();
    let zone = "Asia/Shanghai";
    // 2027-01-04 is a Monday.
    for (local, open) in [
        ("2027-01-04 08:59", false),
        ("2027-01-04 09:00", true),
        ("2027-01-04 11:59:59", true),
        ("2027-01-04 12:00", false),
        ("2027-01-04 13:30", true),
        ("2027-01-04 18:00", false),
        ("2027-01-08 21:59", false),
        ("2027-01-08 22:00", true),
        ("2027-01-09 05:59", true),
        ("2027-01-09 06:00", false),
        ("2027-01-10 00:00", true),
        ("2027-01-10 23:59", true),
        ("2027-01-11 00:00", false),
    ] {
        assert_eq!(hours.is_open(at(zone, local)), open, "{local}");
    }
    let next = |local| hours.next_opening(at(zone, local)).unwrap();
    assert_eq!(next("2027-01-04 12:00"), at(zone, "2027-01-04 13:30"));
    assert_eq!(next("2027-01-04 18:00"), at(zone, "2027-01-08 22:00"));
    assert_eq!(next("2027-01-09 03:00"), at(zone, "2027-01-09 03:00"));
    assert_eq!(next("2027-01-11 00:00"), at(zone, "2027-01-11 09:00"));
}

#[test]
fn holidays_close_and_make_up_days_open() {
    let hours = hours(
        r#"{"time_zone": "Asia/Shanghai", "week": {"monday": ["09:00-18:00"], "tuesday": ["20:00-02:00"]},
            "special_days": [
                {"date": "2027-10-01", "until": "2027-10-07", "name": "国庆节"},
                {"date": "2027-10-09", "name": "调休", "open": ["10:00-16:00"]}]}"#,
    )
    .unwrap();
    let zone = "Asia/Shanghai";
    // 2027-10-04 is a Monday within the holiday, the 9th a Saturday.
    assert!(!hours.is_open(at(zone, "2027-10-04 10:00")));
    assert_eq!(hours.special_day(at(zone, "2027-10-04 10:00")), Some("国庆节"));
    assert_eq!(hours.next_opening(at(zone, "2027-10-04 10:00")), Some(at(zone, "2027-10-09 10:00")));
    assert!(hours.is_open(at(zone, "2027-10-09 15:59")));
    assert_eq!(hours.special_day(at(zone, "2027-10-10 10:00")), None);
    assert_eq!(hours.next_opening(at(zone, "2027-10-09 16:00")), Some(at(zone, "2027-10-11 09:00")));
}

#[test]
fn a_night_goes_on_into_a_closed_day() {
    let hours = hours(
        r#"{"time_zone": "UTC", "week": {"monday": ["20:00-02:00"]},
            "special_days": [{"date": "2027-01-05", "name": "closed"}]}"#,
    )
    .unwrap();
    assert!(hours.is_open(utc("2027-01-05T01:59:00Z")));
    assert!(!hours.is_open(utc("2027-01-05T02:00:00Z")));
}

#[test]
fn clocks_that_change_keep_the_hours_of_the_wall() {
    let hours = hours(
        r#"{"time_zone": "Europe/Berlin",
            "week": {"saturday": ["23:00-09:00"], "sunday": ["10:00-12:00"], "monday": ["10:00-12:00"]}}"#,
    )
    .unwrap();
    // 2027-03-28: at 02:00 clocks go to 03:00; 2027-10-31: at 03:00 back to 02:00.
    assert!(hours.is_open(utc("2027-03-28T06:59:59Z")) && !hours.is_open(utc("2027-03-28T07:00:00Z")));
    assert!(hours.is_open(utc("2027-10-31T07:59:59Z")) && !hours.is_open(utc("2027-10-31T08:00:00Z")));
    assert_eq!(hours.next_opening(utc("2027-03-28T07:00:00Z")), Some(utc("2027-03-28T08:00:00Z")));
    assert_eq!(hours.next_opening(utc("2027-10-31T08:00:00Z")), Some(utc("2027-10-31T09:00:00Z")));
}

#[test]
fn periods_that_begin_or_end_in_a_missing_or_repeated_hour() {
    let in_berlin = |period: &str| {
        hours(&format!(r#"{{"time_zone": "Europe/Berlin", "week": {{"sunday": ["{period}"]}}}}"#)).unwrap()
    };
    // Begins when the clocks change.
    let hours = in_berlin("02:30-03:10");
    assert!(hours.is_open(utc("2027-03-28T01:00:00Z")) && !hours.is_open(utc("2027-03-28T01:10:00Z")));
    // Does not exist that day.
    let hours = in_berlin("02:15-02:45");
    assert_eq!(hours.next_opening(utc("2027-03-28T00:00:00Z")), Some(utc("2027-04-04T00:15:00Z")));
    // The first run of a repeated hour is meant.
    let hours = in_berlin("02:15-02:45");
    assert!(hours.is_open(utc("2027-10-31T00:30:00Z")) && !hours.is_open(utc("2027-10-31T01:30:00Z")));
}

#[test]
fn never_open() {
    let hours = hours(r#"{"time_zone": "UTC"}"#).unwrap();
    assert!(!hours.is_open(Micros(0)));
    assert_eq!(hours.next_opening(Micros(0)), None);
    for far in [i64::MIN, i64::MAX] {
        assert!(!hours.is_open(Micros(far)));
        assert_eq!((hours.next_opening(Micros(far)), hours.special_day(Micros(far))), (None, None));
    }
}

#[test]
fn mistakes_are_named() {
    for (json, said) in [
        (r#"{"time_zone": "Asia/Shangai"}"#, "there is no time zone \"Asia/Shangai\""),
        (r#"{"time_zone": ""}"#, "there is no time zone \"\""),
        (r#"{"time_zone": "Etc/Unknown"}"#, "there is no time zone"),
        (r#"{"time_zone": "UTC", "weeks": {}}"#, "unknown field `weeks`, expected one of"),
        (r#"{"time_zone": "UTC", "week": {"mon": []}}"#, "unknown field `mon`, expected one of `monday`"),
        (r#"{"time_zone": "UTC", "week": {"monday": ["9-18"]}}"#, "\"9-18\" is no period of opening hours"),
        (r#"{"time_zone": "UTC", "week": {"monday": ["09:00-09:00"]}}"#, "is no period"),
        (r#"{"time_zone": "UTC", "week": {"monday": ["24:00-09:00"]}}"#, "is no period"),
        (r#"{"time_zone": "UTC", "week": {"monday": ["08:00-24:01"]}}"#, "is no period"),
        (r#"{"time_zone": "UTC", "week": {"monday": ["08:00-12:60"]}}"#, "is no period"),
        (r#"{"time_zone": "UTC", "week": {"monday": ["+8:00-12:00"]}}"#, "is no period"),
        (
            r#"{"time_zone": "UTC", "week": {"monday": ["12:00-18:00", "09:00-12:01"]}}"#,
            "the opening hours 09:00-12:01 and 12:00-18:00 of monday overlap",
        ),
        (r#"{"time_zone": "UTC", "special_days": [{"date": "2027-02-29"}]}"#, "\"2027-02-29\" is no date"),
        (r#"{"time_zone": "UTC", "special_days": [{"date": "2027-2-1"}]}"#, "is no date"),
        (r#"{"time_zone": "UTC", "special_days": [{"date": "2027-02-1x"}]}"#, "is no date"),
        (r#"{"time_zone": "UTC", "special_days": [{"date": "节2027-02"}]}"#, "is no date"),
        (
            r#"{"time_zone": "UTC", "special_days": [{"date": "2027-02-02", "until": "2027-02-01"}]}"#,
            "end before they begin",
        ),
        (
            r#"{"time_zone": "UTC", "special_days": [
                {"date": "2027-02-01", "until": "2027-02-03"}, {"date": "2027-02-03"}]}"#,
            "2027-02-03 stands twice",
        ),
        (
            r#"{"time_zone": "UTC", "special_days": [{"date": "2027-02-01", "until": "9999-12-31"}]}"#,
            "there are more than 2000 special days",
        ),
    ] {
        let error = hours(json).unwrap_err();
        assert!(error.contains(said), "{json}: {error}");
    }
}

/// Up to three periods of a day that do not overlap.
fn day() -> impl Strategy<Value = Vec<DayHours>> {
    proptest::collection::btree_set(0..1440_u16, 0..6).prop_map(|bounds| {
        let bounds: Vec<_> = bounds.into_iter().collect();
        let mut day: Vec<_> = bounds.chunks_exact(2).map(|b| DayHours { from: b[0], to: b[1] }).collect();
        // Every other last period crosses midnight.
        if let Some(last) = day.last_mut().filter(|last| last.from % 2 == 0) {
            last.to = 1440 + last.from / 2;
        }
        day
    })
}

fn config() -> impl Strategy<Value = HoursConfig> {
    let special = proptest::collection::btree_map(0..40_i64, day(), 0..4);
    (proptest::sample::select(ZONES), proptest::array::uniform7(day()), special).prop_map(
        |(zone, week, special)| {
            let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = week;
            let first = Date::constant(2026, 10, 20);
            HoursConfig {
                time_zone: zone.to_owned(),
                week: Week { monday, tuesday, wednesday, thursday, friday, saturday, sunday },
                special_days: special
                    .into_iter()
                    .map(|(days, open)| SpecialDay {
                        date: Day(first.checked_add(days.days()).unwrap()),
                        until: None,
                        name: format!("day {days}"),
                        open,
                    })
                    .collect(),
            }
        },
    )
}

/// Whether the wall clock says that it is open: today's periods, and what is left of yesterday's.
fn by_the_wall(config: &HoursConfig, local: DateTime) -> bool {
    let periods = |date: Date| {
        let special = config.special_days.iter().find(|special| special.date.0 == date);
        let week = &config.week;
        let days = [
            &week.monday,
            &week.tuesday,
            &week.wednesday,
            &week.thursday,
            &week.friday,
            &week.saturday,
            &week.sunday,
        ];
        special.map_or(days[date.weekday().to_monday_zero_offset().unsigned_abs() as usize], |s| &s.open)
    };
    let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
    let within = |period: &DayHours, minute: u16| period.from <= minute && minute < period.to;
    periods(local.date()).iter().any(|period| within(period, minute))
        || periods(local.date().yesterday().unwrap()).iter().any(|period| within(period, minute + 1440))
}

proptest! {
    #[test]
    fn open_is_what_the_wall_clock_says(config in config(), start in 0..60 * 1440_i64) {
        let hours = Hours::new(&config).unwrap();
        // Across the autumn changes of 2026, or those of spring.
        for season in ["2026-10-10T00:00:00Z", "2026-02-20T00:00:00Z"] {
            let start = utc(season).plus(start * 60_000_000);
            for step in 0..300 {
                let now = start.plus(step * 7 * 60_000_000);
                let local = hours.zone.to_datetime(Timestamp::from_microsecond(now.0).unwrap());
                // In a repeated hour the wall clock alone cannot tell.
                if hours.zone.to_ambiguous_timestamp(local).is_ambiguous() {
                    continue;
                }
                prop_assert_eq!(hours.is_open(now), by_the_wall(&config, local), "{} {}", local, now.0);
            }
        }
    }

    #[test]
    fn the_next_opening_is_the_first_open_minute(config in config(), start in 0..60 * 1440_i64) {
        let hours = Hours::new(&config).unwrap();
        let start = utc("2026-10-01T00:00:00Z").plus(start * 60_000_000);
        let opening = hours.next_opening(start);
        if let Some(opening) = opening {
            prop_assert!(opening >= start && hours.is_open(opening));
        }
        for minute in 0..3000 {
            let now = start.plus(minute * 60_000_000);
            if opening.is_some_and(|opening| now >= opening) {
                break;
            }
            prop_assert!(!hours.is_open(now), "{}", now.0);
        }
    }

    #[test]
    fn a_configuration_survives_writing_and_reading(config in config()) {
        let text = serde_json::to_string(&config).unwrap();
        prop_assert_eq!(serde_json::from_str::<HoursConfig>(&text).unwrap(), config);
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,12}", time in "[0-9:+-]{0,12}") {
        for text in [text, time] {
            drop((DayHours::try_from(text.clone()), Day::try_from(text.clone())));
            drop(Hours::new(&HoursConfig { time_zone: text, week: Week::default(), special_days: Vec::new() }));
        }
    }
}
