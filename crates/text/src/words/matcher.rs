//! A list compiled into one automaton, and what it says of a text.

use std::{borrow::Cow, ops::Range};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::{
    Action, Direction,
    gaps::{are_meant, is_whole},
    list::{Entry, List, ListError, is_letter},
};
use crate::fold::fold;

/// How many hits a verdict lists.
const HITS_MAX: usize = 256;

/// A letter of a folded text, and the bytes of the original it stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    pub(super) c: char,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Memory that checks use again and again, so that a clean text needs none of its own.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The letters of the text, folded.
    folded: String,
    letters: Vec<Letter>,
    /// For each byte of `folded`, the index of its letter.
    indexes: Vec<u32>,
}

/// A word found in a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hit {
    /// Where it is, in bytes of the original, from its first letter to its last.
    pub range: Range<usize>,
    /// What is done about it.
    pub action: Action,
    /// Which word it is: see [`Matcher::word`].
    pub word: usize,
}

/// What a list says of a text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Verdict {
    /// The strictest action of all hits; none for a clean text.
    pub action: Option<Action>,
    /// The hits by where they end, the first 256 of them.
    pub hits: Vec<Hit>,
}

impl Verdict {
    /// The text with the words masked that are to be masked.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        mask_hits(text, self.hits.iter().filter(|hit| hit.action == Action::Mask))
    }
}

/// A list made ready to be searched for.
#[derive(Clone, Debug)]
pub struct Matcher {
    automaton: AhoCorasick,
    entries: Vec<Entry>,
}

impl Matcher {
    /// Compiles a list.
    ///
    /// # Errors
    /// `TooComplex` if the words need more states than there are numbers for.
    pub fn new(list: List) -> Result<Self, ListError> {
        let entries = list.entries();
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(entries.iter().map(|entry| &entry.letters))
            .map_err(|_| ListError::TooComplex)?;
        Ok(Self { automaton, entries })
    }

    /// A word as the list has it; empty for a number that no hit has.
    #[must_use]
    pub fn word(&self, word: usize) -> &str {
        self.entries.get(word).map_or("", |entry| &entry.word)
    }

    /// Searches a text that goes one way. Time is linear in the text; words that are parts of one another
    /// are all found.
    #[must_use]
    pub fn check(&self, text: &str, direction: Direction, scratch: &mut Scratch) -> Verdict {
        scratch.folded.clear();
        fold(text, |c, _, _| {
            if is_letter(c) {
                scratch.folded.push(c);
            }
        });
        if self.automaton.is_match(&scratch.folded) {
            scratch.locate(text);
            self.verdict(text, direction, scratch)
        } else {
            Verdict::default()
        }
    }

    fn verdict(&self, text: &str, direction: Direction, scratch: &Scratch) -> Verdict {
        let mut verdict = Verdict::default();
        for found in self.automaton.find_overlapping_iter(&scratch.folded) {
            let word = found.pattern().as_usize();
            let entry = &self.entries[word];
            let Some(action) = entry.action(direction) else { continue };
            let letters = scratch.letters(found.start(), found.end());
            if !is_whole(text, letters) || !are_meant(text, letters, entry.gaps) {
                continue;
            }
            verdict.action = verdict.action.max(Some(action));
            if let [first, ..] = letters
                && let [.., last] = letters
                && verdict.hits.len() < HITS_MAX
            {
                verdict.hits.push(Hit { range: first.start..last.end, action, word });
            }
        }
        verdict
    }
}

impl Scratch {
    /// Notes where each letter of the folded text comes from.
    fn locate(&mut self, text: &str) {
        self.letters.clear();
        self.indexes.clear();
        fold(text, |c, start, end| {
            if is_letter(c) {
                let index = u32::try_from(self.letters.len()).unwrap_or(u32::MAX);
                self.indexes.extend(std::iter::repeat_n(index, c.len_utf8()));
                self.letters.push(Letter { c, start, end });
            }
        });
    }

    /// The letters that a range of bytes of the folded text has.
    fn letters(&self, start: usize, end: usize) -> &[Letter] {
        let index = |byte: usize| self.indexes.get(byte).map_or(self.letters.len(), |index| *index as usize);
        self.letters.get(index(start)..index(end)).unwrap_or_default()
    }
}

/// Replaces each letter of the hits by a star and takes out what stands between the letters.
#[must_use]
pub fn mask_hits<'a, 'h>(text: &'a str, hits: impl IntoIterator<Item = &'h Hit>) -> Cow<'a, str> {
    let mut ranges: Vec<_> = hits.into_iter().map(|hit| hit.range.clone()).collect();
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for range in ranges {
        let start = range.start.max(end);
        let (Some(before), Some(word)) = (text.get(end..start), text.get(start..range.end)) else { continue };
        out.push_str(before);
        out.extend(word.chars().filter(|c| c.is_alphanumeric()).map(|_| '*'));
        end = range.end;
    }
    out.push_str(&text[end..]);
    Cow::Owned(out)
}
