//! Out of documents.

use kefu_core::Micros;
use mongodb::bson::{RawBsonRef, RawDocument, spec::BinarySubtype};
use serde_json::{Map, Value as Json};

use crate::sources::{fit::Raw, zone::rfc3339};

/// Levels of documents at most, as servers have them.
const DEPTH_MAX: usize = 100;

/// What lies at a path with dots.
pub(crate) fn at<'d>(document: &'d RawDocument, path: &str) -> Result<Option<RawBsonRef<'d>>, ()> {
    let Some((head, rest)) = path.split_once('.') else { return document.get(path).map_err(drop) };
    match document.get(head).map_err(drop)? {
        Some(RawBsonRef::Document(inner)) => at(inner, rest),
        _ => Ok(None),
    }
}

/// A single value; none if it is a list or a document, or has no counterpart.
pub(crate) fn raw(value: RawBsonRef<'_>) -> Option<Raw<'_>> {
    Some(match value {
        RawBsonRef::Null | RawBsonRef::Undefined => Raw::Null,
        RawBsonRef::Boolean(value) => Raw::Boolean(value),
        RawBsonRef::Int32(number) => Raw::Int(number.into()),
        RawBsonRef::Int64(number) => Raw::Int(number),
        RawBsonRef::Double(number) => Raw::Float(number),
        RawBsonRef::Decimal128(number) => Raw::Decimal(plain(&number.to_string()).into()),
        RawBsonRef::String(text) | RawBsonRef::Symbol(text) => Raw::Text(text.into()),
        RawBsonRef::ObjectId(id) => Raw::Text(id.to_hex().into()),
        RawBsonRef::DateTime(time) => Raw::Moment(Micros(time.timestamp_millis().checked_mul(1_000)?)),
        RawBsonRef::Timestamp(time) => Raw::Moment(Micros(i64::from(time.time) * 1_000_000)),
        RawBsonRef::Binary(binary) if binary.subtype == BinarySubtype::Uuid => {
            Raw::Text(uuid(binary.bytes)?.into())
        }
        RawBsonRef::Binary(binary) => Raw::Bytes(binary.bytes.into()),
        _ => return None,
    })
}

/// Anything as JSON.
pub(crate) fn json(value: RawBsonRef<'_>, depth: usize) -> Result<Json, ()> {
    if depth > DEPTH_MAX {
        return Err(());
    }
    Ok(match value {
        RawBsonRef::Array(items) => {
            let items = items.into_iter().map(|item| json(item.map_err(drop)?, depth + 1));
            Json::Array(items.collect::<Result<_, _>>()?)
        }
        RawBsonRef::Document(document) => {
            let members = document.iter().map(|member| {
                let (name, value) = member.map_err(drop)?;
                Ok((name.to_string(), json(value, depth + 1)?))
            });
            Json::Object(members.collect::<Result<Map<_, _>, ()>>()?)
        }
        value => match raw(value).ok_or(())? {
            Raw::Null => Json::Null,
            Raw::Boolean(value) => value.into(),
            Raw::Int(number) => number.into(),
            Raw::Float(number) => number.into(),
            Raw::Decimal(text) | Raw::Text(text) => text.into_owned().into(),
            Raw::Moment(moment) => rfc3339(moment).ok_or(())?.into(),
            Raw::Bytes(bytes) => hex(&bytes).into(),
            _ => return Err(()),
        },
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn uuid(bytes: &[u8]) -> Option<String> {
    let hex = hex(bytes);
    (hex.len() == 32).then(|| [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

/// An exact number without an exponent: `1.2E+3` is 1200.
fn plain(text: &str) -> String {
    let Some((digits, exponent)) = text.split_once('E') else { return text.to_owned() };
    let Ok(exponent) = exponent.parse::<i32>() else { return text.to_owned() };
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).unwrap_or(0) + exponent;
    // What is longer than any number of use stays as it is, and fits nothing.
    if !(-100..=100).contains(&point) {
        return text.to_owned();
    }
    match usize::try_from(point) {
        Ok(0) => format!("{sign}0.{all}"),
        Ok(point) if point >= all.len() => format!("{sign}{all}{}", "0".repeat(point - all.len())),
        Ok(point) => format!("{sign}{}.{}", &all[..point], &all[point..]),
        Err(_) => format!("{sign}0.{}{all}", "0".repeat(point.unsigned_abs() as usize)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_have_no_exponent() {
        for (text, expected) in [
            ("12.50", "12.50"),
            ("1.2E+3", "1200"),
            ("-1.2E-3", "-0.0012"),
            ("5E-1", "0.5"),
            ("1.234E+1", "12.34"),
            ("1E+6000", "1E+6000"),
            ("NaN", "NaN"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
