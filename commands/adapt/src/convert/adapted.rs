//! Conversions that go over the form between all others.

use std::sync::Arc;

use kefu_wire::{
    Error, Registry, UnknownAdapter,
    adapter::{Adapter, JsonAdapter, Kind, ThriftAdapter},
    soap::Direction,
    thrift::Protocol,
};

use super::{split::Piece, whole::WholeJson};
use crate::{
    args::Format,
    settings::{Content, ConvertSettings},
};

/// One adapter in and another out.
pub(super) struct Adapted {
    registry: Registry,
    from: Arc<dyn Adapter>,
    to: Arc<dyn Adapter>,
}

/// Why a message is not converted.
pub(super) enum NotAdapted {
    /// It cannot be read.
    Read(Error),
    /// It cannot be written; the bytes of the error are those of the body, which begins at a byte of the input if it
    /// stands there.
    Write(Error, Option<usize>),
}

impl Adapted {
    /// # Errors
    /// The schemas do not have what the settings name, which they have checked.
    pub(super) fn new(settings: &ConvertSettings, from: Format, protocol: Protocol) -> Result<Self, Error> {
        let mut registry = Registry::default();
        let limits = &settings.limits;
        let named = settings.soap.as_ref().and_then(|soap| soap.operation.as_ref());
        let json: Arc<dyn Adapter> = match (named, settings.soap.as_ref().and_then(|soap| soap.direction)) {
            (None, _) => Arc::new(WholeJson { limits: *limits }),
            (Some(name), direction) => {
                let kind = match direction {
                    None => Kind::Data,
                    Some(Direction::Request) => Kind::Call,
                    Some(Direction::Reply) => Kind::Reply,
                };
                Arc::new(JsonAdapter::new(name, kind, limits))
            }
        };
        registry.register(Format::Json.adapter(), json);
        if let Some(soap) = &settings.soap {
            registry.register(Format::Soap.adapter(), Arc::new(soap.adapter(limits)?));
        }
        if settings.formats.contains(&Format::Thrift) {
            registry.register(Format::Thrift.adapter(), thrift(settings, protocol)?);
            // Each frame with a header names its own.
            for protocol in [Protocol::Binary, Protocol::Compact, Protocol::Json] {
                registry.register(protocol.name(), thrift(settings, protocol)?);
            }
        }
        let missing = |error: UnknownAdapter| {
            Error::new(kefu_wire::Problem::NotInSchema { kind: "adapter", name: error.name })
        };
        let from_adapter = Arc::clone(registry.get(from.adapter()).map_err(missing)?);
        let to = Arc::clone(registry.get(settings.other(from).adapter()).map_err(missing)?);
        Ok(Self { registry, from: from_adapter, to })
    }

    /// Converts a message; `number` is that of the message in its input, for calls that say none themselves.
    pub(super) fn convert(
        &self,
        bytes: &[u8],
        piece: &Piece,
        number: u64,
        out: &mut Vec<u8>,
    ) -> Result<i32, NotAdapted> {
        let read = match &piece.unpacked {
            Some((protocol, message)) => {
                self.registry.get(protocol.name()).unwrap_or(&self.from).to_internal(message)
            }
            None => self.from.to_internal(bytes),
        };
        let mut message = read.map_err(NotAdapted::Read)?;
        if message.sequence == 0 {
            message.sequence = i32::try_from(number & 0x7FFF_FFFF).unwrap_or_default();
        }
        let written = self.to.from_internal(&message).map_err(|error| {
            let place = memchr::memmem::find(bytes, &message.body).filter(|_| message.headers.is_empty());
            NotAdapted::Write(error, place)
        })?;
        out.extend_from_slice(&written);
        Ok(message.sequence)
    }
}

fn thrift(settings: &ConvertSettings, protocol: Protocol) -> Result<Arc<dyn Adapter>, Error> {
    let ConvertSettings { limits, options, .. } = settings;
    let schema = Arc::clone(&settings.schema);
    let adapter = match &settings.content {
        Content::Struct(name) => ThriftAdapter::structs(schema, name, protocol, limits, options)?,
        Content::Messages(service) => {
            ThriftAdapter::service(schema, service, None, protocol, limits, options)?
        }
        Content::Bodies { service, method, .. } => {
            ThriftAdapter::service(schema, service, Some(method), protocol, limits, options)?
        }
        Content::SchemaLess => {
            let name = String::new();
            return Err(Error::new(kefu_wire::Problem::NotInSchema { kind: "service", name }));
        }
    };
    Ok(Arc::new(adapter))
}
