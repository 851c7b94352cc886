//! Bodies as they were before they were compressed.

use std::{borrow::Cow, io::Read};

use brotli_decompressor::Decompressor;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

/// How much brotli reads at once.
const READ: usize = 4096;
/// Nothing that HTTP is to carry has a larger window (RFC 9659).
const ZSTD_WINDOW_MAX: u64 = 8 << 20;

/// What a body says without the codings that its head names; none if one of them is not known, the body is damaged, or
/// it would have more than `max` bytes.
pub(crate) fn decoded(codings: &str, body: &[u8], max: usize) -> Option<Vec<u8>> {
    let mut bytes = Cow::Borrowed(body);
    // They were applied in the order in which they stand.
    for coding in codings.rsplit(',') {
        // What has no body may still name a coding.
        if bytes.is_empty() {
            break;
        }
        bytes = match coding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => continue,
            coding => Cow::Owned(without(coding, &bytes, max)?),
        };
    }
    Some(bytes.into_owned())
}

fn without(coding: &str, bytes: &[u8], max: usize) -> Option<Vec<u8>> {
    match coding {
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(bytes), max),
        // Some send it with a header and some without.
        "deflate" => read(ZlibDecoder::new(bytes), max).or_else(|| read(DeflateDecoder::new(bytes), max)),
        "br" => brotli(bytes, max),
        "zstd" => zstd(bytes, max),
        _ => None,
    }
}

fn read(reader: impl Read, max: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let len = reader.take(max as u64 + 1).read_to_end(&mut out).ok()?;
    (len <= max).then_some(out)
}

fn brotli(bytes: &[u8], max: usize) -> Option<Vec<u8>> {
    /// What large windows begin with: HTTP knows none, and a window of a gigabyte would be made for a few bytes.
    const LARGE_WINDOW: u8 = 0x11;
    let is_large = bytes.first().is_some_and(|first| first & 0x7f == LARGE_WINDOW);
    if is_large { None } else { read(Decompressor::new(bytes, READ), max) }
}

/// Frames one behind the other.
fn zstd(mut bytes: &[u8], max: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let frame = StreamingDecoder::new_with_max_window_size(&mut bytes, ZSTD_WINDOW_MAX).ok()?;
        out.append(&mut read(frame, max - out.len())?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    const HELLO_BROTLI: &[u8] = b"\x0b\x02\x80hello\x03";
    /// `hello` as one segment with its size, in a raw block.
    const HELLO_ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn text(codings: &str, bytes: &[u8]) -> Option<String> {
        decoded(codings, bytes, 100).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn codings_come_off_the_last_first() {
        let hello = Some("hello".to_owned());
        assert_eq!(text("", b"hello"), hello);
        assert_eq!(text("Identity", b"hello"), hello);
        assert_eq!(text("x-gzip", &gzip(b"hello")), hello);
        assert_eq!(text("BR", HELLO_BROTLI), hello);
        assert_eq!(text("zstd", HELLO_ZSTD), hello);
        assert_eq!(text("zstd", &[HELLO_ZSTD, HELLO_ZSTD].concat()), Some("hellohello".to_owned()));
        assert_eq!(text("br, gzip", &gzip(HELLO_BROTLI)), hello);
        assert_eq!(text("br", b""), Some(String::new()), "an answer to HEAD");
    }

    #[test]
    fn what_does_not_come_apart_or_is_too_large_is_nothing() {
        assert_eq!(text("compress", b"hello"), None);
        for (coding, bytes) in [("gzip", &gzip(b"hello")[..]), ("br", HELLO_BROTLI), ("zstd", HELLO_ZSTD)] {
            assert_eq!(text(coding, &bytes[..bytes.len() - 2]), None, "{coding}, cut off");
            assert_eq!(decoded(coding, bytes, 4), None, "{coding}, too large");
            assert_eq!(decoded(coding, bytes, 5).map(|bytes| bytes.len()), Some(5), "{coding}");
            assert_eq!(text(coding, b"no such thing"), None, "{coding}");
        }
        // A megabyte of nothing in a few bytes: a block of one byte that is repeated.
        let repeated = b"\x28\xb5\x2f\xfd\x20\0\x03\0\x08\0";
        assert_eq!(decoded("zstd", repeated, 1000), None);
        // Windows of a gigabyte and more, which nobody makes for a page.
        assert_eq!(decoded("br", b"\x11\x1e\x02\x80hello\x03", 1000), None);
        assert_eq!(decoded("zstd", b"\x28\xb5\x2f\xfd\0\xa0\x29\0\0hello", 1000), None);
        assert_eq!(decoded("zstd", b"\x28\xb5\x2f\xfd\0\0\x29\0\0hello", 1000).unwrap(), b"hello");
    }
}
