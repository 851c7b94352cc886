use base64::Engine as _;

use super::{BASE64, HIGHS, ONES, has_special};

/// What a byte becomes within quotes: 0 stays, `u` is `\u00..`, the others follow a backslash.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0A] = b'n';
    table[0x0C] = b'f';
    table[0x0D] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Marks with high bits that some of eight bytes need an escape, or are not ASCII.
#[inline]
fn unusual(bytes: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(bytes);
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    // Exact as long as no byte has its high bit; one that has is reported anyway.
    (control | quote | backslash | word) & HIGHS
}

/// Whether all bytes are ASCII that needs no escape.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<8>();
    if let [only] = rest {
        return chunks.iter().all(|chunk| unusual(*chunk) == 0) && is_plain_byte(*only);
    }
    let mut found = 0;
    for chunk in chunks {
        found |= unusual(*chunk);
    }
    if rest.is_empty() {
        return found == 0;
    }
    match bytes.last_chunk::<8>() {
        Some(last) => (found | unusual(*last)) == 0,
        None => rest.iter().all(|byte| is_plain_byte(*byte)),
    }
}

#[inline]
fn is_plain_byte(byte: u8) -> bool {
    byte < 0x80 && ESCAPES[usize::from(byte)] == 0
}

/// Writes a text in quotes; gives back false, and nothing written, if it is not UTF-8.
#[inline]
pub(crate) fn write_string(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    if is_plain(bytes) {
        out.reserve(bytes.len() + 2);
        out.push(b'"');
        out.extend_from_slice(bytes);
        out.push(b'"');
        return true;
    }
    write_unusual(out, bytes)
}

#[inline(never)]
fn write_unusual(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            write_text(out, text);
            true
        }
        Err(_) => false,
    }
}

/// Writes a text in quotes.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    write_part(out, text);
    out.push(b'"');
}

/// Whether a text stands within quotes as it is; it may have any characters.
#[inline]
fn needs_no_escape(bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let last = match bytes.last_chunk::<8>() {
        // Some of it was seen already, which is faster than byte for byte.
        Some(last) if !rest.is_empty() => !has_special(*last),
        Some(_) => true,
        None => rest.iter().all(|byte| ESCAPES[usize::from(*byte)] == 0),
    };
    last && !chunks.iter().any(|chunk| has_special(*chunk))
}

/// Writes a part of a text, whose quotes its caller writes.
#[inline]
pub(crate) fn write_part(out: &mut Vec<u8>, text: &str) {
    if needs_no_escape(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
    } else {
        write_escaped(out, text);
    }
}

#[inline(never)]
fn write_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let escape = ESCAPES[usize::from(*byte)];
        if escape == 0 {
            continue;
        }
        out.extend_from_slice(&bytes[from..index]);
        from = index + 1;
        out.extend_from_slice(&[b'\\', escape]);
        if escape == b'u' {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            out.extend_from_slice(&[b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out.extend_from_slice(&bytes[from..]);
}

/// Writes an integer.
#[inline]
pub(crate) fn write_i64(out: &mut Vec<u8>, value: i64) {
    // Small numbers are most numbers.
    if let Ok(small @ 0..10) = u8::try_from(value) {
        out.push(b'0' + small);
        return;
    }
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Writes a number, or the name of one that JSON does not have; the sign of zero is kept.
#[inline]
pub(crate) fn write_double(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else {
        out.extend_from_slice(if value > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" });
    }
}

/// Writes bytes as base64 in quotes.
pub(crate) fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let from = out.len();
    out.resize(from + bytes.len().div_ceil(3) * 4, 0);
    let written = BASE64.encode_slice(bytes, &mut out[from..]).unwrap_or_default();
    out.truncate(from + written);
    out.push(b'"');
}

/// Writes a UUID in quotes, in its usual form.
pub(crate) fn write_uuid(out: &mut Vec<u8>, uuid: [u8; 16]) {
    out.push(b'"');
    for (index, byte) in uuid.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
        out.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    out.push(b'"');
}
