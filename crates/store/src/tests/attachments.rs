use std::fs;
use std::time::{Duration, SystemTime};

use kefu_core::{ConversationKey, Principal, VisitorKey};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

use super::{NOW, conversation, open, run};
use crate::{
    Batch, Change, FileChange, Opened, RecordSet, StoreError, StoredFile, backup, backup_files, check,
    restore,
};

async fn record(opened: &mut Opened, change: FileChange) -> Result<(), StoreError> {
    let set = RecordSet { changes: vec![Change::File(change)], audit: Vec::new() };
    let batch = Batch { records: vec![set], ..Batch::default() };
    opened.writer.commit(&batch).await.unwrap().records.pop().unwrap()
}

/// Puts a file into the store's directory and gives it a row.
async fn add(
    opened: &mut Opened,
    conversation: &kefu_core::Conversation,
    number: u128,
    text: &str,
) -> StoredFile {
    let id = Uuid::from_u128(number);
    let dir = opened.store.file_dir();
    let incoming = dir.incoming(id).unwrap();
    fs::write(&incoming, text).unwrap();
    dir.settle(&incoming, id).unwrap();
    let file = StoredFile {
        id,
        conversation: conversation.key,
        conversation_id: conversation.id,
        visitor: conversation.visitor,
        uploader: Principal::Visitor(conversation.visitor),
        name: "a.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        size: text.len() as u64,
        sha256: Sha256::digest(text).into(),
        width: None,
        height: None,
        created_at: NOW,
        attached_seq: None,
    };
    record(opened, FileChange::Add(Box::new(file.clone()))).await.unwrap();
    file
}

#[test]
fn files_are_found_by_conversation_and_visitor_and_go_with_them() {
    run(async |dir| {
        let mut opened = open(dir.path()).await.unwrap();
        let first = conversation(&mut opened.writer, 1).await;
        let second = conversation(&mut opened.writer, 1).await;
        let other = conversation(&mut opened.writer, 2).await;
        let mut files = Vec::new();
        for (number, conversation) in [(1, &first), (2, &first), (3, &second), (4, &other)] {
            files.push(add(&mut opened, conversation, number, "hello").await);
        }
        let store = opened.store.clone();
        assert_eq!(store.file(files[0].id).await.unwrap().unwrap(), files[0]);
        assert_eq!(store.files_of_conversation(first.key, Uuid::nil(), 9).await.unwrap(), files[..2]);
        assert_eq!(store.files_of_visitor(VisitorKey(1), files[0].id, 9).await.unwrap(), files[1..3]);
        assert_eq!(store.files_of_visitor(VisitorKey(1), Uuid::nil(), 1).await.unwrap(), files[..1]);
        assert_eq!(store.file_bytes().await.unwrap(), 20);
        assert_eq!(store.file_bytes_of(VisitorKey(1), NOW).await.unwrap(), 15);
        assert_eq!(store.file_bytes_of(VisitorKey(1), NOW.plus_seconds(1)).await.unwrap(), 0);

        record(&mut opened, FileChange::RemoveOfConversation(second.key)).await.unwrap();
        record(&mut opened, FileChange::RemoveOf(VisitorKey(2))).await.unwrap();
        record(&mut opened, FileChange::RemoveOfConversation(ConversationKey(99))).await.unwrap();
        let mut gone = store.files_gone(9).await.unwrap();
        gone.sort_unstable();
        assert_eq!(gone, [files[2].id, files[3].id]);
        assert_eq!(store.file_dir().remove(files[2].id).unwrap(), 5);
        assert_eq!(store.file_dir().remove(files[2].id).unwrap(), 0);
        record(&mut opened, FileChange::Forget(files[2].id)).await.unwrap();
        assert_eq!(store.files_gone(9).await.unwrap(), [files[3].id]);
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn only_files_that_no_message_has_are_loose() {
    run(async |dir| {
        let mut opened = open(dir.path()).await.unwrap();
        let head = conversation(&mut opened.writer, 1).await;
        let (sent, loose) =
            (add(&mut opened, &head, 1, "sent").await, add(&mut opened, &head, 2, "loose").await);
        record(&mut opened, FileChange::Attach { id: sent.id, seq: 7 }).await.unwrap();
        assert_eq!(opened.store.file(sent.id).await.unwrap().unwrap().attached_seq, Some(7));
        assert!(opened.store.loose_files(NOW, 9).await.unwrap().is_empty());
        assert_eq!(opened.store.loose_files(NOW.plus_seconds(1), 9).await.unwrap(), [loose.id]);
        let refused = record(&mut opened, FileChange::RemoveLoose(sent.id)).await;
        assert!(matches!(refused, Err(StoreError::Stale(_))));
        record(&mut opened, FileChange::RemoveLoose(loose.id)).await.unwrap();
        assert_eq!(opened.store.file(loose.id).await.unwrap(), None);
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn what_a_crash_left_is_told_from_what_has_a_row() {
    run(async |dir| {
        let mut opened = open(dir.path()).await.unwrap();
        let head = conversation(&mut opened.writer, 1).await;
        let known = add(&mut opened, &head, 0x101, "known").await.id;
        let left = Uuid::from_u128(0x201);
        let files = opened.store.file_dir();
        let incoming = files.incoming(left).unwrap();
        fs::write(&incoming, "left").unwrap();
        files.settle(&incoming, left).unwrap();
        fs::write(files.incoming(Uuid::from_u128(3)).unwrap(), "half").unwrap();
        let mut listed = files.list(1, None).unwrap();
        listed.sort_unstable();
        assert_eq!(listed, [known, left]);
        assert!(files.list(2, None).unwrap().is_empty());
        let past = SystemTime::now() - Duration::from_secs(60);
        assert!(files.list(1, Some(past)).unwrap().is_empty());
        assert_eq!(opened.store.files_unknown(&listed).await.unwrap(), [left]);
        assert_eq!((files.sweep_incoming(Some(past)).unwrap(), files.sweep_incoming(None).unwrap()), (0, 1));
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn a_backup_has_the_bytes_of_its_rows_and_a_restore_gives_them_back() {
    run(async |dir| {
        let mut opened = open(dir.path()).await.unwrap();
        let head = conversation(&mut opened.writer, 1).await;
        let (kept, removed) =
            (add(&mut opened, &head, 1, "kept").await, add(&mut opened, &head, 2, "removed").await);
        let copies = TempDir::new().unwrap();
        let copy = copies.path().join("copy.db");
        // The bytes of one are unlinked between the copy of the rows and that of the bytes: as if that were now.
        opened.store.file_dir().remove(removed.id).unwrap();
        let copied = backup(dir.path(), &copy).await.unwrap();
        assert_eq!((copied.files, copied.bytes, copied.missing), (1, 4, vec![removed.id]));
        let problems = check(dir.path()).await.unwrap();
        assert_eq!(problems, [format!("the file {} has no bytes", removed.id)]);
        record(&mut opened, FileChange::Remove(removed.id)).await.unwrap();

        let second = copies.path().join("second.db");
        assert!(backup(dir.path(), &second).await.unwrap().missing.is_empty());
        record(&mut opened, FileChange::Remove(kept.id)).await.unwrap();
        opened.store.file_dir().remove(kept.id).unwrap();
        opened.writer.close().await.unwrap();

        let incomplete = restore(&copy, dir.path(), true, Uuid::from_u128(9), NOW).await;
        assert!(matches!(incomplete, Err(StoreError::Corrupt(_))), "{incomplete:?}");
        restore(&second, dir.path(), true, Uuid::from_u128(9), NOW).await.unwrap();
        assert_eq!(check(dir.path()).await.unwrap(), Vec::<String>::new());
        let restored = open(dir.path()).await.unwrap();
        let path = restored.store.file_dir().path(kept.id);
        assert_eq!(fs::read_to_string(path).unwrap(), "kept");
        assert!(restored.store.file(removed.id).await.unwrap().is_none());
        assert!(dir.path().join(format!("files.before-{}", NOW.0)).is_dir());
        restored.writer.close().await.unwrap();

        // Another file in the place of one is found by its sum.
        let path = restored.store.file_dir().path(kept.id);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "kEpt").unwrap();
        assert_eq!(check(dir.path()).await.unwrap().len(), 1);
        fs::remove_dir_all(backup_files(&second)).unwrap();
        let without = restore(&second, dir.path(), true, Uuid::from_u128(9), NOW).await;
        assert!(matches!(without, Err(StoreError::Corrupt(_))));
    });
}
