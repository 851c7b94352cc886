//! Faults of both versions in one form.

use super::{
    encoder::{Encoder, read_text},
    envelope::{is_named, next_start},
};
use crate::{
    Error, json,
    soap::Version,
    wsdl::{Definitions, Operation},
    xml::{Event, Name, Reader, XML},
};

/// Writes the member `$fault` from the fault that is begun already.
pub(super) fn write<'s, 'x>(
    encoder: &mut Encoder<'s, 'x>,
    definitions: &'s Definitions,
    operation: &'s Operation,
    version: Version,
    reader: &mut Reader<'x>,
) -> Result<(), Error> {
    if encoder.out.last() != Some(&b'{') {
        encoder.out.push(b',');
    }
    encoder.out.extend_from_slice(b"\"$fault\":{");
    let mut seen: Vec<&'x str> = Vec::new();
    while let Some(name) = next_start(reader)? {
        let at = reader.offset();
        let is_own = match version {
            // SOAP 1.1 has them without a namespace; some senders give them one.
            Version::V11 => name.namespace.is_empty() || name.namespace == version.envelope(),
            Version::V12 => name.namespace == version.envelope(),
        };
        if !is_own {
            reader.skip()?;
            continue;
        }
        if seen.contains(&name.local) {
            return Err(Error::malformed(at, "this element stands there twice").in_field("$fault"));
        }
        seen.push(name.local);
        match (version, name.local) {
            (Version::V11, "faultcode") => {
                let text = read_text(reader)?;
                key(encoder, "code");
                json::write_text(&mut encoder.out, &code(text.trim(), reader));
            }
            (Version::V11, "faultstring") => {
                let lang = language(reader);
                let text = read_text(reader)?;
                key(encoder, "reason");
                encoder.out.push(b'{');
                json::write_text(&mut encoder.out, &lang);
                encoder.out.push(b':');
                json::write_text(&mut encoder.out, &text);
                encoder.out.push(b'}');
            }
            (Version::V11, "faultactor") | (Version::V12, "Role") => {
                let text = read_text(reader)?;
                key(encoder, "role");
                json::write_text(&mut encoder.out, text.trim());
            }
            (Version::V12, "Node") => {
                let text = read_text(reader)?;
                key(encoder, "node");
                json::write_text(&mut encoder.out, text.trim());
            }
            (Version::V12, "Code") => codes(encoder, version, reader)?,
            (Version::V12, "Reason") => reasons(encoder, reader)?,
            (Version::V11, "detail") | (Version::V12, "Detail") => {
                detail(encoder, definitions, operation, reader)?
            }
            _ => reader.skip()?,
        }
    }
    encoder.out.push(b'}');
    Ok(())
}

fn key(encoder: &mut Encoder<'_, '_>, name: &str) {
    if encoder.out.last() != Some(&b'{') {
        encoder.out.push(b',');
    }
    json::write_text(&mut encoder.out, name);
    encoder.out.push(b':');
}

/// A code: its name alone if it is one of SOAP itself, `{namespace}name` if it is another.
fn code(text: &str, reader: &Reader<'_>) -> String {
    let (prefix, local) = text.split_once(':').unwrap_or(("", text));
    match reader.namespace(prefix) {
        Some(namespace) if !namespace.is_empty() && !prefix.is_empty() => {
            let is_own = [Version::V11, Version::V12].iter().any(|version| version.envelope() == namespace);
            if is_own { local.to_owned() } else { format!("{{{namespace}}}{local}") }
        }
        _ => text.to_owned(),
    }
}

fn language(reader: &Reader<'_>) -> String {
    let found = reader.attributes().iter().find(|one| one.name == Name { namespace: XML, local: "lang" });
    found.map_or("en".to_owned(), |one| one.value.clone().into_owned())
}

/// `Code`, with the chain of its subcodes.
fn codes<'x>(encoder: &mut Encoder<'_, 'x>, version: Version, reader: &mut Reader<'x>) -> Result<(), Error> {
    let outer = reader.depth();
    let mut found = Vec::new();
    while reader.depth() >= outer {
        // The end of a subcode is the end of a level.
        let Some(name) = next_start(reader)? else { continue };
        match name.local {
            "Value" if name.namespace == version.envelope() => {
                let text = read_text(reader)?;
                found.push(code(text.trim(), reader));
            }
            "Subcode" if name.namespace == version.envelope() => {}
            _ => reader.skip()?,
        }
    }
    if let [first, subcodes @ ..] = found.as_slice() {
        key(encoder, "code");
        json::write_text(&mut encoder.out, first);
        if !subcodes.is_empty() {
            key(encoder, "subcodes");
            encoder.out.push(b'[');
            for (index, subcode) in subcodes.iter().enumerate() {
                if index > 0 {
                    encoder.out.push(b',');
                }
                json::write_text(&mut encoder.out, subcode);
            }
            encoder.out.push(b']');
        }
    }
    Ok(())
}

fn reasons<'x>(encoder: &mut Encoder<'_, 'x>, reader: &mut Reader<'x>) -> Result<(), Error> {
    key(encoder, "reason");
    encoder.out.push(b'{');
    let mut seen = Vec::new();
    while next_start(reader)?.is_some() {
        let lang = language(reader);
        let text = read_text(reader)?;
        if !seen.contains(&lang) {
            key(encoder, &lang);
            json::write_text(&mut encoder.out, &text);
            seen.push(lang);
        }
    }
    encoder.out.push(b'}');
    Ok(())
}

/// What the service says of the fault: faults that it declares by their elements, the rest as it stands.
fn detail<'s, 'x>(
    encoder: &mut Encoder<'s, 'x>,
    definitions: &'s Definitions,
    operation: &'s Operation,
    reader: &mut Reader<'x>,
) -> Result<(), Error> {
    let schemas = &definitions.schemas;
    key(encoder, "detail");
    encoder.out.push(b'{');
    let mut unknown = Vec::new();
    let mut seen = Vec::new();
    // Some services say in a text what went wrong; it comes in pieces.
    let mut said = String::new();
    loop {
        let name = match reader.next()? {
            Event::Start(name) => name,
            Event::Text(text) => {
                said.push_str(&text);
                continue;
            }
            Event::End | Event::Eof => break,
        };
        let mut declared = operation.faults.iter().enumerate();
        let found = declared.find(|(_, fault)| is_named(schemas, &schemas.element(fault.element).name, name));
        match found {
            Some((index, fault)) if !seen.contains(&index) => {
                seen.push(index);
                key(encoder, name.local);
                let result = encoder.element_of(reader, fault.element);
                result.map_err(|error| error.in_field(name.local).in_field("detail").in_field("$fault"))?;
            }
            _ => encoder.other(reader, true, name.local, &mut unknown)?,
        }
    }
    if !said.trim().is_empty() {
        key(encoder, "#text");
        json::write_text(&mut encoder.out, said.trim());
    }
    if !unknown.is_empty() {
        key(encoder, "$unknown");
        encoder.out.push(b'[');
        encoder.out.extend_from_slice(&unknown);
        encoder.out.push(b']');
    }
    encoder.out.push(b'}');
    Ok(())
}
