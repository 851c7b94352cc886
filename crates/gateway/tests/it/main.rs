//! Bridges in process, on real sockets: what one converts, another converts back.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod cpp;
mod faults;
mod files;
mod java;
mod kitex;
mod limits;
mod peer;
mod peers;
mod soap;
mod support;
mod thrift;
mod within;
