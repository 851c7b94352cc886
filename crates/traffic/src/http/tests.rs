use std::net::SocketAddr;

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    gor::{Kind, Record},
    pcap::{LinkType, Packet},
    tcp::{self, Side},
};

const CLIENT: &str = "10.0.0.1:4000";
const SERVER: &str = "10.0.0.2:80";
const MS: i64 = 1_000_000;

/// A connection that is written down as packets.
#[derive(Clone, Debug)]
struct Talk {
    packets: Vec<Vec<u8>>,
    next: [u32; 2],
}

impl Talk {
    fn new() -> Self {
        let mut talk = Self { packets: Vec::new(), next: [1000, u32::MAX - 50] };
        talk.send(Side::Client, 2, b"");
        talk.send(Side::Server, 0x12, b"");
        talk
    }

    fn send(&mut self, side: Side, flags: u8, data: &[u8]) {
        let (me, other) = if side == Side::Client { (0, 1) } else { (1, 0) };
        let (source, target): (SocketAddr, SocketAddr) = match side {
            Side::Client => (CLIENT.parse().unwrap(), SERVER.parse().unwrap()),
            Side::Server => (SERVER.parse().unwrap(), CLIENT.parse().unwrap()),
        };
        let address = |address: SocketAddr| match address.ip() {
            std::net::IpAddr::V4(address) => address.octets(),
            std::net::IpAddr::V6(_) => unreachable!(),
        };
        let len = u16::try_from(40 + data.len()).unwrap().to_be_bytes();
        let mut packet = vec![0x45, 0, len[0], len[1], 0, 0, 0, 0, 64, 6, 0, 0];
        packet.extend([address(source), address(target)].concat());
        packet.extend([source.port().to_be_bytes(), target.port().to_be_bytes()].concat());
        packet.extend([self.next[me].to_be_bytes(), self.next[other].to_be_bytes()].concat());
        packet.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        packet.extend_from_slice(data);
        self.packets.push(packet);
        let end = data.len() as u32 + u32::from(flags & 3 != 0);
        self.next[me] = self.next[me].wrapping_add(end);
    }

    /// Says something in segments of at most so many bytes.
    fn say(&mut self, side: Side, text: impl AsRef<[u8]>, len: usize) {
        for part in text.as_ref().chunks(len.max(1)) {
            self.send(side, 0x18, part);
        }
    }

    fn end(&mut self) {
        self.send(Side::Client, 0x11, b"");
        self.send(Side::Server, 0x11, b"");
        self.send(Side::Client, 0x10, b"");
    }
}

/// What comes out of packets, and whether the account holds after each of them.
fn read(packets: &[Vec<u8>], gap: i64, limits: Limits) -> (Vec<Record>, Totals) {
    let mut traffic = Traffic::new(&[80], tcp::Limits::default(), limits);
    let mut records = Vec::new();
    for (number, bytes) in packets.iter().enumerate() {
        let timestamp = i64::try_from(number).unwrap() * gap;
        let packet = Packet { offset: 0, timestamp, link: LinkType(101), bytes, missing: 0 };
        traffic.packet(&packet, &mut |record| records.push(record));
        balanced(&traffic);
    }
    traffic.finish(&mut |record| records.push(record));
    balanced(&traffic);
    assert_eq!((traffic.under_way(), traffic.held()), ((0, 0), 0));
    let totals = traffic.totals();
    let count = |kind| records.iter().filter(|record| record.kind == kind).count() as u64;
    assert_eq!(totals.requests.emitted, count(Kind::Request));
    assert_eq!(totals.responses.emitted, count(Kind::Response));
    assert_eq!(totals.frames.emitted, count(Kind::ToServer) + count(Kind::ToClient));
    (records, totals)
}

fn balanced(traffic: &Traffic) {
    let (totals, under_way) = (traffic.totals(), traffic.under_way());
    for (account, under_way) in [(totals.requests, under_way.0), (totals.responses, under_way.1)] {
        assert_eq!(account.seen, account.emitted + account.dropped() + under_way, "{totals:?}");
    }
    assert_eq!(totals.frames.seen, totals.frames.emitted + totals.frames.dropped());
}

/// Requests and answers as text, an answer behind the number of its request.
fn shown(records: &[Record]) -> Vec<String> {
    let text = |record: &Record| String::from_utf8_lossy(&record.payload).into_owned();
    records
        .iter()
        .map(|record| match record.kind {
            Kind::Request => format!("{}> {}", record.field("n").unwrap(), text(record)),
            Kind::Response => format!("{}< {}", record.field("n").unwrap_or("?"), text(record)),
            Kind::ToServer => format!("to server: {}", text(record)),
            _ => format!("to client: {}", text(record)),
        })
        .collect()
}

/// A dialogue of turns, cut into segments of each length, must give this.
fn dialogue(turns: &[(Side, &str)], ends: bool, expected: &[&str]) {
    for len in [1, 2, 7, 1400] {
        let mut talk = Talk::new();
        for (side, text) in turns {
            talk.say(*side, text, len);
        }
        if ends {
            talk.end();
        }
        let (records, totals) = read(&talk.packets, MS, Limits::default());
        let mut told = shown(&records);
        // A request may be whole before the answer to the one before it is.
        told.sort_by_key(|line| line.chars().next());
        assert_eq!(told, expected, "in segments of {len}: {totals:?}");
    }
}

use Side::{Client, Server};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn bodies_by_length_by_chunks_and_by_the_end() {
    let post = "POST /a HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello";
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n";
    let open = "HTTP/1.0 200 OK\r\n\r\nuntil the end";
    dialogue(
        &[(Client, post), (Server, chunks), (Client, GET), (Server, open)],
        true,
        &[&format!("0> {post}"), &format!("0< {chunks}"), &format!("1> {GET}"), &format!("1< {open}")],
    );
    // With both, the chunks count.
    let both =
        "POST / HTTP/1.1\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    dialogue(&[(Client, both), (Server, OK)], false, &[&format!("0> {both}"), &format!("0< {OK}")]);
}

#[test]
fn answers_without_a_body_say_so_by_their_request_or_their_status() {
    let head = "HEAD / HTTP/1.1\r\n\r\n";
    let long = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
    let none = "HTTP/1.1 204 No Content\r\n\r\n";
    let same = "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n";
    dialogue(
        &[(Client, head), (Server, long), (Client, GET), (Server, none), (Client, GET), (Server, same)],
        false,
        &[
            &format!("0> {head}"),
            &format!("0< {long}"),
            &format!("1> {GET}"),
            &format!("1< {none}"),
            &format!("2> {GET}"),
            &format!("2< {same}"),
        ],
    );
}

#[test]
fn pipelined_requests_have_their_answers_in_order_and_ids_of_their_own() {
    let requests = [GET, "HEAD /b HTTP/1.1\r\n\r\n", "\r\nPROPFIND /c HTTP/1.1\r\n\r\n"].concat();
    let answers = [OK, "HTTP/1.1 499 Whatever\r\nContent-Length: 7\r\n\r\n", OK].concat();
    let mut talk = Talk::new();
    talk.say(Client, &requests, 1400);
    talk.say(Server, &answers, 1400);
    let (records, totals) = read(&talk.packets, MS, Limits::default());
    let shown = shown(&records);
    assert_eq!(shown[2], "2> PROPFIND /c HTTP/1.1\r\n\r\n");
    assert_eq!(shown[4], "1< HTTP/1.1 499 Whatever\r\nContent-Length: 7\r\n\r\n");
    let ids: Vec<_> = records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids[..3], ids[3..]);
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0].len() == 24);
    assert_eq!(&ids[0][..16], "0fa000500a000001");
    assert_eq!((totals.unanswered, totals.unmatched, totals.other_bytes), (0, 0, 0));
}

#[test]
fn interim_answers_are_no_answers() {
    let post = "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    let interim = "HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let whole = format!("{post}body");
    dialogue(
        &[(Client, post), (Server, interim), (Client, "body"), (Server, OK)],
        false,
        &[&format!("0> {whole}"), &format!("0< {OK}")],
    );
    // An answer may come before the body does.
    let mut talk = Talk::new();
    talk.say(Client, post, 1400);
    talk.say(Server, OK, 1400);
    talk.say(Client, "body", 1400);
    let (records, totals) = read(&talk.packets, MS, Limits::default());
    assert_eq!(shown(&records), [format!("0< {OK}"), format!("0> {whole}")]);
    assert_eq!(totals.unmatched, 0);
}

#[test]
fn line_feeds_alone_and_strange_headers_are_taken_as_they_are() {
    let request = "QUERY /a  HTTP/1.1\nHost : a\n folded\nBad header\nContent-Length: 1\n\nx";
    let response = "HTTP/1.1 200\nX:\n  folded\nContent-Length: 2, 2\n\nok";
    dialogue(
        &[(Client, request), (Server, response)],
        false,
        &[&format!("0> {request}"), &format!("0< {response}")],
    );
}

#[test]
fn a_websocket_is_followed_in_both_directions() {
    let upgrade = "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let agreed = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n";
    for len in [1, 1400] {
        let mut talk = Talk::new();
        talk.say(Client, upgrade, len);
        talk.say(Server, agreed, len);
        let mut frame = Vec::new();
        kefu_protocol::ws::encode(kefu_protocol::ws::Opcode::Text, b"hello", Some([1, 2, 3, 4]), &mut frame);
        kefu_protocol::ws::encode(kefu_protocol::ws::Opcode::Ping, b"", Some([1, 2, 3, 4]), &mut frame);
        talk.say(Client, &frame, len);
        frame.clear();
        kefu_protocol::ws::encode(kefu_protocol::ws::Opcode::Binary, b"\x01\x02", None, &mut frame);
        talk.say(Server, &frame, len);
        talk.end();
        let (records, totals) = read(&talk.packets, MS, Limits::default());
        let expected =
            [&format!("0> {upgrade}"), &format!("0< {agreed}"), "to server: hello", "to client: \u{1}\u{2}"];
        assert_eq!(shown(&records), expected);
        assert_eq!((records[2].field("op"), records[3].field("op")), (Some("text"), Some("bin")));
        assert!(records.iter().all(|record| record.id == records[0].id));
        assert_eq!(totals.frames.seen, 2);
    }
}

/// A WebSocket whose messages of the client are compressed.
fn compressed(messages: &[&str]) -> Talk {
    let mut talk = Talk::new();
    talk.say(Client, "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", 1400);
    let agreed =
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    talk.say(Server, agreed, 1400);
    let mut deflate = flate2::Compress::new(flate2::Compression::best(), false);
    for message in messages {
        let mut payload = Vec::with_capacity(1000);
        deflate.compress_vec(message.as_bytes(), &mut payload, flate2::FlushCompress::Sync).unwrap();
        let mut frame = Vec::new();
        let said = &payload[..payload.len() - 4];
        kefu_protocol::ws::encode(kefu_protocol::ws::Opcode::Text, said, Some([1, 2, 3, 4]), &mut frame);
        frame[0] |= 0x40;
        talk.say(Client, &frame, 1400);
    }
    talk
}

#[test]
fn compressed_websocket_messages_are_what_they_say() {
    let messages = ["a long story, a long story", "a long story, again"];
    let mut talk = compressed(&messages);
    talk.end();
    let (records, totals) = read(&talk.packets, MS, Limits::default());
    let told = shown(&records);
    assert_eq!(told[2..], messages.map(|message| format!("to server: {message}")));
    assert_eq!((totals.frames.seen, totals.frames.emitted), (2, 2));
}

#[test]
fn frames_that_are_under_way_are_held_and_have_no_more_room_than_others() {
    let mut talk = compressed(&[]);
    talk.say(Client, [&b"\x82\xfe\x04\x00\0\0\0\0"[..], &[0; 500]].concat(), 1400);
    let limits = |bytes| Limits { bytes, ..Limits::default() };
    let (records, totals) = read(&talk.packets, MS, limits(1000));
    assert_eq!((records.len(), totals.frames.cut), (2, 1));
    let (records, totals) = read(&talk.packets, MS, limits(400));
    assert_eq!((records.len(), totals.frames.limit), (2, 1));
}

#[test]
fn which_websockets_have_ended_or_are_not_followed_is_told() {
    let (client, server) = (CLIENT.parse().unwrap(), SERVER.parse().unwrap());
    let ended = |packets: &[Vec<u8>]| {
        let mut traffic = Traffic::new(&[80], tcp::Limits::default(), Limits::default());
        for (number, bytes) in packets.iter().enumerate() {
            let timestamp = i64::try_from(number).unwrap() * MS;
            traffic.packet(
                &Packet { offset: 0, timestamp, link: LinkType(101), bytes, missing: 0 },
                &mut |_| {},
            );
        }
        traffic.take_ended().collect::<Vec<_>>()
    };
    let mut talk = compressed(&["one", "two"]);
    assert_eq!(ended(&talk.packets), []);
    talk.end();
    assert_eq!(ended(&talk.packets), [Ended { client, server, is_lost: false }]);
    // A frame that nobody has agreed on.
    let mut talk = compressed(&["one"]);
    talk.say(Client, b"\xf1\x80\0\0\0\0", 1400);
    assert_eq!(ended(&talk.packets), [Ended { client, server, is_lost: true }]);
}

#[test]
fn an_upgrade_that_is_refused_and_a_tunnel() {
    let upgrade = "GET /ws HTTP/1.1\r\nUpgrade: h2c\r\n\r\n";
    dialogue(
        &[(Client, upgrade), (Client, GET), (Server, OK), (Server, OK)],
        false,
        &[&format!("0> {upgrade}"), &format!("0< {OK}"), &format!("1> {GET}"), &format!("1< {OK}")],
    );
    let connect = "CONNECT a:1 HTTP/1.1\r\n\r\n";
    let mut talk = Talk::new();
    talk.say(Client, connect, 1400);
    talk.say(Server, "HTTP/1.1 200 OK\r\n\r\n", 1400);
    talk.say(Client, GET, 1400);
    talk.say(Server, "bytes", 1400);
    let (records, totals) = read(&talk.packets, MS, Limits::default());
    assert_eq!((records.len(), totals.other_bytes), (2, GET.len() as u64 + 5));
}

/// Exchanges, each a request and an answer with bodies that say their number.
fn exchanges(count: usize, len: usize) -> (Talk, Vec<std::ops::Range<usize>>) {
    let mut talk = Talk::new();
    let mut parts = Vec::new();
    for number in 0..count {
        let body = format!("{number:>60}");
        let begin = talk.packets.len();
        talk.say(Client, format!("POST /{number} HTTP/1.1\r\nContent-Length: 60\r\n\r\n{body}"), len);
        let middle = talk.packets.len();
        talk.say(Server, format!("HTTP/1.1 200 OK\r\nX: {number}\r\nContent-Length: 60\r\n\r\n{body}"), len);
        parts.push(begin..middle);
        parts.push(middle..talk.packets.len());
    }
    (talk, parts)
}

proptest! {
    #[test]
    fn a_lost_segment_costs_the_message_that_it_was_of(
        len in 10..60_usize,
        lost in any::<prop::sample::Index>(),
        gap in 1..400_i64,
    ) {
        let (talk, parts) = exchanges(6, len);
        let lost = 2 + lost.index(talk.packets.len() - 2);
        let mut packets = talk.packets.clone();
        packets.remove(lost);
        // The end is seen, so that what was lost last is known of.
        let mut talk = Talk { packets, ..talk };
        talk.end();
        let (records, totals) = read(&talk.packets, gap * MS, Limits::default());
        let touched = parts.iter().position(|part| part.contains(&lost)).unwrap();
        prop_assert_eq!(records.len(), 11, "{:?} {:?}", totals, shown(&records));
        for record in &records {
            let text = String::from_utf8_lossy(&record.payload);
            let number: usize = text.trim_ascii_end().rsplit(' ').next().unwrap().parse().unwrap();
            let is_of_lost = touched == number * 2;
            // Each answer is that of its request, or says that the request was not seen.
            let of = record.field("n").and_then(|n| n.parse::<usize>().ok());
            match record.kind {
                Kind::Request => prop_assert!(!is_of_lost),
                _ if is_of_lost => prop_assert_eq!(of, None),
                _ => prop_assert!(of.is_some(), "{} {:?}", text, totals),
            }
        }
        let requests: Vec<_> = records.iter().filter(|record| record.kind == Kind::Request).collect();
        for answer in records.iter().filter(|record| record.kind == Kind::Response && record.field("n").is_some()) {
            let of: Vec<_> = requests.iter().filter(|request| request.id == answer.id).collect();
            prop_assert_eq!(of.len(), 1);
            let end = |record: &Record| record.payload[record.payload.len() - 60..].to_vec();
            prop_assert_eq!(end(of[0]), end(answer));
        }
    }

    #[test]
    fn disorder_repetition_and_loss_keep_the_account(
        len in 1..100_usize,
        swaps in vec((any::<prop::sample::Index>(), 1..8_usize), 0..10),
        changes in vec((any::<prop::sample::Index>(), 0..3_u8), 0..10),
        gap in 0..300_i64,
        limits in prop_oneof![
            Just(Limits::default()),
            Just(Limits { head: 40, message: 90, bytes: 150, waiting: 2 }),
        ],
    ) {
        let (mut talk, _) = exchanges(5, len);
        talk.end();
        for (index, distance) in swaps {
            let from = index.index(talk.packets.len());
            if from + distance < talk.packets.len() {
                talk.packets.swap(from, from + distance);
            }
        }
        for (index, change) in changes {
            let index = index.index(talk.packets.len().max(1));
            match change {
                0 if talk.packets.len() > 1 => drop(talk.packets.remove(index)),
                1 => talk.packets.push(talk.packets[index].clone()),
                _ => {
                    let cut = talk.packets[index].len().min(45);
                    talk.packets[index].truncate(cut);
                }
            }
        }
        read(&talk.packets, gap * MS, limits);
    }

    #[test]
    fn any_bytes_are_taken_and_accounted_for(
        turns in vec((any::<bool>(), vec(prop_oneof![
            Just(&b"GET / HTTP/1.1\r\n"[..]), Just(&b"HTTP/1.1 200 OK\r\n"[..]), Just(&b"Content-Length: 5\r\n"[..]),
            Just(&b"Transfer-Encoding: chunked\r\n"[..]), Just(&b"\r\n"[..]), Just(&b"\n"[..]), Just(&b"5\r\nhello"[..]), Just(&b"0\r\n"[..]),
            Just(&b"Upgrade: websocket\r\n"[..]), Just(&b"HTTP/1.1 101 X\r\n"[..]), Just(&b"\x81\x85abcd12345"[..]), Just(&b"\x00\xff"[..]),
        ], 0..8)), 0..12),
        len in 1..40_usize,
        lost in vec(any::<prop::sample::Index>(), 0..3),
    ) {
        let mut talk = Talk::new();
        for (is_client, pieces) in turns {
            talk.say(if is_client { Client } else { Server }, pieces.concat(), len);
        }
        for index in lost {
            let index = index.index(talk.packets.len());
            talk.packets.remove(index);
            if talk.packets.is_empty() {
                break;
            }
        }
        read(&talk.packets, 50 * MS, Limits::default());
    }
}

#[test]
fn which_answer_of_a_pipeline_was_lost_is_not_guessed() {
    let answer = |number: usize| format!("HTTP/1.1 200 OK\r\nX: {number}\r\nContent-Length: 2\r\n\r\nok");
    let mut talk = Talk::new();
    talk.say(Client, GET.repeat(3), 1400);
    (0..3).for_each(|number| talk.say(Server, answer(number), 1400));
    talk.say(Client, GET, 1400);
    talk.say(Server, answer(3), 1400);
    talk.packets.remove(4);
    let (records, totals) = read(&talk.packets, 300 * MS, Limits::default());
    let told = shown(&records);
    assert_eq!(told[3], format!("0< {}", answer(0)));
    assert_eq!(told[4], format!("?< {}", answer(2)));
    assert_eq!(told[6], format!("3< {}", answer(3)));
    assert_eq!((totals.unmatched, totals.unanswered), (1, 2));
}

#[test]
fn what_is_too_large_is_counted_and_what_follows_is_read() {
    let limits = Limits { message: 1000, ..Limits::default() };
    let large = format!("POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n{}", "x".repeat(5000));
    let endless = "GET /".to_owned() + &"a".repeat(70 << 10);
    let mut talk = Talk::new();
    talk.say(Client, &large, 1400);
    talk.say(Server, OK, 1400);
    talk.say(Client, GET, 1400);
    talk.say(Server, OK, 1400);
    talk.say(Client, &endless, 1400);
    let (records, totals) = read(&talk.packets, MS, limits);
    assert_eq!(shown(&records), [format!("?< {OK}"), format!("1> {GET}"), format!("1< {OK}")]);
    assert_eq!((totals.requests.limit, totals.unmatched), (2, 1));
}

#[test]
fn a_connection_that_is_no_http_costs_nothing() {
    let mut talk = Talk::new();
    talk.say(Client, b"\x16\x03\x01\x02\x00\x01", 1400);
    talk.say(Server, [0x16, 3, 3, 0].repeat(5000), 1400);
    let (records, totals) = read(&talk.packets, MS, Limits::default());
    assert!(records.is_empty());
    assert_eq!((totals.requests.seen, totals.responses.seen, totals.other_bytes), (0, 0, 20_006));
}

#[test]
fn what_was_under_way_before_the_capture_is_passed_over() {
    let mut talk = Talk::new();
    talk.say(Server, format!("rest of a body</html>{OK}"), 1400);
    talk.say(Client, GET, 1400);
    talk.say(Server, OK, 1400);
    let (records, totals) = read(&talk.packets[2..], MS, Limits::default());
    assert_eq!(shown(&records), [format!("?< {OK}"), format!("0> {GET}"), format!("0< {OK}")]);
    assert_eq!((totals.unmatched, totals.other_bytes), (1, 21));
}

#[test]
fn who_asks_is_the_client_whatever_its_port_is() {
    // The client has the lower port, and the capture begins in the middle of an answer.
    let mut talk = Talk::new();
    talk.packets.clear();
    let reversed = |side: Side| side.other();
    talk.send(reversed(Side::Server), 0x10, b"the end of something");
    talk.send(reversed(Side::Client), 0x10, b"");
    talk.say(reversed(Side::Client), "POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", 1000);
    talk.say(reversed(Side::Server), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 1000);
    let mut traffic = Traffic::new(&[], tcp::Limits::default(), Limits::default());
    let mut records = Vec::new();
    for bytes in &talk.packets {
        let packet = Packet { offset: 0, timestamp: 0, link: LinkType(101), bytes, missing: 0 };
        traffic.packet(&packet, &mut |record| records.push(record));
    }
    traffic.finish(&mut |record| records.push(record));
    balanced(&traffic);
    assert_eq!(traffic.held(), 0);
    assert_eq!(records.len(), 2, "{records:?}");
    assert_eq!((records[0].field("c"), records[0].field("s")), (Some(SERVER), Some(CLIENT)));
    assert_eq!(records[0].id, records[1].id);
}

#[test]
fn the_first_line_tells_who_speaks() {
    use super::head::speaker;
    for (line, expected) in [
        ("HTTP/1.1 200 OK\r\n", Some(Side::Server)),
        ("\r\nQUERY /a HTTP/1.1\r\n", Some(Side::Client)),
        ("GET /a/path/that/goes/on", Some(Side::Client)),
        ("the /path is long", None),
        ("so it is\n", None),
        ("", None),
        ("{\"a\": 1}", None),
    ] {
        assert_eq!(speaker(line.as_bytes()), expected, "{line}");
    }
}

#[test]
fn what_follows_an_end_is_nothing_to_a_client_that_is_known_later() {
    let mut traffic = Traffic::new(
        &[],
        tcp::Limits { flow_bytes: 4000, ..tcp::Limits::default() },
        Limits { head: 500, message: 1000, bytes: 1500, waiting: 4 },
    );
    let odd: &[u8] = b"\x92\x8c%\0\0\0\0\0\0\0\x03";
    let segments = [
        (true, 0x12_u8, 13107_u32, 13107_u32, 510_i64, 0, &b""[..]),
        (false, 0x33_u8, 13107_u32, 13107_u32, 1020_i64, 0, &b"3"[..]),
        (false, 0x38_u8, 13107_u32, 13121_u32, 2470_i64, 0, &b"G######"[..]),
        (false, 0x8b_u8, 907_u32, 35723_u32, 2500_i64, 3, &b""[..]),
        (true, 0x00_u8, 0_u32, 35587_u32, 3960_i64, 0, odd),
        (true, 0x8c_u8, 15141_u32, 27392_u32, 5030_i64, 0, &b"kk\xffkkkkkkkkkkkk"[..]),
        (false, 0x6b_u8, 27499_u32, 27522_u32, 5030_i64, 3, &b"333"[..]),
        (false, 0x00_u8, 0_u32, 0_u32, 5030_i64, 0, &b""[..]),
    ];
    for (from_a, flags, sequence, acknowledged, millis, missing, data) in segments {
        let (source, target) = if from_a { ([1, 0x90], [0, 80]) } else { ([0, 80], [1, 0x90]) };
        let len = u16::try_from(40 + data.len()).unwrap().to_be_bytes();
        let mut bytes = vec![0x45, 0, len[0], len[1], 0, 0, 0, 0, 64, 6, 0, 0];
        bytes.extend(if from_a { [10, 0, 0, 1, 10, 0, 0, 2] } else { [10, 0, 0, 2, 10, 0, 0, 1] });
        bytes.extend(source);
        bytes.extend(target);
        bytes.extend(sequence.to_be_bytes());
        bytes.extend(acknowledged.to_be_bytes());
        bytes.extend([0x50, flags, 0, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(data);
        let time = millis * 1_000_000;
        let packet = Packet { offset: 0, timestamp: time, link: LinkType(101), bytes: &bytes, missing };
        traffic.packet(&packet, &mut |_| {});
        balanced(&traffic);
    }
    traffic.finish(&mut |_| {});
    balanced(&traffic);
}
