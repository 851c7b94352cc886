//! The file that holds a list.
//!
//! UTF-8, one entry on a line: the word, or the word, a tab and an action, which a comma and a direction may follow.
//! Lines that begin with `#` and empty lines are skipped. Without an action a word is blocked; without a direction it
//! counts both ways. A word given twice, in whatever spelling, has the stricter action of the two.
//!
//! ```text
//! # word<TAB>action[,direction]; actions: block mask warn flag; directions: in out both
//! 敏感词
//! 加微信<TAB>warn,out
//! ```

use std::collections::HashMap;

use super::{Action, Direction};
use crate::fold::{fold, is_spaced, is_unspaced};

/// The longest word, in letters after folding: as many as the gaps of an entry have bits for.
pub(super) const LETTERS_MAX: usize = 64;

/// How much a list may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes_max: usize,
    /// Entries.
    pub words_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes_max: 4 << 20, words_max: 100_000 }
    }
}

/// Why a file is no list.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ListError {
    /// The file is too long.
    #[error("the list has {bytes} bytes, more than {max}")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// A line is wrong.
    #[error("line {line}: {problem}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The words together are more than the matcher can hold.
    #[error("the list is too large to be compiled")]
    TooComplex,
}

/// What is wrong with a line.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Problem {
    /// It is no UTF-8.
    #[error("this is not UTF-8")]
    Encoding,
    /// It has one tab too many.
    #[error("more than a word and an action")]
    TooManyFields,
    /// Nothing of the word is left without signs and spaces.
    #[error("the word has no letter or digit")]
    NoLetters,
    /// The word is too long.
    #[error("the word has more than {LETTERS_MAX} letters")]
    TooLong,
    /// The action is none of the four.
    #[error("the action is block, mask, warn or flag")]
    UnknownAction,
    /// The direction is none of the three.
    #[error("the direction is in, out or both")]
    UnknownDirection,
    /// There are too many entries.
    #[error("more than {0} words")]
    TooManyWords(usize),
}

/// A word in all its spellings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    /// As the list has it.
    pub(super) word: String,
    /// Folded, letters and digits only.
    pub(super) letters: String,
    /// Bit n: the word itself has a space or sign after its letter n.
    pub(super) gaps: u64,
    actions: [Option<Action>; 2],
}

impl Entry {
    pub(super) fn action(&self, direction: Direction) -> Option<Action> {
        self.actions[direction as usize]
    }
}

/// A list as it was read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct List {
    entries: Vec<Entry>,
}

impl List {
    /// Reads a file.
    ///
    /// # Errors
    /// The first line that is wrong, or the limit that the file exceeds.
    pub fn parse(file: &[u8], limits: Limits) -> Result<Self, ListError> {
        if file.len() > limits.bytes_max {
            return Err(ListError::TooLarge { bytes: file.len(), max: limits.bytes_max });
        }
        let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
        let mut list = Self::default();
        let mut known = HashMap::new();
        for (index, line) in file.split(|byte| *byte == b'\n').enumerate() {
            list.add(line, limits, &mut known)
                .map_err(|problem| ListError::Line { line: index + 1, problem })?;
        }
        Ok(list)
    }

    /// How many different words there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Says whether there is no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn entries(self) -> Vec<Entry> {
        self.entries
    }

    fn add(
        &mut self,
        line: &[u8],
        limits: Limits,
        known: &mut HashMap<String, usize>,
    ) -> Result<(), Problem> {
        let line = std::str::from_utf8(line).map_err(|_| Problem::Encoding)?.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let mut fields = line.split('\t');
        let word = fields.next().unwrap_or_default().trim();
        let actions = actions(fields.next().unwrap_or_default().trim())?;
        if fields.next().is_some() {
            return Err(Problem::TooManyFields);
        }
        let (letters, gaps) = letters(word)?;
        if let Some(entry) = known.get(&letters).and_then(|index: &usize| self.entries.get_mut(*index)) {
            entry.gaps |= gaps;
            entry.actions = [0, 1].map(|way| entry.actions[way].max(actions[way]));
            return Ok(());
        }
        if self.entries.len() == limits.words_max {
            return Err(Problem::TooManyWords(limits.words_max));
        }
        known.insert(letters.clone(), self.entries.len());
        self.entries.push(Entry { word: word.to_owned(), letters, gaps, actions });
        Ok(())
    }
}

fn actions(field: &str) -> Result<[Option<Action>; 2], Problem> {
    let (action, direction) = field.split_once(',').unwrap_or((field, "both"));
    let action = match action.trim() {
        "" | "block" => Action::Block,
        "mask" => Action::Mask,
        "warn" => Action::Warn,
        "flag" => Action::Flag,
        _ => return Err(Problem::UnknownAction),
    };
    match direction.trim() {
        "both" => Ok([Some(action), Some(action)]),
        "in" => Ok([Some(action), None]),
        "out" => Ok([None, Some(action)]),
        _ => Err(Problem::UnknownDirection),
    }
}

/// The letters of a word, and after which of them the word has something else.
fn letters(word: &str) -> Result<(String, u64), Problem> {
    let mut letters = String::new();
    let mut gaps = 0;
    let mut count = 0;
    fold(word, |c, _, _| {
        if is_letter(c) {
            letters.push(c);
            count += 1;
        } else if (1..LETTERS_MAX).contains(&count) {
            gaps |= 1 << (count - 1);
        }
    });
    match count {
        0 => Err(Problem::NoLetters),
        1..=LETTERS_MAX => Ok((letters, gaps)),
        _ => Err(Problem::TooLong),
    }
}

/// What words are made of; all else is a separator.
pub(super) fn is_letter(c: char) -> bool {
    is_unspaced(c) || is_spaced(c)
}
