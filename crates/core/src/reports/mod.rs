//! What became of the conversations, counted from their logs.
//!
//! [`Contact`] follows the log of one conversation and tells the [`Fact`]s that its entries complete; [`Report`] adds
//! facts up. A fact belongs to the moment of the entry that completes it, so that the figures of two ranges that
//! follow one another add up to those of both, and none changes when the log goes on. `docs/operations.md` says what
//! each figure means.

mod contact;
mod durations;
mod figures;
mod report;

pub use contact::{Contact, Fact, Occurrence, Step};
pub use durations::Durations;
pub use figures::{Figures, Met};
pub use report::{Group, Grouping, Labels, Report, ReportFilter};

#[cfg(test)]
mod tests;
