//! Envelopes around what is written.

use super::{
    super::{
        Direction, Version, fragment,
        tape::{Kind, NodeId, Tape},
    },
    decoder::Decoder,
};
use crate::{
    Error,
    wsdl::{Definitions, MessageShape, Operation},
    xml::{escape_attribute, escape_text},
    xsd::TypeKind,
};

/// Begins with the attribute of the tag of the body's only element, if that is of SOAP encoding.
fn encoding_style(version: Version) -> String {
    format!(" soap:encodingStyle=\"{}\"", version.encoding())
}

pub(super) fn message<'s>(
    decoder: &mut Decoder<'s, '_, '_>,
    definitions: &'s Definitions,
    operation: &'s Operation,
    direction: Direction,
    version: Version,
    blocks: &[String],
) -> Result<(), Error> {
    let root = Tape::root();
    if decoder.tape.kind(root) != Kind::Object {
        return Err(decoder.tape.unexpected(root, "an object"));
    }
    let shape = match direction {
        Direction::Request => Some(&operation.input),
        Direction::Reply => operation.output.as_ref(),
    };
    let schemas = &definitions.schemas;
    let begin = decoder.out.len();
    for block in blocks {
        fragment::check(block, 0, 2, &decoder.limits)?;
        decoder.out.extend_from_slice(block.as_bytes());
    }
    if let Some(headers) = decoder.member(root, "$headers")? {
        write_headers(decoder, definitions, shape, headers).map_err(|error| error.in_field("$headers"))?;
    }
    let body_begin = decoder.out.len();
    let fault = decoder.member(root, "$fault")?;
    match (fault, shape) {
        (Some(fault), _) if direction == Direction::Reply => {
            write_fault(decoder, definitions, operation, version, fault)
                .map_err(|error| error.in_field("$fault"))?;
        }
        (_, Some(shape)) => {
            decoder.encoded = shape.encoded.then_some(version);
            let TypeKind::Complex(complex) = &schemas.ty(shape.content).kind else {
                return Err(decoder.malformed(root, "the body of this operation is no structure"));
            };
            let start = decoder.out.len();
            if let Some(wrapper) = &shape.wrapper {
                decoder.out.push(b'<');
                decoder.prefixes.write(wrapper, &mut decoder.out);
            }
            let tag = start..decoder.out.len();
            if shape.encoded {
                decoder.out.extend_from_slice(encoding_style(version).as_bytes());
            }
            let others = decoder.members(complex, root, true, shape.wrapper.is_some())?;
            if shape.wrapper.is_some() {
                decoder.out.push(b'>');
            }
            decoder.body(complex, root, &others)?;
            if shape.wrapper.is_some() {
                decoder.out.extend_from_slice(b"</");
                decoder.out.extend_from_within(tag.start + 1..tag.end);
                decoder.out.push(b'>');
            }
        }
        (_, None) => {}
    }
    enclose(decoder, begin, body_begin, version)
}

/// Puts the envelope around header blocks and the body. Which declarations it has is known only now.
fn enclose(
    decoder: &mut Decoder<'_, '_, '_>,
    begin: usize,
    body_begin: usize,
    version: Version,
) -> Result<(), Error> {
    let mut head = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"".to_vec();
    head.extend_from_slice(version.envelope().as_bytes());
    head.push(b'"');
    decoder.prefixes.declare(&mut head)?;
    head.push(b'>');
    let out = &mut decoder.out;
    if body_begin > begin {
        head.extend_from_slice(b"<soap:Header>");
        out.splice(body_begin..body_begin, b"</soap:Header><soap:Body>".iter().copied());
    } else {
        head.extend_from_slice(b"<soap:Body>");
    }
    out.splice(begin..begin, head);
    out.extend_from_slice(b"</soap:Body></soap:Envelope>");
    Ok(())
}

fn write_headers<'s>(
    decoder: &mut Decoder<'s, '_, '_>,
    definitions: &'s Definitions,
    shape: Option<&'s MessageShape>,
    headers: NodeId,
) -> Result<(), Error> {
    if decoder.tape.kind(headers) != Kind::Object {
        return Err(decoder.tape.unexpected(headers, "an object"));
    }
    let schemas = &definitions.schemas;
    let mut scratch = Vec::new();
    let tape = decoder.tape;
    let mut seen: Vec<String> = Vec::new();
    for (key, value) in tape.members(headers) {
        let name = tape.string(key, &mut scratch)?.to_owned();
        if seen.contains(&name) {
            return Err(decoder.malformed(key, "this name stands there twice").in_field(&name));
        }
        if name == "$unknown" {
            copies(decoder, value).map_err(|error| error.in_field(&name))?;
        } else {
            let known =
                shape.into_iter().flat_map(|shape| &shape.headers).find(|header| header.json_name == name);
            let Some(header) = known else {
                let found = format!("{name:?}");
                return Err(Error::unexpected(tape.offset(key), "a header block of the operation", found));
            };
            decoder.element(schemas.element(header.element), value).map_err(|error| error.in_field(&name))?;
        }
        if seen.len() < 1_000 {
            seen.push(name);
        }
    }
    Ok(())
}

/// Writes elements that stand in the JSON as XML.
fn copies(decoder: &mut Decoder<'_, '_, '_>, array: NodeId) -> Result<(), Error> {
    if decoder.tape.kind(array) != Kind::Array {
        return Err(decoder.tape.unexpected(array, "an array"));
    }
    let tape = decoder.tape;
    for (index, item) in tape.items(array).enumerate() {
        let copy = if tape.kind(item) == Kind::Object { decoder.member(item, "$xml")? } else { None };
        let copy = copy.ok_or_else(|| tape.unexpected(item, "an object with $xml").in_element(index))?;
        decoder.copy(copy, None).map_err(|error| error.in_element(index))?;
    }
    Ok(())
}

/// A code of a fault, as it stands in the envelope.
fn code(decoder: &mut Decoder<'_, '_, '_>, version: Version, node: NodeId) -> Result<String, Error> {
    let text = decoder.string(node)?;
    if let Some((namespace, local)) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        return decoder.any_name(namespace, local, node);
    }
    let own = match (version, text.as_str()) {
        (Version::V11, "Sender") => "Client",
        (Version::V11, "Receiver") => "Server",
        (Version::V12, "Client") => "Sender",
        (Version::V12, "Server") => "Receiver",
        (_, other) => other,
    };
    // Codes of SOAP 1.1 may have parts after dots.
    if own.split('.').all(crate::xml::is_ncname) {
        Ok(format!("soap:{own}"))
    } else {
        Err(decoder.malformed(node, format!("{own:?} is no code of a fault")))
    }
}

fn write_fault<'s>(
    decoder: &mut Decoder<'s, '_, '_>,
    definitions: &'s Definitions,
    operation: &'s Operation,
    version: Version,
    fault: NodeId,
) -> Result<(), Error> {
    let tape = decoder.tape;
    if tape.kind(fault) != Kind::Object {
        return Err(tape.unexpected(fault, "an object"));
    }
    let code_node = decoder.member(fault, "code")?;
    let main = match code_node {
        Some(node) => code(decoder, version, node).map_err(|error| error.in_field("code"))?,
        None if version == Version::V11 => "soap:Server".to_owned(),
        None => "soap:Receiver".to_owned(),
    };
    let reasons = reasons(decoder, fault).map_err(|error| error.in_field("reason"))?;
    let role = decoder.member(fault, "role")?.map(|node| decoder.string(node)).transpose();
    let role = role.map_err(|error| error.in_field("role"))?;
    let out = |decoder: &mut Decoder<'_, '_, '_>, text: &str| decoder.out.extend_from_slice(text.as_bytes());
    let escaped = |decoder: &mut Decoder<'_, '_, '_>, text: &str| escape_text(text, &mut decoder.out);
    out(decoder, "<soap:Fault>");
    match version {
        Version::V11 => {
            out(decoder, &format!("<faultcode>{main}</faultcode><faultstring"));
            if let Some((lang, text)) = reasons.first() {
                out(decoder, " xml:lang=\"");
                escape_attribute(lang, &mut decoder.out)?;
                out(decoder, "\">");
                escaped(decoder, text)?;
            } else {
                out(decoder, ">");
            }
            out(decoder, "</faultstring>");
            if let Some(role) = role {
                out(decoder, "<faultactor>");
                escaped(decoder, &role)?;
                out(decoder, "</faultactor>");
            }
        }
        Version::V12 => {
            out(decoder, &format!("<soap:Code><soap:Value>{main}</soap:Value>"));
            let mut open = 0;
            if let Some(subcodes) = decoder.member(fault, "subcodes")? {
                if tape.kind(subcodes) != Kind::Array {
                    return Err(tape.unexpected(subcodes, "an array").in_field("subcodes"));
                }
                for (index, node) in tape.items(subcodes).enumerate().take(32) {
                    let value = code(decoder, version, node)
                        .map_err(|error| error.in_element(index).in_field("subcodes"))?;
                    out(decoder, &format!("<soap:Subcode><soap:Value>{value}</soap:Value>"));
                    open += 1;
                }
            }
            out(decoder, &"</soap:Subcode>".repeat(open));
            out(decoder, "</soap:Code><soap:Reason>");
            for (lang, text) in &reasons {
                out(decoder, "<soap:Text xml:lang=\"");
                escape_attribute(lang, &mut decoder.out)?;
                out(decoder, "\">");
                escaped(decoder, text)?;
                out(decoder, "</soap:Text>");
            }
            out(decoder, "</soap:Reason>");
            if let Some(role) = role {
                out(decoder, "<soap:Role>");
                escaped(decoder, &role)?;
                out(decoder, "</soap:Role>");
            }
        }
    }
    if let Some(detail) = decoder.member(fault, "detail")? {
        let (open, close) = match version {
            Version::V11 => ("<detail>", "</detail>"),
            Version::V12 => ("<soap:Detail>", "</soap:Detail>"),
        };
        out(decoder, open);
        write_detail(decoder, definitions, operation, detail).map_err(|error| error.in_field("detail"))?;
        out(decoder, close);
    }
    out(decoder, "</soap:Fault>");
    Ok(())
}

/// Texts by their languages; one text alone is English.
fn reasons(decoder: &Decoder<'_, '_, '_>, fault: NodeId) -> Result<Vec<(String, String)>, Error> {
    let tape = decoder.tape;
    match decoder.member(fault, "reason")? {
        None => Ok(vec![("en".to_owned(), "fault".to_owned())]),
        Some(node) if tape.kind(node) == Kind::Object => {
            let mut scratch = Vec::new();
            let mut found = Vec::new();
            for (key, value) in tape.members(node) {
                found.push((tape.string(key, &mut scratch)?.to_owned(), decoder.string(value)?));
            }
            Ok(found)
        }
        Some(node) => Ok(vec![("en".to_owned(), decoder.string(node)?)]),
    }
}

fn write_detail<'s>(
    decoder: &mut Decoder<'s, '_, '_>,
    definitions: &'s Definitions,
    operation: &'s Operation,
    detail: NodeId,
) -> Result<(), Error> {
    let tape = decoder.tape;
    if tape.kind(detail) != Kind::Object {
        return Err(tape.unexpected(detail, "an object"));
    }
    let mut scratch = Vec::new();
    for (key, value) in tape.members(detail) {
        let name = tape.string(key, &mut scratch)?.to_owned();
        let schemas = &definitions.schemas;
        let declared =
            operation.faults.iter().find(|fault| schemas.element(fault.element).name.local == name);
        match (declared, name.as_str()) {
            (Some(fault), _) => decoder.element(schemas.element(fault.element), value),
            (None, "$unknown") => copies(decoder, value),
            (None, "#text") => decoder.string(value).and_then(|text| escape_text(&text, &mut decoder.out)),
            (None, _) => {
                let found = format!("{name:?}");
                return Err(Error::unexpected(tape.offset(key), "a declared fault of the operation", found));
            }
        }
        .map_err(|error| error.in_field(&name))?;
    }
    Ok(())
}
