//! Traffic: open-loop pacing and latency measurement, and with the feature `files` what was recorded of HTTP.
//!
//! In an open loop the time of every event is fixed before the run, and latency counts from that
//! time, not from when the event was really sent. So a stall of the server is seen by every event that
//! fell into it (no "coordinated omission"), and a generator that falls behind makes figures worse,
//! never better. How far it fell behind is measured as well, so that a run whose figures are the
//! generator's own can be refused.
//!
//! Recorded traffic comes from `.gor` files ([`gor`]) or from captures: packets out of a file ([`pcap`]), segments out
//! of packets ([`packet`]), streams out of segments ([`tcp`]), messages out of streams ([`http`]). Each step is given
//! bytes and gives values, and knows nothing of the step after it.
//!
//! This crate does **not** know a clock, a thread or a socket: times are offsets from the start of a run or what a
//! record says, and the caller supplies them. The one thing of the system in it is a timer for pollers (`timer`).

#[cfg(feature = "files")]
pub mod gor;
#[cfg(feature = "files")]
pub mod http;
#[cfg(feature = "files")]
mod input;
mod latency;
mod lateness;
#[cfg(feature = "files")]
pub mod packet;
#[cfg(feature = "files")]
pub mod pcap;
mod profile;
mod schedule;
#[cfg(feature = "files")]
pub mod tcp;
#[cfg(feature = "timer")]
mod timer;

#[cfg(feature = "files")]
pub use input::{Format, open, sniff};
#[cfg(feature = "exchange")]
pub use latency::Damaged;
pub use latency::{Latency, Summary};
pub use lateness::{Lateness, Verdict};
pub use profile::{Arrivals, Profile, ProfileError, Stretch};
pub use schedule::{Schedule, ScheduleError};
#[cfg(feature = "timer")]
pub use timer::Timer;
