//! Personal data in what leaves the daemon by the side: its log at its most talkative, and the audit log.

use serde_json::{Value, json};

use crate::support::{
    random::Random,
    server::{Place, Server},
    socket::Socket,
};

const PHONE: &str = "13800138000";
const IDENTITY: &str = "11010519491231002X";
const EMAIL: &str = "bob.lee@example.net";

/// Says that nothing personal stands in what somebody may read.
#[track_caller]
fn assert_none(place: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for whole in [PHONE, IDENTITY, EMAIL] {
        let line = text.lines().find(|line| line.contains(whole));
        assert!(line.is_none(), "{whole} in {place}: {line:?}");
    }
}

/// What a visitor may say of itself, in every way there is; returns its conversation, itself and its ticket.
fn tell_everything(server: &Server, random: &mut Random) -> [String; 3] {
    let visitor =
        json!({"name": PHONE, "email": EMAIL, "external_id": PHONE, "attributes": {"id": IDENTITY}});
    let body = json!({"inbox": "web", "visitor": visitor});
    let opened = server.call("POST", "/api/v1/widget/sessions", None, Some(&body)).expect(201);
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    let (token, conversation) = (id(&opened["token"]), id(&opened["conversation_id"]));
    let post = |path: &str, body: Value, status| {
        server.call("POST", &format!("/api/v1{path}"), Some(&token), Some(&body)).expect(status)
    };
    let all = format!("{PHONE} {IDENTITY} {EMAIL}");
    let messages = format!("/conversations/{conversation}/messages");
    post(&messages, json!({"client_id": random.id(), "kind": "text", "text": all}), 201);
    post(&messages, json!({"client_id": random.id(), "kind": all, "text": all}), 400);
    post(&messages, json!({"client_id": all, "kind": "text", "text": all}), 400);
    let values = json!({"values": [{"name": "tel", "value": PHONE}]});
    post(&messages, json!({"client_id": random.id(), "kind": "form", "data": values}), 201);
    post("/widget/pages", json!({"url": format!("https://shop.example/?q={PHONE}"), "title": EMAIL}), 204);
    let left = post("/widget/offline-messages", json!({"email": EMAIL, "phone": PHONE, "text": all}), 201);
    post(&format!("/tickets/{}/comments", id(&left["id"])), json!({"text": all}), 201);
    server.call("GET", &format!("/api/v1/nothing?q={PHONE}"), Some(&token), None).expect(404);
    server.call("GET", &format!("/api/v1/{PHONE}"), Some(&token), None).expect(404);
    let mut socket = Socket::open(server.address, &token).expect("a connection");
    socket.wait_for("hello");
    let send = json!({"type": "send", "client_id": random.id(), "conversation_id": conversation,
        "kind": "text", "text": all});
    socket.say(&send).expect("a connection");
    socket.wait_for("ack");
    socket.say(&json!({"type": all, "text": all})).expect("a connection");
    socket.wait_for("error");
    [conversation, id(&opened["visitor_id"]), id(&left["id"])]
}

#[test]
fn personal_data_is_in_no_log_and_masked_for_agents() {
    let place = Place::with("log:\n  level: debug\n");
    let server = place.start();
    let admin = server.sign_in();
    let mut random = Random::new(7);
    let [conversation, visitor, ticket] = tell_everything(&server, &mut random);
    for path in [
        format!("/conversations/{conversation}"),
        format!("/conversations/{conversation}/messages"),
        format!("/conversations/{conversation}/transcript"),
        "/conversations?view=waiting".to_owned(),
        format!("/visitors/{visitor}"),
        format!("/visitors/{visitor}/pages"),
        format!("/customers/{visitor}"),
        format!("/customers/{visitor}/identities"),
        format!("/customers?q={PHONE}"),
        format!("/search?q={PHONE}"),
        "/tickets".to_owned(),
        format!("/tickets/{ticket}/comments"),
        "/audit".to_owned(),
    ] {
        let answer = server.call("GET", &format!("/api/v1{path}"), Some(&admin), None);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_none(&path, answer.body.as_bytes());
    }
    let why = json!({"reason": format!("{PHONE} rang, {EMAIL} wrote")});
    for path in [
        format!("/conversations/{conversation}/messages/1/reveal"),
        format!("/customers/{visitor}/reveal"),
        format!("/tickets/{ticket}/reveal"),
    ] {
        let shown = server.call("POST", &format!("/api/v1{path}"), Some(&admin), Some(&why)).expect(200);
        assert!(shown.to_string().contains(PHONE), "{path}: {shown}");
    }
    server.stop();
    assert_none("the log", &std::fs::read(place.path().join("stderr.log")).unwrap());
    let audit = place.run(&["serve", "audit", "export"]);
    assert!(audit.status.success() && audit.stdout.windows(16).any(|part| part == b"message.revealed"));
    assert_none("the audit log", &audit.stdout);
}
