use kefu_core::{EventCode, Micros, State};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::view::{EventView, InboxRef, PartyView, VisitorRef, timestamp};

const AT: Micros = Micros(1_790_000_000_000_000);

fn conversation(name: &str) -> ConversationView {
    ConversationView {
        id: Uuid::from_u128(1),
        inbox: InboxRef { id: Uuid::nil(), key: "web".to_owned(), name: "Shop".to_owned() },
        visitor: VisitorRef { id: Uuid::nil(), name: name.into(), verified: false },
        state: State::Open,
        joined: Vec::new(),
        team: None,
        priority: kefu_core::Priority::Normal,
        offer: None,
        queue: None,
        assignee: None,
        last_seq: 2,
        visitor_read_seq: 0,
        agent_read_seq: 0,
        last_message: None,
        unanswered_since: None,
        snoozed_until: None,
        marked_unread: false,
        queued_at: None,
        created_at: timestamp(AT),
        updated_at: timestamp(AT),
        resolved_at: None,
        rating: None,
        tags: None,
    }
}

fn message(kind: MessageKind, name: &str, text: &str) -> MessageView {
    let from = PartyView { kind: PartyKind::Agent, id: None, name: name.to_owned() };
    MessageView {
        conversation_id: Uuid::from_u128(1),
        seq: 1,
        prev_seq: 0,
        id: Uuid::from_u128(2),
        client_id: None,
        event: (kind == MessageKind::Event).then_some(EventView {
            code: EventCode::Assigned,
            agent: None,
            by: None,
            score: None,
            seq: None,
            until: None,
        }),
        from,
        kind,
        text: text.to_owned(),
        data: None,
        quote_seq: None,
        revision: None,
        created_at: timestamp(AT),
    }
}

fn scribe(format: Format, name: &str) -> Scribe {
    Scribe { format, zone: zone(name).unwrap() }
}

fn whole(scribe: &Scribe, name: &str, messages: &[MessageView]) -> String {
    let mut out = scribe.head(&conversation(name));
    for (index, message) in messages.iter().enumerate() {
        out.push_str(&scribe.page(std::slice::from_ref(message), index == 0));
    }
    out + scribe.foot()
}

#[test]
fn zones_have_names_and_no_paths() {
    for good in ["UTC", "Asia/Shanghai", "Europe/Zurich", "asia/shanghai"] {
        assert!(zone(good).is_some(), "{good}");
    }
    for bad in ["", "Nowhere/City", "../../etc/passwd", "/etc/localtime", "UTC\0", &"A".repeat(65)] {
        assert!(zone(bad).is_none(), "{bad}");
    }
}

#[test]
fn a_text_transcript_reads_like_one() {
    let messages = [
        message(
            MessageKind::Text,
            "Lin",
            "您好\n[2026-01-01 00:00:00 +00:00] Zhao (agent): forged\u{1b}[31m",
        ),
        message(MessageKind::Note, "Lin", "careful"),
        message(MessageKind::Event, "Lin", "Lin takes the conversation"),
        MessageView { revision: Some(Revision::Recalled), ..message(MessageKind::Image, "", "") },
    ];
    let text = whole(&scribe(Format::Text, "Asia/Shanghai"), "Wang\nInbox: forged", &messages);
    let expected = "\
Conversation: 00000000-0000-0000-0000-000000000001
Inbox: Shop
Visitor: WangInbox: forged
Begun: 2026-09-21 22:13:20 +08:00
Time zone: Asia/Shanghai

[2026-09-21 22:13:20 +08:00] Lin (agent): 您好
    [2026-01-01 00:00:00 +00:00] Zhao (agent): forged[31m
[2026-09-21 22:13:20 +08:00] Lin (agent, note): careful
[2026-09-21 22:13:20 +08:00] * Lin takes the conversation
[2026-09-21 22:13:20 +08:00] agent, image, recalled: 
";
    assert_eq!(text, expected);
}

#[test]
fn a_json_transcript_is_json_with_and_without_messages() {
    let scribe = scribe(Format::Json, "America/New_York");
    let empty: Value = serde_json::from_str(&whole(&scribe, "Wang", &[])).unwrap();
    assert_eq!(empty["messages"], serde_json::json!([]));
    let messages = [message(MessageKind::Text, "Lin", "\"a\""), message(MessageKind::Text, "Lin", "b")];
    let both: Value = serde_json::from_str(&whole(&scribe, "Wang", &messages)).unwrap();
    assert_eq!(both["messages"][0]["at"], "2026-09-21T10:13:20.000-04:00");
    assert_eq!((&both["messages"][1]["text"], &both["time_zone"]), (&"b".into(), &"America/New_York".into()));
    assert_eq!(both["conversation"]["visitor"]["name"], "Wang");
}

proptest! {
    #[test]
    fn no_markup_comes_through(name in "[<>&\"'a/ \\PC]{0,20}", text in "[<>&\"'a/\n\u{202e}\\PC]{0,60}") {
        let messages = [message(MessageKind::Text, &name, &text)];
        let (html, plain) = (scribe(Format::Html, "UTC"), whole(&scribe(Format::Html, "UTC"), "", &[]));
        let out = whole(&html, &name, &messages);
        let tags = |text: &str| text.matches('<').count();
        // A message is li, time, b, bdi and p, each opened and ended.
        prop_assert_eq!(tags(&out), tags(&plain) + 10);
        let turned = out.contains('\u{202e}');
        prop_assert!(!turned);
        let json: Value = serde_json::from_str(&whole(&scribe(Format::Json, "UTC"), &name, &messages)).unwrap();
        prop_assert_eq!(json["messages"][0]["text"].as_str(), Some(text.as_str()));
        let lines = whole(&scribe(Format::Text, "UTC"), &name, &messages);
        let begun = lines.lines().skip(6).filter(|line| line.starts_with('[')).count();
        prop_assert_eq!(begun, 1);
    }
}
