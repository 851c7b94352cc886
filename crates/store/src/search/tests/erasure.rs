//! That nothing is left of what was taken out.

use std::fs;

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

        chat.indexer.forget(&[secret]).await.unwrap();
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
        chat.indexer.forget(&[secret, -1, 0, i64::MAX]).await.unwrap();
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
        chat.indexer.forget(&[1]).await.unwrap();
        assert_eq!(chat.find(&all("鑫鑫")).await.len(), 0);
        assert_eq!(chat.find(&all("退款")).await.len(), 1);
        chat.fill("x").await;
        chat.indexer.catch_up().await.unwrap();
        assert!(!written_terms(&raw(dir.path())).contains(&Term::of("鑫鑫")));
        assert_eq!(chat.find(&all("退款")).await.len(), 1);
        chat.close().await;
    });
}

/// Every term of anything in the files that could be a block, pages in use or not, from whatever byte on.
fn written_terms(bytes: &[u8]) -> Vec<Term> {
    use super::super::block::{BLOCK_BYTES, terms_of};
    let mut terms = Vec::new();
    for (at, block) in bytes.windows(BLOCK_BYTES).enumerate() {
        // The row's number stands before its record: nine bytes, the record's head has four.
        let Some(row) = at.checked_sub(13).map(|from| &bytes[from..from + 9]) else { continue };
        if bytes[at - 4] != 4 {
            continue;
        }
        let first = row[..8].iter().fold(0_u64, |row, byte| row << 7 | u64::from(byte & 0x7f)) << 8;
        let row = (first | u64::from(row[8])).cast_signed();
        terms.extend(terms_of(block, Term::of_row(row)));
    }
    terms
}
