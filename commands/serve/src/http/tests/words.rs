//! Sensitive words, in both directions, wherever visitors and the desk write to one another.

use std::sync::Arc;

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use uuid::Uuid;

use super::{
    office::{Answer, Ask, Guest, Office, unlimited},
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
            let bytes = std::fs::read(file.path()).unwrap();
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

#[test]
fn a_daemon_without_a_list_looks_for_nothing() {
    let words = Arc::new(crate::words::Words::load(None).unwrap());
    assert!(words.refresh(true).is_none());
}
