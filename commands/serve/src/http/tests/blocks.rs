//! Who is kept out, and from what.

use http::Method;
use kefu_core::{Micros, Role};
use kefu_protocol::ws::CloseCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::office::{Answer, Ask, Guest, Office};
use crate::clock;

async fn send(office: &Office, guest: &Guest, id: u128, ask: Ask) -> Answer {
    let body = json!({"client_id": Uuid::from_u128(id), "kind": "text", "text": "x"});
    let path = format!("/conversations/{}/messages", guest.conversation);
    let ask = Ask { token: Some(guest.token.clone()), ..ask };
    office.ask(Method::POST, &path, Some(body), &ask).await
}

async fn end(office: &Office, token: &str, block: &Value) {
    let path = format!("/blocks/{}", block["id"].as_str().unwrap());
    assert_eq!(office.ask(Method::DELETE, &path, None, &Ask::by(token)).await.status, 204);
}

#[tokio::test]
async fn a_blocked_visitor_is_kept_out_until_the_block_ends() {
    let office = Office::open().await;
    let boss = office.token_of(office.agent("qian", Role::Supervisor).await).await;
    let guest = office.taken_by(&boss).await;
    let outbox = office.connect(&guest.token, Uuid::from_u128(5)).await;

    let made = office.post("/blocks", &boss, json!({"visitor_id": guest.id, "reason": "spam"})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    // The answer to a later question comes after the close.
    office.services.desk.agents().await.unwrap();
    assert_eq!(outbox.close_code(), Some(CloseCode::FORBIDDEN));
    assert_eq!(send(&office, &guest, 2, Ask::default()).await.status, 403);
    assert_eq!(office.post("/widget/sessions", &guest.token, json!({"inbox": "web"})).await.status, 403);
    assert_eq!(office.post("/widget/pages", &guest.token, json!({"url": "https://a.b"})).await.status, 403);
    let stream = format!("/stream/{}", Uuid::from_u128(5));
    assert_eq!(office.post(&stream, &guest.token, json!({"type": "ping"})).await.status, 403);
    let other = office.guest().await;
    assert_eq!(send(&office, &other, 2, Ask::default()).await.status, 201);

    let twice = office.post("/blocks", &boss, json!({"visitor_id": guest.id})).await;
    assert_eq!(twice.status, 409);
    end(&office, &boss, &made.body).await;
    assert_eq!(send(&office, &guest, 2, Ask::default()).await.status, 201);
    let lines = office.services.store.audit_lines(0, 100).await.unwrap();
    let actions: Vec<_> = lines.iter().map(|line| line.action.as_str()).collect();
    assert!(actions.ends_with(&["block.made", "block.ended"]), "{actions:?}");
}

#[tokio::test]
async fn a_blocked_range_keeps_visitors_out_and_never_agents() {
    let office = Office::open().await;
    let boss = office.token_of(office.agent("qian", Role::Supervisor).await).await;
    let guest = office.guest().await;
    let made = office.post("/blocks", &boss, json!({"address": "203.0.113.0/24"})).await;
    assert_eq!(made.body["address"], json!("203.0.113.0/24"), "{}", made.body);
    let (inside, outside) = (Ask::from([203, 0, 113, 9]), Ask::from([203, 0, 112, 9]));
    let open = async |ask: &Ask| {
        office.ask(Method::POST, "/widget/sessions", Some(json!({"inbox": "web"})), ask).await.status
    };
    assert_eq!((open(&inside).await, open(&outside).await), (403, 201));
    assert_eq!(send(&office, &guest, 1, inside.clone()).await.status, 403);
    assert_eq!(send(&office, &guest, 1, outside).await.status, 201);
    let agent = Ask { token: Some(boss.clone()), ..inside };
    assert_eq!(office.ask(Method::GET, "/blocks", None, &agent).await.status, 200);
}

#[tokio::test]
async fn a_block_of_a_customer_follows_its_merges() {
    let office = Office::open().await;
    let boss = office.token_of(office.agent("qian", Role::Supervisor).await).await;
    let (one, two) = (office.taken_by(&boss).await, office.taken_by(&boss).await);
    let made = office.post("/blocks", &boss, json!({"customer_id": one.id})).await;
    assert_eq!(made.body["customer_id"], json!(one.id), "{}", made.body);
    assert_eq!(send(&office, &one, 2, Ask::default()).await.status, 403);
    assert_eq!(send(&office, &two, 2, Ask::default()).await.status, 201);
    let path = format!("/customers/{}", one.id);
    let merged = office.post(&format!("{path}/merge"), &boss, json!({"from": [two.id]})).await;
    assert_eq!(send(&office, &two, 3, Ask::default()).await.status, 403);
    let undo = json!({"merge_id": merged.body["merge_id"]});
    assert_eq!(office.post(&format!("{path}/unmerge"), &boss, undo).await.status, 200);
    assert_eq!(send(&office, &two, 3, Ask::default()).await.status, 201);
}

#[tokio::test]
async fn blocks_are_checked_and_expired_ones_forgotten() {
    let office = Office::open().await;
    let boss = office.token_of(office.agent("qian", Role::Supervisor).await).await;
    for (field, body) in [
        ("visitor_id", json!({})),
        ("visitor_id", json!({"visitor_id": Uuid::nil(), "address": "192.0.2.1"})),
        ("visitor_id", json!({"visitor_id": Uuid::nil()})),
        ("customer_id", json!({"customer_id": Uuid::nil()})),
        ("address", json!({"address": "0.0.0.0/0"})),
        ("reason", json!({"address": "192.0.2.1", "reason": "x".repeat(501)})),
        ("expires_at", json!({"address": "192.0.2.1", "expires_at": "2001-01-01T00:00:00Z"})),
    ] {
        let answer = office.post("/blocks", &boss, body).await;
        assert!(matches!(answer.status, 400 | 404 | 413), "{}", answer.body);
        assert_eq!(answer.body["field"], json!(field), "{}", answer.body);
    }
    let body = json!({"address": "192.0.2.1", "expires_at": "2100-01-01T00:00:00Z"});
    assert_eq!(office.post("/blocks", &boss, body).await.status, 201);
    let services = &office.services;
    services.blocks.forget_expired(&services.desk, &services.store, clock::now()).await;
    assert_eq!(services.store.blocks().await.unwrap().len(), 1);
    let later = Micros(i64::MAX - 1);
    services.blocks.forget_expired(&services.desk, &services.store, later).await;
    assert!(services.store.blocks().await.unwrap().is_empty());
    assert!(services.blocks.check_address([192, 0, 2, 1].into(), clock::now()).is_ok());
}
