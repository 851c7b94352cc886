//! The input as a stream of which no more than a message is in memory.

use std::io::{self, Read};

/// Bytes asked for at a time.
const CHUNK: usize = 64 << 10;

/// Reads ahead, and knows where it is.
pub(super) struct Input {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What of the buffer is still to be converted.
    start: usize,
    filled: usize,
    at_end: bool,
    offset: u64,
    lines: u64,
}

impl Input {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, filled: 0, at_end: false, offset: 0, lines: 0 }
    }

    /// What has been read and not yet consumed.
    pub(super) fn pending(&self) -> &[u8] {
        &self.buffer[self.start..self.filled]
    }

    /// Whether there is nothing beyond what is pending.
    pub(super) fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// Where in the input the pending bytes begin.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The line, from 1, of a byte of what is pending.
    pub(super) fn line_of(&self, pending_offset: usize) -> u64 {
        self.lines + 1 + newlines(self.pending().get(..pending_offset).unwrap_or(self.pending()))
    }

    /// Reads once, whatever that gives.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.filled < CHUNK {
            // In larger steps as there is more, so that moving it costs little.
            self.buffer.resize(self.filled + CHUNK.max(self.filled / 2), 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.filled..]) {
                Ok(0) => {
                    self.at_end = true;
                    return Ok(());
                }
                Ok(len) => {
                    self.filled += len;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// So many of the pending bytes are done.
    pub(super) fn consume(&mut self, len: usize) {
        let len = len.min(self.filled - self.start);
        self.lines += newlines(&self.buffer[self.start..self.start + len]);
        self.start += len;
        self.offset += len as u64;
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Slow(io::Cursor<Vec<u8>>);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = buffer.len().min(3);
            self.0.read(&mut buffer[..len])
        }
    }

    #[test]
    fn bytes_and_lines_are_counted_over_reads() {
        let mut input = Input::new(Box::new(Slow(io::Cursor::new(b"a\nbc\nd".to_vec()))));
        input.fill().unwrap();
        input.fill().unwrap();
        assert_eq!((input.pending(), input.line_of(2), input.line_of(5)), (&b"a\nbc\nd"[..], 2, 3));
        input.consume(3);
        assert_eq!((input.pending(), input.offset(), input.line_of(2)), (&b"c\nd"[..], 3, 3));
        assert!(!input.is_at_end());
        input.fill().unwrap();
        assert!(input.is_at_end());
        assert_eq!(input.pending(), b"c\nd");
    }
}
