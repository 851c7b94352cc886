//! Postal addresses in English: a house number, the name of a street, and a word for street.

use super::{
    Kind,
    digits::is_glued,
    scan::{Found, Scope},
};
use crate::fold::is_spaced;

/// The longest house number and the longest name of a street.
const NUMBER_MAX: usize = 5;
const WORDS_MAX: usize = 4;
/// The longest word of a name, in characters.
const WORD_MAX: usize = 20;

const STREETS: &[&str] = &[
    "street",
    "road",
    "rd",
    "avenue",
    "ave",
    "boulevard",
    "blvd",
    "lane",
    "ln",
    "highway",
    "hwy",
    "terrace",
];
/// These mean other things too: the name before one must be in capitals.
const UNSURE: &[&str] = &[
    "st", "drive", "dr", "way", "place", "pl", "court", "ct", "square", "sq", "close", "crescent", "parkway",
];
/// What is no part of a street's name after a number.
const NO_NAMES: &[&str] = &[
    "the", "on", "of", "a", "an", "in", "at", "my", "this", "that", "by", "per", "and", "or", "to", "for",
    "from", "is", "are", "was", "min", "mins", "minute", "minutes", "hour", "hours", "day", "days", "week",
    "weeks", "month", "months", "year", "years", "time", "times", "km", "miles", "mile", "m", "items",
    "orders", "pcs", "people", "cars",
];
const PARTS: &[&str] = &[
    "apt",
    "apartment",
    "room",
    "rm",
    "suite",
    "ste",
    "unit",
    "floor",
    "fl",
    "building",
    "bldg",
    "flat",
    "block",
];

/// Reads the address whose house number begins here.
pub(super) fn at(scope: Scope<'_>, at: usize) -> Option<Found> {
    let mut end = at;
    let mut digits = 0;
    while let Some((c, after)) = scope.at(end)
        && c.is_ascii_digit()
        && digits <= NUMBER_MAX
    {
        end = after;
        digits += 1;
    }
    if let Some(('a'..='z' | 'A'..='Z', after)) = scope.at(end) {
        end = after;
    }
    if digits > NUMBER_MAX || scope.at(end)?.0 != ' ' || is_glued(scope, at) || follows_point(scope, at) {
        return None;
    }
    if scope.is_behind_stars(at) {
        return None;
    }
    let end = parts(scope, street(scope, end)?);
    Some(Found { kind: Kind::Address, range: at..end, masked: false })
}

fn follows_point(scope: Scope<'_>, at: usize) -> bool {
    let point = scope.before(at).filter(|(c, _)| matches!(c, '.' | ','));
    point.is_some_and(|(_, start)| scope.before(start).is_some_and(|(c, _)| c.is_ascii_digit()))
}

/// The end of the word for street, behind a name of one to four words.
fn street(scope: Scope<'_>, mut at: usize) -> Option<usize> {
    let mut in_capitals = true;
    for count in 0..=WORDS_MAX {
        let (word, end) = word(scope, at)?;
        let is = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        if count > 0 && (is(STREETS) || in_capitals && is(UNSURE)) {
            return Some(end);
        }
        if is(NO_NAMES) {
            return None;
        }
        in_capitals &= word.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit());
        at = end;
    }
    None
}

/// A word of a name behind spaces: letters, or an ordinal such as `5th`.
fn word<'a>(scope: Scope<'a>, mut at: usize) -> Option<(&'a str, usize)> {
    for _ in 0..2 {
        if let Some((' ', after)) = scope.at(at) {
            at = after;
        }
    }
    let start = at;
    let mut letters = 0;
    for _ in 0..=WORD_MAX {
        match scope.at(at) {
            Some((c, after)) if is_spaced(c) || matches!(c, '\'' | '’') => {
                letters += usize::from(!c.is_ascii_digit());
                at = after;
            }
            _ => break,
        }
    }
    let ends = !scope.at(at).is_some_and(|(c, _)| is_spaced(c));
    let word = &scope.text[start..at];
    let end = if let Some(('.', after)) = scope.at(at) { after } else { at };
    (letters > 1 && ends).then_some((word, end))
}

/// The end of what follows a street: rooms, floors and buildings with their numbers.
fn parts(scope: Scope<'_>, mut end: usize) -> usize {
    for _ in 0..3 {
        let Some(after) = part(scope, end) else { break };
        end = after;
    }
    end
}

fn part(scope: Scope<'_>, mut at: usize) -> Option<usize> {
    for _ in 0..2 {
        if let Some((',' | ' ', after)) = scope.at(at) {
            at = after;
        }
    }
    at = match scope.at(at) {
        Some(('#', after)) => after,
        _ => {
            let (part, end) = word(scope, at)?;
            if !PARTS.iter().any(|known| known.eq_ignore_ascii_case(part)) {
                return None;
            }
            let (space, after) = scope.at(end)?;
            if space != ' ' {
                return None;
            }
            after
        }
    };
    let start = at;
    for _ in 0..6 {
        match scope.at(at) {
            Some((c, after)) if c.is_ascii_alphanumeric() || c == '-' => at = after,
            _ => break,
        }
    }
    let number = &scope.text[start..at];
    let ends = !scope.at(at).is_some_and(|(c, _)| is_spaced(c));
    (ends && number.contains(|c: char| c.is_ascii_digit())).then_some(at)
}
