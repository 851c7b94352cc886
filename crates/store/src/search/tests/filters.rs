//! That a search finds what it should, and nothing else.

use kefu_core::{ConversationKey, Micros};
use proptest::prelude::*;

use super::*;
use crate::tests::run;
use crate::{Tag, TagChange};

const WORDS: [&str; 8] = ["退款", "我要退款", "退 款", "发货了吗", "order", "my order", "退款失败", "款"];

/// The tags of the conversations; the third is in no catalogue.
const TAGS: [&[u128]; 4] = [&[1], &[1, 2], &[], &[2]];

/// Four conversations: of agent 1 (open), of agent 2 (ended), waiting, new.
async fn chat(dir: &Path, texts: &[(usize, MessageKind, &str)]) -> Chat {
    let mut chat = Chat::open(dir, 4).await;
    chat.assign(0, 1).await;
    chat.assign(1, 2).await;
    chat.heads[1].resolve(NOW).unwrap();
    let head = &mut chat.heads[2];
    head.on_message(Principal::Visitor(head.visitor), MessageKind::Text, NOW);
    let batch = Batch { conversations: chat.heads[1..3].to_vec(), ..Batch::default() };
    chat.writer.commit(&batch).await.unwrap();
    let tag = |number| Tag {
        id: Uuid::from_u128(number),
        name: number.to_string(),
        colour: String::new(),
        group: String::new(),
        created_at: NOW,
    };
    let mut changes: Vec<_> = (1..=2).map(|number| Change::Tag(TagChange::Add(tag(number)))).collect();
    for (conversation, tags) in TAGS.iter().enumerate() {
        let (conversation, agent) = (chat.heads[conversation].key, None);
        let tags = tags.iter().map(|number| Uuid::from_u128(*number)).collect();
        changes.push(Change::Tag(TagChange::Conversation { conversation, tags, agent, at: NOW }));
    }
    chat.writer.commit(&Batch { changes, ..Batch::default() }).await.unwrap();
    chat.say(texts).await;
    chat
}

fn kinds() -> impl Strategy<Value = MessageKind> {
    prop_oneof![4 => Just(MessageKind::Text), 2 => Just(MessageKind::Note), 1 => Just(MessageKind::Event)]
}

fn queries(len: i64) -> impl Strategy<Value = SearchQuery> {
    let scope = prop_oneof![
        2 => Just(SearchScope::All),
        2 => (1..4_i64).prop_map(|agent| SearchScope::Agent(AgentKey(agent))),
        1 => (100..105_i64).prop_map(|visitor| SearchScope::Visitor(VisitorKey(visitor))),
    ];
    let text = proptest::sample::select(&["退款", "退", "款", "order", "失败 退款", "my order", "货"][..]);
    let sometimes = |range: std::ops::Range<i64>| proptest::option::weighted(0.2, range);
    let time = move || sometimes(0..len).prop_map(|at| at.map(|at| NOW.plus_seconds(at)));
    let filters =
        (sometimes(1..6), sometimes(1..4), sometimes(1..3), proptest::option::weighted(0.2, kinds()));
    let visitors = proptest::option::weighted(0.2, proptest::collection::vec(100..104_i64, 0..3));
    let tag = proptest::option::weighted(0.2, 1..4_u128);
    let filters = (filters, tag);
    (text, scope, filters, visitors, time(), time(), sometimes(0..len), 1..12_usize).prop_map(
        |(
            text,
            scope,
            ((conversation, assignee, inbox, kind), tag),
            visitors,
            from,
            until,
            before,
            limit,
        )| {
            SearchQuery {
                conversation: conversation.map(ConversationKey),
                visitors: visitors.map(|keys| keys.into_iter().map(VisitorKey).collect()),
                assignee: assignee.map(AgentKey),
                tag: tag.map(Uuid::from_u128),
                inbox: inbox.map(InboxKey),
                kind,
                from,
                until,
                before,
                ..SearchQuery::new(text, scope, limit)
            }
        },
    )
}

/// All pages of a search.
async fn pages(chat: &Chat, query: &SearchQuery) -> Vec<i64> {
    let mut query = query.clone();
    let mut found = Vec::new();
    loop {
        let page = chat.search(&query).await;
        assert!(page.hits.len() <= query.limit);
        assert!(page.hits.iter().all(|hit| hit.entry.conversation == hit.conversation.key));
        found.extend(page.hits.iter().map(|hit| hit.entry.pos));
        match page.next {
            Some(next) => {
                assert!(query.before.is_none_or(|before| next < before));
                query.before = Some(next);
            }
            None => return found,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn every_search_finds_what_reading_everything_does(
        texts in proptest::collection::vec((0..4_usize, kinds(), 0..WORDS.len()), 1..(SEGMENT_LEN * 3)),
        queries in proptest::collection::vec(queries(SEGMENT_LEN as i64 * 3), 12),
        indexed in 0..3_u8,
    ) {
        run(|dir| async move {
            let texts: Vec<_> = texts.into_iter().map(|(at, kind, word)| (at, kind, WORDS[word])).collect();
            let (first, rest) = texts.split_at(texts.len() / 2);
            let mut chat = chat(dir.path(), first).await;
            if indexed > 0 {
                chat.indexer.catch_up().await.unwrap();
            }
            chat.say(rest).await;
            if indexed > 1 {
                chat.indexer.catch_up().await.unwrap();
            }
            for query in &queries {
                let mut expected = expected(&chat, query);
                let has_tag = |pos: &i64| {
                    let conversation = chat.entries.iter().find(|entry| entry.pos == *pos).unwrap().conversation;
                    let place = chat.heads.iter().position(|head| head.key == conversation).unwrap();
                    query.tag.is_none_or(|tag| TAGS[place].contains(&tag.as_u128()))
                };
                expected.retain(has_tag);
                assert_eq!(pages(&chat, query).await, expected, "{query:?}");
            }
            chat.close().await;
        });
    }
}

#[test]
fn the_work_of_one_call_is_bounded() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 1).await;
        chat.say_text(0, "退款").await;
        let many = vec![(0, MessageKind::Text, "filler"); 20_000];
        chat.say(&many).await;
        // The indexer may have come further than a moment ago, but a search never fails to come to an end.
        assert_eq!(pages(&chat, &all("退款")).await, [1]);
        chat.indexer.catch_up().await.unwrap();
        let page = chat.search(&all("退款")).await;
        assert_eq!((page.hits.len(), page.next), (1, None));
        chat.close().await;
    });
}

#[test]
fn times_are_exact_though_the_clock_was_not() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 1).await;
        let mut batch = Batch::default();
        let pos = chat.writer.next_pos();
        let head = &mut chat.heads[0];
        for (pos, at) in (pos..).zip([10, 20, 4_000, 1_000, 8_000, 8_001]) {
            let mut entry = crate::tests::text(Principal::Visitor(head.visitor), pos as u128, "退款");
            entry.created_at = Micros(at * 1_000_000);
            head.append(&mut entry, pos);
            batch.entries.push(entry);
        }
        batch.grown.push(head.clone().into());
        chat.writer.commit(&batch).await.unwrap();
        chat.entries = batch.entries;
        for (from, until) in [(15, 8_001), (1_000, 4_000), (1_001, 8_000), (9_000, 9_001), (0, 10)] {
            let query = SearchQuery {
                from: Some(Micros(from * 1_000_000)),
                until: Some(Micros(until * 1_000_000)),
                ..all("退款")
            };
            assert_eq!(pages(&chat, &query).await, expected(&chat, &query), "{from} {until}");
        }
        chat.close().await;
    });
}
