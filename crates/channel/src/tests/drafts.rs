//! Files that are drafted from a captured message.

use proptest::prelude::*;

use super::load;
use crate::draft;

#[test]
fn a_draft_reads_the_message_that_it_was_made_from() {
    for (sample, expected) in [
        (
            r#"{"msgId":"m1","from":{"id":"u1","name":"李女士"},"chat_id":"c1","type":"txt","text":"你好","timestamp":1700000000}"#,
            [
                "external_id: \"= item.msgId\"",
                "thread: \"= item.chat_id\"",
                "id: \"= item.from.id\", name: \"= item.from.name\"",
                "at: \"= item.timestamp * 1000\"",
                "\"txt\": text",
            ],
        ),
        (
            r#"{"data":{"events":[{"event-id":7,"userId":"u","content":"a","sentAt":"2026-11-28T09:30:00Z"}]}}"#,
            [
                "each: \"= body.data.events\"",
                "external_id: \"= item['event-id']\"",
                "id: \"= item.userId\"",
                "at: \"= item.sentAt | date\"",
                "text: \"= item.content\"",
            ],
        ),
        (
            "<xml><FromUserName>o1</FromUserName><CreateTime>1700000000</CreateTime><MsgType>text</MsgType><Content>a</Content><MsgId>7</MsgId></xml>",
            [
                "format: xml",
                "external_id: \"= item.MsgId\"",
                "id: \"= item.FromUserName\"",
                "at: \"= item.CreateTime | int * 1000\"",
                "text: \"= item.Content\"",
            ],
        ),
        (
            "from=%2B86138&body=hello&message_id=1&to=2",
            [
                "format: form",
                "external_id: \"= item.message_id\"",
                "id: \"= item.from\"",
                "kind: text",
                "text: \"= item.body\"",
            ],
        ),
    ] {
        let yaml = draft("kik", sample.as_bytes()).unwrap();
        for line in expected {
            assert!(yaml.contains(line), "{line}\n{yaml}");
        }
        let channel = load(&yaml);
        assert!(channel.test().is_passed(), "{:?}\n{yaml}", channel.test());
    }
    for sample in ["", "{", "{}", "<a", "\u{1}"] {
        if let Ok(yaml) = draft("kik", sample.as_bytes()) {
            load(&yaml);
        }
    }
    assert!(draft("kik", b"{}").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn every_draft_loads(name in "\\PC{0,12}", value in "\\PC{0,12}", bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let sample = serde_json::json!({name.clone(): value, "list": [{name: 1}]}).to_string();
        for sample in [sample.as_bytes(), &bytes] {
            if let Ok(yaml) = draft("kik", sample) {
                load(&yaml);
            }
        }
    }
}
