//! An archive of mongodump: the blocks of all collections by turns
//! (<https://github.com/mongodb/mongo-tools/blob/master/common/archive/spec.md>).

use super::bson::{Broken, fields};
use crate::value::Value;

/// What an archive begins with.
pub(crate) const MAGIC: [u8; 4] = [0x6d, 0xe2, 0x99, 0x81];

/// What ends the prelude and each block, in place of a document's length.
pub(crate) const TERMINATOR: i32 = -1;

/// What begins a block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Header {
    pub(crate) database: String,
    pub(crate) collection: String,
    /// The collection has no more blocks; then the checksum of all its documents stands here.
    pub(crate) is_end: bool,
    pub(crate) crc: u64,
}

impl Header {
    pub(crate) fn read(document: &[u8]) -> Result<Self, Broken> {
        let wanted = ["db", "collection", "EOF", "CRC"].map(str::to_owned);
        let values = fields(document, &wanted)?;
        let [database, collection, is_end, crc] = &values[..] else {
            return Err(Broken { at: 0, what: "a block has no header" });
        };
        match (database, collection, is_end, crc) {
            (Value::Text(database), Value::Text(collection), Value::Bool(is_end), Value::Int(crc)) => {
                Ok(Self {
                    database: database.clone(),
                    collection: collection.clone(),
                    is_end: *is_end,
                    crc: crc.cast_unsigned(),
                })
            }
            _ => Err(Broken { at: 0, what: "a block has no header" }),
        }
    }
}

/// CRC-64 of ECMA-182 in the reflected form of Go's `hash/crc64`, which mongodump uses.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Crc64(pub(crate) u64);

impl Crc64 {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let mut crc = !self.0;
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            let mut eight = [0; 8];
            eight.copy_from_slice(word);
            crc ^= u64::from_le_bytes(eight);
            crc = (0..8).fold(0, |sum, place| sum ^ TABLES[7 - place][(crc >> (place * 8) & 0xff) as usize]);
        }
        for byte in words.remainder() {
            crc = TABLES[0][((crc ^ u64::from(*byte)) & 0xff) as usize] ^ crc >> 8;
        }
        self.0 = !crc;
    }
}

/// What each byte does, alone and followed by up to seven zeros.
static TABLES: [[u64; 256]; 8] = tables();

const fn tables() -> [[u64; 256]; 8] {
    const POLYNOMIAL: u64 = 0xc96c_5795_d787_0f42;
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u64, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut zeros = 1;
    while zeros < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[zeros - 1][byte];
            tables[zeros][byte] = tables[0][(before & 0xff) as usize] ^ before >> 8;
            byte += 1;
        }
        zeros += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The check value of CRC-64/XZ, which is this one.
    #[test]
    fn the_checksum_is_that_of_go() {
        let mut crc = Crc64::default();
        crc.update(b"123456789");
        assert_eq!(crc.0, 0x995d_c9bb_df19_39fa);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_bytes_are_cut(bytes in proptest::collection::vec(any::<u8>(), 0..99), at in 0_usize..99) {
            let at = at.min(bytes.len());
            let (mut whole, mut parts) = (Crc64::default(), Crc64::default());
            whole.update(&bytes);
            parts.update(&bytes[..at]);
            parts.update(&bytes[at..]);
            prop_assert_eq!(whole, parts);
        }
    }
}
