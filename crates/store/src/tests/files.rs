use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};

use super::{conversation, grow, open, run};
use crate::{Batch, StoreError};

#[test]
fn only_one_process_has_it_open() {
    run(|dir| async move {
        let first = open(dir.path()).await.unwrap();
        let Err(StoreError::Locked { pid }) = open(dir.path()).await else { panic!("opened twice") };
        assert_eq!(pid, Some(std::process::id()));
        first.writer.close().await.unwrap();
        open(dir.path()).await.unwrap().writer.close().await.unwrap();
    });
}

#[test]
fn files_are_for_their_owner_alone() {
    run(|dir| async move {
        let dir = dir.path().join("new/data");
        let opened = open(&dir).await.unwrap();
        let mode = |name: &str| fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(""), 0o700);
        for name in ["kefu.db", "kefu.db-wal", "kefu.db-shm", "kefu.lock"] {
            assert_eq!(mode(name), 0o600, "{name}");
        }
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn nothing_is_left_to_read_after_a_clean_end() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        let mut head = conversation(&mut opened.writer, 1).await;
        grow(&mut opened.writer, &mut head, 100).await.unwrap();
        assert_eq!(opened.writer.unfolded(), 100);
        opened.writer.close().await.unwrap();
        opened.store.close().await;
        assert!(matches!(opened.store.agents().await, Err(StoreError::Closed)));
        let wal = fs::metadata(dir.path().join("kefu.db-wal"));
        assert!(wal.map_or(true, |wal| wal.len() == 0));
        let opened = open(dir.path()).await.unwrap();
        assert_eq!(opened.recovered, 0);
        opened.writer.close().await.unwrap();
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    run(|dir| async move {
        open(dir.path()).await.unwrap().writer.close().await.unwrap();
        // The big-endian `user_version`, <https://sqlite.org/fileformat2.html#the_database_header>.
        let file = File::options().write(true).open(dir.path().join("kefu.db")).unwrap();
        file.write_all_at(&99_u32.to_be_bytes(), 60).unwrap();
        assert!(matches!(open(dir.path()).await, Err(StoreError::Newer { found: 99, known: 2 })));
        assert!(matches!(crate::check(dir.path()).await, Err(StoreError::Newer { .. })));
    });
}

#[test]
fn a_database_of_something_else_is_left_alone() {
    run(|dir| async move {
        open(dir.path()).await.unwrap().writer.close().await.unwrap();
        let file = File::options().write(true).open(dir.path().join("kefu.db")).unwrap();
        file.write_all_at(b"else", 68).unwrap();
        assert!(matches!(open(dir.path()).await, Err(StoreError::Foreign(_))));
    });
}

#[test]
fn a_damaged_file_is_reported_as_such() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        let mut head = conversation(&mut opened.writer, 1).await;
        grow(&mut opened.writer, &mut head, 500).await.unwrap();
        opened.writer.close().await.unwrap();
        let path = dir.path().join("kefu.db");
        let sound = fs::read(&path).unwrap();

        let mut flipped = sound.clone();
        flipped[3] ^= 0xff;
        fs::write(&path, flipped).unwrap();
        assert!(matches!(open(dir.path()).await, Err(StoreError::Corrupt(_))));

        fs::write(&path, &sound[..sound.len() / 2]).unwrap();
        assert!(matches!(open(dir.path()).await, Err(StoreError::Corrupt(_))));

        let mut garbled = sound.clone();
        let middle = sound.len() / 2 / 4096 * 4096;
        garbled[middle..middle + 64].fill(0xa5);
        fs::write(&path, garbled).unwrap();
        // What is damaged may be what the check itself begins with.
        match crate::check(dir.path()).await {
            Ok(found) => assert_ne!(found, Vec::<String>::new()),
            Err(error) => assert!(matches!(error, StoreError::Corrupt(_)), "{error}"),
        }
    });
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    run(|dir| async move {
        let file = dir.path().join("taken");
        fs::write(&file, "").unwrap();
        let Err(error) = open(&file.join("data")).await else { panic!("opened below a file") };
        assert!(
            matches!(&error, StoreError::NotWritable { path, .. } if path.ends_with("taken/data")),
            "{error}"
        );
        assert!(matches!(crate::check(&dir.path().join("none")).await, Err(StoreError::Missing(_))));
    });
}

#[test]
fn positions_follow_each_other() {
    run(|dir| async move {
        let mut writer = open(dir.path()).await.unwrap().writer;
        let mut head = conversation(&mut writer, 1).await;
        let mut entry = super::text(kefu_core::Principal::System, 1, "");
        head.append(&mut entry, 7);
        let batch = Batch { entries: vec![entry], grown: vec![head.into()], ..Batch::default() };
        let result = writer.commit(&batch).await;
        assert!(matches!(result, Err(StoreError::OutOfOrder { expected: 1, found: 7 })));
        writer.close().await.unwrap();
    });
}
