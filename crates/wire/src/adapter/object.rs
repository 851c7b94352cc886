//! Objects of JSON, taken apart into members that stay as they stand.

use std::borrow::Cow;

use crate::{
    Error, Limits, Problem,
    json::{self, Scanner},
};

/// A member of an object, with its place.
#[derive(Clone, Debug)]
pub(super) struct Member<'j> {
    pub(super) name: Cow<'j, str>,
    pub(super) value: &'j str,
    /// Where its name begins.
    pub(super) start: usize,
    /// Where its value begins.
    pub(super) at: usize,
}

/// Checks that a text is one value of JSON, and visits its members if it is an object.
pub(super) fn members<'j>(
    input: &'j [u8],
    limits: &Limits,
    mut visit: impl FnMut(Member<'j>) -> Result<(), Error>,
) -> Result<(), Error> {
    if input.len() > limits.message_bytes_max {
        return Err(Error::limit(0, "bytes in a message", limits.message_bytes_max as u64));
    }
    let text =
        std::str::from_utf8(input).map_err(|error| Error::at(error.valid_up_to(), Problem::NotUtf8))?;
    // An element may be a member and an item.
    let elements = u32::try_from(limits.xml_depth_max.saturating_mul(2)).unwrap_or(u32::MAX);
    let limits = Limits { depth_max: limits.depth_max.max(elements), ..*limits };
    let mut scanner = Scanner::new(text, &limits);
    let mut scratch = Vec::new();
    if scanner.peek() != Some(b'{') {
        scanner.skip(&mut scratch)?;
        return scanner.end();
    }
    scanner.enter(b'{', "an object")?;
    if !scanner.eat(b'}') {
        loop {
            let _ = scanner.peek();
            let start = scanner.offset();
            let name = match scanner.string_or_scratch(&mut scratch, "a name in quotes")? {
                // Slices of a text between quotes are text.
                Some(plain) => {
                    Cow::Borrowed(text.get(start + 1..start + 1 + plain.len()).unwrap_or_default())
                }
                None => Cow::Owned(String::from_utf8_lossy(&scratch).into_owned()),
            };
            scanner.expect(b':', "`:`")?;
            let _ = scanner.peek();
            let at = scanner.offset();
            scanner.skip(&mut scratch)?;
            let value = text.get(at..scanner.offset()).unwrap_or_default();
            visit(Member { name, value, start, at })?;
            if !scanner.more(b'}')? {
                break;
            }
        }
    }
    scanner.leave();
    scanner.end()
}

/// The members of an object; none of what is none.
pub(super) fn all<'j>(input: &'j [u8], limits: &Limits) -> Result<Vec<Member<'j>>, Error> {
    let mut found = Vec::new();
    members(input, limits, |member| {
        found.push(member);
        Ok(())
    })?;
    Ok(found)
}

/// A string of JSON as text; none if it is another value.
pub(super) fn text(value: &str, limits: &Limits) -> Option<String> {
    let mut scratch = Vec::new();
    let mut scanner = Scanner::new(value, limits);
    let text = scanner.string(&mut scratch, "a string").ok()?;
    Some(String::from_utf8_lossy(text).into_owned())
}

/// Takes the member `$headers` out of a body.
///
/// # Errors
/// The body is no JSON, or `$headers` is no object.
pub(super) fn take_headers(body: &mut Vec<u8>, limits: &Limits) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut headers = Vec::new();
    // Where the member is, and where the next one begins.
    let (mut found, mut next) = (None, None);
    members(body, limits, |member| {
        if let (Some(_), None) = (found, next) {
            next = Some(member.start);
        }
        if member.name != "$headers" {
            return Ok(());
        }
        if found.is_some() {
            return Err(Error::malformed(member.start, "this name stands there twice").in_field("$headers"));
        }
        if !member.value.starts_with('{') {
            return Err(Error::unexpected(member.at, "an object", "another value").in_field("$headers"));
        }
        let inner = all(member.value.as_bytes(), limits)?;
        headers =
            inner.into_iter().map(|one| (one.name.into_owned(), one.value.as_bytes().to_vec())).collect();
        found = Some((member.start, member.at + member.value.len()));
        Ok(())
    })?;
    let Some((start, end)) = found else { return Ok(headers) };
    match next {
        Some(next) => drop(body.drain(start..next)),
        // The last one takes the comma before it along.
        None => {
            let before = body[..start].trim_ascii_end();
            let from = before.len() - usize::from(before.ends_with(b","));
            drop(body.drain(from..end));
        }
    }
    Ok(headers)
}

/// A body with its headers as the member `$headers`.
///
/// # Errors
/// There are headers, and the body is no object.
pub(super) fn with_headers<'b>(
    body: &'b [u8],
    headers: &[(String, Vec<u8>)],
) -> Result<Cow<'b, [u8]>, Error> {
    if headers.is_empty() {
        return Ok(Cow::Borrowed(body));
    }
    let Some(rest) = body.trim_ascii_start().strip_prefix(b"{") else {
        return Err(Error::unexpected(0, "an object, as there are headers", "another value"));
    };
    let mut out = b"{\"$headers\":{".to_vec();
    for (index, (name, value)) in headers.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::write_text(&mut out, name);
        out.push(b':');
        out.extend_from_slice(value);
    }
    out.push(b'}');
    if !rest.trim_ascii_start().starts_with(b"}") {
        out.push(b',');
    }
    out.extend_from_slice(rest);
    Ok(Cow::Owned(out))
}
