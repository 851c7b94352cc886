//! Documents of BSON, read where they lie (<https://bsonspec.org/spec.html>).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use uuid::Uuid;

use crate::value::Value;

/// The longest document: what a server takes, and what mongodump adds.
pub(crate) const DOCUMENT_BYTES_MAX: usize = (16 << 20) + (16 << 10);

/// Documents within documents.
const DEPTH_MAX: usize = 100;

/// What is wrong with a document, and at which of its bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Broken {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

/// A field of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) name: &'a str,
    tag: u8,
    bytes: &'a [u8],
    /// Where its value begins in the document.
    at: usize,
}

/// The fields of a document, from the first to the last or to what is broken.
pub(crate) struct Elements<'a> {
    document: &'a [u8],
    at: usize,
    is_over: bool,
}

/// Looks at the frame of a document: its length and its last byte.
pub(crate) fn elements(document: &[u8]) -> Result<Elements<'_>, Broken> {
    let length = document.first_chunk().map(|length| i32::from_le_bytes(*length));
    if length.and_then(|length| usize::try_from(length).ok()) != Some(document.len()) || document.len() < 5 {
        return Err(Broken { at: 0, what: "the length of a document is not its own" });
    }
    if document[document.len() - 1] != 0 {
        return Err(Broken { at: document.len() - 1, what: "a document does not end with a zero" });
    }
    Ok(Elements { document, at: 4, is_over: false })
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let found = self.element();
        self.is_over = !matches!(found, Ok(Some(_)));
        found.transpose()
    }
}

impl<'a> Elements<'a> {
    fn element(&mut self) -> Result<Option<Element<'a>>, Broken> {
        let last = self.document.len() - 1;
        let tag = self.document[self.at];
        if tag == 0 {
            let what = "a document ends before its last byte";
            return if self.at == last { Ok(None) } else { Err(Broken { at: self.at, what }) };
        }
        let name_at = self.at + 1;
        let rest = &self.document[name_at..last];
        let Some(length) = rest.iter().position(|byte| *byte == 0) else {
            return Err(Broken { at: name_at, what: "a name has no end" });
        };
        let name = std::str::from_utf8(&rest[..length])
            .map_err(|_| Broken { at: name_at, what: "a name is no UTF-8" })?;
        let at = name_at + length + 1;
        let bytes = &self.document[at.min(last)..last];
        let size = size(tag, bytes).ok_or(Broken { at, what: "a value is cut off or of no known type" })?;
        self.at = at + size;
        Ok(Some(Element { name, tag, bytes: &bytes[..size], at }))
    }
}

/// How many bytes a value takes of `bytes`; nothing, if they are too few.
fn size(tag: u8, bytes: &[u8]) -> Option<usize> {
    let prefix = |at: usize| {
        let length = bytes.get(at..)?.first_chunk().map(|length| i32::from_le_bytes(*length))?;
        usize::try_from(length).ok()
    };
    let c_string = |at: usize| Some(at + bytes.get(at..)?.iter().position(|byte| *byte == 0)? + 1);
    let size = match tag {
        0x06 | 0x0a | 0x7f | 0xff => 0,
        0x08 => 1,
        0x10 => 4,
        0x01 | 0x09 | 0x11 | 0x12 => 8,
        0x07 => 12,
        0x13 => 16,
        0x02 | 0x0d | 0x0e => 4 + prefix(0).filter(|length| *length > 0)?,
        0x03 | 0x04 | 0x0f => prefix(0).filter(|length| *length >= 5)?,
        0x05 => 5 + prefix(0)?,
        0x0b => c_string(c_string(0)?)?,
        0x0c => 4 + prefix(0).filter(|length| *length > 0)? + 12,
        _ => return None,
    };
    (size <= bytes.len()).then_some(size)
}

impl Element<'_> {
    /// Its type, as MongoDB calls it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.tag {
            0x01 => "double",
            0x02 => "string",
            0x03 => "object",
            0x04 => "array",
            0x05 => "binData",
            0x07 => "objectId",
            0x08 => "bool",
            0x09 => "date",
            0x0a => "null",
            0x10 => "int",
            0x11 => "timestamp",
            0x12 => "long",
            0x13 => "decimal",
            0x7f => "maxKey",
            0xff => "minKey",
            _ => "other",
        }
    }

    /// The fields of a document or an array.
    pub(crate) fn inner(&self) -> Option<Result<Elements<'_>, Broken>> {
        matches!(self.tag, 0x03 | 0x04).then(|| elements(self.bytes).map_err(|broken| self.moved(broken)))
    }

    fn moved(&self, broken: Broken) -> Broken {
        Broken { at: broken.at + self.at, ..broken }
    }

    /// What it is.
    pub(crate) fn value(&self) -> Result<Value, Broken> {
        let bytes = self.bytes;
        Ok(match self.tag {
            0x01 => Value::Float(f64::from_le_bytes(self.array())),
            0x02 | 0x0d | 0x0e => text(string(bytes)),
            0x03 | 0x04 => {
                let mut json = String::new();
                write_json(&mut json, self, 0)?;
                Value::Json(json)
            }
            0x05 if bytes[4] == 4 && bytes.len() == 21 => {
                let mut id = [0; 16];
                id.copy_from_slice(&bytes[5..]);
                Value::Text(Uuid::from_bytes(id).to_string())
            }
            0x05 => Value::Bytes(bytes[5..].to_vec()),
            0x07 => Value::ObjectId(self.array()),
            0x08 => Value::Bool(bytes[0] != 0),
            0x09 => {
                let milliseconds = i64::from_le_bytes(self.array());
                match milliseconds.checked_mul(1000) {
                    Some(micros) => Value::Moment(micros),
                    None => Value::Text(format!("{milliseconds} ms")),
                }
            }
            0x10 => Value::Int(i32::from_le_bytes(self.array()).into()),
            0x11 => Value::Moment(
                i64::from(u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]])) * 1_000_000,
            ),
            0x12 => Value::Int(i64::from_le_bytes(self.array())),
            0x13 => Value::Text(decimal(u128::from_le_bytes(self.array()))),
            0xff => Value::Text("MinKey".to_owned()),
            0x7f => Value::Text("MaxKey".to_owned()),
            0x0b => text(&bytes[..bytes.iter().position(|byte| *byte == 0).unwrap_or(0)]),
            _ => Value::Null,
        })
    }

    /// A value of a fixed size.
    fn array<const N: usize>(&self) -> [u8; N] {
        *self.bytes.first_chunk().expect("the size of a value was looked at when its element was found")
    }
}

/// A string without its length and its last zero.
fn string(bytes: &[u8]) -> &[u8] {
    &bytes[4..bytes.len() - 1]
}

fn text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::Text(text.to_owned()),
        Err(_) => Value::Bytes(bytes.to_vec()),
    }
}

/// Writes a value as JSON: what JSON has not becomes text.
fn write_json(out: &mut String, element: &Element<'_>, depth: usize) -> Result<(), Broken> {
    if depth > DEPTH_MAX {
        return Err(Broken { at: element.at, what: "documents lie too deep in each other" });
    }
    match element.inner() {
        Some(inner) => {
            let is_array = element.tag == 0x04;
            out.push(if is_array { '[' } else { '{' });
            for (index, field) in inner?.enumerate() {
                let field = field.map_err(|broken| element.moved(broken))?;
                if index > 0 {
                    out.push(',');
                }
                if !is_array {
                    out.push_str(&serde_json::Value::from(field.name).to_string());
                    out.push(':');
                }
                write_json(out, &field, depth + 1).map_err(|broken| element.moved(broken))?;
            }
            out.push(if is_array { ']' } else { '}' });
        }
        None => match element.value()? {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(&format!("{value}")),
            Value::Int(value) => out.push_str(&format!("{value}")),
            Value::Float(value) if value.is_finite() => out.push_str(&format!("{value:?}")),
            Value::Bytes(bytes) => out.push_str(&format!("\"{}\"", STANDARD.encode(bytes))),
            other => out.push_str(&serde_json::Value::from(other.to_string()).to_string()),
        },
    }
    Ok(())
}

/// IEEE 754 decimal128 with an integer coefficient, as the specification of BSON writes it.
fn decimal(bits: u128) -> String {
    let sign = if bits >> 127 == 1 { "-" } else { "" };
    match bits >> 122 & 0x1f {
        0x1f => return "NaN".to_owned(),
        0x1e => return format!("{sign}Infinity"),
        _ => {}
    }
    // The other form has coefficients beyond 34 digits only, which count as zero.
    let is_large = bits >> 125 & 3 == 3;
    let exponent = bits >> if is_large { 111 } else { 113 } & 0x3fff;
    let coefficient = if is_large { 0 } else { bits & ((1 << 113) - 1) };
    let coefficient = if coefficient < 10_u128.pow(34) { coefficient } else { 0 };
    let exponent = i32::try_from(exponent).unwrap_or(0) - 6176;
    let digits = coefficient.to_string();
    let length = digits.len() as i32;
    let adjusted = exponent + length - 1;
    if exponent > 0 || adjusted < -6 {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}E{adjusted:+}");
    }
    let before = length + exponent;
    match usize::try_from(before) {
        _ if exponent == 0 => format!("{sign}{digits}"),
        Ok(before) if before > 0 => format!("{sign}{}.{}", &digits[..before], &digits[before..]),
        _ => format!("{sign}0.{}{digits}", "0".repeat(before.unsigned_abs() as usize)),
    }
}

/// The values of these fields; `a.b` is the field `b` of the document `a`, where there is no field `a.b`.
pub(crate) fn fields(document: &[u8], wanted: &[String]) -> Result<Vec<Value>, Broken> {
    let mut values = vec![Value::Null; wanted.len()];
    for element in elements(document)? {
        let element = element?;
        for (index, name) in wanted.iter().enumerate() {
            if name == element.name {
                values[index] = element.value()?;
            } else if let Some(rest) = name.strip_prefix(element.name).and_then(|rest| rest.strip_prefix('.'))
                && values[index].is_null()
                && let Some(inner) = within(&element, rest)?
            {
                values[index] = inner;
            }
        }
    }
    Ok(values)
}

fn within(element: &Element<'_>, path: &str) -> Result<Option<Value>, Broken> {
    let Some(inner) = element.inner() else { return Ok(None) };
    for field in inner? {
        let field = field.map_err(|broken| element.moved(broken))?;
        if field.name == path {
            return field.value().map(Some).map_err(|broken| element.moved(broken));
        }
        if let Some(rest) = path.strip_prefix(field.name).and_then(|rest| rest.strip_prefix('.'))
            && let Some(found) = within(&field, rest).map_err(|broken| element.moved(broken))?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A document of these elements: tag, name and the bytes of the value.
    pub(crate) fn document(elements: &[(u8, &str, &[u8])]) -> Vec<u8> {
        let mut out = vec![0; 4];
        for (tag, name, bytes) in elements {
            out.push(*tag);
            out.extend(name.as_bytes());
            out.push(0);
            out.extend(*bytes);
        }
        out.push(0);
        let length = i32::try_from(out.len()).unwrap().to_le_bytes();
        out[..4].copy_from_slice(&length);
        out
    }

    pub(crate) fn string(text: &str) -> Vec<u8> {
        let mut out = (i32::try_from(text.len()).unwrap() + 1).to_le_bytes().to_vec();
        out.extend(text.as_bytes());
        out.push(0);
        out
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn fields_are_found_by_name_and_by_path() {
        let inner = document(&[(0x10, "x", &7_i32.to_le_bytes()), (0x08, "is", &[1])]);
        let whole = document(&[
            (0x07, "_id", &[9; 12]),
            (0x02, "text", &string("你好")),
            (0x03, "a", &inner),
            (0x02, "a.dotted", &string("own")),
            (0x09, "at", &1_500_i64.to_le_bytes()),
            (0x02, "", &string("nameless")),
        ]);
        let wanted = names(&["text", "a.x", "a.dotted", "at", "missing", "a", "", "_id"]);
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(
            fields(&whole, &wanted).unwrap(),
            [
                text("你好"),
                Value::Int(7),
                text("own"),
                Value::Moment(1_500_000),
                Value::Null,
                Value::Json(r#"{"x":7,"is":true}"#.to_owned()),
                text("nameless"),
                Value::ObjectId([9; 12]),
            ]
        );
    }

    /// Examples of the specification of decimal128.
    #[test]
    fn decimals_are_written_as_the_specification_does() {
        let decimals = [
            ("0", 0x3040_0000_0000_0000_0000_0000_0000_0000),
            ("1", 0x3040_0000_0000_0000_0000_0000_0000_0001),
            ("0.1", 0x303e_0000_0000_0000_0000_0000_0000_0001),
            ("0.001234", 0x3034_0000_0000_0000_0000_0000_0000_04d2),
            ("-1.2", 0xb03e_0000_0000_0000_0000_0000_0000_000c),
            ("1E+3", 0x3046_0000_0000_0000_0000_0000_0000_0001),
            ("NaN", 0x7c00_0000_0000_0000_0000_0000_0000_0000),
            ("-Infinity", 0xf800_0000_0000_0000_0000_0000_0000_0000),
        ];
        for (written, bits) in decimals {
            assert_eq!(decimal(bits), written);
        }
    }

    #[test]
    fn what_is_broken_is_said_with_its_place() {
        let whole = document(&[(0x02, "text", &string("abc"))]);
        assert_eq!(elements(&whole[..whole.len() - 1]).err().unwrap().at, 0);
        let mut cut = whole.clone();
        // The length of the string goes beyond the document.
        cut[10] = 200;
        let broken = fields(&cut, &names(&["text"])).unwrap_err();
        assert_eq!(broken, Broken { at: 10, what: "a value is cut off or of no known type" });
        let mut nested = document(&[]);
        for _ in 0..200 {
            nested = document(&[(0x03, "a", &nested)]);
        }
        let broken = fields(&nested, &names(&["a"])).unwrap_err();
        assert_eq!(broken.what, "documents lie too deep in each other");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(mut bytes in proptest::collection::vec(any::<u8>(), 5..64)) {
            let length = i32::try_from(bytes.len()).unwrap().to_le_bytes();
            bytes[..4].copy_from_slice(&length);
            *bytes.last_mut().unwrap() = 0;
            drop(fields(&bytes, &names(&["a", "b.c"])));
        }
    }
}
