//! From what a source gave to what the configuration promises, or not at all.

use std::{borrow::Cow, fmt};

use jiff::civil;
use kefu_core::Micros;
use serde_json::Value;

use super::zone::{Zone, rfc3339, since_1970};
use crate::{rows::Cell, scalar::Scalar, source::Column};

/// A value as a source has it.
#[cfg_attr(
    not(any(test, feature = "mysql", feature = "mongo")),
    expect(dead_code, reason = "what can be given is said by the features")
)]
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Raw<'a> {
    Null,
    Boolean(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    /// An exact number as a text.
    Decimal(Cow<'a, str>),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    Moment(Micros),
    /// A value out of a document.
    Json(&'a Value),
}

/// A value that fits.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fitted<'a> {
    Null,
    Boolean(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    Moment(Micros),
    Text(Cow<'a, str>),
    Json(Cow<'a, str>),
}

impl Fitted<'_> {
    pub(super) fn cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Boolean(value) => Cell::Boolean(*value),
            Self::Int(value) => Cell::Int(*value),
            Self::Unsigned(value) => Cell::Unsigned(*value),
            Self::Float(value) => Cell::Float(*value),
            Self::Moment(value) => Cell::Moment(*value),
            Self::Text(text) => Cell::Text(text),
            Self::Json(text) => Cell::Json(text),
        }
    }

    /// As an item of a list.
    fn json(self) -> Result<Value, Misfit> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Boolean(value) => value.into(),
            Self::Int(value) => value.into(),
            Self::Unsigned(value) => value.into(),
            Self::Float(value) => value.into(),
            Self::Moment(value) => {
                let moment = jiff::Timestamp::from_microsecond(value.0).map_err(|_| Misfit::Beyond)?;
                format!("{moment:.3}").into()
            }
            Self::Text(text) => text.into_owned().into(),
            Self::Json(text) => serde_json::from_str(&text).map_err(|_| Misfit::NoJson)?,
        })
    }
}

/// A value does not fit. Nothing of the value is said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Misfit {
    /// It is something else.
    Other { promised: &'static str, found: &'static str },
    /// It is a number or a moment beyond what the type holds.
    Beyond,
    /// It is none of the names of an enum.
    NoName,
    /// Bytes that are no text.
    NoText,
    /// A text that is no JSON.
    NoJson,
}

impl fmt::Display for Misfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other { promised, found } => write!(out, "found {found} where {promised} is promised"),
            Self::Beyond => out.write_str("a value is beyond what its type holds"),
            Self::NoName => out.write_str("a value is none of the enum's"),
            Self::NoText => out.write_str("found bytes that are no text in UTF-8"),
            Self::NoJson => out.write_str("found a text that is no JSON"),
        }
    }
}

/// What a column promises, of what a source gave; `zone` is that of times that name none.
pub(super) fn fit<'a>(raw: Raw<'a>, column: &Column, zone: Zone) -> Result<Fitted<'a>, Misfit> {
    if column.is_list { list(&raw, &column.scalar, zone) } else { scalar(raw, &column.scalar, zone) }
}

fn list(raw: &Raw<'_>, of: &Scalar, zone: Zone) -> Result<Fitted<'static>, Misfit> {
    let parsed;
    let items = match raw {
        Raw::Null => return Ok(Fitted::Null),
        Raw::Json(Value::Array(items)) => items,
        Raw::Json(Value::Null) => return Ok(Fitted::Null),
        Raw::Text(text) => {
            parsed = serde_json::from_str::<Value>(text).map_err(|_| Misfit::NoJson)?;
            match &parsed {
                Value::Array(items) => items,
                _ => return Err(Misfit::Other { promised: "a list", found: "another value" }),
            }
        }
        other => return Err(Misfit::Other { promised: "a list", found: found(other) }),
    };
    let fitted = items.iter().map(|item| scalar(Raw::Json(item), of, zone)?.json());
    let fitted: Vec<Value> = fitted.collect::<Result<_, _>>()?;
    Ok(Fitted::Json(Value::Array(fitted).to_string().into()))
}

fn scalar<'a>(raw: Raw<'a>, to: &Scalar, zone: Zone) -> Result<Fitted<'a>, Misfit> {
    let raw = if *to == Scalar::Json { raw } else { plain(raw)? };
    if raw == Raw::Null {
        return Ok(Fitted::Null);
    }
    match to {
        Scalar::Int => {
            let number = whole(&raw, "an Int")?;
            let number = i32::try_from(number).map_err(|_| Misfit::Beyond)?;
            Ok(Fitted::Int(number.into()))
        }
        Scalar::BigInt => {
            let number = whole(&raw, "a BigInt")?;
            match i64::try_from(number) {
                Ok(number) => Ok(Fitted::Int(number)),
                Err(_) => u64::try_from(number).map(Fitted::Unsigned).map_err(|_| Misfit::Beyond),
            }
        }
        Scalar::Float => float(&raw),
        Scalar::Boolean => boolean(&raw),
        Scalar::Decimal => decimal(raw),
        Scalar::String | Scalar::Id => text(raw).map(Fitted::Text),
        Scalar::Enum(names) => {
            let text = text(raw)?;
            if names.iter().any(|name| *name == text) { Ok(Fitted::Text(text)) } else { Err(Misfit::NoName) }
        }
        Scalar::DateTime => moment(&raw, zone).map(Fitted::Moment),
        Scalar::Date => date(&raw, zone),
        Scalar::Json => json(raw),
    }
}

/// Values out of documents as if they had come by themselves.
fn plain(raw: Raw<'_>) -> Result<Raw<'_>, Misfit> {
    Ok(match raw {
        Raw::Json(value) => match value {
            Value::Null => Raw::Null,
            Value::Bool(value) => Raw::Boolean(*value),
            Value::String(text) => Raw::Text(text.into()),
            Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(number), ..) => Raw::Int(number),
                (_, Some(number), _) => Raw::Unsigned(number),
                (.., Some(number)) => Raw::Float(number),
                _ => return Err(Misfit::Beyond),
            },
            Value::Array(_) => return Err(Misfit::Other { promised: "a single value", found: "a list" }),
            Value::Object(_) => return Err(Misfit::Other { promised: "a single value", found: "an object" }),
        },
        raw => raw,
    })
}

fn found(raw: &Raw<'_>) -> &'static str {
    match raw {
        Raw::Null => "nothing",
        Raw::Boolean(_) => "a boolean",
        Raw::Int(_) | Raw::Unsigned(_) | Raw::Float(_) | Raw::Decimal(_) => "a number",
        Raw::Text(_) => "a text",
        Raw::Bytes(_) => "bytes",
        Raw::Moment(_) => "a time",
        Raw::Json(_) => "a document",
    }
}

fn other(raw: &Raw<'_>, promised: &'static str) -> Misfit {
    Misfit::Other { promised, found: found(raw) }
}

fn utf8(bytes: &[u8]) -> Result<&str, Misfit> {
    std::str::from_utf8(bytes).map_err(|_| Misfit::NoText)
}

fn whole(raw: &Raw<'_>, promised: &'static str) -> Result<i128, Misfit> {
    let of_float = |number: f64| {
        let is_whole = number.trunc() == number && number.abs() < 1e19;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and within the type")]
        let whole = number as i128;
        if is_whole { Ok(whole) } else { Err(other(raw, promised)) }
    };
    match raw {
        Raw::Int(number) => Ok((*number).into()),
        Raw::Unsigned(number) => Ok((*number).into()),
        Raw::Float(number) => of_float(*number),
        Raw::Decimal(text) => {
            let (digits, fraction) = text.split_once('.').unwrap_or((text, ""));
            if fraction.bytes().any(|digit| digit != b'0') {
                return Err(Misfit::Other { promised, found: "a number with a fraction" });
            }
            digits.parse().map_err(|_| Misfit::Beyond)
        }
        Raw::Text(text) => text.parse().map_err(|_| other(raw, promised)),
        raw => Err(other(raw, promised)),
    }
}

fn float(raw: &Raw<'_>) -> Result<Fitted<'static>, Misfit> {
    const PROMISED: &str = "a Float";
    #[expect(clippy::cast_precision_loss, reason = "a Float is what is asked for")]
    let number = match raw {
        Raw::Int(number) => *number as f64,
        Raw::Unsigned(number) => *number as f64,
        Raw::Float(number) => *number,
        Raw::Decimal(text) | Raw::Text(text) => text.parse().map_err(|_| other(raw, PROMISED))?,
        raw => return Err(other(raw, PROMISED)),
    };
    if number.is_finite() { Ok(Fitted::Float(number)) } else { Err(Misfit::Beyond) }
}

fn boolean(raw: &Raw<'_>) -> Result<Fitted<'static>, Misfit> {
    match raw {
        Raw::Boolean(value) => Ok(Fitted::Boolean(*value)),
        Raw::Int(0) | Raw::Unsigned(0) => Ok(Fitted::Boolean(false)),
        Raw::Int(1) | Raw::Unsigned(1) => Ok(Fitted::Boolean(true)),
        Raw::Text(text) => match &**text {
            "0" | "false" => Ok(Fitted::Boolean(false)),
            "1" | "true" => Ok(Fitted::Boolean(true)),
            _ => Err(other(raw, "a Boolean")),
        },
        raw => Err(other(raw, "a Boolean")),
    }
}

/// Whether a text is a number with or without a fraction and nothing else.
pub(super) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(fraction) && text.len() <= 200
}

fn decimal(raw: Raw<'_>) -> Result<Fitted<'_>, Misfit> {
    Ok(Fitted::Text(match raw {
        Raw::Int(number) => number.to_string().into(),
        Raw::Unsigned(number) => number.to_string().into(),
        Raw::Float(number) if number.is_finite() => number.to_string().into(),
        Raw::Decimal(text) | Raw::Text(text) if is_decimal(&text) => text,
        raw => return Err(other(&raw, "a Decimal")),
    }))
}

fn text(raw: Raw<'_>) -> Result<Cow<'_, str>, Misfit> {
    Ok(match raw {
        Raw::Text(text) | Raw::Decimal(text) => text,
        Raw::Bytes(Cow::Borrowed(bytes)) => utf8(bytes)?.into(),
        Raw::Bytes(Cow::Owned(bytes)) => String::from_utf8(bytes).map_err(|_| Misfit::NoText)?.into(),
        Raw::Boolean(value) => value.to_string().into(),
        Raw::Int(number) => number.to_string().into(),
        Raw::Unsigned(number) => number.to_string().into(),
        Raw::Float(number) => number.to_string().into(),
        Raw::Moment(moment) => rfc3339(moment).ok_or(Misfit::Beyond)?.into(),
        raw => return Err(other(&raw, "a String")),
    })
}

fn moment(raw: &Raw<'_>, zone: Zone) -> Result<Micros, Misfit> {
    match raw {
        Raw::Moment(moment) => Ok(*moment),
        Raw::Int(number) => Ok(since_1970(*number)),
        Raw::Text(text) => zone.read(text).ok_or(other(raw, "a DateTime")),
        raw => Err(other(raw, "a DateTime")),
    }
}

fn date<'a>(raw: &Raw<'a>, zone: Zone) -> Result<Fitted<'a>, Misfit> {
    let date = match raw {
        // A day as it is written, whatever zone follows.
        Raw::Text(text) if text.len() == 10 => {
            text.parse::<civil::Date>().map_err(|_| other(raw, "a Date"))?
        }
        raw => zone.time(moment(raw, zone)?).ok_or(Misfit::Beyond)?.date(),
    };
    Ok(Fitted::Text(date.to_string().into()))
}

fn json(raw: Raw<'_>) -> Result<Fitted<'_>, Misfit> {
    let valid = |text: &str| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    Ok(match raw {
        Raw::Null => Fitted::Null,
        Raw::Json(Value::Null) => Fitted::Null,
        Raw::Json(value) => Fitted::Json(value.to_string().into()),
        Raw::Text(text) if valid(&text) => Fitted::Json(text),
        Raw::Text(_) => return Err(Misfit::NoJson),
        Raw::Boolean(value) => Fitted::Json(value.to_string().into()),
        Raw::Int(number) => Fitted::Json(number.to_string().into()),
        Raw::Unsigned(number) => Fitted::Json(number.to_string().into()),
        Raw::Float(number) if number.is_finite() => Fitted::Json(Value::from(number).to_string().into()),
        raw => Fitted::Json(Value::String(text(raw)?.into_owned()).to_string().into()),
    })
}

/// What lies at a path with dots within a document.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    // A member that is called so with its dots comes first.
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    path.split('.').try_fold(value, |value, name| match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    })
}

#[cfg(test)]
mod tests;
