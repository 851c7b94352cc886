//! A list compiled into one automaton, and what it says of a text.

use std::{borrow::Cow, ops::Range};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::{
    Action, Direction,
    alphabet::Alphabet,
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
    /// The codes of the text's letters.
    codes: Vec<u8>,
    letters: Vec<Letter>,
    /// For each byte of `codes`, the index of its letter.
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
    alphabet: Alphabet,
    automaton: AhoCorasick,
    entries: Vec<Entry>,
}

impl Matcher {
    /// Compiles a list.
    ///
    /// # Errors
    /// `TooComplex` if the words have more than 11,264 different letters, or are too many for one automaton.
    pub fn new(list: List) -> Result<Self, ListError> {
        let entries = list.entries();
        let alphabet = Alphabet::of(entries.iter().flat_map(|entry| entry.letters.chars()));
        let alphabet = alphabet.ok_or(ListError::TooComplex)?;
        let codes = entries.iter().map(|entry| alphabet.encode(&entry.letters));
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            // Nearly every letter of a text begins some word; its next one must be looked up fast.
            .dense_depth(3)
            .build(codes)
            .map_err(|_| ListError::TooComplex)?;
        Ok(Self { alphabet, automaton, entries })
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
        scratch.codes.clear();
        fold(text, |c, _, _| {
            if is_letter(c) {
                self.alphabet.push(c, &mut scratch.codes);
            }
        });
        if self.automaton.is_match(&scratch.codes) {
            scratch.locate(text, &self.alphabet);
            self.verdict(text, direction, scratch)
        } else {
            Verdict::default()
        }
    }

    fn verdict(&self, text: &str, direction: Direction, scratch: &Scratch) -> Verdict {
        let mut verdict = Verdict::default();
        for found in self.automaton.find_overlapping_iter(&scratch.codes) {
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
    /// Notes where each letter comes from.
    fn locate(&mut self, text: &str, alphabet: &Alphabet) {
        self.codes.clear();
        self.letters.clear();
        self.indexes.clear();
        fold(text, |c, start, end| {
            if is_letter(c) {
                let index = u32::try_from(self.letters.len()).unwrap_or(u32::MAX);
                alphabet.push(c, &mut self.codes);
                self.indexes.resize(self.codes.len(), index);
                self.letters.push(Letter { c, start, end });
            }
        });
    }

    /// The letters that a range of codes has.
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
