//! Values on their way into statements: as the column keeps them, so that indexes are of use and nothing is compared
//! by rules of conversion that surprise.

use std::fmt::Write as _;

use super::dialect::{Dialect, Kind, Times};
use crate::{
    scalar::Value,
    sources::{
        fit::is_decimal,
        zone::{self, Zone},
    },
};

/// A value that is bound.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sources) enum Bind {
    Null,
    Boolean(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// An array of texts, in PostgreSQL.
    Texts(Vec<String>),
}

/// A statement with its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::sources) struct Statement {
    pub(in crate::sources) sql: String,
    pub(in crate::sources) binds: Vec<Bind>,
}

/// A value as a column of a kind takes it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sources) struct Bound {
    pub(in crate::sources) bind: Bind,
    /// What it is made into at the server.
    pub(in crate::sources) cast: &'static str,
}

impl Statement {
    pub(in crate::sources) fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    /// Writes a place for a value.
    pub(in crate::sources) fn place(&mut self, dialect: Dialect, bound: Bound) {
        let Bound { bind, cast } = bound;
        self.binds.push(bind);
        match (dialect, cast) {
            (Dialect::Postgres, cast) => {
                let number = self.binds.len();
                write!(self.sql, "CAST(${number} AS {cast})").expect("a text takes what is written to it");
            }
            (_, "") => self.push("?"),
            (_, cast) => {
                write!(self.sql, "CAST(? AS {cast})").expect("a text takes what is written to it");
            }
        }
    }
}

/// How a value is compared with a column of a kind; none if no value of the column can be equal to it.
pub(in crate::sources) fn bound(dialect: Dialect, kind: Kind, value: &Value, zone: Zone) -> Option<Bound> {
    match dialect {
        Dialect::MySql => mysql(kind, value, zone),
        Dialect::Postgres => postgres(kind, value, zone),
        Dialect::Sqlite { times } => sqlite(times, kind, value, zone),
    }
}

fn plain(bind: Bind) -> Bound {
    Bound { bind, cast: "" }
}

fn whole(text: &str) -> Option<Bind> {
    // Numbers of other spellings, such as +7, are no keys.
    let is_canonical = text == "0"
        || (is_decimal(text) && !text.contains('.') && !text.trim_start_matches('-').starts_with('0'));
    if !is_canonical {
        return None;
    }
    text.parse().map(Bind::Int).or_else(|_| text.parse().map(Bind::Unsigned)).ok()
}

fn text_of(value: &Value) -> Option<String> {
    Some(match value {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Unsigned(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(value) => value.to_string(),
        Value::Moment(moment) => zone::rfc3339(*moment)?,
        Value::Null | Value::Json(_) => return None,
    })
}

/// A number for columns of numbers.
fn number(value: &Value) -> Option<Bind> {
    match value {
        Value::Int(number) => Some(Bind::Int(*number)),
        Value::Unsigned(number) => Some(Bind::Unsigned(*number)),
        Value::Float(number) => Some(Bind::Float(*number)),
        Value::Boolean(value) => Some(Bind::Int((*value).into())),
        Value::Text(text) => whole(text),
        Value::Moment(_) | Value::Null | Value::Json(_) => None,
    }
}

/// A time as columns without a zone have it.
fn time(value: &Value, zone: Zone) -> Option<String> {
    match value {
        Value::Moment(moment) => zone.time(*moment).map(zone::sql),
        Value::Text(text) => zone.time(zone.read(text)?).map(zone::sql),
        _ => None,
    }
}

fn day(value: &Value, zone: Zone) -> Option<String> {
    match value {
        Value::Moment(moment) => zone.time(*moment).map(zone::sql),
        Value::Text(text) => text.parse::<jiff::civil::Date>().ok().map(|date| date.to_string()),
        _ => None,
    }
}

fn mysql(kind: Kind, value: &Value, zone: Zone) -> Option<Bound> {
    const EXACT: &str = "DECIMAL(65,30)";
    Some(match kind {
        Kind::Int | Kind::Bit => match value {
            Value::Text(text) if whole(text).is_none() && is_decimal(text) => {
                Bound { bind: Bind::Text(text.clone()), cast: EXACT }
            }
            value => plain(number(value)?),
        },
        Kind::Decimal => match value {
            Value::Float(number) => plain(Bind::Float(*number)),
            value => Bound { bind: Bind::Text(text_of(value).filter(|text| is_decimal(text))?), cast: EXACT },
        },
        Kind::Float => match value {
            Value::Text(text) if is_decimal(text) => plain(Bind::Float(text.parse().ok()?)),
            value => plain(number(value)?),
        },
        Kind::Boolean => plain(number(value)?),
        Kind::Date => plain(Bind::Text(day(value, zone)?)),
        Kind::Time | Kind::Moment => plain(Bind::Text(time(value, zone)?)),
        Kind::Bytes => plain(Bind::Bytes(text_of(value)?.into_bytes())),
        Kind::Text | Kind::Other | Kind::Uuid => plain(Bind::Text(text_of(value)?)),
        Kind::Json | Kind::Array => return None,
    })
}

fn postgres(kind: Kind, value: &Value, zone: Zone) -> Option<Bound> {
    let text = |text: Option<String>, cast| {
        // Its texts have no NUL, so none is equal to one.
        let text = text.filter(|text| !text.contains('\0'))?;
        Some(Bound { bind: Bind::Text(text), cast })
    };
    let exact = || text_of(value).filter(|text| is_decimal(text));
    match kind {
        Kind::Int => match value {
            Value::Float(number) => text(Some(number.to_string()), "double precision"),
            Value::Text(given) if whole(given).is_none() => text(exact(), "numeric"),
            value => match number(value)? {
                Bind::Int(number) => text(Some(number.to_string()), "bigint"),
                Bind::Unsigned(number) => text(Some(number.to_string()), "numeric"),
                _ => None,
            },
        },
        Kind::Decimal => match value {
            Value::Float(number) => text(Some(number.to_string()), "double precision"),
            _ => text(exact(), "numeric"),
        },
        Kind::Float => match value {
            Value::Float(number) => text(Some(number.to_string()), "double precision"),
            _ => text(exact(), "double precision"),
        },
        Kind::Boolean => match value {
            Value::Boolean(value) => text(Some(value.to_string()), "boolean"),
            Value::Text(given) if given == "true" || given == "false" => text(Some(given.clone()), "boolean"),
            _ => None,
        },
        Kind::Uuid => text(text_of(value).filter(|text| is_uuid(text)), "uuid"),
        Kind::Date => match value {
            Value::Moment(_) => text(time(value, zone), "timestamp"),
            value => text(day(value, zone), "date"),
        },
        Kind::Time => text(time(value, zone), "timestamp"),
        Kind::Moment => match value {
            Value::Moment(moment) => text(zone::rfc3339(*moment), "timestamptz"),
            Value::Text(given) => text(zone.read(given).and_then(zone::rfc3339), "timestamptz"),
            _ => None,
        },
        Kind::Text | Kind::Other => text(text_of(value), "text"),
        Kind::Bit | Kind::Bytes | Kind::Json | Kind::Array => None,
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn sqlite(times: Times, kind: Kind, value: &Value, zone: Zone) -> Option<Bound> {
    Some(plain(match value {
        Value::Moment(moment) => match times {
            Times::Text => {
                // In milliseconds, as the other side is written.
                let mut text = zone::sql(zone.time(*moment)?);
                text.truncate(23);
                Bind::Text(text)
            }
            Times::Seconds if moment.0 % 1_000_000 == 0 => Bind::Int(moment.0 / 1_000_000),
            #[expect(clippy::cast_precision_loss, reason = "microseconds of our days are exact")]
            Times::Seconds => Bind::Float(moment.0 as f64 / 1e6),
            Times::Milliseconds => Bind::Int(moment.0 / 1_000),
            Times::Microseconds => Bind::Int(moment.0),
        },
        Value::Text(text) => match kind {
            Kind::Int | Kind::Decimal | Kind::Float if is_decimal(text) => {
                whole(text).or_else(|| text.parse().ok().map(Bind::Float))?
            }
            _ => Bind::Text(text.clone()),
        },
        Value::Int(number) => Bind::Int(*number),
        #[expect(
            clippy::cast_precision_loss,
            reason = "no number of SQLite is as large; it compares both kinds"
        )]
        Value::Unsigned(number) => i64::try_from(*number).map_or(Bind::Float(*number as f64), Bind::Int),
        Value::Float(number) => Bind::Float(*number),
        Value::Boolean(value) => Bind::Int((*value).into()),
        Value::Null | Value::Json(_) => return None,
    }))
}
