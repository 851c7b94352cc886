use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::tests::{NOW, agent, inbox, open, run};
use crate::{Batch, Change, RecordSet, Writer};
use kefu_core::{AgentKey, InboxKey};

fn record(action: &'static str, who: u128) -> AuditRecord {
    AuditRecord {
        at: NOW,
        actor: AuditActor::Agent(Uuid::from_u128(who)),
        address: Some("192.0.2.7".to_owned()),
        action,
        target: Some(("inbox", Uuid::from_u128(9))),
        detail: json!({"fields": ["name"]}),
    }
}

async fn write(writer: &mut Writer, sets: Vec<RecordSet>) -> Vec<Result<(), StoreError>> {
    writer.commit(&Batch { records: sets, ..Batch::default() }).await.unwrap().records
}

/// Changes the file behind the store's back.
async fn tamper(dir: &std::path::Path, sql: &'static str) {
    use sqlx::Connection as _;
    let url = dir.join("kefu.db");
    let mut conn = sqlx::sqlite::SqliteConnection::connect(url.to_str().unwrap()).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

#[test]
fn lines_are_chained_over_restarts() {
    run(async |dir| {
        let mut opened = open(dir.path()).await.unwrap();
        let set = |who| RecordSet { changes: Vec::new(), audit: vec![record("inbox.changed", who)] };
        write(&mut opened.writer, vec![set(1), set(2)]).await;
        opened.writer.close().await.unwrap();
        opened.store.close().await;
        let mut opened = open(dir.path()).await.unwrap();
        write(&mut opened.writer, vec![set(1)]).await;
        let verdict = opened.store.verify_audit().await.unwrap();
        let lines = opened.store.audit_lines(0, 10).await.unwrap();
        assert_eq!((verdict.lines, verdict.broken_at), (3, None));
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[2].hash, verdict.head);
        let by_one = AuditFilter { actor_id: Some(Uuid::from_u128(1)), ..AuditFilter::default() };
        let found = opened.store.find_audit(&by_one, None, 10).await.unwrap();
        assert_eq!(found.iter().map(|line| line.number).collect::<Vec<_>>(), [3, 1]);
        let older = opened.store.find_audit(&by_one, Some(3), 10).await.unwrap();
        assert_eq!(older, [lines[0].clone()]);
        let prefix = AuditFilter { action: Some("inbox.".to_owned()), ..AuditFilter::default() };
        assert_eq!(opened.store.find_audit(&prefix, None, 2).await.unwrap().len(), 2);
        let other = AuditFilter { action: Some("inbox".to_owned()), ..AuditFilter::default() };
        assert!(opened.store.find_audit(&other, None, 2).await.unwrap().is_empty());
        opened.writer.close().await.unwrap();
        opened.store.close().await;
    });
}

#[test]
fn a_changed_missing_or_hidden_line_is_found() {
    for sql in [
        "UPDATE audit SET text = replace(text, 'name', 'Name') WHERE number = 2",
        "UPDATE audit SET actor = NULL WHERE number = 2",
        "UPDATE audit SET at = at + 1 WHERE number = 2",
        "DELETE FROM audit WHERE number = 2",
        "UPDATE audit SET hash = randomblob(32) WHERE number = 2",
    ] {
        run(async |dir| {
            let mut opened = open(dir.path()).await.unwrap();
            let set = RecordSet { changes: Vec::new(), audit: vec![record("inbox.changed", 1); 4] };
            write(&mut opened.writer, vec![set]).await;
            tamper(dir.path(), sql).await;
            assert_eq!(opened.store.verify_audit().await.unwrap().broken_at, Some(2), "{sql}");
            opened.writer.close().await.unwrap();
            opened.store.close().await;
        });
    }
}

#[test]
fn a_refused_set_leaves_nothing_and_harms_no_other() {
    run(async |dir| {
        let mut opened = open(dir.path()).await.unwrap();
        let set = |key, slug, who| RecordSet {
            changes: vec![
                Change::Agent(agent(AgentKey(key), &format!("{key}@example.com"))),
                Change::Inbox(Box::new(inbox(InboxKey(key), slug))),
            ],
            audit: vec![record("inbox.made", who)],
        };
        let outcomes =
            write(&mut opened.writer, vec![set(1, "web", 1), set(2, "web", 2), set(3, "app", 3)]).await;
        assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
        assert!(matches!(&outcomes[1], Err(StoreError::Conflict(what)) if what.contains("inbox.slug")));
        let agents = opened.store.agents().await.unwrap();
        assert_eq!(agents.iter().map(|agent| agent.key.0).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(opened.store.verify_audit().await.unwrap().lines, 2);
        opened.writer.close().await.unwrap();
        opened.store.close().await;
    });
}
