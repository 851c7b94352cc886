//! Where a message ends in a stream.

mod documents;
mod elements;

#[cfg(test)]
mod tests;

use kefu_wire::{
    Error, Limits, Problem,
    thrift::{
        Protocol, rpc,
        transport::{framed, header, ttheader},
    },
};

use self::{documents::DocumentScan, elements::ElementScan};

/// What the next bytes are.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Cut {
    /// A message.
    Piece(Piece),
    /// So many bytes that mean nothing.
    Skip(usize),
    /// More must be read first.
    More,
    /// The input is at its end.
    End,
}

/// A message in what is pending.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Piece {
    /// The bytes that it takes with what goes around it.
    pub(super) used: usize,
    /// Where the message itself is.
    pub(super) from: usize,
    pub(super) to: usize,
    /// The message of a header frame, and its protocol.
    pub(super) unpacked: Option<(Protocol, Vec<u8>)>,
    /// Whether the message was compressed, so that its bytes have no place in the input.
    pub(super) is_compressed: bool,
}

impl Piece {
    fn plain(used: usize, from: usize, to: usize) -> Self {
        Self { used, from, to, unpacked: None, is_compressed: false }
    }
}

/// How messages follow each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sequence {
    /// A message on each line.
    Lines,
    /// JSON, one document after the other.
    Documents,
    /// Messages of Thrift, one after the other.
    Messages(Protocol),
    /// Structs of Thrift, one after the other.
    Structs(Protocol),
    /// Frames.
    Framed,
    /// Frames with headers.
    Header,
    /// Frames with headers of kitex.
    TtHeader,
    /// Documents of XML, one after the other.
    Elements,
    /// One message to the end of the input.
    Whole,
}

/// Cuts a stream into messages.
#[derive(Debug)]
pub(super) struct Splitter {
    sequence: Sequence,
    limits: Limits,
    /// Not worth another look before so much is pending.
    look_from: usize,
    documents: DocumentScan,
    elements: ElementScan,
    /// What is left of a message that is beyond a limit.
    discard: Discard,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Discard {
    Nothing,
    Bytes(u64),
    Line,
}

/// Up to this much is looked at again after every read.
const SMALL: usize = 256 << 10;

impl Splitter {
    pub(super) fn new(sequence: Sequence, limits: Limits) -> Self {
        Self {
            sequence,
            limits,
            look_from: 0,
            documents: DocumentScan::default(),
            elements: ElementScan::default(),
            discard: Discard::Nothing,
        }
    }

    /// Finds the message that the pending bytes begin with. What it finds must be consumed before the next call.
    pub(super) fn cut(&mut self, pending: &[u8], at_end: bool) -> Result<Cut, Error> {
        if self.discard != Discard::Nothing {
            return Ok(self.discarded(pending, at_end));
        }
        if pending.is_empty() && at_end {
            return Ok(Cut::End);
        }
        if !at_end && pending.len() < self.look_from {
            return Ok(Cut::More);
        }
        let is_text =
            matches!(self.sequence, Sequence::Messages(Protocol::Json) | Sequence::Structs(Protocol::Json));
        let space = pending.len() - pending.trim_ascii_start().len();
        if is_text && space > 0 {
            return Ok(Cut::Skip(space));
        }
        let cut = match self.sequence {
            Sequence::Lines => self.line(pending, at_end),
            Sequence::Documents => self.document(pending, at_end),
            Sequence::Elements => self.element(pending, at_end),
            Sequence::Whole => self.too_long(pending.len()).map(|()| {
                if at_end { Cut::Piece(Piece::plain(pending.len(), 0, pending.len())) } else { Cut::More }
            }),
            Sequence::Messages(protocol) => {
                self.unframed(pending, at_end, rpc::message_len(protocol, pending, &self.limits)?)
            }
            Sequence::Structs(protocol) => {
                self.unframed(pending, at_end, rpc::struct_len(protocol, pending, &self.limits)?)
            }
            Sequence::Framed => framed::decode(pending, &self.limits)?.map_or_else(
                || incomplete_frame(pending, at_end),
                |(message, used)| Ok(Cut::Piece(Piece::plain(used, used - message.len(), used))),
            ),
            Sequence::Header => header::decode(pending, &self.limits)?.map_or_else(
                || incomplete_frame(pending, at_end),
                |(frame, used)| {
                    let from = used.saturating_sub(frame.message.len());
                    let unpacked = Some((frame.protocol, frame.message));
                    Ok(Cut::Piece(Piece { used, from, to: used, unpacked, is_compressed: frame.zlib }))
                },
            ),
            Sequence::TtHeader => ttheader::decode(pending, &self.limits)?.map_or_else(
                || incomplete_frame(pending, at_end),
                // The message is the end of its frame.
                |(frame, used)| Ok(Cut::Piece(Piece::plain(used, used - frame.message.len(), used))),
            ),
        }?;
        if cut != Cut::More {
            self.look_from = 0;
        }
        Ok(cut)
    }

    /// After an error of [`Self::cut`]: goes on behind the message, if it can be known where that is.
    pub(super) fn recover(&mut self, pending: &[u8]) -> bool {
        self.look_from = 0;
        self.discard = match self.sequence {
            Sequence::Lines => Discard::Line,
            Sequence::Framed | Sequence::Header | Sequence::TtHeader => {
                match pending.first_chunk().map(|len| i32::from_be_bytes(*len)) {
                    Some(len @ 0..) => Discard::Bytes(u64::from(len.unsigned_abs()) + 4),
                    _ => return false,
                }
            }
            _ => return false,
        };
        true
    }

    fn discarded(&mut self, pending: &[u8], at_end: bool) -> Cut {
        if pending.is_empty() {
            return if at_end { Cut::End } else { Cut::More };
        }
        match self.discard {
            Discard::Bytes(left) => {
                let skipped = usize::try_from(left).unwrap_or(usize::MAX).min(pending.len());
                let left = left - skipped as u64;
                self.discard = if left == 0 { Discard::Nothing } else { Discard::Bytes(left) };
                Cut::Skip(skipped)
            }
            _ => match memchr::memchr(b'\n', pending) {
                Some(index) => {
                    self.discard = Discard::Nothing;
                    Cut::Skip(index + 1)
                }
                None => Cut::Skip(pending.len()),
            },
        }
    }

    fn too_long(&self, len: usize) -> Result<(), Error> {
        let max = self.limits.message_bytes_max;
        if len > max {
            return Err(Error::at(0, Problem::Limit { what: "bytes in a message", max: max as u64 }));
        }
        Ok(())
    }

    fn line(&mut self, pending: &[u8], at_end: bool) -> Result<Cut, Error> {
        let seen = self.look_from.saturating_sub(1).min(pending.len());
        let Some(index) = memchr::memchr(b'\n', &pending[seen..]) else {
            self.too_long(pending.len())?;
            if !at_end {
                self.look_from = pending.len() + 1;
                return Ok(Cut::More);
            }
            return Ok(line_of(pending, pending.len()));
        };
        let end = seen + index;
        self.too_long(end)?;
        Ok(line_of(&pending[..end], end + 1))
    }

    fn document(&mut self, pending: &[u8], at_end: bool) -> Result<Cut, Error> {
        match self.documents.scan(pending, at_end) {
            Some((from, to)) => {
                self.too_long(to - from)?;
                self.documents = DocumentScan::default();
                Ok(if from == to { Cut::Skip(to) } else { Cut::Piece(Piece::plain(to, from, to)) })
            }
            None => {
                self.too_long(pending.len() - self.documents.start.unwrap_or(pending.len()))?;
                // White space alone need not be kept.
                if self.documents.start.is_none() && !pending.is_empty() {
                    self.documents = DocumentScan::default();
                    return Ok(Cut::Skip(pending.len()));
                }
                Ok(Cut::More)
            }
        }
    }

    fn element(&mut self, pending: &[u8], at_end: bool) -> Result<Cut, Error> {
        match self.elements.scan(pending, at_end) {
            Some((from, to)) => {
                self.too_long(to - from)?;
                let has_element = self.elements.has_element;
                self.elements = ElementScan::default();
                // Comments after the last document are no message.
                Ok(if has_element {
                    Cut::Piece(Piece::plain(to, from, to))
                } else {
                    Cut::Skip(pending.len())
                })
            }
            None => {
                self.too_long(pending.len() - self.elements.start.unwrap_or(pending.len()))?;
                if self.elements.start.is_none() && !pending.is_empty() {
                    self.elements = ElementScan::default();
                    return Ok(Cut::Skip(pending.len()));
                }
                self.grow(pending.len());
                Ok(Cut::More)
            }
        }
    }

    /// The next look begins at the start of something long: not after every read.
    fn grow(&mut self, len: usize) {
        let more = if len < SMALL { len + 1 } else { len + len / 2 };
        self.look_from = more.min(self.limits.message_bytes_max);
    }

    fn unframed(&mut self, pending: &[u8], at_end: bool, len: Option<usize>) -> Result<Cut, Error> {
        match len {
            Some(len) => Ok(Cut::Piece(Piece::plain(len, 0, len))),
            // Whoever converts it knows best what is missing.
            None if at_end => Ok(Cut::Piece(Piece::plain(pending.len(), 0, pending.len()))),
            None => {
                self.grow(pending.len());
                Ok(Cut::More)
            }
        }
    }
}

fn incomplete_frame(pending: &[u8], at_end: bool) -> Result<Cut, Error> {
    if at_end {
        return Err(Error::at(pending.len(), Problem::Truncated("a frame")));
    }
    Ok(Cut::More)
}

/// A line without the white space around it; empty ones mean nothing.
fn line_of(line: &[u8], used: usize) -> Cut {
    let text = line.trim_ascii_start();
    let from = line.len() - text.len();
    let to = from + text.trim_ascii_end().len();
    if from == to { Cut::Skip(used) } else { Cut::Piece(Piece::plain(used, from, to)) }
}

/// Whether the first line of a JSON input is a whole document, so that each line is one.
pub(super) fn has_lines(pending: &[u8]) -> bool {
    let text = pending.trim_ascii_start();
    let line = match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => &text[..end],
        None => return false,
    };
    let mut scan = DocumentScan::default();
    scan.scan(line, true) == Some((0, line.trim_ascii_end().len())) && scan.is_closed()
}
