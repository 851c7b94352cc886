//! What a zip archive says of itself (APPNOTE 6.3): its central directory is read, nothing in it is unfolded.

#[cfg(test)]
mod tests;

use std::io::{Read, Seek, SeekFrom};

use crate::scan::Scan;
use crate::{MediaError, MediaLimits, MediaType};

/// Entries of an archive at most.
const ENTRIES_MAX: u16 = 10_000;

/// Longest name of an entry, in bytes.
const NAME_BYTES_MAX: u16 = 512;

/// The end of the central directory without its comment, in bytes.
const END_BYTES: u64 = 22;

/// An archive that unfolds to less than this may do so from any size.
const UNPACKED_SMALL: u64 = 16 * 1024 * 1024;

/// How much more than the archive its content may be.
const RATIO_MAX: u64 = 200;

/// What is in the archive.
#[derive(Default)]
struct Seen {
    has_content_types: bool,
    has_word: bool,
    has_excel: bool,
    has_powerpoint: bool,
}

/// Says which document an archive is; an archive of anything else is just that.
pub(crate) fn inspect(mut source: impl Read + Seek, limits: &MediaLimits) -> Result<MediaType, MediaError> {
    let end = find_end(&mut source)?;
    let mut scan = Scan::new(&mut source)?;
    scan.go_to(end)?;
    let tail: [u8; END_BYTES as usize] = scan.array()?;
    let word = |at: usize| u16::from_le_bytes([tail[at], tail[at + 1]]);
    let long = |at: usize| u32::from_le_bytes([tail[at], tail[at + 1], tail[at + 2], tail[at + 3]]);
    let (entries, size, start) = (word(10), u64::from(long(12)), u64::from(long(16)));
    // An archive of more than one file, of more than 4 GiB, or with something before or behind its directory.
    if word(4) != 0 || word(6) != 0 || word(8) != entries || start.checked_add(size) != Some(end) {
        return Err(MediaError::Malformed("has no directory where one should be"));
    }
    if entries == 0 {
        return Err(MediaError::Malformed("is an empty archive"));
    }
    if entries > ENTRIES_MAX {
        return Err(MediaError::Unpacked);
    }
    scan.go_to(start)?;
    let mut seen = Seen::default();
    let mut places = Vec::with_capacity(entries.into());
    let mut unpacked = 0u64;
    for _ in 0..entries {
        let entry = entry(&mut scan, &mut seen)?;
        unpacked = unpacked.saturating_add(entry.unpacked);
        places.push((entry.at, entry.packed));
    }
    if scan.at != end {
        return Err(MediaError::Malformed("has a directory of another length than it says"));
    }
    if unpacked > limits.unpacked_max || (unpacked > UNPACKED_SMALL && unpacked / scan.len > RATIO_MAX) {
        return Err(MediaError::Unpacked);
    }
    check_places(&mut places, start)?;
    if places.first().map(|place| place.0) != Some(0) {
        return Err(MediaError::Malformed("has something before its first entry"));
    }
    match seen {
        Seen { has_content_types: true, has_word: true, .. } => Ok(MediaType::Docx),
        Seen { has_content_types: true, has_excel: true, .. } => Ok(MediaType::Xlsx),
        Seen { has_content_types: true, has_powerpoint: true, .. } => Ok(MediaType::Pptx),
        _ => open_document(&mut scan),
    }
}

/// Where the end of the central directory begins: it is the last thing but its comment.
fn find_end(source: &mut (impl Read + Seek)) -> Result<u64, MediaError> {
    let len = source.seek(SeekFrom::End(0))?;
    let from = len.saturating_sub(END_BYTES + u64::from(u16::MAX));
    source.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    source.read_to_end(&mut tail)?;
    let is_end = |at: &usize| {
        let comment = tail.get(at + 20..at + 22).map(|len| usize::from(u16::from_le_bytes([len[0], len[1]])));
        comment.is_some_and(|comment| at + END_BYTES as usize + comment == tail.len())
    };
    let found = memchr::memmem::rfind_iter(&tail, b"PK\x05\x06").find(is_end);
    found.map(|at| from + at as u64).ok_or(MediaError::Malformed("is an archive without an end"))
}

struct Entry {
    at: u64,
    packed: u64,
    unpacked: u64,
}

/// Reads an entry of the central directory.
fn entry(scan: &mut Scan<impl Read + Seek>, seen: &mut Seen) -> Result<Entry, MediaError> {
    let head: [u8; 46] = scan.array()?;
    let word = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
    let long = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if !head.starts_with(b"PK\x01\x02") || word(28) > NAME_BYTES_MAX {
        return Err(MediaError::Malformed("has an entry that is none"));
    }
    // Archives of more than 4 GiB say so by these numbers.
    if [long(20), long(24), long(42)].contains(&u32::MAX) {
        return Err(MediaError::Unpacked);
    }
    if word(8) & 1 != 0 {
        return Err(MediaError::Content("encrypted entries"));
    }
    let name = scan.bytes(word(28))?;
    scan.skip(u64::from(word(30)) + u64::from(word(32)))?;
    let is_path_trick = name.starts_with(b"/")
        || name.contains(&b'\\')
        || name.contains(&0)
        || name.split(|byte| *byte == b'/').any(|part| part == b"..");
    if name.is_empty() || is_path_trick {
        return Err(MediaError::Content("entries that lead out of it"));
    }
    if name.to_ascii_lowercase().ends_with(b"vbaproject.bin") {
        return Err(MediaError::Content("macros"));
    }
    seen.has_content_types |= name == b"[Content_Types].xml";
    seen.has_word |= name == b"word/document.xml";
    seen.has_excel |= name == b"xl/workbook.xml";
    seen.has_powerpoint |= name == b"ppt/presentation.xml";
    Ok(Entry { at: long(42).into(), packed: long(20).into(), unpacked: long(24).into() })
}

/// Entries that share their bytes unfold to more than any table says.
fn check_places(places: &mut [(u64, u64)], end: u64) -> Result<(), MediaError> {
    places.sort_unstable();
    let ends = places.iter().skip(1).map(|place| place.0).chain([end]);
    for (place, next) in places.iter().zip(ends) {
        if place.0.saturating_add(30).saturating_add(place.1) > next {
            return Err(MediaError::Malformed("has entries that overlap"));
        }
    }
    Ok(())
}

/// OpenDocument files begin with an entry that names their type, not packed (OpenDocument 1.3 part 2 §3.3).
fn open_document(scan: &mut Scan<impl Read + Seek>) -> Result<MediaType, MediaError> {
    scan.go_to(0)?;
    let head: [u8; 30] = scan.array()?;
    let word = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
    let size = u32::from_le_bytes([head[18], head[19], head[20], head[21]]);
    let name = scan.bytes(word(26))?;
    if name != b"mimetype" || word(8) != 0 || size > 100 {
        return Ok(MediaType::Zip);
    }
    scan.skip(word(28).into())?;
    let named = scan.bytes(u16::try_from(size).unwrap_or(0))?;
    let known = [MediaType::Odt, MediaType::Ods, MediaType::Odp];
    Ok(known.into_iter().find(|media| media.as_str().as_bytes() == named).unwrap_or(MediaType::Zip))
}
