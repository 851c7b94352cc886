#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek};

use crate::sniff::{self, Sniffed};
use crate::{Family, MediaType, Picture, picture, zip};

/// How large what a file says of itself may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MediaLimits {
    /// Pixels of a picture.
    pub pixels_max: u64,
    /// Bytes that an archive says it unfolds to.
    pub unpacked_max: u64,
}

/// What a file is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// Its type.
    pub media_type: MediaType,
    /// How to copy it without what is not the picture, of a picture.
    pub picture: Option<Picture>,
}

/// Why a file is refused.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// It is empty.
    #[error("the file is empty")]
    Empty,
    /// It is nothing that is recognised.
    #[error("the file is of no type that can be taken")]
    Unknown,
    /// It is recognised and not wanted.
    #[error("files of the type {0} are not taken here")]
    NotAllowed(MediaType),
    /// It is something else than its sender said.
    #[error("the file is not what it is declared to be: it is {0}")]
    Mismatch(MediaType),
    /// Its sender declares something that is never taken.
    #[error("files of the declared type are not taken")]
    Declared,
    /// A picture of too many pixels.
    #[error("the picture has {width} × {height} pixels, more than are taken")]
    Pixels {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// An archive that unfolds to too much.
    #[error("the archive unfolds to more than is taken")]
    Unpacked,
    /// What it is made of contradicts itself.
    #[error("the file is damaged: it {0}")]
    Malformed(&'static str),
    /// What it has in it is not taken.
    #[error("the file has {0} in it")]
    Content(&'static str),
    /// It cannot be read.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
}

/// Says what a file is, and how its copy is made: by its bytes, held against what its sender declared (`Content-Type`
/// and name).
///
/// # Errors
/// It is not among `allowed`, is not what was declared, is damaged or over a limit.
pub fn inspect(
    mut source: impl Read + Seek,
    declared: Option<&str>,
    name: &str,
    allowed: &[MediaType],
    limits: &MediaLimits,
) -> Result<Finding, MediaError> {
    let zipped;
    let found = match sniff::sniff(&mut source)? {
        Sniffed::Types(types) => types,
        Sniffed::Text => &[MediaType::Text, MediaType::Csv],
        Sniffed::Zip => {
            zipped = [zip::inspect(&mut source, limits)?];
            &zipped[..]
        }
    };
    let media_type = choose(found, declared, name)?;
    if !allowed.contains(&media_type) {
        return Err(MediaError::NotAllowed(media_type));
    }
    let picture = match media_type.family() {
        Family::Image => Some(picture::read(&mut source, media_type, limits)?),
        _ => None,
    };
    Ok(Finding { media_type, picture })
}

/// Which of the types that the bytes may be, the likeliest first, it is.
fn choose(found: &[MediaType], declared: Option<&str>, name: &str) -> Result<MediaType, MediaError> {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let by_name =
        |media: &MediaType| media.extensions().iter().any(|known| known.eq_ignore_ascii_case(extension));
    let usual = found.iter().find(|media| by_name(media)).or(found.first());
    let usual = *usual.ok_or(MediaError::Unknown)?;
    let essence = declared.and_then(|declared| declared.split(';').next()).unwrap_or_default().trim();
    if essence.is_empty() || essence.eq_ignore_ascii_case("application/octet-stream") {
        return Ok(usual);
    }
    let declared = MediaType::from_declared(essence).ok_or(MediaError::Declared)?;
    if found.contains(&MediaType::Text) && matches!(declared, MediaType::Text | MediaType::Csv) {
        return Ok(if declared == MediaType::Csv { declared } else { usual });
    }
    if found.contains(&declared) {
        return Ok(declared);
    }
    // Names of pictures are often wrong, and programs take every such document for an archive: what it is counts.
    let is_alike = declared.family() == Family::Image && usual.family() == Family::Image
        || declared == MediaType::Zip && usual.is_zip();
    if is_alike { Ok(usual) } else { Err(MediaError::Mismatch(usual)) }
}
