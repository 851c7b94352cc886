//! Customers, their identities and the pages that they look at.

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::office::{Answer, Ask, Guest, Office};

async fn patch(office: &Office, path: &str, token: &str, body: Value) -> Answer {
    office.ask(Method::PATCH, path, Some(body), &Ask::by(token)).await
}

async fn ids(office: &Office, path: &str, token: &str) -> Vec<Value> {
    let answer = office.get(path, token).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
}

/// A conversation with a message that nobody has taken.
async fn waiting(office: &Office) -> Guest {
    let guest = office.guest().await;
    let message = json!({"client_id": Uuid::from_u128(1), "kind": "text", "text": "在吗"});
    let path = format!("/conversations/{}/messages", guest.conversation);
    assert_eq!(office.post(&path, &guest.token, message).await.status, 201);
    guest
}

#[tokio::test]
async fn conversations_follow_a_merge_and_come_back() {
    let office = Office::open().await;
    let boss = office.token_of(office.agent("qian", Role::Supervisor).await).await;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    let (one, two) = (waiting(&office).await, waiting(&office).await);
    let path = format!("/customers/{}", one.id);
    assert_eq!(ids(&office, &format!("{path}/conversations"), &lin).await, [json!(one.conversation)]);

    let merged = office.post(&format!("{path}/merge"), &lin, json!({"from": [two.id, two.id]})).await;
    assert_eq!((merged.status, &merged.body["customer"]["id"]), (200, &json!(one.id)), "{}", merged.body);
    let found = ids(&office, &format!("{path}/conversations"), &lin).await;
    assert!(found.len() == 2 && found.contains(&json!(two.conversation)), "{found:?}");
    assert_eq!(office.get(&format!("/visitors/{}", two.id), &boss).await.body["customer_id"], json!(one.id));
    assert_eq!(office.get(&format!("/customers/{}", two.id), &boss).await.body["id"], json!(one.id));
    let again = office.post(&format!("{path}/merge"), &boss, json!({"from": [two.id]})).await;
    assert_eq!((again.status, &again.body["field"]), (400, &json!("from")));

    let merge_id = office.get(&path, &boss).await.body["merges"][0]["merge_id"].clone();
    assert_eq!(merge_id, merged.body["merge_id"]);
    let undo = json!({"merge_id": merge_id});
    assert_eq!(office.post(&format!("{path}/unmerge"), &boss, undo.clone()).await.status, 200);
    assert_eq!(office.post(&format!("{path}/unmerge"), &boss, undo).await.status, 409);
    assert_eq!(ids(&office, &format!("{path}/conversations"), &boss).await, [json!(one.conversation)]);
    assert_eq!(office.get(&format!("/customers/{}", two.id), &boss).await.body["id"], json!(two.id));

    let lines = office.services.store.audit_lines(0, 100).await.unwrap();
    let actions: Vec<_> = lines.iter().map(|line| line.action.as_str()).collect();
    assert!(actions.ends_with(&["customer.merged", "customer.unmerged"]), "{actions:?}");
}

#[tokio::test]
async fn an_agent_merges_only_whom_it_may_know() {
    let office = Office::open().await;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    let zhou = office.token_of(office.agent("zhou", Role::Agent).await).await;
    let (own, foreign) = (office.taken_by(&lin).await, office.taken_by(&zhou).await);
    let body = json!({"from": [foreign.id]});
    let answer = office.post(&format!("/customers/{}/merge", own.id), &lin, body).await;
    assert_eq!((answer.status, &answer.body["field"]), (404, &json!("from")));
}

#[tokio::test]
async fn changes_are_checked_and_made_for_a_version() {
    let office = Office::open().await;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    let guest = office.taken_by(&lin).await;
    let path = format!("/customers/{}", guest.id);
    let long = "x".repeat(4001);
    for (field, value) in [
        ("name", json!("a\nb")),
        ("email", json!("nobody")),
        ("phone", json!("none")),
        ("note", json!(long)),
        ("attributes", json!({"a": "x".repeat(9000)})),
    ] {
        let answer = patch(&office, &path, &lin, json!({"version": 0, field: value})).await;
        assert!(matches!(answer.status, 400 | 413), "{field}: {}", answer.body);
        assert_eq!(answer.body["field"], json!(field));
    }
    let body = json!({"version": 0, "name": "王芳", "phone": "138 0000 0000", "attributes": {"vip": true}});
    let changed = patch(&office, &path, &lin, body.clone()).await;
    assert_eq!((changed.status, &changed.body["version"]), (200, &json!(1)), "{}", changed.body);
    assert_eq!(changed.body["phone"], json!("138****0000"));
    assert_eq!(patch(&office, &path, &lin, body).await.status, 409);
    for (q, count) in [("王", 1), ("13800000000", 1), ("1380", 0), ("芳", 0)] {
        let q: String = q.bytes().map(|byte| format!("%{byte:02x}")).collect();
        assert_eq!(ids(&office, &format!("/customers?q={q}"), &lin).await.len(), count);
    }
    assert_eq!(office.get("/customers", &lin).await.body["field"], json!("q"));
    let zhou = office.token_of(office.agent("zhou", Role::Agent).await).await;
    assert!(ids(&office, "/customers?q=13800000000", &zhou).await.is_empty());
    let line = office.services.store.audit_lines(0, 100).await.unwrap().pop().unwrap();
    assert_eq!(line.action, "customer.changed");
    assert!(!line.detail.to_string().contains("138"), "{}", line.detail);
}

#[tokio::test]
async fn identities_are_checked_and_verified_ones_unique() {
    let office = Office::open().await;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    let (one, two) = (waiting(&office).await, waiting(&office).await);
    let path = |guest: &Guest| format!("/customers/{}/identities", guest.id);
    for (field, body) in [
        ("kind", json!({"kind": "fax", "value": "1"})),
        ("value", json!({"kind": "phone", "value": ""})),
        ("value", json!({"kind": "email", "value": "nobody"})),
        ("value", json!({"kind": "wechat_openid", "value": " ", "scope": "wx1"})),
        ("scope", json!({"kind": "wechat_openid", "value": "o1"})),
        ("scope", json!({"kind": "phone", "value": "12345", "scope": "x"})),
    ] {
        let answer = office.post(&path(&one), &lin, body).await;
        assert_eq!((answer.status, &answer.body["field"]), (400, &json!(field)), "{}", answer.body);
    }
    let openid = json!({"kind": "wechat_openid", "value": "o1", "scope": "wx1", "verified": true});
    let added = office.post(&path(&one), &lin, openid.clone()).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let taken = office.post(&path(&two), &lin, openid).await;
    assert_eq!((taken.status, &taken.body["field"]), (409, &json!("value")));
    let other = json!({"kind": "wechat_openid", "value": "o1", "scope": "wx2", "verified": true});
    assert_eq!(office.post(&path(&two), &lin, other).await.status, 201);
    let listed = office.get(&path(&one), &lin).await.body["items"].clone();
    assert_eq!((&listed[0]["kind"], &listed[1]["kind"]), (&json!("web"), &json!("wechat_openid")));
    let identity = format!("{}/{}", path(&one), added.body["id"].as_str().unwrap());
    assert_eq!(office.ask(Method::DELETE, &identity, None, &Ask::by(&lin)).await.status, 204);
    assert_eq!(ids(&office, &path(&one), &lin).await, [json!(one.id)]);
}

#[tokio::test]
async fn pages_are_seen_at_once_and_written_later() {
    let office = Office::open().await;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    let guest = office.taken_by(&lin).await;
    for (field, body) in [
        ("url", json!({"url": "javascript:alert(1)"})),
        ("url", json!({"url": format!("https://a.example/{}", "x".repeat(2048))})),
        ("referrer", json!({"url": "https://a.example", "referrer": "ftp://a.example"})),
    ] {
        let answer = office.post("/widget/pages", &guest.token, body).await;
        assert_eq!(answer.body["field"], json!(field), "{}", answer.body);
    }
    let look = async |url: &str| {
        let body = json!({"url": url, "title": "购物车", "referrer": ""});
        assert_eq!(office.post("/widget/pages", &guest.token, body).await.status, 204);
    };
    look("https://lin:secret@shop.example/cart#token").await;
    let path = format!("/visitors/{}/pages", guest.id);
    let pages = office.get(&path, &lin).await.body;
    assert_eq!(pages["items"][0]["url"], json!("https://shop.example/cart"));
    assert_eq!(pages["items"][0]["title"], json!("购物车"));
    office.services.trails.write(&office.services.desk).await;
    look("https://shop.example/pay").await;
    let items = office.get(&path, &lin).await.body["items"].clone();
    let urls: Vec<_> = items.as_array().unwrap().iter().map(|item| item["url"].clone()).collect();
    assert_eq!(urls, ["https://shop.example/pay", "https://shop.example/cart"]);
}
