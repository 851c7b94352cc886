//! What a full-text index gets of a text, and how it is asked, so that two Chinese characters are found.
//!
//! Text is folded (case, full-width forms, diacritics, traditional characters) and cut into runs. A run of characters
//! that are written without spaces (Han, kana, Hangul) becomes its overlapping pairs and, at the end, its last character:
//! `要退款` is `要退 退款 款`. So every word of two characters is a term, a longer one a phrase of terms, a single character
//! the prefix of one. A run of letters and digits is one term; `bob.lee@example.com` or `2026-00-12` are found by their
//! parts and, as phrases, as a whole.
//!
//! Terms consist of `a`–`z`, `0`–`9` and letters and digits outside ASCII. SQLite's FTS5 keeps them as they are under
//! `tokenize = 'ascii'`, for which every character outside ASCII is part of a term; that is the tokenizer to use.
//! Its `detail` must be `full`, since phrases need positions.

mod highlight;
mod index;
mod query;
#[cfg(test)]
mod tests;

pub use highlight::{Snippet, highlights, matches, snippet};
pub use index::{each_term, index_terms};
pub use query::{LastWord, Query, QueryTerm, query};

use crate::fold::{is_spaced, is_unspaced};

/// The version of these rules: an index that was written by another one must be written again.
pub const VERSION: u32 = 1;

/// How much of a run of letters and digits is its term, in characters: the rest is noise (keys, images as text).
const WORD_MAX: usize = 64;

/// How characters make terms.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Script {
    /// In pairs.
    Unspaced,
    /// In words.
    Spaced,
}

/// The script of a folded character; none for what only separates.
fn script(c: char) -> Option<Script> {
    if is_unspaced(c) {
        Some(Script::Unspaced)
    } else if is_spaced(c) {
        Some(Script::Spaced)
    } else {
        None
    }
}
