use std::io::Cursor;

use proptest::prelude::*;

use super::*;

const LIMITS: MediaLimits = MediaLimits { pixels_max: 1, unpacked_max: 100 << 20 };

/// An entry: its name, its bytes as they are packed, and what it says that they unfold to.
struct Entry<'a>(&'a str, &'a [u8], u32);

fn archive(entries: &[Entry<'_>], method: u16) -> Vec<u8> {
    let (mut files, mut directory) = (Vec::new(), Vec::new());
    for Entry(name, data, unpacked) in entries {
        let at = u32::try_from(files.len()).unwrap().to_le_bytes();
        let packed = u32::try_from(data.len()).unwrap().to_le_bytes();
        let name_len = u16::try_from(name.len()).unwrap().to_le_bytes();
        let common = [
            b"\x14\0\0\0".as_slice(),
            &method.to_le_bytes(),
            &[0; 8],
            &packed,
            &unpacked.to_le_bytes(),
            &name_len,
            &[0; 2],
        ]
        .concat();
        files.extend_from_slice(&[b"PK\x03\x04", &*common, name.as_bytes(), data].concat());
        let tail = [[0; 10].as_slice(), &at].concat();
        directory.extend_from_slice(&[b"PK\x01\x02\x14\0", &*common, &tail, name.as_bytes()].concat());
    }
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let start = u32::try_from(files.len()).unwrap().to_le_bytes();
    [&*files, &*directory, b"PK\x05\x06\0\0\0\0", &count, &count, &size, &start, &[0; 2]].concat()
}

fn found(bytes: &[u8]) -> Result<MediaType, MediaError> {
    inspect(Cursor::new(bytes), &LIMITS)
}

const TYPES: Entry<'_> = Entry("[Content_Types].xml", b"abc", 10);

#[test]
fn documents_are_known_by_what_is_in_them() {
    for (entries, media_type) in [
        (vec![TYPES, Entry("word/document.xml", b"abc", 10)], MediaType::Docx),
        (vec![TYPES, Entry("xl/workbook.xml", b"abc", 10)], MediaType::Xlsx),
        (vec![TYPES, Entry("ppt/presentation.xml", b"abc", 10)], MediaType::Pptx),
        (vec![TYPES], MediaType::Zip),
        (vec![Entry("word/document.xml", b"abc", 10)], MediaType::Zip),
        (vec![Entry("inner.zip", b"PK\x03\x04", 10)], MediaType::Zip),
    ] {
        assert_eq!(found(&archive(&entries, 8)).unwrap(), media_type);
    }
    let named = MediaType::Ods.as_str().as_bytes();
    let size = u32::try_from(named.len()).unwrap();
    let entries = [Entry("mimetype", named, size), Entry("content.xml", b"abc", 10)];
    assert_eq!(found(&archive(&entries, 0)).unwrap(), MediaType::Ods);
    assert_eq!(found(&archive(&entries, 8)).unwrap(), MediaType::Zip, "a packed name is none");
}

#[test]
fn archives_that_unfold_to_too_much_are_refused() {
    let big = archive(&[TYPES, Entry("word/document.xml", b"abc", 0xf000_0000)], 8);
    assert!(matches!(found(&big), Err(MediaError::Unpacked)));
    let many: Vec<_> = (0..20).map(|_| Entry("a", b"abc", 10 << 20)).collect();
    assert!(matches!(found(&archive(&many, 8)), Err(MediaError::Unpacked)), "together they are too much");
    let dense = archive(&[Entry("a", b"abc", 20 << 20)], 8);
    assert!(matches!(found(&dense), Err(MediaError::Unpacked)), "nothing honest is packed so well");
    let zip64 = archive(&[Entry("a", b"abc", u32::MAX)], 8);
    assert!(matches!(found(&zip64), Err(MediaError::Unpacked)));
}

#[test]
fn tricks_are_refused() {
    for name in ["../x", "a/../../x", "/etc/passwd", "a\\b", "", "a\0b"] {
        assert!(
            matches!(found(&archive(&[Entry(name, b"abc", 3)], 8)), Err(MediaError::Content(_))),
            "{name:?}"
        );
    }
    for name in ["word/vbaProject.bin", "XL/VBAPROJECT.BIN"] {
        assert!(matches!(found(&archive(&[Entry(name, b"abc", 3)], 8)), Err(MediaError::Content("macros"))));
    }
    let good = archive(&[Entry("a", b"abc", 3), Entry("b", b"abc", 3)], 8);
    assert_eq!(found(&good).unwrap(), MediaType::Zip);
    let behind = [&*good, b"more"].concat();
    let before = [b"PK\x03\x04 more".as_slice(), &good].concat();
    let mut overlapping = good.clone();
    let second = memchr::memmem::rfind(&good, b"PK\x01\x02").unwrap();
    overlapping[second + 42] = 0;
    let mut encrypted = good.clone();
    encrypted[second + 8] = 1;
    for (what, bytes) in [
        ("something behind it", behind),
        ("something before it", before),
        ("entries that share bytes", overlapping),
        ("encrypted entries", encrypted),
        ("nothing", archive(&[], 8)),
        ("no end", good[..good.len() - 1].to_vec()),
    ] {
        assert!(found(&bytes).is_err(), "{what}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(at in 0..300usize, byte: u8, cut in 0..300usize) {
        let mut bytes = archive(&[TYPES, Entry("word/document.xml", b"abc", 10)], 8);
        let at = at % bytes.len();
        bytes[at] = byte;
        drop(found(&bytes));
        drop(found(&bytes[cut.min(bytes.len())..]));
    }
}
