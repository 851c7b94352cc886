use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use proptest::{collection::vec, prelude::*, sample::select};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;
use crate::{coding::decoded, message::Parts};

fn redacted(kind: Kind, payload: &str, rules: &[Rule]) -> (String, Option<String>) {
    let mut redaction = Redaction::new(rules).unwrap().unwrap();
    let mut record = Record {
        kind,
        id: String::new(),
        timestamp: 0,
        latency: None,
        extra: String::new(),
        payload: payload.as_bytes().to_vec(),
    };
    redaction.apply(&mut record);
    assert_eq!(record.payload.len(), payload.len());
    let field = record.field("redacted").map(str::to_owned);
    (String::from_utf8(record.payload).unwrap(), field)
}

#[test]
fn secrets_are_replaced_alike_and_lengths_stay() {
    let request = "GET /a HTTP/1.1\r\nAuthorization: Bearer abcdefgh\r\nCookie: sid=secret1; theme=secret2; x\r\n\
                   X-API-Key:  secret1\r\nHost: a\r\n\r\n";
    let (text, count) = redacted(Kind::Request, request, &Rule::DEFAULT);
    assert_eq!(count.as_deref(), Some("4"));
    assert!(text.contains("Authorization: Bearer ") && text.contains("Host: a\r\n\r\n"), "{text}");
    assert!(!text.contains("abcdefgh") && !text.contains("secret"), "{text}");
    let value = |name: &str| text.split_once(name).unwrap().1[..7].to_owned();
    assert_eq!(value("sid="), value("Key:  "));
    assert_ne!(value("sid="), value("theme="));
    let response = "HTTP/1.1 200 OK\r\nSet-Cookie: sid=secret1; Path=/; HttpOnly\r\n\r\n";
    let (text, count) = redacted(Kind::Response, response, &[Rule::Cookies]);
    assert!(text.ends_with("; Path=/; HttpOnly\r\n\r\n") && count.as_deref() == Some("1"), "{text}");
    // Only what was asked for.
    let (text, count) = redacted(Kind::Request, request, &[Rule::Cards]);
    assert_eq!((text.as_str(), count), (request, None));
}

#[test]
fn numbers_are_found_in_targets_bodies_and_messages() {
    let request = "POST /call?to=13800138000 HTTP/1.1\r\nContent-Length: 54\r\n\r\n\
                   {\"card\":\"6222 0212 3456 7894\",\"tel\":13912345678,\"n\":7}";
    let (text, count) = redacted(Kind::Request, request, &Rule::DEFAULT);
    assert!(text.starts_with("POST /call?to=99999999999 HTTP/1.1"), "{text}");
    assert!(text.contains("\"tel\":99999999999,\"n\":7"), "{text}");
    assert!(count.is_some());
    let (text, _) = redacted(Kind::ToServer, "电话13800138000", &[Rule::Phones]);
    assert_eq!(text, "电话99999999999");
    let full = "请打１３８００１３８０００";
    assert_eq!(redacted(Kind::ToServer, full, &[Rule::Phones]).0, "请打９９９９９９９９９９９");
}

#[test]
fn what_is_shown_of_secrets_tells_only_whether_they_are_equal() {
    let redaction = Redaction::new(&Rule::DEFAULT).unwrap().unwrap();
    let shown = redaction.shown("body:/user/access_token", "abcdef");
    assert_eq!((shown.len(), shown == redaction.shown("header:cookie", "abcdef")), (6, true));
    assert_ne!(shown, "abcdef");
    assert_eq!(redaction.shown("body:/text", "电话13800138000"), "电话99999999999");
    assert_eq!(redaction.shown("header:set-cookie", "sid=…; Path=/"), "sid=…; Path=/");
}

#[test]
fn off_stands_alone() {
    assert!(Redaction::new(&[Rule::Off]).unwrap().is_none());
    assert_eq!(Redaction::new(&[Rule::Off, Rule::Cards]).err().unwrap().exit(), Exit::Usage);
}

/// What must not be found in a file.
const SECRETS: [&str; 6] = [
    "13800138000",
    "6222021234567894",
    "6222 0212 3456 7894",
    "11010519491231002X",
    "+86 139-1234-5678",
    "010-62345678",
];

/// A body in meta-blocks that are not compressed.
fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (place, block) in bytes.chunks(1 << 15).enumerate() {
        assert_eq!(place, 0, "the window is said once");
        let header = (u32::try_from(block.len()).unwrap() - 1) << 4 | 1 << 20;
        out.extend_from_slice(&header.to_le_bytes()[..3]);
        out.extend_from_slice(block);
    }
    out.push(3);
    out
}

fn written<W: std::io::Write>(mut encoder: W, bytes: &[u8]) -> W {
    encoder.write_all(bytes).unwrap();
    encoder
}

fn coded(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let level = Compression::best();
    match coding {
        "gzip" | "x-gzip" => written(GzEncoder::new(Vec::new(), level), bytes).finish().unwrap(),
        "deflate" => written(ZlibEncoder::new(Vec::new(), level), bytes).finish().unwrap(),
        "deflate, raw" => written(DeflateEncoder::new(Vec::new(), level), bytes).finish().unwrap(),
        "br" => brotli(bytes),
        "zstd" => compress_to_vec(bytes, CompressionLevel::Fastest),
        "zstd, gzip" => coded("gzip", &coded("zstd", bytes)),
        _ => bytes.to_vec(),
    }
}

/// How a body is brought.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Framing {
    Length,
    Chunks(usize),
    ToTheEnd,
}

fn message(coding: &str, framing: Framing, body: &[u8]) -> Vec<u8> {
    let name = coding.trim_end_matches(", raw");
    let mut out = "HTTP/1.1 200 OK\r\nX-A: b\r\n".to_owned();
    if !name.is_empty() {
        out.push_str(&format!("content-Encoding: {name}\r\n"));
    }
    match framing {
        Framing::Length => out.push_str(&format!("Content-Length: {}\r\n\r\n", body.len())),
        Framing::Chunks(_) => out.push_str("Transfer-Encoding: chunked\r\n\r\n"),
        Framing::ToTheEnd => out.push_str("\r\n"),
    }
    let mut out = out.into_bytes();
    let Framing::Chunks(len) = framing else { return [out.as_slice(), body].concat() };
    for chunk in body.chunks(len) {
        out.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\nX-Trailer: c\r\n\r\n");
    out
}

fn response(payload: Vec<u8>) -> Record {
    let (id, extra) = (String::new(), String::new());
    Record { kind: Kind::Response, id, timestamp: 0, latency: None, extra, payload }
}

/// What is in a body once it is taken out of its chunks and codings; it has to be valid.
fn read(record: &Record) -> Vec<u8> {
    let parts = Parts::of(record).unwrap();
    if let Some(len) = parts.head.content_length {
        assert_eq!(len, parts.raw_body.len() as u64);
    }
    if parts.head.is_chunked {
        assert!(
            parts.raw_body.ends_with(b"0\r\nX-Trailer: c\r\n\r\n")
                || record.field("body") == Some("replaced")
        );
    }
    decoded(&parts.header("content-encoding").unwrap_or_default(), &parts.body(), 1 << 20).unwrap()
}

fn has(bytes: &[u8], secret: &str) -> bool {
    memchr::memmem::find(bytes, secret.as_bytes()).is_some()
}

proptest! {
    #[test]
    fn no_secret_is_left_in_a_file_however_its_body_was_coded(
        words in vec((select(vec!["", "a ", "电话:", "\"n\":", "x y ", "\n"]), select(SECRETS.to_vec())), 1..5),
        has_secrets in any::<bool>(),
        coding in select(vec!["", "gzip", "x-gzip", "deflate", "deflate, raw", "br", "zstd", "zstd, gzip"]),
        framing in prop_oneof![Just(Framing::Length), (1..40_usize).prop_map(Framing::Chunks), Just(Framing::ToTheEnd)],
        binary in any::<bool>(),
    ) {
        let mut plain = Vec::new();
        for (before, secret) in &words {
            plain.extend_from_slice(before.as_bytes());
            plain.extend_from_slice(if has_secrets { secret.as_bytes() } else { b"17" });
            plain.extend_from_slice(if binary { b"\xff\xfe," } else { b", " });
        }
        let original = message(coding, framing, &coded(coding, &plain));
        let mut record = response(original.clone());
        let mut redaction = Redaction::new(&Rule::DEFAULT).unwrap().unwrap();
        redaction.apply(&mut record);
        let text = read(&record);
        prop_assert_eq!(text.len(), plain.len());
        for secret in SECRETS {
            prop_assert!(!has(&text, secret) && !has(&record.payload, secret), "{}", secret);
        }
        prop_assert_eq!(record.field("redacted").is_some(), has_secrets);
        prop_assert!(has_secrets || record.payload == original, "what has no secrets is not touched");
        let is_plain = has_secrets && ["br", "zstd", "zstd, gzip"].contains(&coding);
        prop_assert_eq!(record.field("body"), is_plain.then_some("identity"));
        prop_assert_eq!(redaction.bodies, 0);
        // Once more changes nothing.
        let before = record.payload.clone();
        redaction.apply(&mut record);
        prop_assert_eq!(record.payload, before);
    }

    #[test]
    fn any_body_of_any_coding_is_taken(
        coding in select(vec!["gzip", "deflate", "br", "zstd", "zstd, gzip", "aes128gcm"]),
        body in vec(any::<u8>(), 0..60),
        cut in 0..80_usize,
        framing in prop_oneof![Just(Framing::Length), (1..40_usize).prop_map(Framing::Chunks), Just(Framing::ToTheEnd)],
    ) {
        let mut payload = message(coding, framing, &body);
        payload.truncate(payload.len() - cut.min(body.len()));
        let mut record = response(payload);
        Redaction::new(&Rule::DEFAULT).unwrap().unwrap().apply(&mut record);
    }
}

#[test]
fn a_body_that_cannot_be_looked_into_goes_and_is_marked() {
    let gzip = coded("gzip", b"13800138000");
    let large = coded("gzip", &[b'a'; 3000]);
    let cut_off = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc";
    for payload in [
        message("gzip", Framing::Length, b"13800138000"),
        message("gzip", Framing::Chunks(7), &gzip[..gzip.len() - 3]),
        message("gzip", Framing::Length, &large),
        message("aes128gcm", Framing::ToTheEnd, b"13800138000"),
        cut_off.into(),
    ] {
        let mut redaction = Redaction::new(&Rule::DEFAULT).unwrap().unwrap();
        redaction.body_max = 2000;
        let mut record = response(payload);
        redaction.apply(&mut record);
        assert_eq!(read(&record), b"[a body that could not be looked into]");
        assert_eq!((record.field("redacted"), record.field("body")), (Some("1"), Some("replaced")));
        assert_eq!(redaction.bodies, 1);
        assert!(!has(&record.payload, "13800138000"));
        assert!(Parts::of(&record).unwrap().header("content-encoding").is_none());
    }
    // An answer to HEAD names a coding and has no body, and an empty one has nothing in it.
    for payload in [message("br", Framing::ToTheEnd, b""), message("gzip", Framing::Chunks(1), b"")] {
        let mut record = response(payload.clone());
        Redaction::new(&Rule::DEFAULT).unwrap().unwrap().apply(&mut record);
        assert_eq!((record.payload, record.extra.as_str()), (payload, ""));
    }
}

#[test]
fn what_stands_behind_a_compressed_body_goes_as_well() {
    let mut body = coded("deflate", b"nothing");
    body.extend_from_slice(b"13800138000");
    let mut record = response(message("deflate", Framing::Length, &body));
    Redaction::new(&Rule::DEFAULT).unwrap().unwrap().apply(&mut record);
    assert_eq!((read(&record).as_slice(), has(&record.payload, "13800138000")), (&b"nothing"[..], false));
}
