//! Full-text search over the log.
//!
//! The index is a file of its own beside the store, `search.db`. It can be written anew from the log at any
//! time and is no part of a backup. An [`Indexer`] follows the log by position. What it has taken in is kept
//! in memory, sorted, until it covers 16,384 positions; then it becomes a segment, which is written once and
//! never merged. A segment has its postings, ordered by term, in blocks of one page each.
//!
//! A search goes from the end of the log to its beginning: entries that are not indexed yet are read, the
//! tail in memory is looked up, then one segment after the other, until there are enough hits. What the index
//! finds are candidates: the entry itself is read, with its conversation, and checked.
//!
//! An entry that is edited, recalled or erased is noted by the store in the same transaction (`revised`). The
//! indexer follows these notes and keeps the number of the last one with its segments, so a crash loses none. What
//! was noted but is not indexed anew yet is a candidate of every search.
//!
//! What is found is the text of an entry, not its data: a card or a form is found by the text that its sender gave
//! it for where it cannot be shown, and that is what highlights refer to.
//!
//! *Invariants:* the index is never ahead of the log. It holds no text, and after
//! [`Indexer::settle`] its files hold nothing that came from one that is not said any more.

mod block;
mod file;
mod find;
mod indexer;
mod key;
mod lookup;
mod offsets;
mod plan;
mod query;
mod source;
mod state;
mod tail;
mod worker;

#[cfg(test)]
mod tests;

pub(crate) use file::{check, remove};
pub use indexer::Indexer;
pub use query::{SearchHit, SearchPage, SearchQuery, SearchScope};
pub use state::SearchMetrics;
pub(crate) use state::Shared;
