//! How much one person and one address may do, and what happens when the system has no more to give.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use kefu_protocol::{frame::SUBPROTOCOL, ws::ClientHandshake};
use serde_json::{Value, json};

use crate::support::{
    http,
    random::{Random, eventually},
    server::{Place, Server},
    socket::Socket,
    writer::Writer,
};

/// No limits but those that a test is about.
const UNLIMITED: &str = "    address_sessions: { per_minute: 0 }\n    login_address: { per_minute: 0 }\n";

#[test]
fn opening_a_socket_counts_as_a_request_of_its_address() {
    let place = Place::limited(&format!("{UNLIMITED}    address_requests: {{ per_minute: 1, burst: 4 }}\n"));
    let server = place.start();
    let (token, _) = server.visitor();
    let mut open: Vec<_> = (0..2)
        .map(|_| {
            let mut socket = Socket::open(server.address, &token).expect("a connection");
            // From here on it is among the open ones.
            socket.wait_for("hello");
            socket
        })
        .collect();
    server.call("GET", "/api/v1/conversations", Some(&token), None).expect(200);
    // The fifth: refused before anything is upgraded.
    let handshake = ClientHandshake::new(*b"sixteen byte key");
    let target = format!("/ws?token={token}");
    let mut stream = http::connect(server.address).unwrap();
    stream.write_all(&handshake.request(&server.address.to_string(), &target, SUBPROTOCOL, &[])).unwrap();
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 429 ") && answer.contains("\r\nretry-after: "), "{answer}");
    assert_eq!(server.call("GET", "/api/v1/conversations", Some(&token), None).status, 429);
    assert_eq!(server.call("GET", "/api/v1/stream", Some(&token), None).status, 429);
    // What is open stays, and what says how the daemon is does not count.
    assert_eq!(server.sockets(), 2.0);
    for socket in &mut open {
        socket.say(&json!({ "type": "ping" })).expect("a connection");
        socket.wait_for("pong");
    }
}

fn message(random: &mut Random, conversation: &str) -> Value {
    json!({
        "type": "send",
        "client_id": random.id(),
        "conversation_id": conversation,
        "kind": "text",
        "text": "您好",
    })
}

/// Server-sent events, and what is posted for them.
struct Events<'a> {
    server: &'a Server,
    token: &'a str,
    stream: TcpStream,
    text: String,
    id: String,
}

impl<'a> Events<'a> {
    fn open(server: &'a Server, token: &'a str) -> Self {
        let mut stream = http::connect(server.address).unwrap();
        let head = format!("GET /api/v1/stream?token={token} HTTP/1.1\r\nHost: kefu\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut events = Self { server, token, stream, text: String::new(), id: String::new() };
        let hello = events.wait_for("hello");
        events.id = hello["connection_id"].as_str().unwrap().to_owned();
        events
    }

    fn say(&self, frame: &Value) {
        let path = format!("/api/v1/stream/{}", self.id);
        assert_eq!(self.server.call("POST", &path, Some(self.token), Some(frame)).status, 204);
    }

    /// The next frame of this type.
    fn wait_for(&mut self, name: &str) -> Value {
        let mut buffer = [0; 4096];
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                let Some((_, data)) = event.split_once("data: ") else { continue };
                let frame: Value = serde_json::from_str(data.trim_end()).unwrap();
                if frame["type"] == name {
                    return frame;
                }
            }
            let read = self.stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the stream ended before {name}");
            self.text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    }
}

#[test]
fn a_person_has_one_budget_of_messages_for_all_ways_in() {
    let rates =
        "    visitor_messages: { per_minute: 1, burst: 4 }\n    address_requests: { per_minute: 0 }\n";
    let place = Place::limited(&format!("{UNLIMITED}{rates}"));
    let server = place.start();
    let (token, conversation) = server.visitor();
    let mut random = Random::new(3);
    let mut sockets: Vec<_> =
        (0..2).map(|_| Socket::open(server.address, &token).expect("a connection")).collect();
    let mut events = Events::open(&server, &token);
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let post = |frame: &Value| server.call("POST", &path, Some(&token), Some(frame)).status;

    // One each way, and that is all.
    for socket in &mut sockets {
        socket.say(&message(&mut random, &conversation)).expect("a connection");
        socket.wait_for("ack");
    }
    assert_eq!(post(&message(&mut random, &conversation)), 201);
    events.say(&message(&mut random, &conversation));
    events.wait_for("ack");
    for socket in &mut sockets {
        let frame = message(&mut random, &conversation);
        socket.say(&frame).expect("a connection");
        let error = socket.wait_for("error");
        assert_eq!((&error["code"], &error["client_id"]), (&json!("rate_limited"), &frame["client_id"]));
        assert!(error["retry_after_ms"].as_u64().unwrap() > 0, "{error}");
    }
    assert_eq!(post(&message(&mut random, &conversation)), 429);
    events.say(&message(&mut random, &conversation));
    assert_eq!(events.wait_for("error")["code"], "rate_limited");
    // A fresh connection brings no fresh budget.
    let mut fresh = Socket::open(server.address, &token).expect("a connection");
    fresh.say(&message(&mut random, &conversation)).expect("a connection");
    assert_eq!(fresh.wait_for("error")["code"], "rate_limited");
    // Others have their own.
    let (token, conversation) = server.visitor();
    let mut other = Socket::open(server.address, &token).expect("a connection");
    other.say(&message(&mut random, &conversation)).expect("a connection");
    other.wait_for("ack");
}

/// The daemon keeps within the limit that it finds; here the limit falls beneath it, as when others on the machine
/// have taken every file that there is.
#[test]
fn without_descriptors_the_open_connections_go_on_and_others_wait() {
    let place = Place::with("  limits:\n    header_timeout: 1h\n");
    let server = place.start();
    let mut writer = Writer::visitor(server.visitor(), 1);
    writer.connect(server.address).expect("a connection");
    writer.chatter(server.address, 20, 4).expect("acknowledgements");
    let open = eventually("what was asked before is closed", || {
        let open = server.descriptors();
        (server.metric("kefu_connections{kind=\"http\"}") <= 1.0).then_some(open)
    });
    server.limit_descriptors(open + 4);
    let crowd: Vec<_> = (0..16).map(|_| http::connect(server.address).unwrap()).collect();
    let said = || {
        let log = fs::read_to_string(place.path().join("stderr.log")).unwrap();
        log.matches("cannot accept connections for now").count()
    };
    eventually("the daemon says that it cannot accept", || (said() > 0).then_some(()));

    // The last one in the system's queue. It waits, and the daemon rests meanwhile.
    let mut last = http::connect(server.address).unwrap();
    last.write_all(b"GET /healthz HTTP/1.1\r\nHost: kefu\r\nConnection: close\r\n\r\n").unwrap();
    let before = server.processor_time();
    assert_eq!(http::read_to_close(&mut last, Duration::from_secs(1)), None, "there was a place after all");
    let spent = server.processor_time() - before;
    assert!(spent < 20, "{spent} hundredths of a second were spent on waiting for one");
    // Those who are in are served, for many times the pause between two attempts.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(1) {
        writer.send("still here").expect("a connection");
        writer.settle().expect("an acknowledgement");
    }
    assert_eq!(said(), 1, "once is enough");

    drop(crowd);
    last.set_read_timeout(Some(crate::support::random::patience())).unwrap();
    assert_eq!(http::read_answer(&mut last).expect("an answer").status, 200);
    let mut fresh = Writer::visitor(server.visitor(), 2);
    fresh.connect(server.address).expect("a connection");
    fresh.chatter(server.address, 5, 4).expect("acknowledgements");
    assert_eq!(writer.refused.len() + fresh.refused.len(), 0);
    assert_eq!(said(), 1);
}
