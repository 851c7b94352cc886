//! Erasures, holds and exports of customers.

use std::{fs, path::Path};

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    office::{Ask, Guest, Office, bytes_of},
    records::id,
    rights::{Case, case},
};
use crate::privacy::Eraser;

/// The rows of the table of rights.
pub(super) fn cases() -> Vec<Case> {
    let get = |path, statuses| case(Method::GET, path, None, statuses);
    let hold = |path, statuses| case(Method::PUT, path, Some(json!({"reason": "a lawsuit"})), statuses);
    let delete = |path, statuses| case(Method::DELETE, path, None, statuses);
    vec![
        get("/customers/{v}/privacy", [401, 403, 403, 403, 403, 403, 200]),
        get("/customers/{n}/privacy", [401, 403, 403, 403, 403, 403, 404]),
        get("/customers/{v}/export", [401, 403, 403, 403, 403, 403, 200]),
        get("/customers/{n}/export", [401, 403, 403, 403, 403, 403, 404]),
        case(Method::POST, "/customers/{v}/erase", None, [401, 403, 403, 403, 403, 403, 202]),
        case(Method::POST, "/customers/{n}/erase", None, [401, 403, 403, 403, 403, 403, 404]),
        hold("/customers/{v}/hold", [401, 403, 403, 403, 403, 403, 200]),
        hold("/customers/{n}/hold", [401, 403, 403, 403, 403, 403, 404]),
        delete("/customers/{v}/hold", [401, 403, 403, 403, 403, 403, 404]),
        delete("/customers/{n}/hold", [401, 403, 403, 403, 403, 403, 404]),
    ]
}

/// What somebody wrote in the field `name`: in letters, in Chinese, and long enough for pages of its own.
pub(super) fn secret(name: &str) -> String {
    format!("zq{name}密语")
}

/// Names of the fields of which a trace is in the files of `dir`, in whatever way it is written.
pub(super) fn traces(dir: &Path, names: &[&'static str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            found.extend(traces(&path, names));
            continue;
        }
        let bytes = bytes_of(&path);
        for name in names {
            let text = secret(name);
            let wide: Vec<u16> = text.encode_utf16().collect();
            let escaped: String = wide
                .iter()
                .map(|unit| match u8::try_from(*unit) {
                    Ok(byte) => char::from(byte).to_string(),
                    Err(_) => format!("\\u{unit:04x}"),
                })
                .collect();
            let forms = [
                text.clone().into_bytes(),
                format!("zq{name}").into_bytes(),
                escaped.clone().into_bytes(),
                escaped.to_uppercase().into_bytes(),
                wide.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
                wide.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
            ];
            if forms.iter().any(|form| bytes.windows(form.len()).any(|window| window == form)) {
                found.push(format!("{name} in {}", path.display()));
            }
        }
    }
    found
}

const FIELDS: [&str; 29] = [
    "name",
    "attribute",
    "external",
    "agentstring",
    "text",
    "long",
    "answer",
    "note",
    "card",
    "comment",
    "page",
    "title",
    "subject",
    "body",
    "remark",
    "resubject",
    "contact",
    "cname",
    "cnote",
    "cattribute",
    "scope",
    "value",
    "reason",
    "offline",
    "merged",
    "edited",
    "mail",
    "filename",
    "filebytes",
];

pub(super) async fn say(office: &Office, conversation: Uuid, token: &str, number: u128, body: Value) {
    let mut message = json!({"client_id": Uuid::from_u128(number), "kind": "text"});
    message.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    let sent = office.post(&format!("/conversations/{conversation}/messages"), token, message).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
}

/// A customer of two visitors of whom something stands wherever something can stand.
async fn known_customer(office: &Office, agent: &str, admin: &str) -> Guest {
    let visitor = json!({
        "name": secret("name"), "email": format!("{}@example.com", "zqmail"), "external_id": secret("external"),
        "attributes": {"plan": secret("attribute")},
    });
    let ask = Ask::from([203, 0, 113, 77]).header("user-agent", "zqagentstring");
    let opened = office
        .ask(Method::POST, "/widget/sessions", Some(json!({"inbox": "web", "visitor": visitor})), &ask)
        .await;
    assert_eq!(opened.status, 201, "{}", opened.body);
    let guest = Guest::from(&opened.body);
    let (chat, token) = (guest.conversation, &guest.token);
    say(office, chat, token, 1, json!({"text": secret("text")})).await;
    say(office, chat, token, 2, json!({"text": secret("long").repeat(700)})).await;
    let path = format!("/conversations/{chat}");
    let accepted = office.ask(Method::POST, &format!("{path}/accept"), None, &Ask::by(agent)).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    say(office, chat, agent, 3, json!({"text": secret("answer"), "quote_seq": 1})).await;
    say(office, chat, agent, 4, json!({"kind": "note", "text": secret("note")})).await;
    let card = json!({"title": secret("card"), "url": "https://shop.example/1"});
    say(office, chat, agent, 5, json!({"kind": "card", "text": "card", "data": card})).await;
    say(office, chat, token, 6, json!({"text": secret("edited")})).await;
    for number in 10..60 {
        say(office, chat, token, number, json!({"text": format!("{} {number}", secret("text"))})).await;
    }
    let name = format!("{}.txt", secret("filename"));
    let file = office.uploaded(&guest, &name, secret("filebytes").as_bytes()).await;
    assert_eq!(office.send_file(&guest, 7, "file", file).await.status, 201);
    let rating = json!({"score": 2, "comment": secret("comment")});
    assert_eq!(office.post(&format!("{path}/rating"), token, rating).await.status, 200);
    let page = json!({"url": "https://shop.example/zqpage", "title": secret("title")});
    assert_eq!(office.post("/widget/pages", token, page).await.status, 204);
    office.services.trails.write(&office.services.desk).await;
    let offline =
        json!({"email": "zqmail@example.com", "name": secret("contact"), "text": secret("offline")});
    assert_eq!(office.post("/widget/offline-messages", token, offline).await.status, 201);

    let ticket = json!({"subject": secret("subject"), "body": secret("body"), "conversation_ids": [chat]});
    let made = office.post("/tickets", agent, ticket).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let ticket = format!("/tickets/{}", id(&made.body));
    let remark = json!({"text": secret("remark"), "internal": true});
    assert_eq!(office.post(&format!("{ticket}/comments"), agent, remark).await.status, 201);
    let change = json!({"version": 1, "subject": secret("resubject")});
    assert_eq!(office.ask(Method::PATCH, &ticket, Some(change), &Ask::by(agent)).await.status, 200);

    let customer = format!("/customers/{}", guest.id);
    let known = json!({
        "version": 0, "name": secret("cname"), "note": secret("cnote"), "attributes": {"x": secret("cattribute")},
    });
    let changed = office.ask(Method::PATCH, &customer, Some(known), &Ask::by(agent)).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let identity = json!({"kind": "wechat_openid", "scope": secret("scope"), "value": secret("value")});
    let added = office.post(&format!("{customer}/identities"), agent, identity).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let other = office.guest().await;
    say(office, other.conversation, &other.token, 1, json!({"text": secret("merged")})).await;
    let merged = office.post(&format!("{customer}/merge"), admin, json!({"from": [other.id]})).await;
    assert_eq!(merged.status, 200, "{}", merged.body);
    guest
}

#[tokio::test]
async fn an_erasure_leaves_nothing_in_any_file() {
    let office = Office::open().await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let stranger = office.guest().await;
    let guest = known_customer(&office, &agent, &admin).await;
    say(&office, stranger.conversation, &stranger.token, 1, json!({"text": "还在吗 zqstranger"})).await;
    let block = json!({"visitor_id": guest.id, "reason": secret("reason")});
    assert_eq!(office.post("/blocks", &admin, block).await.status, 201);
    let dir = office.dir.path();
    let there = traces(dir, &FIELDS);
    for field in FIELDS {
        assert!(there.iter().any(|trace| trace.starts_with(&format!("{field} "))), "{field} is nowhere");
    }
    let path = format!("/conversations/{}", guest.conversation);
    let before = office.get(&format!("{path}/messages?limit=500"), &admin).await.body;

    let asked =
        office.ask(Method::POST, &format!("/customers/{}/erase", guest.id), None, &Ask::by(&admin)).await;
    assert_eq!((asked.status, &asked.body["erasure"]["state"]), (202, &json!("under_way")), "{}", asked.body);
    assert_eq!(office.get(&path, &guest.token).await.status, 401, "the sign-in has ended");
    let message = json!({"client_id": Uuid::from_u128(99), "kind": "text", "text": "one more"});
    let refused = office.post(&format!("{path}/messages"), &agent, message).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    Eraser::of(&office.services).run_all().await.unwrap();

    let view = office.get(&format!("/customers/{}/privacy", guest.id), &admin).await.body;
    assert_eq!(view["erasure"]["state"], "finished", "{view}");
    assert_eq!(traces(dir, &FIELDS), Vec::<String>::new());
    assert!(!traces(dir, &["stranger"]).is_empty(), "what others say stays");
    let address = fs::read(dir.join("kefu.db")).unwrap();
    assert!(!address.windows(12).any(|window| window == b"203.0.113.77"));
    let after = office.get(&format!("{path}/messages?limit=500"), &admin).await.body;
    let (before, after) = (before["items"].as_array().unwrap(), after["items"].as_array().unwrap());
    for (old, new) in before.iter().zip(after) {
        assert_eq!(
            (&old["seq"], &old["id"], &old["from"]["kind"]),
            (&new["seq"], &new["id"], &new["from"]["kind"])
        );
        if old["kind"] != "event" {
            assert_eq!((&new["text"], &new["revision"]), (&json!(""), &json!("erased")), "{new}");
        }
        assert!(new["data"].is_null() && new["quote_seq"].is_null(), "{new}");
    }
    let last = after.last().unwrap();
    assert_eq!(
        (&last["event"]["code"], &last["from"]["kind"]),
        (&json!("erased"), &json!("system")),
        "{last}"
    );
    let head = office.get(&path, &admin).await.body;
    assert_eq!((&head["state"], &head["last_message"]["text"]), (&json!("resolved"), &json!("")), "{head}");
    assert_eq!((&head["rating"]["score"], &head["rating"]["comment"]), (&json!(2), &json!("")), "{head}");
    assert_eq!(office.get("/search?q=密语", &admin).await.body["items"], json!([]));
    let lines = office.services.store.audit_lines(0, 100).await.unwrap();
    assert!(lines.iter().any(|line| line.action == "customer.erased"));

    // Once more: nothing is left to do, and nothing is told again.
    let again =
        office.ask(Method::POST, &format!("/customers/{}/erase", guest.id), None, &Ask::by(&admin)).await;
    assert_eq!(again.status, 202, "{}", again.body);
    Eraser::of(&office.services).run_all().await.unwrap();
    let repeated = office.get(&format!("{path}/messages?limit=500"), &admin).await.body;
    assert_eq!(repeated["items"].as_array().unwrap().len(), after.len());
    office.services.desk.stop().await;
    assert_eq!(kefu_store::check(dir).await.unwrap(), Vec::<String>::new());
    assert_eq!(traces(dir, &FIELDS), Vec::<String>::new());
}

#[tokio::test]
async fn an_export_tells_all_that_an_erasure_takes() {
    let office = Office::open().await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let guest = known_customer(&office, &agent, &admin).await;
    let answer = office.get(&format!("/customers/{}/export", guest.id), &admin).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let text = answer.body.to_string();
    for field in FIELDS.into_iter().filter(|field| !["reason", "filebytes"].contains(field)) {
        assert!(text.contains(&format!("zq{field}")), "{field} is not told");
    }
    let document = &answer.body;
    let counts =
        ["visitors", "tickets", "conversations"].map(|list| document[list].as_array().unwrap().len());
    assert_eq!(counts, [2, 2, 2], "{document}");
    let file = &document["conversations"][0]["files"][0];
    assert_eq!(file["name"], json!(format!("{}.txt", secret("filename"))), "{document}");
    let messages = document["conversations"][0]["messages"].as_array().unwrap();
    let seqs: Vec<_> = messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert!(seqs.iter().copied().eq(1..=seqs.len() as u64) && seqs.len() > 50, "{seqs:?}");
    let actions: Vec<_> = office.trail().await.into_iter().map(|(action, _)| action).collect();
    assert!(actions.contains(&"customer.exported".to_owned()), "{actions:?}");
}

#[tokio::test]
async fn a_hold_is_in_the_way_of_an_erasure_until_it_ends() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let (one, two) = (office.guest().await, office.guest().await);
    let by = Ask::by(&admin);
    let hold =
        async |body| office.ask(Method::PUT, &format!("/customers/{}/hold", two.id), Some(body), &by).await;
    assert_eq!(hold(json!({"reason": " "})).await.body["field"], "reason");
    assert_eq!(hold(json!({"reason": "x".repeat(501)})).await.status, 413);
    assert_eq!(hold(json!({"reason": "x", "expires_at": "2020-01-01T00:00:00Z"})).await.status, 400);
    let held = hold(json!({"reason": "a lawsuit", "expires_at": "2099-01-01T00:00:00Z"})).await;
    assert_eq!((held.status, &held.body["hold"]["reason"]), (200, &json!("a lawsuit")), "{}", held.body);
    // It counts for whatever the customer is merged into.
    let merge = json!({"from": [two.id]});
    assert_eq!(office.post(&format!("/customers/{}/merge", one.id), &admin, merge).await.status, 200);
    let erase = format!("/customers/{}/erase", one.id);
    let refused = office.ask(Method::POST, &erase, None, &by).await;
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(refused.status == 409 && detail.contains(&two.id.to_string()), "{}", refused.body);
    assert!(office.services.store.open_erasures().await.unwrap().is_empty());
    let released = office.ask(Method::DELETE, &format!("/customers/{}/hold", one.id), None, &by).await;
    assert_eq!(released.status, 204, "{}", released.body);
    assert_eq!(office.ask(Method::POST, &erase, None, &by).await.status, 202);
    let late = hold(json!({"reason": "a lawsuit"})).await;
    assert!(
        late.status == 409 && late.body["detail"].as_str().unwrap().contains("too late"),
        "{}",
        late.body
    );
    Eraser::of(&office.services).run_all().await.unwrap();
    let actions: Vec<_> = office.trail().await.into_iter().map(|(action, _)| action).collect();
    let expected =
        ["customer.held", "customer.merged", "customer.released", "customer.erase_asked", "customer.erased"];
    assert!(actions.ends_with(&expected.map(str::to_owned)), "{actions:?}");
}
