use crate::{
    Error, Limits,
    xml::{Event, Name, Reader, escape_attribute},
};

/// Copies the element that began at `start` and has just ended, with those declarations outside of it that it uses:
/// those that `reader` saw since [`Reader::begin_fragment`].
///
/// `budget` is how many bytes of declarations may still be written.
pub(super) fn copy(
    reader: &mut Reader<'_>,
    start: usize,
    budget: &mut usize,
    copied: &mut Vec<u8>,
) -> Result<(), Error> {
    reader.end_fragment();
    let raw = reader.slice(start, reader.end_offset());
    let is_end = |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'/' | b'>');
    let (name, rest) = raw.split_at(raw.bytes().position(is_end).unwrap_or(raw.len()));
    copied.clear();
    copied.extend_from_slice(name.as_bytes());
    for binding in reader.used() {
        copied.extend_from_slice(if binding.prefix.is_empty() { b" xmlns" } else { b" xmlns:" });
        copied.extend_from_slice(binding.prefix.as_bytes());
        copied.extend_from_slice(b"=\"");
        escape_attribute(binding.namespace, copied)?;
        copied.push(b'"');
    }
    *budget = budget
        .checked_sub(copied.len() - name.len())
        .ok_or_else(|| Error::limit(start, "bytes of declarations in parts without a schema", 16 << 20))?;
    copied.extend_from_slice(rest.as_bytes());
    Ok(())
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
