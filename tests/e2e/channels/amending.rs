//! Messages that an agent changes or takes back, and what their service is told of it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};

use super::HOSTS;
use crate::support::{
    random::{Random, eventually},
    server::Place,
    vendor::{Asked, Connected, Desk, Said, Vendor, now_ms, says, usual},
};

/// A message of an agent in a conversation: where REST has it.
fn place_of(conversation: &str, seq: &Value) -> String {
    format!("/api/v1/conversations/{conversation}/messages/{seq}")
}

/// Waits until the service has heard all that there is to tell of a message, and says what is known of it then.
fn settled(desk: &Desk<'_>, conversation: &str, seq: &Value) -> Value {
    eventually("what became of a message", || {
        let sends = desk.channel(conversation)["sends"].as_array().unwrap().clone();
        let send = sends.into_iter().find(|send| send["seq"] == *seq)?;
        (send["state"] != "changing" && send["state"] != "waiting").then_some(send)
    })
}

/// A service that has messages: its file, its values, a customer's message, and what it must be asked then.
struct Service {
    file: &'static str,
    secrets: Value,
    settings: Value,
    posts: Value,
    /// Path of the request for a change, and a part of its body.
    edit: (&'static str, &'static str, Value),
    recall: &'static str,
}

fn services() -> Vec<Service> {
    let s = now_ms() / 1_000;
    vec![
        Service {
            file: "telegram",
            secrets: json!({"bot_token": "123:abc", "webhook_secret": "w1"}),
            settings: json!({}),
            posts: json!({"update_id": 1, "message": {
                "message_id": 5, "date": s, "chat": {"id": 99, "type": "private"},
                "from": {"id": 99, "first_name": "Wang"}, "text": "hello",
            }}),
            edit: ("/bot123:abc/editMessageText", "/message_id", json!(7)),
            recall: "/bot123:abc/deleteMessage",
        },
        Service {
            file: "slack",
            secrets: json!({"signing_secret": "s1", "bot_token": "xoxb-1"}),
            settings: json!({}),
            posts: json!({"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": {
                "type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "text": "hello",
                "ts": "1531420618.000200",
            }}),
            edit: ("/api/chat.update", "/ts", json!("1.1")),
            recall: "/api/chat.delete",
        },
        Service {
            file: "feishu",
            secrets: json!({"app_secret": "s", "encrypt_key": "test key", "verification_token": "v1"}),
            settings: json!({"app_id": "cli_1"}),
            posts: json!({
                "schema": "2.0", "header": {"event_id": "e1", "event_type": "im.message.receive_v1", "token": "v1"},
                "event": {
                    "sender": {"sender_id": {"open_id": "ou_1"}, "sender_type": "user"},
                    "message": {
                        "message_id": "om_1", "chat_id": "oc_1", "create_time": format!("{s}000"),
                        "message_type": "text", "content": json!({"text": "hello"}).to_string(),
                    },
                },
            }),
            edit: ("/open-apis/im/v1/messages/om_sent", "/content", json!("{\"text\":\"second\"}")),
            recall: "/open-apis/im/v1/messages/om_sent",
        },
    ]
}

/// As usual, and what is changed or taken back is so.
fn takes_changes(asked: &Asked) -> Said {
    match asked.path.as_str() {
        path if path.starts_with("/open-apis/im/v1/messages/") => says(&json!({"code": 0})),
        _ => usual(asked),
    }
}

#[test]
fn a_service_that_can_is_told_of_changes_and_recalls() {
    for service in services() {
        let vendor = Vendor::with(takes_changes);
        let place = Place::with(&vendor.settings(&HOSTS));
        let server = place.start();
        let desk = Desk { server: &server, admin: server.sign_in() };
        let channel = Connected::to(&server, &desk.admin, service.file, &service.secrets, &service.settings);
        channel.post(&server, &service.posts.to_string());
        let conversation = desk.conversation("hello");
        let said = desk.say(&conversation, &Random::new(1).id(), "first").expect(201);
        let state = desk.all_are(&conversation, "sent");
        assert_eq!((&state["channel"]["edits"], &state["channel"]["recalls"]), (&json!(true), &json!(true)));
        let own = place_of(&conversation, &said["seq"]);
        let before = vendor.asked().len();
        let text = json!({"text": "second"});
        assert_eq!(server.call("PATCH", &own, Some(&desk.admin), Some(&text)).status, 204);
        assert_eq!(settled(&desk, &conversation, &said["seq"])["state"], "sent", "{}", service.file);
        let (path, pointer, value) = &service.edit;
        let edits = vendor.asked().split_off(before);
        assert_eq!(edits.len(), 1, "{}: {edits:?}", service.file);
        assert!(edits[0].path.starts_with(path) && edits[0].text().contains("second"), "{:?}", edits[0]);
        assert_eq!(edits[0].json().pointer(pointer), Some(value), "{}", edits[0].text());
        assert_eq!(server.call("DELETE", &own, Some(&desk.admin), None).status, 204);
        assert_eq!(settled(&desk, &conversation, &said["seq"])["state"], "sent", "{}", service.file);
        let recalls = vendor.asked().split_off(before + 1);
        assert_eq!(recalls.len(), 1, "{}: {recalls:?}", service.file);
        assert!(recalls[0].path.starts_with(service.recall), "{:?}", recalls[0]);
        server.stop();
        place.check();
    }
}

#[test]
fn what_a_service_cannot_change_is_told_to_the_agent() {
    let vendor = Vendor::start();
    let place = Place::with(&vendor.settings(&HOSTS));
    let server = place.start();
    let desk = Desk { server: &server, admin: server.sign_in() };
    let (secrets, settings) = (json!({"token": "t", "app_secret": "s"}), json!({"app_id": "wx1"}));
    let channel = Connected::to(&server, &desk.admin, "wechat", &secrets, &settings);
    let s = now_ms() / 1_000;
    channel.post(
        &server,
        &format!(
            "<xml><FromUserName>o1</FromUserName><CreateTime>{s}</CreateTime><MsgType>text</MsgType>\
             <Content>hello</Content><MsgId>1</MsgId></xml>"
        ),
    );
    let conversation = desk.conversation("hello");
    let said = desk.say(&conversation, &Random::new(1).id(), "first").expect(201);
    let state = desk.all_are(&conversation, "sent");
    assert_eq!((&state["channel"]["edits"], &state["channel"]["recalls"]), (&json!(false), &json!(false)));
    let asked = vendor.asked().len();
    assert_eq!(
        server.call("DELETE", &place_of(&conversation, &said["seq"]), Some(&desk.admin), None).status,
        204
    );
    let send = settled(&desk, &conversation, &said["seq"]);
    assert_eq!(send["state"], "outdated", "{send}");
    assert!(send["error"].as_str().unwrap().contains("cannot take back"), "{send}");
    assert_eq!(vendor.asked().len(), asked, "nothing is asked");
    // What follows goes out nevertheless.
    desk.say(&conversation, &Random::new(2).id(), "next").expect(201);
    eventually("the next one", || (vendor.asked_at("/cgi-bin/message/custom/send").len() == 2).then_some(()));
    server.stop();
}

#[test]
fn a_change_before_the_message_is_there_needs_no_telling_and_a_recall_sends_nothing() {
    let is_busy = Arc::new(AtomicBool::new(true));
    let busy = Arc::clone(&is_busy);
    let vendor = Vendor::with(move |asked| match busy.load(Ordering::Relaxed) {
        true => Said { status: 503, headers: vec![("retry-after", "1".to_owned())], body: Vec::new() },
        false => usual(asked),
    });
    let place = Place::with(&vendor.settings(&HOSTS));
    let server = place.start();
    let desk = Desk { server: &server, admin: server.sign_in() };
    let service = services().remove(0);
    let channel = Connected::to(&server, &desk.admin, service.file, &service.secrets, &service.settings);
    channel.post(&server, &service.posts.to_string());
    let conversation = desk.conversation("hello");
    let mut random = Random::new(3);
    let first = desk.say(&conversation, &random.id(), "first").expect(201);
    let second = desk.say(&conversation, &random.id(), "second").expect(201);
    eventually("a try", || (!vendor.asked_at("/bot123:abc/sendMessage").is_empty()).then_some(()));
    let edited = json!({"text": "first, and better"});
    let path = place_of(&conversation, &first["seq"]);
    assert_eq!(server.call("PATCH", &path, Some(&desk.admin), Some(&edited)).status, 204);
    let path = place_of(&conversation, &second["seq"]);
    assert_eq!(server.call("DELETE", &path, Some(&desk.admin), None).status, 204);
    is_busy.store(false, Ordering::Relaxed);
    let sends = eventually("all of it", || {
        let sends = desk.channel(&conversation)["sends"].as_array().unwrap().clone();
        (sends.len() == 1 && sends[0]["state"] == "sent").then_some(sends)
    });
    assert_eq!(sends[0]["seq"], first["seq"]);
    let last = vendor.asked_at("/bot123:abc/sendMessage").pop().unwrap();
    assert_eq!(last.json()["text"], "first, and better");
    assert!(vendor.asked().iter().all(|asked| !asked.text().contains("second")));
    server.stop();
    place.check();
}
