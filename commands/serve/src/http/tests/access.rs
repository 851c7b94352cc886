//! Roles of the company's own and keys of programs.

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::office::{Answer, Ask, Office, unlimited};
use crate::settings::{Rate, Settings};

async fn patch(office: &Office, path: &str, token: &str, body: Value) -> Answer {
    office.ask(Method::PATCH, path, Some(body), &Ask::by(token)).await
}

async fn delete(office: &Office, path: &str, token: &str) -> u16 {
    office.ask(Method::DELETE, path, None, &Ask::by(token)).await.status
}

fn id(value: &Value) -> Uuid {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_role_says_at_once_what_its_agents_may_do() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let lin = office.agent("lin", Role::Agent).await;
    let token = office.token_of(lin).await;
    let made = office.post("/roles", &admin, json!({"name": "审计", "permissions": ["audit"]})).await;
    assert_eq!((made.status, &made.body["permissions"]), (201, &json!(["audit"])));
    let role = id(&made.body["id"]);
    let again = office.post("/roles", &admin, json!({"name": "审计", "permissions": []})).await;
    assert_eq!((again.status, &again.body["field"]), (409, &json!("name")));
    assert_eq!(office.get("/audit", &token).await.status, 403);
    let path = format!("/agents/{lin}");
    let given = patch(&office, &path, &admin, json!({"custom_role_id": role})).await;
    assert_eq!((given.status, &given.body["custom_role_id"]), (200, &json!(role)));
    assert_eq!(office.get("/audit", &token).await.status, 200);
    let me = office.get("/auth/me", &token).await.body;
    assert_eq!((&me["role"], &me["permissions"]), (&json!("agent"), &json!(["audit"])));
    assert_eq!(delete(&office, &format!("/roles/{role}"), &admin).await, 409, "it is in use");
    let changed = json!({"name": "只读", "permissions": ["chat"]});
    assert_eq!(patch(&office, &format!("/roles/{role}"), &admin, changed).await.status, 200);
    assert_eq!(office.get("/audit", &token).await.status, 403);
    let none = patch(&office, &path, &admin, json!({"custom_role_id": null})).await;
    assert_eq!(none.body["permissions"], json!(["chat", "customers", "tickets"]));
    assert_eq!(delete(&office, &format!("/roles/{role}"), &admin).await, 204);
    let gone = patch(&office, &path, &admin, json!({"custom_role_id": role})).await;
    assert_eq!((gone.status, &gone.body["field"]), (400, &json!("custom_role_id")));
    let words = office.get("/permissions", &token).await.body;
    assert_eq!(words["items"].as_array().unwrap().len(), kefu_core::Permission::ALL.len());
}

#[tokio::test]
async fn nobody_grants_what_he_does_not_have() {
    let office = Office::open().await;
    let zhao = office.agent("zhao", Role::Admin).await;
    let admin = office.token_of(zhao).await;
    let keeper = office.agent("sun", Role::Agent).await;
    let role = office.role("keeper", &["agents", "keys", "chat", "customers", "tickets"]).await;
    let given = patch(&office, &format!("/agents/{keeper}"), &admin, json!({"custom_role_id": role})).await;
    assert_eq!(given.status, 200);
    let token = office.token_of(keeper).await;
    let more = office.role("more", &["audit"]).await;
    let lin = office.agent("lin", Role::Agent).await;
    let qian = office.agent("qian", Role::Supervisor).await;
    for (method, path, body, status) in [
        (Method::POST, "/roles".to_owned(), json!({"name": "a", "permissions": ["audit"]}), 403),
        (Method::POST, "/roles".to_owned(), json!({"name": "a", "permissions": ["chat"]}), 201),
        (Method::POST, "/roles".to_owned(), json!({"name": "b", "permissions": ["everything"]}), 400),
        (Method::PATCH, format!("/roles/{more}"), json!({"name": "mine"}), 403),
        (Method::POST, "/keys".to_owned(), json!({"name": "a", "scopes": ["audit"]}), 403),
        (Method::POST, "/keys".to_owned(), json!({"name": "a", "scopes": ["chat"]}), 201),
        (Method::PATCH, format!("/agents/{keeper}"), json!({"custom_role_id": null}), 200),
    ] {
        let answer = office.ask(method, &path, Some(body.clone()), &Ask::by(&token)).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.body);
    }
    // Without the role it was an agent; with it again, it cannot reach who has more.
    let given = patch(&office, &format!("/agents/{keeper}"), &admin, json!({"custom_role_id": role})).await;
    assert_eq!(given.status, 200);
    for (agent, body, status) in [
        (lin, json!({"custom_role_id": more}), 403),
        (lin, json!({"role": "supervisor"}), 403),
        (lin, json!({"password": "another good password"}), 200),
        (qian, json!({"password": "another good password"}), 403),
        (qian, json!({"disabled": true}), 403),
        (zhao, json!({"role": "agent"}), 403),
        (keeper, json!({"role": "admin"}), 403),
    ] {
        let answer = patch(&office, &format!("/agents/{agent}"), &token, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
    }
    let new = json!({"name": "x", "email": "x@example.com", "password": "0123456789", "role": "admin"});
    assert_eq!(office.post("/agents", &token, new).await.status, 403);
}

#[tokio::test]
async fn somebody_who_may_do_everything_is_left() {
    let office = Office::open().await;
    let zhao = office.agent("zhao", Role::Admin).await;
    let sun = office.agent("sun", Role::Admin).await;
    let admin = office.token_of(zhao).await;
    let role = office.role("less", &["chat"]).await;
    let less = json!({"custom_role_id": role});
    assert_eq!(patch(&office, &format!("/agents/{sun}"), &admin, less.clone()).await.status, 200);
    for body in [less, json!({"role": "supervisor"}), json!({"disabled": true})] {
        let answer = patch(&office, &format!("/agents/{zhao}"), &admin, body.clone()).await;
        assert_eq!(answer.status, 409, "{body}");
    }
    // Both at once: one of them stays.
    let none = json!({"custom_role_id": null});
    assert_eq!(patch(&office, &format!("/agents/{sun}"), &admin, none).await.status, 200);
    let down = |agent: Uuid| {
        let change = crate::desk::AgentChange {
            id: Some(agent),
            role: Some(Role::Agent),
            ..crate::desk::AgentChange::default()
        };
        office.services.desk.put_agent(change)
    };
    let (one, other) = tokio::join!(down(zhao), down(sun));
    assert!(one.is_ok() != other.is_ok());
}

#[tokio::test]
async fn a_key_acts_as_its_owner_within_its_scopes() {
    let office = Office::open().await;
    let zhao = office.agent("zhao", Role::Admin).await;
    let admin = office.token_of(zhao).await;
    let made = office.post("/keys", &admin, json!({"name": "monitor", "scopes": ["audit", "chat"]})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let token = made.body["token"].as_str().unwrap();
    assert!(token.starts_with("kefu_"));
    let key = id(&made.body["key"]["id"]);
    let me = office.get("/auth/me", token).await.body;
    assert_eq!((&me["id"], &me["permissions"]), (&json!(zhao), &json!(["chat", "audit"])));
    assert_eq!(office.get("/audit", token).await.status, 200);
    let line = office.services.store.audit_lines(0, 100).await.unwrap().pop().unwrap();
    assert_eq!(
        (line.action.as_str(), line.actor_kind.as_str(), line.actor_id),
        ("audit.read", "key", Some(key))
    );
    for (method, path, body) in [
        (Method::POST, "/keys".to_owned(), Some(json!({"name": "x", "scopes": []}))),
        (Method::DELETE, format!("/keys/{key}"), None),
        (Method::GET, "/keys".to_owned(), None),
        (Method::GET, "/auth/sessions".to_owned(), None),
        (Method::POST, "/auth/logout".to_owned(), None),
        (Method::GET, "/auth/totp".to_owned(), None),
        (Method::POST, "/auth/totp".to_owned(), Some(json!({"password": "x"}))),
        (Method::PATCH, format!("/agents/{zhao}"), Some(json!({"password": "another good password"}))),
        (Method::PATCH, format!("/agents/{zhao}"), Some(json!({"name": "x"}))),
        (Method::GET, format!("/agents/{zhao}/sessions"), None),
        (Method::POST, "/inboxes".to_owned(), Some(json!({"key": "x", "name": "x"}))),
    ] {
        let answer = office.ask(method.clone(), &path, body, &Ask::by(token)).await;
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.body);
    }
    // A cookie is a person's.
    let cookie = Ask::default().header("cookie", &format!("kefu_session={token}"));
    assert_eq!(office.ask(Method::GET, "/auth/me", None, &cookie).await.status, 401);
    let listed = office.get("/keys", &admin).await.body;
    assert!(listed["items"][0].get("token").is_none() && listed["items"][0]["owner_id"] == json!(zhao));
    assert_eq!(delete(&office, &format!("/keys/{key}"), &admin).await, 204);
    assert_eq!(office.get("/auth/me", token).await.status, 401);
    assert_eq!(delete(&office, &format!("/keys/{key}"), &admin).await, 404);
}

#[tokio::test]
async fn a_key_loses_what_its_owner_loses() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let sun = office.agent("sun", Role::Admin).await;
    let (_, token) = office.key(sun, &["audit"]).await;
    assert_eq!(office.get("/audit", &token).await.status, 200);
    let path = format!("/agents/{sun}");
    assert_eq!(patch(&office, &path, &admin, json!({"role": "supervisor"})).await.status, 200);
    assert_eq!(office.get("/audit", &token).await.status, 403);
    assert_eq!(patch(&office, &path, &admin, json!({"role": "admin"})).await.status, 200);
    assert_eq!(office.get("/audit", &token).await.status, 200);
    assert_eq!(patch(&office, &path, &admin, json!({"disabled": true})).await.status, 200);
    assert_eq!(office.get("/audit", &token).await.status, 401);
}

#[tokio::test]
async fn a_key_has_an_end_a_place_and_a_pace() {
    let mut settings = unlimited();
    settings.rate.key_requests = Rate { per_minute: 1, burst: 2 };
    let office = Office::open_with(Settings { ..settings }).await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    for (body, field) in [
        (json!({"name": "", "scopes": []}), "name"),
        (json!({"name": "x", "scopes": ["no"]}), "scopes"),
        (json!({"name": "x", "scopes": [], "networks": ["10.0.0.1/8"]}), "networks"),
        (json!({"name": "x", "scopes": [], "expires_at": "2020-01-01T00:00:00Z"}), "expires_at"),
        (json!({"name": "x", "scopes": [], "expires_at": "soon"}), "expires_at"),
    ] {
        let answer = office.post("/keys", &admin, body.clone()).await;
        assert_eq!((answer.status, &answer.body["field"]), (400, &json!(field)), "{body}");
    }
    let body = json!({"name": "x", "scopes": ["chat"], "networks": ["10.0.0.0/8"], "expires_at": "2099-01-01T00:00:00Z"});
    let made = office.post("/keys", &admin, body).await.body;
    assert_eq!(made["key"]["expires_at"], "2099-01-01T00:00:00.000Z");
    let token = made["token"].as_str().unwrap();
    assert_eq!(office.get("/auth/me", token).await.status, 403, "it is not for this address");
    let ask = Ask { token: Some(token.to_owned()), ..Ask::from([10, 1, 2, 3]) };
    for status in [200, 200, 429] {
        assert_eq!(office.ask(Method::GET, "/auth/me", None, &ask).await.status, status);
    }
}
