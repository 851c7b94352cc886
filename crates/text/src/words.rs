//! Words that a site does not want in its conversations, with what to do about each.
//!
//! Text and words are compared folded and without what stands between letters, so that `ＳＥＸ`, `s*e*x`, `敏 感 词`
//! and `敏感詞` are what they look like. A word of an alphabet is found only as a word: `ass` is in neither `class`
//! nor `as soon`, but in `a s s`.

mod alphabet;
mod data;
mod gaps;
mod list;
mod matcher;
#[cfg(test)]
mod tests;

pub use data::{map_strings, may_be_masked};
pub use list::{Limits, List, ListError, Problem};
pub use matcher::{Hit, Matcher, Scratch, Verdict, mask_hits};

/// What is done about a word, mildest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Action {
    /// The message passes; a supervisor sees that it was flagged.
    Flag,
    /// The message passes after its sender was warned.
    Warn,
    /// The word is masked.
    Mask,
    /// The message does not pass.
    Block,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// From a visitor to the desk.
    In,
    /// From the desk to a visitor.
    Out,
}
