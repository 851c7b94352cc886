//! Protocols of older systems, read and written by their schemas at run time: no generated code.
//!
//! *Invariant:* this crate knows no socket, runtime, clock or file system. Bytes come in, bytes and values go
//! out; schema files come through a [`Loader`], whose root its host chooses. Every input is bounded by
//! [`Limits`] before anything is allocated for it, and no input makes this crate panic.
//!
//! - [`thrift`] is Apache Thrift: the IDL, the wire formats, and conversion to JSON and back.
//! - [`xml`] is XML without its dangers, [`xsd`] XML Schema, [`wsdl`] descriptions of services, and [`soap`] converts
//!   SOAP messages to JSON and back.
//! - [`adapter`] puts one form between all of them; a [`Registry`] knows adapters by their names.

pub mod adapter;
pub mod soap;
pub mod thrift;
pub mod wsdl;
pub mod xml;
pub mod xsd;

mod diagnostic;
mod error;
mod json;
mod limits;
mod loader;
mod registry;

pub use diagnostic::{Diagnostic, SchemaErrors, Severity};
pub use error::{Error, ErrorKind, Problem};
pub use json::BASE64;
pub use limits::Limits;
pub use loader::{LoadError, Loader, MemoryLoader, normalize};
pub use registry::{Registry, UnknownAdapter};
