//! Texts and references.

use std::borrow::Cow;

use super::{super::names::illegal_character, Reader, is_blank};
use crate::Error;

impl<'x> Reader<'x> {
    pub(super) fn text(&self, raw: &'x str) -> Result<Option<Cow<'x, str>>, Error> {
        if self.open.is_empty() {
            if raw.bytes().all(is_blank) {
                return Ok(None);
            }
            self.check_within("a text")?;
        }
        self.check_length(raw.len())?;
        // Nearly all texts have neither.
        if memchr::memchr2(b']', b'\r', raw.as_bytes()).is_none() {
            return Ok(Some(Cow::Borrowed(raw)));
        }
        if let Some(at) = memchr::memmem::find(raw.as_bytes(), b"]]>") {
            return Err(Error::malformed(self.offset() + at, "`]]>` stands in a text"));
        }
        Ok(Some(normalize_lines(raw)))
    }
}

/// Line ends are one character each.
pub(super) fn normalize_lines(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n"))
}

/// What a reference stands for, given its name.
pub(super) fn reference(name: &str, at: usize) -> Result<Cow<'static, str>, Error> {
    let number = match name {
        "lt" => return Ok(Cow::Borrowed("<")),
        "gt" => return Ok(Cow::Borrowed(">")),
        "amp" => return Ok(Cow::Borrowed("&")),
        "quot" => return Ok(Cow::Borrowed("\"")),
        "apos" => return Ok(Cow::Borrowed("'")),
        name => name.strip_prefix('#'),
    };
    let Some(digits) = number else {
        return Err(Error::malformed(at, "only the predefined entities are allowed"));
    };
    let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |digits| (digits, 16));
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| char::from(byte).is_digit(radix));
    let c = is_number.then(|| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32)).flatten();
    match c {
        Some(c) if illegal_character(c.encode_utf8(&mut [0; 4])).is_none() => Ok(Cow::Owned(c.to_string())),
        _ => Err(Error::malformed(at, "this is no reference to a character of XML")),
    }
}
