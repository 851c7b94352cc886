//! The terms of a text.

use super::{Script, WORD_MAX, script};
use crate::fold::fold;

/// Appends the terms of a text, with a space between two terms and before the first if `out` has some already.
pub fn index_terms(text: &str, out: &mut String) {
    let mut terms = Terms { out, run: Run::None };
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

struct Terms<'a> {
    out: &'a mut String,
    run: Run,
}

impl Terms<'_> {
    fn push(&mut self, c: char) {
        match script(c) {
            Some(Script::Unspaced) => {
                if let Run::Pairs(last) = self.run {
                    self.separate();
                    self.out.push(last);
                    self.out.push(c);
                }
                self.run = Run::Pairs(c);
            }
            Some(Script::Spaced) => {
                let length = match self.run {
                    Run::Word(length) => length,
                    Run::None | Run::Pairs(_) => {
                        self.end_run();
                        self.separate();
                        0
                    }
                };
                if length < WORD_MAX {
                    self.out.push(c);
                }
                self.run = Run::Word(length + 1);
            }
            None => self.end_run(),
        }
    }

    fn end_run(&mut self) {
        if let Run::Pairs(last) = self.run {
            self.separate();
            self.out.push(last);
        }
        self.run = Run::None;
    }

    fn separate(&mut self) {
        if !self.out.is_empty() {
            self.out.push(' ');
        }
    }
}
