use std::io::{Read, Seek};

use crate::{MediaError, MediaType};

/// Bytes at the front that tell what a file is.
const HEAD_BYTES: usize = 1024;

/// What the first bytes say.
pub(crate) enum Sniffed {
    /// One of these, the likeliest first.
    Types(&'static [MediaType]),
    /// A zip archive: what is in it tells.
    Zip,
    /// Text.
    Text,
}

/// Says what a file begins like; of text, all of it must be text.
pub(crate) fn sniff(source: &mut (impl Read + Seek)) -> Result<Sniffed, MediaError> {
    source.rewind()?;
    let mut head = Vec::with_capacity(HEAD_BYTES);
    source.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    if head.is_empty() {
        return Err(MediaError::Empty);
    }
    if head.starts_with(b"PK\x03\x04") {
        return Ok(Sniffed::Zip);
    }
    if let Some(types) = by_magic(&head) {
        return Ok(Sniffed::Types(types));
    }
    if is_markup(&head) {
        return Err(MediaError::Content("markup"));
    }
    source.rewind()?;
    if is_text(source)? { Ok(Sniffed::Text) } else { Err(MediaError::Unknown) }
}

fn by_magic(head: &[u8]) -> Option<&'static [MediaType]> {
    use MediaType::{Amr, Gif, Jpeg, M4a, Mp3, Mp4, Ogg, Pdf, Png, Wav, Weba, Webm, Webp};
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    Some(match head {
        _ if at(0, b"\x89PNG\r\n\x1a\n") => &[Png],
        _ if at(0, b"\xff\xd8\xff") => &[Jpeg],
        _ if at(0, b"GIF87a") || at(0, b"GIF89a") => &[Gif],
        _ if at(0, b"RIFF") && at(8, b"WEBP") => &[Webp],
        _ if at(0, b"RIFF") && at(8, b"WAVE") => &[Wav],
        _ if at(0, b"%PDF-") => &[Pdf],
        _ if at(0, b"OggS") => &[Ogg],
        _ if at(0, b"#!AMR") => &[Amr],
        _ if at(0, b"ID3") || is_mpeg_audio(head) => &[Mp3],
        // An EBML head whose document type stands near its beginning.
        _ if at(0, b"\x1a\x45\xdf\xa3") => {
            let start = &head[..head.len().min(80)];
            memchr::memmem::find(start, b"\x42\x82\x84webm").map(|_| &[Webm, Weba])?
        }
        _ if at(4, b"ftyp") => match head.get(8..12)? {
            b"M4A " | b"M4B " => &[M4a],
            b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"dash"
            | b"MSNV" | b"M4V " | b"M4VH" | b"3gp4" | b"3gp5" | b"3gp6" => &[Mp4, M4a],
            _ => return None,
        },
        _ => return None,
    })
}

/// The head of a frame of MPEG audio, layer III.
fn is_mpeg_audio(head: &[u8]) -> bool {
    let [0xff, second, third, ..] = head else { return false };
    let is_layer_3 = second & 0xe6 == 0xe2;
    let (bit_rate, sample_rate) = (third >> 4, third >> 2 & 3);
    is_layer_3 && !matches!(bit_rate, 0 | 15) && sample_rate != 3
}

/// Whether a browser might take it for a page or a drawing.
fn is_markup(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let starts =
        |tag: &str| head.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()));
    ["<!", "<?", "<html", "<head", "<body", "<script", "<svg", "<iframe", "<style", "<title", "<math"]
        .iter()
        .any(|tag| starts(tag))
}

/// Whether it is made of the bytes of texts, in whatever encoding that leaves ASCII as it is.
fn is_text(source: &mut impl Read) -> Result<bool, MediaError> {
    let mut buffer = [0; 8 * 1024];
    loop {
        let count = source.read(&mut buffer)?;
        let is_control =
            |byte: &u8| (*byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c)) || *byte == 0x7f;
        match &buffer[..count] {
            [] => return Ok(true),
            bytes if bytes.iter().any(is_control) => return Ok(false),
            _ => {}
        }
    }
}
