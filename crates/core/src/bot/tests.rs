use proptest::prelude::*;

use super::*;
use crate::{Conversation, Entry, EventCode, InboxKey, MessageKind, Principal, Revision, State, VisitorKey};

fn bot(json: &str) -> BotSettings {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_person_is_one_word_away_however_it_is_written() {
    let bot = bot(r#"{"name":"Xiao K","handover_words":["Service Desk"]}"#);
    for text in [
        "人工",
        " 人 工 ",
        "我要转人工！",
        "人工客服在吗",
        "找真人",
        "AGENT",
        "ＡＧＥＮＴ",
        "an agent, please",
        "service  DESK",
        "hello\nHuman?",
        "请找 agent 谢谢",
        "Operator.",
    ] {
        assert!(bot.wants_person(text), "{text}");
    }
    for text in ["", "退款", "agents", "reagent", "humanity", "the service was good", "工人"] {
        assert!(!bot.wants_person(text), "{text}");
    }
    assert!(
        !bot.wants_person(&format!("{}agent", "x ".repeat(READ_CHARS))),
        "only the beginning is looked at"
    );
}

#[test]
fn the_first_rule_that_fits_answers() {
    let bot = bot(r#"{"name":"K","rules":[
        {"keywords":["hi","你好"],"exact":true,"reply":"hello"},
        {"keywords":["退款","refund"],"reply":"3 days"},
        {"keywords":["退款多久"],"reply":"never reached"}]}"#);
    for (text, reply) in [
        ("HI!", Some("hello")),
        ("你好。", Some("hello")),
        ("hi there", None),
        ("where is it\nhi", Some("hello")),
        ("退 款多久到", Some("3 days")),
        ("my refund?", Some("3 days")),
        ("refunds", None),
        ("", None),
    ] {
        assert_eq!(bot.reply_to(text), reply, "{text}");
    }
}

#[test]
fn settings_name_what_is_wrong() {
    assert_eq!(bot(r#"{"name":"K"}"#).check(), Ok(()));
    for (text, field) in [
        (r#"{"name":" "}"#, "bot.name"),
        (r#"{"name":"K","rules":[{"keywords":[],"reply":"x"}]}"#, "bot.rules"),
        (r#"{"name":"K","rules":[{"keywords":["…"],"reply":"x"}]}"#, "bot.rules"),
        (r#"{"name":"K","rules":[{"keywords":["a"],"reply":" "}]}"#, "bot.rules"),
        (r#"{"name":"K","handover_words":[""]}"#, "bot.handover_words"),
        (r#"{"name":"K","handover_after":0}"#, "bot.handover_after"),
        (r#"{"name":"K","timeout_ms":99}"#, "bot.timeout_ms"),
    ] {
        assert_eq!(bot(text).check().unwrap_err().field(), field, "{text}");
    }
    let long = BotSettings { greeting: "好".repeat(REPLY_CHARS_MAX + 1), ..bot(r#"{"name":"K"}"#) };
    assert_eq!(long.check().unwrap_err().field(), "bot.greeting");
    assert!(serde_json::from_str::<BotSettings>(r#"{"name":"K","rule":[]}"#).is_err());
}

#[test]
fn messages_without_an_answer_are_one_question_in_the_time_of_the_first() {
    let (key, mut bots) = (ConversationKey(1), Bots::default());
    bots.asked(key, "where", 1, Micros(10));
    let question = bots.asked(key, "is it", 2, Micros(20));
    assert_eq!(question, Question { text: "where\nis it".into(), pos: 2, until: Micros(10) });
    assert_eq!(bots.tick(Micros(9)), []);
    assert_eq!(bots.tick(Micros(10)), [key]);
    assert_eq!(bots.tick(Micros(11)), [], "not at once again");
    assert_eq!(bots.tick(Micros(11 + RETRY_US)), [key], "but in time");
    bots.answered(key);
    assert_eq!((bots.next_deadline(), bots.missed(key), bots.missed(key)), (None, 1, 2));
    bots.leave(key);
    assert_eq!(bots.missed(key), 1, "nothing is left");
    let long = bots.asked(key, &"x".repeat(READ_CHARS * 2), 3, Micros(30));
    assert_eq!(long.text.len(), READ_CHARS);
    assert_eq!(bots.asked(key, "short", 4, Micros(30)).text, "short", "what is latest counts");
}

fn entry(sender: Principal, kind: MessageKind, now: Micros) -> Entry {
    Entry {
        pos: 0,
        conversation: ConversationKey(1),
        seq: 0,
        prev_pos: 0,
        prev_public_seq: 0,
        id: uuid::Uuid::nil(),
        client_id: None,
        sender,
        kind,
        text: String::new(),
        event: None,
        data: None,
        quote_seq: None,
        revision: Revision::Intact,
        created_at: now,
    }
}

proptest! {
    #[test]
    fn folding_twice_is_folding_once(text in "[ -~　人工Ａａ\u{200B}\n]{0,40}") {
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
    }

    /// A bot that answers in time, too late or never, whose answers may be stale: every visitor message of a bot
    /// conversation is answered by the bot or the conversation is queued by the deadline.
    #[test]
    fn every_message_is_answered_or_queued_in_time(
        steps in proptest::collection::vec((0..5_u8, 1..900_i64), 1..80),
    ) {
        const TIMEOUT: i64 = 1000;
        let (key, visitor) = (ConversationKey(1), Principal::Visitor(VisitorKey(1)));
        let mut head = Conversation::new(key, uuid::Uuid::nil(), InboxKey(1), VisitorKey(1), Micros(0));
        let (mut bots, mut now, mut pos) = (Bots::default(), Micros(0), 0);
        let mut asked: Vec<Question> = Vec::new();
        // When the first message that has no answer came.
        let mut waits_since = None;
        prop_assert!(head.meet_bot());
        for (step, wait) in steps {
            now = now.plus(wait);
            for due in bots.tick(now) {
                prop_assert_eq!(due, key);
                prop_assert_eq!(head.hand_over(now).unwrap().code, EventCode::Queued);
                bots.leave(key);
            }
            if !head.is_with_bot() {
                break;
            }
            prop_assert!(waits_since.is_none_or(|since: Micros| now < since.plus(TIMEOUT)));
            pos += 1;
            match step {
                0 | 1 => {
                    head.append(&mut entry(visitor, MessageKind::Text, now), pos);
                    asked.push(bots.asked(key, "?", pos, now.plus(TIMEOUT)));
                    waits_since.get_or_insert(now);
                }
                2 => {
                    // The answer to any question comes.
                    let Some(question) = asked.pop() else { continue };
                    if head.last_public_message_pos == question.pos {
                        head.append(&mut entry(Principal::Bot, MessageKind::Text, now), pos);
                        bots.answered(key);
                        waits_since = None;
                    }
                }
                3 => head.append(&mut entry(Principal::System, MessageKind::Event, now), pos),
                _ => {}
            }
        }
        let late = now.plus(TIMEOUT);
        prop_assert_eq!(bots.tick(late).len(), usize::from(head.is_with_bot() && waits_since.is_some()));
        prop_assert!(head.is_with_bot() || head.state == State::Queued);
    }
}
