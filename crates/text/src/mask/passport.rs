//! Passport numbers, which nothing but a word before them tells from other codes.

use super::{
    Kind,
    hide::{HIDDEN, hidden},
    scan::{Found, Scope},
};

/// How far behind its announcement a number may stand, in characters.
const REACH: usize = 24;
/// The lengths of passport numbers (ICAO Doc 9303 has room for nine).
const LENGTHS: std::ops::RangeInclusive<usize> = 7..=9;
const DIGITS_MIN: usize = 5;
/// As much of a longer code tells that it is none.
const CODE_MAX: usize = 32;

/// Reads the number behind the word for a passport that begins here.
pub(super) fn after(scope: Scope<'_>, at: usize) -> Option<Found> {
    let rest = scope.rest(at);
    let word = ["护照", "護照"].iter().find(|word| rest.starts_with(**word)).map(|word| word.len());
    let english = || rest.as_bytes().get(..8).is_some_and(|word| word.eq_ignore_ascii_case(b"passport"));
    let mut at = at + word.or_else(|| english().then_some(8))?;
    for _ in 0..REACH {
        let (c, end) = scope.at(at)?;
        if c == HIDDEN {
            // Something masked stands between.
            return None;
        }
        if !c.is_ascii_alphanumeric() {
            at = end;
            continue;
        }
        let code = Code::read(scope, at);
        let masked = code.is_masked(scope);
        let is_plain = code.stars == 0 && code.digits >= DIGITS_MIN;
        if LENGTHS.contains(&code.length) && (is_plain || masked) {
            return Some(Found { kind: Kind::Passport, range: code.start..code.end, masked });
        }
        if code.digits > 0 {
            return None;
        }
        at = code.end;
    }
    None
}

/// Letters, digits and the stars between them.
struct Code {
    start: usize,
    end: usize,
    length: usize,
    digits: usize,
    stars: usize,
}

impl Code {
    fn read(scope: Scope<'_>, start: usize) -> Self {
        let mut code = Self { start, end: start, length: 0, digits: 0, stars: 0 };
        let mut at = start;
        let mut stars = 0;
        while let Some((c, end)) = scope.at(at)
            && (c.is_ascii_alphanumeric() || c == '*')
            && code.length + stars < CODE_MAX
        {
            at = end;
            code.digits += usize::from(c.is_ascii_digit());
            if c == '*' {
                stars += 1;
            } else {
                code.end = at;
                code.stars += stars;
                code.length += stars + 1;
                stars = 0;
            }
        }
        code
    }

    /// The first character and the last three are left, the others are stars.
    fn is_masked(&self, scope: Scope<'_>) -> bool {
        let hidden = hidden(Kind::Passport, self.length, None);
        let mut characters = scope.text[self.start..self.end].chars().enumerate();
        self.stars > 0 && characters.all(|(index, c)| (c == '*') == hidden.contains(&index))
    }
}
