//! Peers that nobody knows: whatever they send, the daemon lives, answers others, and does not grow.

use std::{
    io::{Read as _, Write as _},
    net::Shutdown,
};

use kefu_protocol::ws::Opcode;
use serde_json::json;

use crate::support::{
    http::{self, Answer},
    random::{Random, Seed, eventually, patience, scale},
    server::{Place, Server, all_gone},
    socket::Socket,
};

/// What the daemon may grow by under all of this: buffers of connections that come and go.
const GROWTH_MAX: u64 = 48 * 1024 * 1024;

/// A daemon, and what it was like before.
struct Victim {
    server: Server,
    place: Place,
    resident: u64,
}

impl Victim {
    fn new(settings: &str) -> Self {
        let place = Place::with(settings);
        let server = place.start();
        let _visitor = server.visitor();
        let resident = server.resident();
        Self { server, place, resident }
    }

    /// Fails unless the daemon is as well as before.
    #[track_caller]
    fn is_well(&self) {
        // It says no while a commit takes long.
        eventually("it is ready", || {
            (self.server.call("GET", "/readyz", None, None).status == 200).then_some(())
        });
        let (token, conversation) = self.server.visitor();
        let path = format!("/api/v1/conversations/{conversation}/messages");
        let body = json!({ "client_id": Random::new(7).id(), "kind": "text", "text": "still here?" });
        self.server.call("POST", &path, Some(&token), Some(&body)).expect(201);
        let resident = self.server.resident();
        assert!(resident < self.resident + GROWTH_MAX, "memory: {} before, {resident} now", self.resident);
        assert!(!self.place.log().contains("panicked"), "{}", self.place.log());
    }

    fn raw(&self, parts: &[&[u8]]) -> Result<Answer, std::io::Error> {
        http::raw(self.server.address, parts)
    }

    #[track_caller]
    fn refused(&self, what: &str, parts: &[&[u8]], codes: &[u16]) {
        match self.raw(parts) {
            Ok(answer) => assert!(codes.contains(&answer.status), "{what}: {answer:?}"),
            // A reset may overtake the answer when not everything was read.
            Err(error) => assert!(!http::is_timeout(&error), "{what}: neither answered nor closed"),
        }
    }
}

#[test]
fn malformed_requests_are_refused() {
    let victim = Victim::new("");
    let huge = vec![b'x'; 1024 * 1024];
    let many: String = (0..1_000).map(|number| format!("X-{number}: y\r\n")).collect();
    let parameters: String = (0..1_000).map(|number| format!("p{number}=%41&")).collect();
    let cookies = "a=b; ".repeat(2_000);
    let head = |line: &str, rest: &str| format!("{line} HTTP/1.1\r\nHost: kefu\r\n{rest}\r\n");
    victim.refused("garbage", &[b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 no HTTP\r\n\r\n"], &[400]);
    victim.refused("a long method", &[&huge], &[400, 414, 431]);
    victim.refused("a long line", &[b"GET /", &huge, b" HTTP/1.1\r\n\r\n"], &[400, 414, 431]);
    victim.refused("a huge header", &[b"GET / HTTP/1.1\r\nHost: kefu\r\nX: ", &huge], &[400, 431]);
    victim.refused("many headers", &[head("GET /healthz", &many).as_bytes()], &[400, 431]);
    victim.refused(
        "many cookies",
        &[head("GET /healthz", &format!("Cookie: {cookies}\r\n")).as_bytes()],
        &[200, 400, 431],
    );
    for path in ["/ws", "/api/v1/widget/config", "/api/v1/conversations", "/api/v1/stream", "/", "/nowhere"] {
        let line = format!("GET {path}?{parameters}inbox=%ff%00");
        victim.refused(path, &[head(&line, "").as_bytes()], &[200, 307, 400, 401, 404, 414, 431]);
        let line = format!("GET {path}?{}", "%".repeat(4_000));
        victim.refused(path, &[head(&line, "").as_bytes()], &[200, 307, 400, 401, 404, 414, 431]);
    }
    for path in
        ["/..%2f..%2fetc/passwd", "/console/../../etc/passwd", "/widget/%2e%2e/%2e%2e/etc/passwd", "//", "*"]
    {
        let answer = victim.raw(&[head(&format!("GET {path}"), "").as_bytes()]).expect("an answer");
        assert!(!answer.body.contains("root:"), "{path}: {answer:?}");
    }
    for length in ["-1", "99999999999999999999", "1e3", "0x10"] {
        let rest = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
        victim.refused(length, &[head("POST /api/v1/widget/sessions", &rest).as_bytes()], &[400, 413]);
    }
    let both = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n";
    victim.refused(
        "two lengths",
        &[head("POST /api/v1/auth/login", both).as_bytes(), b"0\r\n\r\n"],
        &[400, 415, 422],
    );
    victim.is_well();
}

#[test]
fn large_and_broken_bodies_are_refused() {
    let victim = Victim::new("");
    let huge = vec![b'x'; 10 * 1024 * 1024];
    let length = format!("Content-Length: {}\r\n", huge.len());
    let deep = "[".repeat(100_000);
    for path in ["/api/v1/widget/sessions", "/api/v1/auth/login", "/api/v1/setup"] {
        let head = |rest: &str| {
            format!("POST {path} HTTP/1.1\r\nHost: kefu\r\nContent-Type: application/json\r\n{rest}\r\n")
                .into_bytes()
        };
        victim.refused("10 MB", &[&head(&length), &huge], &[413]);
        // Without a length, in one chunk that never ends.
        let chunked = head("Transfer-Encoding: chunked\r\n");
        victim.refused("10 MB in a chunk", &[&chunked, b"a00000\r\n", &huge, b"\r\n0\r\n\r\n"], &[413]);
        victim.refused("a chunk without bounds", &[&chunked, b"fffffffffffffffff\r\n"], &[400, 413]);
        let whole =
            |body: &[u8]| [head(&format!("Content-Length: {}\r\n", body.len())), body.to_vec()].concat();
        victim.refused("nested", &[&whole(deep.as_bytes())], &[400]);
        victim.refused("no JSON", &[&whole(b"{")], &[400]);
        victim.refused("no text", &[&whole(b"{\"inbox\":\"\xff\xfe\"}")], &[400]);
        victim.refused("another shape", &[&whole(b"[1,2,3]")], &[400, 404]);
    }
    victim.is_well();
}

#[test]
fn slow_requests_are_cut_off() {
    // What waits for a commit has no more time than what is slow: enough for a slow disk.
    let victim =
        Victim::new("  limits:\n    header_timeout: 1s\n    idle_timeout: 1s\n    request_timeout: 10s\n");
    let begins: [&[u8]; 4] = [
        b"",
        b"GET /heal",
        b"GET /healthz HTTP/1.1\r\nHost: kefu\r\nX-Slow: ",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: kefu\r\nContent-Type: application/json\r\n\
          Content-Length: 100\r\n\r\n{",
    ];
    let mut slow: Vec<_> = begins
        .iter()
        .cycle()
        .take(80)
        .map(|begin| {
            let mut stream = http::connect(victim.server.address).unwrap();
            stream.write_all(begin).unwrap();
            stream
        })
        .collect();
    // Others are served meanwhile.
    victim.is_well();
    for stream in &mut slow {
        // One byte more does not earn more time; it may be refused already.
        drop(stream.write_all(b"x"));
        assert!(http::read_to_close(stream, patience()).is_some(), "a slow request is still open");
    }
    victim.is_well();
}

#[test]
fn a_bad_token_is_let_in_and_told() {
    let victim = Victim::new("");
    let long = "t".repeat(4_000);
    for token in ["", "nobody", "%00%ff", &long] {
        let mut socket = Socket::open(victim.server.address, token).expect("an upgrade");
        // What it says meanwhile does not count, however much it is.
        for _ in 0..32 {
            if socket.send(Opcode::Text, &vec![b'x'; 60_000]).is_err() {
                break;
            }
        }
        let code = socket.wait_for_close(patience()).expect("a close");
        // The code may be lost in a reset when the daemon closes on bytes that it has not read.
        assert!(code == 4001 || (code == 1006 && !token.is_empty()), "{token:.10}: {code}");
    }
    let mut socket = Socket::open(victim.server.address, "nobody").expect("an upgrade");
    assert_eq!(socket.wait_for_close(patience()), Some(4001));
    all_gone(&victim.server);
    victim.is_well();
}

#[test]
fn frames_that_break_the_protocol_close_with_its_code() {
    let victim = Victim::new("");
    let visitor = || victim.server.visitor().0;
    let big = vec![b'x'; 65 * 1024];
    let cases: [(&str, Opcode, &[u8], u16); 6] = [
        ("no JSON", Opcode::Text, b"hello", 4000),
        ("binary", Opcode::Binary, b"{\"type\":\"ping\"}", 4000),
        ("large", Opcode::Text, &big, 4000),
        ("no UTF-8", Opcode::Text, b"\"\xff\xfe\"", 1007),
        ("a close without sense", Opcode::Close, &[0x03], 1002),
        ("a continuation of nothing", Opcode::Continuation, b"x", 1002),
    ];
    for (what, opcode, payload, code) in cases {
        let mut socket = Socket::open(victim.server.address, &visitor()).expect("a connection");
        socket.wait_for("hello");
        socket.send(opcode, payload).expect("a connection");
        assert_eq!(socket.wait_for_close(patience()), Some(code), "{what}");
    }
    let raw: [(&str, &[u8], u16); 4] = [
        ("not masked", b"\x81\x02{}", 1002),
        ("a reserved bit", b"\xc1\x80\0\0\0\0", 1002),
        ("a giant that only says so", b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 4000),
        ("a long ping", b"\x89\xfe\x01\x00\0\0\0\0", 1002),
    ];
    for (what, bytes, code) in raw {
        let mut socket = Socket::open(victim.server.address, &visitor()).expect("a connection");
        socket.wait_for("hello");
        socket.stream.write_all(bytes).unwrap();
        assert_eq!(socket.wait_for_close(patience()), Some(code), "{what}");
    }
    // JSON that is no frame is answered, and the connection goes on.
    let mut socket = Socket::open(victim.server.address, &visitor()).expect("a connection");
    socket.wait_for("hello");
    for frame in
        ["{}", "[]", "null", "{\"type\":7}", "{\"type\":\"dance\"}", "{\"type\":\"send\",\"text\":{}}"]
    {
        socket.send(Opcode::Text, frame.as_bytes()).expect("a connection");
        assert_eq!(socket.wait_for("error")["code"], "bad_frame", "{frame}");
    }
    socket.say(&json!({ "type": "ping" })).expect("a connection");
    socket.wait_for("pong");
    drop(socket);
    all_gone(&victim.server);
    victim.is_well();
}

/// Bytes at random, before and after the upgrade.
#[test]
fn noise_ends_nothing() {
    let seed = Seed::choose();
    let mut random = Random::new(seed.0);
    let victim = Victim::new("  limits:\n    header_timeout: 1s\n    idle_timeout: 1s\n");
    let token = victim.server.visitor().0;
    for number in 0..scale("KEFU_NOISE", 300) {
        let noise: Vec<u8> = (0..random.between(1, 3_000)).map(|_| random.next() as u8).collect();
        if number % 3 == 0 {
            let mut socket = Socket::open(victim.server.address, &token).expect("a connection");
            drop(socket.stream.write_all(&noise));
            drop(socket.stream.shutdown(Shutdown::Write));
            assert!(socket.stream.set_read_timeout(Some(patience())).is_ok());
            let mut rest = Vec::new();
            if let Err(error) = socket.stream.read_to_end(&mut rest) {
                assert!(!http::is_timeout(&error), "a broken connection is still open");
            }
        } else {
            let mut stream = http::connect(victim.server.address).unwrap();
            drop(stream.write_all(&noise));
            drop(stream.shutdown(Shutdown::Write));
            assert!(http::read_to_close(&mut stream, patience()).is_some(), "noise is still listened to");
        }
    }
    eventually("every connection is gone", || (victim.server.sockets() == 0.0).then_some(()));
    victim.is_well();
}
