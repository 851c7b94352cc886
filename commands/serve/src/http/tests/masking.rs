//! Personal data: masked for agents wherever it shows, whole for visitors, and in clear only for a reason.

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    office::{Ask, Guest, Office, unlimited},
    rights::{Case, case},
};
use crate::settings::{Privacy, Settings};

const PHONE: &str = "13800138000";
const EMAIL: &str = "bob.lee@example.com";
const IDENTITY: &str = "11010519491231002X";

/// The rows of the table of rights; placeholders as in `records`.
pub(super) fn cases() -> Vec<Case> {
    let post = |path, body, statuses| case(Method::POST, path, Some(body), statuses);
    let why = || json!({"reason": "the courier asks"});
    vec![
        post("/conversations/{c}/messages/1/reveal", why(), [401, 403, 403, 403, 403, 200, 200]),
        post("/conversations/{n}/messages/1/reveal", why(), [401, 403, 403, 403, 403, 404, 404]),
        post("/tickets/{t}/reveal", why(), [401, 403, 403, 403, 403, 200, 200]),
        post("/tickets/{n}/reveal", why(), [401, 403, 403, 403, 403, 404, 404]),
        post("/customers/{v}/reveal", why(), [401, 403, 403, 403, 403, 200, 200]),
        post("/customers/{n}/reveal", why(), [401, 403, 403, 403, 403, 404, 404]),
    ]
}

/// Says that nothing personal stands in an answer.
fn assert_masked(body: &Value) {
    let text = body.to_string();
    for whole in [PHONE, EMAIL, IDENTITY] {
        assert!(!text.contains(whole), "{whole} in {text}");
    }
}

struct Scene {
    office: Office,
    guest: Guest,
    /// Of a supervisor.
    token: String,
}

impl Scene {
    /// A visitor who tells everything about itself, before a supervisor.
    async fn open() -> Self {
        let office = Office::open().await;
        let supervisor = office.agent("sun", Role::Supervisor).await;
        let token = office.token_of(supervisor).await;
        let visitor = json!({
            "name": PHONE, "email": EMAIL, "attributes": {"tel": PHONE, "deep": [{"id": IDENTITY}]},
        });
        let session = json!({"inbox": "web", "visitor": visitor});
        let answer = office.ask(Method::POST, "/widget/sessions", Some(session), &Ask::default()).await;
        let scene = Self { office, guest: Guest::from(&answer.body), token };
        scene.say("text", json!({"text": format!("电话 {PHONE} 身份证 {IDENTITY}")})).await;
        scene
    }

    fn conversation(&self, rest: &str) -> String {
        format!("/conversations/{}{rest}", self.guest.conversation)
    }

    async fn say(&self, kind: &str, mut message: Value) -> u64 {
        let random = crate::clock::now().0;
        message["client_id"] = json!(Uuid::from_u128(random.unsigned_abs().into()));
        message["kind"] = kind.into();
        let answer = self.office.post(&self.conversation("/messages"), &self.guest.token, message).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["seq"].as_u64().unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.office.get(path, &self.token).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    async fn reveal(&self, path: &str) -> Value {
        let why = json!({"reason": format!("call {PHONE} back")});
        let answer = self.office.post(path, &self.token, why).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }
}

#[tokio::test]
async fn agents_read_conversations_masked_and_visitors_their_own() {
    let scene = Scene::open().await;
    let form = json!({"data": {"values": [{"name": "tel", "value": PHONE}]}});
    let form = scene.say("form", form).await;
    // What a list cuts off in the middle is masked all the same.
    scene.say("text", json!({"text": format!("{}{PHONE}", "好".repeat(154))})).await;
    for path in ["", "/messages", "/transcript", "/transcript?format=html", "/transcript?format=json"] {
        let body = scene.get(&scene.conversation(path)).await;
        assert_masked(&body);
        let own = scene.office.get(&scene.conversation(path), &scene.guest.token).await.body;
        assert!(own.to_string().contains(PHONE), "{own}");
    }
    let head = scene.get(&scene.conversation("")).await;
    assert_eq!(head["visitor"]["name"], "138****8000");
    assert!(!head["last_message"]["text"].as_str().unwrap().contains("13800"), "{head}");
    assert_masked(&scene.get("/conversations?view=waiting").await);

    let shown = scene.reveal(&scene.conversation(&format!("/messages/{form}/reveal"))).await;
    assert_eq!(shown["data"]["values"][0]["value"], PHONE);
    assert_eq!(shown["from"]["name"], PHONE);
}

#[tokio::test]
async fn a_file_is_fetched_under_its_masked_name() {
    let scene = Scene::open().await;
    let (office, guest) = (&scene.office, &scene.guest);
    let file = office.uploaded(guest, &format!("{PHONE}.txt"), b"hello").await;
    assert_eq!(office.send_file(guest, 70, "file", file).await.status, 201);
    let message = office.last_message(guest, &scene.token).await;
    let view = scene.get(&format!("/files/{file}")).await;
    for shown in [&message["data"], &view] {
        assert_masked(shown);
        assert_eq!(shown["name"], "138****8000.txt");
        let fetched = office.fetch(shown["url"].as_str().unwrap(), &[]).await;
        assert_eq!((fetched.status, &fetched.body), (200, &json!("hello")), "{shown}");
        let disposition = fetched.headers["content-disposition"].to_str().unwrap();
        assert!(!disposition.contains(PHONE) && disposition.contains("8000.txt"), "{disposition}");
    }
    let own = office.last_message(guest, &guest.token).await["data"].clone();
    assert_eq!(own["name"], format!("{PHONE}.txt"));
    let fetched = office.fetch(own["url"].as_str().unwrap(), &[]).await;
    assert!(fetched.headers["content-disposition"].to_str().unwrap().contains(PHONE));
}

#[tokio::test]
async fn whispers_are_masked_and_articles_and_reports_name_no_customer() {
    let scene = Scene::open().await;
    let office = &scene.office;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    let accept = scene.conversation("/accept");
    assert_eq!(office.ask(Method::POST, &accept, None, &Ask::by(&lin)).await.status, 200);
    let whisper = json!({"client_id": Uuid::from_u128(71), "text": format!("ring {PHONE}, {EMAIL}")});
    let sent = office.post(&scene.conversation("/whisper"), &scene.token, whisper).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    let last = office.last_message(&scene.guest, &lin).await;
    assert_masked(&last);
    assert!(last["text"].as_str().unwrap().starts_with("ring 138****8000"), "{last}");
    let texts = json!({"zh": {"title": "退款", "body": "三天"}});
    let article = json!({"slug": "refunds", "state": "published", "texts": texts});
    let made = office.post("/articles", &scene.token, article).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let insert = format!("/articles/{}/insert", made.body["id"].as_str().unwrap());
    let insert =
        office.post(&insert, &scene.token, json!({"conversation_id": scene.guest.conversation})).await;
    assert_eq!(insert.status, 200, "{}", insert.body);
    assert_masked(&insert.body);
    let (from, to) = ("2020-12-01", "2020-12-31");
    for path in ["/reports/now".to_owned(), format!("/reports?by=agent&from={from}&to={to}")] {
        assert_masked(&scene.get(&path).await);
    }
}

#[tokio::test]
async fn nobody_reveals_what_it_may_not_read() {
    let scene = Scene::open().await;
    let office = &scene.office;
    let role = office.role("revealer", &["chat", "customers.reveal"]).await;
    let lin = office.agent("lin", Role::Agent).await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let given = json!({"custom_role_id": role});
    let given = office.ask(Method::PATCH, &format!("/agents/{lin}"), Some(given), &Ask::by(&admin)).await;
    assert_eq!(given.status, 200, "{}", given.body);
    let token = office.token_of(lin).await;
    let reveal = async || {
        let why = json!({"reason": "the courier asks"});
        office.post(&scene.conversation("/messages/1/reveal"), &token, why).await
    };
    // It waits for a team that the agent is not in.
    let team = office.post("/teams", &admin, json!({"name": "Refunds"})).await;
    assert_eq!(team.status, 201, "{}", team.body);
    let moved = json!({"team_id": team.body["id"]});
    let moved = office.post(&scene.conversation("/transfer"), &admin, moved).await;
    assert_eq!(moved.status, 200, "{}", moved.body);
    let refused = reveal().await;
    assert_eq!((refused.status, &refused.body["code"]), (404, &json!("not_found")), "{}", refused.body);
    assert!(office.trail().await.iter().all(|(action, _)| action != "message.revealed"));
}

#[tokio::test]
async fn what_is_known_of_a_visitor_is_masked_until_it_is_revealed() {
    let scene = Scene::open().await;
    let page = json!({"url": format!("https://shop.example/?tel={PHONE}"), "title": EMAIL});
    assert_eq!(scene.office.post("/widget/pages", &scene.guest.token, page).await.status, 204);
    let id = scene.guest.id;
    let add = json!({"kind": "phone", "value": PHONE});
    let added = scene.office.post(&format!("/customers/{id}/identities"), &scene.token, add).await;
    assert_eq!((added.status, &added.body["value"]), (201, &json!("138****8000")));
    for path in [
        format!("/visitors/{id}"),
        format!("/visitors/{id}/pages"),
        format!("/customers/{id}"),
        format!("/customers/{id}/identities"),
        format!("/customers/{id}/conversations"),
        format!("/customers?q={PHONE}"),
    ] {
        let body = scene.get(&path).await;
        assert_masked(&body);
        assert!(body.to_string().contains('*'), "{path}: {body}");
    }
    let shown = scene.reveal(&format!("/customers/{id}/reveal")).await;
    assert_eq!(shown["visitors"][0]["email"], EMAIL);
    assert!(shown["identities"].to_string().contains(PHONE), "{shown}");
}

#[tokio::test]
async fn tickets_are_masked_for_agents() {
    let scene = Scene::open().await;
    let message = json!({"email": EMAIL, "phone": PHONE, "text": format!("我的号码 {PHONE}")});
    let left = scene.office.post("/widget/offline-messages", &scene.guest.token, message).await;
    assert_eq!((left.status, &left.body["contact"]["phone"]), (201, &json!(PHONE)));
    let path = format!("/tickets/{}", left.body["id"].as_str().unwrap());
    let comment = json!({"text": EMAIL});
    let comments = format!("{path}/comments");
    assert_eq!(scene.office.post(&comments, &scene.guest.token, comment).await.body["text"], EMAIL);
    let shown = scene.get(&path).await;
    // What comes back as it was shown changes nothing; half of it would lose the number.
    for (subject, status) in [(shown["subject"].as_str().unwrap(), 200), ("打 138****8000", 400)] {
        let patch = json!({"version": shown["version"], "subject": subject});
        let ask = Ask::by(&scene.token);
        assert_eq!(scene.office.ask(Method::PATCH, &path, Some(patch), &ask).await.status, status);
    }
    let patch = json!({"version": shown["version"], "subject": format!("回电 {PHONE}")});
    let changed = scene.office.ask(Method::PATCH, &path, Some(patch), &Ask::by(&scene.token)).await;
    assert_eq!(changed.body["subject"], "回电 138****8000");
    for path in ["/tickets", &path, &comments, &format!("{path}/history")] {
        assert_masked(&scene.get(path).await);
    }
    let whole = scene.reveal(&format!("{path}/reveal")).await;
    assert_eq!(whole["ticket"]["contact"]["email"], EMAIL);
    assert_eq!(whole["comments"][0]["text"], EMAIL);
}

#[tokio::test]
async fn a_form_that_sends_back_what_it_was_shown_keeps_the_number() {
    let scene = Scene::open().await;
    let path = format!("/customers/{}", scene.guest.id);
    let patch = async |mut fields: Value| {
        let shown = scene.get(&path).await;
        fields["version"] = shown["version"].clone();
        scene.office.ask(Method::PATCH, &path, Some(fields), &Ask::by(&scene.token)).await
    };
    let note = format!("rings {PHONE} at noon");
    let filled =
        patch(json!({"phone": PHONE, "email": EMAIL, "note": note, "attributes": {"tel": PHONE}})).await;
    assert_eq!(filled.status, 200, "{}", filled.body);
    let again = filled.body;
    let fields = ["name", "phone", "email", "note", "attributes"].map(|name| (name, again[name].clone()));
    let again = patch(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()).await;
    assert_eq!(again.status, 200, "{}", again.body);
    let shown = scene.reveal(&format!("{path}/reveal")).await["customer"].clone();
    assert_eq!(
        (&shown["phone"], &shown["email"], &shown["note"]),
        (&json!(PHONE), &json!(EMAIL), &json!(note))
    );
    assert_eq!(shown["attributes"]["tel"], PHONE);
    let lost = patch(json!({"note": "rings 138****8000 at one"})).await;
    assert_eq!((lost.status, &lost.body["field"]), (400, &json!("note")));
}

#[tokio::test]
async fn what_is_masked_is_found_whole_or_not_at_all() {
    let scene = Scene::open().await;
    scene.say("text", json!({"text": "card 6222 0212 3456 7890 128, 退款"})).await;
    scene.say("text", json!({"text": "call 138 0013 8000"})).await;
    let hits = async |q: &str| scene.get(&format!("/search?q={q}")).await["items"].as_array().unwrap().len();
    for (q, found) in [
        ("138%200013%208000", 1),
        ("0013", 0),
        ("call%200013", 0),
        ("call", 1),
        (PHONE, 1),
        ("%E9%80%80%E6%AC%BE", 1),
    ] {
        assert_eq!(hits(q).await, found, "{q}");
    }
    let hit = scene.get(&format!("/search?q={IDENTITY}")).await["items"][0].clone();
    assert_masked(&hit);
    let customers =
        async |q: &str| scene.get(&format!("/customers?q={q}")).await["items"].as_array().unwrap().len();
    for (q, found) in
        [(PHONE, 1), ("138", 0), ("1380013800", 0), (EMAIL, 1), ("BOB.LEE@EXAMPLE.COM", 1), ("bob", 0)]
    {
        assert_eq!(customers(q).await, found, "{q}");
    }
}

#[tokio::test]
async fn a_reveal_is_written_down_without_what_it_reveals() {
    let scene = Scene::open().await;
    let path = scene.conversation("/messages/1/reveal");
    for (reason, status) in [("", 400), ("xy", 400), (&"x".repeat(301), 413)] {
        let answer = scene.office.post(&path, &scene.token, json!({"reason": reason})).await;
        assert_eq!((answer.status, &answer.body["field"]), (status, &json!("reason")));
    }
    assert!(scene.office.trail().await.iter().all(|(action, _)| action != "message.revealed"));
    let shown = scene.reveal(&path).await;
    assert!(shown["text"].as_str().unwrap().contains(IDENTITY), "{shown}");
    let lines = scene.office.services.store.audit_lines(0, 1000).await.unwrap();
    let line = lines.iter().find(|line| line.action == "message.revealed").unwrap();
    assert!(format!("{line:?}").contains("call 138****8000 back"), "{line:?}");
    assert!(!format!("{lines:?}").contains(PHONE), "{lines:?}");
}

#[tokio::test]
async fn what_is_masked_is_a_setting() {
    let office = Office::open_with(Settings {
        privacy: Privacy { mask: Vec::new(), ..Privacy::default() },
        ..unlimited()
    })
    .await;
    let supervisor = office.agent("sun", Role::Supervisor).await;
    let token = office.token_of(supervisor).await;
    let guest = office.guest().await;
    let path = format!("/conversations/{}/messages", guest.conversation);
    let message = json!({"client_id": Uuid::from_u128(1), "kind": "text", "text": PHONE});
    assert_eq!(office.post(&path, &guest.token, message).await.status, 201);
    assert_eq!(office.get(&path, &token).await.body["items"][0]["text"], PHONE);
}
