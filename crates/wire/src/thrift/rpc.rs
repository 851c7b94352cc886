//! Whole messages of a service: what a bridge reads from one side and writes to the other.

use super::{
    ApplicationException, BinaryReader, BinaryWriter, CompactReader, CompactWriter, JsonReader, JsonWriter,
    from_json,
    options::Options,
    protocol::{MessageHead, MessageKind, Protocol, Reader, Writer},
    schema::{Function, Schema, Service},
    to_json::{self, Reply},
};
use crate::{Error, Limits};

/// A message that was read, apart from its JSON.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Received {
    /// The service that a multiplexed name begins with.
    pub service: Option<String>,
    /// The function.
    pub function: String,
    /// The number of the call.
    pub sequence: i32,
    /// What the message is.
    pub body: Body,
}

/// What a message is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Body {
    /// A call; the JSON is the object of its arguments.
    Call,
    /// A call that gets no reply; the JSON is the object of its arguments.
    Oneway,
    /// A reply; the JSON is what the function returns.
    Returned,
    /// A reply; the JSON is an exception that the function declares.
    Thrown,
    /// A failure that the function does not declare; there is no JSON.
    Failed(ApplicationException),
}

/// Reads a message of a service, without its transport, and appends its JSON to `out`.
///
/// # Errors
/// The message is malformed, does not fit the schema, names a function that the service does not have, or is beyond
/// a limit.
pub fn read_message(
    schema: &Schema,
    service: &Service,
    protocol: Protocol,
    input: &[u8],
    limits: &Limits,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<Received, Error> {
    match protocol {
        Protocol::Binary => read(schema, service, BinaryReader::new(input, limits)?, options, out),
        Protocol::Compact => read(schema, service, CompactReader::new(input, limits)?, options, out),
        Protocol::Json => read(schema, service, JsonReader::new(input, limits)?, options, out),
    }
}

fn read<'a>(
    schema: &Schema,
    service: &Service,
    mut reader: impl Reader<'a>,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<Received, Error> {
    let head = reader.message_begin()?;
    let (service_name, name) = head.split();
    let body = match head.kind {
        MessageKind::Exception => Body::Failed(ApplicationException::read(&mut reader)?),
        MessageKind::Call | MessageKind::Oneway => {
            let function = schema.find_function(service, name)?;
            to_json::structure(schema, function.arguments, &mut reader, options, out)?;
            if head.kind == MessageKind::Oneway { Body::Oneway } else { Body::Call }
        }
        MessageKind::Reply => {
            let function = schema.find_function(service, name)?;
            match to_json::reply(schema, function, &mut reader, options, out)? {
                Reply::Success => Body::Returned,
                Reply::Exception => Body::Thrown,
            }
        }
    };
    reader.message_end()?;
    reader.end()?;
    let (service, function) = (service_name.map(str::to_owned), name.to_owned());
    Ok(Received { service, function, sequence: head.sequence, body })
}

/// What to write.
#[derive(Clone, Copy, Debug)]
pub enum Send<'m> {
    /// A call, or a oneway call if the function is one, with the JSON of its arguments.
    Call(&'m [u8]),
    /// A reply with the JSON of what the function returns, or of an exception that it declares.
    Reply(&'m [u8]),
    /// A failure that the function does not declare.
    Failure(&'m ApplicationException),
}

/// Writes a message, without its transport, to the end of `out`; `name` is what the envelope says, multiplexed or not.
///
/// # Errors
/// The JSON is malformed, does not fit the function or is beyond a limit; then `out` holds a part of the message.
#[expect(
    clippy::too_many_arguments,
    reason = "schema and function, envelope, body, and what governs all conversions"
)]
pub fn write_message(
    schema: &Schema,
    function: &Function,
    protocol: Protocol,
    name: &str,
    sequence: i32,
    body: Send<'_>,
    limits: &Limits,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let kind = match body {
        Send::Call(_) if function.oneway => MessageKind::Oneway,
        Send::Call(_) => MessageKind::Call,
        Send::Reply(_) => MessageKind::Reply,
        Send::Failure(_) => MessageKind::Exception,
    };
    let head = MessageHead { name: name.into(), kind, sequence };
    match protocol {
        Protocol::Binary => {
            write(schema, function, &head, body, limits, options, &mut BinaryWriter::new(out))
        }
        Protocol::Compact => {
            write(schema, function, &head, body, limits, options, &mut CompactWriter::new(out))
        }
        Protocol::Json => write(schema, function, &head, body, limits, options, &mut JsonWriter::new(out)),
    }
}

fn write(
    schema: &Schema,
    function: &Function,
    head: &MessageHead<'_>,
    body: Send<'_>,
    limits: &Limits,
    options: &Options,
    writer: &mut impl Writer,
) -> Result<(), Error> {
    writer.message_begin(head);
    match body {
        Send::Call(json) => from_json::structure(schema, function.arguments, json, writer, limits, options)?,
        Send::Reply(json) => {
            from_json::reply(schema, function, json, writer, limits, options)?;
        }
        Send::Failure(exception) => exception.write(writer),
    }
    writer.message_end();
    Ok(())
}
