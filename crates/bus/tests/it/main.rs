//! What every back-end promises, and what is particular to each, against real servers.
//!
//! `KEFU_BUS_TOOLS` names the folder of `nsqd`, `nats-server` and what comes with them; without it they are looked for in
//! `PATH`. Tests that find none of them say so and pass.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod conformance;
mod embedded;
mod house;
mod nats;
mod nsq;
mod passing;
mod servers;
mod support;
