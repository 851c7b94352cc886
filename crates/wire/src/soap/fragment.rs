use crate::{
    Error, Limits, json,
    xml::{Event, Name, Reader},
};

/// Writes a copy of the element that began at `start` and has just ended, as a string of JSON, with those
/// declarations outside of it that it uses: those that `reader` saw since [`Reader::begin_fragment`].
///
/// `budget` is how many bytes of declarations may still be written.
pub(super) fn copy(
    reader: &mut Reader<'_>,
    start: usize,
    budget: &mut usize,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    reader.end_fragment();
    let raw = reader.slice(start, reader.end_offset());
    let is_end = |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'/' | b'>');
    let (name, rest) = raw.split_at(raw.bytes().position(is_end).unwrap_or(raw.len()));
    out.push(b'"');
    json::write_part(out, name);
    for binding in reader.used() {
        let before = out.len();
        out.extend_from_slice(if binding.prefix.is_empty() { b" xmlns" } else { b" xmlns:" });
        out.extend_from_slice(binding.prefix.as_bytes());
        out.extend_from_slice(b"=\\\"");
        let is_special = |byte: u8| matches!(byte, b'"' | b'>' | b'&' | b'<');
        if binding.namespace.bytes().any(is_special) {
            escape_namespace(binding.namespace, out);
        } else {
            json::write_part(out, binding.namespace);
        }
        out.extend_from_slice(b"\\\"");
        *budget = budget.checked_sub(out.len() - before).ok_or_else(|| {
            Error::limit(start, "bytes of declarations in parts without a schema", 16 << 20)
        })?;
    }
    json::write_part(out, rest);
    out.push(b'"');
    Ok(())
}

fn escape_namespace(namespace: &str, out: &mut Vec<u8>) {
    for part in namespace.split_inclusive(['"', '>', '&', '<']) {
        let special = part.as_bytes().last().copied();
        let (plain, escaped) = match special {
            Some(b'"') => (&part[..part.len() - 1], "&quot;"),
            Some(b'>') => (&part[..part.len() - 1], "&gt;"),
            Some(b'&') => (&part[..part.len() - 1], "&amp;"),
            Some(b'<') => (&part[..part.len() - 1], "&lt;"),
            _ => (part, ""),
        };
        json::write_part(out, plain);
        out.extend_from_slice(escaped.as_bytes());
    }
}

/// Checks that a text is one element, which can be written as it stands; gives its namespace and name.
pub(super) fn check<'t>(text: &'t str, at: usize, depth: usize, limits: &Limits) -> Result<Name<'t>, Error> {
    let refuse = |error: &Error| Error::malformed(at, format!("$xml is not one element: {error}"));
    // Its characters are checked as those of a document.
    let mut reader = Reader::new(text.as_bytes(), limits).map_err(|error| refuse(&error))?;
    if text.starts_with("<?") || !text.starts_with('<') {
        return Err(Error::malformed(at, "$xml must begin with the tag of an element"));
    }
    let mut root = None;
    loop {
        match reader.next().map_err(|error| refuse(&error))? {
            Event::Eof => {
                return root
                    .ok_or_else(|| Error::malformed(at, "$xml must begin with the tag of an element"));
            }
            Event::Start(name) if root.is_none() => root = Some(name),
            Event::Start(_) if reader.depth() + depth > limits.xml_depth_max => {
                return Err(Error::limit(at, "levels of elements", limits.xml_depth_max as u64));
            }
            _ => {}
        }
    }
}
