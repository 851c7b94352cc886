//! What is left of a piece of personal data.

use std::ops::Range;

use super::{Kind, Kinds, mask};
use crate::fold::narrow;

/// Of an address nothing is left but these, so that no number and no e-mail address can be made of its mask and what
/// stands around it: their stars are of ASCII.
pub(super) const HIDDEN: char = '＊';

const STARS: &str = "***";

/// Which symbols of a number are hidden, by its kind, its length, and its second digit.
pub(super) fn hidden(kind: Kind, length: usize, second: Option<u8>) -> Range<usize> {
    match kind {
        Kind::Phone if length >= 10 => 3..length - 4,
        Kind::Phone => 2..length.saturating_sub(2),
        Kind::Landline if matches!(second, Some(1..=2)) => 3..length.saturating_sub(3),
        Kind::Landline => 4..length.saturating_sub(3),
        Kind::Identity => 6..length.saturating_sub(4),
        Kind::Card => 4..length.saturating_sub(4),
        Kind::Passport => 1..length.saturating_sub(3),
        Kind::Email | Kind::Address => 0..length,
    }
}

/// Appends what is left of a piece of personal data.
pub(super) fn hide(kind: Kind, text: &str, out: &mut String) {
    match kind {
        Kind::Address => out.extend([HIDDEN; 3]),
        Kind::Email => hide_email(text, out),
        Kind::Passport => {
            hide_symbols(text, out, |c| c.is_ascii_alphanumeric(), |length| hidden(kind, length, None))
        }
        Kind::Phone | Kind::Landline | Kind::Identity | Kind::Card => {
            let is_symbol = |c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X');
            let second = text.chars().map(narrow).filter(char::is_ascii_digit).nth(1).map(|c| c as u8 - b'0');
            hide_symbols(text, out, is_symbol, |length| hidden(kind, length, second));
        }
    }
}

/// Puts stars in the place of some symbols and leaves what stands between them.
fn hide_symbols(
    text: &str,
    out: &mut String,
    is: impl Fn(char) -> bool,
    hidden: impl Fn(usize) -> Range<usize>,
) {
    let hidden = hidden(text.chars().filter(|c| is(narrow(*c))).count());
    let mut index = 0;
    for c in text.chars() {
        let symbol = is(narrow(c));
        out.push(if symbol && hidden.contains(&index) { '*' } else { c });
        index += usize::from(symbol);
    }
}

fn hide_email(text: &str, out: &mut String) {
    let at = text.find(['@', '＠']).unwrap_or(text.len());
    let (local, domain) = text.split_at(at);
    out.extend(local.chars().next());
    out.push_str(STARS);
    out.push_str(domain);
}

/// Masks a value that is known to be personal, as the field of a profile: one that is not recognised, such as a
/// foreign number or a mistyped one, keeps its first character and, if it is long enough, its last two.
#[must_use]
pub fn field(kind: Kind, value: &str) -> String {
    let masked = mask(value, Kinds::NONE.with(kind));
    if masked != value || value.contains(STARS) || value.contains(HIDDEN) {
        return masked.into_owned();
    }
    let letters = value.chars().filter(|c| c.is_alphanumeric()).count();
    let shown = if letters > 5 { letters - 2 } else { letters };
    let mut index = 0;
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        let hide = c.is_alphanumeric() && index > 0 && index < shown;
        out.push(if hide { '*' } else { c });
        index += usize::from(c.is_alphanumeric());
    }
    out
}
