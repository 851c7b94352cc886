use kefu_core::Micros;

use super::{open, run};
use crate::{Batch, Change, SHADOW_CALLS_MAX, ShadowCall, ShadowChange};

fn call(number: i64) -> ShadowCall {
    ShadowCall {
        number,
        at: Micros(number),
        kind: "syslog".to_owned(),
        target: "udp://192.0.2.1:514".to_owned(),
        summary: format!("line {number}"),
    }
}

#[test]
fn calls_are_listed_from_the_newest_on_and_the_mark_stays() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        assert!(!opened.store.is_shadow().await.unwrap());
        let calls = (1..=5).map(|number| Change::Shadow(ShadowChange::Call(call(number))));
        let changes = calls.chain([Change::Shadow(ShadowChange::Mark)]).collect();
        opened.writer.commit(&Batch { changes, ..Batch::default() }).await.unwrap();
        let numbers = async |before, limit| {
            let calls = opened.store.shadow_calls(before, limit).await.unwrap();
            calls.into_iter().map(|call| call.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(None, 2).await, [5, 4]);
        assert_eq!(numbers(Some(4), 9).await, [3, 2, 1]);
        assert_eq!(opened.store.shadow_calls(None, 1).await.unwrap(), [call(5)]);
        opened.writer.close().await.unwrap();
        let opened = open(dir.path()).await.unwrap();
        assert!(opened.store.is_shadow().await.unwrap());
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn the_oldest_of_too_many_calls_go() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "INSERT INTO shadow_call VALUES (1, 1, 'a', 'b', 'c'), ({SHADOW_CALLS_MAX}, 1, 'a', 'b', 'c')"
        )))
        .execute(&mut crate::open::writing(&dir.path().join("kefu.db")).await.unwrap())
        .await
        .unwrap();
        let changes = vec![Change::Shadow(ShadowChange::Call(call(7)))];
        opened.writer.commit(&Batch { changes, ..Batch::default() }).await.unwrap();
        let left = opened.store.shadow_calls(None, 9).await.unwrap();
        let left: Vec<_> = left.into_iter().map(|call| call.number).collect();
        assert_eq!(left, [SHADOW_CALLS_MAX + 1, SHADOW_CALLS_MAX]);
        opened.writer.close().await.unwrap();
    });
}
