//! One form between all others: a conversion is one adapter in and another out.
//!
//! An [`Adapter`] stands for one kind of message of one system: it was made from a schema and options, and knows
//! nothing of sockets, frames and streams. What a whole message is, and what goes around it, is its caller's to know.
//! The pairs that must be fast have transcoders of their own beneath, such as
//! [`thrift::to_json`](crate::thrift::to_json), which never hold a [`Message`].
//!
//! | what happens | body |
//! |---|---|
//! | call, one-way call | object of the arguments, or of the parts of the body |
//! | reply | what the function returns, or object of the parts of the body: see [`SoapAdapter::bare`] |
//! | exception that the IDL declares | `{"$exception":"Name",…}` |
//! | fault of SOAP | `{"$fault":{"code","subcodes","reason":{"en":…},"role","detail"}}` |
//! | failure that the IDL does not declare | `{"$failure":{"type":6,"message":"…"}}` |
//!
//! Each adapter reads all three forms of a fault. An exception is the detail of the fault that SOAP declares under its
//! name, and backwards; what has no counterpart becomes a failure or a fault of the server with its reason.

mod fault;
mod json;
mod object;
mod soap;
mod thrift;

#[cfg(test)]
mod tests;

pub use self::{
    json::JsonAdapter,
    soap::{Blocks, SoapAdapter},
    thrift::ThriftAdapter,
};
use crate::Error;

/// Turns messages of one kind into the common form and back.
pub trait Adapter: Send + Sync {
    /// Reads a message, which must be all of `input`.
    ///
    /// # Errors
    /// The input is malformed, does not fit the schema or is beyond a limit; offsets are those of `input`.
    fn to_internal(&self, input: &[u8]) -> Result<Message, Error>;

    /// Writes a message.
    ///
    /// # Errors
    /// The message does not fit the schema or is beyond a limit; offsets are those of its body.
    #[expect(clippy::wrong_self_convention, reason = "it is from the common form, as the other is to it")]
    fn from_internal(&self, message: &Message) -> Result<Vec<u8>, Error>;
}

/// A message in the form between all others.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Message {
    /// The operation, the method or the type.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The number of a call, which its reply repeats; 0 where the protocol has none.
    pub sequence: i32,
    /// Names of headers, and their values as JSON.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The content as JSON, by the rules of [`soap`](crate::soap) and [`thrift::to_json`](crate::thrift::to_json).
    pub body: Vec<u8>,
}

/// What a [`Message`] is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Kind {
    /// A value without an envelope.
    #[default]
    Data,
    /// A call that gets a reply.
    Call,
    /// A call that gets none.
    Oneway,
    /// A reply.
    Reply,
    /// A reply that says what went wrong.
    Fault,
}

impl Kind {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Call => "call",
            Self::Oneway => "oneway",
            Self::Reply => "reply",
            Self::Fault => "fault",
        }
    }
}
