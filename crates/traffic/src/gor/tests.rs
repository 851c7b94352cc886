use std::{fs, io::Read, path::Path};

use jiff::civil::date;
use proptest::{collection::vec, prelude::*};

use super::{files::matches, *};

fn record(kind: Kind, timestamp: i64, payload: &[u8]) -> Record {
    let id = format!("{timestamp:024x}");
    Record { kind, id, timestamp, latency: Some(0), extra: String::new(), payload: payload.to_vec() }
}

fn written(records: &[Record]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        let len = out.len() as u64;
        assert_eq!(write_record(&mut out, record).unwrap() + len, out.len() as u64);
    }
    out
}

fn read(bytes: &[u8]) -> Vec<Result<Record, GorError>> {
    Reader::new(bytes, 1 << 20).collect()
}

fn good(bytes: &[u8]) -> Vec<Record> {
    read(bytes).into_iter().map(Result::unwrap).collect()
}

/// A stream that gives as many bytes at a time as the list says.
struct Pieces<'a>(&'a [u8], Vec<usize>);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = self.1.pop().unwrap_or(usize::MAX).clamp(1, buffer.len()).min(self.0.len());
        buffer[..len].copy_from_slice(&self.0[..len]);
        self.0 = &self.0[len..];
        Ok(len)
    }
}

#[test]
fn a_record_is_what_goreplay_writes() {
    let bytes = "1 0a0b 1700000000000000001 25\nGET /茶 HTTP/1.1\r\nHost: a\r\n\r\n\n🐵🙈🙉\n\
                 2 0a0b 1700000000000000002 0\nHTTP/1.1 200 OK\r\n\r\n\n🐵🙈🙉\n";
    let records = good(bytes.as_bytes());
    assert_eq!(records.len(), 2);
    assert_eq!((records[0].kind, records[0].id.as_str()), (Kind::Request, "0a0b"));
    assert_eq!((records[0].timestamp, records[0].latency), (1_700_000_000_000_000_001, Some(25)));
    assert_eq!(records[0].payload, "GET /茶 HTTP/1.1\r\nHost: a\r\n\r\n".as_bytes());
    assert_eq!(written(&records), bytes.as_bytes());
}

#[test]
fn headers_of_old_and_of_future_versions() {
    let bytes = "1 da39a3ee5e6b4b0d3255bfef95601890afd80709 17 \nx\n🐵🙈🙉\n1 a 5\ny\n🐵🙈🙉\n\
                 9 a 5 -1 c=[::1]:80 future\nz\n🐵🙈🙉\n";
    let records = good(bytes.as_bytes());
    let seen: Vec<_> = records.iter().map(|r| (r.kind, r.timestamp, r.latency, r.field("c"))).collect();
    assert_eq!(
        seen,
        [
            (Kind::Request, 17, None, None),
            (Kind::Request, 5, None, None),
            (Kind::Other(b'9'), 5, Some(-1), Some("[::1]:80"))
        ]
    );
    assert_eq!(records[2].extra, "c=[::1]:80 future");
}

#[test]
fn what_is_wrong_has_its_place_and_the_rest_is_read() {
    let bytes = "1 a 5 0\nfirst\n🐵🙈🙉\n🐵🙈🙉\nGET / HTTP/1.1\r\n\r\n\n🐵🙈🙉\n1 a now 0\nthird\n🐵🙈🙉\n\
                 1 a 7 0 len=99\nfourth\n🐵🙈🙉\n1 a 8 0\nlast";
    let mut seen = Vec::new();
    for item in read(bytes.as_bytes()) {
        seen.push(match item {
            Ok(record) => String::from_utf8(record.payload).unwrap(),
            Err(error) => {
                assert!(!error.is_fatal());
                assert!(bytes.as_bytes()[usize::try_from(error.offset).unwrap()..].len() > 3);
                error.to_string()
            }
        });
    }
    assert_eq!(
        seen,
        [
            "first",
            "the first line of the record is no header: the type is not one character, at byte 40",
            "third",
            "the timestamp is no number of nanoseconds, at byte 72",
            "fourth",
            "the header says that the payload has 99 bytes, but no separator follows them, at byte 101",
            "last",
            "the last record has no separator; the file may be cut off, at byte 136",
        ]
    );
}

#[test]
fn a_separator_in_a_body_ends_no_record_of_ours() {
    for body in ["a\n🐵🙈🙉\nb", "🐵🙈🙉\n", "🐵🙈🙉", "a\n🐵🙈🙉", "\n🐵🙈🙉\n", "\n"]
    {
        let before = record(Kind::Response, 5, body.as_bytes());
        let after = record(Kind::Response, 6, b"next");
        let bytes = written(&[before.clone(), after.clone()]);
        let records = good(&bytes);
        assert_eq!(records.len(), 2, "{body:?}");
        assert_eq!((&records[0].payload, &records[1]), (&before.payload, &after), "{body:?}");
        // And it stays so when it is written again.
        assert_eq!(written(&records), bytes);
    }
}

#[test]
fn a_record_beyond_the_limit_is_left_out_and_never_held() {
    let mut bytes = written(&[record(Kind::Request, 1, b"a"), record(Kind::Request, 2, &[b'x'; 5 << 20])]);
    bytes.extend(written(&[record(Kind::Request, 3, b"b")]));
    let mut reader = Reader::new(&bytes[..], 1 << 20);
    assert_eq!(reader.next().unwrap().unwrap().timestamp, 1);
    assert!(matches!(reader.next().unwrap().unwrap_err().problem, Problem::TooLong { limit: 1_048_576 }));
    assert_eq!(reader.next().unwrap().unwrap().timestamp, 3);
    assert!(reader.next().is_none());
    // A length that lies about a gigabyte asks for nothing.
    let lie = read(b"1 a 5 0 len=99999999999999\nbody");
    assert!(lie[0].is_ok() && lie[1].is_err() && lie.len() == 2);
}

#[test]
fn a_separator_that_is_cut_off_is_no_payload() {
    let whole = written(&[record(Kind::Request, 1, b"body")]);
    for cut in 1..SEPARATOR.len() {
        let records = read(&whole[..whole.len() - cut]);
        let expected = if cut == SEPARATOR.len() - 1 { &b"body\n"[..] } else { b"body" };
        assert_eq!(records[0].as_ref().unwrap().payload, expected, "{cut}");
        assert!(matches!(records[1].as_ref().unwrap_err().problem, Problem::Unterminated));
    }
}

#[test]
fn fields_are_set_and_taken_away() {
    let mut record = record(Kind::Request, 1, b"");
    record.set_field("c", Some("1.2.3.4:5"));
    record.set_field("n", Some("0"));
    record.set_field("c", Some("1.2.3.4:6"));
    assert_eq!(record.extra, "n=0 c=1.2.3.4:6");
    record.set_field("n", None);
    assert_eq!((record.field("n"), record.field("c")), (None, Some("1.2.3.4:6")));
    record.id = "a b".to_owned();
    assert!(write_record(&mut Vec::new(), &record).is_err());
}

#[test]
fn what_others_are_handed_has_four_fields() {
    let mut sent = record(Kind::Request, 7, b"GET / HTTP/1.1\r\n\r\n\nx");
    sent.set_field("c", Some("1.2.3.4:5"));
    let plain = sent.to_plain();
    assert_eq!(plain.iter().take_while(|byte| **byte != b'\n').filter(|byte| **byte == b' ').count(), 3);
    let mut back = Record::from_plain(&plain).unwrap();
    assert_eq!(back.extra, "");
    back.extra.clone_from(&sent.extra);
    assert_eq!((back.payload, back.id, back.timestamp), (sent.payload, sent.id, sent.timestamp));
    for bad in [&b""[..], b"1 a 5 0", b"1 a\n", b"1 a x 0\n", b"10 a 5 0\n", b"\xff a 5 0\n"] {
        assert!(Record::from_plain(bad).is_err());
    }
}

#[test]
fn names_are_made_of_the_time_and_the_record() {
    let now = date(2026, 1, 2).at(3, 4, 5, 67);
    let mut record = record(Kind::Response, 1, b"");
    "../../a".clone_into(&mut record.id);
    let name = Pattern::new("/x/%Y%m%d-%H%M%S-%NS_%r_%t_%i_%q.gor", "abcdefgh").name(&record, now);
    assert_eq!(name, "/x/20260102-030405-000000067_______a_2_abcdefgh_%q.gor");
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn chunks_go_on_after_the_highest_number_and_end_at_both_limits() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a_7.gor"), "").unwrap();
    fs::write(folder.path().join("ab_9.gor"), "").unwrap();
    let pattern = Pattern::new(folder.path().join("a_1.gor").to_str().unwrap(), "");
    let now = date(2026, 1, 2).at(0, 0, 0, 0);
    let chunks = Chunks::Numbered { records_max: 2, bytes_max: 100 };
    let mut writer = FileWriter::new(pattern, chunks);
    for payload in [&b"1"[..], b"2", b"3", &[b'x'; 200], b"5"] {
        writer.write(&record(Kind::Request, 1, payload), now).unwrap();
    }
    let paths = writer.finish().unwrap();
    assert_eq!(names(folder.path()), ["a_10.gor", "a_7.gor", "a_8.gor", "a_9.gor", "ab_9.gor"]);
    let counts: Vec<_> = paths.iter().map(|path| good(&fs::read(path).unwrap()).len()).collect();
    assert_eq!(counts, [2, 2, 1]);
}

#[test]
fn files_are_their_owners_alone_and_nothing_is_written_over_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gor.gz");
    let now = date(2026, 1, 2).at(0, 0, 0, 0);
    let write = |chunks, payload: &[u8]| {
        let mut writer = FileWriter::new(Pattern::new(path.to_str().unwrap(), ""), chunks);
        writer.prepare()?;
        writer.write(&record(Kind::Request, 1, payload), now)?;
        writer.flush()?;
        writer.write(&record(Kind::Request, 2, payload), now)?;
        writer.finish()
    };
    write(Chunks::New, b"a").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(write(Chunks::New, b"b").unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    let payloads = || {
        let (format, reader) = crate::open(&path).unwrap();
        assert_eq!(format, crate::Format::Gor);
        Reader::new(reader, 1 << 20).map(|record| record.unwrap().payload).collect::<Vec<_>>().concat()
    };
    write(Chunks::Append, b"c").unwrap();
    assert_eq!(payloads(), b"aacc");
    write(Chunks::Replace, b"d").unwrap();
    assert_eq!(payloads(), b"dd");
}

#[test]
fn a_compressed_file_that_is_cut_off_is_read_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gor.gz");
    let mut writer = FileWriter::new(Pattern::new(path.to_str().unwrap(), ""), Chunks::New);
    let now = date(2026, 1, 2).at(0, 0, 0, 0);
    writer.write(&record(Kind::Request, 1, b"flushed"), now).unwrap();
    writer.flush().unwrap();
    writer.write(&record(Kind::Request, 2, b"lost"), now).unwrap();
    writer.finish().unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    let mut reader = Reader::new(crate::open(&path).unwrap().1, 1 << 20);
    assert_eq!(reader.next().unwrap().unwrap().payload, b"flushed");
    assert!(reader.next().unwrap().unwrap_err().is_fatal());
    assert!(reader.next().is_none());
}

#[test]
fn patterns_name_files() {
    for (pattern, name, fits) in [
        ("*.gor", "a.gor", true),
        ("*.gor", "a.gor.gz", false),
        ("a?c[0-9]", "abc7", true),
        ("a?c[^0-9]", "abc7", false),
        ("*a*b*", "xxabxxa", true),
        ("*a*b", "xxabxxa", false),
        ("[", "[", false),
        ("", "", true),
    ] {
        assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), fits, "{pattern} {name}");
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["x/b.gor", "x/a.gor", "y/c.gor", "y/c.txt"] {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), "").unwrap();
    }
    let expand = |pattern: &str| -> Vec<String> {
        let found = expand(&folder.path().join(pattern)).unwrap();
        found.iter().map(|p| p.strip_prefix(folder.path()).unwrap().display().to_string()).collect()
    };
    assert_eq!(expand("*/*.gor"), ["x/a.gor", "x/b.gor", "y/c.gor"]);
    assert_eq!(expand("x/none.gor"), ["x/none.gor"]);
    assert!(expand("z/*.gor").is_empty());
}

fn any_record() -> impl Strategy<Value = Record> {
    let piece = prop_oneof![
        vec(any::<u8>(), 0..40),
        Just(SEPARATOR.to_vec()),
        (0..14_usize).prop_map(|len| SEPARATOR[len..].to_vec())
    ];
    let payload = vec(piece, 0..4).prop_map(|pieces| pieces.concat());
    (1..=5_u8, "[0-9a-f]{1,40}", any::<i64>(), any::<i64>(), "(c=[a-z:]{1,9} n=[0-9])?", payload).prop_map(
        |(kind, id, timestamp, latency, extra, payload)| Record {
            kind: (b'0' + kind).into(),
            id,
            timestamp,
            latency: Some(latency),
            extra,
            payload,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_however_it_is_cut(
        records in vec(any_record(), 0..8),
        mut pieces in vec(1..50_usize, 0..100),
    ) {
        let bytes = written(&records);
        let read: Vec<_> =
            Reader::new(Pieces(&bytes, std::mem::take(&mut pieces)), 1 << 16).map(Result::unwrap).collect();
        prop_assert_eq!(read.len(), records.len());
        for (mut read, written) in read.into_iter().zip(records) {
            read.set_field("len", None);
            prop_assert_eq!(read, written);
        }
    }

    #[test]
    fn any_bytes_are_read_to_their_end(bytes in vec(any::<u8>(), 0..400), max in 1..100_usize) {
        for record in Reader::new(&bytes[..], max).flatten() {
            prop_assert!(record.payload.len() <= max);
        }
    }

    #[test]
    fn merging_loses_nothing_and_orders_what_is_within_the_window(
        times in vec(vec(0..1000_i64, 0..50), 0..5),
        window in 1..60_usize,
    ) {
        let sources = times.iter().enumerate().map(|(source, times)| {
            times.iter().map(move |&time| Ok(record(Kind::Request, time, &[u8::try_from(source).unwrap()])))
        });
        let merged: Vec<_> = Merge::new(sources, window, usize::MAX).map(Result::unwrap).collect();
        let mut all: Vec<_> = times.concat();
        let mut given: Vec<_> = merged.iter().map(|record| record.timestamp).collect();
        let longest = times.iter().map(Vec::len).max().unwrap_or(0);
        if window >= longest || times.iter().all(|times| times.is_sorted()) {
            prop_assert!(given.is_sorted());
        }
        all.sort_unstable();
        given.sort_unstable();
        prop_assert_eq!(all, given);
    }
}
