//! One message from one form into the other.

use kefu_wire::{
    Error, Limits, Problem,
    thrift::{
        BinaryReader, BinaryWriter, CompactReader, CompactWriter, JsonReader, JsonWriter, MessageHead,
        Options, Protocol, Reader, Schema, StructId, Unknown, Writer, detect, from_json, raw,
        rpc::{self, Received, Send},
        schema::{Function, Service},
        to_json,
    },
};

use super::envelope::{self, Body, Envelope, Kind};
use crate::settings::{Content, ConvertSettings};

/// What converts each message.
pub(super) struct Codec<'s> {
    schema: &'s Schema,
    content: Resolved<'s>,
    options: &'s Options,
    limits: &'s Limits,
}

enum Resolved<'s> {
    Struct(StructId),
    Messages(&'s Service),
    Bodies { service: &'s Service, function: &'s Function, reply: bool },
    SchemaLess,
}

impl<'s> Codec<'s> {
    /// # Errors
    /// The schema does not have what the settings name, which they have checked.
    pub(super) fn new(settings: &'s ConvertSettings) -> Result<Self, Error> {
        let schema = &settings.schema;
        let content = match &settings.content {
            Content::Struct(name) => Resolved::Struct(schema.find_struct(name)?),
            Content::Messages(service) => Resolved::Messages(schema.find_service(service)?),
            Content::Bodies { service, method, reply } => {
                let service = schema.find_service(service)?;
                Resolved::Bodies { service, function: schema.find_function(service, method)?, reply: *reply }
            }
            Content::SchemaLess => Resolved::SchemaLess,
        };
        Ok(Self { schema, content, options: &settings.options, limits: &settings.limits })
    }

    /// Converts a message of Thrift and appends its JSON to `out`.
    pub(super) fn to_json(&self, protocol: Protocol, message: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let (schema, limits, options) = (self.schema, self.limits, self.options);
        match self.content {
            Resolved::Struct(id) => to_json::convert(schema, id, protocol, message, limits, options, out),
            Resolved::Messages(service) => {
                let mut body = Vec::new();
                let received =
                    rpc::read_message(schema, service, protocol, message, limits, options, &mut body)?;
                write_received(&received, &body, out);
                Ok(())
            }
            Resolved::Bodies { service, function, reply } => {
                let received = rpc::read_message(schema, service, protocol, message, limits, options, out)?;
                check_received(&received, function, reply)
            }
            Resolved::SchemaLess if is_message(protocol, message) => match protocol {
                Protocol::Binary => raw_message_to_json(BinaryReader::new(message, limits)?, out),
                Protocol::Compact => raw_message_to_json(CompactReader::new(message, limits)?, out),
                Protocol::Json => raw_message_to_json(JsonReader::new(message, limits)?, out),
            },
            Resolved::SchemaLess => raw::to_json(protocol, message, limits, out),
        }
    }

    /// Whether bytes are the struct that messages are, without a field that the schema does not have.
    pub(super) fn is_known_struct(&self, protocol: Protocol, bytes: &[u8]) -> bool {
        let Resolved::Struct(id) = self.content else { return false };
        let options = Options { unknown_fields: Unknown::Refuse, ..*self.options };
        to_json::convert(self.schema, id, protocol, bytes, self.limits, &options, &mut Vec::new()).is_ok()
    }

    /// Converts JSON into a message of Thrift, appends that to `out`, and says the number of the call.
    ///
    /// `number` is that of the message in its input, for calls that say none themselves.
    pub(super) fn to_thrift(
        &self,
        protocol: Protocol,
        json: &[u8],
        number: u64,
        out: &mut Vec<u8>,
    ) -> Result<i32, Error> {
        if json.len() > self.limits.message_bytes_max {
            let max = self.limits.message_bytes_max as u64;
            return Err(Error::at(0, Problem::Limit { what: "bytes in a message", max }));
        }
        let (schema, limits, options) = (self.schema, self.limits, self.options);
        match self.content {
            Resolved::Struct(id) => {
                from_json::convert(schema, id, protocol, json, limits, options, out)?;
                Ok(0)
            }
            Resolved::Messages(service) => self.message_to_thrift(service, protocol, json, out),
            Resolved::Bodies { function, reply, .. } => {
                let sequence = i32::try_from(number & 0x7FFF_FFFF).unwrap_or_default();
                let body = if reply { Send::Reply(json) } else { Send::Call(json) };
                let name = &function.name;
                rpc::write_message(schema, function, protocol, name, sequence, body, limits, options, out)?;
                Ok(sequence)
            }
            Resolved::SchemaLess if is_envelope(json) => {
                let envelope = Envelope::parse(json)?;
                let body = envelope.fields(json)?;
                let head = MessageHead {
                    name: envelope.name(),
                    kind: envelope.message.into(),
                    sequence: envelope.sequence,
                };
                match protocol {
                    Protocol::Binary => raw_message_to_thrift(&head, body, limits, BinaryWriter::new(out))?,
                    Protocol::Compact => raw_message_to_thrift(&head, body, limits, CompactWriter::new(out))?,
                    Protocol::Json => raw_message_to_thrift(&head, body, limits, JsonWriter::new(out))?,
                }
                Ok(envelope.sequence)
            }
            Resolved::SchemaLess => {
                raw::from_json(protocol, json, limits, out)?;
                Ok(0)
            }
        }
    }

    fn message_to_thrift(
        &self,
        service: &Service,
        protocol: Protocol,
        json: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<i32, Error> {
        let envelope = Envelope::parse(json)?;
        let function =
            self.schema.find_function(service, &envelope.method).map_err(|error| error.in_field("method"))?;
        let failure = envelope.failure();
        let (body, place) = match envelope.message {
            Kind::Oneway if !function.oneway => {
                let name = &function.name;
                let problem = Problem::Unexpected {
                    expected: "call".into(),
                    found: format!("oneway, which {name} is not").into(),
                };
                return Err(Error::at(0, problem).in_field("message"));
            }
            Kind::Call | Kind::Oneway => {
                let body = envelope.arguments(json)?;
                (Send::Call(body.json), Some(body))
            }
            Kind::Reply => {
                let body = envelope.result(json)?;
                (Send::Reply(body.json), Some(body))
            }
            Kind::Exception => (Send::Failure(&failure), None),
        };
        rpc::write_message(
            self.schema,
            function,
            protocol,
            &envelope.name(),
            envelope.sequence,
            body,
            self.limits,
            self.options,
            out,
        )
        .map_err(|error| place.map_or(error.clone(), |place| place.outside(&error)))?;
        Ok(envelope.sequence)
    }
}

fn write_received(received: &Received, body: &[u8], out: &mut Vec<u8>) {
    let (kind, member) = match &received.body {
        rpc::Body::Call => (Kind::Call, "arguments"),
        rpc::Body::Oneway => (Kind::Oneway, "arguments"),
        rpc::Body::Returned | rpc::Body::Thrown => (Kind::Reply, "result"),
        rpc::Body::Failed(_) => (Kind::Exception, "failure"),
    };
    let service = received.service.as_deref();
    envelope::begin(out, kind, service, &received.function, received.sequence, member);
    match &received.body {
        rpc::Body::Failed(failure) => envelope::write_failure(out, failure),
        _ => out.extend_from_slice(body),
    }
    envelope::end(out);
}

/// Checks that a message is the one that the flags promise.
fn check_received(received: &Received, function: &Function, reply: bool) -> Result<(), Error> {
    let (kind, is_reply) = match &received.body {
        rpc::Body::Call | rpc::Body::Oneway => ("a call", false),
        rpc::Body::Returned | rpc::Body::Thrown => ("a reply", true),
        rpc::Body::Failed(_) => ("a failure", !reply),
    };
    if is_reply == reply && received.function == function.name {
        return Ok(());
    }
    let expected = format!("{} of {}", if reply { "a reply" } else { "a call" }, function.name);
    let found = format!("{kind} of {}", received.function);
    Err(Error::at(0, Problem::Unexpected { expected: expected.into(), found: found.into() }))
}

/// Whether a message begins with an envelope; else it is a struct.
fn is_message(protocol: Protocol, message: &[u8]) -> bool {
    let told = detect::detect(message);
    told.is_some_and(|told| {
        told.transport == detect::Transport::Unframed && told.protocol == Some(protocol) && told.is_message
    })
}

/// Whether JSON without a schema is a message: the members of a struct are numbers.
fn is_envelope(json: &[u8]) -> bool {
    let inner = json.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    inner.is_some_and(|inner| {
        inner.starts_with(b"\"") && inner.get(1).is_some_and(|byte| byte.is_ascii_alphabetic())
    })
}

fn raw_message_to_json<'a>(mut reader: impl Reader<'a>, out: &mut Vec<u8>) -> Result<(), Error> {
    let head = reader.message_begin()?;
    let (service, method) = head.split();
    envelope::begin(out, head.kind.into(), service, method, head.sequence, "fields");
    raw::structure_to_json(&mut reader, out)?;
    envelope::end(out);
    reader.message_end()?;
    reader.end()
}

fn raw_message_to_thrift(
    head: &MessageHead<'_>,
    body: Body<'_>,
    limits: &Limits,
    mut writer: impl Writer,
) -> Result<(), Error> {
    writer.message_begin(head);
    raw::structure_from_json(body.json, limits, &mut writer).map_err(|error| body.outside(&error))?;
    writer.message_end();
    Ok(())
}
