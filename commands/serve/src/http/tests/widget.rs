//! What an inbox's widget is told, and what its bot has.

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    office::{Ask, Office},
    records::id,
};

/// Sets the settings of the inbox `web`.
async fn set(office: &Office, boss: &str, settings: Value) -> (u16, Value) {
    let inboxes = office.get("/inboxes", boss).await.body;
    let path = format!("/inboxes/{}", id(&inboxes["items"][0]));
    let answer = office.ask(Method::PATCH, &path, Some(json!({"settings": settings})), &Ask::by(boss)).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn an_inbox_says_how_its_widget_looks_and_what_it_asks() {
    let office = Office::open().await;
    let boss = office.token_of(office.agent("qian", Role::Admin).await).await;
    let plain = office.get("/widget/config?inbox=web", "").await.body;
    assert_eq!(
        (&plain["side"], &plain["colour"], &plain["pre_chat"]),
        (&json!("right"), &Value::Null, &Value::Null)
    );
    assert_eq!((&plain["upload_bytes_max"], &plain["bot"]), (&json!(20 << 20), &Value::Null));
    let question = json!({"name": "order", "label": "订单号", "type": "text", "required": true});
    let widget = json!({"colour": "#1859c9", "side": "left", "pre_chat": [question]});
    let (status, body) = set(&office, &boss, json!({"widget": widget, "bot": {"name": "小K"}})).await;
    assert_eq!(status, 200, "{body}");
    let config = office.get("/widget/config?inbox=web", "").await.body;
    assert_eq!((&config["side"], &config["colour"]), (&json!("left"), &json!("#1859c9")));
    assert_eq!((&config["pre_chat"], &config["bot"]), (&json!([question]), &json!({"name": "小K"})));
    for (widget, field) in [
        (json!({"colour": "red"}), "widget.colour"),
        (json!({"pre_chat": [question, question]}), "widget.pre_chat"),
        (json!({"pre_chat": [{"name": "a", "label": "b", "type": "select"}]}), "widget.pre_chat"),
    ] {
        let (status, body) = set(&office, &boss, json!({"widget": widget})).await;
        assert_eq!((status, &body["field"]), (400, &json!(field)), "{body}");
    }
}

#[tokio::test]
async fn who_is_there_is_shown_where_that_was_chosen() {
    let office = Office::open().await;
    let boss = office.token_of(office.agent("qian", Role::Admin).await).await;
    let sold = office.post("/teams", &boss, json!({"name": "sales"})).await.body;
    let mut outboxes = Vec::new();
    for name in ["an", "bo", "chen", "du", "fang"] {
        let agent = office.agent(name, Role::Agent).await;
        let token = office.token_of(agent).await;
        let status = if name == "an" { "away" } else { "online" };
        let status = json!({"status": status});
        let said = office.ask(Method::PUT, "/agents/me/status", Some(status), &Ask::by(&token)).await;
        assert_eq!(said.status, 200);
        if name == "du" {
            let teams = json!({"teams": [id(&sold)]});
            let path = format!("/agents/{agent}");
            assert_eq!(office.ask(Method::PATCH, &path, Some(teams), &Ask::by(&boss)).await.status, 200);
        }
        if name != "bo" {
            outboxes.push(office.connect(&token, agent).await);
        }
    }
    let team = async || office.get("/widget/config?inbox=web", "").await.body["team"].clone();
    let names = |team: &Value| -> Vec<String> {
        team.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(team().await, Value::Null, "names of people are published by choice only");
    set(&office, &boss, json!({"widget": {"team_shown": true}})).await;
    assert_eq!(names(&team().await), ["chen", "du", "fang"], "neither who is away nor who is not connected");
    let settings = json!({"team_id": id(&sold), "widget": {"team_shown": true}});
    assert_eq!(set(&office, &boss, settings).await.0, 200);
    assert_eq!(names(&team().await), ["du"], "whom the inbox's team has");
}

#[tokio::test]
async fn what_a_bot_has_is_a_list_of_its_own() {
    let office = Office::open().await;
    let boss = office.token_of(office.agent("qian", Role::Admin).await).await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    set(&office, &boss, json!({"bot": {"name": "小K", "handover_after": 3, "timeout_ms": 30_000}})).await;
    let opened = office.post("/widget/sessions", "", json!({"inbox": "web"})).await.body;
    let (token, conversation) =
        (opened["token"].as_str().unwrap(), opened["conversation_id"].as_str().unwrap());
    let message = json!({"client_id": Uuid::from_u128(1), "kind": "text", "text": "你好"});
    let sent = office.post(&format!("/conversations/{conversation}/messages"), token, message).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    let list = office.get("/conversations?view=bot", &boss).await;
    assert_eq!((list.status, &list.body["items"][0]["id"]), (200, &json!(conversation)), "{}", list.body);
    assert_eq!(office.get("/conversations?view=bot", &agent).await.status, 403);
    office.post(&format!("/conversations/{conversation}/accept"), &boss, json!({})).await;
    assert_eq!(office.get("/conversations?view=bot", &boss).await.body["items"], json!([]));
}
