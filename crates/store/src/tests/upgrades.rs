//! Stores that earlier versions wrote, one of each in `stores/`, made over the daemon's own interface: an agent, a
//! visitor who asks three times, a note, an end and a rating.

use std::fs;
use std::path::Path;

use kefu_core::{Audience, MessageKind, State};
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tempfile::TempDir;

use super::{open, run};
use crate::{Range, StoreError, View, schema};

const STORES: [&[u8]; 1] = [include_bytes!("stores/1.db")];

fn placed(dir: &TempDir, store: &[u8]) {
    fs::write(dir.path().join("kefu.db"), store).unwrap();
}

async fn change(dir: &Path, sql: &'static str) {
    let path = dir.join("kefu.db");
    let mut conn = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

async fn version(dir: &Path) -> i64 {
    let path = dir.join("kefu.db");
    let mut conn = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let version = schema::pragma(&mut conn, "PRAGMA user_version").await.unwrap();
    conn.close().await.unwrap();
    version
}

/// Whoever adds a version adds a store of the one before it.
#[test]
fn there_is_a_store_of_each_earlier_version() {
    assert_eq!(STORES.len(), usize::try_from(schema::VERSION).unwrap() - 1);
}

#[test]
fn every_earlier_store_opens_with_all_that_is_in_it() {
    for store in STORES {
        run(async |dir| {
            placed(&dir, store);
            let opened = open(dir.path()).await.unwrap();
            let store = &opened.store;
            assert_eq!(store.agents().await.unwrap()[0].email, "lin@example.com");
            assert_eq!(store.inboxes().await.unwrap()[0].slug, "web");
            let (page, _) = store.conversations(View::All, None, None, 9).await.unwrap();
            assert!(page.items.is_empty(), "it has ended");
            let (page, _) = store.conversations(View::Ended { assignee: None }, None, None, 9).await.unwrap();
            let head = &page.items[0];
            assert_eq!((head.state, head.rating.as_ref().unwrap().score), (State::Resolved, 4));
            let log = store.messages(head, Audience::Agent, Range::Newest { limit: 50 }).await.unwrap();
            let texts: Vec<_> = log
                .items
                .iter()
                .filter(|entry| entry.kind != MessageKind::Event)
                .map(|entry| entry.text.as_str())
                .collect();
            assert_eq!(texts, ["退款 1", "退款 2", "退款 3", "a note"]);
            assert_eq!(store.verify_audit().await.unwrap().lines, 0);
            opened.writer.close().await.unwrap();
            opened.store.close().await;
            assert_eq!(version(dir.path()).await, schema::VERSION);
            assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
        });
    }
}

#[test]
fn a_failed_migration_leaves_the_store_as_it_was() {
    run(async |dir| {
        placed(&dir, STORES[0]);
        // The last of the tables that the migration would make, so that most of it is done when it fails.
        change(dir.path(), "CREATE TABLE ticket (number INTEGER)").await;
        let Err(error) = open(dir.path()).await else { panic!("the migration went through") };
        assert!(matches!(error, StoreError::Internal(_)), "{error}");
        assert_eq!(version(dir.path()).await, 1);
        change(dir.path(), "DROP TABLE ticket").await;
        let opened = open(dir.path()).await.unwrap();
        assert_eq!(opened.store.agents().await.unwrap().len(), 1);
        opened.writer.close().await.unwrap();
        opened.store.close().await;
    });
}
