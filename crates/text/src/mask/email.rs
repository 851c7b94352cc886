//! E-mail addresses: an ordinary local part, `@`, and a domain that ends in letters.

use super::{
    Kind,
    scan::{Found, Scope},
};
use crate::fold::is_spaced;

/// Reads the address around an `@`. A masked one has a single letter or digit and three stars before it.
pub(super) fn around(scope: Scope<'_>, at: usize) -> Option<Found> {
    let before_stars = if scope.text[scope.floor..at].ends_with("***") { at - 3 } else { at };
    let first = scope.before(before_stars).filter(|(c, _)| before_stars < at && is_spaced(*c));
    let start = match first {
        Some((_, start)) => start,
        None => local_start(scope, at),
    };
    let (_, domain) = scope.at(at)?;
    let end = domain_end(scope, domain).filter(|_| start < at)?;
    Some(Found { kind: Kind::Email, range: start..end, masked: first.is_some() })
}

/// The first letter or digit of the local part that ends here.
fn local_start(scope: Scope<'_>, end: usize) -> usize {
    let mut start = end;
    let mut at = end;
    while let Some((c, before)) = scope.before(at)
        && is_local(c)
    {
        at = before;
        if is_spaced(c) {
            start = at;
        }
    }
    start
}

/// What RFC 5322 allows without quotes and people use.
fn is_local(c: char) -> bool {
    is_spaced(c) || matches!(c, '.' | '_' | '-' | '+' | '%' | '\'')
}

/// The end of the longest domain that begins here: labels, a dot, and at least two letters.
fn domain_end(scope: Scope<'_>, start: usize) -> Option<usize> {
    let mut end = None;
    let mut labels = 0;
    let mut at = start;
    loop {
        let mut letters = 0;
        let mut characters = 0;
        let mut after_letters = at;
        while let Some((c, after)) = scope.at(at)
            && (is_spaced(c) || c == '-')
        {
            at = after;
            if letters == characters && c.is_alphabetic() {
                letters += 1;
                after_letters = at;
            }
            characters += 1;
        }
        if characters == 0 {
            return end;
        }
        if labels > 0 && letters >= 2 {
            end = Some(after_letters);
        }
        labels += 1;
        match scope.at(at) {
            Some(('.', after)) => at = after,
            _ => return end,
        }
    }
}
