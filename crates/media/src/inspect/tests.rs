use std::io::Cursor;

use proptest::prelude::*;

use super::*;

const LIMITS: MediaLimits = MediaLimits { pixels_max: 1000, unpacked_max: 1000 };

fn found(bytes: &[u8], declared: &str, name: &str) -> Result<MediaType, MediaError> {
    let declared = Some(declared).filter(|declared| !declared.is_empty());
    inspect(Cursor::new(bytes), declared, name, MediaType::ALL, &LIMITS).map(|found| found.media_type)
}

const MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\0\0";
const WEBM: &[u8] = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm";

#[test]
fn the_bytes_say_what_it_is() {
    use MediaType::{Amr, Csv, M4a, Mp3, Mp4, Ogg, Pdf, Text, Wav, Weba, Webm};
    for (bytes, declared, name, media_type) in [
        (b"%PDF-1.7\n".as_slice(), "application/pdf", "a.pdf", Pdf),
        (b"%PDF-1.7\n", "", "a.html", Pdf),
        ("你好\r\n".as_bytes(), "text/plain; charset=utf-8", "a.txt", Text),
        (b"\xc4\xe3\xba\xc3,\xba\xc3\n", "application/vnd.ms-excel", "a.csv", Csv),
        (b"a,b\n", "text/plain", "a.csv", Csv),
        (b"a,b\n", "", "a", Text),
        (b"ID3\x03\0", "audio/mp3", "a.mp3", Mp3),
        (b"\xff\xfb\x90\x64\0", "audio/mpeg", "a.mp3", Mp3),
        (b"OggS\0", "audio/ogg; codecs=opus", "a.ogg", Ogg),
        (b"#!AMR\n", "audio/amr", "a.amr", Amr),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/x-wav", "a.wav", Wav),
        (MP4, "video/mp4", "a.mp4", Mp4),
        (MP4, "audio/mp4", "a.mp4", M4a),
        (MP4, "", "a.m4a", M4a),
        (b"\0\0\0\x18ftypM4A \0\0\0\0", "audio/x-m4a", "a.m4a", M4a),
        (WEBM, "audio/webm;codecs=opus", "a.webm", Weba),
        (WEBM, "video/webm", "a.webm", Webm),
    ] {
        assert_eq!(found(bytes, declared, name).unwrap(), media_type, "{declared} {name}");
    }
}

#[test]
fn what_is_something_else_than_declared_is_refused() {
    for (bytes, declared) in [
        (b"%PDF-1.7\n".as_slice(), "image/png"),
        (b"%PDF-1.7\n", "text/html"),
        (b"hello", "text/html"),
        (b"hello", "image/svg+xml"),
        (b"hello", "application/pdf"),
        (b"hello", "nonsense"),
        (WEBM, "video/mp4"),
    ] {
        let outcome = found(bytes, declared, "a");
        assert!(
            matches!(outcome, Err(MediaError::Mismatch(_) | MediaError::Declared)),
            "{declared}: {outcome:?}"
        );
    }
    assert!(matches!(
        inspect(Cursor::new(b"%PDF-"), None, "a", &[MediaType::Png], &LIMITS),
        Err(MediaError::NotAllowed(MediaType::Pdf))
    ));
}

#[test]
fn markup_programs_and_unknown_bytes_are_nothing() {
    for bytes in [
        b"<!DOCTYPE html>".as_slice(),
        b"\xef\xbb\xbf \r\n<HTML>",
        b"<?xml version='1.0'?><svg/>",
        b"<svg onload=x>",
        b"<script>",
        b"MZ\x90\0\x03",
        b"\x7fELF\x02\x01\x01\0",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"\0\0\0\x18ftypheic\0\0\0\0",
        b"\xff\xfe<\0s\0c\0r\0i\0p\0t\0",
        b"hello\0world",
        b"",
    ] {
        for declared in ["", "text/plain", "image/png"] {
            let outcome = found(bytes, declared, "a.txt");
            assert!(
                matches!(outcome, Err(MediaError::Unknown | MediaError::Content(_) | MediaError::Empty)),
                "{bytes:?}: {outcome:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics(start in prop::sample::select(vec![
        b"".as_slice(), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\x40\0\0\0WEBP", b"PK\x03\x04", b"%PDF-",
    ]), rest in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(found(&[start, &rest].concat(), "", ""));
    }
}
