use std::borrow::Cow;

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    frame::{ClientFrame, ErrorCode, Json, ParseError, Position, Resume, Scope, Send, SendKind, Watch},
    ws::CloseCode,
};

const CLIENT: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
const CONVERSATION: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002);

fn send() -> Value {
    json!({"type": "send", "client_id": CLIENT, "conversation_id": CONVERSATION, "kind": "text", "text": "hi"})
}

fn with(mut frame: Value, field: &str, value: Value) -> String {
    frame[field] = value;
    frame.to_string()
}

fn without(mut frame: Value, field: &str) -> String {
    frame.as_object_mut().unwrap().remove(field);
    frame.to_string()
}

fn refused(json: &str) -> ParseError {
    ClientFrame::parse(json).expect_err("the frame is wrong")
}

#[test]
fn a_plain_text_is_borrowed() {
    let json = send().to_string();
    let ClientFrame::Send(send) = ClientFrame::parse(&json).unwrap() else { panic!() };
    assert!(matches!(send.text, Cow::Borrowed("hi")));
}

#[test]
fn every_frame_of_the_contract() {
    let id = CONVERSATION;
    for (json, expected) in [
        (
            send(),
            ClientFrame::Send(Send {
                client_id: CLIENT,
                conversation_id: id,
                kind: SendKind::Text,
                text: "hi".into(),
                data: None,
                quote_seq: None,
            }),
        ),
        (
            json!({"type": "send", "client_id": CLIENT, "conversation_id": id, "kind": "card",
                   "data": {"title": "x"}, "quote_seq": 2}),
            ClientFrame::Send(Send {
                client_id: CLIENT,
                conversation_id: id,
                kind: SendKind::Card,
                text: "".into(),
                data: Some(Json::new(r#"{"title":"x"}"#)),
                quote_seq: Some(2),
            }),
        ),
        (
            json!({"type": "resume", "epoch": "e", "positions": [{"conversation_id": id, "seq": 3}]}),
            ClientFrame::Resume(Resume {
                epoch: "e".into(),
                positions: vec![Position { conversation_id: id, seq: 3 }],
            }),
        ),
        (
            json!({"type": "resume", "epoch": "e", "positions": []}),
            ClientFrame::Resume(Resume { epoch: "e".into(), positions: vec![] }),
        ),
        (
            json!({"type": "typing", "conversation_id": id, "on": true}),
            ClientFrame::Typing { conversation_id: id, on: true },
        ),
        (
            json!({"type": "read", "conversation_id": id, "seq": 9}),
            ClientFrame::Read { conversation_id: id, seq: 9 },
        ),
        (
            json!({"type": "watch", "scope": "conversation", "id": id}),
            ClientFrame::Watch(Watch { scope: Scope::Conversation, id: Some(id) }),
        ),
        (json!({"type": "watch", "scope": "all"}), ClientFrame::Watch(Watch { scope: Scope::All, id: None })),
        (
            json!({"type": "unwatch", "scope": "team", "id": null}),
            ClientFrame::Unwatch(Watch { scope: Scope::Team, id: None }),
        ),
        (json!({"type": "ping"}), ClientFrame::Ping),
        // Fields of other frames mean nothing here.
        (json!({"type": "ping", "seq": "x", "text": 5, "more": {"a": [1]}}), ClientFrame::Ping),
    ] {
        assert_eq!(ClientFrame::parse(&json.to_string()).unwrap(), expected, "{json}");
    }
}

#[test]
fn what_is_not_json_closes() {
    for json in ["", "hello", "{", "{\"type\":\"ping\"", "{\"type\":\"ping\"} x", "{'type':'ping'}", "\u{0}"]
    {
        let error = refused(json);
        assert_eq!((error.code, error.close), (ErrorCode::BadFrame, Some(CloseCode::BAD_FRAME)), "{json}");
    }
}

#[test]
fn what_is_no_object_or_of_unknown_type_is_answered() {
    for json in
        ["5", "null", "[]", "\"ping\"", "{}", r#"{"type":"dance"}"#, r#"{"type":null}"#, r#"{"type":7}"#]
    {
        let error = refused(json);
        assert_eq!((error.code, error.close), (ErrorCode::BadFrame, None), "{json}");
    }
    let error = refused(&with(send(), "type", "x".repeat(1000).into()));
    assert_eq!((error.client_id, error.field), (Some(CLIENT), Some("type")));
    assert!(error.message.len() < 120);
}

#[test]
fn a_wrong_field_is_named_and_the_message_too() {
    for (field, bad) in [
        ("conversation_id", json!("x")),
        ("conversation_id", json!(5)),
        ("kind", json!("sticker")),
        ("kind", json!(1)),
        ("text", json!(7)),
        ("text", json!("")),
        ("text", json!(" \n\t\u{3000}")),
    ] {
        let error = refused(&with(send(), field, bad.clone()));
        assert_eq!(error.code, ErrorCode::BadFrame, "{field}: {bad}");
        assert_eq!((error.client_id, error.field, error.close), (Some(CLIENT), Some(field), None));
    }
    for field in ["client_id", "conversation_id", "kind", "text"] {
        let error = refused(&without(send(), field));
        assert_eq!(error.field, Some(field));
        assert_eq!(error.client_id, (field != "client_id").then_some(CLIENT));
        assert_eq!(error.message, format!("{field} is missing"));
    }
    assert_eq!(refused(&with(send(), "client_id", json!("no"))).client_id, None);
    let watch = json!({"type": "watch", "scope": "conversation"});
    assert_eq!(refused(&watch.to_string()).field, Some("id"));
    let read = json!({"type": "read", "conversation_id": CONVERSATION, "seq": -1});
    assert_eq!(refused(&read.to_string()).field, Some("seq"));
}

#[test]
fn limits() {
    let longest = "\u{1F600}".repeat(16_384);
    assert!(ClientFrame::parse(&with(send(), "text", longest.as_str().into())).is_ok());
    let error = refused(&with(send(), "text", format!("{longest}.").into()));
    assert_eq!((error.code, error.client_id, error.field), (ErrorCode::TooLarge, Some(CLIENT), Some("text")));

    let resume = |count| {
        let position = json!({"conversation_id": CONVERSATION, "seq": 1});
        json!({"type": "resume", "epoch": "e", "positions": vec![position; count]}).to_string()
    };
    assert!(ClientFrame::parse(&resume(500)).is_ok());
    let error = refused(&resume(501));
    assert_eq!((error.code, error.field), (ErrorCode::TooLarge, Some("positions")));
}

#[test]
fn a_lone_surrogate_is_the_texts_fault_not_the_connections() {
    let json = send().to_string().replace("\"hi\"", r#""\ud83d""#);
    let error = refused(&json);
    assert_eq!((error.client_id, error.field, error.close), (Some(CLIENT), Some("text"), None));
}

#[test]
fn a_name_that_stands_twice_counts_as_it_stands_last() {
    let json = send().to_string().replace(r#""text":"hi""#, r#""text":"first","text":"last""#);
    let ClientFrame::Send(send) = ClientFrame::parse(&json).unwrap() else { panic!() };
    assert_eq!(send.text, "last");
}

#[test]
fn deep_nesting_neither_overflows_nor_closes() {
    let deep = format!(r#"{{"type":"ping","x":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(ClientFrame::parse(&deep).unwrap(), ClientFrame::Ping);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![".{1,50}", r#"["\\\n客a]{1,20}"#].prop_filter("blank", |text| !text.trim().is_empty())
}

fn frame() -> impl Strategy<Value = ClientFrame<'static>> {
    let id = || any::<u128>().prop_map(Uuid::from_u128);
    let watch = prop_oneof![
        id().prop_map(|id| Watch { scope: Scope::Conversation, id: Some(id) }),
        (select(vec![Scope::Team, Scope::All]), prop::option::of(id()))
            .prop_map(|(scope, id)| Watch { scope, id }),
    ];
    let position = (id(), any::<u64>()).prop_map(|(conversation_id, seq)| Position { conversation_id, seq });
    prop_oneof![
        (id(), id(), select(SendKind::ALL), text()).prop_map(|(client_id, conversation_id, kind, text)| {
            ClientFrame::Send(Send {
                client_id,
                conversation_id,
                kind,
                text: text.into(),
                data: None,
                quote_seq: None,
            })
        }),
        ("[^\u{0}]{0,20}", vec(position, 0..5)).prop_map(|(epoch, positions)| {
            ClientFrame::Resume(Resume { epoch: epoch.into(), positions })
        }),
        (id(), any::<bool>()).prop_map(|(conversation_id, on)| ClientFrame::Typing { conversation_id, on }),
        (id(), any::<u64>()).prop_map(|(conversation_id, seq)| ClientFrame::Read { conversation_id, seq }),
        watch.clone().prop_map(ClientFrame::Watch),
        watch.prop_map(ClientFrame::Unwatch),
        Just(ClientFrame::Ping),
    ]
}

proptest! {
    #[test]
    fn frames_are_read_back(frame in frame()) {
        let json = frame.to_json();
        prop_assert_eq!(ClientFrame::parse(&json).unwrap(), frame);
    }

    #[test]
    fn the_slow_way_agrees_with_the_fast_one(frame in frame()) {
        let json = frame.to_json();
        let slow = super::super::client::parse_by_fields(&json);
        prop_assert_eq!(slow, Ok(ClientFrame::parse(&json).unwrap()));
    }

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,80}", jsonish in r#"[{}\[\]",:a-z0-9\\ud-]{0,60}"#) {
        for json in [text, jsonish] {
            drop(ClientFrame::parse(&json));
        }
    }

    #[test]
    fn a_frame_cut_short_closes(frame in frame(), cut in any::<prop::sample::Index>()) {
        let json = frame.to_json();
        let cut = json.floor_char_boundary(cut.index(json.len()));
        prop_assert_eq!(refused(&json[..cut]).close, Some(CloseCode::BAD_FRAME));
    }
}
