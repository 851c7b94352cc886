//! `multipart/form-data` (RFC 7578) as a parser of chunks: what has come is given on at once, and a part's head is all
//! that is ever held back.

#[cfg(test)]
mod tests;

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memmem::Finder;

/// Longest head of a part, in bytes.
const HEAD_BYTES_MAX: usize = 4096;

/// Longest boundary (RFC 2046 §5.1.1), in bytes.
const BOUNDARY_BYTES_MAX: usize = 70;

/// Why a body is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MultipartError {
    /// The `Content-Type` is not `multipart/form-data` with a boundary.
    #[error("the body must be multipart/form-data with a boundary")]
    ContentType,
    /// The body does not keep to the form.
    #[error("the body is not well-formed multipart/form-data")]
    Malformed,
    /// A part's head is too long.
    #[error("the head of a part is longer than {HEAD_BYTES_MAX} bytes")]
    Head,
    /// A part's head is not UTF-8.
    #[error("the name of the file is not UTF-8")]
    Encoding,
    /// The body ended before its last boundary.
    #[error("the body ends too early")]
    Truncated,
}

/// The head of a part.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Part {
    /// Name of the field.
    pub name: String,
    /// What the sender calls the file.
    pub file_name: Option<String>,
    /// What the sender takes it for.
    pub content_type: Option<String>,
}

/// What a body brings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// A part begins.
    Part(Part),
    /// Bytes of the part.
    Data(Bytes),
    /// The part is over.
    PartEnd,
    /// The body is over; what follows it is ignored.
    End,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Before the first boundary, which must be the first thing.
    Begin,
    /// Behind a boundary.
    Boundary,
    Head,
    Data,
    End,
}

/// A body as it comes in.
#[derive(Debug)]
pub struct Multipart {
    /// What ends a part's data.
    delimiter: Finder<'static>,
    buffer: BytesMut,
    state: State,
}

impl Multipart {
    /// A body of this `Content-Type`.
    ///
    /// # Errors
    /// It is another type, or has no proper boundary.
    pub fn new(content_type: &str) -> Result<Self, MultipartError> {
        let (essence, parameters) = content_type.split_once(';').ok_or(MultipartError::ContentType)?;
        if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
            return Err(MultipartError::ContentType);
        }
        let boundary = parameter(parameters, "boundary").ok_or(MultipartError::ContentType)?;
        let is_sound = (1..=BOUNDARY_BYTES_MAX).contains(&boundary.len())
            && boundary.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !is_sound {
            return Err(MultipartError::ContentType);
        }
        let delimiter = Finder::new(&format!("\r\n--{boundary}")).into_owned();
        // The first boundary has no line break before it.
        Ok(Self { delimiter, buffer: BytesMut::from("\r\n"), state: State::Begin })
    }

    /// Takes what has come; call [`Multipart::next`] until it has nothing more before the next chunk.
    pub fn push(&mut self, chunk: &[u8]) {
        if self.state != State::End {
            self.buffer.extend_from_slice(chunk);
        }
    }

    /// What comes next; nothing when more of the body is needed.
    ///
    /// # Errors
    /// The body does not keep to the form.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator has no errors and ends when it returns nothing"
    )]
    pub fn next(&mut self) -> Result<Option<Event>, MultipartError> {
        loop {
            match self.state {
                State::Begin => {
                    let delimiter = self.delimiter.needle();
                    let common = self.buffer.len().min(delimiter.len());
                    if self.buffer[..common] != delimiter[..common] {
                        return Err(MultipartError::Malformed);
                    }
                    if common < delimiter.len() {
                        return Ok(None);
                    }
                    self.buffer.advance(common);
                    self.state = State::Boundary;
                }
                State::Boundary => match self.buffer.get(..2) {
                    None => return Ok(None),
                    Some(b"\r\n") => {
                        self.buffer.advance(2);
                        self.state = State::Head;
                    }
                    Some(b"--") => {
                        self.buffer.clear();
                        self.state = State::End;
                    }
                    Some(_) => return Err(MultipartError::Malformed),
                },
                State::Head => {
                    let end = memchr::memmem::find(&self.buffer, b"\r\n\r\n");
                    if end.unwrap_or(self.buffer.len()) > HEAD_BYTES_MAX {
                        return Err(MultipartError::Head);
                    }
                    let Some(end) = end else { return Ok(None) };
                    let head = self.buffer.split_to(end);
                    self.buffer.advance(4);
                    self.state = State::Data;
                    return parse_head(&head).map(Event::Part).map(Some);
                }
                State::Data => return Ok(self.data()),
                State::End => return Ok(Some(Event::End)),
            }
        }
    }

    fn data(&mut self) -> Option<Event> {
        match self.delimiter.find(&self.buffer) {
            Some(0) => {
                self.buffer.advance(self.delimiter.needle().len());
                self.state = State::Boundary;
                Some(Event::PartEnd)
            }
            Some(end) => Some(Event::Data(self.buffer.split_to(end).freeze())),
            None => {
                // The end may be the beginning of a boundary.
                let safe = self.buffer.len().saturating_sub(self.delimiter.needle().len() - 1);
                (safe > 0).then(|| Event::Data(self.buffer.split_to(safe).freeze()))
            }
        }
    }

    /// Checks that the body was whole when it ended.
    ///
    /// # Errors
    /// It was not.
    pub fn finish(&self) -> Result<(), MultipartError> {
        if self.state == State::End { Ok(()) } else { Err(MultipartError::Truncated) }
    }
}

fn parse_head(head: &[u8]) -> Result<Part, MultipartError> {
    let head = std::str::from_utf8(head).map_err(|_| MultipartError::Encoding)?;
    let mut part = Part::default();
    let mut has_disposition = false;
    for line in head.split("\r\n") {
        let (name, value) = line.split_once(':').ok_or(MultipartError::Malformed)?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-type") {
            part.content_type = Some(value.to_owned());
        } else if name.eq_ignore_ascii_case("content-disposition") {
            let (kind, parameters) = value.split_once(';').ok_or(MultipartError::Malformed)?;
            if has_disposition || !kind.trim().eq_ignore_ascii_case("form-data") {
                return Err(MultipartError::Malformed);
            }
            has_disposition = true;
            part.name = parameter(parameters, "name").ok_or(MultipartError::Malformed)?;
            part.file_name = parameter(parameters, "filename");
        }
    }
    if has_disposition { Ok(part) } else { Err(MultipartError::Malformed) }
}

/// The value of a parameter such as `; name="value"`. Browsers write a quote in a value as `%22`, other programs with a
/// backslash; a backslash before anything else is itself.
fn parameter(mut rest: &str, wanted: &str) -> Option<String> {
    loop {
        rest = rest.trim_start_matches([';', ' ', '\t']);
        let (name, after) = rest.split_once('=')?;
        let value;
        if let Some(quoted) = after.strip_prefix('"') {
            let mut text = String::new();
            let mut chars = quoted.char_indices();
            let end = loop {
                match chars.next()? {
                    (end, '"') => break end,
                    (at, '\\') if quoted[at + 1..].starts_with('"') => {
                        chars.next();
                        text.push('"');
                    }
                    (_, c) => text.push(c),
                }
            };
            value = text.replace("%22", "\"");
            rest = &quoted[end + 1..];
        } else {
            let end = after.find(';').unwrap_or(after.len());
            value = after[..end].trim().to_owned();
            rest = &after[end..];
        }
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
    }
}
