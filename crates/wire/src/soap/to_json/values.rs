//! Texts of simple types to JSON.

use std::borrow::Cow;

use base64::Engine as _;

use crate::{
    Error, json,
    xml::Reader,
    xsd::{Atom, Facets, Schemas, Simple, TypeId, TypeKind, Value},
};

/// What is needed to write a value of a simple type.
pub(super) struct Values<'s> {
    pub(super) schemas: &'s Schemas,
    pub(super) strict: bool,
}

impl Values<'_> {
    /// Writes the JSON of a text; `within` knows the prefixes.
    pub(super) fn write(
        &self,
        ty: TypeId,
        text: &str,
        within: &Reader<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let TypeKind::Simple(simple) = &self.schemas.ty(ty).kind else {
            json::write_text(out, text);
            return Ok(());
        };
        self.simple(simple, text, within, self.strict, out)
    }

    fn simple(
        &self,
        simple: &Simple,
        text: &str,
        within: &Reader<'_>,
        strict: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        match &simple.value {
            Value::Atom(atom) => {
                if strict {
                    check(&simple.facets, *atom, text)
                        .map_err(|rule| Error::malformed(within.offset(), rule))?;
                }
                write_atom(*atom, text, within, out)
            }
            Value::List(item) => {
                out.push(b'[');
                for (index, text) in text.split_ascii_whitespace().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.write(*item, text, within, out).map_err(|error| error.in_element(index))?;
                }
                out.push(b']');
                Ok(())
            }
            Value::Union(types) => {
                let before = out.len();
                for ty in types {
                    if let TypeKind::Simple(simple) = &self.schemas.ty(*ty).kind {
                        if self.simple(simple, text, within, true, out).is_ok() {
                            return Ok(());
                        }
                        out.truncate(before);
                    }
                }
                Err(Error::unexpected(within.offset(), "a value of one of several types", quote(text)))
            }
        }
    }
}

/// A text as it may stand in an error.
fn quote(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    format!("{short:?}")
}

/// Blanks around a text are gone, those within are single.
pub(super) fn collapse(text: &str) -> Cow<'_, str> {
    // Most have no blank at all: dates, codes.
    if text.bytes().all(|byte| byte > b' ') {
        return Cow::Borrowed(text);
    }
    let trimmed = trim(text);
    let blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let bytes = trimmed.as_bytes();
    let is_collapsed = !bytes.iter().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r'))
        && !bytes.windows(2).any(|pair| blank(pair[0]) && blank(pair[1]));
    if is_collapsed {
        return Cow::Borrowed(trimmed);
    }
    let words = trimmed.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty());
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

fn write_atom(atom: Atom, text: &str, within: &Reader<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    let wrong = |expected: &'static str| Error::unexpected(within.offset(), expected, quote(text));
    match atom {
        Atom::String => json::write_text(out, text),
        Atom::Normalized => json::write_text(out, &text.replace(['\t', '\n', '\r'], " ")),
        Atom::Token => json::write_text(out, &collapse(text)),
        Atom::Boolean => match trim(text) {
            "true" | "1" => out.extend_from_slice(b"true"),
            "false" | "0" => out.extend_from_slice(b"false"),
            _ => return Err(wrong("true or false")),
        },
        Atom::Integer { min, max } => match read_integer(trim(text)) {
            Some(Integer::Small(value)) if (min..=max).contains(&value) => match i64::try_from(value) {
                Ok(value) => json::write_i64(out, value),
                Err(_) => json::write_text(out, &value.to_string()),
            },
            // Only what has no bound may be larger than 128 bits.
            Some(Integer::Large(positive)) if if positive { max == i128::MAX } else { min == i128::MIN } => {
                json::write_text(out, trim(text));
            }
            _ => return Err(wrong("an integer within its bounds")),
        },
        Atom::Decimal => {
            let text = trim(text);
            if !is_decimal(text) {
                return Err(wrong("a decimal number"));
            }
            json::write_text(out, text);
        }
        Atom::Double => json::write_double(out, read_double(trim(text)).ok_or_else(|| wrong("a number"))?),
        Atom::Base64 => {
            let text: Cow<'_, str> = if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
                Cow::Owned(text.split_ascii_whitespace().collect())
            } else {
                Cow::Borrowed(text)
            };
            let bytes = json::BASE64.decode(text.as_bytes()).map_err(|_| wrong("base64"))?;
            json::write_base64(out, &bytes);
        }
        Atom::Hex => {
            let text = trim(text);
            if text.len() % 2 == 1 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(wrong("hexadecimal digits"));
            }
            json::write_text(out, text);
        }
        Atom::QName => {
            let text = trim(text);
            let (prefix, local) = text.split_once(':').unwrap_or(("", text));
            let namespace = within.namespace(prefix).ok_or_else(|| wrong("a name with a declared prefix"))?;
            if namespace.is_empty() {
                json::write_text(out, local);
            } else {
                json::write_text(out, &format!("{{{namespace}}}{local}"));
            }
        }
    }
    Ok(())
}

fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    let is_blank = |byte: Option<&u8>| byte.is_some_and(|byte| *byte <= b' ');
    if !is_blank(bytes.first()) && !is_blank(bytes.last()) {
        return text;
    }
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// An integer of the grammar of XML Schema.
pub(in crate::soap) enum Integer {
    /// One of 128 bits.
    Small(i128),
    /// A larger one: whether it is positive.
    Large(bool),
}

pub(in crate::soap) fn read_integer(text: &str) -> Option<Integer> {
    // Most fit 64 bits, and have no superfluous signs and digits.
    if let Some((value, len)) = json::integer(text.as_bytes())
        && len == text.len()
    {
        return Some(Integer::Small(value.into()));
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().map_or(Integer::Large(!text.starts_with('-')), Integer::Small))
}

pub(in crate::soap) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(fraction) && !(whole.is_empty() && fraction.is_empty())
}

fn read_double(text: &str) -> Option<f64> {
    match text {
        "INF" | "+INF" => Some(f64::INFINITY),
        "-INF" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        text => {
            let is_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
                && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
            if is_number { text.parse().ok() } else { None }
        }
    }
}

/// Checks a text against the facets of its type; gives the rule that it breaks.
pub(in crate::soap) fn check(facets: &Facets, atom: Atom, text: &str) -> Result<(), String> {
    if facets.are_none() {
        return Ok(());
    }
    let value = match atom {
        Atom::String | Atom::Normalized => Cow::Borrowed(text),
        _ => collapse(text),
    };
    // Whether qualified names are equal is not seen by their prefixes.
    let is_comparable = !matches!(atom, Atom::QName | Atom::Double | Atom::Decimal | Atom::Boolean);
    if is_comparable
        && !facets.enumeration.is_empty()
        && !facets.enumeration.iter().any(|known| *known == value)
    {
        let known: Vec<String> =
            facets.enumeration.iter().take(8).map(|known| format!("{known:?}")).collect();
        return Err(format!("expected one of {}, found {}", known.join(", "), quote(text)));
    }
    let length = match atom {
        Atom::String | Atom::Normalized | Atom::Token => Some(value.chars().count() as u64),
        Atom::Hex => Some(value.len() as u64 / 2),
        _ => None,
    };
    if let Some(length) = length {
        if facets.length_min.is_some_and(|least| length < least) {
            return Err(format!("the text is shorter than {}", facets.length_min.unwrap_or_default()));
        }
        if facets.length_max.is_some_and(|most| length > most) {
            return Err(format!("the text is longer than {}", facets.length_max.unwrap_or_default()));
        }
    }
    if let (Atom::Integer { .. }, Some(Integer::Small(value))) = (atom, read_integer(&value)) {
        if let Some(least) = facets.integer_min.filter(|least| value < *least) {
            return Err(format!("{value} is less than {least}"));
        }
        if let Some(most) = facets.integer_max.filter(|most| value > *most) {
            return Err(format!("{value} is greater than {most}"));
        }
    }
    Ok(())
}
