use std::{borrow::Cow, ops::ControlFlow};

use proptest::{prelude::*, sample::select};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    frame::{
        Ack, Change, Conversation, Error, ErrorCode, Event, EventCode, Head, Hello, Json, Message,
        MessageKind, Name, Party, PartyKind, Presence, Read, Reset, Revision, Scope, ServerFrame, Status,
        Timestamp, Typing, Watching,
    },
    ws::{Incoming, Reader, Role},
};

const ID: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
const UUID: &str = "01900000-0000-7000-8000-000000000001";

fn ann() -> Party<'static> {
    Party { kind: PartyKind::Agent, id: Some(ID), name: "Ann".into() }
}

fn message() -> Message<'static> {
    Message {
        conversation_id: ID,
        seq: 7,
        prev_seq: 5,
        id: ID,
        client_id: None,
        from: ann(),
        kind: MessageKind::Text,
        text: "您好 \"x\"".into(),
        event: None,
        data: None,
        quote_seq: None,
        revision: None,
        created_at: Timestamp::from_micros(1_000_000),
    }
}

/// Each frame beside its text, with the id put in.
fn examples() -> Vec<(ServerFrame<'static>, &'static str)> {
    let conversation = RawValue::from_string(r#"{"id": 1}"#.into()).expect("this is JSON");
    let event = Event {
        code: EventCode::Transferred,
        agent: Some(Name { id: ID, name: "Bo".into() }),
        by: Some(ann()),
        score: None,
        seq: None,
        until: None,
    };
    vec![
        (
            ServerFrame::Hello(Hello {
                epoch: "e1".into(),
                connection_id: ID,
                heartbeat_s: 25,
                principal: ann(),
                conversations: vec![Head { id: ID, last_seq: 4 }],
            }),
            r#"{"type":"hello","epoch":"e1","connection_id":"ID","heartbeat_s":25,"principal":{"kind":"agent","id":"ID","name":"Ann"},"conversations":[{"id":"ID","last_seq":4}]}"#,
        ),
        (
            ServerFrame::Ack(Ack {
                client_id: ID,
                conversation_id: ID,
                seq: 2,
                prev_seq: Some(1),
                id: ID,
                created_at: Timestamp::from_micros(0),
                warning: None,
            }),
            r#"{"type":"ack","client_id":"ID","conversation_id":"ID","seq":2,"prev_seq":1,"id":"ID","created_at":"1970-01-01T00:00:00.000Z"}"#,
        ),
        (
            ServerFrame::Error(Error {
                client_id: None,
                conversation_id: Some(ID),
                code: ErrorCode::NotFound,
                message: "no such conversation".into(),
                field: None,
                retry_after_ms: None,
            }),
            r#"{"type":"error","conversation_id":"ID","code":"not_found","message":"no such conversation"}"#,
        ),
        (
            ServerFrame::Message(message()),
            r#"{"type":"message","conversation_id":"ID","seq":7,"prev_seq":5,"id":"ID","client_id":null,"from":{"kind":"agent","id":"ID","name":"Ann"},"kind":"text","text":"您好 \"x\"","created_at":"1970-01-01T00:00:01.000Z"}"#,
        ),
        (
            ServerFrame::Message(Message {
                kind: MessageKind::Event,
                text: "handed to Bo".into(),
                event: Some(event),
                ..message()
            }),
            r#"{"type":"message","conversation_id":"ID","seq":7,"prev_seq":5,"id":"ID","client_id":null,"from":{"kind":"agent","id":"ID","name":"Ann"},"kind":"event","text":"handed to Bo","event":{"code":"transferred","agent":{"id":"ID","name":"Bo"},"by":{"kind":"agent","id":"ID","name":"Ann"}},"created_at":"1970-01-01T00:00:01.000Z"}"#,
        ),
        (
            ServerFrame::Message(Message {
                kind: MessageKind::Location,
                data: Some(Json::new(r#"{"latitude":1.5}"#)),
                quote_seq: Some(3),
                revision: Some(Revision::Edited),
                ..message()
            }),
            r#"{"type":"message","conversation_id":"ID","seq":7,"prev_seq":5,"id":"ID","client_id":null,"from":{"kind":"agent","id":"ID","name":"Ann"},"kind":"location","text":"您好 \"x\"","data":{"latitude":1.5},"quote_seq":3,"revision":"edited","created_at":"1970-01-01T00:00:01.000Z"}"#,
        ),
        (ServerFrame::Resumed, r#"{"type":"resumed"}"#),
        (
            ServerFrame::Reset(Reset { epoch: "e2".into(), conversation_id: None }),
            r#"{"type":"reset","epoch":"e2"}"#,
        ),
        (
            ServerFrame::Watching(Watching { scope: Scope::Conversation, id: Some(ID), last_seq: Some(3) }),
            r#"{"type":"watching","scope":"conversation","id":"ID","last_seq":3}"#,
        ),
        (
            ServerFrame::Typing(Typing { conversation_id: ID, from: ann(), on: false }),
            r#"{"type":"typing","conversation_id":"ID","from":{"kind":"agent","id":"ID","name":"Ann"},"on":false}"#,
        ),
        (
            ServerFrame::Read(Read { conversation_id: ID, from: ann(), seq: 8 }),
            r#"{"type":"read","conversation_id":"ID","from":{"kind":"agent","id":"ID","name":"Ann"},"seq":8}"#,
        ),
        (
            ServerFrame::Presence(Presence {
                from: ann(),
                status: Status::Away,
                reason: Some("meal".into()),
                since: Some(Timestamp::from_micros(1_764_000_000_000_000)),
            }),
            r#"{"type":"presence","from":{"kind":"agent","id":"ID","name":"Ann"},"status":"away","reason":"meal","since":"2025-11-24T16:00:00.000Z"}"#,
        ),
        (
            ServerFrame::Conversation(Conversation {
                change: Change::Assigned,
                conversation: Cow::Owned(conversation),
            }),
            r#"{"type":"conversation","change":"assigned","conversation":{"id": 1}}"#,
        ),
        (ServerFrame::Pong, r#"{"type":"pong"}"#),
        (ServerFrame::Restart { retry_after_ms: 1500 }, r#"{"type":"restart","retry_after_ms":1500}"#),
    ]
}

#[test]
fn every_frame_of_the_contract() {
    for (frame, expected) in examples() {
        let expected = expected.replace("ID", UUID);
        assert_eq!(frame.to_json(), expected);
        let again = ServerFrame::parse(&expected).unwrap().expect("the type is known");
        assert_eq!(again.to_json(), expected);
    }
}

#[test]
fn an_encoded_frame_is_the_json_in_a_text_frame() {
    for (frame, _) in examples() {
        let mut bytes = frame.encode().to_vec();
        let mut texts = Vec::new();
        let flow = Reader::new(Role::Client, 1 << 16).feed::<()>(&mut bytes, |incoming| {
            let Incoming::Text(text) = incoming else { panic!("{incoming:?}") };
            texts.push(text.into_owned());
            ControlFlow::Continue(())
        });
        assert_eq!(flow, Ok(ControlFlow::Continue(())));
        assert_eq!(texts, [frame.to_json()]);
    }
}

#[test]
fn additions_are_skipped() {
    assert!(ServerFrame::parse(r#"{"type":"sticker","x":1}"#).unwrap().is_none());
    let reset = ServerFrame::parse(r#"{"type":"reset","epoch":"e","new":true}"#).unwrap();
    assert!(matches!(reset, Some(ServerFrame::Reset(Reset { conversation_id: None, .. }))));
    assert!(ServerFrame::parse(r#"{"type":"ack"}"#).is_err());
    assert!(ServerFrame::parse("nonsense").is_err());
}

#[test]
fn words_are_read_as_they_are_written() {
    for code in ErrorCode::ALL {
        assert_eq!(ErrorCode::from_word(code.as_str()), Some(*code));
        assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{code}\""));
    }
    assert_eq!(Status::from_word("asleep"), None);
    assert_eq!(format!("{:>8}", Status::Busy), "    busy");
}

proptest! {
    #[test]
    fn messages_are_read_back(
        ids: [u128; 4],
        has_client_id: bool,
        seq: u64,
        prev_seq: u64,
        kind in select(PartyKind::ALL),
        name in ".{0,20}",
        text in ".{0,80}",
        micros in 0..4_000_000_000_000_000_i64,
    ) {
        let [conversation_id, id, client_id, from] = ids.map(Uuid::from_u128);
        let message = Message {
            conversation_id,
            seq,
            prev_seq,
            id,
            client_id: has_client_id.then_some(client_id),
            from: Party { kind, id: Some(from), name: name.into() },
            kind: MessageKind::Text,
            text: text.into(),
            event: None,
        data: None,
        quote_seq: None,
        revision: None,
            created_at: Timestamp::from_micros(micros / 1000 * 1000),
        };
        let json = ServerFrame::Message(message.clone()).to_json();
        let Some(ServerFrame::Message(read)) = ServerFrame::parse(&json).unwrap() else { panic!("{json}") };
        prop_assert_eq!(read, message);
    }
}
