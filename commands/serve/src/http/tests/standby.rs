//! What a standby answers: what can be read from the store, and nothing else.

use std::time::{Duration, Instant};

use http::Method;
use kefu_core::Role;
use serde_json::json;
use uuid::Uuid;

use super::office::{Answer, Ask, Guest, Office};

/// How long a standby may take to see what was written, with much to spare.
const PATIENCE: Duration = Duration::from_secs(20);

fn text(number: u128, text: &str) -> serde_json::Value {
    json!({"client_id": Uuid::from_u128(number), "kind": "text", "text": text})
}

#[track_caller]
fn is_refused(answer: &Answer, what: &str) {
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (503, &json!("unavailable")),
        "{what}: {}",
        answer.body
    );
    assert!(answer.headers.contains_key("retry-after"), "{what}");
    assert!(answer.body["detail"].as_str().unwrap().contains("standby"), "{what}: {}", answer.body);
}

async fn busy() -> (Office, String, Guest) {
    let office = Office::open().await;
    let admin = office.agent("ada", Role::Admin).await;
    let admin = office.token_of(admin).await;
    let guest = office.taken_by(&admin).await;
    (office, admin, guest)
}

#[tokio::test]
async fn a_standby_reads_as_the_active_does() {
    let (mut office, admin, guest) = busy().await;
    let tag = office.post("/tags", &admin, json!({"name": "vip"})).await;
    assert_eq!(tag.status, 201, "{}", tag.body);
    let ticket = office
        .post("/tickets", &admin, json!({"subject": "broken", "conversation_ids": [guest.conversation]}))
        .await;
    assert_eq!(ticket.status, 201, "{}", ticket.body);
    let conversation = format!("/conversations/{}", guest.conversation);
    let visitor = format!("/visitors/{}", guest.id);
    let customer = office.get(&visitor, &admin).await.body["customer_id"].as_str().unwrap().to_owned();
    let mut paths: Vec<String> = [
        "/articles",
        "/auth/sessions",
        "/blocks",
        "/canned-replies",
        "/categories",
        "/conversations",
        "/customers?q=a",
        "/inboxes",
        "/keys",
        "/permissions",
        "/roles",
        "/search?q=%E4%BD%A0%E5%A5%BD",
        "/tags",
        "/teams",
        "/tickets",
    ]
    .map(str::to_owned)
    .into();
    paths.extend([
        conversation.clone(),
        format!("{conversation}/messages"),
        format!("{conversation}/tags"),
        visitor.clone(),
        format!("{visitor}/pages"),
        format!("/customers/{customer}"),
        format!("/customers/{customer}/conversations"),
        format!("/tickets/{}", ticket.body["id"].as_str().unwrap()),
        format!("/tickets/{}/comments", ticket.body["id"].as_str().unwrap()),
    ]);
    let active = office.router.clone();
    drop(office.stand_by().await);
    for path in paths {
        let here = office.get(&path, &admin).await;
        let there = std::mem::replace(&mut office.router, active.clone());
        let expected = office.get(&path, &admin).await;
        office.router = there;
        assert_eq!(expected.status, 200, "{path}: {}", expected.body);
        assert_eq!((here.status, here.body), (200, expected.body), "{path}");
    }
    let own = office.get(&format!("{conversation}/messages"), &guest.token).await;
    assert_eq!((own.status, &own.body["items"][0]["text"]), (200, &json!("你好")));
    let transcript = office.get(&format!("{conversation}/transcript"), &guest.token).await;
    assert_eq!(transcript.status, 200, "{}", transcript.body);
    let report = office.get("/reports?by=agent&from=2026-01-01&to=2026-01-02", &admin).await;
    assert_eq!(report.status, 200, "{}", report.body);
    // What goes on is not known here.
    let me = office.get("/auth/me", &admin).await;
    assert_eq!((me.status, &me.body["name"], &me.body["load"]), (200, &json!("ada"), &json!(0)));
    let agents = office.get("/agents", &admin).await;
    assert_eq!((agents.status, &agents.body["items"][0]["status"]), (200, &json!("offline")));
}

#[tokio::test]
async fn a_standby_lets_in_whom_the_active_does() {
    let (mut office, admin, guest) = busy().await;
    let agent = office.agent("bob", Role::Agent).await;
    let (_, key) = office.key(agent, &["chat"]).await;
    let agent = office.token_of(agent).await;
    let other = office.guest().await;
    drop(office.stand_by().await);
    let conversation = format!("/conversations/{}", guest.conversation);
    for (token, path, status) in [
        ("", conversation.as_str(), 401),
        ("ka_nonsense", &conversation, 401),
        (&*admin, &conversation, 200),
        // It is another agent's.
        (&agent, &conversation, 404),
        (&key, &conversation, 404),
        (&key, "/conversations", 200),
        (&key, "/keys", 403),
        (&agent, "/keys", 403),
        (&guest.token, &conversation, 200),
        (&other.token, &conversation, 404),
        (&guest.token, "/keys", 403),
    ] {
        let answer = office.get(path, token).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_standby_refuses_what_writes_and_what_is_live() {
    let (mut office, admin, guest) = busy().await;
    drop(office.stand_by().await);
    let conversation = format!("/conversations/{}", guest.conversation);
    let customer = office.get(&format!("/visitors/{}", guest.id), &admin).await.body["customer_id"].clone();
    let customer = customer.as_str().unwrap();
    for (method, path) in [
        (Method::POST, format!("{conversation}/messages")),
        (Method::POST, format!("{conversation}/accept")),
        (Method::PATCH, format!("{conversation}/messages/1")),
        (Method::DELETE, format!("{conversation}/messages/1")),
        (Method::POST, "/widget/sessions".to_owned()),
        (Method::POST, "/auth/login".to_owned()),
        (Method::PUT, "/agents/me/status".to_owned()),
        (Method::GET, "/widget/config?inbox=web".to_owned()),
        (Method::GET, "/reports/now".to_owned()),
        (Method::GET, "/reports?by=agent&from=2026-01-01&to=2026-01-02&format=csv".to_owned()),
        // For agents it is an export, and the audit log has to hear of that.
        (Method::GET, format!("{conversation}/transcript")),
        (Method::GET, "/audit".to_owned()),
        (Method::GET, "/audit/verify".to_owned()),
        (Method::GET, format!("/customers/{customer}/export")),
        (Method::GET, "/stream".to_owned()),
        (Method::GET, "/nothing".to_owned()),
    ] {
        // Again and again: what is written only once in a while is no way in either.
        for _ in 0..2 {
            let body = (method != Method::GET).then(|| text(9, "hello"));
            let answer = office.ask(method.clone(), &path, body, &Ask::by(&admin)).await;
            is_refused(&answer, &path);
        }
    }
    let only_active = Ask::by(&admin).header("kefu-role", "active");
    is_refused(&office.ask(Method::GET, "/conversations", None, &only_active).await, "for the active alone");
    let said = office.get(&format!("{conversation}/messages"), &admin).await;
    assert_eq!(said.headers["kefu-role"], "standby");
    let texts = said.body["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "text").count();
    assert_eq!(texts, 1);
}

#[tokio::test]
async fn a_standby_follows_what_is_written() {
    let (mut office, admin, guest) = busy().await;
    let messages = format!("/conversations/{}/messages", guest.conversation);
    let active = office.stand_by().await;
    let standby = std::mem::replace(&mut office.router, active.clone());
    assert_eq!(office.post(&messages, &guest.token, text(2, "and then")).await.status, 201);
    let late = office.guest().await;
    assert_eq!(office.post("/teams", &admin, json!({"name": "night"})).await.status, 201);
    office.router = standby;
    // A new session and a new conversation are rows, and need no waiting.
    let own = office.get(&format!("/conversations/{}", late.conversation), &late.token).await;
    assert_eq!(own.status, 200, "{}", own.body);
    let began = Instant::now();
    loop {
        let page = office.get(&messages, &admin).await;
        let has_all = page.body["items"].as_array().unwrap().iter().any(|item| item["text"] == "and then");
        let teams = office.get("/teams", &admin).await;
        if has_all && teams.body["items"].as_array().unwrap().iter().any(|team| team["name"] == "night") {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{} {}", page.body, teams.body);
        tokio::task::yield_now().await;
    }
}
