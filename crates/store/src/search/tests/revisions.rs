//! That a search goes by what entries say now, whether the index has it yet or not.

use proptest::prelude::*;

use super::*;
use crate::tests::run;

const WORDS: [&str; 5] = ["退款", "发货", "order", "我要退款 order", "谢谢"];

#[test]
fn what_was_edited_is_found_at_once_by_what_it_says_now() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 2).await;
        chat.fill("退款").await;
        chat.indexer.catch_up().await.unwrap();
        // Nobody follows: the search itself has to find out.
        chat.indexer.close().await;
        let (in_segment, in_tail) = (1 + SEGMENT_LEN as i64 / 2, SEGMENT_LEN as i64 * 5 / 2);
        chat.revise(in_segment, Revision::Edited, "发货").await;
        chat.revise(in_tail, Revision::Edited, "发货 order").await;
        chat.revise(11, Revision::Recalled, "").await;
        assert_eq!(chat.find(&all("发货")).await, ["发货 order", "发货"]);
        assert_eq!(chat.find(&all("order")).await, ["发货 order"]);
        assert_eq!(chat.find(&all("退款")).await.len(), expected(&chat, &all("退款")).len());
        chat.close().await;
    });
}

#[test]
fn an_index_that_is_of_later_revisions_than_the_store_is_written_anew() {
    run(|dir| async move {
        let copies = tempfile::TempDir::new().unwrap();
        let copy = copies.path().join("copy.db");
        let mut chat = Chat::open(dir.path(), 2).await;
        chat.fill("退款").await;
        crate::backup(dir.path(), &copy).await.unwrap();
        chat.indexer.catch_up().await.unwrap();
        chat.revise(1, Revision::Edited, "发货").await;
        chat.indexer.settle().await.unwrap();
        chat.close().await;
        // A store that was put in place by hand.
        std::fs::copy(&copy, dir.path().join("kefu.db")).unwrap();
        let chat = Chat::open(dir.path(), 0).await;
        chat.indexer.catch_up().await.unwrap();
        assert_eq!(chat.store.search_metrics().rebuilds.load(std::sync::atomic::Ordering::Relaxed), 1);
        assert_eq!(chat.find(&all("发货")).await.len(), 0);
        chat.close().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_revised_when_every_search_finds_what_reading_everything_does(
        words in proptest::collection::vec(0..WORDS.len(), 1..SEGMENT_LEN * 5 / 2),
        steps in proptest::collection::vec((any::<prop::sample::Index>(), 0..WORDS.len() + 1, 0..4_u8), 1..30),
    ) {
        run(|dir| async move {
            let mut chat = Chat::open(dir.path(), 1).await;
            let texts: Vec<_> = words.iter().map(|word| (0, MessageKind::Text, WORDS[*word])).collect();
            let (first, second) = texts.split_at(texts.len() / 2);
            chat.say(first).await;
            let mut rest = second.chunks(SEGMENT_LEN / 4);
            for (index, word, next) in &steps {
                if !chat.entries.is_empty() {
                    let pos = chat.entries[index.index(chat.entries.len())].pos;
                    match WORDS.get(*word) {
                        Some(text) if !chat.entries[pos as usize - 1].text.is_empty() => {
                            chat.revise(pos, Revision::Edited, text).await;
                        }
                        _ => chat.revise(pos, Revision::Recalled, "").await,
                    }
                }
                match next {
                    0 => chat.say(rest.next().unwrap_or_default()).await,
                    1 => chat.indexer.catch_up().await.unwrap(),
                    2 => chat.indexer.settle().await.unwrap(),
                    _ => {}
                }
                let query = all(WORDS[word % WORDS.len()]);
                let page = chat.search(&query).await;
                let found: Vec<_> = page.hits.iter().map(|hit| hit.entry.pos).collect();
                assert_eq!(found, expected(&chat, &query), "{query:?}");
            }
            chat.close().await;
        });
    }
}
