use kefu_wire::{
    ErrorKind,
    thrift::transport::ttheader::{self, TtHeaderFrame},
};
use proptest::prelude::*;

use super::*;

fn pieces(sequence: Sequence, input: &[u8], chunk: usize) -> Vec<Vec<u8>> {
    let limits = Limits { message_bytes_max: 128, ..Limits::default() };
    let mut splitter = Splitter::new(sequence, limits);
    let (mut start, mut end, mut found) = (0, 0, Vec::new());
    loop {
        let pending = &input[start..end];
        match splitter.cut(pending, end == input.len()).expect("it can be cut") {
            Cut::Piece(piece) => {
                found.push(pending[piece.from..piece.to].to_vec());
                start += piece.used;
            }
            Cut::Skip(len) => start += len,
            Cut::More => end = (end + chunk).min(input.len()),
            Cut::End => return found,
        }
    }
}

fn all_chunks(sequence: Sequence, input: &[u8], expected: &[&[u8]]) {
    for chunk in [1, 2, 3, 7, 1000] {
        assert_eq!(pieces(sequence, input, chunk), expected, "{sequence:?}, {chunk} bytes at a time");
    }
}

#[test]
fn json_is_cut_into_lines_and_documents() {
    all_chunks(Sequence::Lines, b"\n {\"a\":1} \r\n\n[2\n\"x\"", &[b"{\"a\":1}", b"[2", b"\"x\""]);
    let documents = b" {\"a\":\n\"}\\\"\"}\n{}[1,[2]] \"s\\\"\" 12 true{\"open\": [";
    let expected: [&[u8]; 7] =
        [b"{\"a\":\n\"}\\\"\"}", b"{}", b"[1,[2]]", b"\"s\\\"\"", b"12", b"true", b"{\"open\": ["];
    all_chunks(Sequence::Documents, documents, &expected);
    all_chunks(Sequence::Documents, b" \n ", &[]);
    all_chunks(Sequence::Documents, b"}]", &[b"}", b"]"]);
}

#[test]
fn the_first_line_says_whether_there_are_lines() {
    for lines in ["{}\n{", "\n\n{\"a\":\"\\n\"} \r\nx", "[1]\n", "5\n6\n"] {
        assert!(has_lines(lines.as_bytes()), "{lines:?}");
    }
    for documents in ["{\n}\n", "{}", "{}{}\n", "", "\"a\n"] {
        assert!(!has_lines(documents.as_bytes()), "{documents:?}");
    }
}

#[test]
fn thrift_is_cut_with_and_without_frames() {
    let one: &[u8] = &[8, 0, 1, 0, 0, 0, 5, 0];
    let two: &[u8] = &[11, 0, 2, 0, 0, 0, 2, b'h', b'i', 0];
    all_chunks(Sequence::Structs(Protocol::Binary), &[one, two, one].concat(), &[one, two, one]);
    let framed = [&[0, 0, 0, 8], one, &[0, 0, 0, 10], two].concat();
    all_chunks(Sequence::Framed, &framed, &[one, two]);
    let message: &[u8] = b"\x80\x01\0\x01\0\0\0\x04ping\0\0\0\x07\0";
    let mut frames = Vec::new();
    for sequence in 1..=2 {
        let frame = TtHeaderFrame { sequence, headers: Vec::new(), message: message.to_vec() };
        ttheader::encode(&frame, &mut frames).expect("it is short");
    }
    all_chunks(Sequence::TtHeader, &frames, &[message, message]);
    let json = b"{\"1\":{\"i32\":5}} {\"2\":{\"str\":\"}\"}}\n";
    all_chunks(
        Sequence::Structs(Protocol::Json),
        json,
        &[b"{\"1\":{\"i32\":5}}", b"{\"2\":{\"str\":\"}\"}}"],
    );
}

#[test]
fn xml_is_cut_where_a_root_ends() {
    let first: &[u8] =
        b"<?xml version='1.0'?>\n<!-- <a> -->\n<a b='>' c=\"'/>\"><b/><![CDATA[</a>]]>x<?p </a>?></a>";
    let second: &[u8] = b"<root/>";
    let input = [b" \n", first, b"\n\n", second, first, b"\n<!-- the end -->\n"].concat();
    all_chunks(Sequence::Elements, &input, &[first, second, first]);
    all_chunks(Sequence::Elements, b" <!-- none --> ", &[]);
    // What is no XML is one piece, for whoever reads it to say so.
    all_chunks(Sequence::Elements, b"hello <a>", &[b"hello <a>"]);
    all_chunks(Sequence::Elements, b"<a><b></a> ", &[b"<a><b></a>"]);
    all_chunks(Sequence::Elements, b"</a><b/>", &[b"</a>", b"<b/>"]);
    all_chunks(Sequence::Whole, b"--b\n\nx\n--b--\n", &[b"--b\n\nx\n--b--\n"]);
}

#[test]
fn what_is_too_long_is_passed_over_where_its_end_is_known() {
    let limits = Limits { message_bytes_max: 4, ..Limits::default() };
    let mut lines = Splitter::new(Sequence::Lines, limits);
    let error = lines.cut(b"[1,2,3", false).expect_err("it is too long");
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(lines.recover(b"[1,2,3"));
    assert_eq!(lines.cut(b"[1,2,3", false), Ok(Cut::Skip(6)));
    assert_eq!(lines.cut(b",4]\n[5]\n", false), Ok(Cut::Skip(4)));
    assert_eq!(lines.cut(b"[5]\n", false), Ok(Cut::Piece(Piece::plain(4, 0, 3))));

    let mut frames = Splitter::new(Sequence::Framed, limits);
    assert!(frames.cut(&[0, 0, 0, 6, 1], false).is_err());
    assert!(frames.recover(&[0, 0, 0, 6, 1]));
    assert_eq!(frames.cut(&[0, 0, 0, 6, 1], false), Ok(Cut::Skip(5)));
    assert_eq!(frames.cut(&[2, 3, 4, 5, 6, 0], false), Ok(Cut::Skip(5)));
    assert_eq!(frames.cut(&[0], false), Ok(Cut::More));
    assert!(frames.cut(&[0], true).is_err());

    let mut structs = Splitter::new(Sequence::Structs(Protocol::Binary), limits);
    let error = structs.cut(&[8, 0, 1, 0, 0, 0, 5, 0], true).expect_err("it is too long");
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(!structs.recover(&[8]));
}

proptest! {
    /// Whatever comes: each cut goes on, and what is cut lies within what is pending.
    #[test]
    fn any_input_comes_to_its_end(
        input in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"{}[]\"\\ \n\0\x01\x0f\xff<>/!-?"[..])], 0..200),
        chunk in 1_usize..50,
    ) {
        let protocols = [Protocol::Binary, Protocol::Compact, Protocol::Json];
        let mut sequences =
            vec![Sequence::Lines, Sequence::Documents, Sequence::Framed, Sequence::Header, Sequence::Elements, Sequence::Whole];
        sequences.extend(protocols.iter().flat_map(|p| [Sequence::Messages(*p), Sequence::Structs(*p)]));
        for sequence in sequences {
            let limits = Limits { message_bytes_max: 64, ..Limits::default() };
            let mut splitter = Splitter::new(sequence, limits);
            let (mut start, mut end, mut errors) = (0, 0, 0);
            loop {
                let pending = &input[start..end];
                match splitter.cut(pending, end == input.len()) {
                    Ok(Cut::Piece(piece)) => {
                        prop_assert!(piece.from <= piece.to && piece.to <= pending.len());
                        prop_assert!(piece.used > 0 && piece.used <= pending.len());
                        start += piece.used;
                    }
                    Ok(Cut::Skip(len)) => {
                        prop_assert!(len > 0 && len <= pending.len());
                        start += len;
                    }
                    Ok(Cut::More) => {
                        prop_assert!(end < input.len(), "there is no more, {:?}", sequence);
                        end = (end + chunk).min(input.len());
                    }
                    Ok(Cut::End) => break,
                    Err(_) => {
                        errors += 1;
                        prop_assert!(errors <= input.len(), "errors without an end, {:?}", sequence);
                        if !splitter.recover(pending) {
                            break;
                        }
                    }
                }
            }
        }
    }
}
