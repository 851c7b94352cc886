//! The bot answers first, and whatever becomes of it a person is there in time.

use kefu_core::{ArticleState, Language, Permission, Principal};
use kefu_store::{Article, ArticleText, Batch, KnowledgeChange, RecordSet};
use serde_json::json;

use super::{super::batch::draft, *};
use crate::desk::api::{BotAnswer, BotOutcome};

impl Office {
    async fn bot(&self, bot: Value) {
        self.settle(json!({"bot": bot})).await;
    }

    /// Publishes an article for all inboxes.
    async fn article(&self, title: &str, body: &str) -> Uuid {
        let now = clock::now();
        let (id, text) = (Uuid::from_u128(77), (title.to_owned(), body.to_owned()));
        let text = ArticleText { version: 1, title: text.0, body: text.1, author: None, created_at: now };
        let article = Article {
            id,
            slug: "refund".into(),
            category: None,
            inboxes: Vec::new(),
            state: ArticleState::Published,
            pinned: false,
            texts: [(Language::Zh, text)].into(),
            uses: 0,
            helped: 0,
            failed: 0,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let changes = vec![kefu_store::Change::Knowledge(KnowledgeChange::Add(article))];
        self.desk.record(RecordSet { changes, audit: Vec::new() }).await.unwrap();
        id
    }

    /// What a conversation's log says: texts, and codes of events with who did it.
    async fn log(&self, who: &Identity, conversation: Uuid) -> Vec<(String, String)> {
        let range = Range::After { seq: 0, limit: 100 };
        let (page, _) = self.desk.messages(who, conversation, range).await.unwrap();
        let line = |message: crate::view::MessageView| {
            let from = serde_json::to_value(message.from.kind).unwrap();
            let what = message.event.map_or(message.text, |event| event.code.as_str().to_owned());
            (from.as_str().unwrap().to_owned(), what)
        };
        page.into_iter().map(line).collect()
    }
}

fn lines(log: &[(String, String)]) -> Vec<(&str, &str)> {
    log.iter().map(|(from, what)| (&**from, &**what)).collect()
}

async fn live(office: &Office, who: &Identity) -> Line {
    let line = office.line(who).await;
    line.resume(&[]).await;
    line.until("resumed").await;
    line
}

fn rules() -> Value {
    // So long that a slow disk hands nothing over.
    json!({"name": "Xiao K", "greeting": "I am a bot.", "timeout_ms": 30_000,
        "rules": [{"keywords": ["退款", "refund"], "reply": "3 days"}]})
}

#[tokio::test]
async fn the_bot_answers_by_its_rules_and_one_word_reaches_a_person() {
    let office = Office::open().await;
    office.bot(rules()).await;
    let lin = office.agent("lin", Role::Agent, 3).await;
    let desk_line = live(&office, &lin).await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    let line = live(&office, &visitor).await;
    line.send(id, 1, "退 款 多久?").await;
    let greeting = line.next("message").await;
    assert_eq!((greeting["seq"].as_u64(), greeting["from"]["name"].as_str()), (Some(1), Some("Xiao K")));
    assert_eq!(greeting["from"]["kind"], "bot");
    assert_eq!(line.next("ack").await["seq"], 2);
    let answer = line.next("message").await;
    assert_eq!((answer["text"].as_str(), answer["from"]["name"].as_str()), (Some("3 days"), Some("Xiao K")));
    let view = office.desk.conversation(&visitor, id).await.unwrap();
    assert_eq!((view.state, view.assignee.is_none(), view.queue.is_none()), (State::Open, true, true));
    assert!(office.desk.conversation(&lin, id).await.is_err(), "it is not for agents yet");
    line.send(id, 2, "转 人工！").await;
    assert_eq!(desk_line.hint("assigned").await["id"], id.to_string());
    let view = office.desk.conversation(&lin, id).await.unwrap();
    assert_eq!(view.assignee.unwrap().id, lin.id);
    let log = office.log(&visitor, id).await;
    let expected = [
        ("bot", "I am a bot."),
        ("visitor", "退 款 多久?"),
        ("bot", "3 days"),
        ("visitor", "转 人工！"),
        ("visitor", "handed_over"),
        ("system", "queued"),
        ("system", "assigned"),
    ];
    assert_eq!(lines(&log), expected);
    line.send(id, 3, "refund").await;
    desk_line.next("message").await;
    assert_eq!(office.log(&visitor, id).await.len(), 8, "the bot is out of it");
}

#[tokio::test]
async fn a_first_message_that_asks_for_a_person_never_meets_the_bot() {
    let office = Office::open().await;
    office.bot(rules()).await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("Human, please")).await.unwrap();
    let log = office.log(&visitor, id).await;
    let expected = [("visitor", "Human, please"), ("visitor", "handed_over"), ("system", "queued")];
    assert_eq!(lines(&log), expected);
}

#[tokio::test]
async fn articles_answer_and_after_enough_misses_a_person_is_asked() {
    let office = Office::open().await;
    let article = office.article("申请退款", "在**订单**页点退款。").await;
    office
        .bot(json!({"name": "K", "articles": true, "handover_after": 2, "fallback": "Sorry?",
            "timeout_ms": 30_000}))
        .await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    let line = live(&office, &visitor).await;
    line.send(id, 1, "请问怎么申请退款呢").await;
    assert_eq!(line.next("message").await["text"], "申请退款\n\n在订单页点退款。");
    assert_eq!(office.desk.store.article(article).await.unwrap().unwrap().uses, 1);
    line.send(id, 2, "天气怎么样").await;
    assert_eq!(line.next("message").await["text"], "Sorry?");
    line.send(id, 3, "where is my cat").await;
    let over = line.next("message").await;
    assert_eq!((&over["event"]["code"], &over["from"]["kind"]), (&json!("handed_over"), &json!("bot")));
    assert_eq!(line.next("message").await["event"]["code"], "queued");
    assert!(line.hint("queued").await["queue"]["position"] == 1);
}

#[tokio::test]
async fn a_bot_that_cannot_answer_loses_the_conversation_in_time() {
    let office = Office::open().await;
    office.bot(rules()).await;
    let busy = Arc::clone(&office.desk.shared.bot_places);
    let _all = busy.acquire_many_owned(super::super::bot::DECISIONS_MAX as u32).await.unwrap();
    let (visitor, opened) = office.visitor(1).await;
    let line = live(&office, &visitor).await;
    line.send(opened.conversation_id, 1, "refund").await;
    line.next("ack").await;
    // An answer to another message is none to this one.
    let head = office.desk.head(&visitor, opened.conversation_id, kefu_core::Action::Read).await.unwrap();
    let (conversation, pos) = (head.key, head.last_public_message_pos);
    let says = |text: &str, pos| {
        let outcome = BotOutcome::Says { text: text.into(), article: None };
        office.desk.post(Command::Bot(BotAnswer { conversation, pos, outcome }))
    };
    says("stale", pos - 1).await;
    let queued = line.hint("queued").await;
    assert_eq!(queued["state"], "queued");
    // Nor is one that comes when a person has to answer.
    says("late", pos).await;
    let log = office.log(&visitor, opened.conversation_id).await;
    assert_eq!(lines(&log)[2..], [("system", "handed_over"), ("system", "queued")]);
}

#[tokio::test]
async fn without_its_bot_a_conversation_goes_on_with_a_person() {
    let office = Office::open().await;
    office.bot(rules()).await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    let line = live(&office, &visitor).await;
    line.send(id, 1, "refund").await;
    while line.next("message").await["text"] != "3 days" {}
    office.settle(json!({})).await;
    line.send(id, 2, "refund").await;
    assert_eq!(line.hint("queued").await["state"], "queued");
    let log = office.log(&visitor, id).await;
    assert_eq!(lines(&log)[3..], [("visitor", "refund"), ("system", "handed_over"), ("system", "queued")]);
}

#[tokio::test]
async fn who_sees_all_conversations_takes_one_from_the_bot() {
    let office = Office::open().await;
    office.bot(rules()).await;
    let boss = office.agent("boss", Role::Supervisor, 5).await;
    assert!(boss.may(Permission::AllConversations));
    let take = async |number: u8, act: Option<Act>| {
        let (visitor, opened) = office.visitor(number).await;
        let id = opened.conversation_id;
        let line = live(&office, &visitor).await;
        line.send(id, 1, "refund").await;
        while line.next("message").await["text"] != "3 days" {}
        match act {
            Some(act) => drop(office.desk.act(&boss, id, act).await.unwrap()),
            None => drop(office.desk.send(&boss, id, Uuid::from_u128(9), text("I am here")).await.unwrap()),
        }
        let view = office.desk.conversation(&boss, id).await.unwrap();
        assert_eq!(view.assignee.map(|agent| agent.id), Some(boss.id));
        let log = office.log(&boss, id).await;
        log[log.len() - 2..].iter().map(|(_, what)| what.clone()).collect::<Vec<_>>()
    };
    assert_eq!(take(1, Some(Act::Accept)).await, ["handed_over", "assigned"]);
    assert_eq!(take(2, Some(Act::TakeOver)).await, ["handed_over", "taken_over"]);
    assert_eq!(take(3, None).await, ["handed_over", "assigned"]);
}

#[tokio::test]
async fn a_bot_conversation_ends_in_silence_without_a_person() {
    let office = Office::open().await;
    office.settle(json!({"bot": rules(), "idle_close_s": 1, "first_response_target_s": 1})).await;
    let (visitor, opened) = office.visitor(1).await;
    let line = live(&office, &visitor).await;
    line.send(opened.conversation_id, 1, "refund").await;
    assert_eq!(line.hint("resolved").await["state"], "resolved");
    let log = office.log(&visitor, opened.conversation_id).await;
    let codes: Vec<_> = lines(&log)[3..].to_vec();
    assert_eq!(codes, [("system", "resolved")], "no hand-over: the bot did it alone");
    line.send(opened.conversation_id, 2, "refund").await;
    assert_eq!(line.hint("reopened").await["state"], "queued", "who comes back gets a person");
}

#[tokio::test]
async fn after_a_crash_who_was_not_answered_is_queued_and_who_was_stays() {
    let office = Office::open().await;
    office.bot(rules()).await;
    let (visitor, opened) = office.visitor(1).await;
    let (other, answered) = office.visitor(2).await;
    let line = live(&office, &other).await;
    line.send(answered.conversation_id, 1, "refund").await;
    while line.next("message").await["text"] != "3 days" {}
    office.desk.stop().await;
    let Office { desk, tracker, dir, .. } = office;
    drop((desk, line));
    tracker.close();
    tracker.wait().await;
    // As the process left it that was killed between the message and its answer.
    let options = kefu_store::OpenOptions {
        dir: dir.path().into(),
        epoch_if_new: Uuid::from_u128(7),
        now: clock::now(),
        readers: 1,
    };
    let opened_store = kefu_store::open(options).await.unwrap();
    let (store, mut writer) = (opened_store.store, opened_store.writer);
    let mut head = writer.conversations(&[opened.conversation_id]).await.unwrap().pop().unwrap();
    assert!(head.meet_bot());
    let (sender, now) = (Principal::Visitor(head.visitor), clock::now());
    let words = "refund".to_owned();
    let mut entry = draft(Uuid::from_u128(5), sender, MessageKind::Text, words, None, None, now);
    head.append(&mut entry, writer.next_pos());
    let batch = Batch { entries: vec![entry], conversations: vec![head], ..Batch::default() };
    writer.commit(&batch).await.unwrap();
    writer.close().await.unwrap();
    store.close().await;
    let office = Office::open_in(dir).await;
    let line = live(&office, &visitor).await;
    while office.desk.conversation(&visitor, opened.conversation_id).await.unwrap().state != State::Queued {
        line.next("conversation").await;
    }
    let log = office.log(&visitor, opened.conversation_id).await;
    assert_eq!(lines(&log)[1..], [("system", "handed_over"), ("system", "queued")]);
    let view = office.desk.conversation(&other, answered.conversation_id).await.unwrap();
    assert_eq!((view.state, view.assignee.is_none()), (State::Open, true), "the bot still has it");
}
