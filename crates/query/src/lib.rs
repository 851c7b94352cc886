//! One GraphQL query over many sources.
//!
//! A file says which types there are, where each comes from and how they hang together. A query is admitted (limits,
//! validation), planned into a tree of fetches, dispatched with one fetch for each source and level, and its answer is
//! written from the rows in the order in which it was asked.
//!
//! *Invariant:* nothing of a source's driver is in a public signature; a source knows no GraphQL, and the plan knows
//! no source beyond what its [`Abilities`] tell.

mod admit;
mod answer;
mod bind;
mod cache;
mod config;
mod cursor;
mod decimal;
mod engine;
mod explain;
mod gather;
mod guarded;
mod kept;
mod limits;
mod model;
mod plan;
mod project;
mod refusal;
mod rows;
mod run;
mod scalar;
mod schema;
mod source;
mod sources;
mod trace;
mod value;
mod write;

#[cfg(test)]
mod tests;

pub use answer::Response;
pub use config::{ConfigError, Mistake};
pub use engine::{Engine, Explain, FieldMetrics, Metrics, Request, Session, SourceMetrics, Subscription};
pub use rows::{Cell, Rows, RowsBuilder};
pub use scalar::{Scalar, Value};
pub use source::{
    Abilities, Call, Column, Comparison, Fetch, Fetching, Filter, Keys, Order, Source, SourceError, Target,
    TroubleKind,
};
pub use sources::{DraftError, DraftSource, SourceOpenError, draft, open};
