//! A file of mongodump from its beginning to its end, document by document.

use std::{
    fs::{File, Metadata},
    io::{self, BufReader, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use flate2::read::MultiGzDecoder;
use kefu_app::{Exit, Failure, Text};

use super::{
    archive::{Header, MAGIC, TERMINATOR},
    bson::{Broken, DOCUMENT_BYTES_MAX},
    refused,
};

const GZIP: [u8; 2] = [0x1f, 0x8b];

const BUFFER_BYTES: usize = 256 << 10;

/// A file from its beginning, or what comes out of it if it is compressed.
pub(super) struct Stream {
    path: PathBuf,
    reader: Box<dyn Read + Send>,
    is_compressed: bool,
    /// Where the next byte is.
    pub(super) offset: u64,
    pub(super) document: Vec<u8>,
}

impl Stream {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let (reader, is_compressed) = opened(path)?;
        Ok(Self { path: path.to_owned(), reader, is_compressed, offset: 0, document: Vec::new() })
    }

    /// Goes on at a byte of a fresh stream.
    pub(super) fn seek(&mut self, offset: u64) -> Result<(), Failure> {
        self.reader = opened_at(&self.path, offset)?;
        self.offset = offset;
        Ok(())
    }

    pub(super) fn damaged(&self, broken: &Broken) -> Failure {
        let start = self.offset - self.document.len() as u64;
        self.damaged_at(start + broken.at as u64, broken.what)
    }

    pub(super) fn damaged_at(&self, at: u64, what: &str) -> Failure {
        let (shown, of) =
            (self.path.display(), if self.is_compressed { " of what is compressed" } else { "" });
        let text = Text::new(
            format!("cannot read {shown}: it is damaged at byte {at}{of}: {what}"),
            format!("无法读取 {shown}:字节 {at} 处已损坏:{what}"),
        );
        let hint = Text::new("dump it again", "请重新转储");
        Failure::new(Exit::Data, text).hint(hint)
    }

    pub(super) fn truncated(&self) -> Failure {
        self.damaged_at(self.offset, "it ends too early")
    }

    /// Four bytes, or none at the end.
    pub(super) fn int(&mut self) -> Result<Option<i32>, Failure> {
        let mut bytes = [0; 4];
        let mut have = 0;
        while have < 4 {
            match self.reader.read(&mut bytes[have..]) {
                Ok(0) if have == 0 => return Ok(None),
                Ok(0) => return Err(self.truncated()),
                Ok(more) => have += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.unread(error)),
            }
        }
        self.offset += 4;
        Ok(Some(i32::from_le_bytes(bytes)))
    }

    pub(super) fn unread(&self, error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.truncated(),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                self.damaged_at(self.offset, "it cannot be decompressed")
            }
            _ => unreadable(&self.path, error),
        }
    }

    /// The document whose length was read.
    pub(super) fn rest(&mut self, length: i32) -> Result<&[u8], Failure> {
        let at = self.offset - 4;
        let Some(size) = usize::try_from(length).ok().filter(|size| (5..=DOCUMENT_BYTES_MAX).contains(size))
        else {
            return Err(self.damaged_at(at, "this is no length of a document"));
        };
        self.document.clear();
        self.document.extend(length.to_le_bytes());
        let more = (&mut self.reader).take(size as u64 - 4).read_to_end(&mut self.document);
        self.offset += self.document.len() as u64 - 4;
        if let Err(error) = more {
            return Err(self.unread(error));
        }
        if self.document.len() < size {
            return Err(self.truncated());
        }
        Ok(&self.document)
    }

    /// The next document of a collection's own file.
    pub(super) fn document(&mut self) -> Result<Option<&[u8]>, Failure> {
        match self.int()? {
            Some(length) => self.rest(length).map(Some),
            None => Ok(None),
        }
    }

    /// The next document of a block of an archive; none at its end.
    pub(super) fn block_document(&mut self) -> Result<Option<&[u8]>, Failure> {
        match self.int()? {
            Some(TERMINATOR) => Ok(None),
            Some(length) => self.rest(length).map(Some),
            None => Err(self.truncated()),
        }
    }

    /// The header of the next block of an archive; none at its end.
    pub(super) fn header(&mut self) -> Result<Option<Header>, Failure> {
        let Some(length) = self.int()? else { return Ok(None) };
        let header = Header::read(self.rest(length)?);
        header.map(Some).map_err(|broken| self.damaged(&broken))
    }

    /// Goes to the first block of an archive, and shows the documents before it.
    pub(super) fn skip_prelude(
        &mut self,
        mut see: impl FnMut(&[u8]) -> Result<(), Broken>,
    ) -> Result<(), Failure> {
        if self.int()?.map(i32::to_le_bytes) != Some(MAGIC) {
            let shown = self.path.display();
            return Err(refused(
                format!("cannot read {shown}: it is neither a folder nor an archive of mongodump"),
                format!("无法读取 {shown}:它既不是目录,也不是 mongodump 的归档"),
            ));
        }
        while let Some(document) = self.block_document()? {
            let seen = see(document);
            seen.map_err(|broken| self.damaged(&broken))?;
        }
        Ok(())
    }
}

/// When a file was last changed, in microseconds since 1970.
pub(super) fn newest(metadata: &Metadata) -> u128 {
    let changed = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    changed.map_or(0, |since| since.as_micros())
}

/// A file, or what comes out of it if it is compressed; and whether it is.
pub(super) fn opened(path: &Path) -> Result<(Box<dyn Read + Send>, bool), Failure> {
    let mut file = File::open(path).map_err(|error| unreadable(path, error))?;
    let mut begin = [0; 2];
    // An empty collection is an empty file.
    let is_compressed = file.read(&mut begin).map_err(|error| unreadable(path, error))? == 2 && begin == GZIP;
    file.seek(SeekFrom::Start(0)).map_err(|error| unreadable(path, error))?;
    let file = BufReader::with_capacity(BUFFER_BYTES, file);
    if is_compressed {
        let unpacked = BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(file));
        return Ok((Box::new(unpacked), true));
    }
    Ok((Box::new(file), false))
}

/// The same from the byte `offset` on.
pub(super) fn opened_at(path: &Path, offset: u64) -> Result<Box<dyn Read + Send>, Failure> {
    let (mut reader, is_compressed) = opened(path)?;
    if is_compressed {
        let skipped = io::copy(&mut (&mut reader).take(offset), &mut io::sink());
        if skipped.map_err(|error| unreadable(path, error))? < offset {
            return Err(unreadable(path, io::ErrorKind::UnexpectedEof.into()));
        }
        return Ok(reader);
    }
    let mut file = File::open(path).map_err(|error| unreadable(path, error))?;
    file.seek(SeekFrom::Start(offset)).map_err(|error| unreadable(path, error))?;
    Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, file)))
}

pub(super) fn unreadable(path: &Path, error: io::Error) -> Failure {
    let shown = path.display();
    Failure::new(Exit::Io, Text::new(format!("cannot read {shown}"), format!("无法读取 {shown}")))
        .because(error)
}
