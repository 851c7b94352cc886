//! Lists of sensitive words from outside: at the start, at SIGHUP, over WebSocket and after a kill.

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    random::{Random, eventually},
    server::{Place, Server},
    socket::Socket,
};

/// A place whose daemons read this list.
fn place_with(list: &str) -> Place {
    let place = Place::with("  words: words.txt\n");
    fs::write(place.path().join("words.txt"), list).unwrap();
    place
}

/// Sends a text over a connection; returns what it is answered with.
fn say(socket: &mut Socket, id: &str, conversation: &str, text: &str, answer: &str) -> Value {
    let send = json!({"type": "send", "client_id": id, "conversation_id": conversation, "kind": "text", "text": text});
    socket.say(&send).expect("a connection");
    socket.wait_for(answer)
}

/// Which words were flagged, newest first.
fn flagged(server: &Server) -> Vec<Value> {
    let admin = server.sign_in();
    let page = server.call("GET", "/api/v1/flagged", Some(&admin), None).expect(200);
    page["items"].as_array().unwrap().iter().map(|line| line["detail"]["words"].clone()).collect()
}

#[test]
fn a_list_that_is_none_is_a_wrong_setting_that_names_its_line() {
    let place = place_with("赌场\n微信\tshout\n");
    for args in [["serve", "--check-config"], ["serve", "--listen=127.0.0.1:0"]] {
        let refused = place.run(&args);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(78), "{args:?}: {said}");
        assert!(said.contains("`serve.words`: line 2"), "{args:?}: {said}");
    }
    assert!(!place.path().join("data/kefu.db").exists(), "it was seen before the store was made");
}

#[test]
fn a_list_is_read_again_at_sighup_and_a_bad_one_is_not_taken() {
    let place = place_with("# none\n");
    let server = place.start();
    let (token, conversation) = server.visitor();
    let mut socket = Socket::open(server.address, &token).expect("a connection");
    socket.wait_for("hello");
    let mut random = Random::new(11);
    let mut send = |text: &str, answer: &str| say(&mut socket, &random.id(), &conversation, text, answer);
    assert_eq!(send("去赌场", "ack").get("warning"), None);
    let reload = |list: &str, outcome: &str| {
        let name = format!("kefu_words_reloads_total{{outcome=\"{outcome}\"}}");
        let read = || {
            let text = server.call("GET", "/metrics", None, None).body;
            let line = text.lines().find_map(|line| line.strip_prefix(&name).map(str::to_owned));
            line.map_or(0.0, |count| count.trim().parse::<f64>().unwrap())
        };
        let before = read();
        fs::write(place.path().join("words.txt"), list).unwrap();
        server.signal("HUP");
        eventually("the list is read", || (read() > before).then_some(()));
    };
    reload("赌场\n笨蛋\twarn\n加微信\tmask\n", "read");
    assert_eq!(send("去赌场", "error")["code"], "rejected");
    assert_eq!(send("笨蛋", "ack")["warning"], "sensitive_words");
    assert_eq!(send("加微信", "ack")["warning"], "masked");
    reload("笨蛋\n赌场\tshout\n", "refused");
    assert_eq!(send("去赌场", "error")["code"], "rejected");
    assert_eq!(send("笨蛋", "ack")["warning"], "sensitive_words");
    assert!(place.log().contains("line 2"), "{}", place.log());
    server.stop();
}

#[test]
fn a_flag_and_a_repeat_outlive_a_kill() {
    let place = place_with("退款\tflag\n加微信\tmask\n");
    let server = place.start();
    let (token, conversation) = server.visitor();
    let open = |server: &Server| {
        let mut socket = Socket::open(server.address, &token).expect("a connection");
        socket.wait_for("hello");
        socket
    };
    let mut random = Random::new(12);
    let (id, text) = (random.id(), "退款, 加微信");
    let first = say(&mut open(&server), &id, &conversation, text, "ack");
    assert_eq!(first["warning"], "masked");
    server.kill();
    fs::write(place.path().join("words.txt"), "退款\n").unwrap();
    let server = place.start();
    assert_eq!(flagged(&server), [json!(["退款"])]);
    let again = say(&mut open(&server), &id, &conversation, text, "ack");
    assert_eq!(again["seq"], first["seq"]);
    assert_eq!(flagged(&server).len(), 1, "a repeat is no second flag");
    server.stop();
    place.check();
}
