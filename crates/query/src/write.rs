//! Cells as JSON, straight into the answer.

use kefu_core::Micros;
use serde_json::Value as Json;

use crate::decimal::is_decimal;
use crate::model::Mask;
use crate::rows::Cell;
use crate::scalar::Scalar;
use crate::value;

/// A cell has no value of its column's scalar.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Unfit;

/// Writes a cell that is not null.
pub(crate) fn cell(out: &mut Vec<u8>, cell: Cell<'_>, scalar: &Scalar) -> Result<(), Unfit> {
    match (scalar, cell) {
        (Scalar::Int, Cell::Int(value)) => whole(out, i32::try_from(value).map_err(|_| Unfit)?),
        (Scalar::Int, other) => {
            let value = value::whole(other).and_then(|value| i32::try_from(value).ok());
            whole(out, value.ok_or(Unfit)?);
        }
        (Scalar::BigInt, Cell::Int(value)) => whole(out, value),
        (Scalar::BigInt, Cell::Unsigned(value)) => whole(out, value),
        (Scalar::BigInt, other) => match value::whole(other).ok_or(Unfit)? {
            value if value < 0 => whole(out, i64::try_from(value).map_err(|_| Unfit)?),
            value => whole(out, u64::try_from(value).map_err(|_| Unfit)?),
        },
        (Scalar::Float, other) => float(out, value::fraction(other).ok_or(Unfit)?),
        (Scalar::Boolean, Cell::Boolean(value)) => boolean(out, value),
        (Scalar::Boolean, Cell::Int(value @ (0 | 1))) => boolean(out, value == 1),
        (Scalar::String, Cell::Text(value)) => text(out, value),
        (Scalar::Decimal, Cell::Text(value)) if is_decimal(value) => text(out, value),
        (Scalar::Decimal, Cell::Float(value)) => quoted(out, |out| float(out, value)),
        (Scalar::String | Scalar::Id | Scalar::Decimal, Cell::Int(value)) => {
            quoted(out, |out| whole(out, value))
        }
        (Scalar::String | Scalar::Id | Scalar::Decimal, Cell::Unsigned(value)) => {
            quoted(out, |out| whole(out, value));
        }
        (Scalar::String, Cell::Float(value)) => quoted(out, |out| float(out, value)),
        (Scalar::String, Cell::Boolean(value)) => quoted(out, |out| boolean(out, value)),
        (Scalar::Id, Cell::Text(value)) => text(out, value),
        (Scalar::DateTime, other) => moment(out, value::moment(other).ok_or(Unfit)?)?,
        (Scalar::Date, Cell::Text(value)) if value::is_date(value) => text(out, value),
        (Scalar::Date, Cell::Moment(at)) => day(out, at)?,
        (Scalar::Enum(names), Cell::Text(value)) if names.iter().any(|name| name == value) => {
            text(out, value)
        }
        (Scalar::Json, Cell::Json(json)) => out.extend_from_slice(json.as_bytes()),
        (Scalar::Json, Cell::Text(value)) => text(out, value),
        (Scalar::Json, Cell::Int(value)) => whole(out, value),
        (Scalar::Json, Cell::Unsigned(value)) => whole(out, value),
        (Scalar::Json, Cell::Float(value)) => float(out, value),
        (Scalar::Json, Cell::Boolean(value)) => boolean(out, value),
        (Scalar::Json, Cell::Moment(at)) => moment(out, at)?,
        _ => return Err(Unfit),
    }
    Ok(())
}

/// Writes a list, of which each item must have the scalar; `null` only where items may be null.
pub(crate) fn list(out: &mut Vec<u8>, cell: Cell<'_>, scalar: &Scalar, has_nulls: bool) -> Result<(), Unfit> {
    let Cell::Json(json) = cell else { return Err(Unfit) };
    let items: Vec<Json> = serde_json::from_str(json).map_err(|_| Unfit)?;
    out.push(b'[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        item_of(out, item, scalar, has_nulls)?;
    }
    out.push(b']');
    Ok(())
}

fn item_of(out: &mut Vec<u8>, item: &Json, scalar: &Scalar, has_nulls: bool) -> Result<(), Unfit> {
    match item {
        Json::Null if has_nulls => out.extend_from_slice(b"null"),
        Json::Null => return Err(Unfit),
        item if *scalar == Scalar::Json => serde_json::to_writer(out, item).map_err(|_| Unfit)?,
        Json::Bool(value) => cell(out, Cell::Boolean(*value), scalar)?,
        Json::String(value) => cell(out, Cell::Text(value), scalar)?,
        Json::Number(number) => {
            let whole = number.as_i64().map(Cell::Int).or_else(|| number.as_u64().map(Cell::Unsigned));
            let any = whole.or_else(|| number.as_f64().map(Cell::Float));
            cell(out, any.ok_or(Unfit)?, scalar)?;
        }
        Json::Array(_) | Json::Object(_) => return Err(Unfit),
    }
    Ok(())
}

/// Writes what remains of a text.
pub(crate) fn masked(out: &mut Vec<u8>, cell: Cell<'_>, mask: Mask) {
    const STARS: &str = "***";
    let Cell::Text(value) = cell else { return text(out, STARS) };
    let head = |count: usize| value.char_indices().nth(count).map_or(value, |(at, _)| &value[..at]);
    let tail = |count: usize| {
        let at = value.char_indices().rev().nth(count.saturating_sub(1)).map_or(0, |(at, _)| at);
        &value[at..]
    };
    let length = value.chars().count();
    // What is too short would show all of it.
    let (before, after) = match mask {
        Mask::Email => match value.rsplit_once('@') {
            Some((name, _)) if name.chars().count() > 1 => (head(1), &value[name.len()..]),
            Some((name, _)) => ("", &value[name.len()..]),
            None => ("", ""),
        },
        Mask::Phone if length > 8 => (head(3), tail(4)),
        Mask::Last4 if length > 8 => ("", tail(4)),
        _ => ("", ""),
    };
    let stars = if mask == Mask::Phone { "****" } else { STARS };
    out.push(b'"');
    for part in [before, stars, after] {
        escaped(out, part);
    }
    out.push(b'"');
}

/// Writes a text with its quotes.
pub(crate) fn text(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    escaped(out, value);
    out.push(b'"');
}

fn escaped(out: &mut Vec<u8>, value: &str) {
    // All bytes are looked at without a way out, which is many at a time.
    let is_special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    if !value.as_bytes().iter().fold(false, |any, byte| any | is_special(byte)) {
        return out.extend_from_slice(value.as_bytes());
    }
    let begin = out.len();
    serde_json::to_writer(&mut *out, value).expect("a text can be written to memory");
    out.pop();
    out.remove(begin);
}

fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

fn whole(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn float(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(zmij::Buffer::new().format(value).as_bytes());
}

fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

const DAY: i64 = 86_400_000_000;

/// Writes a moment as in RFC 3339: UTC, with milliseconds.
fn moment(out: &mut Vec<u8>, at: Micros) -> Result<(), Unfit> {
    let millis = at.0.rem_euclid(DAY) / 1_000;
    out.push(b'"');
    date(out, at.0.div_euclid(DAY))?;
    out.push(b'T');
    digits(out, millis / 3_600_000, 2);
    out.push(b':');
    digits(out, millis / 60_000 % 60, 2);
    out.push(b':');
    digits(out, millis / 1_000 % 60, 2);
    out.push(b'.');
    digits(out, millis % 1_000, 3);
    out.extend_from_slice(b"Z\"");
    Ok(())
}

fn day(out: &mut Vec<u8>, at: Micros) -> Result<(), Unfit> {
    out.push(b'"');
    date(out, at.0.div_euclid(DAY))?;
    out.push(b'"');
    Ok(())
}

/// Writes the day so many days after 1970-01-01, of the years that RFC 3339 has.
fn date(out: &mut Vec<u8>, days: i64) -> Result<(), Unfit> {
    // Howard Hinnant's `civil_from_days`: years that begin in March, in cycles of 400.
    let shifted = days + 719_468;
    let cycle = shifted.div_euclid(146_097);
    let of_cycle = shifted.rem_euclid(146_097);
    let year = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + cycle * 400 + i64::from(month <= 2);
    if !(0..=9_999).contains(&year) {
        return Err(Unfit);
    }
    digits(out, year, 4);
    out.push(b'-');
    digits(out, month, 2);
    out.push(b'-');
    digits(out, day, 2);
    Ok(())
}

fn digits(out: &mut Vec<u8>, value: i64, count: u32) {
    for place in (0..count).rev() {
        let digit = value / 10_i64.pow(place) % 10;
        out.push(b'0' + u8::try_from(digit).expect("a digit is below ten"));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: Cell<'_>, scalar: &Scalar) -> Option<String> {
        let mut out = Vec::new();
        cell(&mut out, value, scalar).ok()?;
        Some(String::from_utf8(out).unwrap())
    }

    fn remains(value: &str, mask: Mask) -> String {
        let mut out = Vec::new();
        masked(&mut out, Cell::Text(value), mask);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn cells_become_what_their_column_promises_whatever_form_they_come_in() {
        let names = Scalar::Enum(vec!["OPEN".to_owned()].into());
        for (value, scalar, expected) in [
            (Cell::Int(-7), Scalar::Int, Some("-7")),
            (Cell::Text("12"), Scalar::Int, Some("12")),
            (Cell::Float(3.0), Scalar::Int, Some("3")),
            (Cell::Float(3.5), Scalar::Int, None),
            (Cell::Int(1 << 31), Scalar::Int, None),
            (Cell::Unsigned(u64::MAX), Scalar::BigInt, Some("18446744073709551615")),
            (Cell::Text("-9223372036854775808"), Scalar::BigInt, Some("-9223372036854775808")),
            (Cell::Int(2), Scalar::Float, Some("2.0")),
            (Cell::Float(f64::NAN), Scalar::Float, None),
            (Cell::Text("12.50"), Scalar::Decimal, Some("\"12.50\"")),
            (Cell::Text("1e5"), Scalar::Decimal, None),
            (Cell::Int(1), Scalar::Boolean, Some("true")),
            (Cell::Int(2), Scalar::Boolean, None),
            (Cell::Text("a\"\\\n\u{1}b"), Scalar::String, Some("\"a\\\"\\\\\\n\\u0001b\"")),
            (Cell::Int(7), Scalar::Id, Some("\"7\"")),
            (Cell::Json("{}"), Scalar::String, None),
            (Cell::Json("{\"a\":1}"), Scalar::Json, Some("{\"a\":1}")),
            (Cell::Text("OPEN"), names.clone(), Some("\"OPEN\"")),
            (Cell::Text("open"), names, None),
            (
                Cell::Moment(Micros(1_764_403_200_123_456)),
                Scalar::DateTime,
                Some("\"2025-11-29T08:00:00.123Z\""),
            ),
            (Cell::Moment(Micros(-1)), Scalar::DateTime, Some("\"1969-12-31T23:59:59.999Z\"")),
            (Cell::Text("2026-11-29T10:00:00+02:00"), Scalar::DateTime, Some("\"2026-11-29T08:00:00.000Z\"")),
            (Cell::Moment(Micros(i64::MAX)), Scalar::DateTime, None),
            (Cell::Text("2026-02-30"), Scalar::Date, None),
            (Cell::Moment(Micros(951_782_400_000_000)), Scalar::Date, Some("\"2000-02-29\"")),
        ] {
            assert_eq!(written(value, &scalar).as_deref(), expected, "{value:?} as {scalar:?}");
        }
    }

    #[test]
    fn masks_leave_what_they_say_and_nothing_of_what_is_too_short() {
        for (value, mask, expected) in [
            ("anna@example.com", Mask::Email, "a***@example.com"),
            ("a@example.com", Mask::Email, "***@example.com"),
            ("no address", Mask::Email, "***"),
            ("13812345678", Mask::Phone, "138****5678"),
            ("12345678", Mask::Phone, "****"),
            ("6222021234567890", Mask::Last4, "***7890"),
            ("王小明王小明王小明", Mask::Last4, "***明王小明"),
            ("1234", Mask::Last4, "***"),
            ("anything \"else\"", Mask::All, "***"),
        ] {
            assert_eq!(remains(value, mask), expected);
        }
    }

    #[test]
    fn lists_are_checked_item_by_item() {
        let mut out = Vec::new();
        assert_eq!(list(&mut out, Cell::Json("[1,\"2\",null]"), &Scalar::Int, true), Ok(()));
        assert_eq!(out, b"[1,2,null]");
        for (json, scalar) in
            [("[null]", Scalar::Int), ("[[1]]", Scalar::Int), ("{}", Scalar::Int), ("[1.5]", Scalar::Int)]
        {
            assert_eq!(list(&mut Vec::new(), Cell::Json(json), &scalar, false), Err(Unfit), "{json}");
        }
    }

    proptest! {
        #[test]
        fn texts_are_read_back_as_they_were(value: String) {
            let written = written(Cell::Text(&value), &Scalar::String).unwrap();
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), value);
        }

        #[test]
        fn moments_are_those_of_the_calendar(millis in -62_167_219_200_000_i64..253_402_300_800_000) {
            let written = written(Cell::Moment(Micros(millis * 1_000)), &Scalar::DateTime).unwrap();
            let read: jiff::Timestamp = written.trim_matches('"').parse().unwrap();
            prop_assert_eq!(read.as_millisecond(), millis);
        }
    }
}
