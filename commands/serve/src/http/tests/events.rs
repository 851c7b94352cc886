//! Departments that hear of events: who may let them, what is refused, what they are told and what is left.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use kefu_app::{Raw, Scalar, Setting as _, Stop, StopHandle};
use kefu_core::Role;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
    task::JoinHandle,
    time::timeout,
};

use super::{
    office::{Answer, Ask, Guest, Office, unlimited},
    rights::{Case, case},
};
use crate::{
    events,
    privacy::Eraser,
    settings::{EventSettings, Settings},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// The rows of the table of rights.
pub(super) fn cases() -> Vec<Case> {
    let get = |path, statuses| case(Method::GET, path, None, statuses);
    let post = |path, body, statuses| case(Method::POST, path, body, statuses);
    let admins = |status| [401, 403, 403, 403, 403, 403, status];
    let new = json!({
        "name": "sales", "topics": ["chat.rated"], "kind": "webhook", "url": "https://hooks.example/in",
    });
    let inward = json!({
        "name": "sales", "topics": ["chat.rated"], "kind": "webhook", "url": "http://127.0.0.1/in",
    });
    vec![
        get("/events/types", admins(200)),
        get("/subscriptions", admins(200)),
        post("/subscriptions", Some(new), admins(201)),
        post("/subscriptions", Some(inward), admins(400)),
        get("/subscriptions/{n}", admins(404)),
        case(Method::PATCH, "/subscriptions/{n}", Some(json!({"version": 1})), admins(404)),
        case(Method::DELETE, "/subscriptions/{n}", None, admins(404)),
        post("/subscriptions/{n}/secret", None, admins(404)),
        post("/subscriptions/{n}/test", None, admins(404)),
        post("/subscriptions/{n}/replay", Some(json!({"from": "2026-11-29T00:00:00Z"})), admins(404)),
        get("/subscriptions/{n}/deliveries", admins(404)),
        get("/subscriptions/{n}/deliveries/{n}", admins(404)),
        post("/subscriptions/{n}/deliveries/{n}/redeliver", None, admins(404)),
    ]
}

/// A request that came, as the receiver has it.
#[derive(Debug)]
struct Got {
    head: String,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| line.split_once(": ").filter(|(own, _)| *own == name));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.head)).1
    }

    fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A web server that answers with what it is told to, and tells what came.
struct Receiver {
    url: String,
    got: mpsc::UnboundedReceiver<Got>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// `answer` says how the n-th request is answered; nothing leaves it without an answer.
    async fn open(answer: impl Fn(usize) -> Option<&'static str> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?x=1", listener.local_addr().unwrap());
        let (told, got) = mpsc::unbounded_channel();
        let (answer, count) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (told, answer, count) = (told.clone(), Arc::clone(&answer), Arc::clone(&count));
                tokio::spawn(async move {
                    let mut bytes = Vec::new();
                    while stream.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {
                        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
                            continue;
                        };
                        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
                        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                        let length: usize = length.unwrap().parse().unwrap();
                        if bytes.len() < end + 4 + length {
                            continue;
                        }
                        let body = String::from_utf8(bytes.drain(..end + 4 + length).skip(end + 4).collect())
                            .unwrap();
                        let number = count.fetch_add(1, Ordering::Relaxed);
                        told.send(Got { head, body }).ok();
                        let Some(answer) = answer(number) else {
                            std::future::pending::<()>().await;
                            return;
                        };
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        Self { url, got, task }
    }

    async fn next(&mut self) -> Got {
        timeout(PATIENCE, self.got.recv()).await.expect("a request in time").unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\ntaken";
/// It asks to be left alone for so long that nothing is told again by itself.
const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 4\r\nretry-after: 3600\r\n\r\nbusy";
const GONE: &str = "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n";

/// An office whose events are told.
struct Told {
    office: Office,
    admin: String,
    handle: StopHandle,
    task: JoinHandle<()>,
}

impl Told {
    async fn open() -> Self {
        let events = EventSettings { allow_internal: true, ..EventSettings::default() };
        Self::with(Settings { events, ..unlimited() }).await
    }

    async fn with(settings: Settings) -> Self {
        Self::at(Office::open_with(settings).await).await
    }

    async fn at(office: Office) -> Self {
        let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
        office.services.events.prepare().await.unwrap();
        Self::begun(office, admin)
    }

    fn begun(office: Office, admin: String) -> Self {
        let (handle, stop) = Stop::new();
        let services = office.services.clone();
        let task = tokio::spawn(async move { events::run(&services, stop).await });
        Self { office, admin, handle, task }
    }

    async fn subscribe(&self, body: Value) -> Value {
        let made = self.office.post("/subscriptions", &self.admin, body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body
    }

    async fn webhook(&self, url: &str, topics: &[&str]) -> Value {
        self.subscribe(json!({
            "name": "sales", "topics": topics, "kind": "webhook", "url": url, "headers": {"X-Team": "sales"},
        }))
        .await
    }

    async fn say(&self, guest: &Guest, text: &str) {
        let body = json!({"client_id": uuid::Builder::from_random_bytes(rand16()).into_uuid(), "kind": "text", "text": text});
        let path = format!("/conversations/{}/messages", guest.conversation);
        assert_eq!(self.office.post(&path, &guest.token, body).await.status, 201);
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.office.get(path, &self.admin).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    async fn post(&self, path: &str) -> Answer {
        self.office.ask(Method::POST, path, None, &Ask::by(&self.admin)).await
    }

    async fn until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let waited = async {
            loop {
                let body = self.get(path).await;
                if is_so(&body) {
                    return body;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, waited).await.unwrap_or_else(|_| panic!("{path} never became so"))
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.handle.request();
        self.task.abort();
    }
}

fn rand16() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

fn own(subscription: &Value, rest: &str) -> String {
    format!("/subscriptions/{}{rest}", subscription["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_webhook_is_told_signed_and_can_check_that() {
    let told = Told::open().await;
    let mut receiver = Receiver::open(|_| Some(OK)).await;
    let made = told.webhook(&receiver.url, &["message.*"]).await;
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert_eq!((&made["has_secret"], &made["headers"]), (&json!(true), &json!({"x-team": "sales"})));
    let again = told.get(&own(&made, "")).await;
    assert!(again["secret"].is_null() && !again.to_string().contains(&secret), "it is shown once");
    let rows = told.office.services.store.event_subscriptions().await.unwrap();
    assert!(!format!("{rows:?}").contains(&secret), "it is sealed");
    let guest = told.office.guest().await;
    told.say(&guest, "你好").await;
    let got = receiver.next().await;
    assert!(got.head.starts_with("post /hook?x=1 http/1.1"), "{}", got.head);
    assert_eq!(got.header("content-type"), "application/cloudevents+json");
    assert_eq!(got.header("x-team"), "sales");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{}.{}", got.header("x-kefu-timestamp"), got.body).as_bytes());
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(got.header("x-kefu-signature"), format!("sha256={digits}"));
    let event = got.event();
    assert_eq!((&event["specversion"], &event["type"]), (&json!("1.0"), &json!("message.created")));
    assert_eq!(event["subject"], guest.conversation.to_string());
    assert_eq!(event["data"]["message"]["text"], "你好");
    let listed = told.until(&own(&made, "/deliveries?state=done"), |page| page["items"][0].is_object()).await;
    let delivery = &listed["items"][0];
    assert_eq!(delivery["id"], got.header("x-kefu-delivery"));
    assert_eq!(delivery["event_id"], event["id"]);
    let attempt = &delivery["attempts"][0];
    assert_eq!((&attempt["status"], &attempt["response_body"]), (&json!(200), &json!("taken")));
    assert_eq!(attempt["request_headers"]["x-team"], "…", "what the subscriber gave is not listed");
    let whole = told.get(&own(&made, &format!("/deliveries/{}", delivery["id"].as_str().unwrap()))).await;
    assert_eq!(whole["request_body"].as_str().unwrap(), got.body);
    let trail = told.office.trail().await;
    assert!(trail.iter().any(|(action, _)| action == "subscription.made"), "{trail:?}");
}

#[tokio::test]
async fn what_is_not_taken_is_told_again_under_the_same_id_and_then_the_next() {
    let told = Told::open().await;
    let mut receiver = Receiver::open(|number| Some(if number < 2 { BUSY } else { OK })).await;
    let made = told.webhook(&receiver.url, &["message.created"]).await;
    let guest = told.office.guest().await;
    told.say(&guest, "first").await;
    told.say(&guest, "second").await;
    let all = own(&made, "/deliveries");
    let mut ids = Vec::new();
    for (number, text) in ["first", "first", "first", "second"].into_iter().enumerate() {
        let got = receiver.next().await;
        assert_eq!(got.event()["data"]["message"]["text"], text);
        ids.push(got.header("x-kefu-delivery").to_owned());
        if number < 2 {
            // The waits are too long for a test.
            let was_tried =
                |one: &Value| one["id"] == *ids[number] && one["attempts"].as_array().unwrap().len() > number;
            told.until(&all, |page| page["items"].as_array().unwrap().iter().any(was_tried)).await;
            let redeliver = own(&made, &format!("/deliveries/{}/redeliver", ids[number]));
            assert_eq!(told.post(&redeliver).await.status, 202);
        }
    }
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3], "{ids:?}");
    let are_done = |page: &Value| {
        let items = page["items"].as_array().unwrap();
        items.len() == 2 && items.iter().all(|item| item["state"] == "done")
    };
    let listed = told.until(&all, are_done).await;
    let statuses: Vec<_> =
        listed["items"][1]["attempts"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [503, 503, 200]);
}

#[tokio::test]
async fn one_that_hangs_keeps_no_other_waiting_and_a_dead_letter_can_be_told_again() {
    let told = Told::open().await;
    let mut hanging = Receiver::open(|_| None).await;
    let mut gone = Receiver::open(|number| Some(if number == 0 { GONE } else { OK })).await;
    told.webhook(&hanging.url, &[">"]).await;
    let made = told.webhook(&gone.url, &["message.created"]).await;
    let guest = told.office.guest().await;
    told.say(&guest, "first").await;
    hanging.next().await;
    let first = gone.next().await;
    told.say(&guest, "second").await;
    assert_eq!(gone.next().await.event()["data"]["message"]["text"], "second");
    let dead = told.until(&own(&made, "/deliveries?state=dead"), |page| page["items"][0].is_object()).await;
    assert_eq!(dead["items"][0]["id"], first.header("x-kefu-delivery"));
    assert_eq!(told.get(&own(&made, "")).await["dead"], 1);
    let path = own(&made, &format!("/deliveries/{}/redeliver", first.header("x-kefu-delivery")));
    assert_eq!(told.post(&path).await.status, 202);
    let again = gone.next().await;
    assert_eq!(
        (again.event()["id"].clone(), again.header("x-kefu-delivery")),
        (first.event()["id"].clone(), first.header("x-kefu-delivery"))
    );
    told.until(&own(&made, ""), |one| one["dead"] == 0 && one["waiting"] == 0).await;
}

#[tokio::test]
async fn changes_take_hold_and_a_replay_tells_again() {
    let told = Told::open().await;
    let mut receiver = Receiver::open(|_| Some(OK)).await;
    let made = told.webhook(&receiver.url, &["message.created"]).await;
    let guest = told.office.guest().await;
    told.say(&guest, "one").await;
    let first = receiver.next().await;
    let patch = async |body: Value| {
        told.office.ask(Method::PATCH, &own(&made, ""), Some(body), &Ask::by(&told.admin)).await
    };
    let off = patch(json!({"version": 1, "is_enabled": false})).await;
    assert_eq!((off.status, &off.body["disabled_reason"]), (200, &json!("admin")), "{}", off.body);
    assert_eq!(patch(json!({"version": 1, "name": "late"})).await.status, 409);
    told.say(&guest, "while it is off").await;
    let on = patch(json!({"version": 2, "is_enabled": true, "name": "Sales"})).await;
    assert_eq!((on.status, &on.body["disabled_reason"]), (200, &Value::Null), "{}", on.body);
    assert_eq!(receiver.next().await.event()["data"]["message"]["text"], "while it is off");
    let replayed =
        told.office.post(&own(&made, "/replay"), &told.admin, json!({"from": "2020-01-01T00:00:00Z"})).await;
    assert_eq!(replayed.status, 202);
    let again = receiver.next().await;
    assert_eq!(
        again.header("x-kefu-delivery"),
        first.header("x-kefu-delivery"),
        "the same event has the same id"
    );
    let rotated = told.post(&own(&made, "/secret")).await;
    assert!(rotated.body["secret"] != made["secret"] && rotated.body["secret"].is_string());
    let test = told.post(&own(&made, "/test")).await;
    assert_eq!((test.status, &test.body["status"], &test.body["error"]), (200, &json!(200), &Value::Null));
    assert_eq!(
        told.office.ask(Method::DELETE, &own(&made, ""), None, &Ask::by(&told.admin)).await.status,
        204
    );
    assert_eq!(told.get("/subscriptions").await["items"], json!([]));
    assert_eq!(told.office.services.store.event_groups().await.unwrap(), [], "nothing is left of it");
}

#[tokio::test]
async fn a_subscription_of_the_configuration_hears_of_what_comes_before_its_task_runs() {
    let mut receiver = Receiver::open(|_| Some(OK)).await;
    let mut events = EventSettings { allow_internal: true, ..EventSettings::default() };
    for (key, value) in [("url", receiver.url.as_str()), ("secret", "a long random text")] {
        events.subscriptions.assign(&["sales", key], &Raw::untyped(value)).unwrap();
    }
    let topics = Raw::List(vec![Scalar::untyped("message.created")]);
    events.subscriptions.assign(&["sales", "topics"], &topics).unwrap();
    let office = Office::open_with(Settings { events, ..unlimited() }).await;
    office.services.events.prepare().await.unwrap();
    let guest = office.guest().await;
    let path = format!("/conversations/{}/messages", guest.conversation);
    let body = json!({"client_id": uuid::Uuid::from_u128(1), "kind": "text", "text": "at once"});
    assert_eq!(office.post(&path, &guest.token, body).await.status, 201);
    let _told = Told::begun(office, String::new());
    assert_eq!(receiver.next().await.event()["data"]["message"]["text"], "at once");
}

#[tokio::test]
async fn internal_addresses_are_refused_by_word_and_when_they_are_looked_up() {
    let told = Told::with(unlimited()).await;
    let mut receiver = Receiver::open(|_| Some(OK)).await;
    let body = json!({"name": "in", "topics": [">"], "kind": "webhook", "url": receiver.url});
    let refused = told.office.post("/subscriptions", &told.admin, body).await;
    assert_eq!((refused.status, &refused.body["field"]), (400, &json!("url")), "{}", refused.body);
    // A name says nothing of where it leads.
    let by_name = receiver.url.replace("127.0.0.1", "localhost");
    let made = told.webhook(&by_name, &["message.created"]).await;
    let test = told.post(&own(&made, "/test")).await;
    assert_eq!(test.body["status"], Value::Null, "{}", test.body);
    assert!(
        test.body["error"].as_str().unwrap().contains("no address that may be connected to"),
        "{}",
        test.body
    );
    let guest = told.office.guest().await;
    told.say(&guest, "secret").await;
    // It waits before it was tried as well.
    let waiting =
        told.until(&own(&made, ""), |one| one["waiting"] == 1 && one["failing_since"].is_string()).await;
    assert!(waiting["oldest_waiting_at"].is_string(), "{waiting}");
    assert!(receiver.got.try_recv().is_err(), "nothing came");
}

#[cfg(feature = "nsq")]
#[tokio::test]
async fn a_rehearsal_lists_what_it_would_tell_a_bus() {
    let bus = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nsq = vec![bus.local_addr().unwrap().to_string()];
    let settings = Settings { events: EventSettings { nsq, ..EventSettings::default() }, ..unlimited() };
    let told = Told::at(Office::open_for(settings, crate::gateway::Bridges::default(), true).await).await;
    let body = json!({"name": "Sales", "topics": ["message.created"], "kind": "topic", "topic": "sales"});
    told.subscribe(body).await;
    let guest = told.office.guest().await;
    told.say(&guest, "hello").await;
    let listed = told.until("/shadow/calls", |page| page["items"][0].is_object()).await;
    let call = &listed["items"][0];
    assert_eq!((&call["kind"], &call["target"]), (&json!("topic"), &json!("Sales")));
    assert!(call["summary"].as_str().unwrap().starts_with("message.created "), "{call}");
    assert!(timeout(Duration::ZERO, bus.accept()).await.is_err(), "nobody was told");
}

#[tokio::test]
async fn kefu_itself_tags_replies_and_makes_tickets_once() {
    let told = Told::open().await;
    let tag = told.office.post("/tags", &told.admin, json!({"name": "vip", "colour": "#ff0000"})).await.body;
    for action in [
        json!({"do": "tag", "tags": [tag["id"]]}),
        json!({"do": "reply", "text": "We are on it"}),
        json!({"do": "ticket", "subject": "Look at this", "priority": "high"}),
    ] {
        let body = json!({"name": "auto", "topics": ["conversation.created", "message.created"], "kind": "action", "action": action});
        told.subscribe(body).await;
    }
    let guest = told.office.guest().await;
    told.say(&guest, "help").await;
    let conversation = format!("/conversations/{}", guest.conversation);
    told.until(&format!("{conversation}/tags"), |page| page["items"][0]["id"] == tag["id"]).await;
    // Two events, and what the bot says is no third one.
    told.until(&format!("{conversation}/messages"), |page| {
        let items = page["items"].as_array().unwrap().iter();
        items.filter(|item| item["text"] == "We are on it").count() == 2
    })
    .await;
    told.until("/tickets", |page| page["items"].as_array().unwrap().len() >= 2).await;
    told.until("/subscriptions", |page| {
        page["items"].as_array().unwrap().iter().all(|one| one["waiting"] == 0 && one["behind"] == 0)
    })
    .await;
    assert_eq!(told.get("/tickets").await["items"].as_array().unwrap().len(), 2);
    let metrics = told.office.services.events.metrics_text();
    assert!(metrics.contains("kefu_events_told_total{outcome=\"dead\"} 0"), "{metrics}");
}

#[tokio::test]
async fn an_erasure_takes_what_was_answered_and_what_is_told_from_then_on() {
    let told = Told::open().await;
    let echo = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nzq4711";
    let mut receiver = Receiver::open(move |_| Some(echo)).await;
    let made = told.webhook(&receiver.url, &["message.created"]).await;
    let guest = told.office.guest().await;
    told.say(&guest, "zq4711").await;
    let got = receiver.next().await;
    told.until(&own(&made, "/deliveries?state=done"), |page| page["items"][0].is_object()).await;
    let export = told.get(&format!("/customers/{}/export", guest.id)).await;
    assert_eq!(export["told"][0]["topic"], "message.created", "{export}");
    assert_eq!(export["told"][0]["attempts"][0]["response_body"], "zq4711");
    let erased = told.post(&format!("/customers/{}/erase", guest.id)).await;
    assert_eq!(erased.status, 202, "{}", erased.body);
    Eraser::of(&told.office.services).run_all().await.unwrap();
    let path = own(&made, &format!("/deliveries/{}", got.header("x-kefu-delivery")));
    let whole = told.get(&path).await;
    assert_eq!(whole["attempts"], json!([]));
    let body = whole["request_body"].as_str().unwrap();
    assert!(body.contains("erased") && !body.contains("zq4711"), "{whole}");
}
