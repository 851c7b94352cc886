//! What a query found, shown in the text.

use std::ops::Range;

use super::{Query, Script, WORD_MAX, query::Phrase, query::Run, script};
use crate::fold::fold;

/// Finds where the phrases of a query stand: byte ranges in order, without overlap, on character boundaries.
#[must_use]
pub fn highlights(text: &str, query: &Query) -> Vec<Range<usize>> {
    if query.is_empty() {
        return Vec::new();
    }
    let text = Text::read(text);
    let mut ranges = Vec::new();
    for phrase in &query.phrases {
        for run in 0..text.runs.len() {
            text.find(phrase, run, &mut ranges);
        }
    }
    merge(ranges)
}

/// Says whether a query is found in a text: each of its phrases, somewhere.
#[must_use]
pub fn matches(text: &str, query: &Query) -> bool {
    if query.is_empty() {
        return false;
    }
    let text = Text::read(text);
    query.phrases.iter().all(|phrase| {
        let mut found = Vec::new();
        (0..text.runs.len()).any(|run| {
            text.find(phrase, run, &mut found);
            !found.is_empty()
        })
    })
}

/// Folded characters with their places, in runs.
#[derive(Default)]
struct Text {
    characters: Vec<char>,
    places: Vec<(usize, usize)>,
    runs: Vec<(Script, Range<usize>)>,
}

impl Text {
    fn read(text: &str) -> Self {
        let mut read = Self::default();
        let mut last = None;
        fold(text, |c, start, end| {
            let script = script(c);
            if let Some(script) = script {
                let index = read.characters.len();
                read.characters.push(c);
                read.places.push((start, end));
                match read.runs.last_mut() {
                    Some((_, run)) if last == Some(script) => run.end = index + 1,
                    _ => read.runs.push((script, index..index + 1)),
                }
            }
            last = script;
        });
        read
    }

    /// Adds the places where a phrase begins in a run.
    fn find(&self, phrase: &Phrase, at: usize, found: &mut Vec<Range<usize>>) {
        let (Some(first), Some(last)) = (phrase.runs.first(), phrase.runs.last()) else { return };
        let Some(runs) = self.runs.get(at..at + phrase.runs.len()) else { return };
        if !runs.iter().zip(&phrase.runs).all(|((script, _), run)| *script == run.script) {
            return;
        }
        let begin = &runs[0].1;
        if let [only] = &phrase.runs[..] {
            self.find_one(only, phrase.is_prefix, begin, found);
            return;
        }
        let start = match first.script {
            Script::Unspaced if self.characters[begin.clone()].ends_with(&first.characters) => {
                begin.end - first.characters.len()
            }
            Script::Spaced if self.is_word(begin, first, false) => begin.start,
            _ => return,
        };
        let middle = 1..runs.len() - 1;
        let fits = |index: usize| match phrase.runs[index].script {
            Script::Unspaced => self.characters[runs[index].1.clone()] == phrase.runs[index].characters,
            Script::Spaced => self.is_word(&runs[index].1, &phrase.runs[index], false),
        };
        let end = &runs[runs.len() - 1].1;
        let ends = match last.script {
            Script::Unspaced => self.characters[end.clone()].starts_with(&last.characters),
            Script::Spaced => self.is_word(end, last, phrase.is_prefix),
        };
        if ends && middle.into_iter().all(fits) {
            found.extend(self.place(start, end.start + last.characters.len()));
        }
    }

    /// Adds the places of a phrase that is one run.
    fn find_one(&self, run: &Run, is_prefix: bool, within: &Range<usize>, found: &mut Vec<Range<usize>>) {
        let length = run.characters.len();
        match run.script {
            Script::Spaced => {
                if self.is_word(within, run, is_prefix) {
                    found.extend(self.place(within.start, within.start + length));
                }
            }
            Script::Unspaced => {
                let windows = self.characters[within.clone()].windows(length).enumerate();
                let places = windows.filter(|(_, window)| *window == run.characters);
                found.extend(places.filter_map(|(index, _)| {
                    let start = within.start + index;
                    self.place(start, start + length)
                }));
            }
        }
    }

    /// Compares a word as the index has it: without its end if it is very long.
    fn is_word(&self, within: &Range<usize>, run: &Run, is_prefix: bool) -> bool {
        let word = &self.characters[within.clone()];
        let word = &word[..word.len().min(WORD_MAX)];
        if is_prefix { word.starts_with(&run.characters) } else { word == run.characters }
    }

    fn place(&self, from: usize, to: usize) -> Option<Range<usize>> {
        let start = self.places.get(from)?.0;
        Some(start..self.places.get(to.checked_sub(1)?)?.1)
    }
}

fn merge(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// A piece of a text around what was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Snippet<'a> {
    /// The piece.
    pub text: &'a str,
    /// Text was left out before it.
    pub is_cut_before: bool,
    /// Text was left out after it.
    pub is_cut_after: bool,
    /// The highlights within the piece, in bytes of it.
    pub highlights: Vec<Range<usize>>,
}

/// Cuts at most so many characters out of a text: the first highlight with a third of the rest before it.
#[must_use]
pub fn snippet<'a>(text: &'a str, ranges: &[Range<usize>], characters_max: usize) -> Snippet<'a> {
    let first = ranges.first().map_or(0..0, |range| {
        let start = text.floor_char_boundary(range.start);
        start..text.ceil_char_boundary(range.end).max(start)
    });
    let shown = text[first.clone()].chars().take(characters_max).count();
    let before = (characters_max - shown) / 3;
    let start =
        text[..first.start].char_indices().rev().take(before).last().map_or(first.start, |(at, _)| at);
    let length_in = |text: &str| text.char_indices().nth(characters_max).map_or(text.len(), |(at, _)| at);
    let mut end = start + length_in(&text[start..]);
    let mut start = start;
    if end == text.len() {
        // There is room left for more of what comes before.
        let from_end = text.char_indices().rev().take(characters_max).last();
        start = start.min(from_end.map_or(text.len(), |(at, _)| at));
        end = text.len();
    }
    let visible = ranges.iter().filter(|range| range.start < end && range.end > start);
    let highlights = visible.filter_map(|range| {
        let (from, to) = (range.start.max(start), range.end.min(end));
        text.get(from..to).map(|_| from - start..to - start)
    });
    Snippet {
        text: &text[start..end],
        is_cut_before: start > 0,
        is_cut_after: end < text.len(),
        highlights: highlights.collect(),
    }
}
