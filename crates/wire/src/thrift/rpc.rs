//! Whole messages of a service: what a bridge reads from one side and writes to the other.

use super::{
    ApplicationException, BinaryReader, BinaryWriter, CompactReader, CompactWriter, JsonReader, JsonWriter,
    TType, from_json,
    options::Options,
    protocol::{MessageHead, MessageKind, Protocol, Reader, Writer},
    schema::{Function, Schema, Service},
    to_json::{self, Reply},
};
use crate::{Error, Limits, Problem};

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

/// Reads the envelope of a message alone: whom it is for, before it is read with that service.
///
/// # Errors
/// The input does not begin with a message.
pub fn read_head<'a>(protocol: Protocol, input: &'a [u8], limits: &Limits) -> Result<MessageHead<'a>, Error> {
    match protocol {
        Protocol::Binary => BinaryReader::new(input, limits)?.message_begin(),
        Protocol::Compact => CompactReader::new(input, limits)?.message_begin(),
        Protocol::Json => JsonReader::new(input, limits)?.message_begin(),
    }
}

/// How long the message at the start of a stream without frames is; none if it is not all there.
///
/// Each call looks at the message from its start: ask again when there is much more, not after every byte.
///
/// # Errors
/// The bytes are no message, or it is beyond a limit.
pub fn message_len(protocol: Protocol, input: &[u8], limits: &Limits) -> Result<Option<usize>, Error> {
    len(protocol, input, limits, true)
}

/// As [`message_len`], for a struct without an envelope.
///
/// # Errors
/// The bytes are no struct, or it is beyond a limit.
pub fn struct_len(protocol: Protocol, input: &[u8], limits: &Limits) -> Result<Option<usize>, Error> {
    len(protocol, input, limits, false)
}

fn len(
    protocol: Protocol,
    input: &[u8],
    limits: &Limits,
    has_envelope: bool,
) -> Result<Option<usize>, Error> {
    fn whole<'a>(mut reader: impl Reader<'a>, has_envelope: bool) -> Result<usize, Error> {
        if has_envelope {
            reader.message_begin()?;
        }
        reader.skip(TType::Struct)?;
        if has_envelope {
            reader.message_end()?;
        }
        Ok(reader.offset())
    }
    // What is more than a message may be belongs to the next.
    let seen = input.get(..limits.message_bytes_max).unwrap_or(input);
    let len = match protocol {
        Protocol::Binary => {
            let mut reader = BinaryReader::new(seen, limits)?;
            reader.expect_more();
            whole(reader, has_envelope)
        }
        Protocol::Compact => {
            let mut reader = CompactReader::new(seen, limits)?;
            reader.expect_more();
            whole(reader, has_envelope)
        }
        Protocol::Json => json_len(seen),
    };
    match len {
        Ok(len) => Ok(Some(len)),
        Err(error) if !matches!(error.problem(), Problem::Truncated(_)) => Err(error),
        Err(_) if seen.len() == limits.message_bytes_max => {
            Err(Error::limit(0, "bytes in a message", limits.message_bytes_max as u64))
        }
        Err(_) => Ok(None),
    }
}

/// The length of a JSON array or object, by its brackets; what is between them is for those who read it.
fn json_len(input: &[u8]) -> Result<usize, Error> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (index, byte) in input.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth > 1 => depth -= 1,
            b']' | b'}' if depth == 1 => return Ok(index + 1),
            b' ' | b'\n' | b'\r' | b'\t' => {}
            _ if depth > 0 => {}
            _ => {
                return Err(Error::unexpected(
                    index,
                    "a message, which begins with a bracket",
                    "another byte",
                ));
            }
        }
    }
    Err(Error::truncated(input.len(), "a message"))
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
