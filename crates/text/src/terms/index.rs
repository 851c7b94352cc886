//! The terms of a text.

use super::{Script, WORD_MAX, script};
use crate::fold::fold;

/// Bytes of the longest character.
const CHARACTER_BYTES: usize = 4;

/// Appends the terms of a text, with a space between two terms and before the first if `out` has some already.
pub fn index_terms(text: &str, out: &mut String) {
    each_term(text, |term| {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(term);
    });
}

/// Hands on the terms of a text, in order.
pub fn each_term(text: &str, emit: impl FnMut(&str)) {
    let mut terms = Terms { emit, term: Term::default(), run: Run::None };
    fold(text, |c, _, _| terms.push(c));
    terms.end_run();
}

enum Run {
    None,
    /// Characters in pairs, and the last one.
    Pairs(char),
    /// A word, and how long it is.
    Word(usize),
}

/// The term that is being written: it has room for the longest one.
struct Term {
    bytes: [u8; WORD_MAX * CHARACTER_BYTES],
    len: usize,
}

impl Default for Term {
    fn default() -> Self {
        Self { bytes: [0; _], len: 0 }
    }
}

impl Term {
    fn push(&mut self, c: char) {
        if let Some(rest) = self.bytes.get_mut(self.len..).filter(|rest| rest.len() >= c.len_utf8()) {
            self.len += c.encode_utf8(rest).len();
        }
    }

    fn end(&mut self, emit: &mut impl FnMut(&str)) {
        // It consists of whole characters.
        emit(std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default());
        self.len = 0;
    }
}

struct Terms<F> {
    emit: F,
    term: Term,
    run: Run,
}

impl<F: FnMut(&str)> Terms<F> {
    fn push(&mut self, c: char) {
        match script(c) {
            Some(Script::Unspaced) => {
                match self.run {
                    Run::Pairs(last) => {
                        self.term.push(last);
                        self.term.push(c);
                        self.term.end(&mut self.emit);
                    }
                    Run::Word(_) => self.end_run(),
                    Run::None => {}
                }
                self.run = Run::Pairs(c);
            }
            Some(Script::Spaced) => {
                let length = match self.run {
                    Run::Word(length) => length,
                    Run::None | Run::Pairs(_) => {
                        self.end_run();
                        0
                    }
                };
                if length < WORD_MAX {
                    self.term.push(c);
                }
                self.run = Run::Word(length + 1);
            }
            None => self.end_run(),
        }
    }

    fn end_run(&mut self) {
        match self.run {
            Run::None => return,
            Run::Pairs(last) => self.term.push(last),
            Run::Word(_) => {}
        }
        self.term.end(&mut self.emit);
        self.run = Run::None;
    }
}
