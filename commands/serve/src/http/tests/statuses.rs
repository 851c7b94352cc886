//! What agents say they are doing, and supervisors who say it for them.

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};

use super::office::{Ask, Office};

#[tokio::test]
async fn a_break_has_a_reason_and_a_beginning_and_ends_both_with_it() {
    let office = Office::open().await;
    let lin_id = office.agent("lin", Role::Agent).await;
    let lin = office.token_of(lin_id).await;
    let say = async |path: &str, token: &str, body: Value| {
        office.ask(Method::PUT, path, Some(body), &Ask::by(token)).await
    };
    let me = "/agents/me/status";
    let reasons = office.get("/agents/break-reasons", &lin).await.body;
    assert_eq!(reasons["items"], json!(["meal", "rest", "meeting", "training"]));
    for (body, field) in [
        (json!({"status": "offline"}), "status"),
        (json!({"status": "away", "reason": "golf"}), "reason"),
        (json!({"status": "online", "reason": "meal"}), "reason"),
    ] {
        let refused = say(me, &lin, body).await;
        assert_eq!((refused.status, &refused.body["field"]), (400, &json!(field)));
    }
    say(me, &lin, json!({"status": "away", "reason": "meal"})).await;
    let row = async || office.services.desk.directory().agent(lin_id).unwrap().clone();
    let first = row().await;
    assert_eq!(first.status_reason.as_deref(), Some("meal"));
    say(me, &lin, json!({"status": "away", "reason": "meal"})).await;
    assert_eq!(row().await.status_at, first.status_at, "saying it again is no new break");
    say(me, &lin, json!({"status": "away", "reason": "meeting"})).await;
    let second = row().await;
    assert!(second.status_at > first.status_at, "another reason is another break");
    let stored = office.services.store.agents().await.unwrap();
    let stored = stored.iter().find(|agent| agent.id == lin_id).unwrap();
    assert_eq!((stored.status_reason.as_deref(), stored.status_at), (Some("meeting"), second.status_at));
    say(me, &lin, json!({"status": "online"})).await;
    assert_eq!(row().await.status_reason, None);
}

#[tokio::test]
async fn supervisors_say_what_others_do_and_the_audit_log_says_that_they_did() {
    let office = Office::open().await;
    let lin_id = office.agent("lin", Role::Agent).await;
    let boss_id = office.agent("boss", Role::Supervisor).await;
    let boss = office.token_of(boss_id).await;
    let path = format!("/agents/{lin_id}/status");
    let body = json!({"status": "busy", "reason": "training"});
    let set = office.ask(Method::PUT, &path, Some(body), &Ask::by(&boss)).await;
    assert_eq!((set.status, &set.body["id"]), (200, &json!(lin_id)));
    let lines = office.services.store.audit_lines(0, 100).await.unwrap();
    let line = lines.iter().find(|line| line.action == "agent.status_set").unwrap();
    assert_eq!((line.actor_id, line.target_id), (Some(boss_id), Some(lin_id)));
    assert_eq!(line.detail, json!({"status": "busy", "reason": "training"}));
    assert!(set.body.get("status_reason").is_none(), "who has no connection is offline, whatever it says");
}
