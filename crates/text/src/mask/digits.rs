//! Digits with separators between them, read as one number.

use std::ops::Range;

use super::{hide::HIDDEN, scan::Scope};

/// More symbols than the longest number has, with a country's code before it.
const SYMBOLS_MAX: usize = 24;
/// How many characters may stand between two groups of digits.
const SEPARATORS_MAX: usize = 3;
/// In the place of a digit.
const STAR: u8 = 10;

/// How the digits of a number are set in groups: bit n says that a group ends with symbol n.
#[derive(Clone, Copy)]
pub(super) struct Groups {
    ends: u32,
    length: usize,
}

impl Groups {
    /// Says whether nothing stands between the digits.
    pub(super) fn is_whole(self) -> bool {
        self.ends == 1 << (self.length - 1)
    }

    pub(super) fn is_singles(self) -> bool {
        self.ends == bits(0..self.length)
    }

    /// Says whether the groups have these sizes.
    pub(super) fn are(self, sizes: &[usize]) -> bool {
        let mut end = 0;
        let ends = sizes.iter().fold(0, |ends, size| {
            end += size;
            ends | 1_u32.checked_shl(end as u32 - 1).unwrap_or(0)
        });
        ends == self.ends && end == self.length
    }

    /// Says whether the groups have four digits each, but for a shorter one at the end.
    pub(super) fn are_fours(self) -> bool {
        const FOURTHS: u32 = 0x8888_8888;
        let last = 1 << (self.length - 1);
        self.ends == FOURTHS & bits(0..self.length) | last
    }
}

/// What the stars of a number say.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Stars {
    /// There are none.
    Absent,
    /// They are exactly where masking puts them.
    Masked,
}

/// The digits and stars from one place of the text on, as long as separators join them.
pub(super) struct Digits<'a> {
    scope: Scope<'a>,
    count: usize,
    digits: [u8; SYMBOLS_MAX],
    starts: [usize; SYMBOLS_MAX],
    /// Bits by symbol: it is the last of its group; it is a star.
    group_ends: u32,
    stars: u32,
    /// A masked address follows, which may have begun with digits.
    is_followed: bool,
}

impl<'a> Digits<'a> {
    /// Reads digits and stars, and groups of them.
    pub(super) fn read(scope: Scope<'a>, mut at: usize) -> Self {
        let mut digits = Self {
            scope,
            count: 0,
            digits: [0; SYMBOLS_MAX],
            starts: [0; SYMBOLS_MAX],
            group_ends: 0,
            stars: 0,
            is_followed: false,
        };
        while !digits.is_followed {
            while let Some((symbol, end)) = symbol(scope, at) {
                if digits.count == SYMBOLS_MAX {
                    return digits;
                }
                digits.digits[digits.count] = symbol;
                digits.starts[digits.count] = at;
                digits.stars |= u32::from(symbol == STAR) << digits.count;
                digits.count += 1;
                at = end;
            }
            digits.group_ends |= 1 << digits.count >> 1;
            let Some(next) = after_separators(scope, at) else { return digits };
            digits.is_followed = symbol(scope, next).is_none();
            at = next;
        }
        digits
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Where a symbol starts in the text.
    pub(super) fn start(&self, index: usize) -> usize {
        self.starts[index]
    }

    /// Where a symbol ends in the text.
    pub(super) fn end(&self, index: usize) -> usize {
        let start = self.starts[index];
        match self.scope.text.as_bytes().get(start) {
            Some(byte) if byte.is_ascii() => start + 1,
            _ => start + '０'.len_utf8(),
        }
    }

    /// The digit at a place; none where a star is or the digits end.
    pub(super) fn digit(&self, index: usize) -> Option<u8> {
        self.digits[..self.count].get(index).copied().filter(|digit| *digit != STAR)
    }

    /// Reads a few digits as a number.
    pub(super) fn value(&self, from: usize, to: usize) -> Option<u32> {
        (from..to).try_fold(0, |value, index| Some(value * 10 + u32::from(self.digit(index)?)))
    }

    pub(super) fn ends_group(&self, index: usize) -> bool {
        self.group_ends >> index & 1 == 1
    }

    /// The groups of the symbols `from..to`, if a number can end there: on a digit, and at the end of a group or
    /// before nothing but stars. Such stars end the text of the number, or all its digits are in one group: a few
    /// digits with stars and more digits behind them are the head of another number that is masked.
    pub(super) fn groups(&self, from: usize, to: usize) -> Option<Groups> {
        self.digit(to.checked_sub(1)?)?;
        let within = bits(from..to);
        if !self.ends_group(to - 1) {
            let rest = self.group_ends >> to;
            let between = if rest == 0 { return None } else { bits(0..rest.trailing_zeros() as usize + 1) };
            let is_last = rest.count_ones() == 1 && self.count < SYMBOLS_MAX && !self.is_followed;
            let is_only = self.group_ends & within == 0;
            if self.stars >> to & between != between || !is_last && !is_only {
                return None;
            }
        }
        let length = to - from;
        let ends = (self.group_ends & within) >> from | 1 << (length - 1);
        Some(Groups { ends, length })
    }

    /// Compares the stars among the symbols `from..to` with the places that masking hides, counted from `from`.
    pub(super) fn stars(&self, from: usize, to: usize, hidden: Range<usize>) -> Option<Stars> {
        match self.stars >> from & bits(0..to - from) {
            0 => Some(Stars::Absent),
            stars if stars == bits(hidden) => Some(Stars::Masked),
            _ => None,
        }
    }

    /// Says whether the number that ends with this symbol goes on as something else: a word, or decimals.
    pub(super) fn is_continued(&self, last: usize) -> bool {
        let Some((next, after)) = self.scope.at(self.end(last)) else { return false };
        if next != '.' {
            return next.is_ascii_alphanumeric();
        }
        let mut at = after;
        let mut decimals = 0;
        while let Some((c, end)) = self.scope.at(at)
            && c.is_ascii_digit()
            && decimals < 3
        {
            at = end;
            decimals += 1;
        }
        (1..=2).contains(&decimals)
    }
}

/// The bits of a range that ends below 32.
fn bits(range: Range<usize>) -> u32 {
    let below = |end: usize| (1_u32 << end) - 1;
    below(range.end) & !below(range.start.min(range.end))
}

fn symbol(scope: Scope<'_>, at: usize) -> Option<(u8, usize)> {
    match scope.at(at)? {
        (c @ '0'..='9', end) => Some((c as u8 - b'0', end)),
        ('*', end) => Some((STAR, end)),
        _ => None,
    }
}

/// Skips what may stand between two groups of digits; none if no digit, star or masked address follows.
fn after_separators(scope: Scope<'_>, mut at: usize) -> Option<usize> {
    for _ in 0..SEPARATORS_MAX {
        let (c, end) = scope.at(at)?;
        if !is_separator(c) {
            return None;
        }
        at = end;
        if symbol(scope, at).is_some() || scope.at(at).is_some_and(|(c, _)| c == HIDDEN) {
            return Some(at);
        }
    }
    None
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '(' | ')' | '.' | '·' | '_' | '\u{a0}' | '\u{2002}'..='\u{200b}' | '\u{202f}')
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Says whether a number cannot begin here, because it is the end of a code or of a decimal fraction.
pub(super) fn is_glued(scope: Scope<'_>, at: usize) -> bool {
    let Some((last, start)) = scope.before(at) else { return false };
    if last == '.' {
        let zero = scope.before(start).filter(|(c, _)| *c == '0');
        return zero.is_some_and(|(_, start)| !scope.before(start).is_some_and(|(c, _)| c.is_ascii_digit()));
    }
    last.is_ascii_alphanumeric() && !follows_announcement(scope, at)
}

/// Words that people write right before a number.
const ANNOUNCEMENTS: &[&str] = &[
    "tel", "phone", "mobile", "mob", "cell", "call", "wechat", "weixin", "wx", "vx", "v", "whatsapp", "id",
    "card", "no",
];

fn follows_announcement(scope: Scope<'_>, at: usize) -> bool {
    let mut word = ['\0'; 9];
    let mut length = 0;
    let mut start = at;
    while let Some((c, before)) = scope.before(start)
        && c.is_ascii_alphanumeric()
    {
        if length == word.len() {
            return false;
        }
        word[length] = c.to_ascii_lowercase();
        length += 1;
        start = before;
    }
    ANNOUNCEMENTS.iter().any(|known| known.chars().eq(word[..length].iter().rev().copied()))
}
