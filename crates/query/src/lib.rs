//! One GraphQL query over many sources.
//!
//! A file says which types there are, where each comes from and how they hang together. A query is admitted (limits,
//! validation), planned into a tree of fetches, dispatched with one fetch for each source and level, and its answer is
//! written from the rows in the order in which it was asked.
//!
//! *Invariant:* nothing of a source's driver is in a public signature; a source knows no GraphQL, and the plan knows
//! no source beyond what its [`Abilities`] tell.

mod rows;
mod scalar;
mod source;
mod sources;

pub use rows::{Cell, Rows, RowsBuilder};
pub use scalar::{Scalar, Value};
pub use source::{
    Abilities, Call, Column, Comparison, Fetch, Fetching, Filter, Keys, Order, Source, SourceError, Target,
    TroubleKind,
};
pub use sources::{DraftError, DraftSource, SourceOpenError, draft, open};
