//! Values between JSON, cells and sources.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use kefu_core::Micros;
use serde_json::Value as Json;

use crate::decimal::{Decimal, is_decimal};
use crate::rows::Cell;
use crate::scalar::{Scalar, Value};

/// A value in the form in which values of a scalar are compared, whatever form a source gives them in.
#[derive(Clone, Debug)]
pub(crate) enum Normal<'a> {
    Boolean(bool),
    Whole(i128),
    Fraction(f64),
    Decimal(Decimal),
    Text(Cow<'a, str>),
}

impl Normal<'_> {
    fn rank(&self) -> u8 {
        match self {
            Self::Boolean(_) => 0,
            Self::Whole(_) => 1,
            Self::Fraction(_) => 2,
            Self::Decimal(_) => 3,
            Self::Text(_) => 4,
        }
    }

    /// With nothing borrowed.
    pub(crate) fn into_owned(self) -> Normal<'static> {
        match self {
            Self::Boolean(value) => Normal::Boolean(value),
            Self::Whole(value) => Normal::Whole(value),
            Self::Fraction(value) => Normal::Fraction(value),
            Self::Decimal(value) => Normal::Decimal(value),
            Self::Text(text) => Normal::Text(Cow::Owned(text.into_owned())),
        }
    }
}

impl Ord for Normal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Whole(a), Self::Whole(b)) => a.cmp(b),
            // Minus nothing is nothing.
            (Self::Fraction(a), Self::Fraction(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
            (Self::Decimal(a), Self::Decimal(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for Normal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Normal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Normal<'_> {}

impl Hash for Normal<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Boolean(value) => value.hash(state),
            Self::Whole(value) => value.hash(state),
            Self::Fraction(value) => (value + 0.0).to_bits().hash(state),
            Self::Decimal(value) => value.hash(state),
            Self::Text(text) => text.hash(state),
        }
    }
}

/// The normal form of a cell; none for null, and for what is no value of the scalar.
pub(crate) fn normal<'a>(cell: Cell<'a>, scalar: &Scalar) -> Option<Normal<'a>> {
    match scalar {
        Scalar::Int | Scalar::BigInt => whole(cell).map(Normal::Whole),
        Scalar::Float => fraction(cell).map(Normal::Fraction),
        Scalar::Decimal => text(cell).and_then(|text| Decimal::of(&text)).map(Normal::Decimal),
        Scalar::Boolean => match cell {
            Cell::Boolean(value) => Some(Normal::Boolean(value)),
            Cell::Int(value @ (0 | 1)) => Some(Normal::Boolean(value == 1)),
            _ => None,
        },
        Scalar::DateTime => moment(cell).map(|Micros(value)| Normal::Whole(value.into())),
        Scalar::String | Scalar::Id | Scalar::Date | Scalar::Enum(_) | Scalar::Json => {
            text(cell).map(Normal::Text)
        }
    }
}

/// The normal form of a value, as [`normal`].
pub(crate) fn normal_value<'a>(value: &'a Value, scalar: &Scalar) -> Option<Normal<'a>> {
    let cell = match value {
        Value::Null => Cell::Null,
        Value::Boolean(value) => Cell::Boolean(*value),
        Value::Int(value) => Cell::Int(*value),
        Value::Unsigned(value) => Cell::Unsigned(*value),
        Value::Float(value) => Cell::Float(*value),
        Value::Text(text) => Cell::Text(text),
        Value::Moment(at) => Cell::Moment(*at),
        Value::Json(json) => return Some(Normal::Text(Cow::Owned(json.to_string()))),
    };
    normal(cell, scalar)
}

/// The value that a normal form stands for, as sources are asked with it.
pub(crate) fn denormal(normal: &Normal<'_>, scalar: &Scalar) -> Option<Value> {
    Some(match (normal, scalar) {
        (Normal::Boolean(value), _) => Value::Boolean(*value),
        (Normal::Whole(value), Scalar::DateTime) => Value::Moment(Micros(i64::try_from(*value).ok()?)),
        (Normal::Whole(value), Scalar::Int) => Value::Int(i32::try_from(*value).ok()?.into()),
        (Normal::Whole(value), _) => match i64::try_from(*value) {
            Ok(value) => Value::Int(value),
            Err(_) => Value::Unsigned(u64::try_from(*value).ok()?),
        },
        (Normal::Fraction(value), _) => Value::Float(*value),
        (Normal::Decimal(value), _) => Value::Text(value.to_string()),
        (Normal::Text(text), _) => Value::Text(text.clone().into_owned()),
    })
}

/// The value of a cell, as sources are asked with it; none for null, and for what is no value of the scalar.
pub(crate) fn from_cell(cell: Cell<'_>, scalar: &Scalar) -> Option<Value> {
    match (cell, scalar) {
        // Its digits are more than a fraction keeps.
        (Cell::Text(text), Scalar::Decimal) => Some(Value::Text(text.to_owned())),
        _ => denormal(&normal(cell, scalar)?, scalar),
    }
}

/// What lies at a path with dots, unless it is null.
pub(crate) fn within<'j>(json: &'j Json, path: &str) -> Option<&'j Json> {
    path.split('.').try_fold(json, |at, name| at.get(name)).filter(|json| !json.is_null())
}

pub(crate) fn whole(cell: Cell<'_>) -> Option<i128> {
    match cell {
        Cell::Int(value) => Some(value.into()),
        Cell::Unsigned(value) => Some(value.into()),
        Cell::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e15 => Some(value as i128),
        Cell::Text(text) => text.parse().ok(),
        _ => None,
    }
}

pub(crate) fn fraction(cell: Cell<'_>) -> Option<f64> {
    let value = match cell {
        Cell::Int(value) => value as f64,
        Cell::Unsigned(value) => value as f64,
        Cell::Float(value) => value,
        Cell::Text(text) => text.parse().ok()?,
        _ => return None,
    };
    value.is_finite().then_some(value)
}

pub(crate) fn moment(cell: Cell<'_>) -> Option<Micros> {
    match cell {
        Cell::Moment(at) => Some(at),
        Cell::Text(text) => {
            let at: jiff::Timestamp = text.parse().ok()?;
            Some(Micros(at.as_microsecond()))
        }
        _ => None,
    }
}

fn text(cell: Cell<'_>) -> Option<Cow<'_, str>> {
    Some(match cell {
        Cell::Text(text) | Cell::Json(text) => Cow::Borrowed(text),
        Cell::Int(value) => Cow::Owned(value.to_string()),
        Cell::Unsigned(value) => Cow::Owned(value.to_string()),
        Cell::Boolean(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        Cell::Float(value) => Cow::Owned(value.to_string()),
        Cell::Moment(_) | Cell::Null => return None,
    })
}

/// A value out of JSON, as a query, a variable or the configuration gives it.
pub(crate) fn from_json(json: &Json, scalar: &Scalar) -> Result<Value, String> {
    let read = match (scalar, json) {
        (_, Json::Null) => Some(Value::Null),
        (Scalar::Int, Json::Number(number)) => {
            number.as_i64().filter(|value| i32::try_from(*value).is_ok()).map(Value::Int)
        }
        (Scalar::BigInt, Json::Number(number)) => {
            number.as_i64().map(Value::Int).or_else(|| number.as_u64().map(Value::Unsigned))
        }
        (Scalar::BigInt, Json::String(text)) => {
            text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Unsigned)).ok()
        }
        (Scalar::Float, Json::Number(number)) => number.as_f64().filter(|v| v.is_finite()).map(Value::Float),
        (Scalar::Decimal, Json::Number(number)) => Some(Value::Text(number.to_string())),
        (Scalar::Decimal, Json::String(text)) => is_decimal(text).then(|| Value::Text(text.clone())),
        (Scalar::Boolean, Json::Bool(value)) => Some(Value::Boolean(*value)),
        (Scalar::String, Json::String(text)) => Some(Value::Text(text.clone())),
        (Scalar::Id, Json::String(text)) => Some(Value::Text(text.clone())),
        (Scalar::Id, Json::Number(number)) if !number.is_f64() => Some(Value::Text(number.to_string())),
        (Scalar::DateTime, Json::String(text)) => moment(Cell::Text(text)).map(Value::Moment),
        (Scalar::Date, Json::String(text)) => is_date(text).then(|| Value::Text(text.clone())),
        (Scalar::Enum(names), Json::String(text)) => names.contains(text).then(|| Value::Text(text.clone())),
        (Scalar::Json, json) => Some(Value::Json(json.clone())),
        _ => None,
    };
    read.ok_or_else(|| format!("{} is needed, not {}", needed(scalar), shown(json)))
}

/// A list of values out of JSON; one value stands for a list of it.
pub(crate) fn list_from_json(json: &Json, scalar: &Scalar) -> Result<Vec<Value>, String> {
    match json {
        Json::Array(items) => items.iter().map(|item| from_json(item, scalar)).collect(),
        one => Ok(vec![from_json(one, scalar)?]),
    }
}

/// A value as JSON, for cursors and lists.
pub(crate) fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Unsigned(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Moment(at) => {
            jiff::Timestamp::from_microsecond(at.0).map_or(Json::Null, |at| at.to_string().into())
        }
        Value::Json(json) => json.clone(),
    }
}

/// Whether it is a day such as `2026-11-29`.
pub(crate) fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

fn needed(scalar: &Scalar) -> &'static str {
    match scalar {
        Scalar::Int => "a whole number of 32 bits",
        Scalar::BigInt => "a whole number of 64 bits",
        Scalar::Float => "a number",
        Scalar::Decimal => "a decimal such as \"12.50\"",
        Scalar::Boolean => "true or false",
        Scalar::String => "a text",
        Scalar::Id => "an id",
        Scalar::DateTime => "a moment such as \"2026-11-29T08:00:00Z\"",
        Scalar::Date => "a day such as \"2026-11-29\"",
        Scalar::Json => "JSON",
        Scalar::Enum(_) => "one of the enum's names",
    }
}

fn shown(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "this number",
        Json::String(_) => "this text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
