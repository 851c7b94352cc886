//! Values of sources as what fields here take; what is changed on the way is counted.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::{civil, tz::TimeZone};
use kefu_core::Micros;

use crate::{
    file::{InvalidUtf8, PartialDate, RulesFile, TimeUnit, ZeroDate},
    value::Value,
};

/// Why a row cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Bad {
    /// The column, or the field if it is made of several.
    pub(crate) column: String,
    /// The reason, in one word.
    pub(crate) code: &'static str,
    /// More about it.
    pub(crate) detail: String,
}

impl Bad {
    pub(crate) fn new(column: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self { column: column.to_owned(), code, detail: detail.into() }
    }
}

/// How many values were changed, by what was done and the column.
pub(crate) type Changed = BTreeMap<String, u64>;

fn count(changed: &mut Changed, what: &str, column: &str) {
    *changed.entry(format!("{what} in {column}")).or_default() += 1;
}

/// The rules and the zone of a source.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) zone: TimeZone,
    pub(crate) zero_date: ZeroDate,
    pub(crate) partial_date: PartialDate,
    pub(crate) invalid_utf8: InvalidUtf8,
}

impl Rules {
    pub(crate) fn new(file: &RulesFile, zone: TimeZone) -> Self {
        let RulesFile { zero_date, partial_date, invalid_utf8, .. } = *file;
        Self { zone, zero_date, partial_date, invalid_utf8 }
    }

    /// A text; empty for nothing.
    pub(crate) fn text<'v>(
        &self,
        column: &str,
        value: &'v Value,
        changed: &mut Changed,
    ) -> Result<Cow<'v, str>, Bad> {
        let text = match value {
            Value::Text(text) | Value::Json(text) => Cow::Borrowed(text.as_str()),
            Value::Bytes(bytes) => match (std::str::from_utf8(bytes), self.invalid_utf8) {
                (Ok(text), _) => Cow::Borrowed(text),
                (Err(_), InvalidUtf8::Replace) => {
                    count(changed, "invalid_utf8 replaced", column);
                    String::from_utf8_lossy(bytes).into_owned().into()
                }
                (Err(error), InvalidUtf8::Reject) => {
                    let detail = format!("byte {} is no UTF-8", error.valid_up_to());
                    return Err(Bad::new(column, "invalid_utf8", detail));
                }
            },
            other => other.to_string().into(),
        };
        if text.contains('\0') {
            count(changed, "nul removed", column);
            return Ok(text.replace('\0', "").into());
        }
        Ok(text)
    }

    /// A moment; nothing for nothing.
    pub(crate) fn moment(
        &self,
        column: &str,
        value: &Value,
        unit: TimeUnit,
        changed: &mut Changed,
    ) -> Result<Option<Micros>, Bad> {
        let counted = |number: i64| {
            let micros = match unit {
                TimeUnit::Seconds => number.checked_mul(1_000_000),
                TimeUnit::Milliseconds => number.checked_mul(1_000),
                TimeUnit::Microseconds => Some(number),
            };
            micros.map(|micros| Some(Micros(micros))).ok_or_else(|| out_of_range(column, value))
        };
        match value {
            Value::Null => Ok(None),
            Value::Moment(micros) => Ok(Some(Micros(*micros))),
            Value::Int(number) => counted(*number),
            Value::Float(number) if number.is_finite() && number.abs() < 1e15 => {
                let scale = match unit {
                    TimeUnit::Seconds => 1e6,
                    TimeUnit::Milliseconds => 1e3,
                    TimeUnit::Microseconds => 1.0,
                };
                Ok(Some(Micros((number * scale).round() as i64)))
            }
            Value::Text(text) if text.trim().is_empty() => Ok(None),
            Value::Text(text) => match text.trim().parse() {
                Ok(number) => counted(number),
                Err(_) => self.written(column, text.trim(), false, changed),
            },
            Value::Temporal { text, is_utc } => self.written(column, text, *is_utc, changed),
            other => Err(Bad::new(column, "no_time", format!("{other} is no time"))),
        }
    }

    /// A date or a time as databases and programs write it.
    fn written(
        &self,
        column: &str,
        text: &str,
        is_utc: bool,
        changed: &mut Changed,
    ) -> Result<Option<Micros>, Bad> {
        if text.starts_with("0000-00-00") {
            count(changed, "zero_date", column);
            return match self.zero_date {
                ZeroDate::Empty => Ok(None),
                ZeroDate::Epoch => Ok(Some(Micros(0))),
                ZeroDate::Reject => Err(Bad::new(column, "zero_date", text)),
            };
        }
        // What a database writes has no zone in it.
        if text.contains('T')
            && let Ok(at) = text.parse::<jiff::Timestamp>()
        {
            return Ok(Some(Micros(at.as_microsecond())));
        }
        let parsed = text.parse::<civil::DateTime>();
        let time = match parsed {
            Ok(time) => time,
            Err(error) => match self.partial(column, text, changed)? {
                Some(Some(time)) => time,
                Some(None) => return Ok(None),
                None => return Err(Bad::new(column, "no_time", format!("{text}: {error}"))),
            },
        };
        let zone = if is_utc { TimeZone::UTC } else { self.zone.clone() };
        let at = zone.to_timestamp(time).map_err(|_| Bad::new(column, "out_of_range", text))?;
        Ok(Some(Micros(at.as_microsecond())))
    }

    /// What becomes of `2026-02-00` and the like; nothing, if it is not a date at all.
    fn partial(
        &self,
        column: &str,
        text: &str,
        changed: &mut Changed,
    ) -> Result<Option<Option<civil::DateTime>>, Bad> {
        let Some((year, month, day)) = date_parts(text) else { return Ok(None) };
        let bad = || Bad::new(column, "partial_date", text);
        if month > 12 || day > 31 {
            return Err(bad());
        }
        match self.partial_date {
            PartialDate::Reject => Err(bad()),
            PartialDate::Empty => {
                count(changed, "partial_date", column);
                Ok(Some(None))
            }
            PartialDate::First => {
                count(changed, "partial_date", column);
                let first = civil::Date::new(year, month.max(1), 1).map_err(|_| bad())?;
                Ok(Some(Some(first.at(0, 0, 0, 0))))
            }
        }
    }
}

fn out_of_range(column: &str, value: &Value) -> Bad {
    Bad::new(column, "out_of_range", format!("{value} is beyond what a time can be"))
}

/// Year, month and day of a text that begins like a date, whether or not there is such a day.
fn date_parts(text: &str) -> Option<(i16, i8, i8)> {
    let mut parts = text.get(..10)?.splitn(3, '-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Whether something is so; nothing, if the word is not known.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" | "0" | "no" | "false" | "off" | "n" | "f" => Some(false),
        "1" | "yes" | "true" | "on" | "y" | "t" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(zone: &str) -> Rules {
        let zone = TimeZone::get(zone).unwrap();
        Rules::new(&RulesFile::default(), zone)
    }

    fn temporal(text: &str) -> Value {
        Value::Temporal { text: text.to_owned(), is_utc: false }
    }

    fn moment(rules: &Rules, value: &Value) -> Result<Option<i64>, &'static str> {
        let at = rules.moment("at", value, TimeUnit::Seconds, &mut Changed::new());
        at.map(|at| at.map(|at| at.0)).map_err(|bad| bad.code)
    }

    #[test]
    fn times_are_of_the_zone_of_their_source_unless_they_name_one() {
        let shanghai = rules("Asia/Shanghai");
        assert_eq!(moment(&shanghai, &temporal("1970-01-01 08:00:00")), Ok(Some(0)));
        assert_eq!(moment(&shanghai, &temporal("1970-01-01 08:00:00.000001")), Ok(Some(1)));
        assert_eq!(moment(&shanghai, &temporal("1970-01-02")), Ok(Some(16 * 3_600_000_000)));
        let utc = Value::Temporal { text: "1970-01-01 00:00:01".to_owned(), is_utc: true };
        assert_eq!(moment(&shanghai, &utc), Ok(Some(1_000_000)));
        assert_eq!(moment(&shanghai, &Value::Text("1970-01-01T00:00:00Z".to_owned())), Ok(Some(0)));
        assert_eq!(moment(&shanghai, &Value::Int(7)), Ok(Some(7_000_000)));
        assert_eq!(moment(&shanghai, &Value::Text("7".to_owned())), Ok(Some(7_000_000)));
    }

    /// pgloader's `zero-dates-to-null` took 0009-12-04 for a zero date (its issue 1098).
    #[test]
    fn an_early_date_is_no_zero_date() {
        let at = moment(&rules("UTC"), &temporal("0009-12-04 00:00:00")).unwrap().unwrap();
        assert_eq!(jiff::Timestamp::from_microsecond(at).unwrap().to_string(), "0009-12-04T00:00:00Z");
    }

    #[test]
    fn zero_and_partial_dates_follow_their_rules_and_are_counted() {
        let mut rules = rules("UTC");
        let mut changed = Changed::new();
        let zero = temporal("0000-00-00 00:00:00");
        assert_eq!(rules.moment("at", &zero, TimeUnit::Seconds, &mut changed), Ok(None));
        assert_eq!(changed, [("zero_date in at".to_owned(), 1)].into());
        rules.zero_date = ZeroDate::Epoch;
        assert_eq!(moment(&rules, &zero), Ok(Some(0)));
        rules.zero_date = ZeroDate::Reject;
        assert_eq!(moment(&rules, &zero), Err("zero_date"));
        for text in ["2026-02-00", "2026-02-30 10:00:00", "2026-00-00"] {
            rules.partial_date = PartialDate::Reject;
            assert_eq!(moment(&rules, &temporal(text)), Err("partial_date"), "{text}");
            rules.partial_date = PartialDate::Empty;
            assert_eq!(moment(&rules, &temporal(text)), Ok(None), "{text}");
        }
        rules.partial_date = PartialDate::First;
        assert_eq!(moment(&rules, &temporal("1970-01-00")), Ok(Some(0)));
        assert_eq!(moment(&rules, &temporal("yesterday")), Err("no_time"));
    }

    #[test]
    fn numbers_beyond_any_time_are_refused() {
        let rules = rules("UTC");
        assert_eq!(moment(&rules, &Value::UInt(u64::MAX)), Err("no_time"));
        assert_eq!(moment(&rules, &Value::Int(i64::MAX)), Err("out_of_range"));
        assert_eq!(moment(&rules, &Value::Float(f64::NAN)), Err("no_time"));
    }

    #[test]
    fn bytes_that_are_no_utf_8_follow_their_rule() {
        let mut rules = rules("UTC");
        let (broken, mut changed) = (Value::Bytes(b"caf\xe9".to_vec()), Changed::new());
        let bad = rules.text("name", &broken, &mut changed).unwrap_err();
        assert_eq!((bad.code, bad.detail.as_str()), ("invalid_utf8", "byte 3 is no UTF-8"));
        rules.invalid_utf8 = InvalidUtf8::Replace;
        assert_eq!(rules.text("name", &broken, &mut changed).unwrap(), "caf\u{fffd}");
        assert_eq!(rules.text("name", &Value::Text("a\0b".to_owned()), &mut changed).unwrap(), "ab");
        let counted =
            [("invalid_utf8 replaced in name".to_owned(), 1), ("nul removed in name".to_owned(), 1)];
        assert_eq!(changed, counted.into());
    }
}
