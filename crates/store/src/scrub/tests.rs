//! That nothing is left in any byte of any file, and that nothing else changes.

use std::fs;

use kefu_core::{Conversation, Principal, Revision};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::tests::{conversation, open, run, text};
use crate::{Batch, Change, Opened, PrivacyChange};

/// What a text begins with that is erased, and what one begins with that stays.
const GONE: &str = "zqgone";
const KEPT: &str = "zqkept";

/// How often the files of `dir` say this.
fn count(dir: &Path, mark: &str) -> usize {
    let files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file());
    let count_in = |bytes: Vec<u8>| bytes.windows(mark.len()).filter(|part| *part == mark.as_bytes()).count();
    files.map(|path| count_in(fs::read(path).unwrap())).sum()
}

/// A conversation in which texts of any length are said, changed and erased.
struct Chat {
    opened: Opened,
    head: Conversation,
    /// Where texts stand that are to be erased, and where others do.
    gone: Vec<i64>,
    kept: Vec<i64>,
}

impl Chat {
    async fn open(dir: &Path) -> Self {
        let mut opened = open(dir).await.unwrap();
        let head = conversation(&mut opened.writer, 1).await;
        Self { opened, head, gone: Vec::new(), kept: Vec::new() }
    }

    async fn say(&mut self, mark: &'static str, lengths: &[usize]) {
        let mut batch = Batch::default();
        let mut head = self.head.clone();
        for (pos, length) in (self.opened.writer.next_pos()..).zip(lengths) {
            let words = said(mark, *length);
            let mut entry = text(Principal::Visitor(head.visitor), u128::try_from(pos).unwrap(), &words);
            head.append(&mut entry, pos);
            batch.entries.push(entry);
            if mark == GONE { self.gone.push(pos) } else { self.kept.push(pos) }
        }
        batch.grown.push(head.clone().into());
        self.opened.writer.commit(&batch).await.unwrap();
        self.head = head;
    }

    /// Changes texts: which one, and how long it is then.
    async fn edit(&mut self, edits: &[(usize, usize)]) {
        let mut batch = Batch::default();
        for (which, length) in edits {
            for (positions, mark) in [(&self.gone, GONE), (&self.kept, KEPT)] {
                if positions.is_empty() {
                    continue;
                }
                let pos = positions[which % positions.len()];
                let text = said(mark, *length);
                batch.changes.push(Change::Revise { pos, revision: Revision::Edited, text });
            }
        }
        self.opened.writer.commit(&batch).await.unwrap();
    }

    /// Erases everything that is to be erased, in slices.
    async fn erase(&mut self) {
        for positions in self.gone.chunks(16) {
            let change = Change::Privacy(PrivacyChange::EraseEntries(positions.to_vec()));
            self.opened.writer.commit(&Batch { changes: vec![change], ..Batch::default() }).await.unwrap();
        }
    }

    async fn end(self) {
        self.opened.writer.close().await.unwrap();
        self.opened.store.close().await;
    }
}

/// A text of about this many bytes, full of marks.
fn said(mark: &str, length: usize) -> String {
    mark.repeat(1 + length / mark.len())
}

/// Scrubs; `beside` is done each time between a look and what follows it.
async fn scrub(chat: &mut Chat, mut beside: impl AsyncFnMut(&mut Chat)) {
    let scrub = chat.opened.writer.scrub(None).await.unwrap();
    loop {
        beside(chat).await;
        let is_more = scrub.look_at(64).await.unwrap();
        beside(chat).await;
        chat.opened.writer.scrub(Some(Arc::clone(&scrub))).await.unwrap();
        if !is_more {
            break;
        }
    }
    scrub.sync().await.unwrap();
}

/// The store as a crash at this moment leaves it.
async fn check_copy(dir: &Path) {
    let copy = TempDir::new().unwrap();
    for name in ["kefu.db", "kefu.db-wal"] {
        fs::copy(dir.join(name), copy.path().join(name)).unwrap();
    }
    assert_eq!(crate::check(copy.path()).await.unwrap(), Vec::<String>::new());
}

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    // Most are short; some have pages of their own.
    let length = prop_oneof![8 => 0..300_usize, 2 => 300..3_000_usize, 1 => 3_000..20_000_usize];
    prop::collection::vec(length, 1..60)
}

fn edits() -> impl Strategy<Value = Vec<(usize, usize)>> {
    let length = prop_oneof![8 => 0..600_usize, 2 => 600..3_000_usize, 1 => 3_000..20_000_usize];
    prop::collection::vec((any::<usize>(), length), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn texts_that_grew_shrank_and_moved_leave_no_byte(
        rounds in prop::collection::vec((lengths(), lengths(), edits()), 1..6),
        beside in prop::collection::vec((lengths(), edits()), 1..4),
    ) {
        run(|dir| async move {
            let mut chat = Chat::open(dir.path()).await;
            for (gone, kept, edits) in &rounds {
                chat.say(GONE, gone).await;
                chat.say(KEPT, kept).await;
                chat.edit(edits).await;
            }
            assert!(count(dir.path(), GONE) > 0);
            chat.erase().await;
            let kept = chat.opened.store.entries_at(&chat.kept).await.unwrap();
            chat.gone.clear();
            let mut steps = beside.iter().cycle();
            let mut edited = false;
            scrub(&mut chat, async |chat| {
                let (lengths, edits) = steps.next().unwrap();
                chat.say(KEPT, lengths).await;
                if edited {
                    chat.edit(edits).await;
                }
                edited = !edited;
                check_copy(dir.path()).await;
            })
            .await;
            assert_eq!(count(dir.path(), GONE), 0);
            check_copy(dir.path()).await;
            assert_eq!(chat.opened.store.entries_at(&chat.kept).await.unwrap().len(), chat.kept.len());
            assert!(kept.iter().all(|entry| entry.text.starts_with(KEPT)));
            chat.edit(&beside[0].1).await;
            chat.end().await;
            assert_eq!(count(dir.path(), GONE), 0);
            assert!(count(dir.path(), KEPT) > 0);
            assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
        });
    }
}

/// Many texts, edited to and fro and erased.
async fn erased(dir: &Path) -> Chat {
    let mut chat = Chat::open(dir).await;
    for round in 0..30 {
        let lengths: Vec<_> = (0..40).map(|number| (number * 37 + round * 101) % 700).collect();
        chat.say(GONE, &lengths).await;
        chat.say(KEPT, &lengths).await;
        let edits: Vec<_> =
            (0..40).map(|number| (number * 7 + round, (number * 53 + round * 11) % 900)).collect();
        chat.edit(&edits).await;
    }
    chat.erase().await;
    chat
}

#[test]
fn without_a_scrub_something_is_left() {
    // If this fails, SQLite has learned to zero it: then nothing of all this is needed any more.
    run(|dir| async move {
        let chat = erased(dir.path()).await;
        chat.end().await;
        assert!(count(dir.path(), GONE) > 0);
    });
}

#[test]
fn what_is_changed_between_looks_takes_nothing_along() {
    run(|dir| async move {
        let mut chat = erased(dir.path()).await;
        chat.gone.clear();
        let mut round = 0;
        // Pages are split and change their places, before and behind where it looks.
        scrub(&mut chat, async |chat| {
            round += 1;
            let length = |number| (number * 97 + round * 300) % 2_500;
            let edits: Vec<_> = (0..60).map(|number| (number * 20 + round * 7, length(number))).collect();
            chat.edit(&edits).await;
        })
        .await;
        assert!(round > 6, "{round}");
        assert_eq!(count(dir.path(), GONE), 0);
        chat.end().await;
        assert_eq!(count(dir.path(), GONE), 0);
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn what_the_connection_remembered_is_not_written_again() {
    run(|dir| async move {
        let mut chat = erased(dir.path()).await;
        chat.gone.clear();
        scrub(&mut chat, async |_| ()).await;
        assert_eq!(count(dir.path(), GONE), 0);
        let edits: Vec<_> = (0..1_200).map(|number| (number, 100)).collect();
        chat.edit(&edits).await;
        assert_eq!(count(dir.path(), GONE), 0);
        chat.end().await;
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn a_scrub_waits_for_readers_and_goes_on_where_it_was() {
    run(|dir| async move {
        let mut chat = erased(dir.path()).await;
        let mut reader = crate::open::connect_reading(&dir.path().join("kefu.db")).await.unwrap();
        let scrub = chat.opened.writer.scrub(None).await.unwrap();
        assert!(matches!(chat.opened.writer.scrub(None).await, Err(StoreError::Busy)), "one at a time");
        assert!(!scrub.look().await.unwrap(), "it is a small file");
        chat.opened.writer.scrub(Some(Arc::clone(&scrub))).await.unwrap();
        assert!(scrub.state().noted.is_empty());
        crate::sql::script(&mut reader, "BEGIN; SELECT count(*) FROM log").await.unwrap();
        chat.say(KEPT, &[10, 20]).await;
        let again = chat.opened.writer.scrub(Some(Arc::clone(&scrub))).await;
        assert!(matches!(again, Err(StoreError::Busy)));
        assert!(!scrub.state().noted.is_empty(), "what may have been moved is to be cleaned");
        crate::sql::script(&mut reader, "COMMIT").await.unwrap();
        chat.opened.writer.scrub(Some(Arc::clone(&scrub))).await.unwrap();
        assert!(scrub.state().noted.is_empty());
        assert_eq!(count(dir.path(), GONE), 0);
        sqlx::Connection::close(reader).await.unwrap();
        drop(scrub);
        chat.opened.writer.scrub(None).await.unwrap();
        chat.end().await;
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn only_what_is_between_pointers_and_cells_is_unused() {
    let mut leaf = vec![7; 512];
    leaf[..8].copy_from_slice(&[0x0d, 0, 0, 0, 2, 1, 0, 0]);
    assert_eq!(unused(&leaf, 2, 100), Some(12..256));
    assert_eq!(dirt(&leaf, 2, 100), Some(12..256));
    leaf[12..256].fill(0);
    assert_eq!(dirt(&leaf, 2, 100), None);
    // An inner page has a pointer more in its header.
    leaf[0] = 0x05;
    assert_eq!(unused(&leaf, 2, 100), Some(16..256));
    // A page of a long text, and one that cannot be told from it.
    assert_eq!(unused(&[0; 512], 2, 100), None);
    assert_eq!(unused(&leaf, 2, 0x0500_0000), None);
    // Cells that begin within the pointers are no cells.
    leaf[5..7].copy_from_slice(&[0, 3]);
    assert_eq!(unused(&leaf, 2, 100), None);
    leaf[5..7].copy_from_slice(&[9, 0]);
    assert_eq!(unused(&leaf, 2, 100), None);
    assert_eq!(unused(&leaf[..4], 2, 100), None);
    // The first page begins with the file's header.
    let mut first = vec![0; 65_536];
    first[100..108].copy_from_slice(&[0x0d, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(unused(&first, 1, 100), Some(110..65_536));
}
