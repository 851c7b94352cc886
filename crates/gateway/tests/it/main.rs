//! Bridges in process, on real sockets: what one converts, another converts back.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod faults;
mod files;
mod java;
mod limits;
mod peers;
mod soap;
mod support;
mod thrift;
mod within;
