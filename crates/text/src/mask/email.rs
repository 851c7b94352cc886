//! E-mail addresses: an ordinary local part, `@`, and a domain that ends in letters.

use super::{
    Kind,
    scan::{Found, Scope},
};
use crate::fold::is_spaced;

/// Reads the address around an `@`.
pub(super) fn around(scope: Scope<'_>, at: usize) -> Option<Found> {
    let masked = scope.text[scope.floor..at].ends_with("***");
    let mut start = if masked { at - 3 } else { at };
    while let Some((c, before)) = scope.before(start)
        && is_local(c)
    {
        start = before;
        if masked {
            break;
        }
    }
    let (_, domain) = scope.at(at)?;
    let end = domain_end(scope, domain).filter(|_| start < at)?;
    Some(Found { kind: Kind::Email, range: start..end, masked })
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
