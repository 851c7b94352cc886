//! That the index follows the log, whatever happens to it.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::tests::run;
use std::sync::atomic::Ordering::Relaxed;

#[test]
fn a_message_is_found_at_once_and_ever_after() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 3).await;
        chat.say_text(0, "我要申请退款,谢谢").await;
        chat.say_text(1, "Where is my order 2026-00-12?").await;
        for _ in 0..3 {
            assert_eq!(chat.find(&all("退款")).await, ["我要申请退款,谢谢"]);
            assert_eq!(chat.find(&all("退")).await, ["我要申请退款,谢谢"]);
            assert_eq!(chat.find(&all("谢")).await, ["我要申请退款,谢谢"]);
            assert_eq!(chat.find(&all("申请退款")).await, ["我要申请退款,谢谢"]);
            assert_eq!(chat.find(&all("ORDER where")).await, ["Where is my order 2026-00-12?"]);
            assert_eq!(chat.find(&all("\"my order\" 2026-00-12")).await.len(), 1);
            for none in ["款退", "退款谢谢", "\"order my\"", "退款 order", "orde", "", "!"] {
                assert_eq!(chat.find(&all(none)).await, [""; 0], "{none}");
            }
            chat.indexer.catch_up().await.unwrap();
            chat.fill("x").await;
        }
        assert!(chat.store.search_metrics().indexed.load(Relaxed) > 2 * SEGMENT_LEN as u64);
        chat.close().await;
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn what_was_indexed_is_there_after_a_restart() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 3).await;
        chat.fill("退款").await;
        chat.indexer.catch_up().await.unwrap();
        let found = chat.find(&all("退款")).await.len();
        chat.close().await;
        let before = fs::metadata(dir.path().join("search.db")).unwrap().len();
        let chat = Chat::open(dir.path(), 0).await;
        assert_eq!(chat.find(&all("退款")).await.len(), found);
        chat.indexer.catch_up().await.unwrap();
        assert_eq!(chat.find(&all("退款")).await.len(), found);
        assert_eq!(chat.store.search_metrics().rebuilds.load(Relaxed), 0);
        chat.close().await;
        assert_eq!(fs::metadata(dir.path().join("search.db")).unwrap().len(), before);
    });
}

#[test]
fn an_index_that_fell_back_catches_up() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 3).await;
        chat.fill("退款").await;
        chat.indexer.catch_up().await.unwrap();
        chat.close().await;
        let index = dir.path().join("search.db");
        let earlier = fs::read(&index).unwrap();
        let mut chat = Chat::open(dir.path(), 3).await;
        chat.fill("退款").await;
        chat.indexer.catch_up().await.unwrap();
        let found = chat.find(&all("退款")).await.len();
        chat.close().await;

        // As after the loss of power.
        fs::write(&index, earlier).unwrap();
        let chat = Chat::open(dir.path(), 0).await;
        chat.indexer.catch_up().await.unwrap();
        assert_eq!(chat.find(&all("退款")).await.len(), found);
        assert_eq!(chat.store.search_metrics().rebuilds.load(Relaxed), 0);
        chat.close().await;
    });
}

#[test]
fn a_damaged_or_foreign_index_is_written_anew() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 3).await;
        chat.fill("退款").await;
        chat.indexer.catch_up().await.unwrap();
        let found = chat.find(&all("退款")).await.len();
        chat.close().await;
        let index = dir.path().join("search.db");
        let sound = fs::read(&index).unwrap();
        let half = sound[..sound.len() / 2].to_vec();
        let mut other_version = sound.clone();
        other_version[60..64].copy_from_slice(&77_u32.to_be_bytes());
        for bytes in [half, other_version, vec![7; 8192]] {
            fs::write(&index, bytes).unwrap();
            let chat = Chat::open(dir.path(), 0).await;
            chat.indexer.catch_up().await.unwrap();
            assert_eq!(chat.find(&all("退款")).await.len(), found);
            assert_eq!(chat.store.search_metrics().rebuilds.load(Relaxed), 1);
            chat.close().await;
        }
        fs::remove_file(&index).unwrap();
        let chat = Chat::open(dir.path(), 0).await;
        chat.indexer.catch_up().await.unwrap();
        assert_eq!(chat.find(&all("退款")).await.len(), found);
        chat.close().await;
    });
}

#[test]
fn damage_that_a_search_meets_is_repaired() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 3).await;
        chat.fill("退款").await;
        chat.indexer.catch_up().await.unwrap();
        let found = chat.find(&all("退款")).await.len();
        chat.close().await;
        let index = dir.path().join("search.db");
        let mut bytes = fs::read(&index).unwrap();
        for page in bytes.chunks_mut(4096).skip(3) {
            page[..64].fill(0xa5);
        }
        fs::write(&index, bytes).unwrap();
        let problems = crate::check(dir.path()).await.unwrap();
        assert!(problems[0].starts_with("search.db is damaged"), "{problems:?}");
        let chat = Chat::open(dir.path(), 0).await;
        // Either the start or the first search notices.
        chat.indexer.catch_up().await.ok();
        drop(chat.store.search(&all("退款")).await);
        chat.indexer.catch_up().await.unwrap();
        assert_eq!(chat.find(&all("退款")).await.len(), found);
        chat.close().await;
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn a_restored_store_does_not_keep_the_index_of_the_one_before() {
    run(|dir| async move {
        let copies = TempDir::new().unwrap();
        let copy = copies.path().join("copy.db");
        let mut chat = Chat::open(dir.path(), 3).await;
        chat.say_text(0, "退款").await;
        crate::backup(dir.path(), &copy).await.unwrap();
        chat.fill("发货").await;
        chat.indexer.catch_up().await.unwrap();
        chat.close().await;
        crate::restore(&copy, dir.path(), true, Uuid::from_u128(0xe9), NOW).await.unwrap();
        assert!(!dir.path().join("search.db").exists());
        let mut chat = Chat::open(dir.path(), 3).await;
        chat.fill("退款").await;
        chat.indexer.catch_up().await.unwrap();
        assert_eq!(chat.find(&all("发货")).await.len(), 0);
        assert_eq!(chat.find(&all("退款")).await.len(), 1 + (SEGMENT_LEN * 5 / 2).div_ceil(10));
        chat.close().await;

        // A store that was put in place by hand.
        let mut bytes = fs::read(&copy).unwrap();
        fs::write(dir.path().join("kefu.db"), &mut bytes).unwrap();
        let chat = Chat::open(dir.path(), 3).await;
        chat.indexer.catch_up().await.unwrap();
        assert_eq!(chat.store.search_metrics().rebuilds.load(Relaxed), 1);
        assert_eq!(chat.find(&all("退款")).await.len(), 1);
        chat.close().await;
    });
}

#[test]
fn after_its_end_the_indexer_refuses() {
    run(|dir| async move {
        let chat = Chat::open(dir.path(), 1).await;
        let indexer = chat.indexer.clone();
        chat.close().await;
        assert!(matches!(indexer.catch_up().await, Err(crate::StoreError::Closed)));
        indexer.close().await;
    });
}
