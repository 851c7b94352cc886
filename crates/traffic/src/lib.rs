//! Open-loop pacing and latency measurement.
//!
//! In an open loop the time of every event is fixed before the run, and latency counts from that
//! time, not from when the event was really sent. So a stall of the server is seen by every event that
//! fell into it (no "coordinated omission"), and a generator that falls behind makes figures worse,
//! never better. How far it fell behind is measured as well, so that a run whose figures are the
//! generator's own can be refused.
//!
//! This crate does **not** know a clock, a thread or a protocol: times are offsets from the start of a
//! run, and the caller supplies them.

mod latency;
mod lateness;
mod schedule;

pub use latency::{Latency, Summary};
pub use lateness::{Lateness, Verdict};
pub use schedule::{Schedule, ScheduleError};
