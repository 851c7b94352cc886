//! Chat services: who may connect them, what is refused of a file, and what is left after an erasure.

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    office::{Answer, Ask, Office},
    rights::{Case, case},
};

/// The rows of the table of rights.
pub(super) fn cases() -> Vec<Case> {
    let get = |path, statuses| case(Method::GET, path, None, statuses);
    let post = |path, body, statuses| case(Method::POST, path, body, statuses);
    let admins = |status| [401, 403, 403, 403, 403, 403, status];
    let wrong = json!({"inbox_id": "{n}", "file": "wechat"});
    vec![
        get("/channel-files", admins(200)),
        get("/channels", admins(200)),
        post("/channels", Some(json!({"inbox_id": "{i}", "file": "wechat"})), admins(201)),
        post("/channels", Some(wrong), admins(400)),
        get("/channels/{n}", admins(404)),
        case(Method::PATCH, "/channels/{n}", Some(json!({"version": 1})), admins(404)),
        case(Method::DELETE, "/channels/{n}", None, admins(404)),
        post("/channels/{n}/test", None, admins(404)),
        get("/channels/{n}/refused", admins(404)),
        post("/channels/{n}/refused/1/retry", None, admins(404)),
        case(Method::DELETE, "/channels/{n}/refused/1", None, admins(404)),
        post("/channels/{n}/check", None, admins(404)),
        get("/conversations/{c}/channel", [401, 403, 403, 200, 404, 200, 200]),
        get("/conversations/{n}/channel", [401, 403, 403, 404, 404, 404, 404]),
        post("/conversations/{c}/messages/1/send-again", None, [401, 403, 403, 409, 404, 409, 409]),
        post("/conversations/{n}/messages/1/send-again", None, [401, 403, 403, 404, 404, 404, 404]),
    ]
}

/// A service whose requests are proven by a word in a header: enough for what is tested here.
const FILE: &str = "\
kefu_channel: 1
id: tiny
name: Tiny
hosts: [api.tiny.example]
secrets: [word]
settings: [place]
receive:
  verify: [{ static: { value: header.x-word, equals: secret.word } }]
  reply: { text: ok }
messages:
  map:
    external_id: \"= item.id\"
    sender: { id: \"= item.from\", name: \"= item.name\" }
    at: \"= item.at\"
    kind: text
    text: \"= item.text\"
send:
  text: { post: \"https://api.tiny.example/send\", json: { to: \"= msg.to\", text: \"= msg.text\" } }
";

/// An office with a channel that is set up, and its id.
async fn connected() -> (Office, String, Value) {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let inbox = office.get("/inboxes", &admin).await.body["items"][0]["id"].clone();
    let body = json!({
        "inbox_id": inbox, "yaml": FILE,
        "values": {"secrets": {"word": "open sesame"}, "settings": {"place": "here"}},
    });
    let made = office.post("/channels", &admin, body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    (office, admin, made.body)
}

async fn patch(office: &Office, token: &str, path: &str, body: Value) -> Answer {
    office.ask(Method::PATCH, path, Some(body), &Ask::by(token)).await
}

/// What the service posts.
async fn deliver(office: &Office, id: &Value, body: &Value) -> u16 {
    let id = id.as_str().unwrap();
    let request = http::Request::post(format!("/channels/{id}")).header("x-word", "open sesame");
    let request = request.body(axum::body::Body::from(body.to_string())).unwrap();
    let router = crate::channels::router(office.services.clone());
    let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn secrets_are_written_and_never_read() {
    let (office, admin, made) = connected().await;
    let own = format!("/channels/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["secrets_given"], &made["settings"]), (&json!(["word"]), &json!({"place": "here"})));
    assert!(!made.to_string().contains("open sesame"), "{made}");
    let row = office.services.store.channels().await.unwrap().remove(0);
    assert!(!String::from_utf8_lossy(&row.sealed).contains("open sesame"), "values are sealed");
    let taken = json!({"version": 1, "values": {"secrets": {"word": null}}});
    let changed = patch(&office, &admin, &own, taken).await;
    assert_eq!(
        (changed.status, &changed.body["missing"]),
        (200, &json!(["secret.word"])),
        "{}",
        changed.body
    );
    assert_eq!(deliver(&office, &made["id"], &json!({})).await, 503, "nothing is believed without it");
    let trail = office.trail().await;
    assert!(trail.iter().any(|(action, _)| action == "channel.made"), "{trail:?}");
    assert!(trail.iter().any(|(action, _)| action == "channel.changed"), "{trail:?}");
    let lines = format!("{:?}", office.services.store.audit_lines(0, 100).await.unwrap());
    assert!(!lines.contains("open sesame"), "the audit log names values and does not have them");
}

#[tokio::test]
async fn a_wrong_file_names_its_line_and_a_late_change_its_version() {
    let (office, admin, made) = connected().await;
    let own = format!("/channels/{}", made["id"].as_str().unwrap());
    let broken = FILE.replace("kind: text", "kind: \"= item.\"");
    let refused = patch(&office, &admin, &own, json!({"version": 1, "yaml": broken})).await;
    assert_eq!((refused.status, &refused.body["field"]), (400, &json!("yaml")), "{}", refused.body);
    assert!(refused.body["detail"].as_str().unwrap().starts_with("15:"), "{}", refused.body);
    let unknown = json!({"version": 1, "values": {"secrets": {"wrod": "x"}}});
    assert_eq!(patch(&office, &admin, &own, unknown).await.body["detail"], "the file has word");
    assert_eq!(patch(&office, &admin, &own, json!({"version": 1, "name": "A"})).await.status, 200);
    let late = patch(&office, &admin, &own, json!({"version": 1, "name": "B"})).await;
    assert_eq!((late.status, &late.body["field"]), (409, &json!("version")));
    let both = json!({"inbox_id": made["inbox_id"], "file": "wechat", "yaml": FILE});
    assert_eq!(office.post("/channels", &admin, both).await.body["field"], "file");
}

#[tokio::test]
async fn foreign_services_are_off_unless_turned_on() {
    let (office, admin, made) = connected().await;
    for (file, is_on) in [("wechat", true), ("telegram", false)] {
        let body = json!({"inbox_id": made["inbox_id"], "file": file});
        let made = office.post("/channels", &admin, body).await.body;
        assert_eq!(made["enabled"], is_on, "{file}");
    }
    let tested = format!("/channels/{}/test", made["id"].as_str().unwrap());
    assert_eq!(office.post(&tested, &admin, json!({})).await.body["items"], json!([]));
}

#[tokio::test]
async fn who_writes_again_goes_on_where_it_was_and_begins_anew_after_the_end() {
    let (office, admin, made) = connected().await;
    let message = |id: u32, text: &str| json!({"id": id, "from": "u1", "name": "李", "at": 1, "text": text});
    for (id, text) in [(1, "one"), (2, "two"), (1, "one")] {
        assert_eq!(deliver(&office, &made["id"], &message(id, text)).await, 200);
    }
    let all = office.get("/conversations?view=all", &admin).await.body;
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "{all}");
    let first = all["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(all["items"][0]["visitor"]["name"], "李");
    let texts = |page: &Value| {
        let items = page["items"].as_array().unwrap().iter();
        let texts = items.filter(|one| one["kind"] == "text").map(|one| one["text"].clone());
        Value::Array(texts.collect())
    };
    let page = office.get(&format!("/conversations/{first}/messages"), &admin).await.body;
    assert_eq!(texts(&page), json!(["one", "two"]));
    office.post(&format!("/conversations/{first}/accept"), &admin, json!({})).await;
    office.post(&format!("/conversations/{first}/resolve"), &admin, json!({})).await;
    deliver(&office, &made["id"], &message(3, "three")).await;
    let all = office.get("/conversations?view=all", &admin).await.body;
    let second = all["items"][0]["id"].as_str().unwrap();
    assert_ne!(second, first);
    // Both are of one visitor, and an answer in either goes to the same place.
    let visitor = |id: &str| {
        let path = format!("/conversations/{id}");
        let (office, admin) = (&office, admin.clone());
        async move { office.get(&path, &admin).await.body["visitor"]["id"].clone() }
    };
    assert_eq!(visitor(&first).await, visitor(second).await);
    for id in [first.as_str(), second] {
        let state = office.get(&format!("/conversations/{id}/channel"), &admin).await.body;
        assert_eq!(state["channel"]["id"], made["id"], "{state}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_read_again_once_the_file_is_mended() {
    let (office, admin, made) = connected().await;
    let own = format!("/channels/{}", made["id"].as_str().unwrap());
    let odd = json!({"number": 7, "from": "u1", "name": "李", "at": 1, "text": "odd"});
    assert_eq!(deliver(&office, &made["id"], &odd).await, 200);
    let refused = office.get(&format!("{own}/refused"), &admin).await.body;
    let number = refused["items"][0]["number"].as_i64().unwrap();
    assert!(refused["items"][0]["reason"].as_str().unwrap().contains("external_id"), "{refused}");
    let retry = format!("{own}/refused/{number}/retry");
    assert_eq!(office.post(&retry, &admin, json!({})).await.status, 409);
    let mended = FILE.replace("= item.id", "= item.id or item.number");
    assert_eq!(patch(&office, &admin, &own, json!({"version": 1, "yaml": mended})).await.status, 200);
    assert_eq!(office.post(&retry, &admin, json!({})).await.body["messages"], 1);
    assert_eq!(office.get(&format!("{own}/refused"), &admin).await.body["items"], json!([]));
    let all = office.get("/conversations?view=all", &admin).await.body;
    assert_eq!(all["items"][0]["last_message"]["text"], "odd", "{all}");
    assert_eq!(office.post(&retry, &admin, json!({})).await.status, 404);
}

#[tokio::test]
async fn what_nobody_wants_to_read_is_dropped() {
    let (office, admin, made) = connected().await;
    let own = format!("/channels/{}", made["id"].as_str().unwrap());
    deliver(&office, &made["id"], &json!({"number": 7})).await;
    let number = office.get(&format!("{own}/refused"), &admin).await.body["items"][0]["number"].clone();
    let path = format!("{own}/refused/{number}");
    assert_eq!(office.ask(Method::DELETE, &path, None, &Ask::by(&admin)).await.status, 204);
    assert_eq!(office.ask(Method::DELETE, &path, None, &Ask::by(&admin)).await.status, 404);
    assert_eq!(office.get(&own, &admin).await.body["refused"], 0);
    let trail = office.trail().await;
    assert!(trail.iter().any(|(action, _)| action == "channel.refused_dropped"), "{trail:?}");
}

#[tokio::test]
async fn descriptions_lie_beside_the_file_and_stay_where_they_are() {
    let (office, admin, made) = connected().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/channels");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    let body =
        |files: Value| json!({"inbox_id": made["inbox_id"], "yaml": read("oldchat.yaml"), "files": files});
    let alone = office.post("/channels", &admin, body(json!({}))).await;
    assert_eq!((alone.status, &alone.body["field"]), (400, &json!("yaml")), "{}", alone.body);
    let beside = json!({"oldchat.thrift": read("oldchat.thrift")});
    let channel = office.post("/channels", &admin, body(beside)).await;
    assert_eq!(
        (channel.status, &channel.body["files"]),
        (201, &json!(["oldchat.thrift"])),
        "{}",
        channel.body
    );
    let own = format!("/channels/{}", channel.body["id"].as_str().unwrap());
    let tested = office.post(&format!("{own}/test"), &admin, json!({})).await.body;
    let failed = tested["items"].as_array().unwrap().iter().find(|one| one["passed"] != true);
    assert!(failed.is_none(), "{failed:?}");
    for (name, text, status) in [
        ("../escape.xsd", "x".to_owned(), 400),
        ("/etc/passwd", "x".to_owned(), 400),
        ("large.xsd", "x".repeat((2 << 20) + 1), 413),
        ("types/more.thrift", "struct A {}".to_owned(), 200),
    ] {
        let answer = patch(&office, &admin, &own, json!({"version": 1, "files": {name: text}})).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
    }
    let files = office.get(&own, &admin).await.body["files"].clone();
    assert_eq!(files, json!(["oldchat.thrift", "types/more.thrift"]));
}

#[tokio::test]
async fn of_answers_that_come_together_only_so_many_pass_as_the_service_takes() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let inbox = office.get("/inboxes", &admin).await.body["items"][0]["id"].clone();
    let yaml = format!("{FILE}window: {{ messages: 3 }}\n");
    let values = json!({"secrets": {"word": "open sesame"}, "settings": {"place": "here"}});
    let made = office
        .post("/channels", &admin, json!({"inbox_id": inbox, "yaml": yaml, "values": values}))
        .await
        .body;
    deliver(&office, &made["id"], &json!({"id": 1, "from": "u1", "name": "李", "at": 1, "text": "x"})).await;
    let all = office.get("/conversations?view=all", &admin).await.body;
    let path = format!("/conversations/{}/messages", all["items"][0]["id"].as_str().unwrap());
    office.post(&path.replace("/messages", "/accept"), &admin, json!({})).await;
    let say = |number: u128| {
        let body = json!({"client_id": Uuid::from_u128(number), "kind": "text", "text": "hi"});
        office.post(&path, &admin, body)
    };
    let answers = tokio::join!(say(1), say(2), say(3), say(4), say(5), say(6));
    let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5];
    let taken = answers.iter().filter(|answer| answer.status == 201).count();
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(taken, 3, "{statuses:?}");
    assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 409)), "{statuses:?}");
}

#[tokio::test]
async fn nothing_is_left_of_who_is_erased_and_the_same_person_is_somebody_new() {
    let (office, admin, made) = connected().await;
    let message = |id: u32| json!({"id": id, "from": "u-erased", "name": "李", "at": 1, "text": "x"});
    deliver(&office, &made["id"], &message(1)).await;
    deliver(&office, &made["id"], &json!({"number": 7, "from": "u-erased"})).await;
    deliver(&office, &made["id"], &json!({"number": 8, "by": ["u-erased"], "text": 1})).await;
    deliver(&office, &made["id"], &json!({"number": 9, "from": "u-other", "text": "of somebody else"})).await;
    let all = office.get("/conversations?view=all", &admin).await.body;
    let (conversation, visitor) = (all["items"][0]["id"].clone(), all["items"][0]["visitor"]["id"].clone());
    let path = format!("/conversations/{}/messages", conversation.as_str().unwrap());
    let answer = json!({"client_id": Uuid::from_u128(1), "kind": "text", "text": "hi"});
    assert_eq!(office.post(&path, &admin, answer).await.status, 201);
    let channel = office.services.store.channels().await.unwrap()[0].key;
    let store = &office.services.store;
    assert!(store.channel_next_send(channel).await.unwrap().is_some(), "an answer is on its way");
    let path = format!("/customers/{}/export", visitor.as_str().unwrap());
    let export = office.get(&path, &admin).await.body.to_string();
    assert!(export.contains("u-erased"), "{export}");
    let path = format!("/customers/{}/erase", visitor.as_str().unwrap());
    let erased = office.post(&path, &admin, json!({})).await;
    assert!(erased.status < 300, "{}", erased.body);
    assert_eq!(store.channel_thread(channel, "u-erased", "u-erased").await.unwrap(), None);
    assert_eq!(store.channel_next_send(channel).await.unwrap(), None);
    // Of what could not be read, only what names nobody of theirs is left.
    let own = format!("/channels/{}", made["id"].as_str().unwrap());
    let mended = FILE.replace("= item.id", "= item.id or item.number");
    assert_eq!(patch(&office, &admin, &own, json!({"version": 1, "yaml": mended})).await.status, 200);
    let left = store.channel_refusals(channel, None, 9).await.unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    let retry = format!("{own}/refused/{}/retry", left[0].number);
    assert_eq!(office.post(&retry, &admin, json!({})).await.status, 409, "it has no time");
    deliver(&office, &made["id"], &message(2)).await;
    let all = office.get("/conversations?view=all", &admin).await.body;
    let newest = all["items"].as_array().unwrap().iter().find(|one| one["state"] != "resolved").unwrap();
    assert_ne!(newest["visitor"]["id"], visitor);
}
