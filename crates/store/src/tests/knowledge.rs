use std::collections::BTreeMap;

use kefu_core::{ArticleState, Language, Micros, VisitorKey};
use kefu_text::terms::{LastWord, query};
use uuid::Uuid;

use super::{NOW, open, run};
use crate::{
    Article, ArticleFilter, ArticleText, Batch, Category, Change, KnowledgeChange, RecordSet, Store,
    StoreError, VERSIONS_MAX, Writer,
};

async fn record(writer: &mut Writer, change: KnowledgeChange) -> Result<(), StoreError> {
    let set = RecordSet { changes: vec![Change::Knowledge(change)], audit: Vec::new() };
    writer.commit(&Batch { records: vec![set], ..Batch::default() }).await.unwrap().records.remove(0)
}

fn text(version: u32, title: &str, body: &str) -> ArticleText {
    ArticleText {
        version,
        title: title.to_owned(),
        body: body.to_owned(),
        author: Some(Uuid::from_u128(0xa)),
        created_at: NOW,
    }
}

fn article(number: u128, texts: impl IntoIterator<Item = (Language, ArticleText)>) -> Article {
    Article {
        id: Uuid::from_u128(number),
        slug: format!("article-{number}"),
        category: None,
        inboxes: Vec::new(),
        state: ArticleState::Published,
        pinned: false,
        texts: texts.into_iter().collect(),
        uses: 0,
        helped: 0,
        failed: 0,
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    }
}

async fn found(store: &Store, words: &str, filter: &ArticleFilter) -> Vec<u128> {
    let query = query(words, LastWord::Prefix);
    let hits = store.search_articles(&query, filter, 9).await.unwrap();
    hits.iter().map(|hit| hit.id.as_u128()).collect()
}

#[test]
fn articles_are_found_by_two_characters_and_by_how_words_begin() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let zh = |title, body| [(Language::Zh, text(1, title, body))];
        let mut only = article(3, [(Language::En, text(1, "Shipping", "By air, refunds excluded"))]);
        only.inboxes = vec![Uuid::from_u128(0x1b)];
        let mut draft = article(4, zh("退款草稿", "还没写完"));
        draft.state = ArticleState::Draft;
        for one in
            [article(1, zh("发货", "怎么申请退款")), article(2, zh("如何退款", "在订单里")), only, draft]
        {
            record(&mut writer, KnowledgeChange::Add(one)).await.unwrap();
        }
        let published = ArticleFilter { state: Some(ArticleState::Published), ..ArticleFilter::default() };
        assert_eq!(found(&store, "退款", &published).await, [2, 1], "a title counts most");
        assert_eq!(found(&store, "退款", &ArticleFilter::default()).await.len(), 3);
        assert_eq!(found(&store, "ship", &published).await, [3]);
        for (inbox, count) in [(0x1b, 1), (0x1c, 0)] {
            let filter = ArticleFilter { inbox: Some(Uuid::from_u128(inbox)), ..published.clone() };
            assert_eq!(found(&store, "refund", &filter).await.len(), count);
            assert_eq!(found(&store, "退款", &filter).await.len(), 2, "those for all inboxes");
        }
        for bad in ["", "\"", "* OR title:", "退", "NEAR(a b)"] {
            found(&store, bad, &published).await;
        }
        writer.close().await.unwrap();
        store.close().await;
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn every_version_stays_and_searches_follow_the_last() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let id = Uuid::from_u128(1);
        let first = [(Language::Zh, text(1, "退款", "三天"))];
        record(&mut writer, KnowledgeChange::Add(article(1, first))).await.unwrap();
        let write = |version, body: &str| KnowledgeChange::Write {
            article: id,
            language: Language::Zh,
            text: text(version, "退款", body),
        };
        record(&mut writer, write(2, "五个工作日")).await.unwrap();
        let stale = record(&mut writer, write(2, "七天")).await;
        assert!(matches!(stale, Err(StoreError::Stale("article"))), "{stale:?}");
        let all = ArticleFilter::default();
        assert_eq!(found(&store, "三天", &all).await, [0_u128; 0]);
        assert_eq!(found(&store, "五个工作日", &all).await, [1]);
        let versions = store.article_versions(id, Language::Zh).await.unwrap();
        assert_eq!(versions.iter().map(|version| version.version).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(store.article_text(id, Language::Zh, 1).await.unwrap(), Some(text(1, "退款", "三天")));
        for version in 3..=VERSIONS_MAX + 2 {
            record(&mut writer, write(version, "x")).await.unwrap();
        }
        assert_eq!(store.article_versions(id, Language::Zh).await.unwrap().len(), VERSIONS_MAX as usize);
        record(&mut writer, KnowledgeChange::Remove(id)).await.unwrap();
        assert_eq!(store.article(id).await.unwrap(), None);
        assert_eq!(found(&store, "退款", &all).await, [0_u128; 0]);
        writer.close().await.unwrap();
        store.close().await;
    });
}

#[test]
fn what_is_not_text_changes_for_those_who_know_it() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let category = Category {
            id: Uuid::from_u128(0xc),
            position: 1,
            names: BTreeMap::from([(Language::Zh, "售后".to_owned())]),
            created_at: NOW,
            updated_at: NOW,
        };
        record(&mut writer, KnowledgeChange::PutCategory(category.clone())).await.unwrap();
        let mut one = article(1, [(Language::En, text(1, "Returns", &"long ".repeat(100)))]);
        one.category = Some(category.id);
        one.inboxes = vec![Uuid::from_u128(5)];
        record(&mut writer, KnowledgeChange::Add(one.clone())).await.unwrap();
        assert_eq!(store.article(one.id).await.unwrap(), Some(one.clone()));
        assert_eq!(store.article_by_slug("article-1").await.unwrap(), Some(one.clone()));
        let renamed = Article { slug: "returns".to_owned(), version: 2, ..one.clone() };
        let replace = || KnowledgeChange::Replace { article: renamed.clone(), seen: 1 };
        record(&mut writer, replace()).await.unwrap();
        assert!(matches!(record(&mut writer, replace()).await, Err(StoreError::Stale(_))));
        let taken = Article { id: Uuid::from_u128(2), texts: BTreeMap::new(), ..renamed.clone() };
        let taken = record(&mut writer, KnowledgeChange::Add(taken)).await;
        assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
        let vote = |helped, visitor| KnowledgeChange::Voted { article: one.id, visitor, helped };
        for (helped, visitor) in [(true, 1), (false, 1), (true, 2)] {
            record(&mut writer, vote(helped, VisitorKey(visitor))).await.unwrap();
        }
        record(&mut writer, KnowledgeChange::Used(one.id)).await.unwrap();
        record(&mut writer, KnowledgeChange::RemoveCategory(category.id)).await.unwrap();
        let (listed, next) = store.articles(&ArticleFilter::default(), None, 1).await.unwrap();
        let listed = &listed[0];
        assert_eq!((listed.uses, listed.helped, listed.failed, next), (1, 1, 1, None));
        assert_eq!((listed.category, &*listed.slug), (None, "returns"));
        assert_eq!(listed.texts[&Language::En].body.chars().count(), 300);
        let second = Article { updated_at: Micros(NOW.0 + 1), ..article(2, []) };
        record(&mut writer, KnowledgeChange::Add(second)).await.unwrap();
        let (page, next) = store.articles(&ArticleFilter::default(), None, 1).await.unwrap();
        assert_eq!(page[0].id.as_u128(), 2);
        let (page, next) = store.articles(&ArticleFilter::default(), next, 1).await.unwrap();
        assert_eq!((page[0].id.as_u128(), next), (1, None));
        writer.close().await.unwrap();
        store.close().await;
    });
}
