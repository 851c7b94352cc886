//! Envelopes: header blocks, the body, or a fault.

use super::{
    encoder::{Encoder, check_blank, expect_end},
    fault,
    refs::Refs,
};
use crate::{
    Error, json,
    soap::{Direction, ENVELOPE_11, ENVELOPE_12, Message, Version},
    wsdl::{Definitions, MessageShape, Operation},
    xml::{Event, Name, Reader},
    xsd::{QualifiedName, Schemas, TypeKind},
};

pub(super) fn message<'s, 'x>(
    encoder: &mut Encoder<'s, 'x>,
    definitions: &'s Definitions,
    operation: &'s Operation,
    direction: Direction,
    input: &'x [u8],
) -> Result<Message, Error> {
    let shape = match direction {
        Direction::Request => Some(&operation.input),
        Direction::Reply => operation.output.as_ref(),
    };
    if shape.is_some_and(|shape| shape.encoded) {
        let mut reader = Reader::new(input, &encoder.limits)?;
        let mut message = Message { version: begin(&mut reader)?, ..Message::default() };
        body(&mut reader, &mut message, |reader, _, _| reader.skip())?;
        encoder.refs = Some(Refs::find(&mut reader, &encoder.limits)?);
    }
    let mut reader = Reader::new(input, &encoder.limits)?;
    let mut message = Message { version: begin(&mut reader)?, ..Message::default() };
    encoder.out.push(b'{');
    let mut headers = Headers::default();
    body(&mut reader, &mut message, |reader, message, name| {
        headers.block(encoder, definitions, shape, reader, message, name)
    })?;
    headers.end(encoder);
    let first = next_start(&mut reader)?;
    match (first, shape) {
        (Some(name), _) if name.namespace == message.version.envelope() && name.local == "Fault" => {
            message.is_fault = true;
            fault::write(encoder, definitions, operation, message.version, &mut reader)?;
            encoder.out.push(b'}');
            skip_rest(&mut reader)?;
        }
        (first, Some(shape)) => content(encoder, &definitions.schemas, shape, first, &mut reader)?,
        (None, None) => encoder.out.push(b'}'),
        (Some(name), None) => {
            return Err(Error::unexpected(
                reader.offset(),
                "an empty body",
                format!("the element {:?}", name.local),
            ));
        }
    }
    // Nothing but comments may follow the body.
    loop {
        match reader.next()? {
            Event::Eof => return Ok(message),
            Event::Text(text) => check_blank(&reader, &text)?,
            Event::Start(_) => reader.skip()?,
            Event::End => {}
        }
    }
}

/// Reads the start of an envelope.
fn begin(reader: &mut Reader<'_>) -> Result<Version, Error> {
    match reader.next()? {
        Event::Start(Name { namespace: ENVELOPE_11, local: "Envelope" }) => Ok(Version::V11),
        Event::Start(Name { namespace: ENVELOPE_12, local: "Envelope" }) => Ok(Version::V12),
        Event::Start(name) => {
            let found = format!("{{{}}}{}", name.namespace, name.local);
            Err(Error::unexpected(reader.offset(), "an envelope of SOAP 1.1 or 1.2", found))
        }
        _ => Err(Error::truncated(reader.offset(), "an envelope")),
    }
}

/// Reads up to the start of the body; `block` reads each header block.
fn body<'x>(
    reader: &mut Reader<'x>,
    message: &mut Message,
    mut block: impl FnMut(&mut Reader<'x>, &mut Message, Name<'x>) -> Result<(), Error>,
) -> Result<(), Error> {
    let envelope = message.version.envelope();
    let mut has_header = false;
    loop {
        match next_start(reader)? {
            Some(name) if name.namespace == envelope && name.local == "Body" => return Ok(()),
            Some(name) if name.namespace == envelope && name.local == "Header" && !has_header => {
                has_header = true;
                while let Some(name) = next_start(reader)? {
                    block(reader, message, name)?;
                }
            }
            Some(name) => {
                let found = format!("{{{}}}{}", name.namespace, name.local);
                return Err(Error::unexpected(reader.offset(), "the header or the body", found));
            }
            None => return Err(Error::malformed(reader.offset(), "the envelope has no body")),
        }
    }
}

/// The next element; none at the end of the one around it.
pub(super) fn next_start<'x>(reader: &mut Reader<'x>) -> Result<Option<Name<'x>>, Error> {
    loop {
        match reader.next()? {
            Event::Start(name) => return Ok(Some(name)),
            Event::Text(text) => check_blank(reader, &text)?,
            Event::End | Event::Eof => return Ok(None),
        }
    }
}

/// Passes over what still stands in the element that is open.
pub(super) fn skip_rest(reader: &mut Reader<'_>) -> Result<(), Error> {
    let depth = reader.depth();
    while reader.depth() >= depth {
        reader.next()?;
    }
    Ok(())
}

pub(super) fn is_named(schemas: &Schemas, expected: &QualifiedName, found: Name<'_>) -> bool {
    expected.local == found.local && schemas.namespace(expected.namespace) == found.namespace
}

/// Header blocks, as they come.
#[derive(Default)]
struct Headers {
    seen: Vec<usize>,
    is_open: bool,
    unknown: Vec<u8>,
}

impl Headers {
    fn block<'s, 'x>(
        &mut self,
        encoder: &mut Encoder<'s, 'x>,
        definitions: &'s Definitions,
        shape: Option<&'s MessageShape>,
        reader: &mut Reader<'x>,
        message: &mut Message,
        name: Name<'x>,
    ) -> Result<(), Error> {
        let schemas = &definitions.schemas;
        let start = reader.offset();
        let envelope = message.version.envelope();
        let must_understand = reader.attributes().iter().any(|one| {
            one.name.namespace == envelope
                && one.name.local == "mustUnderstand"
                && matches!(one.value.trim(), "1" | "true")
        });
        let local = name.local;
        let mut known = shape.into_iter().flat_map(|shape| &shape.headers).enumerate();
        match known.find(|(_, header)| is_named(schemas, &schemas.element(header.element).name, name)) {
            Some((index, header)) => {
                if self.seen.contains(&index) {
                    return Err(
                        Error::malformed(start, "this header block stands there twice").in_field(local)
                    );
                }
                self.seen.push(index);
                encoder.out.extend_from_slice(if self.is_open { b"," } else { b"\"$headers\":{" });
                self.is_open = true;
                json::write_text(&mut encoder.out, &header.json_name);
                encoder.out.push(b':');
                let result = encoder.element_of(reader, header.element);
                result.map_err(|error| error.in_field(&header.json_name).in_field("$headers"))
            }
            None => {
                if must_understand {
                    message.not_understood.push(format!("{{{}}}{local}", name.namespace));
                }
                // Unknown header blocks are what the protocol allows, so never an error.
                encoder.other(reader, true, local, &mut self.unknown)
            }
        }
    }

    fn end(self, encoder: &mut Encoder<'_, '_>) {
        let Self { is_open, unknown, .. } = self;
        if !unknown.is_empty() {
            encoder.out.extend_from_slice(if is_open { b"," } else { b"\"$headers\":{" });
            encoder.out.extend_from_slice(b"\"$unknown\":[");
            encoder.out.extend_from_slice(&unknown);
            encoder.out.push(b']');
        }
        if is_open || !unknown.is_empty() {
            encoder.out.push(b'}');
        }
    }
}

/// The content of a body, whose first element is begun already.
fn content<'s, 'x>(
    encoder: &mut Encoder<'s, 'x>,
    schemas: &'s Schemas,
    shape: &'s MessageShape,
    first: Option<Name<'x>>,
    reader: &mut Reader<'x>,
) -> Result<(), Error> {
    let TypeKind::Complex(complex) = &schemas.ty(shape.content).kind else {
        return Err(Error::malformed(reader.offset(), "the body of this operation is no structure"));
    };
    match (&shape.wrapper, first) {
        (None, None) => encoder.object_of_nothing(reader, complex),
        (None, Some(name)) => encoder.object_begun(reader, complex, name),
        (Some(wrapper), None) => {
            Err(Error::unexpected(reader.offset(), schemas.clark(wrapper), "an empty body"))
        }
        (Some(wrapper), Some(name)) => {
            // The name of the wrapper of an RPC reply is not significant.
            if !is_named(schemas, wrapper, name) && !shape.any_wrapper {
                let found = format!("{{{}}}{}", name.namespace, name.local);
                return Err(Error::unexpected(reader.offset(), schemas.clark(wrapper), found));
            }
            let attributes = reader.take_attributes();
            let result = encoder.object(reader, complex, &attributes, None);
            reader.return_attributes(attributes);
            result?;
            if encoder.refs.is_some() {
                // The elements that others refer to stand beside it.
                return skip_rest(reader);
            }
            expect_end(reader)
        }
    }
}
