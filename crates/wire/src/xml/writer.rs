use super::names::illegal_character;
use crate::{Error, Problem};

fn check(text: &str) -> Result<(), Error> {
    match illegal_character(text) {
        None => Ok(()),
        Some(at) => {
            let c = text[at..].chars().next().unwrap_or_default();
            Err(Error::new(Problem::Malformed(format!("XML has no character {c:?}").into())))
        }
    }
}

fn escape(text: &str, out: &mut Vec<u8>, special: impl Fn(u8) -> &'static [u8]) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let escaped = special(*byte);
        if !escaped.is_empty() {
            out.extend_from_slice(&bytes[from..index]);
            out.extend_from_slice(escaped);
            from = index + 1;
        }
    }
    out.extend_from_slice(&bytes[from..]);
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Whether eight bytes are ASCII that neither text nor an attribute escapes and that XML has.
#[inline]
fn is_plain_chunk(bytes: [u8; 8]) -> bool {
    let word = u64::from_le_bytes(bytes);
    let differs = |byte: u8| (word ^ (ONES * u64::from(byte))).wrapping_sub(ONES);
    let control = word.wrapping_sub(ONES * 0x20);
    // Exact as long as no byte has its high bit; one that has is reported anyway.
    (control | differs(b'<') | differs(b'>') | differs(b'&') | differs(b'"') | word) & HIGHS == 0
}

/// Whether a text can stand anywhere as it is.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<8>();
    if !chunks.iter().all(|chunk| is_plain_chunk(*chunk)) {
        return false;
    }
    match bytes.last_chunk::<8>() {
        Some(last) => is_plain_chunk(*last),
        None => {
            rest.iter().all(|byte| matches!(byte, 0x20..0x7F) && !matches!(byte, b'<' | b'>' | b'&' | b'"'))
        }
    }
}

/// Appends text between tags.
///
/// # Errors
/// It has a character that XML does not have.
pub fn escape_text(text: &str, out: &mut Vec<u8>) -> Result<(), Error> {
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    check(text)?;
    escape(text, out, |byte| match byte {
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'&' => b"&amp;",
        b'\r' => b"&#13;",
        _ => b"",
    });
    Ok(())
}

/// Appends the value of an attribute, without its quotes.
///
/// # Errors
/// As [`escape_text`].
pub fn escape_attribute(text: &str, out: &mut Vec<u8>) -> Result<(), Error> {
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    check(text)?;
    escape(text, out, |byte| match byte {
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'&' => b"&amp;",
        b'"' => b"&quot;",
        b'\r' => b"&#13;",
        b'\n' => b"&#10;",
        b'\t' => b"&#9;",
        _ => b"",
    });
    Ok(())
}
