//! The one thing that is read from EXIF: how the picture is to be turned.

/// The tag of the orientation, an unsigned short (EXIF 2.32 §4.6.4).
const ORIENTATION: u16 = 0x0112;

/// The orientation, 2 to 8, that a TIFF block names; nothing when it is the usual one or cannot be told.
pub(super) fn orientation(tiff: &[u8]) -> Option<u8> {
    let is_little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let word = |at: usize| {
        let bytes = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(word(directory)?);
    let places = (0..entries).map_while(|index| directory.checked_add(2 + index * 12));
    let place = places.into_iter().find(|at| word(*at) == Some(ORIENTATION))?;
    // Type 3 is a short; its value stands in the entry.
    if word(place + 2)? != 3 {
        return None;
    }
    u8::try_from(word(place + 8)?).ok().filter(|value| (2..=8).contains(value))
}

/// A TIFF block that names an orientation and nothing else.
pub(super) fn block(orientation: u8) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0, 0]);
    block
}
