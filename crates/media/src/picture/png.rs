//! PNG, third edition, animations included.

use std::io::{Read, Seek};

use super::{Size, exif};
use crate::MediaError;
use crate::scan::{Pieces, Scan};

/// Chunks that make up the picture.
const KEPT: [&[u8; 4]; 17] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP",
    b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT", b"hIST",
];

/// Length, name and checksum of a chunk.
const FRAME_BYTES: u64 = 12;

pub(super) fn read(mut scan: Scan<impl Read + Seek>) -> Result<(Size, Pieces), MediaError> {
    let mut pieces = Pieces::default();
    let head: [u8; 33] = scan.array()?;
    let long = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if !head.starts_with(b"\x89PNG\r\n\x1a\n") || head[12..16] != *b"IHDR" || long(8) != 13 {
        return Err(MediaError::Malformed("is no PNG"));
    }
    let size = Size { width: long(16), height: long(20) };
    pieces.make(head.to_vec())?;
    let (mut has_data, mut orientation) = (false, None);
    loop {
        let start = scan.at;
        let len = scan.be32()?;
        let name: [u8; 4] = scan.array()?;
        if len > i32::MAX.cast_unsigned() || !name.iter().all(u8::is_ascii_alphabetic) {
            return Err(MediaError::Malformed("has a chunk that is none"));
        }
        let end = start + FRAME_BYTES + u64::from(len);
        has_data |= name == *b"IDAT";
        if name == *b"eXIf"
            && orientation.is_none()
            && let Ok(len) = u16::try_from(len)
        {
            orientation = exif::orientation(&scan.bytes(len)?);
        }
        if name == *b"IHDR" {
            return Err(MediaError::Malformed("has two heads"));
        }
        scan.go_to(end)?;
        if KEPT.contains(&&name) {
            pieces.keep(start, end)?;
        }
        if name == *b"IEND" {
            break;
        }
    }
    if !has_data {
        return Err(MediaError::Malformed("is a picture without pixels"));
    }
    if let Some(orientation) = orientation {
        pieces.insert_second(chunk(*b"eXIf", &exif::block(orientation)));
    }
    Ok((size, pieces))
}

/// A chunk of few bytes.
fn chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [&name, data].concat();
    let len = u32::try_from(data.len()).unwrap_or(0);
    [len.to_be_bytes().as_slice(), &named, &checksum(&named).to_be_bytes()].concat()
}

/// CRC-32 as chunks have it (PNG §5.5).
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}
