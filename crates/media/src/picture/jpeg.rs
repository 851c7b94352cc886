//! JPEG (ITU T.81 annex B, JFIF 1.02).

use std::io::{Read, Seek};

use super::{Size, exif};
use crate::MediaError;
use crate::scan::{Pieces, Scan};

/// Bytes of a JFIF segment without a thumbnail, its length included.
const JFIF_BYTES: u64 = 16;

pub(super) fn read(mut scan: Scan<impl Read + Seek>) -> Result<(Size, Pieces), MediaError> {
    let mut pieces = Pieces::default();
    let mut size = Size::default();
    let mut orientation = None;
    let mut has_scan = false;
    if scan.array::<2>()? != [0xff, 0xd8] {
        return Err(MediaError::Malformed("is no JPEG"));
    }
    pieces.make(vec![0xff, 0xd8])?;
    loop {
        let start = scan.at;
        let marker = marker(&mut scan)?;
        if marker == 0xd9 {
            pieces.make(vec![0xff, 0xd9])?;
            break;
        }
        let is_known = matches!(marker, 0xc0..=0xcf | 0xda..=0xdd | 0xe0..=0xef | 0xfe) && marker != 0xc8;
        let body = scan.at;
        let len = u64::from(scan.be16()?);
        if !is_known || len < 2 {
            return Err(MediaError::Malformed("has a segment that is none"));
        }
        let end = body + len;
        match marker {
            0xc0..=0xcf if len < 8 && !matches!(marker, 0xc4 | 0xcc) => {
                return Err(MediaError::Malformed("has a frame that is none"));
            }
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xcc) => {
                scan.byte()?;
                let (height, width) = (scan.be16()?, scan.be16()?);
                if size.width != 0 {
                    return Err(MediaError::Malformed("has two frames"));
                }
                size.cover(width.into(), height.into());
                pieces.keep(start, end)?;
            }
            0xe0 => jfif(&mut scan, &mut pieces, start, len)?,
            0xe1 if orientation.is_none() => {
                let payload = scan.bytes(u16::try_from(len - 2).unwrap_or(0))?;
                orientation = payload.strip_prefix(b"Exif\0\0").and_then(exif::orientation);
            }
            // Of what programs add, the colour profile and how colours are transformed are needed to decode.
            0xe2 if len > 14 && scan.array::<12>()? == *b"ICC_PROFILE\0" => pieces.keep(start, end)?,
            0xee if len == 14 && scan.array::<5>()? == *b"Adobe" => pieces.keep(start, end)?,
            0xe1..=0xef | 0xfe => {}
            0xda => {
                has_scan = true;
                scan.go_to(end)?;
                let end = coded_data(&mut scan)?;
                pieces.keep(start, end)?;
                continue;
            }
            _ => pieces.keep(start, end)?,
        }
        scan.go_to(end)?;
    }
    if !has_scan {
        return Err(MediaError::Malformed("is a picture without pixels"));
    }
    if let Some(orientation) = orientation {
        let block = exif::block(orientation);
        // Two bytes of length, six of the name.
        let mut segment = vec![0xff, 0xe1, 0, u8::try_from(block.len() + 8).unwrap_or(0)];
        segment.extend_from_slice(b"Exif\0\0");
        segment.extend_from_slice(&block);
        pieces.insert_second(segment);
    }
    Ok((size, pieces))
}

/// The code of the marker that begins here; it may have fill bytes before it.
fn marker(scan: &mut Scan<impl Read + Seek>) -> Result<u8, MediaError> {
    if scan.byte()? != 0xff {
        return Err(MediaError::Malformed("has bytes between its segments"));
    }
    loop {
        match scan.byte()? {
            0xff => {}
            code => return Ok(code),
        }
    }
}

/// Keeps a JFIF segment without its thumbnail; others of the same number hold thumbnails only.
fn jfif(
    scan: &mut Scan<impl Read + Seek>,
    pieces: &mut Pieces,
    start: u64,
    len: u64,
) -> Result<(), MediaError> {
    if len < JFIF_BYTES {
        return Ok(());
    }
    let mut body: [u8; 14] = scan.array()?;
    if !body.starts_with(b"JFIF\0") {
        return Ok(());
    }
    if len == JFIF_BYTES {
        return pieces.keep(start, scan.at);
    }
    body[12..].fill(0);
    let mut segment = vec![0xff, 0xe0, 0, 16];
    segment.extend_from_slice(&body);
    pieces.make(segment)
}

/// Goes to the end of the coded data and returns where the next marker begins.
fn coded_data(scan: &mut Scan<impl Read + Seek>) -> Result<u64, MediaError> {
    loop {
        scan.skip_to(0xff)?;
        let at = scan.at;
        scan.byte()?;
        let mut code = scan.byte()?;
        while code == 0xff {
            code = scan.byte()?;
        }
        // A stuffed byte, or a restart within the data.
        if !matches!(code, 0 | 0xd0..=0xd7) {
            scan.go_to(at)?;
            return Ok(at);
        }
    }
}
