//! A file of records: how it is cut by reads does not matter, no record is longer than the limit, and what was read is
//! written so that it reads the same.

#![no_main]

use std::io::Read;

use kefu_traffic::gor::{Reader, Record, write_record};
use libfuzzer_sys::fuzz_target;

const MAX: usize = 1000;

struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = self.1.min(self.0.len()).min(buffer.len());
        buffer[..len].copy_from_slice(&self.0[..len]);
        self.0 = &self.0[len..];
        Ok(len)
    }
}

fn read(bytes: &[u8], piece: usize, max: usize) -> (Vec<Record>, usize) {
    let (mut records, mut errors) = (Vec::new(), 0);
    for item in Reader::new(Pieces(bytes, piece), max) {
        match item {
            Ok(record) => records.push(record),
            Err(_) => errors += 1,
        }
    }
    (records, errors)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let whole = read(bytes, bytes.len().max(1), MAX);
    assert_eq!(whole, read(bytes, usize::from(piece).max(1), MAX));
    let mut out = Vec::new();
    for record in &whole.0 {
        assert!(record.payload.len() <= MAX);
        write_record(&mut out, record).unwrap();
        // What a middleware is handed and gives back.
        let plain = Record::from_plain(&record.to_plain()).unwrap();
        assert_eq!(
            (plain.payload, plain.id, plain.timestamp),
            (record.payload.clone(), record.id.clone(), record.timestamp)
        );
    }
    if let Ok(record) = Record::from_plain(bytes) {
        assert!(record.payload.len() < bytes.len());
    }
    // A record counts with its first line, which says more when it is written than it may have said.
    let again = read(&out, out.len().max(1), 2 * MAX).0;
    assert_eq!(again.len(), whole.0.len());
    for (before, after) in whole.0.iter().zip(&again) {
        assert_eq!((&before.payload, &before.id, before.kind), (&after.payload, &after.id, after.kind));
    }
});
