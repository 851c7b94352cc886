//! The text rules of a service desk that speaks Chinese and English: what in a message is personal data and
//! how it is masked, which words a site does not want, which terms a search finds, what a spreadsheet may get.
//!
//! *Invariant:* this crate knows no clock, file, socket or other crate of kefu. Text comes in, text and byte
//! ranges go out; every range lies on character boundaries. Time and memory are linear in the text.

pub mod csv;
pub mod mask;
pub mod terms;
pub mod words;

mod fold;
