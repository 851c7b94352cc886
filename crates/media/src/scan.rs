use std::io::{self, BufRead as _, BufReader, Read, Seek, SeekFrom, Write};

use crate::MediaError;

/// Pieces that a copy is made of at most.
const PIECES_MAX: usize = 10_000;

/// Reads a file from front to back and knows where it is.
pub(crate) struct Scan<R> {
    source: BufReader<R>,
    pub(crate) at: u64,
    pub(crate) len: u64,
}

impl<R: Read + Seek> Scan<R> {
    pub(crate) fn new(mut source: R) -> io::Result<Self> {
        let len = source.seek(SeekFrom::End(0))?;
        source.rewind()?;
        Ok(Self { source: BufReader::with_capacity(32 * 1024, source), at: 0, len })
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], MediaError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, MediaError> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn be16(&mut self) -> Result<u16, MediaError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn le16(&mut self) -> Result<u16, MediaError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn be32(&mut self) -> Result<u32, MediaError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn le32(&mut self) -> Result<u32, MediaError> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next `len` bytes, which must be few.
    pub(crate) fn bytes(&mut self, len: u16) -> Result<Vec<u8>, MediaError> {
        let mut bytes = vec![0; len.into()];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), MediaError> {
        self.source.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => MediaError::Malformed("ends too early"),
            _ => MediaError::Io(error),
        })?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Goes on `count` bytes, which must be there.
    pub(crate) fn skip(&mut self, count: u64) -> Result<(), MediaError> {
        self.go_to(self.at.saturating_add(count))
    }

    /// Goes to a place in the file.
    pub(crate) fn go_to(&mut self, at: u64) -> Result<(), MediaError> {
        if at > self.len {
            return Err(MediaError::Malformed("ends too early"));
        }
        // Neither is beyond the length of a file.
        self.source.seek_relative(at.cast_signed() - self.at.cast_signed())?;
        self.at = at;
        Ok(())
    }

    /// Goes to the next byte that is `wanted`.
    pub(crate) fn skip_to(&mut self, wanted: u8) -> Result<(), MediaError> {
        loop {
            let buffer = self.source.fill_buf()?;
            if buffer.is_empty() {
                return Err(MediaError::Malformed("ends too early"));
            }
            let found = memchr::memchr(wanted, buffer);
            let passed = found.unwrap_or(buffer.len());
            self.source.consume(passed);
            self.at += passed as u64;
            if found.is_some() {
                return Ok(());
            }
        }
    }
}

/// A part of a copy.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Piece {
    /// From the source.
    Kept { from: u64, to: u64 },
    /// Something else.
    Made(Vec<u8>),
}

/// What a copy is made of.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Pieces(Vec<Piece>);

impl Pieces {
    /// Adds a part of the source.
    pub(crate) fn keep(&mut self, from: u64, to: u64) -> Result<(), MediaError> {
        match self.0.last_mut() {
            Some(Piece::Kept { to: end, .. }) if *end == from => {
                *end = to;
                Ok(())
            }
            _ => self.add(Piece::Kept { from, to }),
        }
    }

    /// Adds other bytes.
    pub(crate) fn make(&mut self, bytes: Vec<u8>) -> Result<(), MediaError> {
        self.add(Piece::Made(bytes))
    }

    fn add(&mut self, piece: Piece) -> Result<(), MediaError> {
        if self.0.len() == PIECES_MAX {
            return Err(MediaError::Malformed("has too many parts"));
        }
        self.0.push(piece);
        Ok(())
    }

    /// Puts other bytes behind the first piece.
    pub(crate) fn insert_second(&mut self, bytes: Vec<u8>) {
        self.0.insert(1, Piece::Made(bytes));
    }

    pub(crate) fn append(&mut self, other: &mut Self) -> Result<(), MediaError> {
        for piece in other.0.drain(..) {
            self.add(piece)?;
        }
        Ok(())
    }

    /// Bytes of the copy.
    pub(crate) fn len(&self) -> u64 {
        let len = |piece: &Piece| match piece {
            Piece::Kept { from, to } => to - from,
            Piece::Made(bytes) => bytes.len() as u64,
        };
        self.0.iter().map(len).sum()
    }

    /// Writes the copy.
    pub(crate) fn write(&self, source: &mut (impl Read + Seek), target: &mut impl Write) -> io::Result<()> {
        for piece in &self.0 {
            match piece {
                Piece::Made(bytes) => target.write_all(bytes)?,
                Piece::Kept { from, to } => {
                    source.seek(SeekFrom::Start(*from))?;
                    let copied = io::copy(&mut source.take(to - from), target)?;
                    if copied != to - from {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
        Ok(())
    }
}
