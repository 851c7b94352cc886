//! What networks and clients do: everybody comes back at once, sends twice, falls silent, stops reading.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{
    audit::{audit_settled, whole_log},
    random::{Random, Seed, eventually, patience, scale},
    server::{Place, Server, all_gone},
    socket::{Lost, Said, Socket},
    writer::Writer,
};

/// Messages that no buffers hold, the system's included: 96 MB of them.
const FILLING_MAX: u32 = 2_000;

/// Clients of the storm that one thread stands for.
const CLIENTS_PER_THREAD: usize = 10;

#[test]
fn a_reconnect_storm_catches_everybody_up() {
    let seed = Seed::choose();
    let mut random = Random::new(seed.0);
    let place = Place::new();
    let server = place.start();
    let admin = server.sign_in();
    let count = scale("KEFU_STORM", 300) as usize;
    let mut clients: Vec<_> = (0..count).map(|_| Writer::visitor(server.visitor(), random.next())).collect();
    let address = server.address;
    in_groups(&mut clients, |client| {
        client.connect(address).expect("a connection");
        client.send("before the storm").expect("a connection");
        client.settle().expect("an acknowledgement");
        // Nobody waits for the outcome of this one.
        drop(client.send("into the storm"));
    });
    server.kill();
    let server = place.start();
    let address = server.address;
    // What each of them misses.
    in_groups(&mut clients, |client| {
        client.socket = None;
        for number in 0..3 {
            client.post(address, &format!("while you were away, {number}")).expect("an answer");
        }
    });
    let barrier = Barrier::new(count.div_ceil(CLIENTS_PER_THREAD));
    let begun = Instant::now();
    thread::scope(|scope| {
        for group in clients.chunks_mut(CLIENTS_PER_THREAD) {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                for client in group.iter_mut() {
                    client.connect(address).expect("a connection in the storm");
                }
                for client in group.iter_mut() {
                    client.settle().expect("an acknowledgement in the storm");
                }
            });
        }
    });
    println!("{count} clients were caught up in {:?}", begun.elapsed());
    let mut wrong = String::new();
    for client in &clients {
        let conversation = &client.conversations[0];
        let log = whole_log(&server, &admin, conversation);
        wrong.push_str(&audit_settled(conversation, &log, &client.sent));
        let (held, last) = (client.positions[conversation], log.last().map_or(0, |entry| entry.seq));
        if held != last {
            wrong.push_str(&format!("{conversation}: caught up to {held}, the log ends at {last}\n"));
        }
    }
    assert_eq!(wrong, "");
}

/// Does something for every client, in a few threads.
fn in_groups(clients: &mut [Writer], each: impl Fn(&mut Writer) + Sync) {
    let each = &each;
    thread::scope(|scope| {
        for group in clients.chunks_mut(clients.len().div_ceil(8)) {
            scope.spawn(move || group.iter_mut().for_each(each));
        }
    });
}

fn send_frame(client_id: &str, conversation: &str, text: &str) -> Value {
    json!({
        "type": "send",
        "client_id": client_id,
        "conversation_id": conversation,
        "kind": "text",
        "text": text,
    })
}

fn post(server: &Server, token: &str, frame: &Value) -> (u16, Value) {
    let path = format!("/api/v1/conversations/{}/messages", frame["conversation_id"].as_str().unwrap());
    let answer = server.call("POST", &path, Some(token), Some(frame));
    (answer.status, answer.json())
}

/// A connection that has caught up.
#[track_caller]
fn open(server: &Server, token: &str) -> Socket {
    let mut socket = Socket::open(server.address, token).expect("a connection");
    let hello = socket.wait_for("hello");
    socket.say(&json!({ "type": "resume", "epoch": hello["epoch"], "positions": [] })).expect("a connection");
    socket.wait_for("resumed");
    socket
}

#[test]
fn a_message_sent_twice_is_one_message_over_socket_and_rest_alike() {
    let place = Place::new();
    let server = place.start();
    let (token, conversation) = server.visitor();
    let mut socket = open(&server, &token);
    let mut random = Random::new(1);
    let (first, second) = (random.id(), random.id());

    // Twice in one breath, over the socket, then over REST, then from another connection.
    let frame = send_frame(&first, &conversation, "您好");
    socket.say(&frame).expect("a connection");
    socket.say(&frame).expect("a connection");
    let ack = socket.wait_for("ack");
    for again in [socket.wait_for("ack"), {
        socket.say(&frame).expect("a connection");
        socket.wait_for("ack")
    }] {
        for field in ["client_id", "conversation_id", "seq", "id", "created_at"] {
            assert_eq!(again[field], ack[field], "{field}");
        }
        assert!(again["prev_seq"].is_null(), "a repeat has no place in the order: {again}");
    }
    let (status, repeated) = post(&server, &token, &frame);
    assert_eq!(status, 200, "{repeated}");
    for field in ["seq", "id", "created_at"] {
        assert_eq!(repeated[field], ack[field], "{field}");
    }

    // First over REST, then over the socket.
    let frame = send_frame(&second, &conversation, "再次");
    let (status, sent) = post(&server, &token, &frame);
    assert_eq!(status, 201, "{sent}");
    socket.say(&frame).expect("a connection");
    let ack = socket.wait_for("ack");
    assert_eq!((&ack["seq"], &ack["id"]), (&sent["seq"], &sent["id"]));

    // Another text under the same id is refused, and so is the conflict's repeat.
    for id in [&first, &second] {
        let other = send_frame(id, &conversation, "something else");
        socket.say(&other).expect("a connection");
        let error = socket.wait_for("error");
        assert_eq!((&error["code"], &error["client_id"]), (&json!("conflict"), &json!(id)));
        let (status, problem) = post(&server, &token, &other);
        assert_eq!((status, &problem["code"]), (409, &json!("conflict")));
    }
    let log = whole_log(&server, &token, &conversation);
    let texts: Vec<_> = log.iter().filter(|entry| entry.kind == "text").map(|entry| &*entry.text).collect();
    assert_eq!(texts, ["您好", "再次"]);

    // For ever: also after the daemon was killed and what it held in memory is gone.
    server.kill();
    let server = place.start();
    let (status, again) = post(&server, &token, &frame);
    assert_eq!((status, &again["seq"]), (200, &sent["seq"]));
}

#[test]
fn half_open_connections_are_found() {
    // With the default of 25 s the same arithmetic stays below a minute: the settings refuse more than 30 s.
    let place = Place::with("  heartbeat: 2s\n");
    let server = place.start();
    // All visitors first: each is a commit, and who is connected meanwhile has been silent for as long as they take.
    let tokens: Vec<_> = (0..6).map(|_| server.visitor().0).collect();
    let mut silent: Vec<_> = tokens.iter().map(|token| open(&server, token)).collect();
    let mut alive = silent.pop().unwrap();
    assert_eq!(server.sockets(), 6.0);
    // Nobody reads the silent ones: their peers are gone for all that the daemon can tell.
    let deadline = Instant::now() + patience();
    while server.sockets() > 1.0 {
        assert!(Instant::now() < deadline, "silent connections are still open");
        // Answers pings, as a living client does.
        assert!(alive.next(Duration::from_millis(50)).is_ok(), "a living client was ended");
    }
    alive.say(&json!({ "type": "ping" })).expect("a connection");
    alive.wait_for("pong");
    for mut socket in silent {
        assert!(socket.wait_for_close(patience()).is_some());
    }
}

#[test]
fn a_reader_that_stops_reading_is_closed_and_resumes_completely() {
    let place = Place::with("  limits:\n    outbox: 64 KiB\n    frame: 256 KiB\n");
    let server = place.start();
    let (token, conversation) = server.visitor();
    let mut writer = Writer::visitor((token.clone(), conversation.clone()), 5);
    writer.connect(server.address).expect("a connection");
    let mut stuck = open(&server, &token);
    let mut other = open(&server, &server.visitor().0);
    // Fills the buffers of both systems, then the outbox. The writer reads its own acks all along. Looked at after each
    // message: once it is closed, the reader has a few seconds for what was sent before.
    let text = "满".repeat(16_000);
    let mut sent = 0_u32;
    while server.metric("kefu_slow_closed_total") == 0.0 {
        assert!(sent < FILLING_MAX, "a reader that does not read is still open");
        if sent.is_multiple_of(10) {
            other.say(&json!({ "type": "ping" })).expect("a connection");
            other.wait_for("pong");
        }
        writer.send(&text).expect("the sender's connection flows");
        writer.settle().expect("the sender's connection flows");
        sent += 1;
    }

    // What had been sent before is in order; then the code.
    let mut held = 0;
    let code = loop {
        match stuck.next(patience()) {
            Ok(Some(Said::Frame(frame))) if frame["type"] == "message" => {
                assert_eq!(frame["prev_seq"], held);
                held = frame["seq"].as_u64().unwrap();
            }
            Ok(Some(Said::Frame(_))) => {}
            Ok(Some(Said::Close(code))) => break code,
            Ok(None) => panic!("neither a frame nor a close came"),
            Err(Lost) => panic!("the connection ended without a code"),
        }
    };
    assert_eq!(code, 4008);
    assert_eq!(server.metric("kefu_slow_closed_total"), 1.0, "only the reader that stopped");
    other.say(&json!({ "type": "ping" })).expect("a connection");
    other.wait_for("pong");
    let log = whole_log(&server, &token, &conversation);
    assert!(held < log.last().unwrap().seq, "something was missed");

    let mut resumed = Writer::visitor((token, conversation.clone()), 6);
    resumed.positions.insert(conversation.clone(), held);
    resumed.connect(server.address).expect("a connection");
    assert_eq!(resumed.positions[&conversation], log.last().unwrap().seq, "the rest came, without a gap");
    assert_eq!(audit_settled(&conversation, &log, &writer.sent), "");
}

#[test]
fn the_oldest_of_too_many_connections_gives_way() {
    let place = Place::new();
    let server = place.start();
    let (token, _) = server.visitor();
    let mut sockets: Vec<_> = (0..9).map(|_| open(&server, &token)).collect();
    assert_eq!(sockets[0].wait_for_close(patience()), Some(4009));
    eventually("eight connections are left", || (server.sockets() == 8.0).then_some(()));
    for socket in &mut sockets[1..] {
        socket.say(&json!({ "type": "ping" })).expect("a connection");
        socket.wait_for("pong");
    }
    drop(sockets);
    all_gone(&server);
}
