//! Pictures: their size, and how to copy them without what is not the picture.
//!
//! What the decoder of a picture needs is kept, byte by byte: pixels, palettes, colour profiles, frames and their
//! times. Everything else goes: EXIF with its places and thumbnails, XMP, IPTC, comments, chunks of programs, and what
//! follows the end. How a camera was held stays, in an EXIF block that says only this.

mod exif;
mod gif;
mod jpeg;
mod png;
#[cfg(test)]
mod tests;
mod webp;

use std::io::{self, Read, Seek, Write};

use crate::scan::Pieces;
use crate::{MediaError, MediaLimits, MediaType};

/// Longest side of a picture, in pixels.
const SIDE_MAX: u32 = 32_767;

/// A picture as its copy will be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Picture {
    /// Pixels, as it is stored: turned pictures are turned when they are shown.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    pieces: Pieces,
}

impl Picture {
    /// Writes the copy; `source` is what was inspected.
    ///
    /// # Errors
    /// Reading or writing fails, or the source is shorter than it was.
    pub fn copy(&self, source: &mut (impl Read + Seek), target: &mut impl Write) -> io::Result<()> {
        self.pieces.write(source, target)
    }

    /// Bytes of the copy.
    #[must_use]
    pub fn copy_bytes(&self) -> u64 {
        self.pieces.len()
    }
}

/// The size that a picture has, checked before anything is made of it.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    width: u32,
    height: u32,
}

impl Size {
    /// Grows to what another part of the file says.
    fn cover(&mut self, width: u32, height: u32) {
        self.width = self.width.max(width);
        self.height = self.height.max(height);
    }
}

/// Reads a picture of this type.
pub(crate) fn read(
    source: impl Read + Seek,
    media_type: MediaType,
    limits: &MediaLimits,
) -> Result<Picture, MediaError> {
    let scan = crate::scan::Scan::new(source)?;
    let (size, pieces) = match media_type {
        MediaType::Jpeg => jpeg::read(scan)?,
        MediaType::Gif => gif::read(scan)?,
        MediaType::Webp => webp::read(scan)?,
        _ => png::read(scan)?,
    };
    let Size { width, height } = size;
    if width == 0 || height == 0 {
        return Err(MediaError::Malformed("is a picture without pixels"));
    }
    if width.max(height) > SIDE_MAX || u64::from(width) * u64::from(height) > limits.pixels_max {
        return Err(MediaError::Pixels { width, height });
    }
    Ok(Picture { width, height, pieces })
}
