//! GIF89a.

use std::io::{Read, Seek};

use super::Size;
use crate::MediaError;
use crate::scan::{Pieces, Scan};

pub(super) fn read(mut scan: Scan<impl Read + Seek>) -> Result<(Size, Pieces), MediaError> {
    let mut pieces = Pieces::default();
    let mut size = Size::default();
    let mut has_frame = false;
    scan.skip(6)?;
    let (width, height) = (scan.le16()?, scan.le16()?);
    size.cover(width.into(), height.into());
    let flags = scan.byte()?;
    scan.skip(2)?;
    palette(&mut scan, flags)?;
    pieces.keep(0, scan.at)?;
    loop {
        let start = scan.at;
        match scan.byte()? {
            0x2c => {
                has_frame = true;
                let place = [scan.le16()?, scan.le16()?, scan.le16()?, scan.le16()?].map(u32::from);
                size.cover(place[0] + place[2], place[1] + place[3]);
                let flags = scan.byte()?;
                palette(&mut scan, flags)?;
                scan.skip(1)?;
                blocks(&mut scan)?;
                pieces.keep(start, scan.at)?;
            }
            0x21 => {
                // How a frame is shown, and how often all are: what else programs add is not the picture.
                let is_kept = match scan.byte()? {
                    0xf9 => true,
                    0xff => {
                        let at = scan.at;
                        let is_loop = scan.byte()? == 11
                            && matches!(&scan.array::<11>()?, b"NETSCAPE2.0" | b"ANIMEXTS1.0");
                        scan.go_to(at)?;
                        is_loop
                    }
                    _ => false,
                };
                blocks(&mut scan)?;
                if is_kept {
                    pieces.keep(start, scan.at)?;
                }
            }
            0x3b => {
                pieces.make(vec![0x3b])?;
                break;
            }
            _ => return Err(MediaError::Malformed("has a block that is none")),
        }
    }
    if !has_frame {
        return Err(MediaError::Malformed("is a picture without pixels"));
    }
    Ok((size, pieces))
}

/// Passes a palette, if the flags say that there is one.
fn palette(scan: &mut Scan<impl Read + Seek>, flags: u8) -> Result<(), MediaError> {
    if flags & 0x80 == 0 { Ok(()) } else { scan.skip(3 << ((flags & 7) + 1)) }
}

/// Passes blocks of data up to the empty one.
fn blocks(scan: &mut Scan<impl Read + Seek>) -> Result<(), MediaError> {
    loop {
        match scan.byte()? {
            0 => return Ok(()),
            len => scan.skip(len.into())?,
        }
    }
}
