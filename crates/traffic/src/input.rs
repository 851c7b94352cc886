//! Where recorded traffic is read from: a buffer over a stream, and files that may be compressed.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use flate2::read::MultiGzDecoder;

/// How much is asked of a stream at once.
const READ: usize = 256 << 10;

/// What a file of traffic is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// Records as goreplay writes them.
    Gor,
    /// Packets, as libpcap or pcapng writes them.
    Packets,
    /// Neither.
    Unknown,
}

/// Opens a file and says what its first bytes look like; what gzip compressed is read as it was.
///
/// # Errors
///
/// The file cannot be read.
pub fn open(path: &Path) -> io::Result<(Format, Box<dyn Read + Send>)> {
    sniff(File::open(path)?)
}

/// Says what a stream's first bytes look like; what gzip compressed is read as it was.
///
/// # Errors
///
/// The stream cannot be read.
pub fn sniff(reader: impl Read + Send + 'static) -> io::Result<(Format, Box<dyn Read + Send>)> {
    let (head, reader) = peek(reader)?;
    if head.starts_with(&[0x1f, 0x8b]) {
        let (head, reader) = peek(MultiGzDecoder::new(reader))?;
        return Ok((told(&head), Box::new(reader)));
    }
    Ok((told(&head), Box::new(reader)))
}

fn told(head: &[u8]) -> Format {
    if crate::pcap::is_magic(head) {
        return Format::Packets;
    }
    match head {
        [] => Format::Gor,
        // A separator where no record was: a file that begins with an empty one.
        [0xf0, 0x9f, 0x90, 0xb5, ..] => Format::Gor,
        [kind, b' ', ..] if kind.is_ascii_digit() => Format::Gor,
        _ => Format::Unknown,
    }
}

type Peeked<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

fn peek<R: Read>(mut reader: R) -> io::Result<(Vec<u8>, Peeked<R>)> {
    let mut head = Vec::with_capacity(4);
    reader.by_ref().take(4).read_to_end(&mut head)?;
    Ok((head.clone(), io::Cursor::new(head).chain(reader)))
}

/// A stream with what was read of it and is not used yet.
#[derive(Debug)]
pub(crate) struct Input<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where in the stream `start` is.
    offset: u64,
    is_at_end: bool,
}

impl<R: Read> Input<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, end: 0, offset: 0, is_at_end: false }
    }

    /// What was read and not used.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Where in the stream the pending bytes begin.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// Marks the first `len` pending bytes as used.
    pub(crate) fn consume(&mut self, len: usize) {
        self.start += len;
        self.offset += len as u64;
    }

    /// Reads more, unless the stream has ended.
    pub(crate) fn fill(&mut self) -> io::Result<()> {
        if self.end + READ > self.buffer.len() {
            // What is left moves to the front; a buffer that is still too small grows by half at least.
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if self.end + READ > self.buffer.len() {
                let grown = (self.end + READ).max(self.buffer.len() * 3 / 2);
                self.buffer.resize(grown, 0);
            }
        }
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.is_at_end = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }

    /// Reads until `len` bytes are pending; says whether the stream had as many.
    pub(crate) fn need(&mut self, len: usize) -> io::Result<bool> {
        while self.end - self.start < len {
            if self.is_at_end {
                return Ok(false);
            }
            self.fill()?;
        }
        Ok(true)
    }

    /// Reads past `len` bytes without keeping them; says whether the stream had as many.
    pub(crate) fn skip(&mut self, mut len: u64) -> io::Result<bool> {
        loop {
            let here = len.min((self.end - self.start) as u64);
            // No more than is pending, which is a usize.
            self.consume(here as usize);
            len -= here;
            if len == 0 {
                return Ok(true);
            }
            if self.is_at_end {
                return Ok(false);
            }
            self.fill()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn files_are_told_by_their_first_bytes_also_within_gzip() {
        let told = |bytes: &[u8]| {
            let (format, mut reader) = sniff(io::Cursor::new(bytes.to_vec())).unwrap();
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            (format, read)
        };
        for (bytes, format) in [
            (&b"1 abc 5 0\nGET / HTTP/1.1\r\n\r\n"[..], Format::Gor),
            (b"", Format::Gor),
            (&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0], Format::Packets),
            (&[0x0a, 0x0d, 0x0d, 0x0a, 28, 0], Format::Packets),
            (b"GET / HTTP/1.1", Format::Unknown),
            (b"{\"log\":", Format::Unknown),
        ] {
            assert_eq!(told(bytes), (format, bytes.to_vec()));
            if !bytes.is_empty() {
                assert_eq!(told(&gzip(bytes)), (format, bytes.to_vec()));
            }
        }
        // Members one after the other are one file.
        let parts = [gzip(b"1 a 5 0\n"), gzip(b"more")].concat();
        assert_eq!(told(&parts), (Format::Gor, b"1 a 5 0\nmore".to_vec()));
    }
}
