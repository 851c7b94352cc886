//! End-to-end tests: the built binary from outside, what is generated from its definition, and the house rules.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod access;
mod adapt;
mod backup;
mod bench;
mod channels;
mod configuration;
mod disk;
mod durability;
mod events;
mod files;
mod generated;
mod gofly;
#[cfg(feature = "graphql")]
mod graphql;
#[cfg(feature = "graphql")]
mod graphql_feeds;
#[cfg(all(feature = "graphql", feature = "mongo", feature = "mysql", feature = "postgres"))]
mod graphql_nine;
#[cfg(feature = "graphql")]
mod graphql_sources;
mod help;
mod hostile;
mod leaks;
mod limits;
mod masking;
mod migrate;
mod network;
mod privacy;
mod reference;
mod replay;
mod standby;
mod support;
mod tickets;
mod tidy;
mod words;
