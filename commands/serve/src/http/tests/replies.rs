//! Canned replies, tags and transcripts.

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    office::{Ask, Office},
    records::id,
};

async fn put_tags(office: &Office, token: &str, conversation: Uuid, tags: Value) -> (u16, Value) {
    let path = format!("/conversations/{conversation}/tags");
    let answer = office.ask(Method::PUT, &path, Some(json!({"tags": tags})), &Ask::by(token)).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn a_canned_reply_is_filled_in_and_counted() {
    let office = Office::open().await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let visitor = json!({"name": "{{agent.name}} x", "attributes": {"plan": "金", "list": [1]}});
    let session = json!({"inbox": "web", "visitor": visitor});
    let opened = office.ask(Method::POST, "/widget/sessions", Some(session), &Ask::default()).await.body;
    let conversation = opened["conversation_id"].as_str().unwrap();
    let message = json!({"client_id": Uuid::from_u128(1), "kind": "text", "text": "hi"});
    let token = opened["token"].as_str().unwrap();
    office.post(&format!("/conversations/{conversation}/messages"), token, message).await;
    let text = "Hi {{visitor.name|you}}, {{agent.name}} of {{inbox.name}}: {{visitor.attributes.plan}} \
                {{visitor.attributes.list|none}} {{visitor.attributes.x|-}} {{conversation.id}}";
    let new = json!({"shortcut": "Hello", "title": "Hello", "folder": "first", "text": text});
    let made = office.post("/canned-replies", &agent, new.clone()).await;
    assert_eq!((made.status, &made.body["shortcut"]), (201, &json!("hello")), "{}", made.body);
    assert_eq!(office.post("/canned-replies", &agent, new).await.status, 409);
    let path = format!("/canned-replies/{}/render", id(&made.body));
    let body = json!({"conversation_id": conversation});
    let rendered = office.post(&path, &agent, body).await;
    let expected = format!("Hi {{{{agent.name}}}} x, lin of web: 金 none - {conversation}");
    assert_eq!((rendered.status, &rendered.body["text"]), (200, &json!(expected)), "{}", rendered.body);
    let other = json!({"shortcut": "b", "title": "Bye", "text": "bye"});
    office.post("/canned-replies", &agent, other).await;
    let list = office.get("/canned-replies", &agent).await.body;
    let uses: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["uses"].clone()).collect();
    assert_eq!(uses, [json!(1), json!(0)]);
    for (query, count) in
        [("q=BYE", 1), ("q=visitor.name", 1), ("folder=first", 1), ("folder=x", 0), ("limit=1", 1)]
    {
        let list = office.get(&format!("/canned-replies?{query}"), &agent).await.body;
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{query}");
    }
}

#[tokio::test]
async fn what_cannot_be_filled_in_is_not_kept() {
    let office = Office::open().await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    for (field, value, status) in [
        ("text", json!("退款 {{visitor.email}}"), 400),
        ("text", json!("{{visitor.name"), 400),
        ("text", json!(""), 400),
        ("text", json!("x".repeat(8001)), 413),
        ("shortcut", json!("a b"), 400),
        ("title", json!(" "), 400),
        ("folder", json!("a\u{202e}"), 400),
        ("shared", json!("yes"), 400),
    ] {
        let mut body = json!({"shortcut": "x", "title": "x", "text": "x"});
        body[field] = value;
        let answer = office.post("/canned-replies", &agent, body.clone()).await;
        assert_eq!((answer.status, &answer.body["field"]), (status, &json!(field)), "{body}");
        if body["text"].as_str().is_some_and(|text| text.contains("email")) {
            assert_eq!(answer.body["detail"], "there is no such variable (at character 4)");
        }
    }
    let made =
        office.post("/canned-replies", &agent, json!({"shortcut": "x", "title": "x", "text": "x"})).await;
    let path = format!("/canned-replies/{}", id(&made.body));
    let bad = office.ask(Method::PATCH, &path, Some(json!({"text": "{{x}}"})), &Ask::by(&agent)).await;
    assert_eq!((bad.status, &bad.body["field"]), (400, &json!("text")));
    let good = office.ask(Method::PATCH, &path, Some(json!({"text": "y"})), &Ask::by(&agent)).await;
    assert_eq!((good.status, &good.body["text"], &good.body["title"]), (200, &json!("y"), &json!("x")));
    let nowhere = json!({"conversation_id": Uuid::from_u128(99)});
    let answer = office.post(&format!("{path}/render"), &agent, nowhere).await;
    assert_eq!((answer.status, &answer.body["field"]), (404, &json!("conversation_id")));
}

#[tokio::test]
async fn tags_are_put_on_and_gone_with_their_tag() {
    let office = Office::open().await;
    let boss = office.token_of(office.agent("qian", Role::Supervisor).await).await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let guest = office.taken_by(&agent).await;
    let mut tags = Vec::new();
    for (name, group) in [("退款", "b"), ("Refund", "a")] {
        let made = office.post("/tags", &boss, json!({"name": name, "group": group})).await;
        assert_eq!((made.status, &made.body["colour"]), (201, &json!("#808080")), "{}", made.body);
        tags.push(id(&made.body));
    }
    let twin = office.post("/tags", &boss, json!({"name": "REFUND"})).await;
    assert_eq!((twin.status, &twin.body["field"]), (409, &json!("name")));
    for (field, body) in [
        ("name", json!({"name": ""})),
        ("colour", json!({"name": "x", "colour": "red"})),
        ("group", json!({"name": "x", "group": "\n\u{7}"})),
    ] {
        let answer = office.post("/tags", &boss, body).await;
        assert_eq!((answer.status, &answer.body["field"]), (400, &json!(field)));
    }
    let (status, page) = put_tags(&office, &agent, guest.conversation, json!(tags)).await;
    let names = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((status, names(&page)), (200, vec!["Refund".to_owned(), "退款".to_owned()]));
    let list = office.get("/conversations", &agent).await.body;
    assert_eq!(list["items"][0]["tags"], json!([tags[1], tags[0]]), "by group");
    let seen = office.get(&format!("/conversations/{}", guest.conversation), &guest.token).await.body;
    assert_eq!(seen["tags"], Value::Null, "visitors are not told");
    let many: Vec<_> = (0..21).map(Uuid::from_u128).collect();
    for bad in [json!([Uuid::from_u128(9)]), json!(many)] {
        let (status, body) = put_tags(&office, &agent, guest.conversation, bad).await;
        assert_eq!((status, &body["field"]), (400, &json!("tags")));
    }
    let ticket = json!({"subject": "x", "conversation_ids": [guest.conversation], "tags": tags});
    let ticket = id(&office.post("/tickets", &agent, ticket).await.body);
    let removed = office.ask(Method::DELETE, &format!("/tags/{}", tags[1]), None, &Ask::by(&boss)).await;
    assert_eq!(removed.status, 204);
    let left = office.get(&format!("/conversations/{}/tags", guest.conversation), &agent).await.body;
    assert_eq!(names(&left), ["退款"]);
    assert_eq!(office.get(&format!("/tickets/{ticket}"), &agent).await.body["tags"], json!([tags[0]]));
    assert_eq!(office.services.store.removed_tag().await.unwrap(), None);
    let lines = office.services.store.audit_lines(0, 100).await.unwrap();
    let actions: Vec<_> =
        lines.iter().map(|line| line.action.as_str()).filter(|a| a.starts_with("tag.")).collect();
    assert_eq!(actions, ["tag.made", "tag.made", "tag.removed"]);
}

#[tokio::test]
async fn a_transcript_has_every_page_and_no_notes_for_visitors() {
    let office = Office::open().await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let guest = office.taken_by(&agent).await;
    let path = format!("/conversations/{}", guest.conversation);
    for number in 100..180_u128 {
        let kind = if number % 2 == 0 { "text" } else { "note" };
        let text = format!("<b>{kind} {number}</b>");
        let message = json!({"client_id": Uuid::from_u128(number), "kind": kind, "text": text});
        assert_eq!(office.post(&format!("{path}/messages"), &agent, message).await.status, 201);
    }
    let answer = office.get(&format!("{path}/transcript?format=json&tz=Asia/Shanghai"), &agent).await;
    let seqs: Vec<_> = answer.body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["seq"].as_u64().unwrap())
        .collect();
    let last = answer.body["conversation"]["last_seq"].as_u64().unwrap();
    assert_eq!(seqs, (1..=last).collect::<Vec<_>>());
    assert!(answer.body["messages"][0]["at"].as_str().unwrap().ends_with("+08:00"));
    let disposition = answer.headers["content-disposition"].to_str().unwrap();
    assert_eq!(disposition, format!("attachment; filename=\"conversation-{}.json\"", guest.conversation));

    let mine = office.get(&format!("{path}/transcript"), &guest.token).await;
    assert_eq!(mine.headers["content-type"], "text/plain; charset=utf-8");
    let text = mine.body.as_str().unwrap();
    assert!(!text.contains("note"), "{text}");
    assert_eq!(text.matches("<b>text ").count(), 40);
    let html = office.get(&format!("{path}/transcript?format=html"), &agent).await;
    let (policy, html) = (&html.headers["content-security-policy"], html.body.as_str().unwrap());
    assert!(policy.to_str().unwrap().contains("sandbox"));
    assert!(html.ends_with("</html>\n") && !html.contains("<b>note") && html.contains("&lt;b&gt;note 101"));
    for (field, query) in [("format", "format=pdf"), ("tz", "tz=Mars/Base"), ("tz", "tz=../../etc/passwd")] {
        let answer = office.get(&format!("{path}/transcript?{query}"), &agent).await;
        assert_eq!((answer.status, &answer.body["field"]), (400, &json!(field)), "{query}");
    }
    // What agents take away is written down, once for each that they got.
    let trail = office.trail().await;
    let exports = trail.iter().filter(|line| **line == ("transcript.exported".into(), "agent".into()));
    assert_eq!((exports.count(), trail.len()), (2, 2), "{trail:?}");
}
