//! Digits with separators between them, read as one number.

use super::scan::Scope;

/// More symbols than the longest number has, with a country's code before it.
const SYMBOLS_MAX: usize = 24;
/// How many characters may stand between two groups of digits.
const SEPARATORS_MAX: usize = 3;

/// A digit, or a star in the place of one.
#[derive(Clone, Copy, Default)]
pub(super) struct Symbol {
    start: usize,
    end: usize,
    /// `None` is a star.
    digit: Option<u8>,
    /// The last symbol before a separator or the end.
    ends_group: bool,
}

/// How the digits of a number are set in groups.
pub(super) struct Groups {
    sizes: [u8; SYMBOLS_MAX],
    count: usize,
}

impl Groups {
    pub(super) fn sizes(&self) -> &[u8] {
        &self.sizes[..self.count]
    }

    pub(super) fn is_whole(&self) -> bool {
        self.count == 1
    }

    pub(super) fn is_singles(&self) -> bool {
        self.sizes().iter().all(|size| *size == 1)
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

/// The symbols from one place of the text on.
pub(super) struct Digits<'a> {
    scope: Scope<'a>,
    symbols: [Symbol; SYMBOLS_MAX],
    count: usize,
}

impl<'a> Digits<'a> {
    /// Reads digits and stars, and groups of them as long as separators join them.
    pub(super) fn read(scope: Scope<'a>, at: usize) -> Self {
        let mut digits = Self { scope, symbols: [Symbol::default(); SYMBOLS_MAX], count: 0 };
        let mut at = at;
        loop {
            while let Some((symbol, end)) = symbol(scope, at) {
                if digits.count == SYMBOLS_MAX {
                    return digits;
                }
                digits.symbols[digits.count] = Symbol { start: at, end, digit: symbol, ends_group: false };
                digits.count += 1;
                at = end;
            }
            if let Some(last) = digits.count.checked_sub(1) {
                digits.symbols[last].ends_group = true;
            }
            let Some(next) = after_separators(scope, at) else { return digits };
            at = next;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn start(&self, index: usize) -> usize {
        self.symbols[index].start
    }

    pub(super) fn end(&self, index: usize) -> usize {
        self.symbols[index].end
    }

    /// The digit at a place; none where a star is or the digits end.
    pub(super) fn digit(&self, index: usize) -> Option<u8> {
        self.symbols[..self.count].get(index)?.digit
    }

    pub(super) fn ends_group(&self, index: usize) -> bool {
        self.symbols[index].ends_group
    }

    /// Reads a few digits as a number.
    pub(super) fn value(&self, from: usize, to: usize) -> Option<u32> {
        (from..to).try_fold(0, |value, index| Some(value * 10 + u32::from(self.digit(index)?)))
    }

    /// The groups of the symbols `from..to`, if a number can end there: on a digit, and at the end of a group or
    /// before nothing but stars.
    pub(super) fn groups(&self, from: usize, to: usize) -> Option<Groups> {
        self.digit(to.checked_sub(1)?)?;
        if !self.symbols[to - 1].ends_group {
            let rest = &self.symbols[to..self.count];
            let end = rest.iter().position(|symbol| symbol.ends_group)?;
            if rest[..=end].iter().any(|symbol| symbol.digit.is_some()) {
                return None;
            }
        }
        let mut groups = Groups { sizes: [0; SYMBOLS_MAX], count: 0 };
        for symbol in &self.symbols[from..to] {
            groups.sizes[groups.count] += 1;
            if symbol.ends_group {
                groups.count += 1;
            }
        }
        if !self.symbols[to - 1].ends_group {
            groups.count += 1;
        }
        Some(groups)
    }

    /// Compares the stars among the symbols `from..to` with the places that masking hides, counted from `from`.
    pub(super) fn stars(&self, from: usize, to: usize, hidden: &std::ops::Range<usize>) -> Option<Stars> {
        let mut symbols = self.symbols[from..to].iter();
        if symbols.clone().all(|symbol| symbol.digit.is_some()) {
            return Some(Stars::Absent);
        }
        let mut index = 0;
        let fits = symbols.all(|symbol| {
            index += 1;
            symbol.digit.is_none() == hidden.contains(&(index - 1))
        });
        fits.then_some(Stars::Masked)
    }

    /// Says whether the number that ends with this symbol goes on as something else: a word, or decimals.
    pub(super) fn is_continued(&self, last: usize) -> bool {
        let end = self.symbols[last].end;
        let Some((next, after)) = self.scope.at(end) else { return false };
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

fn symbol(scope: Scope<'_>, at: usize) -> Option<(Option<u8>, usize)> {
    let (c, end) = scope.at(at)?;
    match c {
        '0'..='9' => Some((Some(c as u8 - b'0'), end)),
        '*' => Some((None, end)),
        _ => None,
    }
}

/// Skips what may stand between two groups of digits; none if no digit or star follows.
fn after_separators(scope: Scope<'_>, mut at: usize) -> Option<usize> {
    for _ in 0..SEPARATORS_MAX {
        let (c, end) = scope.at(at)?;
        if !is_separator(c) {
            return None;
        }
        at = end;
        if symbol(scope, at).is_some() {
            return Some(at);
        }
    }
    None
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2002}'..='\u{200b}' | '\u{202f}' | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
        || matches!(c, '(' | ')' | '.' | '·' | '_')
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
