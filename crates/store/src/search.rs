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
//! *Invariants:* the index is never ahead of the log. It holds no text, and after
//! [`Indexer::forget`] its file holds nothing that came from one.

mod block;
mod file;
mod find;
mod indexer;
mod key;
mod lookup;
mod offsets;
mod plan;
mod query;
mod state;
mod tail;

#[cfg(test)]
mod tests;

pub(crate) use file::{check, remove};
pub use indexer::Indexer;
pub use query::{SearchHit, SearchPage, SearchQuery, SearchScope};
pub use state::SearchMetrics;
pub(crate) use state::Shared;
