use std::fs;

use kefu_core::Audience;
use tempfile::TempDir;
use uuid::Uuid;

use super::{NOW, conversation, grow, open, run};
use crate::{Range, StoreError, backup, check, is_own_file, restore};

const SOUND: Vec<String> = Vec::new();

#[test]
fn a_backup_taken_during_writes_is_a_store_of_its_own() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        let writer = &mut opened.writer;
        let mut head = conversation(writer, 1).await;
        grow(writer, &mut head, 300).await.unwrap();
        let copies = TempDir::new().unwrap();
        let copy = copies.path().join("copy.db");
        let mut before_last = head.last_seq;
        {
            let mut copying = std::pin::pin!(backup(dir.path(), &copy));
            loop {
                tokio::select! {
                    done = &mut copying => break drop(done.unwrap()),
                    () = tokio::task::yield_now() => {}
                }
                before_last = head.last_seq;
                grow(writer, &mut head, 3).await.unwrap();
            }
        }
        assert!(before_last >= 300);
        let names: Vec<_> =
            fs::read_dir(copies.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(names, ["copy.db"]);

        let restored = TempDir::new().unwrap();
        let epoch = Uuid::from_u128(0xe1);
        restore(&copy, restored.path(), false, epoch, NOW).await.unwrap();
        let mut second = open(restored.path()).await.unwrap();
        assert_eq!(second.store.epoch().await.unwrap(), epoch.to_string());
        assert_ne!(opened.store.epoch().await.unwrap(), epoch.to_string());
        let found = second.writer.conversations(&[head.id]).await.unwrap();
        assert!((300..=head.last_seq).contains(&found[0].last_seq));
        let limit = usize::try_from(found[0].last_seq).unwrap();
        let page = |store: crate::Store| {
            let head = found[0].clone();
            async move { store.messages(&head, Audience::Agent, Range::Newest { limit }).await }
        };
        let first_page = page(opened.store.clone()).await.unwrap();
        let second_page = page(second.store.clone()).await.unwrap();
        assert_eq!(second_page.items.len(), limit);
        assert_eq!(format!("{first_page:?}"), format!("{second_page:?}"));
        second.writer.close().await.unwrap();
        opened.writer.close().await.unwrap();
        assert_eq!(check(restored.path()).await.unwrap(), SOUND);
        assert_eq!(check(dir.path()).await.unwrap(), SOUND);
    });
}

#[test]
fn a_restore_replaces_data_only_when_told() {
    run(|dir| async move {
        let copies = TempDir::new().unwrap();
        let copy = copies.path().join("copy.db");
        let mut opened = open(dir.path()).await.unwrap();
        let epoch = Uuid::from_u128(0xe2);
        assert!(matches!(restore(&copy, dir.path(), true, epoch, NOW).await, Err(StoreError::Missing(_))));
        backup(dir.path(), &copy).await.unwrap();
        let locked = restore(&copy, dir.path(), true, epoch, NOW).await;
        assert!(matches!(locked, Err(StoreError::Locked { .. })));
        conversation(&mut opened.writer, 1).await;
        opened.writer.close().await.unwrap();
        opened.store.close().await;

        let refused = restore(&copy, dir.path(), false, epoch, NOW).await;
        assert!(matches!(refused, Err(StoreError::NotEmpty(_))));
        restore(&copy, dir.path(), true, epoch, NOW).await.unwrap();
        assert!(dir.path().join(format!("kefu.db.before-{}", NOW.0)).exists());

        fs::rename(dir.path().join("kefu.db"), dir.path().join("kefu.db.restored")).unwrap();
        assert!(matches!(open(dir.path()).await, Err(StoreError::Interrupted(_))));
        restore(&copy, dir.path(), false, epoch, NOW).await.unwrap();
        let mut opened = open(dir.path()).await.unwrap();
        assert_eq!(opened.writer.next_conversation_key().0, 1);
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn a_damaged_backup_is_not_restored() {
    run(|dir| async move {
        let copies = TempDir::new().unwrap();
        let copy = copies.path().join("copy.db");
        let mut opened = open(dir.path()).await.unwrap();
        let mut head = conversation(&mut opened.writer, 1).await;
        grow(&mut opened.writer, &mut head, 500).await.unwrap();
        backup(dir.path(), &copy).await.unwrap();
        opened.writer.close().await.unwrap();
        let mut bytes = fs::read(&copy).unwrap();
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 64].fill(0xa5);
        fs::write(&copy, bytes).unwrap();
        let result = restore(&copy, dir.path(), true, Uuid::from_u128(1), NOW).await;
        assert!(matches!(result, Err(StoreError::Corrupt(_))));
        assert_eq!(check(dir.path()).await.unwrap(), SOUND);
    });
}

#[test]
fn a_backup_never_takes_a_name_of_the_store() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        opened.writer.close().await.unwrap();
        opened.store.close().await;
        let around = dir.path().join("..").join(dir.path().file_name().unwrap());
        for name in ["kefu.db", "kefu.db-wal", "kefu.db-journal", "kefu.db.restored", "kefu.lock"] {
            let target = around.join(name);
            assert!(is_own_file(dir.path(), &target), "{name}");
            let refused = backup(dir.path(), &target).await;
            assert!(matches!(refused, Err(StoreError::NotWritable { path, .. }) if path == target), "{name}");
        }
        assert!(!is_own_file(dir.path(), &dir.path().join("monday.db")));
        assert!(!is_own_file(dir.path(), &dir.path().join("missing/kefu.db")));
        let elsewhere = TempDir::new().unwrap();
        backup(dir.path(), &elsewhere.path().join("kefu.db")).await.unwrap();
        assert_eq!(check(dir.path()).await.unwrap(), SOUND);
    });
}
