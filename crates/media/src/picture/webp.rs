//! WebP (RFC 9649).

use std::io::{Read, Seek};

use super::{Size, exif};
use crate::MediaError;
use crate::scan::{Pieces, Scan};

/// In the flags of `VP8X`: there is EXIF, there is XMP.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

pub(super) fn read(mut scan: Scan<impl Read + Seek>) -> Result<(Size, Pieces), MediaError> {
    scan.skip(4)?;
    let end = 8 + u64::from(scan.le32()?);
    scan.skip(4)?;
    // Some writers leave out the last byte of padding.
    if end > scan.len + 1 || end < 20 {
        return Err(MediaError::Malformed("ends too early"));
    }
    let mut found = Found::default();
    let mut pieces = chunks(&mut scan, end, &mut found, false)?;
    if !found.has_pixels {
        return Err(MediaError::Malformed("is a picture without pixels"));
    }
    let mut front = Pieces::default();
    let mut tail = Pieces::default();
    if let Some(mut extended) = found.extended {
        extended[8] &= !(HAS_EXIF | HAS_XMP);
        if let Some(orientation) = found.orientation {
            extended[8] |= HAS_EXIF;
            let block = exif::block(orientation);
            let len = u32::try_from(block.len()).unwrap_or(0);
            tail.make([b"EXIF".as_slice(), &len.to_le_bytes(), &block].concat())?;
        }
        front.make(extended.to_vec())?;
    }
    let len = 4 + front.len() + pieces.len() + tail.len();
    let len = u32::try_from(len).map_err(|_| MediaError::Malformed("is too long"))?;
    let mut all = Pieces::default();
    all.make([b"RIFF".as_slice(), &len.to_le_bytes(), b"WEBP"].concat())?;
    all.append(&mut front)?;
    all.append(&mut pieces)?;
    all.append(&mut tail)?;
    Ok((found.size, all))
}

#[derive(Default)]
struct Found {
    size: Size,
    /// The `VP8X` chunk.
    extended: Option<[u8; 18]>,
    orientation: Option<u8>,
    has_pixels: bool,
}

/// Reads the chunks up to `end`; returns those that make up the picture.
fn chunks(
    scan: &mut Scan<impl Read + Seek>,
    end: u64,
    found: &mut Found,
    is_frame: bool,
) -> Result<Pieces, MediaError> {
    let mut pieces = Pieces::default();
    while scan.at + 8 <= end {
        let start = scan.at;
        let name: [u8; 4] = scan.array()?;
        let len = u64::from(scan.le32()?);
        let body = scan.at;
        // Chunks are padded to an even length; the last may lack it.
        let next = (body + len + len % 2).min(scan.len.max(body + len));
        match &name {
            b"VP8X" if !is_frame && found.extended.is_none() && len == 10 => {
                scan.go_to(start)?;
                let chunk: [u8; 18] = scan.array()?;
                let side = |at: usize| u32::from_le_bytes([chunk[at], chunk[at + 1], chunk[at + 2], 0]) + 1;
                found.size.cover(side(12), side(15));
                found.extended = Some(chunk);
            }
            // What is read of a chunk must be in it.
            b"VP8 " if len < 10 => return Err(MediaError::Malformed("is no WebP")),
            b"VP8L" if len < 5 => return Err(MediaError::Malformed("is no WebP")),
            b"VP8 " => {
                let head: [u8; 10] = scan.array()?;
                if head[3..6] != [0x9d, 0x01, 0x2a] {
                    return Err(MediaError::Malformed("is no WebP"));
                }
                let side = |at: usize| u32::from(u16::from_le_bytes([head[at], head[at + 1]]) & 0x3fff);
                found.size.cover(side(6), side(8));
                found.has_pixels = true;
                keep(scan, &mut pieces, start, next)?;
            }
            b"VP8L" => {
                if scan.byte()? != 0x2f {
                    return Err(MediaError::Malformed("is no WebP"));
                }
                let sides = scan.le32()?;
                found.size.cover((sides & 0x3fff) + 1, (sides >> 14 & 0x3fff) + 1);
                found.has_pixels = true;
                keep(scan, &mut pieces, start, next)?;
            }
            b"ALPH" => keep(scan, &mut pieces, start, next)?,
            b"ICCP" | b"ANIM" if !is_frame => keep(scan, &mut pieces, start, next)?,
            b"ANMF" if !is_frame && len >= 16 => {
                let head: [u8; 16] = scan.array()?;
                let mut frame = chunks(scan, body + len, found, true)?;
                let len =
                    u32::try_from(16 + frame.len()).map_err(|_| MediaError::Malformed("is too long"))?;
                pieces.make([b"ANMF".as_slice(), &len.to_le_bytes(), &head].concat())?;
                pieces.append(&mut frame)?;
            }
            b"EXIF" if !is_frame => {
                if let Ok(len) = u16::try_from(len) {
                    let payload = scan.bytes(len)?;
                    let tiff = payload.strip_prefix(b"Exif\0\0").unwrap_or(&payload);
                    found.orientation = found.orientation.or_else(|| exif::orientation(tiff));
                }
            }
            _ => {}
        }
        scan.go_to(next)?;
    }
    Ok(pieces)
}

/// Keeps a chunk; one that lacks its padding gets it.
fn keep(
    scan: &mut Scan<impl Read + Seek>,
    pieces: &mut Pieces,
    start: u64,
    next: u64,
) -> Result<(), MediaError> {
    scan.go_to(next)?;
    pieces.keep(start, next)?;
    if (next - start) % 2 == 1 {
        pieces.make(vec![0])?;
    }
    Ok(())
}
