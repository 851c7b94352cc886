//! What came and went leaves nothing behind.

use std::{io::Write as _, thread};

use serde_json::json;

use crate::support::{
    http,
    random::{eventually, scale},
    server::{Place, Server, all_gone},
    socket::Socket,
};

/// Connections open at once, by one thread each.
const AT_ONCE: usize = 4;

/// Visitors who come again and again.
const VISITORS: usize = 40;

/// Requests that are there at once, many more than the store has readers.
const REQUESTS: usize = 16;

/// How often the load is repeated before the base is taken, at most.
const WARM_UPS_MAX: usize = 10;

/// What may be left over for reasons of the allocator and of caches.
const SLACK_BYTES: u64 = 4 * 1024 * 1024;

/// What the process holds.
#[derive(Debug)]
struct Held {
    tasks: f64,
    descriptors: usize,
    resident: u64,
}

fn held(server: &Server) -> Held {
    Held {
        tasks: server.metric("kefu_tasks"),
        descriptors: server.descriptors(),
        resident: server.resident(),
    }
}

/// The same once the connections of a load have ended, which they do a moment after their sockets.
fn settled(server: &Server) -> Held {
    all_gone(server);
    eventually("every connection has ended", || {
        let now = held(server);
        (server.metric("kefu_connections{kind=\"http\"}") <= 1.0).then_some(now)
    })
}

/// Has the store open all of its readers, which it does when that many are needed at once: what comes in while the
/// daemon stands still is looked at together.
fn open_readers(server: &Server, token: &str) {
    let head = format!(
        "GET /api/v1/conversations HTTP/1.1\r\nHost: kefu\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\n\r\n"
    );
    server.signal("STOP");
    let asked: Vec<_> = (0..REQUESTS)
        .map(|_| {
            let mut stream = http::connect(server.address).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    server.signal("CONT");
    for mut stream in asked {
        assert_eq!(http::read_answer(&mut stream).expect("an answer").status, 200);
    }
}

/// One cycle: `count` connections, ended in every way that there is.
fn churn(server: &Server, tokens: &[String], count: usize) {
    thread::scope(|scope| {
        for part in 0..AT_ONCE {
            scope.spawn(move || {
                for number in (part..count).step_by(AT_ONCE) {
                    come_and_go(server, &tokens[number % tokens.len()], number);
                }
            });
        }
    });
}

fn come_and_go(server: &Server, token: &str, number: usize) {
    let address = server.address;
    match number % 8 {
        // Never says what it wants.
        0 => drop(http::connect(address).unwrap()),
        // No token.
        1 => assert!(Socket::open(address, "none").is_ok(), "a connection"),
        2 => assert_eq!(server.call("GET", "/healthz", None, None).status, 200),
        // Vanishes before it has heard anything.
        3 => drop(Socket::open(address, token).expect("a connection")),
        _ => {
            let mut socket = Socket::open(address, token).expect("a connection");
            let hello = socket.wait_for("hello");
            let resume = json!({ "type": "resume", "epoch": hello["epoch"], "positions": [] });
            socket.say(&resume).expect("a connection");
            socket.wait_for("resumed");
            if number.is_multiple_of(2) {
                let normal = 1000_u16.to_be_bytes();
                socket.send(kefu_protocol::ws::Opcode::Close, &normal).expect("a connection");
                assert!(socket.wait_for_close(crate::support::random::patience()).is_some());
            }
        }
    }
}

#[test]
fn connections_leave_nothing_behind() {
    let count = scale("KEFU_CHURN", 2_000) as usize;
    let place = Place::new();
    let server = place.start();
    let tokens: Vec<_> = (0..VISITORS).map(|_| server.visitor().0).collect();
    // Pools, caches and lazily made things are not leaks: the base is what a tenth of the load leaves, as soon as it
    // leaves the same twice.
    open_readers(&server, &tokens[0]);
    let warm_up = || {
        churn(&server, &tokens, count / 10);
        settled(&server)
    };
    let mut base = warm_up();
    for _ in 0..WARM_UPS_MAX {
        let before = std::mem::replace(&mut base, warm_up());
        if before.descriptors == base.descriptors {
            break;
        }
    }
    for cycle in 1..=3 {
        churn(&server, &tokens, count);
        all_gone(&server);
        // A connection ends a moment after its socket.
        eventually(&format!("tasks and descriptors of {base:?} after cycle {cycle}"), || {
            let now = held(&server);
            (now.tasks <= base.tasks + 2.0 && now.descriptors <= base.descriptors + 2).then_some(())
        });
        let now = held(&server);
        println!("cycle {cycle}: {now:?}, from {base:?}");
        assert!(
            now.resident <= base.resident + base.resident * 3 / 10 + SLACK_BYTES,
            "memory grows: {now:?} after cycle {cycle}, from {base:?}"
        );
    }
    server.stop();
}
