//! Settings of inboxes and teams, when several people change them.

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};

use super::{
    office::{Answer, Ask, Office},
    records::id,
};

async fn admin(office: &Office) -> String {
    office.token_of(office.agent("zhao", Role::Admin).await).await
}

async fn patch(office: &Office, path: &str, token: &str, body: Value) -> Answer {
    office.ask(Method::PATCH, path, Some(body), &Ask::by(token)).await
}

#[tokio::test]
async fn a_change_of_an_inbox_names_what_others_changed_since() {
    let office = Office::open().await;
    let admin = admin(&office).await;
    let inbox = office.get("/inboxes", &admin).await.body["items"][0].clone();
    assert_eq!(inbox["version"], 1);
    let path = format!("/inboxes/{}", id(&inbox));
    let hours = json!({"time_zone": "Asia/Shanghai"});
    let body = json!({"version": 1, "greeting": "您好", "settings": {"hours": hours}});
    let first = patch(&office, &path, &admin, body).await;
    assert_eq!((first.status, &first.body["version"]), (200, &json!(2)), "{}", first.body);
    let late = patch(&office, &path, &admin, json!({"version": 1, "name": "Shop"})).await;
    assert_eq!((late.status, &late.body["field"]), (409, &json!("version")));
    let detail = "the inbox has version 2 by now: others changed greeting, settings.hours";
    assert_eq!(late.body["detail"], detail);
    assert_eq!(office.get("/inboxes", &admin).await.body["items"][0]["name"], inbox["name"]);
    let same = patch(&office, &path, &admin, json!({"version": 2, "greeting": "您好"})).await;
    assert_eq!((same.status, &same.body["version"]), (200, &json!(2)), "nothing changed");
    let secret = office.post(&format!("{path}/secret"), &admin, json!({})).await;
    assert_eq!(secret.status, 200);
    let next = patch(&office, &path, &admin, json!({"version": 2, "name": "Shop"})).await;
    assert_eq!((next.status, &next.body["version"]), (200, &json!(3)), "a secret is no field of it");
    let ahead = patch(&office, &path, &admin, json!({"version": 9, "name": "x"})).await;
    assert_eq!((ahead.status, &ahead.body["detail"]), (409, &json!("the inbox has version 3")));
    let script = patch(&office, &path, &admin, json!({"greeting": ""})).await;
    assert_eq!(
        (script.status, &script.body["version"]),
        (200, &json!(4)),
        "who names none takes what there is"
    );
}

#[tokio::test]
async fn a_change_of_a_team_names_what_others_changed_since() {
    let office = Office::open().await;
    let admin = admin(&office).await;
    let team = office.post("/teams", &admin, json!({"name": "Sales"})).await.body;
    assert_eq!(team["version"], 1);
    let path = format!("/teams/{}", id(&team));
    let both = async |name: &str| {
        let body = json!({"version": 1, "name": name, "settings": {"max_queue": 9}});
        patch(&office, &path, &admin, body).await
    };
    let (one, other) = tokio::join!(both("Retail"), both("Wholesale"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "of two at once one is told");
    let refused = if one.status == 409 { one } else { other };
    let detail = "the team has version 2 by now: others changed name, settings.max_queue";
    assert_eq!(refused.body["detail"], detail);
}

#[tokio::test]
async fn a_bot_that_is_off_meets_nobody() {
    let office = Office::open().await;
    let admin = admin(&office).await;
    let path = format!("/inboxes/{}", id(&office.get("/inboxes", &admin).await.body["items"][0]));
    let settle = async |enabled: bool| {
        let settings = json!({"bot": {"enabled": enabled, "name": "小科", "greeting": "您好"}});
        patch(&office, &path, &admin, json!({"settings": settings})).await.body["settings"]["bot"].clone()
    };
    let widget =
        async || office.ask(Method::GET, "/widget/config?inbox=web", None, &Ask::default()).await.body;
    assert_eq!(
        settle(true).await,
        json!({"name": "小科", "greeting": "您好", "articles": false,
        "handover_after": 1, "timeout_ms": 2000})
    );
    assert_eq!(widget().await["bot"]["name"], "小科");
    assert_eq!(settle(false).await["enabled"], false);
    assert!(widget().await.get("bot").is_none());
    let guest = office.guest().await;
    let said = json!({"client_id": uuid::Uuid::from_u128(5), "kind": "text", "text": "在吗"});
    let path = format!("/conversations/{}", guest.conversation);
    assert_eq!(office.post(&format!("{path}/messages"), &guest.token, said).await.status, 201);
    assert_eq!(office.get(&path, &admin).await.body["state"], "queued", "it waits for a person at once");
}
