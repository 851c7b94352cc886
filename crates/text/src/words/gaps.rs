//! What stands between the letters of a word, and whether it still is that word.

use super::matcher::Letter;
use crate::fold::{is_invisible, is_spaced, narrow};

/// The longest gap between two letters, in characters.
const GAP_MAX: usize = 8;

/// What a gap looks like to a reader, from nothing to the end of a sentence.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Gap {
    None,
    Invisible,
    Sign,
    /// A sign that numbers have inside: in `8.9` nobody hides a word.
    Number,
    Space,
    /// A mark between clauses, or the end of a line.
    Clause,
}

/// Says whether letters that spell a word with what stands between them are meant as that word.
///
/// Gaps that texts have anyway (spaces in alphabets, marks between clauses in Chinese) count only where
/// every letter is set apart and the word has three or more. Gaps of the word itself do not matter.
pub(super) fn are_meant(text: &str, letters: &[Letter], own_gaps: u64) -> bool {
    let mut present = 0;
    let mut absent = 0;
    let mut usual = false;
    for (index, pair) in letters.windows(2).enumerate() {
        let [left, right] = pair else { continue };
        let Some(gap) = gap(text, left.end, right.start) else { return false };
        if own_gaps >> index & 1 == 1 {
            continue;
        }
        let alphabet = is_spaced(left.c) && is_spaced(right.c);
        let digits = is_digit(left.c) && is_digit(right.c);
        match gap {
            Gap::None => absent += 1,
            Gap::Number if digits => return false,
            _ => present += 1,
        }
        usual |= gap == Gap::Clause || alphabet && gap == Gap::Space;
    }
    !usual || absent == 0 && present >= 2
}

/// Says whether a word begins and ends here: a letter does not go on a word of letters, nor anything of an
/// alphabet a number.
pub(super) fn is_whole(text: &str, letters: &[Letter]) -> bool {
    let (Some(first), Some(last)) = (letters.first(), letters.last()) else { return false };
    let before = text[..first.start].chars().next_back();
    let after = text[last.end..].chars().next();
    !goes_on(first.c, before) && !goes_on(last.c, after)
}

fn goes_on(letter: char, neighbour: Option<char>) -> bool {
    let Some(neighbour) = neighbour.map(narrow).filter(|c| is_spaced(*c)) else { return false };
    is_spaced(letter) && (is_digit(letter) || !is_digit(neighbour))
}

fn is_digit(c: char) -> bool {
    c.is_numeric()
}

/// What stands between two byte offsets; none if it is too long to be overlooked.
fn gap(text: &str, start: usize, end: usize) -> Option<Gap> {
    // One character may stand for several letters.
    let between = text.get(start..end).unwrap_or_default();
    let mut gap = Gap::None;
    for (count, c) in between.chars().enumerate() {
        if count == GAP_MAX {
            return None;
        }
        gap = match (narrow(c), gap) {
            ('\n' | '\r' | ',' | ';' | '!' | '?' | '。' | '、', _) | (_, Gap::Clause) => Gap::Clause,
            (':', _) if !c.is_ascii() => Gap::Clause,
            (c, _) if c.is_whitespace() => Gap::Space,
            (_, Gap::Space) => Gap::Space,
            ('.' | ':' | '/' | '-' | '+' | '%', _) => Gap::Number,
            (_, Gap::Number) => Gap::Number,
            (c, Gap::None | Gap::Invisible) if is_invisible(c) => Gap::Invisible,
            _ => Gap::Sign,
        };
    }
    Some(gap)
}
