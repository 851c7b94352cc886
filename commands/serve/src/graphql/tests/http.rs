use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use axum::extract::Request;
use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};

use super::office::{Answer, Layered, post};
use crate::http::tests::office::Ask;

const ACCEPT: &str = "application/graphql-response+json";

fn code(answer: &Answer) -> &str {
    answer.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn who_may_ask() {
    let layered = Layered::open().await;
    let office = &layered.office;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let supervisor = office.token_of(office.agent("qian", Role::Supervisor).await).await;
    let zhao = office.agent("zhao", Role::Admin).await;
    let admin = office.token_of(zhao).await;
    let guest = office.guest().await;
    let (_, other) = office.key(zhao, &["chat"]).await;
    let (_, key) = office.key(zhao, &["graphql"]).await;
    let callers = [
        ("nobody", "", 401),
        ("visitor", guest.token.as_str(), 403),
        ("agent", agent.as_str(), 403),
        ("supervisor", supervisor.as_str(), 200),
        ("admin", admin.as_str(), 200),
        ("a key for something else", other.as_str(), 403),
        ("a key", key.as_str(), 200),
    ];
    for (who, token, status) in callers {
        let answer = layered.ask(token, "{ user(id: 1) { name } }").await;
        assert_eq!(answer.status, status, "{who}: {}", answer.body);
        assert_eq!(answer.headers["content-type"], format!("{ACCEPT}; charset=utf-8"));
        assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401, "{who}");
    }
    // A key for this alone reads none of kefu's own records.
    let answer = layered.ask(&key, "{ conversations { nodes { id } } }").await;
    assert_eq!((answer.status, code(&answer)), (200, "SOURCE_REFUSED"), "{}", answer.body);
    let agents = json!({"roles": [], "query": "{ __schema { queryType { name } } }"});
    let asked = layered.ask(&supervisor, agents["query"].as_str().unwrap()).await;
    assert_eq!(asked.status, 403, "{}", asked.body);
    assert_eq!(layered.ask(&admin, agents["query"].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn a_page_of_somebody_else_asks_nothing_by_cookie() {
    let layered = Layered::open().await;
    let admin = layered.office.agent("zhao", Role::Admin).await;
    let cookie = format!("kefu_session={}", layered.office.token_of(admin).await);
    let query = json!({"query": "{ user(id: 1) { name } }"}).to_string();
    let from = |origin: &str| post("").header("cookie", &cookie).header("origin", origin);
    assert_eq!(layered.send(from("http://kefu.test"), &query).await.status, 200);
    assert_eq!(layered.send(from("http://evil.test"), &query).await.status, 403);
    let get = |origin: &str| {
        let request = Request::builder().uri("/graphql?query=%7Buser(id:1)%7Bname%7D%7D");
        request.header("cookie", &cookie).header("origin", origin)
    };
    assert_eq!(layered.send(get("http://kefu.test"), "").await.status, 200);
    assert_eq!(layered.send(get("http://evil.test"), "").await.status, 403);
    // What a form can send is not taken, whoever sends it.
    let form = post("").header("cookie", &cookie).header("origin", "http://kefu.test");
    let mut form = form.header("accept", ACCEPT);
    form.headers_mut().unwrap().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(layered.send(form, &query).await.status, 415);
}

#[tokio::test]
async fn requests_are_as_the_specification_has_them() {
    let layered = Layered::open().await;
    let zhao = layered.office.agent("zhao", Role::Admin).await;
    let admin = layered.office.token_of(zhao).await;
    let json_only = async |body: &str| {
        let request = post(&admin).header("accept", "application/json");
        layered.send(request, body).await
    };
    let newer = async |body: &str| {
        let request = post(&admin).header("accept", ACCEPT);
        layered.send(request, body).await
    };
    for (body, older, status) in [
        (json!({"query": "{ user(id: 1) { name } }"}), 200, 200),
        (json!({"query": "{"}), 200, 400),
        (json!({"query": "{ nothing }"}), 200, 400),
        (
            json!({"query": "query($id: Int!) { user(id: $id) { name } }", "variables": {"id": null}}),
            200,
            400,
        ),
        (json!({"query": 1}), 400, 400),
        (json!({"query": "{ user(id: 1) { name } }", "variables": []}), 400, 400),
        (json!({"query": "{ user(id: 1) { name } }", "operationName": 1}), 400, 400),
        (json!({"query": "{ user(id: 1) { name } }", "extensions": "x"}), 400, 400),
        (json!({"qeury": ""}), 400, 400),
        (json!([{"query": "{ user(id: 1) { name } }"}]), 400, 400),
        (json!({"extensions": {"persistedQuery": {"sha256Hash": "xyz"}}}), 400, 400),
    ] {
        let body = body.to_string();
        let (older_answer, answer) = (json_only(&body).await, newer(&body).await);
        assert_eq!((older_answer.status, answer.status), (older, status), "{body}: {}", answer.body);
        assert_eq!(older_answer.headers["content-type"], "application/json; charset=utf-8");
        let is_refused = answer.status == 400;
        assert_eq!(answer.body.get("data").is_none(), is_refused, "{body}");
        assert_eq!(answer.body.get("errors").is_some(), is_refused, "{body}");
    }
    assert_eq!(newer("{").await.status, 400);
    assert_eq!(newer(&format!("\"{}\"", "x".repeat(300 * 1024))).await.status, 413);
    let html = post(&admin).header("accept", "text/html");
    assert_eq!(layered.send(html, "{}").await.status, 406);
    let put = Request::builder().method(Method::PUT).uri("/graphql");
    let answer = layered.send(put, "").await;
    assert_eq!((answer.status, answer.headers["allow"].to_str().unwrap()), (405, "GET, POST"));
}

#[tokio::test]
async fn a_change_needs_a_post() {
    let layered = Layered::open().await;
    let zhao = layered.office.agent("zhao", Role::Admin).await;
    let admin = layered.office.token_of(zhao).await;
    let get = |query: &str| {
        let uri = format!("/graphql?query={query}");
        let request = Request::builder().uri(uri).header("authorization", format!("Bearer {admin}"));
        request.header("accept", "application/json")
    };
    let asked = layered.send(get("mutation%7Brename(id:1,name:%22x%22)%7Bid%7D%7D"), "").await;
    assert_eq!((asked.status, layered.crm.changed.load(Relaxed)), (405, 0), "{}", asked.body);
    assert_eq!(asked.headers["allow"], "POST");
    let query = "query($id:Int!)%7Buser(id:$id)%7Bname%7D%7D&variables=%7B%22id%22:7%7D";
    let asked = layered.send(get(query), "").await;
    assert_eq!(asked.body["data"]["user"]["name"], "user 7", "{}", asked.body);
    assert_eq!(layered.send(get("%7Ba%7D&variables=x"), "").await.status, 400);
    let changed = layered.ask(&admin, "mutation { rename(id: 1, name: \"林\") { id name } }").await;
    assert_eq!(changed.body["data"]["rename"], json!({"id": 1, "name": "林"}), "{}", changed.body);
}

#[tokio::test]
async fn plans_are_for_those_who_look_after_them() {
    let layered = Layered::open().await;
    let office = &layered.office;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let supervisor = office.token_of(office.agent("qian", Role::Supervisor).await).await;
    let body = json!({"query": "{ user(id: 1) { name } }"}).to_string();
    let explain = |token: &str, how: &str| post(token).header("x-kefu-explain", how);
    let plan = layered.send(explain(&admin, "plan"), &body).await;
    assert_eq!((&plan.body["data"], layered.crm.asked.load(Relaxed)), (&Value::Null, 0));
    assert!(plan.body["extensions"]["explain"]["text"].as_str().unwrap().contains("crm.User"));
    let run = layered.send(explain(&admin, "analyze"), &body).await;
    assert_eq!(run.body["data"]["user"]["name"], "user 1");
    assert!(run.body["extensions"]["explain"]["analyze"]["total_ms"].is_number(), "{}", run.body);
    assert_eq!(layered.send(explain(&supervisor, "plan"), &body).await.status, 403);
    assert_eq!(layered.send(explain(&admin, "all"), &body).await.status, 400);
}

#[tokio::test]
async fn who_hangs_up_is_not_answered_any_more() {
    let layered = Layered::open().await;
    let zhao = layered.office.agent("zhao", Role::Admin).await;
    let admin = layered.office.token_of(zhao).await;
    let mut asked = Box::pin(layered.ask(&admin, "{ order(id: 1) { name } }"));
    while layered.slow.asked.load(Relaxed) == 0 {
        tokio::select! {
            answer = &mut asked => panic!("{answer:?}"),
            () = tokio::time::sleep(Duration::from_millis(1)) => {}
        }
    }
    assert_eq!(layered.slow.given_up.load(Relaxed), 0);
    drop(asked);
    assert_eq!(layered.slow.given_up.load(Relaxed), 1, "the source is not asked on");
    let metrics = layered.office.services.graphql.metrics_text();
    assert!(metrics.contains("\nkefu_graphql_under_way 0\n"), "{metrics}");
    assert!(metrics.contains("kefu_graphql_source_fetches_total{source=\"slow\"} 1"), "{metrics}");
}

#[tokio::test]
async fn own_records_are_those_that_the_reader_may_read() {
    let layered = Layered::open().await;
    let office = &layered.office;
    let role = office.role("asks", &["chat", "graphql", "customers", "tickets"]).await;
    let lin = office.agent("lin", Role::Agent).await;
    let zhao = office.agent("zhao", Role::Admin).await;
    let (token, admin) = (office.token_of(lin).await, office.token_of(zhao).await);
    let path = format!("/agents/{lin}");
    let given =
        office.ask(Method::PATCH, &path, Some(json!({"custom_role_id": role})), &Ask::by(&admin)).await;
    assert_eq!(given.status, 200, "{}", given.body);
    let own = office.taken_by(&token).await;
    let other = office.taken_by(&admin).await;
    let text = json!({"client_id": uuid::Uuid::from_u128(5), "kind": "text", "text": "call 13800138000"});
    let path = format!("/conversations/{}/messages", own.conversation);
    assert_eq!(office.post(&path, &own.token, text).await.status, 201);
    let all = "{ conversations { nodes { id state visitor { id name } assignee { name }
        messages(first: 2) { seq fromKind text } } pageInfo { hasNextPage } } }";
    let answer = layered.ask(&token, all).await;
    let nodes =
        answer.body["data"]["conversations"]["nodes"].as_array().unwrap_or_else(|| panic!("{}", answer.body));
    assert_eq!(nodes.len(), 1, "{}", answer.body);
    assert_eq!(nodes[0]["id"], json!(own.conversation));
    assert_eq!((&nodes[0]["state"], &nodes[0]["assignee"]["name"]), (&json!("open"), &json!("lin")));
    assert_eq!(nodes[0]["visitor"]["id"], json!(own.id));
    // Masked for agents, as everywhere.
    assert_eq!(nodes[0]["messages"][0]["text"], "call 138****8000", "{}", answer.body);
    assert_eq!(nodes[0]["messages"].as_array().unwrap().len(), 2);
    let everything = layered.ask(&admin, all).await;
    assert_eq!(everything.body["data"]["conversations"]["nodes"].as_array().unwrap().len(), 2);
    let one = |id| format!("{{ conversation(id: \"{id}\") {{ id messages {{ text }} }} }}");
    assert_eq!(layered.ask(&token, &one(other.conversation)).await.body["data"]["conversation"], Value::Null);
    assert_eq!(
        layered.ask(&token, &one(own.conversation)).await.body["data"]["conversation"]["id"],
        json!(own.conversation)
    );
    let visitor = |id| format!("{{ visitor(id: \"{id}\") {{ id conversations {{ id }} }} }}");
    assert_eq!(layered.ask(&token, &visitor(other.id)).await.body["data"]["visitor"], Value::Null);
    let known = layered.ask(&admin, &visitor(other.id)).await;
    assert_eq!(
        known.body["data"]["visitor"]["conversations"][0]["id"],
        json!(other.conversation),
        "{}",
        known.body
    );
    // That the admin read what is none of its own is written down.
    let read = office.trail().await.into_iter().filter(|(action, _)| action == "conversation.read").count();
    assert_eq!(read, 1);
}

#[tokio::test]
async fn own_lists_go_on_where_they_ended() {
    let layered = Layered::open().await;
    let office = &layered.office;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    for number in 0..7 {
        let ticket = json!({"subject": format!("ticket {number}"), "inbox_id": inbox(&layered)});
        let made = office.post("/tickets", &admin, ticket).await;
        assert_eq!(made.status, 201, "{}", made.body);
        office.taken_by(&admin).await;
    }
    let tickets = layered.ask(&admin, "{ tickets(first: 3) { number subject status } }").await;
    let numbers = tickets.body["data"]["tickets"].as_array().unwrap_or_else(|| panic!("{}", tickets.body));
    assert_eq!(numbers.len(), 3, "{}", tickets.body);
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let query = format!(
            "{{ conversations(first: 2{after}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let page = layered.ask(&admin, &query).await.body;
        let list = &page["data"]["conversations"];
        seen.extend(
            list["nodes"]
                .as_array()
                .unwrap_or_else(|| panic!("{page}"))
                .iter()
                .map(|one| one["id"].to_string()),
        );
        if list["pageInfo"]["hasNextPage"] != true {
            break;
        }
        after = format!(", after: {}", list["pageInfo"]["endCursor"]);
    }
    assert_eq!(seen.len(), 7);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 7, "none comes twice");
    let none =
        layered.ask(&admin, "{ conversations(where: {state: {eq: \"resolved\"}}) { nodes { id } } }").await;
    assert_eq!(none.body["data"]["conversations"]["nodes"], json!([]), "{}", none.body);
}

fn inbox(layered: &Layered) -> uuid::Uuid {
    layered.office.services.desk.directory().inbox_by_slug("web").unwrap().id
}

#[tokio::test]
async fn what_happens_makes_rows_old() {
    let layered = Layered::open().await;
    let office = &layered.office;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let guest = office.guest().await;
    let services = office.services.clone();
    let forgets = tokio::spawn(async move { crate::graphql::feeds::follow_events(&services).await });
    let asked = async || {
        let answer = layered.ask(&admin, "{ plan(id: 1) { name } }").await;
        assert_eq!(answer.body["data"]["plan"]["name"], "user 1", "{}", answer.body);
        layered.crm.asked.load(Relaxed)
    };
    assert_eq!((asked().await, asked().await), (1, 1), "rows are kept");
    let told = async {
        // It may be looked at what there was before this was said: then it is said again.
        let mut said = 0;
        while asked().await == 1 {
            said += 1;
            let path = format!("/conversations/{}/messages", guest.conversation);
            let body = json!({"client_id": uuid::Uuid::from_u128(said), "kind": "text", "text": "hello"});
            assert_eq!(office.post(&path, &guest.token, body).await.status, 201);
        }
    };
    tokio::time::timeout(Duration::from_secs(30), told).await.expect("rows are forgotten");
    forgets.abort();
}
