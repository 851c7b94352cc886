//! Personal data in free text: where it is, and the text without it.
//!
//! Recognised are what a customer of a Chinese or international desk types: mobile numbers, landlines, resident
//! identity-card numbers, bank cards, e-mail addresses, announced passport numbers and postal addresses, in half-width
//! and full-width forms and with spaces or dashes between. Checksums, known prefixes and the borders of digit runs
//! decide, so that order numbers, times and amounts stay.
//!
//! *Invariant:* masking is idempotent. What has been masked is recognised by the place of its stars and passed over;
//! and as what is hidden in one place may show something in another, a text is looked at until nothing is found any
//! more.

mod address;
mod digits;
mod email;
mod english;
mod hide;
mod json;
mod number;
mod passport;
mod scan;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, ops::Range};

pub use hide::field;
pub use json::mask_json;

use crate::fold::narrow;

/// A kind of personal data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A mobile number of mainland China, or any number written with `+` and its country's code.
    Phone,
    /// A landline of mainland China with its area code.
    Landline,
    /// A resident identity-card number of 18 or 15 places.
    Identity,
    /// A bank-card number of 13 to 19 digits.
    Card,
    /// An e-mail address.
    Email,
    /// A passport number that the text announces as such.
    Passport,
    /// The part of a postal address below the district.
    Address,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Phone, Self::Landline, Self::Identity, Self::Card, Self::Email, Self::Passport, Self::Address];
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Kinds(u8);

impl Kinds {
    /// No kind.
    pub const NONE: Self = Self(0);
    /// Every kind.
    pub const ALL: Self = Self(0b111_1111);

    /// Adds a kind.
    #[must_use]
    pub const fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Takes a kind out.
    #[must_use]
    pub const fn without(self, kind: Kind) -> Self {
        Self(self.0 & !(1 << kind as u8))
    }

    /// Says whether a kind is in the set.
    #[must_use]
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }
}

/// Personal data found in a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Span {
    /// What it is.
    pub kind: Kind,
    /// Where it is, in bytes, on character boundaries. Of an address only the part to hide.
    pub range: Range<usize>,
}

/// How often a text is looked at, at most. A second look finds something only in rows of numbers that could be read in
/// two ways, and each hides more than the one before.
const LOOKS_MAX: usize = 8;

/// Finds the personal data in a text that is not masked yet, in order and without overlap.
///
/// Takes time linear in the text, and no memory when there is none.
#[must_use]
pub fn find(text: &str) -> Vec<Span> {
    scan::scan(text)
}

/// Masks the personal data of the given kinds: `138****5678`, `110101********1234`, `6222 **** **** 1234`,
/// `b***@example.com`, `E*****678`, `北京市朝阳区＊＊＊`. The text itself comes back when there is none.
#[must_use]
pub fn mask(text: &str, kinds: Kinds) -> Cow<'_, str> {
    mask_but(text, kinds, "")
}

/// Masks a text but for the pieces of personal data that `known` holds in full: whoever can name them knows them.
#[must_use]
pub fn mask_but<'a>(text: &'a str, kinds: Kinds, known: &str) -> Cow<'a, str> {
    let known: Vec<_> = find(known).into_iter().map(|span| plain(&known[span.range])).collect();
    let Some(mut masked) = mask_found(text, kinds, &known) else { return Cow::Borrowed(text) };
    for _ in 1..LOOKS_MAX {
        match mask_found(&masked, kinds, &known) {
            Some(more) if more != masked => masked = more,
            _ => break,
        }
    }
    Cow::Owned(masked)
}

/// The letters and digits of a piece of personal data in one form.
fn plain(piece: &str) -> String {
    piece.chars().map(narrow).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Masks what one look finds, if it finds anything.
fn mask_found(text: &str, kinds: Kinds, known: &[String]) -> Option<String> {
    let mut spans = find(text);
    spans.retain(|span| kinds.contains(span.kind));
    if !known.is_empty() {
        spans.retain(|span| !known.contains(&plain(&text[span.range.clone()])));
    }
    if spans.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for span in spans {
        out.push_str(&text[end..span.range.start]);
        hide::hide(span.kind, &text[span.range.clone()], &mut out);
        end = span.range.end;
    }
    out.push_str(&text[end..]);
    Some(out)
}
