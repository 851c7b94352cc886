//! One walk over a text that stops where something may begin.

use std::ops::Range;

use memchr::memchr2_iter;

use super::{Kind, Span, address, email, english, hide::HIDDEN, number, passport};
use crate::fold::narrow;

/// What a matcher found.
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
    /// It is masked already: passed over, not reported.
    pub(super) masked: bool,
}

/// The part of a text that a matcher may look at.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) text: &'a str,
    /// The end of what was found before.
    pub(super) floor: usize,
    /// The start of the next e-mail address.
    pub(super) limit: usize,
}

impl<'a> Scope<'a> {
    /// The character at a byte offset, full-width forms made half-width but for the star of an address.
    pub(super) fn at(self, offset: usize) -> Option<(char, usize)> {
        let c = self.text.get(offset..self.limit)?.chars().next()?;
        Some((half_width(c), offset + c.len_utf8()))
    }

    /// The character before a byte offset, and where it starts.
    pub(super) fn before(self, offset: usize) -> Option<(char, usize)> {
        let c = self.text.get(self.floor..offset)?.chars().next_back()?;
        Some((half_width(c), offset - c.len_utf8()))
    }

    /// Says whether a byte offset stands behind a digit, or something masked, and stars: if what is there vanished,
    /// the stars could end a number.
    pub(super) fn is_behind_stars(self, offset: usize) -> bool {
        let before = self.text.get(..offset).unwrap_or_default();
        let others = before.trim_end_matches('*');
        let last = others.chars().next_back().filter(|_| others.len() < before.len());
        last.is_some_and(|c| c == HIDDEN || narrow(c).is_ascii_digit())
    }

    /// What follows a byte offset.
    pub(super) fn rest(self, offset: usize) -> &'a str {
        self.text.get(offset..self.limit).unwrap_or_default()
    }

    /// Says whether one of the words stands shortly before a byte offset, with no mask between.
    pub(super) fn is_announced(self, offset: usize, words: &[&str]) -> bool {
        const REACH: usize = 14;
        let before = self.text.get(self.floor..offset).unwrap_or_default();
        let chars = before.char_indices().rev().take(REACH);
        let start = chars
            .take_while(|(_, c)| !matches!(*c, '*' | HIDDEN))
            .last()
            .map_or(before.len(), |(start, _)| start);
        words.iter().any(|word| contains_ignoring_case(&before[start..], word))
    }
}

fn half_width(c: char) -> char {
    if c == HIDDEN { c } else { narrow(c) }
}

/// Says whether ASCII letters of either case, or other characters as they are, occur in a text.
fn contains_ignoring_case(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

#[derive(Clone, Copy)]
enum Class {
    Nothing,
    /// The first byte of a digit, or of a full-width character.
    Number,
    /// The first byte of a character that an address or the word for a passport may have.
    Word,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Nothing; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        classes[digit as usize] = Class::Number;
        digit += 1;
    }
    // U+F000 to U+FFFF.
    classes[0xEF] = Class::Number;
    classes[b'p' as usize] = Class::Word;
    classes[b'P' as usize] = Class::Word;
    // U+5000 to U+5FFF, U+6000 to U+6FFF, U+7000 to U+8FFF.
    classes[0xE5] = Class::Word;
    classes[0xE6] = Class::Word;
    classes[0xE7] = Class::Word;
    classes[0xE8] = Class::Word;
    classes
};

pub(super) fn scan(text: &str) -> Vec<Span> {
    let mut found = Scanner { spans: Vec::new(), emails: emails(text), next_email: 0, floor: 0 };
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if let Some(email) = found.emails.get(found.next_email)
            && at >= email.range.start
        {
            at = found.take_email();
            continue;
        }
        at = match CLASSES[usize::from(bytes[at])] {
            Class::Nothing => at + 1,
            Class::Number => found.number(text, at),
            Class::Word => found.word(text, at),
        };
    }
    while found.next_email < found.emails.len() {
        found.take_email();
    }
    found.spans
}

fn emails(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for at in memchr2_iter(b'@', 0xEF, text.as_bytes()) {
        let floor = found.last().map_or(0, |email| email.range.end);
        if at >= floor && (text.as_bytes()[at] == b'@' || text[at..].starts_with('＠')) {
            found.extend(email::around(Scope { text, floor, limit: text.len() }, at));
        }
    }
    found
}

struct Scanner {
    spans: Vec<Span>,
    emails: Vec<Found>,
    next_email: usize,
    floor: usize,
}

impl Scanner {
    fn scope<'a>(&self, text: &'a str) -> Scope<'a> {
        let limit = self.emails.get(self.next_email).map_or(text.len(), |email| email.range.start);
        Scope { text, floor: self.floor, limit }
    }

    fn take(&mut self, found: Found) -> usize {
        let Found { kind, range, masked } = found;
        self.floor = range.end;
        if masked {
            return range.end;
        }
        match self.spans.last_mut() {
            // Two parts of one address leave one mask.
            Some(last)
                if last.kind == Kind::Address && kind == last.kind && last.range.end == range.start =>
            {
                last.range.end = range.end;
            }
            _ => self.spans.push(Span { kind, range }),
        }
        self.floor
    }

    fn take_email(&mut self) -> usize {
        let email = &self.emails[self.next_email];
        let found = Found { kind: email.kind, range: email.range.clone(), masked: email.masked };
        self.next_email += 1;
        self.take(found)
    }

    /// Looks at a run of digits, and returns where to go on.
    fn number(&mut self, text: &str, at: usize) -> usize {
        let scope = self.scope(text);
        let Some((first, mut end)) = scope.at(at) else { return at + 1 };
        if !first.is_ascii_digit() {
            return end;
        }
        if let Some(found) = number::at(scope, at).or_else(|| english::at(scope, at)) {
            return self.take(found);
        }
        while let Some((c, after)) = scope.at(end)
            && c.is_ascii_digit()
        {
            end = after;
        }
        end
    }

    /// Looks at a character that may be a unit of an address or begin the word for a passport.
    fn word(&mut self, text: &str, at: usize) -> usize {
        let scope = self.scope(text);
        let Some((c, end)) = scope.at(at) else { return at + 1 };
        let found = match c {
            'p' | 'P' | '护' | '護' => passport::after(scope, at),
            '号' | '號' | '弄' | '组' | '組' | '栋' | '棟' | '幢' | '座' | '单' | '單' | '层' | '層'
            | '楼' | '樓' | '室' | '房' => address::around(scope, at),
            _ => None,
        };
        found.map_or(end, |found| self.take(found))
    }
}
