//! Clients to other systems: JSON over HTTP, SOAP over HTTP, Thrift over TCP and HTTP.
//!
//! Each client takes the JSON of a call and gives the JSON of its answer; what lies between is `kefu_wire`'s to know.
//! Connections are pooled and never used again after anything went wrong on them. Nothing here is sent twice: whether
//! a call may be repeated is for its caller to know, who has a [`Breaker`] to ask first.
//!
//! *Invariant:* an address is looked up once, checked by [`Reach`], and the address that was checked is the one that
//! is connected to. Redirects are not followed.

mod address;
mod breaker;
mod clock;
mod connection;
mod error;
mod http;
mod pool;
mod rest;
mod soap;
mod thrift;
mod tls;
mod trace;

pub use address::{Endpoint, EndpointError, Reach};
pub use breaker::{Breaker, BreakerState};
pub use connection::{Connector, Stream};
pub use error::{Answer, CallError, Trouble};
pub use http::{HttpClient, HttpSettings};
pub use pool::{Place, Pool, PoolState};
pub use rest::{RestClient, RestOperation, Template, TemplateError};
pub use soap::{Credentials, PasswordForm, SoapClient};
pub use thrift::{Framing, Incoming, StreamError, ThriftClient, ThriftSettings, ThriftStream, frame};
pub use tls::{TlsError, TlsSettings};
pub use trace::{TraceContext, TraceContextError, within_trace};
