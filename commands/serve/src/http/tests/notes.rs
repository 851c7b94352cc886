//! Notes that do more than stand there: they call agents, and say how a conversation ended.

use http::Method;
use kefu_core::Role;
use kefu_socket::payload;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    office::{Ask, Office},
    rights::{Case, case},
};

/// The rows of the table of rights.
pub(super) fn cases() -> Vec<Case> {
    let post = |path, body, statuses| case(Method::POST, path, Some(body), statuses);
    let call = json!({
        "client_id": Uuid::from_u128(2), "kind": "note", "text": "x", "data": {"mentions": [Uuid::nil()]},
    });
    let ending = json!({"summary": {"solved": true}, "note": "x"});
    vec![
        case(Method::GET, "/conversations?view=mentioned", None, [401, 200, 200, 200, 200, 200, 200]),
        post("/conversations/{c}/mention/seen", json!({"seq": 1}), [401, 403, 403, 204, 404, 204, 204]),
        post("/conversations/{n}/mention/seen", json!({"seq": 1}), [401, 403, 403, 404, 404, 404, 404]),
        post("/conversations/{c}/messages", call, [401, 403, 404, 400, 404, 400, 400]),
        post("/conversations/{c}/resolve", ending, [401, 403, 403, 200, 404, 200, 200]),
    ]
}

fn note(number: u128, text: &str, mentions: &[Uuid]) -> Value {
    let client_id = Uuid::from_u128(number);
    json!({"client_id": client_id, "kind": "note", "text": text, "data": {"mentions": mentions}})
}

#[tokio::test]
async fn a_note_calls_agents_who_may_read_it_until_they_have_looked() {
    let office = Office::open().await;
    let (lin_id, boss_id) =
        (office.agent("lin", Role::Agent).await, office.agent("boss", Role::Supervisor).await);
    let other_id = office.agent("other", Role::Agent).await;
    let (lin, boss) = (office.token_of(lin_id).await, office.token_of(boss_id).await);
    let guest = office.taken_by(&lin).await;
    let path = format!("/conversations/{}", guest.conversation);
    let send = async |body| office.post(&format!("{path}/messages"), &lin, body).await;
    let outbox = office.connect(&boss, Uuid::from_u128(1)).await;

    let refused = send(note(10, "@other please", &[other_id])).await;
    assert_eq!((refused.status, &refused.body["field"]), (400, &json!("data.mentions")), "{}", refused.body);
    assert!(refused.body["detail"].as_str().unwrap().contains("other may not read"));
    let sent = send(note(11, "@boss may I refund this?", &[boss_id])).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    let seq = sent.body["seq"].as_u64().unwrap();
    let hint = loop {
        let frames = std::future::poll_fn(|cx| outbox.poll_frames(cx, 1)).await.unwrap();
        let values =
            frames.iter().filter_map(payload).map(|json| serde_json::from_slice::<Value>(&json).unwrap());
        if let Some(found) = values.into_iter().find(|frame| frame["change"] == "mentioned") {
            break found;
        }
    };
    assert_eq!(hint["conversation"]["last_message"]["text"], "@boss may I refund this?");

    let called = async |token: &str| {
        let page = office.get("/conversations?view=mentioned", token).await.body;
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(called(&boss).await, [guest.conversation.to_string()]);
    assert!(called(&lin).await.is_empty());
    let seen = async |seq: u64| {
        let answer = office.post(&format!("{path}/mention/seen"), &boss, json!({"seq": seq})).await;
        assert_eq!(answer.status, 204);
    };
    seen(seq - 1).await;
    assert_eq!(called(&boss).await.len(), 1, "it has not looked that far");
    seen(seq).await;
    assert!(called(&boss).await.is_empty());
    let page = office.get(&format!("{path}/messages"), &guest.token).await.body;
    assert!(!page.to_string().contains("refund"), "{page}");

    // Who may no longer read is not called any more, either.
    assert_eq!(send(note(12, "@boss again", &[boss_id])).await.status, 201);
    let agent = json!({"role": "agent"});
    let admin = office.token_of(office.agent("admin", Role::Admin).await).await;
    office.ask(Method::PATCH, &format!("/agents/{boss_id}"), Some(agent), &Ask::by(&admin)).await;
    assert!(called(&office.token_of(boss_id).await).await.is_empty());
}

#[tokio::test]
async fn what_an_agent_says_at_the_end_is_a_note_and_an_inbox_may_demand_it() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("admin", Role::Admin).await).await;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    let inbox = office.get("/inboxes", &admin).await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let wrap_up = json!({"required": true, "categories": ["Orders", "Orders/Damaged"]});
    let settings = json!({"settings": {"wrap_up": wrap_up}});
    let set = office.ask(Method::PATCH, &format!("/inboxes/{inbox}"), Some(settings), &Ask::by(&admin)).await;
    assert_eq!((set.status, &set.body["settings"]["wrap_up"]), (200, &wrap_up));
    let guest = office.taken_by(&lin).await;
    let path = format!("/conversations/{}", guest.conversation);
    let resolve =
        async |body| office.ask(Method::POST, &format!("{path}/resolve"), body, &Ask::by(&lin)).await;
    for (body, field) in [
        (None, "summary"),
        (Some(json!({})), "summary"),
        (Some(json!({"note": "x"})), "note"),
        (Some(json!({"summary": {"solved": true}})), "summary.category"),
        (Some(json!({"summary": {"category": "Other", "solved": true}})), "summary.category"),
        (Some(json!({"summary": {"category": "Orders"}})), "summary.solved"),
    ] {
        let refused = resolve(body.clone()).await;
        assert_eq!(
            (refused.status, &refused.body["field"]),
            (400, &json!(field)),
            "{body:?}: {}",
            refused.body
        );
    }
    let summary = json!({"category": "Orders/Damaged", "solved": false});
    let ended = resolve(Some(json!({"summary": summary, "note": "a new one is on its way"}))).await;
    assert_eq!((ended.status, &ended.body["state"]), (200, &json!("resolved")), "{}", ended.body);
    let log = office.get(&format!("{path}/messages"), &lin).await.body["items"].clone();
    let [.., said, event] = &log.as_array().unwrap()[..] else { panic!("{log}") };
    assert_eq!((&said["kind"], &said["text"]), (&json!("note"), &json!("a new one is on its way")));
    assert_eq!((&said["data"], &said["from"]["name"]), (&json!({"summary": summary}), &json!("lin")));
    assert_eq!(event["event"]["code"], "resolved");
    let seen = office.get(&format!("{path}/messages"), &guest.token).await.body;
    assert!(!seen.to_string().contains("Damaged"), "{seen}");
    // Again, as if the answer had been lost: nothing is said twice.
    let again = resolve(Some(json!({"summary": {"category": "Orders", "solved": true}}))).await;
    assert_eq!(again.status, 409);
    let after = office.get(&format!("{path}/messages"), &lin).await.body["items"].clone();
    assert_eq!(after, log);
}
