//! What reads files of others, for fuzzers: nothing that stands in a file may make it panic, hang or grow, and how a file is
//! cut by reads does not matter.

use std::io::Read;

use crate::source::{bson, sql};

/// Reads a file of SQL in pieces of some bytes; returns what it says.
#[must_use]
pub fn sql(bytes: &[u8], piece: usize) -> Vec<String> {
    sql::said(Pieces(bytes, piece.max(1)))
}

/// Reads a document.
pub fn bson(bytes: &[u8]) {
    let names = ["_id", "a", "b.c", ""].map(str::to_owned);
    drop(bson::fields(bytes, &names));
}

struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.1.min(self.0.len()).min(buffer.len());
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}
