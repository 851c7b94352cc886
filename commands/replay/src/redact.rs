//! Secrets and personal numbers in messages, replaced by something of the same length.
//!
//! Lengths stay, and with them `Content-Length` and the marks of chunks, unless a body is compressed. The values of
//! credentials and cookies become letters that depend on the value and on a key which is thrown away at the end, so that a
//! session can still be followed through a file; the digits of numbers become nines.

mod bodies;

use std::ops::Range;

use hmac::{Hmac, KeyInit as _, Mac as _};
use kefu_app::{Exit, Failure, Text};
use kefu_text::mask::{self, Kind as Personal};
use kefu_traffic::{
    gor::{Kind, Record},
    http::head_len,
};
use sha2::Sha256;

use self::bodies::{BODY_MAX, Kept};
use crate::args::Rule;

/// Headers whose value is a secret, or the part of it after the scheme.
const CREDENTIALS: [&[u8]; 3] = [b"authorization", b"proxy-authorization", b"x-api-key"];

/// Numbers have so many bytes at least.
const NUMBER_MIN: usize = 7;

/// Replaces what the rules name.
pub(crate) struct Redaction {
    rules: Vec<Rule>,
    key: [u8; 32],
    /// A body has at most so many bytes when it is decompressed.
    body_max: usize,
    /// Bodies that could not be looked into, and were replaced as a whole.
    pub(crate) bodies: u64,
    /// Replacements.
    pub(crate) replaced: u64,
}

impl Redaction {
    /// Will replace by rules; none if they say so.
    ///
    /// # Errors
    ///
    /// `off` stands beside others, or the system gives no random numbers.
    pub(crate) fn new(rules: &[Rule]) -> Result<Option<Self>, Failure> {
        match rules {
            [] | [Rule::Off] => return Ok(None),
            rules if rules.contains(&Rule::Off) => {
                let text =
                    Text::new("cannot use --redact off with other rules", "--redact off 不能与其他规则同用");
                return Err(Failure::new(Exit::Usage, text));
            }
            _ => {}
        }
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(Failure::internal)?;
        Ok(Some(Self { rules: rules.to_vec(), key, body_max: BODY_MAX, bodies: 0, replaced: 0 }))
    }

    /// Replaces in a record, and writes down how often.
    pub(crate) fn apply(&mut self, record: &mut Record) {
        let mut count = 0;
        let is_message = matches!(record.kind, Kind::Request | Kind::Response | Kind::Replayed);
        let head_len = if is_message { head_len(&record.payload, 0) } else { Some(0) };
        let head_len = head_len.unwrap_or(record.payload.len());
        let head = &mut record.payload[..head_len];
        self.head(head, &mut count);
        self.numbers(head, &mut count);
        let kept = self.body(&mut record.payload, head_len, &mut count);
        match kept {
            Kept::Coded => {}
            Kept::Plain => record.set_field("body", Some("identity")),
            Kept::Nothing => {
                self.bodies += 1;
                record.set_field("body", Some("replaced"));
            }
        }
        if count > 0 {
            self.replaced += count;
            record.set_field("redacted", Some(&count.to_string()));
        }
    }

    /// A value of a field, such as `header:cookie` or `body:/token`, as it may be shown in a report.
    pub(crate) fn shown(&self, field: &str, value: &str) -> String {
        let mut bytes = value.as_bytes().to_vec();
        let name = field.rsplit(['/', ':']).next().unwrap_or_default();
        if is_secret(name) {
            self.secret(&mut bytes, &mut 0);
        } else {
            self.numbers(&mut bytes, &mut 0);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Replaces in header lines.
    fn head(&self, head: &mut [u8], count: &mut u64) {
        for line in head.split_mut(|byte| *byte == b'\n').skip(1) {
            let Some(colon) = memchr::memchr(b':', line) else { continue };
            let (name, value) = line.split_at_mut(colon);
            let name = name.trim_ascii().to_ascii_lowercase();
            let value = trimmed(&mut value[1..]);
            match name.as_slice() {
                name if CREDENTIALS.contains(&name) && self.rules.contains(&Rule::Authorization) => {
                    // The scheme stays: it says how the rest is to be understood.
                    let scheme = memchr::memchr(b' ', value).map_or(0, |space| space + 1);
                    self.secret(&mut value[scheme..], count);
                }
                b"cookie" if self.rules.contains(&Rule::Cookies) => {
                    for pair in value.split_mut(|byte| *byte == b';') {
                        self.pair(pair, count);
                    }
                }
                b"set-cookie" if self.rules.contains(&Rule::Cookies) => {
                    if let Some(pair) = value.split_mut(|byte| *byte == b';').next() {
                        self.pair(pair, count);
                    }
                }
                _ => {}
            }
        }
    }

    fn pair(&self, pair: &mut [u8], count: &mut u64) {
        if let Some(equals) = memchr::memchr(b'=', pair) {
            self.secret(trimmed(&mut pair[equals + 1..]), count);
        }
    }

    /// Replaces a value by letters that are the same for the same value.
    fn secret(&self, value: &mut [u8], count: &mut u64) {
        if value.is_empty() {
            return;
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(value);
        let digest = mac.finalize().into_bytes();
        for (place, byte) in value.iter_mut().enumerate() {
            let digest = digest[place / 2 % digest.len()];
            *byte = b'a' + if place % 2 == 0 { digest >> 4 } else { digest & 15 };
        }
        *count += 1;
    }

    /// Replaces digits of personal numbers in what is text, also between what is none.
    fn numbers(&self, bytes: &mut [u8], count: &mut u64) {
        loop {
            let spans = self.found(bytes);
            // What is hidden in one place may show something in another.
            if spans.is_empty() {
                return;
            }
            *count += spans.len() as u64;
            for span in spans {
                nines(&mut bytes[span]);
            }
        }
    }

    /// Where personal numbers are that have not been replaced.
    fn found(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let wanted = |kind: Personal| match kind {
            Personal::Card => self.rules.contains(&Rule::Cards),
            Personal::Phone | Personal::Landline => self.rules.contains(&Rule::Phones),
            Personal::Identity => self.rules.contains(&Rule::Identities),
            Personal::Email | Personal::Passport | Personal::Address => false,
        };
        let mut spans = Vec::new();
        let mut at = 0;
        for chunk in bytes.utf8_chunks() {
            let text = chunk.valid();
            if text.len() >= NUMBER_MIN {
                let found = mask::find(text).into_iter().filter(|span| wanted(span.kind));
                let found = found.map(|span| at + span.range.start..at + span.range.end);
                spans.extend(found.filter(|span| !is_replaced(&bytes[span.clone()])));
            }
            at += text.len() + chunk.invalid().len();
        }
        spans
    }
}

/// Whether a field of this name has a secret in it, as far as its name tells.
fn is_secret(name: &str) -> bool {
    const WORDS: [&str; 9] =
        ["api-key", "api_key", "authorization", "cookie", "jwt", "passwd", "password", "secret", "token"];
    let name = name.to_ascii_lowercase();
    // What `Set-Cookie` is compared by has no value.
    name != "set-cookie" && WORDS.iter().any(|word| name.contains(word))
}

/// Whether every digit is a nine.
fn is_replaced(bytes: &[u8]) -> bool {
    let mut replaced = bytes.to_vec();
    nines(&mut replaced);
    replaced == bytes
}

/// Makes every digit a nine, those of full width as well.
fn nines(bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_digit() {
            bytes[at] = b'9';
        } else if let [0xef, 0xbc, digit @ 0x90..=0x99, ..] = &mut bytes[at..] {
            *digit = 0x99;
        }
        at += 1;
    }
}

/// The value without white space around it.
fn trimmed(value: &mut [u8]) -> &mut [u8] {
    let start = value.len() - value.trim_ascii_start().len();
    let end = value.trim_ascii_end().len();
    if start < end { &mut value[start..end] } else { &mut [] }
}

#[cfg(test)]
mod tests;
