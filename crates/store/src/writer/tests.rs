mod model;

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use kefu_core::{Audience, Event, EventCode, MessageKind, Principal, VisitorKey};
use uuid::Uuid;

use super::fold::Gather;
use crate::sql::{self, Args};
use crate::tests::{conversation, grow, open, run, shown, text};
use crate::{Batch, Range, StoreError};

#[test]
fn calls_may_move_between_threads() {
    fn sends<T: Send>(value: T) -> T {
        value
    }
    run(|dir| async move {
        let mut opened = sends(sends(open(dir.path())).await.unwrap());
        sends(opened.writer.commit(&Batch::default())).await.unwrap();
        sends(opened.writer.duplicates(&[])).await.unwrap();
        sends(opened.writer.conversations(&[])).await.unwrap();
        sends(opened.writer.idle_work()).await.unwrap();
        sends(opened.store.conversations(crate::View::All, None, None, 1)).await.unwrap();
        sends(opened.store.entries_at(&[1])).await.unwrap();
        sends(opened.writer.close()).await.unwrap();
        sends(crate::check(dir.path())).await.unwrap();
        sends(crate::backup(dir.path(), &dir.path().join("copy"))).await.unwrap();
    });
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let mut head = conversation(&mut writer, 1).await;
        grow(&mut writer, &mut head, 5).await.unwrap();
        sql::script(&mut writer.conn, "PRAGMA max_page_count = 1").await.unwrap();
        let before = head.clone();
        for _ in 0..2 {
            assert!(matches!(grow(&mut writer, &mut head, 2_000).await, Err(StoreError::Full)));
        }
        // No page is missing for it.
        writer.probe().await.unwrap();
        assert_eq!(shown(&head), shown(&before));
        let found = writer.conversations_by_key(&[head.key]).await.unwrap();
        assert_eq!(shown(&found), shown([&before]));
        assert_eq!((writer.next_pos(), writer.unfolded()), (6, 5));

        sql::script(&mut writer.conn, "PRAGMA max_page_count = 1000000").await.unwrap();
        let entries = grow(&mut writer, &mut head, 2_000).await.unwrap();
        let asked = (head.key, entries[7].sender, entries[7].client_id.unwrap());
        let repeat = writer.duplicates(&[asked]).await.unwrap();
        assert_eq!(shown(&repeat), shown([Some(&entries[7])]));
        writer.close().await.unwrap();
        store.close().await;
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn a_few_entries_are_a_transaction_of_their_own() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let mut head = conversation(&mut writer, 1).await;
        // Every number that has a statement of its own, and one beyond; some with anchors, some without.
        for count in (1..=17).chain([1, 16, 15]) {
            grow(&mut writer, &mut head, count).await.unwrap();
        }
        let all =
            store.messages(&head, Audience::Agent, Range::Before { seq: 100, limit: 200 }).await.unwrap();
        assert_eq!(all.items.len(), 99);
        writer.close().await.unwrap();
        store.close().await;
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn what_an_entry_says_is_read_back_byte_for_byte() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let mut head = conversation(&mut writer, 1).await;
        let texts = ["", "a", "nul \0 in it", "退款 👩‍👩‍👧", "'; DROP TABLE log; --", "?1", &"x".repeat(20_000)];
        let mut written = Vec::new();
        // With a statement for each number of entries, and with several.
        for count in [1, 4, 16, 17, 64, 256, 341] {
            let mut batch = Batch::default();
            for pos in (writer.next_pos()..).take(count) {
                let id = u128::try_from(pos).unwrap();
                let mut entry =
                    text(Principal::Visitor(head.visitor), id, texts[written.len() % texts.len()]);
                match written.len() % 5 {
                    0 => entry.client_id = None,
                    1 => entry.client_id = Some(Uuid::nil()),
                    2 => entry.data = Some(r#"{"title":"订单"}"#.into()),
                    3 => entry.data = Some("".into()),
                    _ => {
                        entry.kind = MessageKind::Event;
                        entry.event = Some(Event { score: Some(4), ..Event::of(EventCode::Rated) });
                    }
                }
                head.append(&mut entry, pos);
                written.push(entry.clone());
                batch.entries.push(entry);
            }
            batch.grown.push(head.clone().into());
            writer.commit(&batch).await.unwrap();
        }
        let range = Range::Before { seq: 10_000, limit: 10_000 };
        let read = store.messages(&head, Audience::Agent, range).await.unwrap();
        assert_eq!(shown(read.items), shown(written));
        writer.close().await.unwrap();
        store.close().await;
    });
}

#[test]
fn a_few_entries_that_find_no_room_leave_everything_as_it_was() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let mut head = conversation(&mut writer, 1).await;
        sql::script(&mut writer.conn, "PRAGMA max_page_count = 1").await.unwrap();
        // Both with an anchor and without one, at a page's end.
        let mut refused = 0;
        for count in [31, 1, 5, 16, 16, 16, 16] {
            let before = head.clone();
            match grow(&mut writer, &mut head, count).await {
                Ok(entries) => assert_eq!(entries.len() as u64, count),
                Err(error) => {
                    assert!(matches!(error, StoreError::Full), "{error:?}");
                    assert_eq!(shown(&head), shown(&before));
                    let found = writer.conversations_by_key(&[head.key]).await.unwrap();
                    assert_eq!(shown(&found), shown([&before]));
                    refused += 1;
                }
            }
        }
        assert!(refused > 0);
        sql::script(&mut writer.conn, "PRAGMA max_page_count = 1000000").await.unwrap();
        for count in [2, 16, 14] {
            grow(&mut writer, &mut head, count).await.unwrap();
        }
        writer.close().await.unwrap();
        store.close().await;
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn an_equal_hash_is_not_a_repeat() {
    run(|dir| async move {
        let mut writer = open(dir.path()).await.unwrap().writer;
        let mut head = conversation(&mut writer, 1).await;
        let entries = grow(&mut writer, &mut head, 3).await.unwrap();
        let stranger = (head.key, Principal::Visitor(VisitorKey(1)), Uuid::from_u128(0xdead));
        let hash = writer.tail.key().hash(stranger.1, stranger.2);
        // One colliding row in memory, one folded.
        writer.tail.add_entry(head.key, Some(hash), 1);
        writer.tail.add_entry(head.key, Some(hash), 3);
        assert_eq!(writer.tail.seqs(head.key, hash), [1, 3]);
        let args = Args::default().int(head.key.0).int(hash).int(2);
        sql::execute(&mut writer.conn, "INSERT INTO dedupe VALUES (?, ?, ?)", args).await.unwrap();
        let known = (head.key, entries[1].sender, entries[1].client_id.unwrap());
        let found = writer.duplicates(&[stranger, known]).await.unwrap();
        assert_eq!(shown(found), shown([None, Some(&entries[1])]));
        writer.close().await.unwrap();
    });
}

#[test]
fn folding_and_checkpoints_keep_up_with_commits() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        let writer = &mut opened.writer;
        let mut heads = Vec::new();
        for visitor in 1..=40 {
            heads.push(conversation(writer, visitor).await);
        }
        let mut last_unfolded = 0;
        let mut runs_ended = 0;
        for round in 0..100 {
            grow(writer, &mut heads[round % 40], 900).await.unwrap();
            runs_ended += usize::from(writer.unfolded() < last_unfolded);
            last_unfolded = writer.unfolded();
            assert!(last_unfolded < 70_000);
        }
        assert!(runs_ended >= 1);
        let metrics = writer.metrics();
        while metrics.checkpoints.load(Relaxed) == 0 {
            grow(writer, &mut heads[0], 900).await.unwrap();
        }
        let total: u64 = heads.iter().map(|head| head.last_seq).sum();
        let folded = usize::try_from(total).unwrap() - opened.writer.unfolded();
        drop(opened);
        let opened = open(dir.path()).await.unwrap();
        assert_eq!(opened.recovered + folded, usize::try_from(total).unwrap());
        opened.writer.close().await.unwrap();
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn what_a_crash_left_is_read_without_heads_and_folded_with_them() {
    run(|dir| async move {
        let mut writer = open(dir.path()).await.unwrap().writer;
        // However slow the machine is, nothing is folded before the crash.
        writer.tail.gather(Gather { age: Duration::MAX, ..Gather::default() });
        let mut heads = Vec::new();
        let mut known = Vec::new();
        for visitor in 1..=3 {
            let mut head = conversation(&mut writer, visitor).await;
            known.extend(grow(&mut writer, &mut head, 20).await.unwrap());
            known.extend(grow(&mut writer, &mut head, 20).await.unwrap());
            heads.push(head);
        }
        drop(writer);
        let mut opened = open(dir.path()).await.unwrap();
        assert_eq!((opened.recovered, opened.writer.unfolded()), (120, 120));
        let writer = &mut opened.writer;
        assert_eq!(shown(writer.conversations_by_key(&[heads[1].key]).await.unwrap()), shown([&heads[1]]));
        // One grows on, one is written whole, one is left alone; each is asked for what came before.
        known.extend(grow(writer, &mut heads[0], 1).await.unwrap());
        heads[1].agent_read_seq = 7;
        let batch = Batch { conversations: vec![heads[1].clone()], ..Batch::default() };
        writer.commit(&batch).await.unwrap();
        let asked: Vec<_> =
            known.iter().map(|entry| (entry.conversation, entry.sender, entry.client_id.unwrap())).collect();
        for _ in 0..3 {
            assert_eq!(
                shown(writer.duplicates(&asked).await.unwrap()),
                shown(known.iter().map(Some).collect::<Vec<_>>())
            );
            let keys: Vec<_> = heads.iter().map(|head| head.key).collect();
            assert_eq!(shown(writer.conversations_by_key(&keys).await.unwrap()), shown(&heads));
            writer.fold(60).await.unwrap();
        }
        opened.writer.close().await.unwrap();
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
        let mut opened = open(dir.path()).await.unwrap();
        assert_eq!(opened.recovered, 0);
        assert_eq!(
            shown(opened.writer.conversations_by_key(&[heads[2].key]).await.unwrap()),
            shown([&heads[2]])
        );
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn damage_at_the_end_of_the_log_is_named() {
    for (damage, opens) in [("DELETE FROM log WHERE pos = 2", false), ("DELETE FROM conversation", true)] {
        run(|dir| async move {
            let mut writer = open(dir.path()).await.unwrap().writer;
            let mut head = conversation(&mut writer, 1).await;
            grow(&mut writer, &mut head, 3).await.unwrap();
            sql::script(&mut writer.conn, damage).await.unwrap();
            drop(writer);
            match open(dir.path()).await {
                Ok(mut opened) => {
                    assert!(opens);
                    assert!(matches!(opened.writer.idle_work().await, Err(StoreError::Corrupt(_))));
                    assert!(matches!(opened.writer.close().await, Err(StoreError::Corrupt(_))));
                }
                Err(error) => assert!(!opens && matches!(error, StoreError::Corrupt(_)), "{error:?}"),
            }
        });
    }
}

#[test]
fn an_abandoned_commit_stops_the_writer() {
    run(|dir| async move {
        let mut writer = open(dir.path()).await.unwrap().writer;
        let mut head = conversation(&mut writer, 1).await;
        // While somebody else holds the file, no commit is through at its first step.
        let mut other = crate::open::writing(&dir.path().join("kefu.db")).await.unwrap();
        sql::script(&mut other, "BEGIN IMMEDIATE").await.unwrap();
        {
            let mut copy = head.clone();
            let mut abandoned = std::pin::pin!(grow(&mut writer, &mut copy, 1));
            tokio::select! {
                biased;
                _ = &mut abandoned => panic!("a commit needs more than one step"),
                () = std::future::ready(()) => {}
            }
        }
        sql::script(&mut other, "ROLLBACK").await.unwrap();
        drop(other);
        assert!(matches!(grow(&mut writer, &mut head, 1).await, Err(StoreError::Abandoned)));
        assert!(matches!(writer.commit(&Batch::default()).await, Err(StoreError::Abandoned)));
        drop(writer);
        tokio::task::yield_now().await;
    });
}
