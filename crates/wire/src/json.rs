//! The JSON side of the conversions: a scanner and writers of scalars, made for being driven by a schema.

mod number;
mod scan;
mod write;

pub(crate) use self::{
    number::integer,
    scan::Scanner,
    write::{write_base64, write_double, write_i64, write_part, write_string, write_text, write_uuid},
};

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 of RFC 4648; padding is written, and read with or without.
pub const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Whether eight bytes hold a quote, a backslash or a control character; other bytes may have their high bit.
#[inline]
fn has_special(bytes: [u8; 8]) -> bool {
    let word = u64::from_le_bytes(bytes);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    (control | zero(quote) | zero(backslash)) & HIGHS != 0
}

/// Reads a UUID in its usual form, with or without hyphens and braces.
pub(crate) fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let text = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let mut uuid = [0; 16];
    let mut digits = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte == b'-' {
            if text.len() != 36 || !matches!(index, 8 | 13 | 18 | 23) {
                return None;
            }
            continue;
        }
        let digit = char::from(byte).to_digit(16)?;
        let slot = uuid.get_mut(digits / 2)?;
        *slot = *slot << 4 | u8::try_from(digit).ok()?;
        digits += 1;
    }
    (digits == 32 && matches!(text.len(), 32 | 36)).then_some(uuid)
}

/// Reads a number that stands in quotes, or the name of one that JSON does not have.
pub(crate) fn double_of_text(text: &[u8]) -> Option<f64> {
    match text {
        b"NaN" => Some(f64::NAN),
        b"Infinity" => Some(f64::INFINITY),
        b"-Infinity" => Some(f64::NEG_INFINITY),
        text => {
            let text = std::str::from_utf8(text).ok()?;
            let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            text.parse().ok().filter(|value: &f64| is_number && value.is_finite())
        }
    }
}
