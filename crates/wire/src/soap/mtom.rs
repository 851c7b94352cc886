//! Packages of a message and its binary parts.
//!
//! A reference leads only to a part of the same package, never to an address.
//!
//! Sources: SOAP Message Transmission Optimization Mechanism, XML-binary Optimized Packaging, RFC 2387, RFC 2392;
//! SOAP Messages with Attachments is read as well.

use std::borrow::Cow;

use base64::Engine as _;
use memchr::memmem;

use super::Version;
use crate::{Error, Limits, json};

/// The domain of the ids of our parts, which is nobody's.
const DOMAIN: &str = "parts.invalid";
/// The id of our messages.
const ROOT: &str = "root@parts.invalid";

/// The id of a part of ours, by its number from 1.
pub(super) fn part_id(number: usize) -> String {
    format!("{number}@{DOMAIN}")
}

/// A package that was read.
#[derive(Clone, Debug)]
pub struct Package<'a> {
    /// The message.
    pub root: Cow<'a, [u8]>,
    parts: Vec<(String, Cow<'a, [u8]>)>,
}

impl<'a> Package<'a> {
    /// Reads the body of a request or a reply by its content type; any other type is a message without parts.
    ///
    /// # Errors
    /// The package is malformed or beyond a limit.
    pub fn read(content_type: &str, body: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        if body.len() > limits.message_bytes_max {
            return Err(Error::limit(0, "bytes in a message", limits.message_bytes_max as u64));
        }
        let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        if !media_type.trim().eq_ignore_ascii_case("multipart/related") {
            return Ok(Self { root: Cow::Borrowed(body), parts: Vec::new() });
        }
        let boundary = parameter(parameters, "boundary").unwrap_or_default();
        if boundary.is_empty() || boundary.len() > 70 {
            return Err(Error::malformed(0, "the content type has no boundary"));
        }
        let mut parts = Vec::new();
        for (start, end) in sections(body, &boundary)? {
            if parts.len() >= limits.headers_max {
                return Err(Error::limit(start, "parts of a package", limits.headers_max as u64));
            }
            parts.push(part(body, start, end)?);
        }
        let start = parameter(parameters, "start");
        let index = match &start {
            None => 0,
            Some(start) => {
                let id = bare_id(start);
                parts.iter().position(|(known, _)| known == id).ok_or_else(|| {
                    Error::unexpected(
                        0,
                        "a part with the id that the content type names",
                        format!("{start:?}"),
                    )
                })?
            }
        };
        if parts.is_empty() {
            return Err(Error::malformed(0, "the package has no part"));
        }
        let (_, root) = parts.swap_remove(index);
        Ok(Self { root, parts })
    }

    /// A part by its id, as it stands in `cid:` references.
    #[must_use]
    pub fn part(&self, id: &str) -> Option<&[u8]> {
        let id = percent_decoded(id)?;
        self.parts.iter().find(|(known, _)| *known == id).map(|(_, bytes)| bytes.as_ref())
    }

    /// The ids of the parts, and their bytes.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.parts.iter().map(|(id, bytes)| (id.as_str(), bytes.as_ref()))
    }
}

/// The content type of a package that stands in a file: with its headers, or from its first delimiter on. None if the
/// bytes are no package.
#[must_use]
pub fn content_type_of(input: &[u8]) -> Option<String> {
    const HEAD_BYTES_MAX: usize = 8 << 10;
    let near = input.get(..HEAD_BYTES_MAX).unwrap_or(input).trim_ascii_start();
    if near.starts_with(b"--") {
        let line = near.split(|byte| *byte == b'\n').next()?;
        let boundary = std::str::from_utf8(line.trim_ascii_end().strip_prefix(b"--")?).ok()?;
        let is_quotable = !boundary.contains(['"', '\\']);
        return is_quotable.then(|| format!("multipart/related; boundary=\"{boundary}\""));
    }
    let ends = [&b"\r\n\r\n"[..], b"\n\n"];
    let end = ends.iter().filter_map(|end| memmem::find(near, end)).min()?;
    let head = std::str::from_utf8(&near[..end]).ok()?.replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-type"))?;
    let value = value.trim();
    let is_package = value.get(..17).is_some_and(|start| start.eq_ignore_ascii_case("multipart/related"));
    is_package.then(|| value.to_owned())
}

/// Where the parts begin and end.
fn sections(body: &[u8], boundary: &str) -> Result<Vec<(usize, usize)>, Error> {
    let delimiter = format!("--{boundary}");
    let mut found = Vec::new();
    let mut begun = None;
    for at in memmem::find_iter(body, delimiter.as_bytes()) {
        // A delimiter begins a line, and nothing follows it in its line.
        let is_line = at == 0 || body[..at].ends_with(b"\n");
        let rest = &body[at + delimiter.len()..];
        let is_last = rest.starts_with(b"--");
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let line = [&b"\r\n"[..], b"\n"].into_iter().find(|end| rest[blanks..].starts_with(end));
        if !is_line || (!is_last && line.is_none()) {
            continue;
        }
        if let Some(start) = begun.take() {
            let end = if body[..at].ends_with(b"\r\n") { at - 2 } else { at - 1 };
            found.push((start, end.max(start)));
        }
        if is_last {
            return Ok(found);
        }
        begun = Some(at + delimiter.len() + blanks + line.map_or(0, <[u8]>::len));
    }
    Err(Error::truncated(body.len(), "a package"))
}

/// The id and the bytes of a part.
fn part(body: &[u8], start: usize, end: usize) -> Result<(String, Cow<'_, [u8]>), Error> {
    const HEAD_BYTES_MAX: usize = 8 << 10;
    let all = &body[start..end];
    let near = &all[..all.len().min(HEAD_BYTES_MAX)];
    let ends = [&b"\r\n\r\n"[..], b"\n\n"];
    let head_end = if all.starts_with(b"\r\n") {
        Some((0, 2))
    } else {
        ends.iter().filter_map(|end| memmem::find(near, end).map(|at| (at, end.len()))).min()
    };
    let (at, len) = head_end.ok_or_else(|| Error::malformed(start, "the headers of a part do not end"))?;
    let head = std::str::from_utf8(&all[..at])
        .map_err(|_| Error::malformed(start, "the headers of a part are no text"))?;
    let content = &all[at + len..];
    // A header may go on in the next line.
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(known, _)| known.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
    };
    let id = header("content-id").unwrap_or_default();
    let encoding = header("content-transfer-encoding").unwrap_or_default().to_ascii_lowercase();
    let bytes = match encoding.as_str() {
        "" | "binary" | "8bit" | "7bit" => Cow::Borrowed(content),
        "base64" => {
            let digits: Vec<u8> =
                content.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            let decoded = json::BASE64.decode(digits);
            Cow::Owned(decoded.map_err(|_| Error::malformed(start + at + len, "the part is no base64"))?)
        }
        other => {
            return Err(Error::unexpected(start, "a part in binary or base64", format!("{other:?}")));
        }
    };
    Ok((bare_id(&id).to_owned(), bytes))
}

fn bare_id(id: &str) -> &str {
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id)
}

/// A parameter of a content type, in quotes or without.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        rest = rest.trim_start_matches([';', ' ', '\t', '\r', '\n']);
        let (key, after) = rest.split_once('=')?;
        let mut value = String::new();
        if let Some(quoted) = after.strip_prefix('"') {
            let mut characters = quoted.char_indices();
            let mut end = quoted.len();
            while let Some((at, c)) = characters.next() {
                match c {
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    '\\' => value.extend(characters.next().map(|(_, c)| c)),
                    c => value.push(c),
                }
            }
            rest = &quoted[end..];
        } else {
            let end = after.find(';').unwrap_or(after.len());
            after[..end].trim().clone_into(&mut value);
            rest = &after[end..];
        }
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
    }
}

fn percent_decoded(id: &str) -> Option<String> {
    if !id.contains('%') {
        return Some(id.to_owned());
    }
    let mut bytes = Vec::with_capacity(id.len());
    let mut rest = id.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = rest else { return None };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        bytes.push(u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

/// Writes a package: its content type and its bytes.
///
/// `parts` are those of [`from_json::message_with_parts`](super::from_json::message_with_parts). The `boundary` comes
/// from the caller, who has random numbers.
///
/// # Errors
/// The boundary is none, or stands in a part.
pub fn write(
    version: Version,
    action: &str,
    envelope: &[u8],
    parts: &[Vec<u8>],
    boundary: &str,
) -> Result<(String, Vec<u8>), Error> {
    let is_right = (1..=70).contains(&boundary.len())
        && boundary.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if !is_right {
        return Err(Error::malformed(0, "the boundary must be of 1 to 70 letters, digits, `-`, `_` and `.`"));
    }
    let delimiter = format!("--{boundary}");
    let is_within = |bytes: &[u8]| memmem::find(bytes, delimiter.as_bytes()).is_some();
    if is_within(envelope) || parts.iter().any(|part| is_within(part)) {
        return Err(Error::malformed(0, "the boundary stands in a part"));
    }
    let media_type = match version {
        Version::V11 => "text/xml",
        Version::V12 => "application/soap+xml",
    };
    let mut out = Vec::new();
    let head = |out: &mut Vec<u8>, id: &str, media_type: &str| {
        let head = format!(
            "{delimiter}\r\nContent-Type: {media_type}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{id}>\r\n\r\n"
        );
        out.extend_from_slice(head.as_bytes());
    };
    head(&mut out, ROOT, &format!("application/xop+xml; charset=UTF-8; type=\"{media_type}\""));
    out.extend_from_slice(envelope);
    for (number, part) in (1..).zip(parts) {
        out.extend_from_slice(b"\r\n");
        head(&mut out, &part_id(number), "application/octet-stream");
        out.extend_from_slice(part);
    }
    out.extend_from_slice(format!("\r\n{delimiter}--\r\n").as_bytes());
    let mut content_type = format!(
        "multipart/related; type=\"application/xop+xml\"; start=\"<{ROOT}>\"; start-info=\"{media_type}\"; \
         boundary=\"{boundary}\""
    );
    if version == Version::V12 && !action.is_empty() {
        let plain = |c: &char| !c.is_control() && *c != '"' && *c != '\\';
        content_type.push_str("; action=\"");
        content_type.extend(action.chars().filter(plain));
        content_type.push('"');
    }
    Ok((content_type, out))
}
