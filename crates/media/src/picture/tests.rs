use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::inspect;

const LIMITS: MediaLimits = MediaLimits { pixels_max: 1_000_000, unpacked_max: 1 << 20 };

/// What stands in the metadata of every picture here.
const SECRET: &[u8] = b"SECRET-PLACE";

/// An EXIF block that says how the picture is turned, and where it was taken.
fn tiff(orientation: u8) -> Vec<u8> {
    [
        b"MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
        &[orientation, 0, 0],
        b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x26\0\0\0\0",
        SECRET,
    ]
    .concat()
}

fn segment(code: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    [&[0xff, code], len.as_slice(), payload].concat()
}

fn jpeg(orientation: u8) -> Vec<u8> {
    [
        b"\xff\xd8".to_vec(),
        segment(0xe0, &[b"JFIF\0\x01\x02\0\0\x48\0\x48\x02\x02".as_slice(), SECRET].concat()),
        segment(0xe1, &[b"Exif\0\0".as_slice(), &tiff(orientation)].concat()),
        segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0".as_slice(), SECRET].concat()),
        segment(0xe2, b"ICC_PROFILE\0\x01\x01profile"),
        segment(0xe2, &[b"MPF\0".as_slice(), SECRET].concat()),
        segment(0xed, SECRET),
        segment(0xee, b"Adobe\0\x64\0\0\0\0\x01"),
        segment(0xfe, SECRET),
        segment(0xdb, &[0; 65]),
        segment(0xc2, b"\x08\0\x10\0\x20\x03\x01\x11\0\x02\x11\0\x03\x11\0"),
        segment(0xda, b"\x03\x01\0\x02\x11\x03\x11\0\x3f\0"),
        b"pixels\xff\0more\xff\xd0pixels\xff\xff\0".to_vec(),
        segment(0xc4, &[1; 20]),
        segment(0xda, b"\x01\x01\0\0\x3f\0"),
        b"last pixels".to_vec(),
        b"\xff\xd9".to_vec(),
        SECRET.to_vec(),
    ]
    .concat()
}

fn png_chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name.as_slice(), data].concat();
    let len = u32::try_from(data.len()).unwrap().to_be_bytes();
    [len.as_slice(), &named, &png::checksum(&named).to_be_bytes()].concat()
}

fn png(orientation: u8) -> Vec<u8> {
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        png_chunk(*b"IHDR", b"\0\0\0\x20\0\0\0\x10\x08\0\0\0\0"),
        png_chunk(*b"iCCP", b"p\0\0profile"),
        png_chunk(*b"eXIf", &tiff(orientation)),
        png_chunk(*b"tEXt", SECRET),
        png_chunk(*b"iTXt", SECRET),
        png_chunk(*b"prVt", SECRET),
        png_chunk(*b"IDAT", b"pixels"),
        png_chunk(*b"tIME", SECRET),
        png_chunk(*b"IDAT", b"last pixels"),
        png_chunk(*b"IEND", b""),
        SECRET.to_vec(),
    ]
    .concat()
}

fn gif() -> Vec<u8> {
    let text = [&[u8::try_from(SECRET.len()).unwrap()], SECRET, &[0]].concat();
    [
        b"GIF89a\x20\0\x10\0\x80\0\0\0\0\0\xff\xff\xff".to_vec(),
        b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0".to_vec(),
        [b"\x21\xfe".as_slice(), &text].concat(),
        [b"\x21\xff\x0bXMP DataXMP".as_slice(), &text].concat(),
        b"\x21\xf9\x04\0\x0a\0\0\0".to_vec(),
        b"\x2c\0\0\0\0\x20\0\x10\0\0\x02\x06pixels\x0blast pixels\0".to_vec(),
        b"\x3b".to_vec(),
        SECRET.to_vec(),
    ]
    .concat()
}

fn riff_chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let len = u32::try_from(data.len()).unwrap().to_le_bytes();
    let padding = vec![0; data.len() % 2];
    [name.as_slice(), &len, data, &padding].concat()
}

fn webp(orientation: u8) -> Vec<u8> {
    let frame = [
        b"\0\0\0\0\0\0\x1f\0\0\x0f\0\0\x64\0\0\0".to_vec(),
        riff_chunk(*b"VP8L", b"\x2f\x1f\xc0\x03\0last pixels"),
        riff_chunk(*b"prvt", SECRET),
    ]
    .concat();
    let chunks = [
        b"WEBP".to_vec(),
        riff_chunk(*b"VP8X", b"\x2e\0\0\0\x1f\0\0\x0f\0\0"),
        riff_chunk(*b"ICCP", b"profile"),
        riff_chunk(*b"ANIM", b"\0\0\0\0\0\0"),
        riff_chunk(*b"ANMF", &frame),
        riff_chunk(*b"EXIF", &[b"Exif\0\0".as_slice(), &tiff(orientation)].concat()),
        riff_chunk(*b"XMP ", SECRET),
        riff_chunk(*b"prvt", SECRET),
    ]
    .concat();
    let len = u32::try_from(chunks.len()).unwrap().to_le_bytes();
    [b"RIFF".as_slice(), &len, &chunks, SECRET].concat()
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(bytes, wanted).is_some()
}

/// The copy of a picture.
fn copied(bytes: &[u8]) -> Result<(Picture, Vec<u8>), MediaError> {
    let mut source = Cursor::new(bytes);
    let picture = inspect(&mut source, None, "", MediaType::ALL, &LIMITS)?.picture.unwrap();
    let mut copy = Vec::new();
    picture.copy(&mut source, &mut copy).unwrap();
    assert_eq!(picture.copy_bytes(), copy.len() as u64);
    Ok((picture, copy))
}

#[test]
fn a_copy_has_the_picture_and_nothing_else() {
    for bytes in [jpeg(1), jpeg(6), png(1), png(6), gif(), webp(1), webp(6)] {
        let (picture, copy) = copied(&bytes).unwrap();
        assert_eq!((picture.width, picture.height), (32, 16));
        assert!(has(&bytes, SECRET) && !has(&copy, SECRET), "{copy:?}");
        assert!(!has(&copy, b"prvt") && !has(&copy, b"XMP"), "{copy:?}");
        assert!(has(&copy, b"pixels") && has(&copy, b"last pixels"));
        // What is left is a picture of the same kind, and there is nothing more to take out.
        let (again, same) = copied(&copy).unwrap();
        assert_eq!((again.width, same), (32, copy));
    }
}

#[test]
fn a_picture_stays_turned_as_it_was() {
    for (bytes, is_turned) in
        [(jpeg(6), true), (png(6), true), (webp(6), true), (jpeg(1), false), (png(9), false)]
    {
        let (_, copy) = copied(&bytes).unwrap();
        let block = exif::block(6);
        assert_eq!(has(&copy, &block), is_turned);
        assert_eq!(exif::orientation(&block), Some(6));
    }
    let (_, copy) = copied(&jpeg(6)).unwrap();
    assert!(copy.starts_with(b"\xff\xd8\xff\xe1\0\x22Exif\0\0II*\0"));
    let (_, copy) = copied(&webp(6)).unwrap();
    assert_eq!(
        (copy[20], copy.len() as u64 - 8),
        (0x2a, u32::from_le_bytes(copy[4..8].try_into().unwrap()).into())
    );
    let (_, copy) = copied(&webp(1)).unwrap();
    assert_eq!(copy[20], 0x22, "without EXIF its flag is not set");
}

#[test]
fn what_is_kept_stands_as_it_stood() {
    let (_, copy) = copied(&jpeg(1)).unwrap();
    assert!(
        has(&copy, b"JFIF\0\x01\x02\0\0\x48\0\x48\0\0") && has(&copy, b"ICC_PROFILE") && has(&copy, b"Adobe")
    );
    assert!(has(&copy, b"pixels\xff\0more\xff\xd0pixels\xff\xff\0"));
    let (_, copy) = copied(&png(6)).unwrap();
    assert!(has(&copy, &png_chunk(*b"eXIf", &exif::block(6))) && has(&copy, b"iCCP"));
    // "IEND" and its checksum, as every PNG has it.
    assert!(copy.ends_with(b"IEND\xae\x42\x60\x82"));
}

#[test]
fn too_many_pixels_are_refused_before_anything_else() {
    let mut wide = png(1);
    wide[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
    assert!(matches!(copied(&wide), Err(MediaError::Pixels { width: 50_000, height: 50_000 })));
    let mut frame = gif();
    let at = memchr::memmem::find(&frame, b"\x2c\0\0\0\0").unwrap();
    frame[at + 5..at + 9].fill(0x7f);
    assert!(matches!(copied(&frame), Err(MediaError::Pixels { .. })), "a frame is larger than the picture");
}

/// Their sizes were read from what follows the chunk, which the copy has not.
#[test]
fn the_head_of_a_frame_is_in_its_chunk() {
    let webp = |name, data: &[u8]| {
        let chunks = [b"WEBP".to_vec(), riff_chunk(name, data)].concat();
        let len = u32::try_from(chunks.len()).unwrap().to_le_bytes();
        [b"RIFF".as_slice(), &len, &chunks, b"\x28\0\x10\0\x10\0\x10\0"].concat()
    };
    let short_frame = [b"\xff\xd8".to_vec(), segment(0xc0, b"\x08\0\x10"), jpeg(1)[2..].to_vec()].concat();
    for bytes in [webp(*b"VP8 ", b"\x10\0\0\x9d\x01\x2a"), webp(*b"VP8L", b"\x2f\x1f"), short_frame] {
        assert!(matches!(copied(&bytes), Err(MediaError::Malformed(_))), "{bytes:?}");
    }
}

#[test]
fn a_picture_that_ends_too_early_is_damaged() {
    for bytes in [jpeg(6), png(6), gif(), webp(6)] {
        let whole = bytes.len() - SECRET.len();
        for end in 12..whole {
            assert!(matches!(copied(&bytes[..end]), Err(MediaError::Malformed(_))), "{end} of {whole}");
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics_or_grows(which in 0..4usize, at in 0..400usize, byte: u8, tail in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut bytes = [jpeg(6), png(6), gif(), webp(6)][which].clone();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.extend_from_slice(&tail);
        if let Ok((_, copy)) = copied(&bytes) {
            prop_assert!(copy.len() <= bytes.len() + 64);
        }
    }
}
