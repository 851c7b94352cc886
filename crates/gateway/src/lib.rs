//! Bridges between JSON over HTTP, SOAP and Thrift, described by a file and driven by schemas at run time.
//!
//! Every endpoint has two sides. What comes in on one becomes JSON, is called on the other through a client of
//! `kefu_upstream`, and what comes back goes out as the caller's protocol has it, exceptions and faults too. So there
//! are three servers and three clients, and no pair of them knows the other.
//!
//! *Invariant:* bodies are in no log, no metric and no error beside the answer to the call itself.

mod build;
#[cfg(feature = "channel")]
mod courier;
mod endpoint;
mod listeners;
mod metrics;
mod outcome;
mod parameters;
mod reshape;
mod router;
mod schemas;
mod server;
mod settings;
mod sides;
mod write_limit;

pub use build::{Bridge, Warning};
#[cfg(feature = "channel")]
pub use courier::{Courier, CourierSettings, Relay, Undelivered};
pub use endpoint::HeldBack;
pub use outcome::{Called, Fate};
pub use server::Server;
pub use settings::{
    BreakerFile, BridgeFile, EndpointFile, InboundFile, InboundKind, IntegerStyle, ListenAddress,
    OperationFile, PasswordStyle, ProtocolName, ReachName, SoapVersion, TransportName, UpstreamFile,
    UpstreamKind,
};
