//! That nothing is left of what was taken out.

use std::fs;
use std::sync::atomic::Ordering::Relaxed;

use super::super::key::Term;
use super::*;
use crate::tests::run;

/// Every file of the index, one after the other.
fn raw(dir: &Path) -> Vec<u8> {
    let files = ["search.db", "search.db-wal"].map(|name| fs::read(dir.join(name)).unwrap_or_default());
    files.concat()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn an_entry_that_was_taken_out_is_not_found_and_leaves_nothing() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 2).await;
        chat.fill("退款").await;
        let secret = chat.writer.next_pos();
        chat.say_text(1, "卡号 6222020200112233 鑫鑫").await;
        chat.fill("退款").await;
        chat.indexer.catch_up().await.unwrap();
        assert_eq!(chat.find(&all("6222020200112233")).await.len(), 1);
        let before = raw(dir.path());
        let found = chat.find(&all("退款")).await.len();

        chat.revise(secret, Revision::Erased, "").await;
        chat.indexer.settle().await.unwrap();
        assert_eq!(chat.find(&all("6222020200112233")).await.len(), 0);
        assert_eq!(chat.find(&all("鑫鑫")).await.len(), 0);
        assert_eq!(chat.find(&all("退款")).await.len(), found);
        let after = raw(dir.path());
        assert_eq!(fs::metadata(dir.path().join("search.db-wal")).map_or(0, |file| file.len()), 0);
        for bytes in [&before, &after] {
            assert!(!holds(bytes, "6222020200112233".as_bytes()) && !holds(bytes, "鑫鑫".as_bytes()));
        }
        for term in ["6222020200112233", "鑫鑫"] {
            let (there, gone) = (written_terms(&before), written_terms(&after));
            assert!(there.contains(&Term::of(term)), "{term}");
            assert!(!gone.contains(&Term::of(term)), "{term}");
        }
        chat.indexer.settle().await.unwrap();
        chat.close().await;
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn an_entry_that_is_only_in_memory_is_taken_out() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 1).await;
        chat.say_text(0, "鑫鑫").await;
        chat.say_text(0, "退款").await;
        chat.indexer.catch_up().await.unwrap();
        chat.revise(1, Revision::Erased, "").await;
        chat.indexer.settle().await.unwrap();
        assert_eq!(chat.find(&all("鑫鑫")).await.len(), 0);
        assert_eq!(chat.find(&all("退款")).await.len(), 1);
        chat.fill("x").await;
        chat.indexer.catch_up().await.unwrap();
        assert!(!written_terms(&raw(dir.path())).contains(&Term::of("鑫鑫")));
        assert_eq!(chat.find(&all("退款")).await.len(), 1);
        chat.close().await;
    });
}

#[test]
fn what_was_edited_leaves_nothing_of_what_it_said_and_is_found_by_what_it_says() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 2).await;
        let secret = chat.writer.next_pos();
        chat.say_text(1, "鑫鑫").await;
        chat.fill("退款").await;
        chat.indexer.catch_up().await.unwrap();
        // Before, between and after all other terms; so many that a block has to be split.
        let many: String = (0..400).map(|number| format!("word{number} ")).collect();
        let new = format!("a 骉骉 {many}");
        chat.revise(secret, Revision::Edited, &new).await;
        chat.indexer.settle().await.unwrap();
        let terms = written_terms(&raw(dir.path()));
        assert!(!terms.contains(&Term::of("鑫鑫")));
        for term in ["a", "骉骉", "骉", "word0", "word399"] {
            assert!(terms.contains(&Term::of(term)), "{term}");
            assert_eq!(chat.find(&all(term)).await, [new.as_str()], "{term}");
        }
        assert_eq!(chat.find(&all("鑫鑫")).await.len(), 0);
        let found = expected(&chat, &all("退款"));
        assert_eq!(chat.find(&all("退款")).await.len(), found.len());
        chat.revise(secret, Revision::Recalled, "").await;
        chat.indexer.settle().await.unwrap();
        assert!(!written_terms(&raw(dir.path())).contains(&Term::of("骉骉")));
        chat.close().await;
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn what_was_revised_while_nobody_followed_is_taken_out_at_the_next_start() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 2).await;
        let secret = chat.writer.next_pos();
        chat.say_text(1, "鑫鑫").await;
        chat.fill("退款").await;
        chat.indexer.catch_up().await.unwrap();
        // As if the process had ended between the commit and the index's next look.
        chat.indexer.close().await;
        chat.revise(secret, Revision::Erased, "").await;
        assert!(written_terms(&raw(dir.path())).contains(&Term::of("鑫鑫")));
        assert_eq!(chat.find(&all("鑫鑫")).await.len(), 0);
        chat.close().await;
        let chat = Chat::open(dir.path(), 0).await;
        chat.indexer.settle().await.unwrap();
        assert!(!written_terms(&raw(dir.path())).contains(&Term::of("鑫鑫")));
        assert_eq!(chat.store.search_metrics().rebuilds.load(Relaxed), 0);
        chat.close().await;
    });
}

#[test]
fn blocks_that_moved_between_pages_leave_no_copy() {
    run(|dir| async move {
        let mut chat = Chat::open(dir.path(), 2).await;
        let first = chat.writer.next_pos();
        chat.fill("退款").await;
        chat.indexer.catch_up().await.unwrap();
        // Words everywhere between the others, so that blocks are split and pages after them.
        let said = |round: i64| -> String {
            (0..900)
                .map(|number| format!("{:x}gone{round} ", (number * 7919 + round * 104_729) % 65_536))
                .collect()
        };
        for round in 0..12 {
            chat.revise(first + round * 31, Revision::Edited, &said(round)).await;
            chat.indexer.settle().await.unwrap();
        }
        assert!(written_terms(&raw(dir.path())).contains(&Term::of("0gone0")));
        for round in 0..12 {
            chat.revise(first + round * 31, Revision::Erased, "").await;
        }
        chat.indexer.settle().await.unwrap();
        let terms = written_terms(&raw(dir.path()));
        let mut gone =
            (0..12).flat_map(|round| said(round).split(' ').map(str::to_owned).collect::<Vec<_>>());
        let left = gone.find(|word| !word.is_empty() && terms.contains(&Term::of(word)));
        assert_eq!(left, None);
        chat.close().await;
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

/// The terms of everything in the files that looks like a block, whether its page is in use or not.
fn written_terms(bytes: &[u8]) -> Vec<Term> {
    use super::super::block::{BLOCK_BYTES, terms_of};
    // The head of a record of two columns: its length, the row's number elsewhere, a blob of this length.
    let kind = 12 + 2 * BLOCK_BYTES;
    let head = [4, 0, (kind >> 7) as u8 | 0x80, (kind & 0x7f) as u8];
    let mut terms = Vec::new();
    for (at, _) in bytes.windows(head.len()).enumerate().filter(|(_, window)| *window == head) {
        let Some(block) = bytes.get(at + head.len()..at + head.len() + BLOCK_BYTES) else { continue };
        // The row's number stands before: seven bits a byte, all but the last with the eighth.
        let from = bytes[..at - 1].iter().rposition(|byte| byte & 0x80 == 0).map_or(0, |last| last + 1);
        let row = bytes[from..at].iter().fold(0, |row, byte| row << 7 | i64::from(byte & 0x7f));
        terms.extend(terms_of(block, Term::of_row(row)));
    }
    terms
}
