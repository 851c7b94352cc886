//! Sensitive words, in both directions, wherever visitors and the desk write to one another.

use std::sync::Arc;

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use uuid::Uuid;

use super::{
    office::{Answer, Ask, Guest, Office, bytes_of, unlimited},
    rights::{Case, case},
};
use crate::settings::Settings;

const LIST: &str = "赌场\n加微信\tmask\n笨蛋\twarn,in\n退款\tflag\n";

/// The rows of the table of rights.
pub(super) fn cases() -> Vec<Case> {
    vec![case(Method::GET, "/flagged", None, [401, 403, 403, 403, 403, 200, 200])]
}

struct Scene {
    office: Office,
    guest: Guest,
    /// Of a supervisor who has the conversation.
    token: String,
    list: NamedTempFile,
}

impl Scene {
    async fn open() -> Self {
        let list = NamedTempFile::new().unwrap();
        std::fs::write(list.path(), LIST).unwrap();
        let settings = Settings { words: Some(list.path().to_owned()), ..unlimited() };
        let office = Office::open_with(settings).await;
        let token = office.token_of(office.agent("sun", Role::Supervisor).await).await;
        let guest = office.taken_by(&token).await;
        Self { office, guest, token, list }
    }

    async fn send(&self, token: &str, number: u128, text: &str) -> Answer {
        let message = json!({"client_id": Uuid::from_u128(number), "kind": "text", "text": text});
        self.post(token, message).await
    }

    async fn post(&self, token: &str, message: Value) -> Answer {
        let path = format!("/conversations/{}/messages", self.guest.conversation);
        self.office.post(&path, token, message).await
    }

    async fn text(&self, seq: &Value) -> Value {
        let path = format!("/conversations/{}/messages?limit=500", self.guest.conversation);
        let page = self.office.get(&path, &self.token).await.body;
        let found = page["items"].as_array().unwrap().iter().find(|item| item["seq"] == *seq).cloned();
        found.unwrap_or_else(|| panic!("{page}"))
    }

    fn replace_list(&self, list: &str) {
        std::fs::write(self.list.path(), list).unwrap();
        self.office.services.desk.words().refresh(true).unwrap().unwrap();
    }

    /// Whether any file of the store has this.
    fn store_has(&self, text: &str) -> bool {
        let files = std::fs::read_dir(self.office.dir.path()).unwrap();
        files.flatten().any(|file| {
            let bytes = bytes_of(&file.path());
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    }
}

#[tokio::test]
async fn what_is_blocked_is_refused_and_stored_nowhere() {
    let scene = Scene::open().await;
    for (token, number) in [(&scene.guest.token, 10), (&scene.token, 11)] {
        let refused = scene.send(token, number, "来 赌 場 opqrstuv").await;
        assert_eq!((refused.status, &refused.body["code"]), (422, &json!("rejected")));
        assert!(!refused.body.to_string().contains("赌"), "{}", refused.body);
    }
    let form = json!({"client_id": Uuid::from_u128(12), "kind": "form",
        "data": {"values": [{"name": "where", "value": "赌场opqrstuv"}]}});
    assert_eq!(scene.post(&scene.guest.token, form).await.status, 422);
    let offline = json!({"phone": "110", "text": "赌场opqrstuv"});
    assert_eq!(scene.office.post("/widget/offline-messages", &scene.guest.token, offline).await.status, 422);
    // Notes stay inside.
    let note = json!({"client_id": Uuid::from_u128(13), "kind": "note", "text": "他说赌场"});
    assert_eq!(scene.post(&scene.token, note).await.status, 201);
    assert!(scene.store_has("他说赌场"));
    assert!(!scene.store_has("opqrstuv"));
}

#[tokio::test]
async fn what_is_masked_is_stored_so_and_its_repeat_is_one() {
    let scene = Scene::open().await;
    let text = "你好 加微信 abcdefgh";
    let first = scene.send(&scene.token, 20, text).await;
    assert_eq!((first.status, &first.body["warning"]), (201, &json!("masked")));
    assert_eq!(scene.text(&first.body["seq"]).await["text"], "你好 *** abcdefgh");
    assert!(!scene.store_has("加微信") && scene.store_has("*** abcdefgh"));
    for list in [LIST, "你好\tmask\n", "你好\n", "# none\n"] {
        scene.replace_list(list);
        let again = scene.send(&scene.token, 20, text).await;
        assert_eq!((again.status, &again.body["seq"]), (200, &first.body["seq"]), "{list}: {}", again.body);
        assert_eq!(scene.send(&scene.token, 20, "别的 加微信").await.status, 409);
    }
    scene.replace_list(LIST);
    let card = json!({"client_id": Uuid::from_u128(21), "kind": "card", "data": {"title": "请加微信", "price": "¥1"}});
    let sent = scene.post(&scene.token, card.clone()).await;
    assert_eq!(scene.text(&sent.body["seq"]).await["data"]["title"], "请***");
    assert_eq!(scene.post(&scene.token, card).await.status, 200);
}

#[tokio::test]
async fn warnings_go_one_way_and_flags_are_listed() {
    let scene = Scene::open().await;
    assert_eq!(scene.send(&scene.guest.token, 30, "笨蛋").await.body["warning"], "sensitive_words");
    assert_eq!(scene.send(&scene.token, 30, "笨蛋").await.body["warning"], Value::Null);
    let flagged = scene.send(&scene.guest.token, 31, "我要 退 款").await;
    assert_eq!((flagged.status, &flagged.body["warning"]), (201, &Value::Null));
    let path = format!("/conversations/{}/messages", scene.guest.conversation);
    let edit = async |seq: &Value, text: &str| {
        let ask = Ask::by(&scene.guest.token);
        scene
            .office
            .ask(Method::PATCH, &format!("{path}/{seq}"), Some(json!({"text": text})), &ask)
            .await
            .status
    };
    let seq = &flagged.body["seq"];
    assert_eq!(edit(seq, "去赌场").await, 422);
    assert_eq!(edit(seq, "加微信退款").await, 204);
    assert_eq!(scene.text(seq).await["text"], "***退款");
    let offline = json!({"phone": "110", "text": "退款"});
    let ticket =
        scene.office.post("/widget/offline-messages", &scene.guest.token, offline).await.body["id"].clone();
    let comment = json!({"text": "退款, 加微信"});
    let comments = format!("/tickets/{}/comments", ticket.as_str().unwrap());
    assert_eq!(scene.office.post(&comments, &scene.guest.token, comment).await.body["text"], "退款, ***");
    let page = scene.office.get("/flagged", &scene.token).await.body;
    let items = page["items"].as_array().unwrap();
    let actions: Vec<_> = items.iter().map(|item| item["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["flagged.ticket", "flagged.ticket", "flagged.message", "flagged.message"]);
    assert_eq!(items[3]["detail"], json!({"seq": seq, "words": ["退款"]}));
    assert_eq!(items[3]["target_id"], json!(scene.guest.conversation));
}

#[tokio::test]
async fn ratings_and_tickets_are_looked_at_in_every_field() {
    let scene = Scene::open().await;
    let (office, guest, token) = (&scene.office, &scene.guest, &scene.token);
    let rate = async |comment: &str| {
        let path = format!("/conversations/{}/rating", guest.conversation);
        office.post(&path, &guest.token, json!({"score": 1, "comment": comment})).await
    };
    let open = async |subject: &str, body: &str| {
        let ticket = json!({"subject": subject, "body": body, "conversation_ids": [guest.conversation]});
        office.post("/tickets", token, ticket).await
    };
    let resolve = format!("/conversations/{}/resolve", guest.conversation);
    assert_eq!(office.ask(Method::POST, &resolve, None, &Ask::by(token)).await.status, 200);
    for (refused, field) in [
        (rate("赌场opqrstuv").await, "comment"),
        (open("赌场opqrstuv", "x").await, "subject"),
        (open("x", "赌场opqrstuv").await, "body"),
    ] {
        assert_eq!((refused.status, &refused.body["field"]), (422, &json!(field)), "{}", refused.body);
    }
    assert_eq!(rate("加微信, 退款").await.status, 200);
    let made = open("加微信退款", "请加微信").await;
    assert_eq!((&made.body["subject"], &made.body["body"]), (&json!("***退款"), &json!("请***")));
    let path = format!("/tickets/{}", made.body["id"].as_str().unwrap());
    let change = async |subject: &str| {
        let patch = json!({"version": made.body["version"], "subject": subject});
        office.ask(Method::PATCH, &path, Some(patch), &Ask::by(token)).await
    };
    assert_eq!(change("赌场opqrstuv").await.status, 422);
    assert_eq!(change("退款加微信").await.body["subject"], "退款***");
    assert!(!scene.store_has("加微信") && scene.store_has("***, 退款") && !scene.store_has("opqrstuv"));
    let flagged = office.get("/flagged", token).await.body;
    let lines = flagged["items"].as_array().unwrap();
    let said: Vec<_> = lines.iter().map(|line| (&line["action"], &line["target_id"])).collect();
    let (ticket, message) = (json!("flagged.ticket"), json!("flagged.message"));
    let (made, chat) = (&made.body["id"], json!(guest.conversation));
    assert_eq!(said, [(&ticket, made), (&ticket, made), (&message, &chat)]);
    // The line names the entry that tells of the rating.
    assert_eq!(scene.text(&lines[2]["detail"]["seq"]).await["event"]["code"], "rated");
}

#[tokio::test]
async fn a_repeat_is_one_whatever_the_list_says_by_now() {
    let scene = Scene::open().await;
    let text = "你好 加微信 abcdefgh";
    let offline = async |text: &str| {
        let body = json!({"client_id": Uuid::from_u128(40), "phone": "110", "text": text});
        scene.office.post("/widget/offline-messages", &scene.guest.token, body).await
    };
    let ticket = offline(text).await;
    assert_eq!((ticket.status, &ticket.body["body"]), (201, &json!("你好 *** abcdefgh")));
    let path = format!("/tickets/{}/comments", ticket.body["id"].as_str().unwrap());
    let comment = async |text: &str| {
        let body = json!({"client_id": Uuid::from_u128(41), "text": text});
        scene.office.post(&path, &scene.guest.token, body).await
    };
    let first = comment(text).await;
    assert_eq!((first.status, &first.body["text"]), (201, &json!("你好 *** abcdefgh")));
    for list in [LIST, "你好\tmask\n", "你好\n", "# none\n"] {
        scene.replace_list(list);
        let again = offline(text).await;
        assert_eq!((again.status, &again.body["id"]), (200, &ticket.body["id"]), "{list}: {}", again.body);
        let again = comment(text).await;
        assert_eq!((again.status, &again.body["id"]), (200, &first.body["id"]), "{list}: {}", again.body);
        for other in [offline("别的 加微信").await, comment("别的 加微信").await] {
            assert_eq!((other.status, &other.body["field"]), (409, &json!("client_id")), "{list}");
        }
    }
}

#[test]
fn a_daemon_without_a_list_looks_for_nothing() {
    let words = Arc::new(crate::words::Words::load(None).unwrap());
    assert!(words.refresh(true).is_none());
}
