//! Events of a binary log, version 4 (MySQL Internals, "Binary Log Event"; MariaDB's own kinds from 160 on). Their
//! checksums are left out: what carries them here has its own.

use super::image::Shape;

/// Bytes before what an event says.
const HEADER: usize = 19;

const ROTATE: u64 = 4;
const FORMAT: u64 = 15;

/// An event, as far as it matters here.
#[derive(Debug, PartialEq)]
pub(super) struct Event {
    /// When it was written, in seconds since 1970; nothing, if the server made it up for this connection.
    pub(super) at: Option<u32>,
    /// Where the next one is; nothing, if it is not in the file.
    pub(super) end: Option<u32>,
    pub(super) what: What,
}

/// What an event says.
#[derive(Debug, PartialEq)]
pub(super) enum What {
    /// Whether what follows ends in checksums of four bytes.
    Format { has_checksums: bool },
    /// What follows is in another file, from a place on. Its name may end in a checksum: the server makes such events up
    /// before it says whether there are any.
    Rotate { file: Vec<u8>, offset: u64 },
    /// A statement, and its default database.
    Query { database: Vec<u8>, sql: Vec<u8> },
    /// A transaction of MariaDB begins.
    Gtid { domain: u32, server: u32, number: u64 },
    /// What a number in the events behind it stands for.
    Table { number: u64, table: Table },
    /// Rows of such a number.
    Rows {
        table: u64,
        columns: usize,
        /// Which columns are in each image: one of what is there or was there, or both.
        present: Vec<Vec<u8>>,
        images: Vec<u8>,
    },
    /// A transaction is over.
    Commit,
    /// A distributed transaction was prepared: its rows may or may not come to be.
    Prepared,
    /// Rows that are compressed.
    Compressed,
    /// Something was lost at the server.
    Incident,
    /// The server is alive, and has no more for now.
    Heartbeat,
    /// Something of the log itself, which stands between transactions.
    Between,
    /// Nothing that matters.
    Other,
}

/// A table as the server had it when it wrote.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    pub(super) database: Vec<u8>,
    pub(super) name: Vec<u8>,
    pub(super) shapes: Vec<Shape>,
}

/// An event that is not as it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Broken;

/// Bytes that are read from the front.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number of up to eight bytes, the least first.
    pub(super) fn number(&mut self, length: usize) -> Result<u64, Broken> {
        let bytes = self.take(length)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    pub(super) fn length(&mut self, length: usize) -> Result<usize, Broken> {
        usize::try_from(self.number(length)?).map_err(|_| Broken)
    }

    /// A length whose first byte says how long it is.
    fn packed(&mut self) -> Result<usize, Broken> {
        match self.number(1)? {
            0xfc => self.length(2),
            0xfd => self.length(3),
            0xfe => self.length(8),
            0xfb | 0xff => Err(Broken),
            small => usize::try_from(small).map_err(|_| Broken),
        }
    }
}

impl Event {
    /// Reads an event that may end in a checksum.
    pub(super) fn read(bytes: &[u8], has_checksum: bool) -> Result<Self, Broken> {
        let mut bytes = Bytes(bytes);
        let mut header = Bytes(bytes.take(HEADER)?);
        let at = u32::try_from(header.number(4)?).map_err(|_| Broken)?;
        let kind = header.number(1)?;
        let server = u32::try_from(header.number(4)?).map_err(|_| Broken)?;
        header.take(4)?;
        let end = u32::try_from(header.number(4)?).map_err(|_| Broken)?;
        if has_checksum && !matches!(kind, FORMAT | ROTATE) {
            // What the server makes up for this connection may have none.
            let length = bytes.0.len().checked_sub(4).unwrap_or(bytes.0.len());
            bytes = Bytes(&bytes.0[..length]);
        }
        let what = What::read(kind, server, bytes)?;
        Ok(Self { at: Some(at).filter(|at| *at > 0), end: Some(end).filter(|end| *end > 0), what })
    }
}

impl What {
    fn read(kind: u64, server: u32, mut bytes: Bytes<'_>) -> Result<Self, Broken> {
        Ok(match kind {
            2 => query(bytes)?,
            ROTATE => Self::Rotate { offset: bytes.number(8)?, file: bytes.0.to_vec() },
            // The kind of checksum stands before its own one.
            FORMAT => {
                let kind = bytes.0.len().checked_sub(5).and_then(|at| bytes.0.get(at));
                Self::Format { has_checksums: *kind.ok_or(Broken)? == 1 }
            }
            16 => Self::Commit,
            19 => table(bytes)?,
            23 | 25 => rows(bytes, 1, false)?,
            24 => rows(bytes, 2, false)?,
            26 => Self::Incident,
            27 => Self::Heartbeat,
            30 | 32 => rows(bytes, 1, true)?,
            31 => rows(bytes, 2, true)?,
            38 => Self::Prepared,
            // Rows of which only a part was written, compressed transactions, and compressed rows of MariaDB.
            39 | 40 | 165..=171 => Self::Compressed,
            162 => {
                let (number, domain) = (bytes.number(8)?, bytes.number(4)?);
                Self::Gtid { domain: u32::try_from(domain).map_err(|_| Broken)?, server, number }
            }
            // What transactions were before the file, by MySQL and MariaDB; and from where on a crash needs it.
            35 | 161 | 163 => Self::Between,
            _ => Self::Other,
        })
    }
}

fn query(mut bytes: Bytes<'_>) -> Result<What, Broken> {
    bytes.take(8)?;
    let database_len = bytes.length(1)?;
    bytes.take(2)?;
    let variables_len = bytes.length(2)?;
    bytes.take(variables_len)?;
    let database = bytes.take(database_len)?.to_vec();
    bytes.take(1)?;
    Ok(What::Query { database, sql: bytes.0.to_vec() })
}

fn table(mut bytes: Bytes<'_>) -> Result<What, Broken> {
    let number = bytes.number(6)?;
    bytes.take(2)?;
    let mut name = || -> Result<Vec<u8>, Broken> {
        let length = bytes.length(1)?;
        let name = bytes.take(length)?.to_vec();
        bytes.take(1)?;
        Ok(name)
    };
    let (database, name) = (name()?, name()?);
    let columns = bytes.packed()?;
    let kinds = bytes.take(columns)?;
    let details_len = bytes.packed()?;
    let mut details = Bytes(bytes.take(details_len)?);
    let shapes = kinds.iter().map(|kind| Shape::read(*kind, &mut details)).collect::<Result<_, _>>()?;
    Ok(What::Table { number, table: Table { database, name, shapes } })
}

fn rows(mut bytes: Bytes<'_>, images: usize, has_more: bool) -> Result<What, Broken> {
    let table = bytes.number(6)?;
    bytes.take(2)?;
    if has_more {
        let length = bytes.length(2)?;
        bytes.take(length.checked_sub(2).ok_or(Broken)?)?;
    }
    let columns = bytes.packed()?;
    let mut present = Vec::with_capacity(images);
    for _ in 0..images {
        present.push(bytes.take(columns.div_ceil(8))?.to_vec());
    }
    Ok(What::Rows { table, columns, present, images: bytes.0.to_vec() })
}

/// Reads events, each behind a byte that says how long it is, and the rows that are in them.
#[cfg(fuzzing)]
pub(crate) fn fuzz(bytes: &[u8]) {
    let (mut bytes, mut tables) = (Bytes(bytes), std::collections::HashMap::new());
    while let Ok(event) = bytes.length(1).and_then(|length| bytes.take(length)) {
        match Event::read(event, false).map(|event| event.what) {
            Ok(What::Table { number, table }) => {
                tables.insert(number, table);
            }
            Ok(What::Rows { table, present, images, .. }) => {
                let Some(table) = tables.get(&table) else { continue };
                let mut images = Bytes(&images);
                while !images.0.is_empty()
                    && present.iter().all(|present| {
                        super::image::read_image(&mut images, &table.shapes, present, &[0, 1]).is_ok()
                    })
                {}
            }
            Ok(What::Query { sql, .. }) => {
                super::ddl::effect(&String::from_utf8_lossy(&sql), |_, name| name == "message");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut event = 1_700_000_000_u32.to_le_bytes().to_vec();
        event.push(kind);
        event.extend(1_u32.to_le_bytes());
        event.extend([0; 4]);
        event.extend(4711_u32.to_le_bytes());
        event.extend([0; 2]);
        event.extend(body);
        event
    }

    #[test]
    fn what_matters_is_read() {
        let what = |kind, body: &[u8]| Event::read(&event(kind, body), false).unwrap().what;
        let rotate = what(4, b"\x04\0\0\0\0\0\0\0mbin.000002");
        assert_eq!(rotate, What::Rotate { file: b"mbin.000002".to_vec(), offset: 4 });
        let query = what(2, b"\0\0\0\0\0\0\0\0\x03\0\0\x02\0\x01\x02old\0BEGIN");
        assert_eq!(query, What::Query { database: b"old".to_vec(), sql: b"BEGIN".to_vec() });
        let gtid = what(162, b"\x0d\0\0\0\0\0\0\0\x02\0\0\0\0");
        assert_eq!(gtid, What::Gtid { domain: 2, server: 1, number: 13 });
        let table = what(19, b"\x07\0\0\0\0\0\x01\0\x03old\0\x01t\0\x02\x03\x0f\x02\x90\x01\x00");
        let shapes = vec![Shape::Fixed(4), Shape::Long { length: 2 }];
        let wanted = Table { database: b"old".to_vec(), name: b"t".to_vec(), shapes };
        assert_eq!(table, What::Table { number: 7, table: wanted });
        assert_eq!(Event::read(&event(16, b""), false).unwrap().end, Some(4711));
        assert_eq!([35, 161, 163].map(|kind| what(kind, b"")), [35, 161, 163].map(|_| What::Between));
        let format = what(15, b"\x04\0 and so on\x01abcd");
        assert_eq!(format, What::Format { has_checksums: true });
        let query = Event::read(&event(2, b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0BEGINabcd"), true).unwrap().what;
        assert_eq!(query, What::Query { database: Vec::new(), sql: b"BEGIN".to_vec() });
    }

    proptest! {
        #[test]
        fn bytes_of_others_do_not_panic(kind in any::<u8>(), body in proptest::collection::vec(any::<u8>(), 0..80)) {
            for has_checksum in [false, true] {
                drop(Event::read(&event(kind, &body), has_checksum));
                drop(Event::read(&body, has_checksum));
            }
        }
    }
}
