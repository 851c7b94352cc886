//! Supervisors in conversations of others.

use http::Method;
use kefu_core::Role;
use serde_json::json;
use uuid::Uuid;

use super::{
    office::{Ask, Office},
    rights::{Case, case},
};

/// The rows of the table of rights.
pub(super) fn cases() -> Vec<Case> {
    let act = |path, statuses| case(Method::POST, path, None, statuses);
    let whisper = |path, statuses| {
        let body = json!({"client_id": Uuid::from_u128(3), "text": "x"});
        case(Method::POST, path, Some(body), statuses)
    };
    vec![
        whisper("/conversations/{c}/whisper", [401, 403, 403, 403, 404, 201, 201]),
        whisper("/conversations/{n}/whisper", [401, 403, 403, 404, 404, 404, 404]),
        act("/conversations/{c}/join", [401, 403, 403, 403, 404, 200, 200]),
        act("/conversations/{c}/leave", [401, 403, 403, 200, 404, 200, 200]),
        act("/conversations/{c}/takeover", [401, 403, 403, 403, 404, 200, 200]),
        act("/conversations/{n}/takeover", [401, 403, 403, 404, 404, 404, 404]),
    ]
}

#[tokio::test]
async fn whispers_are_for_agents_once_and_audited() {
    let office = Office::open().await;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    let boss = office.token_of(office.agent("boss", Role::Supervisor).await).await;
    let guest = office.taken_by(&lin).await;
    let path = format!("/conversations/{}", guest.conversation);
    let whisper = json!({"client_id": Uuid::from_u128(9), "text": "offer a refund"});
    let first = office.post(&format!("{path}/whisper"), &boss, whisper.clone()).await;
    let again = office.post(&format!("{path}/whisper"), &boss, whisper).await;
    assert_eq!((first.status, again.status, &first.body), (201, 200, &again.body));
    let log = office.get(&format!("{path}/messages"), &lin).await.body;
    let last = log["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["kind"], &last["data"]), (&json!("note"), &json!({"whisper": true})));
    let seen = office.get(&format!("{path}/messages"), &guest.token).await.body;
    assert!(!seen.to_string().contains("refund"), "{seen}");
    let lines = office.trail().await;
    let whispers = lines.iter().filter(|(action, _)| action == "conversation.whispered");
    assert_eq!(whispers.count(), 1, "a repeat is no second whisper: {lines:?}");
    office.ask(Method::POST, &format!("{path}/takeover"), None, &Ask::by(&boss)).await;
    let own = json!({"client_id": Uuid::from_u128(10), "text": "to myself"});
    assert_eq!(office.post(&format!("{path}/whisper"), &boss, own).await.status, 409);
}

#[tokio::test]
async fn who_joins_is_named_until_it_leaves_and_capacity_is_not_taken() {
    let office = Office::open().await;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    let boss_id = office.agent("boss", Role::Supervisor).await;
    let boss = office.token_of(boss_id).await;
    let guest = office.taken_by(&lin).await;
    let path = format!("/conversations/{}", guest.conversation);
    let act = async |what: &str| {
        office.ask(Method::POST, &format!("{path}/{what}"), None, &Ask::by(&boss)).await.body
    };
    let joined = act("join").await;
    assert_eq!((&joined["joined"][0]["name"], &joined["assignee"]["name"]), (&json!("boss"), &json!("lin")));
    act("join").await;
    let load = async || {
        let agents = office.get("/agents", &boss).await.body;
        let me = agents["items"].as_array().unwrap().iter().find(|agent| agent["id"] == json!(boss_id));
        me.unwrap()["load"].clone()
    };
    assert_eq!(load().await, 0);
    let text = json!({"client_id": Uuid::from_u128(5), "kind": "text", "text": "may I help?"});
    assert_eq!(office.post(&format!("{path}/messages"), &boss, text).await.status, 201);
    let head = office.get(&path, &lin).await.body;
    assert_eq!(head["assignee"]["name"], "lin", "the owner stays");
    assert!(act("leave").await.get("joined").is_none());
    let taken = act("takeover").await;
    assert_eq!(taken["assignee"]["name"], "boss");
    assert_eq!((load().await, office.get(&path, &lin).await.status), (json!(1), 404));
    let lines: Vec<_> = office.trail().await.into_iter().map(|(action, _)| action).collect();
    let own: Vec<_> = lines.iter().filter(|action| action.starts_with("conversation.")).collect();
    assert_eq!(own, ["conversation.joined", "conversation.left", "conversation.taken_over"]);
}

#[tokio::test]
async fn who_reads_what_is_others_is_written_down_once_and_who_reads_its_own_is_not() {
    let office = Office::open().await;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    let boss_id = office.agent("boss", Role::Supervisor).await;
    let boss = office.token_of(boss_id).await;
    let waiting = office.guest().await;
    let message = json!({"client_id": Uuid::from_u128(1), "kind": "text", "text": "hello"});
    let path = format!("/conversations/{}/messages", waiting.conversation);
    office.post(&path, &waiting.token, message).await;
    assert_eq!(office.get(&path, &boss).await.status, 200);
    let guest = office.taken_by(&lin).await;
    let path = format!("/conversations/{}/messages", guest.conversation);
    for token in [&lin, &guest.token, &boss, &boss] {
        assert_eq!(office.get(&path, token).await.status, 200);
    }
    assert_eq!(office.get(&format!("{path}?after_seq=1"), &boss).await.status, 200);
    let lines = office.services.store.audit_lines(0, 100).await.unwrap();
    let read: Vec<_> = lines.iter().filter(|line| line.action == "conversation.read").collect();
    let [line] = &read[..] else { panic!("one reading, not {}: {read:?}", read.len()) };
    assert_eq!((line.actor_id, line.target_id), (Some(boss_id), Some(guest.conversation)));
    assert!(line.address.is_some());
}
