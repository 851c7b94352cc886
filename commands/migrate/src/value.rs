//! Values as sources have them, and keys as bytes that sort as the keys do.

use std::fmt;

/// Most bytes of a value that are written down of a row that cannot be used.
pub(crate) const RAW_MAX: usize = 4096;

/// A value of a source.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond what an `Int` holds.
    UInt(u64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// A date or a time as it is written; `is_utc` says whether its zone is known to be UTC.
    Temporal {
        text: String,
        is_utc: bool,
    },
    /// Microseconds since 1970 (UTC).
    Moment(i64),
    ObjectId([u8; 12]),
    /// A document, an array or something rare, as JSON.
    Json(String),
}

impl Value {
    /// A number that has no sign: the same one is the same value, however its column is declared.
    pub(crate) fn unsigned(value: u64) -> Self {
        i64::try_from(value).map_or(Self::UInt(value), Self::Int)
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The same, or its beginning if it is long: of what cannot be used no more is kept.
    pub(crate) fn shortened(&self) -> Self {
        let cut = |text: &str| text[..text.floor_char_boundary(RAW_MAX)].to_owned();
        match self {
            Self::Text(text) => Self::Text(cut(text)),
            Self::Json(text) => Self::Json(cut(text)),
            Self::Bytes(bytes) => Self::Bytes(bytes[..bytes.len().min(RAW_MAX)].to_vec()),
            other => other.clone(),
        }
    }

    /// Roughly how much memory it takes.
    pub(crate) fn weight(&self) -> usize {
        16 + match self {
            Self::Text(text) | Self::Temporal { text, .. } | Self::Json(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            _ => 0,
        }
    }
}

/// As people read it; bytes that are no UTF-8 are replaced.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::UInt(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Text(text) | Self::Temporal { text, .. } | Self::Json(text) => f.write_str(text),
            Self::Bytes(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
            Self::Moment(micros) => match jiff::Timestamp::from_microsecond(*micros) {
                Ok(at) => at.fmt(f),
                Err(_) => micros.fmt(f),
            },
            Self::ObjectId(id) => id.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

/// What begins each value of a key: kinds sort in this order, so that keys of mixed kinds have one, too.
const NULL: u8 = 0x05;
const BOOL: u8 = 0x10;
const INT: u8 = 0x20;
const UINT: u8 = 0x21;
const FLOAT: u8 = 0x22;
const TEXT: u8 = 0x30;
const BYTES: u8 = 0x31;
const TEMPORAL: u8 = 0x40;
const TEMPORAL_UTC: u8 = 0x41;
const MOMENT: u8 = 0x42;
const OBJECT_ID: u8 = 0x50;
const JSON: u8 = 0x60;

/// Longest key in bytes.
pub(crate) const KEY_BYTES_MAX: usize = 2048;

/// Writes the values of a key so that bytes sort as they do.
pub(crate) fn encode_key<'a>(values: impl IntoIterator<Item = &'a Value>) -> Vec<u8> {
    let mut out = Vec::with_capacity(16);
    for value in values {
        match value {
            Value::Null => out.push(NULL),
            Value::Bool(value) => out.extend([BOOL, u8::from(*value)]),
            Value::Int(value) => number(&mut out, INT, value.cast_unsigned() ^ 1 << 63),
            Value::UInt(value) => number(&mut out, UINT, *value),
            Value::Float(value) => {
                let bits = value.to_bits();
                // Of two negative numbers the one with more bits is the smaller one.
                number(&mut out, FLOAT, if bits >> 63 == 1 { !bits } else { bits ^ 1 << 63 });
            }
            Value::Text(text) => escaped(&mut out, TEXT, text.as_bytes()),
            Value::Bytes(bytes) => escaped(&mut out, BYTES, bytes),
            Value::Temporal { text, is_utc } => {
                escaped(&mut out, if *is_utc { TEMPORAL_UTC } else { TEMPORAL }, text.as_bytes());
            }
            Value::Moment(micros) => number(&mut out, MOMENT, micros.cast_unsigned() ^ 1 << 63),
            Value::ObjectId(id) => {
                out.push(OBJECT_ID);
                out.extend(id);
            }
            Value::Json(text) => escaped(&mut out, JSON, text.as_bytes()),
        }
    }
    out
}

fn number(out: &mut Vec<u8>, tag: u8, bits: u64) {
    out.push(tag);
    out.extend(bits.to_be_bytes());
}

/// Zeros are followed by 255, the end is two zeros.
fn escaped(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    for byte in bytes {
        out.push(*byte);
        if *byte == 0 {
            out.push(0xff);
        }
    }
    out.extend([0, 0]);
}

/// Reads a key that [`encode_key`] wrote; nothing, if it did not.
pub(crate) fn decode_key(mut bytes: &[u8]) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    while let Some((tag, rest)) = bytes.split_first() {
        bytes = rest;
        let value = match *tag {
            NULL => Value::Null,
            BOOL => {
                let (value, rest) = bytes.split_first()?;
                bytes = rest;
                Value::Bool(*value == 1)
            }
            OBJECT_ID => {
                let (id, rest) = bytes.split_first_chunk()?;
                bytes = rest;
                Value::ObjectId(*id)
            }
            INT | UINT | FLOAT | MOMENT => {
                let (number, rest) = bytes.split_first_chunk()?;
                bytes = rest;
                let bits = u64::from_be_bytes(*number);
                match *tag {
                    INT => Value::Int((bits ^ 1 << 63).cast_signed()),
                    UINT => Value::UInt(bits),
                    MOMENT => Value::Moment((bits ^ 1 << 63).cast_signed()),
                    _ => Value::Float(f64::from_bits(if bits >> 63 == 1 { bits ^ 1 << 63 } else { !bits })),
                }
            }
            BYTES => Value::Bytes(unescaped(&mut bytes)?),
            TEXT | TEMPORAL | TEMPORAL_UTC | JSON => {
                let text = String::from_utf8(unescaped(&mut bytes)?).ok()?;
                match *tag {
                    TEXT => Value::Text(text),
                    JSON => Value::Json(text),
                    tag => Value::Temporal { text, is_utc: tag == TEMPORAL_UTC },
                }
            }
            _ => return None,
        };
        values.push(value);
    }
    Some(values)
}

fn unescaped(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if *byte == 0 {
            let (next, rest) = bytes.split_first()?;
            *bytes = rest;
            match next {
                0 => return Some(out),
                0xff => {}
                _ => return None,
            }
        }
        out.push(*byte);
    }
}

/// A key as people read it: `7`, `abc`, or `7,abc`.
pub(crate) fn show_key(bytes: &[u8]) -> String {
    let Some(values) = decode_key(bytes) else { return format!("{bytes:02x?}") };
    let mut text = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&value.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<i64>().prop_map(Value::Int),
            (1_u64 << 63..).prop_map(Value::UInt),
            any::<bool>().prop_map(Value::Bool),
            ".{0,8}".prop_map(Value::Text),
            proptest::collection::vec(any::<u8>(), 0..6).prop_map(Value::Bytes),
            any::<[u8; 12]>().prop_map(Value::ObjectId),
            any::<i64>().prop_map(Value::Moment),
            any::<f64>().prop_filter("is equal to itself", |value| !value.is_nan()).prop_map(Value::Float),
        ]
    }

    proptest! {
        #[test]
        fn keys_come_back_as_they_were(values in proptest::collection::vec(value(), 1..4)) {
            prop_assert_eq!(decode_key(&encode_key(&values)), Some(values));
        }

        #[test]
        fn keys_sort_as_their_values(a in any::<i64>(), b in any::<i64>(), x in "[a-c\0]{0,4}", y in "[a-c\0]{0,4}") {
            let key = |number, text: &str| encode_key(&[Value::Int(number), Value::Text(text.to_owned())]);
            prop_assert_eq!(key(a, &x).cmp(&key(b, &y)), (a, x.as_bytes()).cmp(&(b, y.as_bytes())));
        }

        #[test]
        fn floats_sort_as_numbers(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            let key = |number| encode_key(&[Value::Float(number)]);
            prop_assert_eq!(key(a).cmp(&key(b)), a.total_cmp(&b));
        }

        #[test]
        fn nothing_panics_on_bytes_of_others(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            show_key(&bytes);
        }
    }
}
