use std::sync::Arc;

use kefu_core::Micros;

/// What the values of a column are, as its type in the configuration says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scalar {
    /// `Int`: 32 bits with a sign.
    Int,
    /// `BigInt`: 64 bits with or without a sign, as a JSON number.
    BigInt,
    /// `Float`: finite.
    Float,
    /// `Decimal`: exact, as a text.
    Decimal,
    /// `Boolean`.
    Boolean,
    /// `String`.
    String,
    /// `ID`: a text, whatever the source keeps.
    Id,
    /// `DateTime`: RFC 3339, UTC, in milliseconds.
    DateTime,
    /// `Date`: a day without a time, `2026-11-29`.
    Date,
    /// `JSON`: anything, as it is.
    Json,
    /// One of these names.
    Enum(Arc<[String]>),
}

/// One value, on its way to a source or out of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// There is none.
    Null,
    /// For [`Scalar::Boolean`].
    Boolean(bool),
    /// For [`Scalar::Int`] and [`Scalar::BigInt`].
    Int(i64),
    /// For [`Scalar::BigInt`] above `i64::MAX`.
    Unsigned(u64),
    /// For [`Scalar::Float`].
    Float(f64),
    /// For everything that is written as a text.
    Text(String),
    /// For [`Scalar::DateTime`].
    Moment(Micros),
    /// For [`Scalar::Json`], and for lists.
    Json(serde_json::Value),
}
