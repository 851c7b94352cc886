//! Tickets from the first word to the last.

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    office::{Ask, Office, unlimited},
    records::id,
};
use crate::settings::{Rate, Settings};

async fn patch(office: &Office, token: &str, ticket: Uuid, body: Value) -> (u16, Value) {
    let answer = office.ask(Method::PATCH, &format!("/tickets/{ticket}"), Some(body), &Ask::by(token)).await;
    (answer.status, answer.body)
}

fn ids(page: &Value) -> Vec<Uuid> {
    page["items"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn an_offline_message_becomes_a_ticket_that_its_visitor_follows() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent).await;
    let (agent, guest) = (office.token_of(lin).await, office.guest().await);
    let form =
        json!({"name": " 王芳 ", "email": "W@Example.com", "phone": "+86 10 1234", "text": "退款?\n谢谢"});
    let made = office.post("/widget/offline-messages", &guest.token, form).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!((&made.body["subject"], &made.body["status"]), (&json!("退款?"), &json!("new")));
    assert_eq!(made.body["contact"], json!({"name": "王芳", "email": "w@example.com", "phone": "+86101234"}));
    assert_eq!(made.body["requester"]["id"], guest.id.to_string());
    let ticket = id(&made.body);

    let change =
        json!({"version": 1, "status": "solved", "assignee_id": lin, "due_at": "2027-01-01T00:00:00Z"});
    assert_eq!(patch(&office, &agent, ticket, change).await.0, 200);
    let comments = format!("/tickets/{ticket}/comments");
    for (text, internal) in [("sent today", false), ("a difficult one", true)] {
        let comment = json!({"text": text, "internal": internal});
        assert_eq!(office.post(&comments, &agent, comment).await.status, 201);
    }
    let seen = office.get(&format!("/tickets/{ticket}"), &guest.token).await.body;
    assert_eq!((&seen["assignee"], &seen["due_at"]), (&Value::Null, &Value::Null));
    let read = office.get(&comments, &guest.token).await.body;
    assert_eq!(read["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&read["items"][0]["text"], &read["items"][0]["from"]["name"]),
        (&json!("sent today"), &json!("lin"))
    );
    assert_eq!(office.get(&comments, &agent).await.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(ids(&office.get("/tickets", &guest.token).await.body), [ticket]);
    let other = office.guest().await;
    assert!(ids(&office.get("/tickets", &other.token).await.body).is_empty());

    let again = office.post(&comments, &guest.token, json!({"text": "not yet"})).await;
    assert_eq!(again.status, 201, "{}", again.body);
    let opened = office.get(&format!("/tickets/{ticket}"), &agent).await.body;
    assert_eq!(
        (&opened["status"], &opened["version"], &opened["solved_at"]),
        (&json!("open"), &json!(3), &Value::Null)
    );
    let history = office.get(&format!("/tickets/{ticket}/history"), &agent).await.body;
    let lines: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["field"].as_str().unwrap(), line["from"].as_str(), line["to"].as_str().unwrap()))
        .collect();
    let agent_id = lin.to_string();
    assert_eq!(
        lines,
        [
            ("status", Some("new"), "solved"),
            ("assignee", None, &agent_id),
            ("due_at", None, "2027-01-01T00:00:00.000Z"),
            ("status", Some("solved"), "open"),
        ]
    );
    assert_eq!(history["items"][3]["by"]["kind"], "visitor");
    patch(&office, &agent, ticket, json!({"version": 3, "status": "closed"})).await;
    assert_eq!(office.post(&comments, &guest.token, json!({"text": "x"})).await.status, 409);
}

#[tokio::test]
async fn offline_messages_are_limited_like_sessions() {
    let mut settings = unlimited();
    settings.rate.address_sessions = Rate { per_minute: 1, burst: 2 };
    let office = Office::open_with(Settings { ..settings }).await;
    let guest = office.guest().await;
    let form = json!({"phone": "110", "text": "x"});
    assert_eq!(office.post("/widget/offline-messages", &guest.token, form.clone()).await.status, 201);
    assert_eq!(office.post("/widget/offline-messages", &guest.token, form).await.status, 429);
}

#[tokio::test]
async fn every_field_is_checked_and_named() {
    let office = Office::open().await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let guest = office.guest().await;
    let none = Uuid::from_u128(99);
    let many: Vec<_> = (0..60).map(Uuid::from_u128).collect();
    let long = "x".repeat(20_000);
    let base = json!({"subject": "x", "requester_id": guest.id});
    office.taken_by(&agent).await;
    for (field, value, status) in [
        ("subject", json!(""), 400),
        ("subject", json!("a\nb"), 400),
        ("subject", json!("x".repeat(201)), 413),
        ("subject", json!(7), 400),
        ("body", json!(long), 413),
        ("body", json!("\u{0}"), 400),
        ("priority", json!("high!"), 400),
        ("assignee_id", json!(none), 400),
        ("assignee_id", json!("lin"), 400),
        ("requester_id", json!(none), 404),
        ("inbox_id", json!(none), 404),
        ("conversation_ids", json!([none]), 404),
        ("conversation_ids", json!(many), 400),
        ("due_at", json!("tomorrow"), 400),
        ("tags", json!([none]), 400),
        ("tags", json!(many), 400),
    ] {
        let mut body = base.clone();
        body["inbox_id"] = Value::Null;
        body["requester_id"] = Value::Null;
        body[field] = value.clone();
        let answer = office.post("/tickets", &agent, body).await;
        assert_eq!((answer.status, &answer.body["field"]), (status, &json!(field)), "{field} {value}");
    }
    let answer = office.post("/tickets", &agent, json!({"subject": "x"})).await;
    assert_eq!((answer.status, &answer.body["field"]), (400, &json!("inbox_id")));
    for (field, form) in [
        ("email", json!({"text": "x"})),
        ("email", json!({"email": "x", "text": "x"})),
        ("phone", json!({"phone": "call me", "text": "x"})),
        ("name", json!({"name": "a\nb", "phone": "1", "text": "x"})),
        ("text", json!({"phone": "1", "text": " "})),
        ("text", json!({"phone": "1", "text": long})),
        ("text", json!({"phone": "1"})),
    ] {
        let answer = office.post("/widget/offline-messages", &guest.token, form.clone()).await;
        let named = answer.body["field"].as_str().unwrap_or("text");
        assert!((400..=413).contains(&answer.status) && named == field, "{form}: {}", answer.body);
    }
    for query in [
        "status=x",
        "priority=x",
        "assignee=x",
        "requester=x",
        "overdue=x",
        "conversation=x",
        "limit=0",
        "team=x",
        "q=",
        "q=%21",
    ] {
        let answer = office.get(&format!("/tickets?{query}"), &agent).await;
        let field = query.split('=').next().unwrap();
        assert_eq!((answer.status, &answer.body["field"]), (400, &json!(field)), "{query}");
    }
}

#[tokio::test]
async fn a_change_names_the_version_that_it_was_made_for() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent).await;
    let agent = office.token_of(lin).await;
    let inbox = office.get("/inboxes", &agent).await.body["items"][0]["id"].clone();
    let made = office.post("/tickets", &agent, json!({"subject": "x", "inbox_id": inbox})).await.body;
    assert_eq!((&made["number"], &made["version"], &made["requester"]), (&json!(1), &json!(1), &Value::Null));
    let ticket = id(&made);
    let (status, body) = patch(&office, &agent, ticket, json!({"version": 1, "assignee_id": lin})).await;
    assert_eq!((status, &body["assignee"]["name"], &body["version"]), (200, &json!("lin"), &json!(2)));
    let (status, body) = patch(&office, &agent, ticket, json!({"version": 1, "assignee_id": null})).await;
    assert_eq!((status, &body["field"]), (409, &json!("version")));
    let (status, body) = patch(&office, &agent, ticket, json!({"version": 2, "assignee_id": lin})).await;
    assert_eq!((status, &body["version"]), (200, &json!(2)), "nothing changed");
    let (_, body) = patch(&office, &agent, ticket, json!({"version": 2, "assignee_id": null})).await;
    assert_eq!((&body["assignee"], &body["version"]), (&Value::Null, &json!(3)));
    let (status, body) = patch(&office, &agent, ticket, json!({"version": 3, "status": "closed"})).await;
    assert_eq!(status, 200, "{body}");
    let (status, body) = patch(&office, &agent, ticket, json!({"version": 4, "priority": "urgent"})).await;
    assert_eq!((status, &body["field"]), (409, &json!("status")));
    let (status, body) = patch(&office, &agent, ticket, json!({"status": "open"})).await;
    assert_eq!(status, 400, "{body}");
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent).await;
    let agent = office.token_of(lin).await;
    let guest = office.taken_by(&agent).await;
    let mut all = Vec::new();
    for number in 0..5 {
        let mut body = json!({"subject": format!("{number}"), "requester_id": guest.id});
        match number {
            0 => body["priority"] = json!("urgent"),
            1 => body["assignee_id"] = json!(lin),
            2 => body["due_at"] = json!("2020-01-01T00:00:00Z"),
            3 => body["conversation_ids"] = json!([guest.conversation]),
            _ => {}
        }
        let made = office.post("/tickets", &agent, body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        all.insert(0, id(&made.body));
    }
    for (query, expected) in [
        ("priority=urgent".to_owned(), vec![all[4]]),
        ("assignee=me".to_owned(), vec![all[3]]),
        (format!("assignee={lin}"), vec![all[3]]),
        ("overdue=true".to_owned(), vec![all[2]]),
        (format!("conversation={}", guest.conversation), vec![all[1]]),
        (format!("requester={}&status=new", guest.id), all.clone()),
        ("assignee=none&priority=normal".to_owned(), vec![all[0], all[1], all[2]]),
        ("status=closed".to_owned(), vec![]),
    ] {
        let page = office.get(&format!("/tickets?{query}"), &agent).await.body;
        assert_eq!(ids(&page), expected, "{query}");
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = office.get(&format!("/tickets?limit=2{cursor}"), &agent).await.body;
        seen.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, all);
    let link = format!("/tickets/{}/conversations/{}", all[0], guest.conversation);
    let linked = office.ask(Method::POST, &link, None, &Ask::by(&agent)).await;
    assert_eq!(linked.body["conversation_ids"], json!([guest.conversation]));
    assert_eq!(office.ask(Method::DELETE, &link, None, &Ask::by(&agent)).await.status, 204);
    assert_eq!(office.ask(Method::DELETE, &link, None, &Ask::by(&agent)).await.status, 404);
}

#[tokio::test]
async fn what_is_left_or_said_twice_is_there_once() {
    let office = Office::open().await;
    let (guest, other) = (office.guest().await, office.guest().await);
    let leave = async |token: &str, text: &str| {
        let body = json!({"client_id": Uuid::from_u128(7), "email": "li@example.com", "text": text});
        office.post("/widget/offline-messages", token, body).await
    };
    let (first, again) = (leave(&guest.token, "call me").await, leave(&guest.token, "call me").await);
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.body["id"], again.body["id"]);
    let refused = leave(&guest.token, "something else").await;
    assert_eq!((refused.status, &refused.body["field"]), (409, &json!("client_id")));
    assert_eq!(leave(&other.token, "call me").await.status, 201, "another sender's id is another one");
    let path = format!("/tickets/{}/comments", id(&first.body));
    let say = async |text: &str| {
        office.post(&path, &guest.token, json!({"client_id": Uuid::from_u128(7), "text": text})).await
    };
    let both = tokio::join!(say("hello?"), say("hello?"));
    assert_eq!(both.0.body["id"], both.1.body["id"]);
    assert_eq!(both.0.status + both.1.status, 401, "one made, one repeated: {both:?}");
    assert_eq!(say("hello?").await.status, 200);
    assert_eq!(say("other").await.status, 409);
    let comments = office.get(&path, &guest.token).await.body;
    assert_eq!(comments["items"].as_array().unwrap().len(), 1);
    for _ in 0..2 {
        let free = office.post(&path, &guest.token, json!({"text": "again and again"})).await;
        assert_eq!(free.status, 201, "without an id it is another one");
    }
}

#[tokio::test]
async fn a_ticket_that_is_sent_twice_is_made_once() {
    let office = Office::open().await;
    let (lin, zhou) = (office.agent("lin", Role::Agent).await, office.agent("zhou", Role::Agent).await);
    let (agent, other) = (office.token_of(lin).await, office.token_of(zhou).await);
    let inbox = office.get("/inboxes", &agent).await.body["items"][0]["id"].clone();
    let body = |subject: &str, text: &str| json!({"client_id": Uuid::from_u128(5), "subject": subject, "body": text, "inbox_id": inbox});
    let made = office.post("/tickets", &agent, body("x", "y")).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let ticket = id(&made.body);
    patch(&office, &agent, ticket, json!({"version": 1, "subject": "renamed"})).await;
    let again = office.post("/tickets", &agent, body("x", "y")).await;
    assert_eq!((again.status, id(&again.body), &again.body["subject"]), (200, ticket, &json!("renamed")));
    for (subject, text) in [("z", "y"), ("renamed", "y"), ("x", "z")] {
        let answer = office.post("/tickets", &agent, body(subject, text)).await;
        assert_eq!((answer.status, &answer.body["field"]), (409, &json!("client_id")), "{subject} {text}");
    }
    let another = office.post("/tickets", &other, body("x", "y")).await;
    assert_eq!(another.status, 201, "ids are a sender's own");
    let body = json!({"client_id": Uuid::from_u128(6), "subject": "x", "inbox_id": inbox});
    let (one, two) = tokio::join!(
        office.post("/tickets", &agent, body.clone()),
        office.post("/tickets", &agent, body.clone())
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!((statuses, id(&one.body)), ([200, 201], id(&two.body)));
}

#[tokio::test]
async fn tickets_are_found_by_words_and_by_team() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let guest = office.taken_by(&agent).await;
    let team = id(&office.post("/teams", &admin, json!({"name": "Refunds"})).await.body);
    let mut made = Vec::new();
    for (subject, body, team) in
        [("退款没有到账", "order 1001", Some(team)), ("发票抬头", "call 13812345678", None)]
    {
        let body = json!({"subject": subject, "body": body, "team_id": team, "requester_id": guest.id});
        made.push(id(&office.post("/tickets", &agent, body).await.body));
    }
    let comments = format!("/tickets/{}/comments", made[0]);
    for (text, internal) in [("顺丰已签收", false), ("难缠", true), ("tel 13987654321", true)] {
        office.post(&comments, &agent, json!({"text": text, "internal": internal})).await;
    }
    let found = async |query: &str, token: &str| {
        let answer = office.get(&format!("/tickets?{query}"), token).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        ids(&answer.body)
    };
    assert_eq!(found("q=%E9%80%80%E6%AC%BE", &agent).await, [made[0]]);
    assert_eq!(found("q=%E7%AD%BE%E6%94%B6", &agent).await, [made[0]]);
    assert_eq!(found("q=%E9%9A%BE%E7%BC%A0", &agent).await, [made[0]]);
    assert!(found("q=%E9%9A%BE%E7%BC%A0", &guest.token).await.is_empty(), "what agents say among themselves");
    assert_eq!(found("q=%E7%AD%BE%E6%94%B6", &guest.token).await, [made[0]]);
    assert_eq!(found("q=%232", &agent).await, [made[1]], "its number");
    assert_eq!(found("q=13812345678", &agent).await, [made[1]], "who knows it in full");
    assert!(found("q=1381234", &agent).await.is_empty(), "masked digits are not found out");
    assert!(found("q=1398765", &agent).await.is_empty(), "nor in comments");
    assert_eq!(found(&format!("team={team}"), &agent).await, [made[0]]);
    assert_eq!(found("team=none", &agent).await, [made[1]]);
    assert!(found("team=none&status=new&q=order", &agent).await.is_empty());
    let unknown = office.get(&format!("/tickets?team={}", Uuid::from_u128(9)), &agent).await;
    assert_eq!(unknown.status, 404);
}
