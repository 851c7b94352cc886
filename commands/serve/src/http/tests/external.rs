//! Tickets in a system of others, with a fake of one.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use http::Method;
use kefu_app::Language;
use kefu_core::Role;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

use super::{
    identity::{proven, secret},
    office::{Ask, Guest, Office, unlimited},
    records::id,
    rights::{Case, case},
};
use crate::{gateway::Bridges, privacy::Eraser, settings::Settings};

/// The rows of the table of rights, where nobody answers.
pub(super) fn cases() -> Vec<Case> {
    let get = |path, statuses| case(Method::GET, path, None, statuses);
    let client_id = Uuid::from_u128(3);
    let new = json!({"client_id": client_id, "subject": "x"});
    let patch = json!({"client_id": client_id, "status": "open"});
    let comment = json!({"client_id": client_id, "text": "x"});
    let none = [401, 403, 403, 404, 404, 404, 404];
    vec![
        get("/customers/{v}/external-tickets", [401, 403, 403, 200, 404, 200, 200]),
        get("/customers/{n}/external-tickets", none),
        get("/customers/{v}/external-tickets/T-1", none),
        get("/conversations/{c}/external-tickets", [401, 403, 403, 200, 404, 200, 200]),
        case(
            Method::POST,
            "/conversations/{c}/external-tickets",
            Some(new),
            [401, 403, 403, 202, 404, 202, 202],
        ),
        case(Method::PATCH, "/conversations/{c}/external-tickets/T-1", Some(patch), none),
        case(Method::POST, "/conversations/{c}/external-tickets/T-1/comments", Some(comment), none),
        case(Method::POST, "/conversations/{c}/external-writes/{n}/repeat", None, none),
        case(Method::POST, "/conversations/{c}/external-writes/{n}/dismiss", None, none),
    ]
}

const RULES: &str = "kefu_tickets: 1
name: Desk
bridge: desk
link: \"= 'https://desk.example/' ~ number\"
statuses: {open: [1], closed: [9]}
priorities: {high: [H]}
ticket: {number: = item.no, subject: = item.title, status: = item.state}
list: {operation: list, arguments: {customer: = external_id}, items: = result.items}
get: {call: {operation: get, arguments: {no: = number}, items: = result}}
create: {operation: create, arguments: {customer: = external_id, title: = subject, text: = body, level: = priority}, \
number: = result.no}
update: {operation: update, arguments: {no: = number, state: = status}}
comment: {operation: comment, arguments: {no: = number, text: = text, key: = id, by: = agent.name}, idempotency: key}
";

fn files(dir: &std::path::Path, address: &str) -> Bridges {
    let bridge = format!(
        "endpoints:
  - name: desk
    inbound: {{kind: internal}}
    upstream: {{kind: json, address: 'http://{address}/'}}
    operations:
      list: {{method: GET, path: '/tickets'}}
      get: {{method: GET, path: '/tickets/{{no}}'}}
      create: {{path: /tickets}}
      update: {{path: '/tickets/{{no}}'}}
      comment: {{path: '/comments'}}
    breaker: {{failures: 0}}
"
    );
    let (bridges, rules) = (dir.join("bridge.yaml"), dir.join("tickets.yaml"));
    std::fs::write(&bridges, bridge).unwrap();
    std::fs::write(&rules, RULES).unwrap();
    Bridges::of(&[bridges], Some(&rules), false)
}

/// A ticket system where nobody answers.
pub(super) fn nobody() -> Bridges {
    files(tempfile::tempdir().unwrap().path(), "127.0.0.1:1")
}

/// Asks again until there is an answer.
pub(super) async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain");
        tokio::task::yield_now().await;
    }
}

type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// A ticket system over HTTP. What it is asked with says what becomes of it: `refuse` is refused, `break` breaks the
/// connection, `lose` does so the first time.
pub(super) struct Fake {
    pub(super) address: SocketAddr,
    asked: Asked,
}

impl Fake {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Asked::default());
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(answer(stream, Arc::clone(&seen)));
            }
        });
        Self { address, asked }
    }

    /// Method and path with query, and body, of each request.
    pub(super) fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(mut stream: TcpStream, asked: Asked) {
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    let (mut first, mut line, mut len) = (String::new(), String::new(), 0);
    reader.read_line(&mut first).await.unwrap();
    while reader.read_line(&mut line).await.unwrap_or(0) > 2 {
        if let Some((_, value)) = line.to_lowercase().split_once("content-length:") {
            len = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; len];
    reader.read_exact(&mut body).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let what = first.rsplit_once(' ').unwrap_or_default().0.to_owned();
    let before = asked.lock().unwrap().iter().filter(|(_, other)| *other == body).count();
    asked.lock().unwrap().push((what.clone(), body.clone()));
    let said = body["title"].as_str().or(body["text"].as_str()).unwrap_or_default();
    let (status, answer) = match (what.as_str(), said) {
        (_, "break") => return,
        (_, "lose") if before == 0 => return,
        (_, "refuse") => (422, json!({})),
        ("GET /tickets?customer=u-8", _) => (500, json!({})),
        (what, _) if what.starts_with("GET /tickets?") => {
            (200, json!({"items": [{"no": "A/7", "title": "call 13800138000", "state": 1}]}))
        }
        ("GET /tickets/7", _) => (200, json!({"id": 7, "subject": "first"})),
        (what, _) if what.starts_with("GET /tickets/") => {
            (200, json!({"no": "A/7", "title": "first", "state": 9}))
        }
        ("POST /tickets", _) => (200, json!({"no": 42})),
        _ => (200, json!({})),
    };
    let answer = answer.to_string();
    let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-type: application/json\r\n");
    let answer = format!("{head}content-length: {}\r\n\r\n{answer}", answer.len());
    writer.write_all(answer.as_bytes()).await.unwrap();
}

/// An office with the fake behind it, an agent, and a conversation of a customer whose id `u-7` is proven.
struct Desk {
    fake: Fake,
    office: Office,
    token: String,
    guest: Guest,
    keeping: tokio::task::JoinHandle<()>,
}

impl Desk {
    async fn open() -> Self {
        Self::open_for(false).await
    }

    async fn open_for(is_shadow: bool) -> Self {
        let (fake, dir) = (Fake::start().await, tempfile::tempdir().unwrap());
        let bridges = files(dir.path(), &fake.address.to_string());
        let office = Office::open_for(Settings { ..unlimited() }, bridges, is_shadow).await;
        let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
        let token = office.token_of(office.agent("lin", Role::Agent).await).await;
        let guest = Self::guest(&office, &admin, &token, "u-7").await;
        let services = office.services.clone();
        let keeping = tokio::spawn(async move { services.bridges.keep(&services, Language::English).await });
        Self { fake, office, token, guest, keeping }
    }

    async fn guest(office: &Office, admin: &str, agent: &str, external_id: &str) -> Guest {
        let secret = secret(office, admin).await;
        let opened = office.post("/widget/sessions", "", proven(&secret, external_id)).await;
        let guest = Guest::from(&opened.body);
        let message = json!({"client_id": Uuid::from_u128(1), "kind": "text", "text": "你好"});
        let path = format!("/conversations/{}", guest.conversation);
        office.post(&format!("{path}/messages"), &guest.token, message).await;
        office.ask(Method::POST, &format!("{path}/accept"), None, &Ask::by(agent)).await;
        guest
    }

    fn path(&self, more: &str) -> String {
        format!("/conversations/{}/external-tickets{more}", self.guest.conversation)
    }

    async fn list(&self, more: &str) -> Value {
        let path = format!("/customers/{}/external-tickets{more}", self.guest.id);
        self.office.get(&path, &self.token).await.body
    }

    /// Waits until what was asked for is neither waiting nor on its way.
    async fn settled(&self, write: Uuid) -> Value {
        until(async || {
            let all = self.office.get(&self.path(""), &self.token).await.body;
            let one = all["items"].as_array().unwrap().iter().find(|one| id(one) == write).cloned();
            one.filter(|one| !["waiting", "sending"].contains(&one["state"].as_str().unwrap_or_default()))
        })
        .await
    }

    async fn ask(&self, more: &str, client_id: u128, mut body: Value) -> Value {
        body["client_id"] = json!(Uuid::from_u128(client_id));
        let asked = self.office.post(&self.path(more), &self.token, body).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        self.settled(id(&asked.body)).await
    }

    async fn told(&self, token: &str) -> Vec<Value> {
        let path = format!("/conversations/{}/messages?limit=500", self.guest.conversation);
        let page = self.office.get(&path, token).await.body;
        let items = page["items"].as_array().unwrap().iter();
        let told = items.filter(|item| {
            item["event"]["code"].as_str().is_some_and(|code| code.starts_with("ticket.external."))
        });
        told.cloned().collect()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.keeping.abort();
    }
}

#[tokio::test]
async fn tickets_are_listed_as_they_are_there_and_partly_if_need_be() {
    let desk = Desk::open().await;
    let listed = desk.list("").await;
    assert_eq!(
        listed["service"],
        json!({"name": "Desk", "takes": ["create", "update", "comment"], "assigns": [],
            "statuses": ["closed", "open"], "priorities": ["high"]})
    );
    let ticket = &listed["items"][0];
    assert_eq!((&ticket["number"], &ticket["status"]), (&json!("A/7"), &json!("open")), "{listed}");
    assert!(!ticket["subject"].as_str().unwrap().contains("13800138000"), "masked: {ticket}");
    assert_eq!(desk.list("").await, listed);
    assert_eq!(desk.fake.asked().len(), 1, "what was listed a moment ago is shown again");
    desk.list("?fresh=true").await;
    assert_eq!(desk.fake.asked().len(), 2);
    assert_eq!(desk.fake.asked()[1].0, "GET /tickets?customer=u-7");
    let one = desk.list("/A%2F7").await;
    assert_eq!((&one["ticket"]["status"], &one["comments"]), (&json!("closed"), &json!([])), "{one}");
    assert_eq!(desk.list("/B").await["code"], "not_found");

    // One customer, two ids, of which one brings nothing.
    let admin = desk.office.token_of(desk.office.agent("qian", Role::Admin).await).await;
    let other = Desk::guest(&desk.office, &admin, &desk.token, "u-8").await;
    let merge = json!({"from": [other.id]});
    let path = format!("/customers/{}/merge", desk.guest.id);
    assert_eq!(desk.office.post(&path, &admin, merge).await.status, 200);
    let partly = desk.list("?fresh=true").await;
    assert_eq!(
        (partly["items"].as_array().unwrap().len(), &partly["errors"][0]["code"]),
        (1, &json!("upstream_status"))
    );
    // An id that nobody has proven asks for nothing.
    let stranger = desk.office.taken_by(&desk.token).await;
    let before = desk.fake.asked().len();
    let path = format!("/customers/{}/external-tickets", stranger.id);
    assert_eq!(desk.office.get(&path, &desk.token).await.body["items"], json!([]));
    assert_eq!(desk.fake.asked().len(), before);
}

#[tokio::test]
async fn what_is_asked_for_is_done_and_told_to_agents_alone() {
    let desk = Desk::open().await;
    let body = json!({"subject": "打印机", "body": "坏了", "priority": "high"});
    let made = desk.ask("", 1, body.clone()).await;
    assert_eq!(
        (&made["state"], &made["ticket"], &made["summary"]),
        (&json!("done"), &json!("42"), &json!(""))
    );
    let sent = json!({"customer": "u-7", "title": "打印机", "text": "坏了", "level": "H"});
    assert_eq!(desk.fake.asked(), [("POST /tickets".to_owned(), sent)]);
    let told = desk.told(&desk.token).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (&told[0]["kind"], &told[0]["event"]["code"]),
        (&json!("note"), &json!("ticket.external.created"))
    );
    let data = &told[0]["data"];
    assert_eq!((&data["number"], &data["url"]), (&json!("42"), &json!("https://desk.example/42")), "{data}");
    assert_eq!((&data["service"], &data["write_id"]), (&json!("Desk"), &made["id"]));
    assert!(desk.told(&desk.guest.token).await.is_empty(), "visitors do not hear of it");

    let again = desk.ask("", 1, body).await;
    assert_eq!((&again["id"], desk.fake.asked().len()), (&made["id"], 1));
    let other = json!({"client_id": Uuid::from_u128(1), "subject": "another"});
    let conflict = desk.office.post(&desk.path(""), &desk.token, other).await;
    assert_eq!((conflict.status, &conflict.body["field"]), (409, &json!("client_id")));

    let comment = desk.ask("/42/comments", 2, json!({"text": "lose"})).await;
    assert_eq!(
        (&comment["state"], &comment["tries"]),
        (&json!("done"), &json!(2)),
        "the service knows it again"
    );
    let sent = desk.fake.asked();
    assert_eq!(sent[1].1, sent[2].1);
    assert_eq!((&sent[1].1["key"], &sent[1].1["by"]), (&comment["id"], &json!("lin")));
    let path = desk.path("/42");
    let change = json!({"client_id": Uuid::from_u128(3), "status": "closed"});
    let asked = desk.office.ask(Method::PATCH, &path, Some(change), &Ask::by(&desk.token)).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    assert_eq!(desk.settled(id(&asked.body)).await["state"], "done");
    assert_eq!(desk.fake.asked().last().unwrap().1, json!({"state": 9}));
    let actions: Vec<_> = desk.office.trail().await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions.iter().filter(|action| *action == "external_ticket.asked").count(), 3, "{actions:?}");
}

#[tokio::test]
async fn what_may_have_been_done_is_for_an_agent_to_decide() {
    let desk = Desk::open().await;
    let refused = desk.ask("", 1, json!({"subject": "refuse"})).await;
    assert_eq!(refused["state"], "failed");
    assert!(refused["reason"].as_str().unwrap().contains("status 422"), "{refused}");
    let unknown = desk.ask("", 2, json!({"subject": "break"})).await;
    assert_eq!(unknown["state"], "unknown");
    assert_eq!(desk.fake.asked().len(), 2, "it is not sent again by itself");
    let decide = async |write: &Value, what: &str| {
        let write = write["id"].as_str().unwrap();
        let path = format!("/conversations/{}/external-writes/{write}/{what}", desk.guest.conversation);
        desk.office.ask(Method::POST, &path, None, &Ask::by(&desk.token)).await
    };
    let repeated = decide(&unknown, "repeat").await;
    assert_eq!((repeated.status, &repeated.body["state"]), (202, &json!("waiting")));
    assert_eq!(desk.settled(id(&unknown)).await["state"], "unknown");
    assert_eq!(desk.fake.asked().len(), 3);
    for write in [&unknown, &refused] {
        let dismissed = decide(write, "dismiss").await;
        assert_eq!((dismissed.status, &dismissed.body["state"]), (200, &json!("dismissed")));
        assert_eq!(decide(write, "repeat").await.status, 409);
    }
    let codes: Vec<_> =
        desk.told(&desk.token).await.iter().map(|told| told["event"]["code"].clone()).collect();
    let expected = ["failed", "unknown", "unknown"].map(|code| json!(format!("ticket.external.{code}")));
    assert_eq!(codes, expected);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_and_named() {
    let desk = Desk::open().await;
    let client_id = Uuid::from_u128(9);
    for (method, more, body, status, field) in [
        (Method::POST, "", json!({"subject": "x"}), 400, "client_id"),
        (Method::POST, "", json!({"client_id": client_id, "subject": ""}), 400, "subject"),
        (
            Method::POST,
            "",
            json!({"client_id": client_id, "subject": "x", "body": "x".repeat(20_000)}),
            413,
            "body",
        ),
        (
            Method::POST,
            "",
            json!({"client_id": client_id, "subject": "x", "priority": "low"}),
            400,
            "priority",
        ),
        (
            Method::POST,
            "",
            json!({"client_id": client_id, "subject": "x", "priority": "huge"}),
            400,
            "priority",
        ),
        (Method::PATCH, "/A%2F7", json!({"client_id": client_id}), 400, "status"),
        (Method::PATCH, "/A%2F7", json!({"client_id": client_id, "status": "pending"}), 400, "status"),
        (Method::PATCH, "/A%2F7", json!({"client_id": client_id, "assignee": "a\nb"}), 400, "assignee"),
        // Nothing in the file says where it would go.
        (Method::PATCH, "/A%2F7", json!({"client_id": client_id, "assignee": "周"}), 400, "assignee"),
        (
            Method::POST,
            "",
            json!({"client_id": client_id, "subject": "x", "assignee": "周"}),
            400,
            "assignee",
        ),
        (Method::POST, "/A%2F7/comments", json!({"client_id": client_id, "text": ""}), 400, "text"),
    ] {
        let answer = desk.office.ask(method, &desk.path(more), Some(body), &Ask::by(&desk.token)).await;
        let named = answer.body["field"].as_str().unwrap_or("client_id");
        assert_eq!((answer.status, named), (status, field), "{more}: {}", answer.body);
    }
    let comment = json!({"client_id": client_id, "text": "x"});
    let elsewhere = desk.office.post(&desk.path("/B-1/comments"), &desk.token, comment.clone()).await;
    assert_eq!(elsewhere.status, 404, "a ticket that is not this customer's");
    let known = desk.office.post(&desk.path("/A%2F7/comments"), &desk.token, comment).await;
    assert_eq!(known.status, 202, "one that is listed: {}", known.body);
    let without = Office::open().await;
    let lin = without.token_of(without.agent("lin", Role::Agent).await).await;
    let guest = without.taken_by(&lin).await;
    for path in [format!("/customers/{}", guest.id), format!("/conversations/{}", guest.conversation)] {
        let answer = without.get(&format!("{path}/external-tickets"), &lin).await;
        assert_eq!(answer.status, 404, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_rehearsal_asks_for_nothing_and_lists_it() {
    let desk = Desk::open_for(true).await;
    let made = desk.ask("", 1, json!({"subject": "x"})).await;
    assert_eq!((&made["state"], desk.fake.asked().len()), (&json!("dismissed"), 0));
    assert_eq!(desk.list("").await["items"][0]["number"], "A/7", "reading does no harm");
    let admin = desk.office.token_of(desk.office.agent("sun", Role::Admin).await).await;
    let calls = desk.office.get("/shadow/calls", &admin).await.body;
    let call = &calls["items"][0];
    let summary = json!(format!("create {}", made["id"].as_str().unwrap()));
    assert_eq!(
        (&call["kind"], &call["target"], &call["summary"]),
        (&json!("ticket"), &json!("desk"), &summary)
    );
}

#[tokio::test]
async fn an_export_tells_what_was_asked_and_an_erasure_takes_it() {
    let desk = Desk::open().await;
    desk.ask("", 1, json!({"subject": "refuse", "body": "zqprivate words"})).await;
    desk.ask("", 2, json!({"subject": "done"})).await;
    let admin = desk.office.token_of(desk.office.agent("sun", Role::Admin).await).await;
    let path = format!("/customers/{}", desk.guest.id);
    let export = desk.office.get(&format!("{path}/export"), &admin).await.body;
    let asked = export["external_tickets"].as_array().unwrap();
    assert_eq!(asked[0]["body"]["body"], "zqprivate words");
    assert_eq!(
        (&asked[1]["ticket"], &asked[1]["body"]),
        (&json!("42"), &Value::Null),
        "what is done keeps no body"
    );
    let erased = desk.office.ask(Method::POST, &format!("{path}/erase"), None, &Ask::by(&admin)).await;
    assert_eq!(erased.status, 202, "{}", erased.body);
    Eraser::of(&desk.office.services).run_all().await.unwrap();
    let left = desk.office.get(&desk.path(""), &admin).await.body;
    assert_eq!(left["items"], json!([]));
    let told = desk.told(&admin).await;
    assert!(told.len() == 2 && told.iter().all(|told| told.get("data").is_none()), "{told:?}");
    let late = json!({"client_id": Uuid::from_u128(7), "subject": "x"});
    let late = desk.office.post(&desk.path(""), &admin, late).await;
    assert_eq!(late.status, 409, "{}", late.body);
}
