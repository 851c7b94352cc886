//! Secrets and personal numbers in messages, replaced by something of the same length.
//!
//! Lengths stay, and with them `Content-Length` and the marks of chunks. The values of credentials and cookies become
//! letters that depend on the value and on a key which is thrown away at the end, so that a session can still be
//! followed through a file; the digits of numbers become nines.

use hmac::{Hmac, KeyInit as _, Mac as _};
use kefu_app::{Exit, Failure, Text};
use kefu_text::mask::{self, Kind as Personal};
use kefu_traffic::{
    gor::{Kind, Record},
    http::head_len,
};
use sha2::Sha256;

use crate::args::Rule;

/// Headers whose value is a secret, or the part of it after the scheme.
const CREDENTIALS: [&[u8]; 3] = [b"authorization", b"proxy-authorization", b"x-api-key"];

/// Replaces what the rules name.
pub(crate) struct Redaction {
    rules: Vec<Rule>,
    key: [u8; 32],
    /// Messages whose body is compressed, so that it was not looked into.
    pub(crate) unseen: u64,
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
        Ok(Some(Self { rules: rules.to_vec(), key, unseen: 0, replaced: 0 }))
    }

    /// Replaces in a record, and writes down how often.
    pub(crate) fn apply(&mut self, record: &mut Record) {
        let mut count = 0;
        let is_message = matches!(record.kind, Kind::Request | Kind::Response | Kind::Replayed);
        let head = if is_message { head_len(&record.payload, 0).unwrap_or(record.payload.len()) } else { 0 };
        let (head, body) = record.payload.split_at_mut(head);
        let is_compressed = self.head(head, &mut count);
        self.numbers(head, &mut count);
        if is_compressed && !body.is_empty() {
            self.unseen += 1;
        } else {
            self.numbers(body, &mut count);
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

    /// Replaces in header lines; says whether the body is compressed.
    fn head(&self, head: &mut [u8], count: &mut u64) -> bool {
        let mut is_compressed = false;
        for line in head.split_mut(|byte| *byte == b'\n').skip(1) {
            let Some(colon) = memchr::memchr(b':', line) else { continue };
            let (name, value) = line.split_at_mut(colon);
            let name = name.trim_ascii().to_ascii_lowercase();
            let value = trimmed(&mut value[1..]);
            match name.as_slice() {
                b"content-encoding" => is_compressed = !value.eq_ignore_ascii_case(b"identity"),
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
        is_compressed
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

    /// Replaces digits of personal numbers in what is text.
    fn numbers(&self, bytes: &mut [u8], count: &mut u64) {
        let wanted = |kind: Personal| match kind {
            Personal::Card => self.rules.contains(&Rule::Cards),
            Personal::Phone | Personal::Landline => self.rules.contains(&Rule::Phones),
            Personal::Identity => self.rules.contains(&Rule::Identities),
            Personal::Email | Personal::Passport | Personal::Address => false,
        };
        let Ok(text) = str::from_utf8(bytes) else { return };
        let spans: Vec<_> = mask::find(text).into_iter().filter(|span| wanted(span.kind)).collect();
        for span in spans {
            *count += 1;
            nines(&mut bytes[span.range]);
        }
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
mod tests {
    use super::*;

    fn redacted(kind: Kind, payload: &str, rules: &[Rule]) -> (String, Option<String>, u64) {
        let mut redaction = Redaction::new(rules).unwrap().unwrap();
        let mut record = Record {
            kind,
            id: String::new(),
            timestamp: 0,
            latency: None,
            extra: String::new(),
            payload: payload.as_bytes().to_vec(),
        };
        redaction.apply(&mut record);
        assert_eq!(record.payload.len(), payload.len());
        let field = record.field("redacted").map(str::to_owned);
        (String::from_utf8(record.payload).unwrap(), field, redaction.unseen)
    }

    #[test]
    fn secrets_are_replaced_alike_and_lengths_stay() {
        let request = "GET /a HTTP/1.1\r\nAuthorization: Bearer abcdefgh\r\nCookie: sid=secret1; theme=secret2; x\r\n\
                       X-API-Key:  secret1\r\nHost: a\r\n\r\n";
        let (text, count, _) = redacted(Kind::Request, request, &Rule::DEFAULT);
        assert_eq!(count.as_deref(), Some("4"));
        assert!(text.contains("Authorization: Bearer ") && text.contains("Host: a\r\n\r\n"), "{text}");
        assert!(!text.contains("abcdefgh") && !text.contains("secret"), "{text}");
        let value = |name: &str| text.split_once(name).unwrap().1[..7].to_owned();
        assert_eq!(value("sid="), value("Key:  "));
        assert_ne!(value("sid="), value("theme="));
        let response = "HTTP/1.1 200 OK\r\nSet-Cookie: sid=secret1; Path=/; HttpOnly\r\n\r\n";
        let (text, count, _) = redacted(Kind::Response, response, &[Rule::Cookies]);
        assert!(text.ends_with("; Path=/; HttpOnly\r\n\r\n") && count.as_deref() == Some("1"), "{text}");
        // Only what was asked for.
        let (text, count, _) = redacted(Kind::Request, request, &[Rule::Cards]);
        assert_eq!((text.as_str(), count), (request, None));
    }

    #[test]
    fn numbers_are_found_in_targets_bodies_and_messages() {
        let request = "POST /call?to=13800138000 HTTP/1.1\r\nContent-Length: 54\r\n\r\n\
                       {\"card\":\"6222 0212 3456 7894\",\"tel\":13912345678,\"n\":7}";
        let (text, count, _) = redacted(Kind::Request, request, &Rule::DEFAULT);
        assert!(text.starts_with("POST /call?to=99999999999 HTTP/1.1"), "{text}");
        assert!(text.contains("\"tel\":99999999999,\"n\":7"), "{text}");
        assert!(count.is_some());
        let (text, ..) = redacted(Kind::ToServer, "电话13800138000", &[Rule::Phones]);
        assert_eq!(text, "电话99999999999");
        let full = "请打１３８００１３８０００";
        assert_eq!(redacted(Kind::ToServer, full, &[Rule::Phones]).0, "请打９９９９９９９９９９９");
    }

    #[test]
    fn a_compressed_body_is_counted_and_not_touched() {
        let response = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n13800138000";
        assert_eq!(redacted(Kind::Response, response, &Rule::DEFAULT), (response.to_owned(), None, 1));
    }

    #[test]
    fn what_is_shown_of_secrets_tells_only_whether_they_are_equal() {
        let redaction = Redaction::new(&Rule::DEFAULT).unwrap().unwrap();
        let shown = redaction.shown("body:/user/access_token", "abcdef");
        assert_eq!((shown.len(), shown == redaction.shown("header:cookie", "abcdef")), (6, true));
        assert_ne!(shown, "abcdef");
        assert_eq!(redaction.shown("body:/text", "电话13800138000"), "电话99999999999");
        assert_eq!(redaction.shown("header:set-cookie", "sid=…; Path=/"), "sid=…; Path=/");
    }

    #[test]
    fn off_stands_alone() {
        assert!(Redaction::new(&[Rule::Off]).unwrap().is_none());
        assert_eq!(Redaction::new(&[Rule::Off, Rule::Cards]).err().unwrap().exit(), Exit::Usage);
    }
}
