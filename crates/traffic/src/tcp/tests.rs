use std::net::SocketAddr;

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::packet::{Flags, Segment};

const CLIENT: &str = "10.0.0.1:4000";
const SERVER: &str = "10.0.0.2:80";
const MS: i64 = 1_000_000;

/// A segment with data of its own.
#[derive(Clone, Debug)]
struct Sent {
    side: Side,
    sequence: u32,
    acknowledged: u32,
    flags: Flags,
    data: Vec<u8>,
}

/// What a half has given, with `_` for each byte of a gap.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Given {
    bytes: Vec<u8>,
    end: Option<&'static str>,
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn given(sent: &[Sent], gap_ms: i64, limits: Limits) -> ([Given; 2], Counters) {
    let mut flows: Flows<()> = Flows::new(limits, &[80], |_| None);
    let mut given = [Given::default(), Given::default()];
    let mut each = |_: &mut (), ends: Ends, side: Side, event: Event<'_>| {
        assert_eq!((ends.client, ends.server), (address(CLIENT), address(SERVER)));
        let given = &mut given[usize::from(side == Side::Server)];
        match event {
            Event::Data { bytes, .. } => given.bytes.extend_from_slice(bytes),
            Event::Gap { len, .. } => given.bytes.extend((0..len).map(|_| b'_')),
            Event::End(end) => {
                assert!(given.end.is_none());
                given.end = Some(match end {
                    End::Closed => "closed",
                    End::Reset => "reset",
                    End::Cut => "cut",
                });
            }
        }
    };
    for (number, sent) in sent.iter().enumerate() {
        let (source, target) = match sent.side {
            Side::Client => (address(CLIENT), address(SERVER)),
            Side::Server => (address(SERVER), address(CLIENT)),
        };
        let is_first = sent.flags.syn && sent.side == Side::Client;
        let segment = Segment {
            source,
            target,
            sequence: sent.sequence,
            acknowledged: (!is_first).then_some(sent.acknowledged),
            flags: sent.flags,
            payload: &sent.data,
            missing: 0,
        };
        flows.take(&segment, i64::try_from(number).unwrap() * gap_ms * MS, &mut each);
        assert!(flows.held() <= limits.flow_bytes.max(limits.bytes) + sent.data.len());
    }
    flows.finish(&mut each);
    assert_eq!(flows.held(), 0);
    (given, flows.counters())
}

fn flags(text: &str) -> Flags {
    Flags { syn: text.contains('S'), fin: text.contains('F'), rst: text.contains('R') }
}

/// `C 10 5 data F`: who, sequence and acknowledgement from the initial numbers, data, flags.
fn sent(lines: &[&str]) -> Vec<Sent> {
    let line = |line: &&str| {
        let words: Vec<&str> = line.split(' ').collect();
        let side = if words[0] == "C" { Side::Client } else { Side::Server };
        // The client's numbers wrap within the connection.
        let base = |side| if side == Side::Client { u32::MAX - 6 } else { 1000 };
        let number =
            |at: usize, side| base(side).wrapping_add(words[at].parse::<i32>().unwrap().cast_unsigned());
        Sent {
            side,
            sequence: number(1, side),
            acknowledged: number(2, side.other()),
            flags: flags(words.get(4).unwrap_or(&"")),
            data: words[3].as_bytes().to_vec(),
        }
    };
    lines.iter().map(line).collect()
}

fn streams(lines: &[&str]) -> [(String, &'static str); 2] {
    streams_at(lines, 1)
}

fn streams_at(lines: &[&str], gap_ms: i64) -> [(String, &'static str); 2] {
    let (given, _) = given(&sent(lines), gap_ms, Limits::default());
    given.map(|given| (String::from_utf8(given.bytes).unwrap(), given.end.unwrap_or("nothing")))
}

fn told(
    client: &str,
    client_end: &'static str,
    server: &str,
    server_end: &'static str,
) -> [(String, &'static str); 2] {
    [(client.to_owned(), client_end), (server.to_owned(), server_end)]
}

#[test]
fn a_connection_from_its_beginning_to_its_end_over_the_wrap_of_numbers() {
    let lines = [
        "C -1 0  S",
        "S -1 0  S",
        "C 0 0 ",
        "C 0 0 hello",
        "S 0 5 ",
        "C 5 0 world",
        "S 0 10 answer",
        "C 10 6  F",
        "S 6 11  F",
        "C 11 7 ",
    ];
    assert_eq!(streams(&lines), told("helloworld", "closed", "answer", "closed"));
}

#[test]
fn what_is_sent_again_or_overlaps_counts_once_and_as_it_came_first() {
    let lines = [
        "C -1 0  S",
        "S -1 0  S",
        "C 0 0 abc",
        "C 0 0 XYZ",
        "C 0 0 XYZdef",
        "C 4 0 Xfghi",
        "C 2 0 X",
        "C 9 0 j",
    ];
    assert_eq!(streams(&lines)[0].0, "abcdefghij");
    // A keep-alive probe has the byte before the next one.
    let lines = ["C -1 0  S", "S -1 0  S", "C 0 0 abc", "C 2 0 X", "C 3 0 def"];
    assert_eq!(streams(&lines)[0].0, "abcdef");
}

#[test]
fn what_comes_early_waits_and_pieces_fit_between_each_other() {
    let lines = ["C -1 0  S", "S -1 0  S", "C 8 0 ij", "C 4 0 ef", "C 3 0 XXXghX", "C 1 0 bcd", "C 0 0 a"];
    assert_eq!(streams(&lines)[0].0, "abcXefghij");
}

#[test]
fn an_answer_waits_for_its_question() {
    let mut flows: Flows<()> = Flows::new(Limits::default(), &[80], |_| None);
    let mut order = String::new();
    for (number, sent) in
        sent(&["C -1 0  S", "S -1 0  S", "S 0 6 two", "C 3 0 efg", "C 0 0 abc"]).iter().enumerate()
    {
        let is_client = sent.side == Side::Client;
        let (client, server) = (address(CLIENT), address(SERVER));
        let segment = Segment {
            source: if is_client { client } else { server },
            target: if is_client { server } else { client },
            sequence: sent.sequence,
            acknowledged: (!(is_client && sent.flags.syn)).then_some(sent.acknowledged),
            flags: sent.flags,
            payload: &sent.data,
            missing: 0,
        };
        flows.take(&segment, i64::try_from(number).unwrap(), &mut |_, _, _, event| {
            if let Event::Data { bytes, .. } = event {
                order.push_str(str::from_utf8(bytes).unwrap());
            }
        });
    }
    assert_eq!(order, "abcefgtwo");
}

#[test]
fn what_never_comes_is_a_gap_of_its_length() {
    let lines = [
        "C -1 0  S",
        "S -1 0  S",
        "C 0 0 abc",
        "C 6 0 ghi",
        "S 0 9 ok",
        "C 9 2 jkl",
        "C 12 2  F",
        "S 2 13  F",
    ];
    for gap_ms in [1, 300] {
        assert_eq!(streams_at(&lines, gap_ms), told("abc___ghijkl", "closed", "ok", "closed"), "{gap_ms}");
    }
    // The end of a question is lost: its answer says how much that was.
    let lines = ["C -1 0  S", "S -1 0  S", "C 0 0 abc", "S 0 6 ok", "C 6 2 ghi", "S 2 9 ok"];
    assert_eq!(streams_at(&lines, 300), told("abc___ghi", "cut", "okok", "cut"));
}

#[test]
fn connections_that_began_before_the_capture() {
    let lines = ["C 0 0 GET", "S 0 3 ok", "S 2 3  F", "C 3 3  F"];
    assert_eq!(streams(&lines), told("GET", "closed", "ok", "closed"));
    let lines = ["S 0 3 HTTP/1.1", "C 3 8 next"];
    assert_eq!(streams(&lines), told("next", "cut", "HTTP/1.1", "cut"));
}

#[test]
fn ends_by_halves_by_force_and_before_their_time() {
    // The server goes on after the client has ended.
    let lines = ["C -1 0  S", "S -1 0  S", "C 0 0 q F", "S 0 2 a", "S 1 2 b F"];
    assert_eq!(streams(&lines), told("q", "closed", "ab", "closed"));
    let lines = ["C -1 0  S", "S -1 0  S", "C 0 0 q", "S 0 1 a", "C 1 1  R", "S 0 1 a"];
    assert_eq!(streams(&lines), told("q", "reset", "a", "reset"));
    // The end comes before what it ends.
    let lines = ["C -1 0  S", "S -1 0  S", "C 3 0  F", "C 0 0 abc", "S 0 4  F"];
    assert_eq!(streams(&lines), told("abc", "closed", "", "closed"));
}

#[test]
fn data_may_come_with_the_beginning() {
    let mut segments = sent(&["C -1 0 abc S", "S -1 3  S", "C 3 0 def"]);
    segments[0].sequence = u32::MAX - 7;
    let (given, _) = given(&segments, 1, Limits::default());
    assert_eq!(given[0].bytes, b"abcdef");
}

#[test]
fn ports_that_are_used_again_begin_another_connection() {
    let mut segments = sent(&["C -1 0  S", "S -1 0  S", "C 0 0 abc"]);
    let again = sent(&["C 99 0  S", "S 99 100  S", "C 100 100 def"]);
    segments.extend(again);
    let mut flows: Flows<()> = Flows::new(Limits::default(), &[80], |_| None);
    let mut ends = 0;
    for (number, sent) in segments.iter().enumerate() {
        let is_client = sent.side == Side::Client;
        let (client, server) = (address(CLIENT), address(SERVER));
        let segment = Segment {
            source: if is_client { client } else { server },
            target: if is_client { server } else { client },
            sequence: sent.sequence,
            acknowledged: (!(is_client && sent.flags.syn)).then_some(sent.acknowledged),
            flags: sent.flags,
            payload: &sent.data,
            missing: 0,
        };
        flows.take(&segment, i64::try_from(number).unwrap(), &mut |_, _, _, event| {
            ends += usize::from(matches!(event, Event::End(End::Cut)));
        });
    }
    assert_eq!((ends, flows.counters().flows), (2, 2));
}

#[test]
fn what_waits_is_bounded() {
    let limits = Limits { flow_bytes: 1000, bytes: 500, ..Limits::default() };
    let mut segments = sent(&["C -1 0  S", "S -1 0  S"]);
    let base = u32::MAX - 6;
    for n in 0..100_u32 {
        let (side, sequence) = (Side::Client, base.wrapping_add(1 + n * 101));
        segments.push(Sent { side, sequence, acknowledged: 1000, flags: flags(""), data: vec![b'x'; 100] });
    }
    let (given, counters) = given(&segments, 0, limits);
    assert_eq!(given[0].bytes.len(), 100 * 101);
    assert_eq!((counters.gaps, counters.gap_bytes), (100, 100));
    assert!(counters.relieved > 10);
}

#[test]
fn too_many_connections_let_the_oldest_go() {
    let limits = Limits { flows: 10, ..Limits::default() };
    let mut flows: Flows<()> = Flows::new(limits, &[80], |_| None);
    for port in 1..=50 {
        let (source, target) = (SocketAddr::new(address(CLIENT).ip(), port), address(SERVER));
        let flags = flags("S");
        let segment =
            Segment { source, target, sequence: 0, acknowledged: None, flags, payload: b"", missing: 0 };
        flows.take(&segment, i64::from(port), &mut |_, _, _, _| {});
    }
    assert_eq!((flows.open().count(), flows.counters().evicted), (10, 40));
    // Silence ends them by the time of the packets.
    let (source, target) = (address("10.0.0.9:1"), address(SERVER));
    let segment = Segment {
        source,
        target,
        sequence: 0,
        acknowledged: None,
        flags: flags("S"),
        payload: b"",
        missing: 0,
    };
    flows.take(&segment, 3_600_000 * MS, &mut |_, _, _, _| {});
    assert_eq!(flows.open().count(), 1);
}

/// A dialogue cut into segments, as its two sides would send it.
fn dialogue(turns: &[(bool, Vec<usize>)]) -> (Vec<Sent>, [Vec<u8>; 2]) {
    let mut segments = sent(&["C -1 0  S", "S -1 0  S"]);
    let mut streams = [Vec::new(), Vec::new()];
    let bases = [u32::MAX - 6, 1000_u32];
    for (is_client, sizes) in turns {
        let (me, other) = if *is_client { (0, 1) } else { (1, 0) };
        for size in sizes {
            let data: Vec<u8> = (0..*size).map(|n| b'a' + ((streams[me].len() + n) % 26) as u8).collect();
            let number =
                |side: usize, streams: &[Vec<u8>; 2]| bases[side].wrapping_add(streams[side].len() as u32);
            segments.push(Sent {
                side: if *is_client { Side::Client } else { Side::Server },
                sequence: number(me, &streams),
                acknowledged: number(other, &streams),
                flags: Flags::default(),
                data: data.clone(),
            });
            streams[me].extend(data);
        }
    }
    (segments, streams)
}

proptest! {
    #[test]
    fn disorder_and_repetition_change_nothing(
        turns in vec((any::<bool>(), vec(1..30_usize, 1..5)), 0..8),
        swaps in vec((any::<prop::sample::Index>(), 1..6_usize), 0..12),
        again in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let (mut segments, streams) = dialogue(&turns);
        for (index, distance) in swaps {
            let from = index.index(segments.len()).max(2);
            if from + distance < segments.len() {
                segments.swap(from, from + distance);
            }
        }
        for index in again {
            let segment = segments[index.index(segments.len())].clone();
            segments.push(segment);
        }
        let (given, counters) = given(&segments, 1, Limits::default());
        prop_assert_eq!(&given[0].bytes, &streams[0]);
        prop_assert_eq!(&given[1].bytes, &streams[1]);
        prop_assert_eq!(counters.gaps, 0);
    }

    #[test]
    fn a_lost_segment_costs_its_own_bytes(
        turns in vec((any::<bool>(), vec(1..30_usize, 1..5)), 1..8),
        lost in vec(any::<prop::sample::Index>(), 0..4),
        gap_ms in 0..400_i64,
    ) {
        let (segments, streams) = dialogue(&turns);
        let mut lost: Vec<usize> = lost.iter().map(|index| 2 + index.index(segments.len() - 2)).collect();
        lost.sort_unstable();
        lost.dedup();
        let mut expected = streams;
        let bases = [u32::MAX - 6, 1000_u32];
        for index in &lost {
            let sent = &segments[*index];
            let side = usize::from(sent.side == Side::Server);
            let from = sent.sequence.wrapping_sub(bases[side]) as usize;
            expected[side][from..from + sent.data.len()].fill(b'_');
        }
        let kept: Vec<Sent> =
            segments.iter().enumerate().filter(|(index, _)| !lost.contains(index)).map(|(_, s)| s.clone()).collect();
        let (given, _) = given(&kept, gap_ms, Limits::default());
        for (given, mut expected) in given.into_iter().zip(expected) {
            // What is missing at the very end is not known of, unless it was confirmed.
            while expected.len() > given.bytes.len() && expected.last() == Some(&b'_') {
                expected.pop();
            }
            prop_assert_eq!(given.bytes, expected);
        }
    }

    #[test]
    fn any_segments_are_taken(
        segments in vec((any::<bool>(), any::<u8>(), any::<u8>(), 0..8_u8, vec(any::<u8>(), 0..20)), 0..60),
        limit in 0..100_usize,
    ) {
        let segments: Vec<Sent> = segments.into_iter().map(|(is_client, sequence, acknowledged, bits, data)| Sent {
            side: if is_client { Side::Client } else { Side::Server },
            // Some of them far away.
            sequence: u32::from(sequence).wrapping_mul(if sequence > 250 { 1 << 24 } else { 1 }),
            acknowledged: u32::from(acknowledged),
            flags: Flags { syn: bits == 1, fin: bits == 2, rst: bits == 3 },
            data,
        }).collect();
        let limits = Limits { flow_bytes: limit, ..Limits::default() };
        let mut flows: Flows<()> = Flows::new(limits, &[80], |_| None);
        for (number, sent) in segments.iter().enumerate() {
            let (client, server) = (address(CLIENT), address(SERVER));
            let is_client = sent.side == Side::Client;
            let segment = Segment {
                source: if is_client { client } else { server },
                target: if is_client { server } else { client },
                sequence: sent.sequence,
                acknowledged: (!sent.flags.syn).then_some(sent.acknowledged),
                flags: sent.flags,
                payload: &sent.data,
                missing: u32::from(sent.data.len() % 7 == 6),
            };
            flows.take(&segment, i64::try_from(number).unwrap() * 50 * MS, &mut |_, _, _, _| {});
            prop_assert!(flows.held() <= limit + 20);
        }
        flows.finish(&mut |_, _, _, _| {});
        prop_assert_eq!(flows.held(), 0);
    }
}

/// Who is taken for the client at the end, by what is said, and what it has said then.
fn opened_by(sent: &[(Side, &str)]) -> (SocketAddr, Vec<String>) {
    let speaker: Speaker = |bytes| match bytes {
        b"ask" => Some(Side::Client),
        b"answer" => Some(Side::Server),
        _ => None,
    };
    let mut flows: Flows<u64> = Flows::new(Limits::default(), &[], speaker);
    let (mut client, mut said) = (address(CLIENT), Vec::new());
    let mut each = |count: &mut u64, ends: Ends, side: Side, event: Event<'_>| {
        client = ends.client;
        match event {
            Event::Data { bytes, .. } => {
                *count += 1;
                said.push(format!("{side:?} {count} {}", String::from_utf8_lossy(bytes)));
            }
            Event::End(End::Cut) => said.push(format!("{side:?} cut")),
            Event::End(_) | Event::Gap { .. } => {}
        }
    };
    let mut next = [100, 200];
    for (number, (side, text)) in sent.iter().enumerate() {
        let (me, other) = if *side == Side::Client { (0, 1) } else { (1, 0) };
        let (source, target) = if me == 0 { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let segment = Segment {
            source: address(source),
            target: address(target),
            sequence: next[me],
            acknowledged: Some(next[other]),
            flags: Flags::default(),
            payload: text.as_bytes(),
            missing: 0,
        };
        next[me] += text.len() as u32;
        flows.take(&segment, number as i64 * MS, &mut each);
    }
    flows.finish(&mut each);
    (client, said)
}

#[test]
fn who_opened_a_connection_without_a_beginning_is_told_by_what_they_say() {
    use Side::{Client as C, Server as S};
    // Nothing tells but the ports, of which the client's is the higher one.
    assert_eq!(opened_by(&[(C, ""), (S, "x"), (C, "y")]).0, address(CLIENT));
    // Here the one with the lower port asks.
    let (client, said) = opened_by(&[(S, ""), (C, "x"), (S, "ask"), (C, "answer"), (S, "ask")]);
    assert_eq!(client, address(SERVER));
    let end = ["Client cut", "Server cut"];
    let whole = ["Client 1 ask", "Server 2 answer", "Client 3 ask"];
    assert_eq!(said, [&["Client 1 x"][..], &end, &whole, &end].concat());
    // What was said first stays.
    let (client, said) = opened_by(&[(C, "ask"), (S, "ask"), (S, "answer")]);
    assert_eq!((client, said.len()), (address(CLIENT), 5));
}
