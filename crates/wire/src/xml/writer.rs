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

/// Appends text between tags.
///
/// # Errors
/// It has a character that XML does not have.
pub fn escape_text(text: &str, out: &mut Vec<u8>) -> Result<(), Error> {
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
