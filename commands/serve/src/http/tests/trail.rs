//! The audit log: what it says, and who may read it.

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};

use super::office::{Ask, Office, PASSWORD, unlimited};
use crate::settings::Rate;

async fn login(office: &Office, email: &str, password: &str) -> Value {
    let body = json!({"email": email, "password": password});
    office.ask(Method::POST, "/auth/login", Some(body), &Ask::default()).await.body
}

#[tokio::test]
async fn signing_in_and_out_leaves_a_trail_without_secrets() {
    let mut settings = unlimited();
    settings.rate.login_account = Rate { per_minute: 1, burst: 3 };
    let office = Office::open_with(settings).await;
    let lin = office.agent("lin", Role::Agent).await;
    for _ in 0..6 {
        login(&office, "lin@example.com", "not the password").await;
    }
    login(&office, "nobody@example.com", "not the password").await;
    office.services.limits.signed_in([127, 0, 0, 1].into(), "lin@example.com");
    let lines = office.services.store.audit_lines(0, 100).await.unwrap();
    let said: Vec<_> = lines.iter().map(|line| (line.action.as_str(), line.actor_kind.as_str())).collect();
    let failed = ("sign_in.failed", "unknown");
    assert_eq!(said, [failed, failed, failed, ("sign_in.throttled", "unknown"), failed]);
    assert_eq!((lines[0].target_id, &lines[0].detail), (Some(lin), &json!({"wrong": "password"})));
    assert_eq!((lines[4].target_id, lines[4].detail["account"].as_str().unwrap().len()), (None, 16));
    let text = serde_json::to_string(&lines).unwrap();
    assert!(!text.contains("not the password") && !text.contains("@example.com"), "{text}");
}

#[tokio::test]
async fn sessions_of_others_are_seen_and_ended() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let lin = office.agent("lin", Role::Agent).await;
    let signed_in = login(&office, "lin@example.com", PASSWORD).await;
    let token = signed_in["token"].as_str().unwrap();
    let other = office.token_of(lin).await;
    let path = format!("/agents/{lin}/sessions");
    let listed = office.get(&path, &admin).await.body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let session = office.get("/auth/sessions", token).await.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["current"] == true)
        .unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let end = format!("{path}/{session}");
    assert_eq!(office.ask(Method::DELETE, &end, None, &Ask::by(&admin)).await.status, 204);
    assert_eq!(office.ask(Method::DELETE, &end, None, &Ask::by(&admin)).await.status, 404);
    assert_eq!(office.get("/auth/me", token).await.status, 401);
    assert_eq!(office.get("/auth/me", &other).await.status, 200);
    assert_eq!(office.ask(Method::DELETE, &path, None, &Ask::by(&admin)).await.status, 204);
    assert_eq!(office.get("/auth/me", &other).await.status, 401);
    office.ask(Method::POST, "/auth/logout", None, &Ask::by(&admin)).await;
    let actions: Vec<_> = office.trail().await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["sign_in.done", "session.revoked", "session.revoked", "sign_out"]);
}

#[tokio::test]
async fn the_log_is_read_in_pages_and_says_so_once() {
    let office = Office::open().await;
    let zhao = office.agent("zhao", Role::Admin).await;
    let admin = office.token_of(zhao).await;
    for number in 0..5 {
        let role = json!({"name": format!("role {number}"), "permissions": []});
        assert_eq!(office.post("/roles", &admin, role).await.status, 201);
    }
    let first = office.get("/audit?action=role.&limit=2", &admin).await.body;
    let numbers = |page: &Value| -> Vec<i64> {
        page["items"].as_array().unwrap().iter().map(|line| line["number"].as_i64().unwrap()).collect()
    };
    assert_eq!((numbers(&first), &first["has_more"]), (vec![5, 4], &json!(true)));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = office.get(&format!("/audit?action=role.&limit=3&cursor={cursor}"), &admin).await.body;
    assert_eq!((numbers(&second), &second["has_more"]), (vec![3, 2, 1], &json!(false)));
    let line = &second["items"][2];
    assert_eq!((&line["actor_id"], &line["action"]), (&json!(zhao), &json!("role.made")));
    assert!(line["at"].as_str().unwrap().ends_with('Z') && line["hash"].as_str().unwrap().len() == 64);
    let target = line["target_id"].as_str().unwrap();
    assert_eq!(numbers(&office.get(&format!("/audit?target_id={target}"), &admin).await.body), [1]);
    assert!(numbers(&office.get("/audit?after=2099-01-01T00:00:00Z", &admin).await.body).is_empty());
    assert_eq!(numbers(&office.get("/audit?action=audit.read", &admin).await.body).len(), 1);
    let verdict = office.get("/audit/verify", &admin).await.body;
    assert_eq!((&verdict["whole"], &verdict["lines"]), (&json!(true), &json!(6)));
    for (query, field) in [
        ("actor_id=x", "actor_id"),
        ("target_id=x", "target_id"),
        ("action=A%20B", "action"),
        ("after=yesterday", "after"),
        ("before=1", "before"),
        ("cursor=x", "cursor"),
        ("limit=0", "limit"),
    ] {
        let answer = office.get(&format!("/audit?{query}"), &admin).await;
        assert_eq!((answer.status, &answer.body["field"]), (400, &json!(field)), "{query}");
    }
}
