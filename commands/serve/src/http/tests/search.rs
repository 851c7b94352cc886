//! Searching messages: what is found, by whom, and what is refused.

use axum::http::Method;
use kefu_core::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::office::{Ask, Guest, Office};

/// An office in which two agents have a conversation each, and one waits.
struct Scene {
    office: Office,
    lin: String,
    zhou: String,
    supervisor: String,
    of_lin: Guest,
    of_zhou: Guest,
    waiting: Guest,
    said: std::cell::Cell<u128>,
}

impl Scene {
    async fn open() -> Self {
        let office = Office::open().await;
        let lin = office.agent("lin", Role::Agent).await;
        let zhou = office.agent("zhou", Role::Agent).await;
        let supervisor = office.agent("qian", Role::Supervisor).await;
        let (lin, zhou) = (office.token_of(lin).await, office.token_of(zhou).await);
        let scene = Self {
            supervisor: office.token_of(supervisor).await,
            of_lin: office.taken_by(&lin).await,
            of_zhou: office.taken_by(&zhou).await,
            waiting: office.guest().await,
            said: std::cell::Cell::new(100),
            office,
            lin,
            zhou,
        };
        scene.say(&scene.of_lin, &scene.of_lin.token, "text", "😀 我要退款,谢谢").await;
        scene.say(&scene.of_lin, &scene.lin, "note", "退款 ok, VIP").await;
        scene.say(&scene.of_zhou, &scene.of_zhou.token, "text", "退款失败").await;
        scene.say(&scene.waiting, &scene.waiting.token, "text", "Refund? 退 款").await;
        scene.say(&scene.waiting, &scene.waiting.token, "text", "申请退款").await;
        scene
    }

    async fn say(&self, guest: &Guest, token: &str, kind: &str, text: &str) {
        self.said.set(self.said.get() + 1);
        let message = json!({"client_id": Uuid::from_u128(self.said.get()), "kind": kind, "text": text});
        let path = format!("/conversations/{}/messages", guest.conversation);
        assert_eq!(self.office.post(&path, token, message).await.status, 201);
    }

    /// What is answered to `token`.
    async fn search(&self, token: &str, query: &str) -> Value {
        let answer = self.office.get(&format!("/search?{query}"), token).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        answer.body
    }

    /// The texts found, newest first.
    async fn texts(&self, token: &str, query: &str) -> Vec<String> {
        let body = self.search(token, query).await;
        let items = body["items"].as_array().unwrap();
        items.iter().map(|item| item["message"]["text"].as_str().unwrap().to_owned()).collect()
    }
}

/// `退款` in a URL.
const REFUND: &str = "q=%E9%80%80%E6%AC%BE";

#[tokio::test]
async fn everybody_finds_what_they_may_read() {
    let scene = Scene::open().await;
    let of_lin = ["退款 ok, VIP", "😀 我要退款,谢谢"];
    assert_eq!(scene.texts(&scene.lin, REFUND).await, ["申请退款", of_lin[0], of_lin[1]]);
    assert_eq!(scene.texts(&scene.zhou, REFUND).await, ["申请退款", "退款失败"]);
    assert_eq!(scene.texts(&scene.supervisor, REFUND).await, ["申请退款", "退款失败", of_lin[0], of_lin[1]]);
    assert_eq!(scene.texts(&scene.zhou, "q=vip").await, [""; 0]);
    assert_eq!(scene.texts(&scene.lin, "q=vip").await, [of_lin[0]]);
}

#[tokio::test]
async fn filters_narrow_the_search() {
    let scene = Scene::open().await;
    let directory = scene.office.services.desk.directory();
    let agent = |name: &str| directory.agents.values().find(|agent| &*agent.name == name).unwrap().id;
    let inbox = |key: &str| directory.inbox_by_slug(key).unwrap().id;
    let admin = scene.office.agent("admin", Role::Admin).await;
    let admin = scene.office.token_of(admin).await;
    let made = scene.office.post("/tags", &admin, json!({"name": "refund"})).await;
    let tag = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("/conversations/{}/tags", scene.of_lin.conversation);
    let tags = Some(json!({"tags": [tag]}));
    let put = scene.office.ask(Method::PUT, &path, tags, &Ask::by(&scene.lin)).await;
    assert_eq!(put.status, 200, "{}", put.body);
    let (everything, nothing) = (4, 0);
    for (filter, count) in [
        (String::new(), everything),
        (format!("visitor_id={}", scene.of_lin.id), 2),
        (format!("visitor_id={}", Uuid::from_u128(5)), nothing),
        // Who is known by nothing but a visitor is a customer of its own.
        (format!("customer_id={}", scene.of_lin.id), 2),
        (format!("customer_id={}", Uuid::from_u128(5)), nothing),
        (format!("customer_id={0}&visitor_id={0}", scene.of_lin.id), 2),
        (format!("customer_id={}&visitor_id={}", scene.of_lin.id, Uuid::from_u128(5)), nothing),
        (format!("tag_id={tag}"), 2),
        (format!("tag_id={tag}&agent_id={}", agent("lin")), 2),
        (format!("tag_id={tag}&agent_id={}", agent("zhou")), nothing),
        (format!("agent_id={}", agent("lin")), 2),
        (format!("agent_id={}", agent("zhou")), 1),
        (format!("agent_id={}", agent("qian")), nothing),
        (format!("inbox={}", inbox("web")), everything),
        (format!("inbox={}", inbox("shop")), nothing),
        ("kind=note".to_owned(), 1),
        ("kind=text".to_owned(), 3),
        ("after=2020-01-01T00:00:00Z".to_owned(), everything),
        ("after=9999-01-01T00:00:00Z".to_owned(), nothing),
        ("before=2020-01-01T00:00:00Z".to_owned(), nothing),
        (format!("visitor_id={}&agent_id={}", scene.of_lin.id, agent("zhou")), nothing),
    ] {
        let found = scene.texts(&scene.supervisor, &format!("{REFUND}&{filter}")).await;
        assert_eq!(found.len(), count, "{filter}: {found:?}");
    }
    // A filter opens nothing.
    let filter = format!("{REFUND}&agent_id={}", agent("zhou"));
    assert_eq!(scene.texts(&scene.lin, &filter).await, [""; 0]);
}

#[tokio::test]
async fn a_hit_says_what_it_is_and_where() {
    let scene = Scene::open().await;
    let body = scene.search(&scene.lin, &format!("{REFUND}&kind=text&visitor_id={}", scene.of_lin.id)).await;
    let item = &body["items"][0];
    assert_eq!(item["conversation"]["id"], scene.of_lin.conversation.to_string());
    assert_eq!(item["conversation"]["state"], "open");
    assert_eq!(item["message"]["conversation_id"], scene.of_lin.conversation.to_string());
    assert_eq!(item["message"]["from"]["kind"], "visitor");
    // The face is two units in UTF-16.
    assert_eq!(item["highlights"], json!([[5, 7]]));
    let snippet = json!({
        "text": "😀 我要退款,谢谢", "highlights": [[5, 7]], "cut_before": false, "cut_after": false,
    });
    assert_eq!(item["snippet"], snippet);
    assert_eq!(body["has_more"], false);
    assert!(body.get("next_cursor").is_none());

    let long = format!("{}退款{}", "啊".repeat(500), "哦".repeat(500));
    scene.say(&scene.of_lin, &scene.of_lin.token, "text", &long).await;
    let body = scene.search(&scene.lin, REFUND).await;
    let snippet = &body["items"][0]["snippet"];
    assert_eq!(body["items"][0]["highlights"], json!([[500, 502]]));
    assert_eq!(snippet["text"].as_str().unwrap().chars().count(), 80);
    assert_eq!((&snippet["cut_before"], &snippet["cut_after"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn pages_follow_one_another() {
    let scene = Scene::open().await;
    let mut found = Vec::new();
    let mut cursor = String::new();
    for page in 0..4 {
        let body = scene.search(&scene.supervisor, &format!("{REFUND}&limit=1{cursor}")).await;
        assert_eq!(body["has_more"], page < 3);
        found.push(body["items"][0]["message"]["text"].as_str().unwrap().to_owned());
        cursor = format!("&cursor={}", body["next_cursor"].as_str().unwrap_or_default());
    }
    assert_eq!(found, scene.texts(&scene.supervisor, REFUND).await);
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let scene = Scene::open().await;
    let long = format!("q={}", "a".repeat(257));
    for (query, status, field) in [
        ("", 400, "q"),
        ("q=", 400, "q"),
        ("q=%20%21%EF%BC%8C", 400, "q"),
        (&long, 413, "q"),
        ("q=a&visitor_id=1", 400, "visitor_id"),
        ("q=a&customer_id=1", 400, "customer_id"),
        ("q=a&tag_id=vip", 400, "tag_id"),
        ("q=a&agent_id=x", 400, "agent_id"),
        ("q=a&inbox=web", 400, "inbox"),
        ("q=a&kind=event", 400, "kind"),
        ("q=a&after=yesterday", 400, "after"),
        ("q=a&before=2026-02-30T00:00:00Z", 400, "before"),
        ("q=a&cursor=AAAA", 400, "cursor"),
        ("q=a&limit=0", 400, "limit"),
        ("q=a&limit=101", 400, "limit"),
    ] {
        let answer = scene.office.get(&format!("/search?{query}"), &scene.lin).await;
        assert_eq!((answer.status, &answer.body["field"]), (status, &json!(field)), "{query}");
    }
    for unknown in ["agent_id", "inbox", "tag_id"] {
        let path = format!("/search?q=a&{unknown}={}", Uuid::from_u128(5));
        assert_eq!(scene.office.get(&path, &scene.lin).await.status, 404, "{unknown}");
    }
    // Bytes that are no text, and a cursor from before the first message.
    assert_eq!(scene.office.get("/search?q=%ff%fe", &scene.lin).await.status, 400);
    assert_eq!(scene.texts(&scene.lin, "q=a&cursor=AAAAAAAAAAAAAAAAAAAAAA").await, [""; 0]);
}
