//! What a person types into a search field.

use super::{Script, WORD_MAX, script};
use crate::fold::fold;

/// How much of a query counts: characters, and phrases.
const CHARACTERS_MAX: usize = 256;
const PHRASES_MAX: usize = 16;

/// Whether the last word of a query may be the beginning of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LastWord {
    /// It is typed to its end.
    Whole,
    /// It may go on: for a search as one types.
    Prefix,
}

/// A search: every phrase must be found, in any order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Query {
    pub(super) phrases: Vec<Phrase>,
}

/// A term that every text has in which a query is found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QueryTerm {
    /// The term, or how it begins.
    pub text: String,
    /// Any term that begins so will do.
    pub is_prefix: bool,
}

/// Runs that follow one another.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Phrase {
    pub(super) runs: Vec<Run>,
    /// The last run is the beginning of a word.
    pub(super) is_prefix: bool,
}

/// Folded characters of one script.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Run {
    pub(super) script: Script,
    pub(super) characters: Vec<char>,
}

impl Query {
    /// Says whether there is nothing to search for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// The query in FTS5's language: an AND of strings, each perhaps a prefix. It has no other syntax and no foreign
    /// character that could be one; an empty query finds nothing. Bind it as the value of `MATCH`, or put it in
    /// parentheses behind a column filter.
    #[must_use]
    pub fn to_match(&self) -> String {
        let mut out = String::new();
        for (index, phrase) in self.phrases.iter().enumerate() {
            out.push_str(if index == 0 { "\"" } else { " AND \"" });
            let terms = out.len();
            phrase.write_terms(&mut out, terms);
            out.push_str(if phrase.ends_in_prefix() { "\"*" } else { "\"" });
        }
        if out.is_empty() {
            out.push_str("\"\"");
        }
        out
    }
}

impl Query {
    /// The terms of the query, none twice, for an index without positions. A text that has them all is found if
    /// [`matches()`](super::matches()) says so.
    #[must_use]
    pub fn terms(&self) -> Vec<QueryTerm> {
        let mut terms: Vec<QueryTerm> = Vec::new();
        for phrase in &self.phrases {
            let mut written = String::new();
            phrase.write_terms(&mut written, 0);
            let count = written.split(' ').count();
            for (index, text) in written.split(' ').enumerate() {
                let is_prefix = phrase.ends_in_prefix() && index + 1 == count;
                let term = QueryTerm { text: text.to_owned(), is_prefix };
                if !terms.contains(&term) {
                    terms.push(term);
                }
            }
        }
        terms
    }
}

impl Phrase {
    /// Says whether the last term stands for all that begin with it.
    pub(super) fn ends_in_prefix(&self) -> bool {
        let single = |run: &Run| run.script == Script::Unspaced && run.characters.len() == 1;
        self.is_prefix || self.runs.last().is_some_and(single)
    }

    fn write_terms(&self, out: &mut String, start: usize) {
        for (index, run) in self.runs.iter().enumerate() {
            let is_last = index + 1 == self.runs.len();
            let mut write = |characters: &[char]| {
                if out.len() > start {
                    out.push(' ');
                }
                out.extend(characters);
            };
            match (run.script, &run.characters[..]) {
                (Script::Spaced, word) => write(word),
                // A prefix of the pair that it begins, or the term of a run's end.
                (Script::Unspaced, single @ [_]) => write(single),
                (Script::Unspaced, characters) => {
                    characters.windows(2).for_each(&mut write);
                    if let ([.., last], false) = (characters, is_last) {
                        // Another run follows only where this one ends.
                        write(&[*last]);
                    }
                }
            }
        }
    }
}

/// Reads a query. Words are searched for in any order, `"…"` and `“…”` as they are; what is joined by `.`, `@`, `-`
/// and the like stays together. All else is ignored, and so is what exceeds 256 characters or 16 phrases.
#[must_use]
pub fn query(text: &str, last_word: LastWord) -> Query {
    let mut reader = Reader::default();
    let mut count = 0;
    fold(text, |c, _, _| {
        count += 1;
        if count <= CHARACTERS_MAX {
            reader.push(c);
        }
    });
    if last_word == LastWord::Prefix && count <= CHARACTERS_MAX {
        reader.phrase.is_prefix = reader.ends_in_word();
    }
    reader.end_phrase();
    Query { phrases: reader.phrases }
}

#[derive(Default)]
struct Reader {
    phrases: Vec<Phrase>,
    phrase: Phrase,
    is_quoted: bool,
    /// What came before the next character.
    last: Last,
}

#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Last {
    /// A character of the last run.
    Run,
    /// A sign that joins words.
    Joint,
    #[default]
    Other,
}

impl Reader {
    fn push(&mut self, c: char) {
        if let Some(script) = script(c) {
            self.push_character(c, script);
            self.last = Last::Run;
        } else if is_quote(c) {
            self.end_phrase();
            self.is_quoted = match c {
                '"' => !self.is_quoted,
                '“' | '„' | '«' => true,
                _ => false,
            };
        } else if is_joint(c) && self.last == Last::Run {
            self.last = Last::Joint;
        } else {
            self.last = Last::Other;
        }
    }

    fn push_character(&mut self, c: char, script: Script) {
        let same = self.phrase.runs.last_mut().filter(|run| run.script == script);
        match same {
            Some(run) if self.last == Last::Run => {
                if script == Script::Unspaced || run.characters.len() < WORD_MAX {
                    run.characters.push(c);
                }
                return;
            }
            Some(_) if self.last == Last::Joint && script == Script::Spaced => {}
            _ if self.is_quoted => {}
            _ => self.end_phrase(),
        }
        self.phrase.runs.push(Run { script, characters: vec![c] });
    }

    fn end_phrase(&mut self) {
        let phrase = std::mem::take(&mut self.phrase);
        self.last = Last::Other;
        if !phrase.runs.is_empty() && self.phrases.len() < PHRASES_MAX && !self.phrases.contains(&phrase) {
            self.phrases.push(phrase);
        }
    }

    /// Says whether a word is being typed.
    fn ends_in_word(&self) -> bool {
        let word = self.phrase.runs.last().filter(|run| run.script == Script::Spaced);
        let is_open = word.is_some_and(|run| run.characters.len() < WORD_MAX);
        is_open && self.last == Last::Run && !self.is_quoted
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»')
}

/// What e-mail addresses, order numbers, versions and paths have between their parts.
fn is_joint(c: char) -> bool {
    matches!(c, '.' | '@' | '-' | '_' | '/' | ':' | '+' | '#' | '&' | '=' | '\'' | '’' | '~' | '?' | '%')
}
