//! Where a message ends in a stream.

use kefu_wire::{
    Error, Limits, Problem,
    thrift::{
        Protocol, rpc,
        transport::{framed, header},
    },
};

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
    /// JSON, a message on each line.
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
}

/// Cuts a stream into messages.
#[derive(Debug)]
pub(super) struct Splitter {
    sequence: Sequence,
    limits: Limits,
    /// Not worth another look before so much is pending.
    look_from: usize,
    documents: DocumentScan,
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
        let documents = DocumentScan::default();
        Self { sequence, limits, look_from: 0, documents, discard: Discard::Nothing }
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
            Sequence::Framed | Sequence::Header => {
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

    fn unframed(&mut self, pending: &[u8], at_end: bool, len: Option<usize>) -> Result<Cut, Error> {
        match len {
            Some(len) => Ok(Cut::Piece(Piece::plain(len, 0, len))),
            // Whoever converts it knows best what is missing.
            None if at_end => Ok(Cut::Piece(Piece::plain(pending.len(), 0, pending.len()))),
            None => {
                let len = pending.len();
                let more = if len < SMALL { len + 1 } else { len + len / 2 };
                self.look_from = more.min(self.limits.message_bytes_max);
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

/// Finds the end of a JSON document by its brackets, a few bytes at a time.
#[derive(Debug, Default)]
struct DocumentScan {
    position: usize,
    start: Option<usize>,
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    /// A number or a word, which ends where something else begins.
    in_word: bool,
}

impl DocumentScan {
    fn is_closed(&self) -> bool {
        self.depth == 0 && !self.in_string
    }

    /// Where the first document begins and ends; at the end of the input, all that there is.
    fn scan(&mut self, pending: &[u8], at_end: bool) -> Option<(usize, usize)> {
        while let Some(byte) = pending.get(self.position) {
            let at = self.position;
            if self.start.is_none() {
                if byte.is_ascii_whitespace() {
                    self.position += 1;
                    continue;
                }
                self.start = Some(at);
                self.in_word = !matches!(byte, b'{' | b'[' | b'"' | b'}' | b']');
            }
            let start = self.start.unwrap_or(at);
            if self.in_word {
                if at > start && (byte.is_ascii_whitespace() || matches!(byte, b'{' | b'[' | b'"')) {
                    return Some((start, at));
                }
                self.position += 1;
                continue;
            }
            self.position += 1;
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.in_string => self.is_escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => continue,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => continue,
            }
            if self.depth == 0 && !self.in_string && !self.is_escaped {
                return Some((start, self.position));
            }
        }
        let start = if at_end { self.start } else { None };
        let end = pending.trim_ascii_end().len();
        start.map(|start| (start, end.max(start)))
    }
}

#[cfg(test)]
mod tests {
    use kefu_wire::ErrorKind;
    use proptest::prelude::*;

    use super::*;

    fn pieces(sequence: Sequence, input: &[u8], chunk: usize) -> Vec<Vec<u8>> {
        let limits = Limits { message_bytes_max: 64, ..Limits::default() };
        let mut splitter = Splitter::new(sequence, limits);
        let (mut start, mut end, mut found) = (0, 0, Vec::new());
        loop {
            let pending = &input[start..end];
            match splitter.cut(pending, end == input.len()).expect("it can be cut") {
                Cut::Piece(piece) => {
                    found.push(pending[piece.from..piece.to].to_vec());
                    start += piece.used;
                }
                Cut::Skip(len) => start += len,
                Cut::More => end = (end + chunk).min(input.len()),
                Cut::End => return found,
            }
        }
    }

    fn all_chunks(sequence: Sequence, input: &[u8], expected: &[&[u8]]) {
        for chunk in [1, 2, 3, 7, 1000] {
            assert_eq!(pieces(sequence, input, chunk), expected, "{sequence:?}, {chunk} bytes at a time");
        }
    }

    #[test]
    fn json_is_cut_into_lines_and_documents() {
        all_chunks(Sequence::Lines, b"\n {\"a\":1} \r\n\n[2\n\"x\"", &[b"{\"a\":1}", b"[2", b"\"x\""]);
        let documents = b" {\"a\":\n\"}\\\"\"}\n{}[1,[2]] \"s\\\"\" 12 true{\"open\": [";
        let expected: [&[u8]; 7] =
            [b"{\"a\":\n\"}\\\"\"}", b"{}", b"[1,[2]]", b"\"s\\\"\"", b"12", b"true", b"{\"open\": ["];
        all_chunks(Sequence::Documents, documents, &expected);
        all_chunks(Sequence::Documents, b" \n ", &[]);
        all_chunks(Sequence::Documents, b"}]", &[b"}", b"]"]);
    }

    #[test]
    fn the_first_line_says_whether_there_are_lines() {
        for lines in ["{}\n{", "\n\n{\"a\":\"\\n\"} \r\nx", "[1]\n", "5\n6\n"] {
            assert!(has_lines(lines.as_bytes()), "{lines:?}");
        }
        for documents in ["{\n}\n", "{}", "{}{}\n", "", "\"a\n"] {
            assert!(!has_lines(documents.as_bytes()), "{documents:?}");
        }
    }

    #[test]
    fn thrift_is_cut_with_and_without_frames() {
        let one: &[u8] = &[8, 0, 1, 0, 0, 0, 5, 0];
        let two: &[u8] = &[11, 0, 2, 0, 0, 0, 2, b'h', b'i', 0];
        all_chunks(Sequence::Structs(Protocol::Binary), &[one, two, one].concat(), &[one, two, one]);
        let framed = [&[0, 0, 0, 8], one, &[0, 0, 0, 10], two].concat();
        all_chunks(Sequence::Framed, &framed, &[one, two]);
        let json = b"{\"1\":{\"i32\":5}} {\"2\":{\"str\":\"}\"}}\n";
        all_chunks(
            Sequence::Structs(Protocol::Json),
            json,
            &[b"{\"1\":{\"i32\":5}}", b"{\"2\":{\"str\":\"}\"}}"],
        );
    }

    #[test]
    fn what_is_too_long_is_passed_over_where_its_end_is_known() {
        let limits = Limits { message_bytes_max: 4, ..Limits::default() };
        let mut lines = Splitter::new(Sequence::Lines, limits);
        let error = lines.cut(b"[1,2,3", false).expect_err("it is too long");
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(lines.recover(b"[1,2,3"));
        assert_eq!(lines.cut(b"[1,2,3", false), Ok(Cut::Skip(6)));
        assert_eq!(lines.cut(b",4]\n[5]\n", false), Ok(Cut::Skip(4)));
        assert_eq!(lines.cut(b"[5]\n", false), Ok(Cut::Piece(Piece::plain(4, 0, 3))));

        let mut frames = Splitter::new(Sequence::Framed, limits);
        assert!(frames.cut(&[0, 0, 0, 6, 1], false).is_err());
        assert!(frames.recover(&[0, 0, 0, 6, 1]));
        assert_eq!(frames.cut(&[0, 0, 0, 6, 1], false), Ok(Cut::Skip(5)));
        assert_eq!(frames.cut(&[2, 3, 4, 5, 6, 0], false), Ok(Cut::Skip(5)));
        assert_eq!(frames.cut(&[0], false), Ok(Cut::More));
        assert!(frames.cut(&[0], true).is_err());

        let mut structs = Splitter::new(Sequence::Structs(Protocol::Binary), limits);
        let error = structs.cut(&[8, 0, 1, 0, 0, 0, 5, 0], true).expect_err("it is too long");
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(!structs.recover(&[8]));
    }

    proptest! {
        /// Whatever comes: each cut goes on, and what is cut lies within what is pending.
        #[test]
        fn any_input_comes_to_its_end(
            input in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"{}[]\"\\ \n\0\x01\x0f\xff"[..])], 0..200),
            chunk in 1_usize..50,
        ) {
            let protocols = [Protocol::Binary, Protocol::Compact, Protocol::Json];
            let mut sequences =
                vec![Sequence::Lines, Sequence::Documents, Sequence::Framed, Sequence::Header];
            sequences.extend(protocols.iter().flat_map(|p| [Sequence::Messages(*p), Sequence::Structs(*p)]));
            for sequence in sequences {
                let limits = Limits { message_bytes_max: 64, ..Limits::default() };
                let mut splitter = Splitter::new(sequence, limits);
                let (mut start, mut end, mut errors) = (0, 0, 0);
                loop {
                    let pending = &input[start..end];
                    match splitter.cut(pending, end == input.len()) {
                        Ok(Cut::Piece(piece)) => {
                            prop_assert!(piece.from <= piece.to && piece.to <= pending.len());
                            prop_assert!(piece.used > 0 && piece.used <= pending.len());
                            start += piece.used;
                        }
                        Ok(Cut::Skip(len)) => {
                            prop_assert!(len > 0 && len <= pending.len());
                            start += len;
                        }
                        Ok(Cut::More) => {
                            prop_assert!(end < input.len(), "there is no more, {:?}", sequence);
                            end = (end + chunk).min(input.len());
                        }
                        Ok(Cut::End) => break,
                        Err(_) => {
                            errors += 1;
                            prop_assert!(errors <= input.len(), "errors without an end, {:?}", sequence);
                            if !splitter.recover(pending) {
                                break;
                            }
                        }
                    }
                }
            }
        }
    }
}
