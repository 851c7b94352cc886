//! Keys, blocks and the audit log, where a process or a socket makes the difference.

use std::fs;

use serde_json::json;

use crate::support::{
    random::{eventually, patience},
    server::{Place, Server},
    socket::{Said, Socket},
};

/// What a socket is told first.
#[track_caller]
fn first(server: &Server, token: &str) -> Said {
    let mut socket = Socket::open(server.address, token).expect("an upgrade");
    socket.next(patience()).expect("a connection").expect("something is said")
}

#[test]
fn a_program_with_a_key_connects_as_its_maker_within_its_scopes() {
    let place = Place::new();
    let server = place.start();
    let admin = server.sign_in();
    let key = |scope: &str| {
        let body = json!({ "name": scope, "scopes": [scope] });
        let made = server.call("POST", "/api/v1/keys", Some(&admin), Some(&body)).expect(201);
        made["token"].as_str().unwrap().to_owned()
    };
    let Said::Frame(hello) = first(&server, &key("chat")) else { panic!("a close in place of hello") };
    assert_eq!((&hello["type"], &hello["principal"]["kind"]), (&json!("hello"), &json!("agent")));
    assert!(matches!(first(&server, "kefu_no_such_key"), Said::Close(4001)));
    // A key that may not know of conversations hears of none.
    let (visitor, conversation) = server.visitor();
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let message = json!({ "client_id": "7f9c2ba4-e88f-4b27-8c1d-1e0b6d3a5f42", "kind": "text", "text": "x" });
    server.call("POST", &path, Some(&visitor), Some(&message)).expect(201);
    let mut socket = Socket::open(server.address, &key("reports")).expect("an upgrade");
    let watch = json!({ "type": "watch", "scope": "conversation", "id": conversation });
    socket.say(&watch).expect("a connection");
    let code = loop {
        match socket.next(patience()).expect("a connection").expect("an answer") {
            Said::Frame(frame) if frame["type"] == "error" => break frame["code"].clone(),
            Said::Frame(frame) => assert_ne!(frame["type"], "watching"),
            Said::Close(code) => panic!("closed with {code}"),
        }
    };
    assert_eq!(code, "not_found");
    server.stop();
}

#[test]
fn a_blocked_visitor_is_upgraded_and_closed() {
    let place = Place::new();
    let server = place.start();
    let admin = server.sign_in();
    let (token, conversation) = server.visitor();
    assert!(matches!(first(&server, &token), Said::Frame(_)));
    let path = format!("/api/v1/conversations/{conversation}");
    let head = server.call("GET", &path, Some(&admin), None).expect(200);
    let block = json!({ "visitor_id": head["visitor"]["id"] });
    server.call("POST", "/api/v1/blocks", Some(&admin), Some(&block)).expect(201);
    assert!(matches!(first(&server, &token), Said::Close(4003)));
    server.stop();
}

#[test]
fn a_rotation_seals_anew_while_the_daemon_serves() {
    let place = Place::new();
    let server = place.start();
    let admin = server.sign_in();
    let inboxes = server.call("GET", "/api/v1/inboxes", Some(&admin), None).expect(200);
    let inbox = inboxes["items"][0]["id"].as_str().unwrap().to_owned();
    server.call("POST", &format!("/api/v1/inboxes/{inbox}/secret"), Some(&admin), None).expect(200);
    let rotated = place.run(&["serve", "rotate-key"]);
    assert!(rotated.status.success(), "{rotated:?}");
    assert!(String::from_utf8_lossy(&rotated.stdout).contains("seals everything anew"), "{rotated:?}");
    eventually("everything is sealed anew", || {
        let log = place.log();
        let at = log.find("there is a new secret key")?;
        log[at..].contains("sealed anew under the newest secret key").then_some(())
    });
    server.stop();
    // The older key is needed no more.
    let path = place.path().join("data/secret.key");
    let keys = fs::read_to_string(&path).unwrap();
    let newest = keys.lines().rfind(|line| !line.is_empty()).unwrap();
    assert_eq!(keys.lines().count(), 2);
    fs::write(&path, format!("{newest}\n")).unwrap();
    let server = place.start();
    let claim = json!({ "inbox": "web", "visitor": { "external_id": "li", "hmac": "00" } });
    let refused = server.call("POST", "/api/v1/widget/sessions", None, Some(&claim));
    assert_eq!(refused.status, 401, "the secret opens, and shows that the proof is wrong: {refused:?}");
    server.stop();
}

#[test]
fn a_line_of_the_audit_log_that_was_changed_is_named() {
    let place = Place::new();
    let server = place.start();
    let admin = server.sign_in();
    let role = json!({ "name": "Refunds", "permissions": ["chat"] });
    server.call("POST", "/api/v1/roles", Some(&admin), Some(&role)).expect(201);
    let lines = server.call("GET", "/api/v1/audit?action=role.made", Some(&admin), None).expect(200);
    let number = lines["items"][0]["number"].as_i64().unwrap();
    server.stop();
    let verify = || place.run(&["serve", "audit", "verify"]);
    let whole = verify();
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    let text = String::from_utf8(whole.stdout).unwrap();
    let head = text.lines().find_map(|line| line.strip_prefix("head ")).unwrap().to_owned();
    let other = place.run(&["serve", "audit", "verify", "--head", &format!("1:{}", "0".repeat(64))]);
    assert_eq!(other.status.code(), Some(2), "{other:?}");
    let same = place.run(&["serve", "audit", "verify", "--head", &head]);
    assert_eq!(same.status.code(), Some(0), "{same:?}");
    let file = place.path().join("data/kefu.db");
    let mut bytes = fs::read(&file).unwrap();
    let places: Vec<_> = bytes.windows(9).enumerate().filter(|(_, word)| word == b"role.made").collect();
    let places: Vec<_> = places.into_iter().map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + 9].copy_from_slice(b"role.mode");
    }
    fs::write(&file, bytes).unwrap();
    let broken = verify();
    assert_eq!(broken.status.code(), Some(1), "{broken:?}");
    let text = String::from_utf8(broken.stdout).unwrap();
    assert!(text.contains(&format!("is broken at line {number}:")), "{text}");
}

#[test]
fn a_rehearsal_keeps_to_its_own_store() {
    let place = Place::new();
    let shadow = place.start_with(&["--shadow"]);
    let config = shadow.call("GET", "/api/v1/widget/config?inbox=web", None, None).expect(200);
    assert_eq!(config["shadow"], true);
    shadow.stop();
    let refused = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(65), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--shadow"), "{refused:?}");
}
