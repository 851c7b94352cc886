use std::sync::atomic::Ordering::Relaxed;

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};

use super::office::Layered;
use crate::http::tests::{
    office::{Answer, Ask, Office},
    rights::{Case, case},
};

fn title() -> Value {
    json!({"en": "Account", "zh-CN": "账号"})
}

fn card(query: &str, variables: &Value) -> Value {
    let view = json!({"kind": "fields", "at": "user", "rows": [{"label": title(), "path": "name"}]});
    json!({"title": title(), "query": query, "variables": variables, "view": view})
}

/// The rows of the table of rights. Without a data layer there is nothing to run.
pub(crate) fn cases() -> Vec<Case> {
    let admins = |status| [401, 403, 403, 403, 403, 403, status];
    let new = card("{ user(id: 1) { name } }", &json!({}));
    let run = json!({"conversation_id": "{c}"});
    let nothing = [401, 403, 403, 404, 404, 404, 404];
    vec![
        case(Method::GET, "/cards", None, [401, 403, 403, 200, 200, 200, 200]),
        case(Method::GET, "/cards/examples", None, admins(200)),
        case(Method::POST, "/cards", Some(new), admins(201)),
        case(Method::PATCH, "/cards/{n}", Some(json!({"version": 1})), admins(404)),
        case(Method::DELETE, "/cards/{n}", None, admins(404)),
        case(Method::POST, "/cards/{n}/run", Some(run.clone()), nothing),
        case(Method::POST, "/cards/{n}/actions/0", Some(run), nothing),
    ]
}

async fn made(office: &Office, admin: &str, card: Value) -> String {
    let made = office.post("/cards", admin, card).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

async fn patch(office: &Office, admin: &str, id: &str, body: Value) -> Answer {
    office.ask(Method::PATCH, &format!("/cards/{id}"), Some(body), &Ask::by(admin)).await
}

#[tokio::test]
async fn cards_are_kept_in_their_order() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let first = made(&office, &admin, card("{ user(id: 1) { name } }", &json!({}))).await;
    let second = made(&office, &admin, card("{ user(id: 2) { name } }", &json!({}))).await;
    let listed = async |token: &str| -> Vec<String> {
        let cards = office.get("/cards", token).await.body;
        cards["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|card| card["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(listed(&agent).await, [first.clone(), second.clone()]);
    let moved = patch(&office, &admin, &second, json!({"version": 1, "position": -5})).await;
    assert_eq!((moved.status, &moved.body["version"]), (200, &json!(2)), "{}", moved.body);
    assert_eq!(listed(&agent).await, [second.clone(), first.clone()]);
    assert_eq!(patch(&office, &admin, &second, json!({"version": 1, "position": 50})).await.status, 409);
    let off = patch(&office, &admin, &first, json!({"version": 1, "is_enabled": false})).await;
    assert_eq!(off.status, 200);
    assert_eq!(
        listed(&agent).await,
        std::slice::from_ref(&second),
        "one that is off is for who may change it"
    );
    assert_eq!(listed(&admin).await.len(), 2);
    let gone = office.ask(Method::DELETE, &format!("/cards/{first}"), None, &Ask::by(&admin)).await;
    assert_eq!(gone.status, 204);
    let trail: Vec<_> = office.trail().await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(trail, ["card.made", "card.made", "card.changed", "card.changed", "card.removed"]);
    for (field, value) in [
        ("title", json!({"en": "", "zh-CN": "x"})),
        ("query", json!("  ")),
        ("variables", json!({"id": "visitor.password"})),
        ("view", json!({"kind": "list", "at": "user"})),
        ("inboxes", json!([uuid::Uuid::from_u128(9)])),
    ] {
        let mut wrong = card("{ user(id: 1) { name } }", &json!({}));
        wrong[field] = value;
        let refused = office.post("/cards", &admin, wrong).await;
        assert_eq!((refused.status, &refused.body["field"]), (400, &json!(field)), "{}", refused.body);
    }
    let examples = office.get("/cards/examples", &admin).await.body;
    assert_eq!(examples["items"].as_array().unwrap().len(), 4);
    // They run once there is a data layer.
    let guest = office.taken_by(&agent).await;
    let run = office
        .post(&format!("/cards/{second}/run"), &agent, json!({"conversation_id": guest.conversation}))
        .await;
    assert_eq!(run.status, 409, "{}", run.body);
}

#[tokio::test]
async fn a_card_is_filled_in_from_its_conversation() {
    let layered = Layered::open().await;
    let office = &layered.office;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let other = office.token_of(office.agent("zhou", Role::Agent).await).await;
    let query = "query($id: Int!) { user(id: $id) { name } }";
    let wrong = office.post("/cards", &admin, card("{ user(id: 1) { colour\n size } }", &json!({}))).await;
    assert_eq!((wrong.status, &wrong.body["field"]), (400, &json!("query")), "{}", wrong.body);
    let told: Vec<_> = wrong.body["detail"].as_str().unwrap().split("; ").collect();
    for place in
        ["1:17: type `User` does not have a field `colour`", "2:2: type `User` does not have a field `size`"]
    {
        assert!(told.contains(&place), "{}", wrong.body);
    }
    let by_id = made(office, &admin, card(query, &json!({"id": "visitor.external_id"}))).await;
    let by_plan = made(office, &admin, card(query, &json!({"id": "visitor.attributes.number"}))).await;
    let session = json!({"inbox": "web", "visitor": {"external_id": "42", "attributes": {"number": 7}}});
    let opened = office.ask(Method::POST, "/widget/sessions", Some(session), &Ask::default()).await;
    let guest = crate::http::tests::office::Guest::from(&opened.body);
    let path = format!("/conversations/{}", guest.conversation);
    let message = json!({"client_id": uuid::Uuid::from_u128(1), "kind": "text", "text": "你好"});
    assert_eq!(office.post(&format!("{path}/messages"), &guest.token, message).await.status, 201);
    let accepted = office.ask(Method::POST, &format!("{path}/accept"), None, &Ask::by(&agent)).await;
    assert_eq!(accepted.status, 200);
    let run = async |card: &str, token: &str, conversation| {
        let body = json!({"conversation_id": conversation});
        office.post(&format!("/cards/{card}/run"), token, body).await
    };
    let answer = run(&by_id, &agent, guest.conversation).await;
    let expected = json!({"data": {"user": {"name": "user 42"}}, "errors": [], "missing": []});
    assert_eq!((answer.status, &answer.body), (200, &expected));
    assert_eq!(run(&by_plan, &agent, guest.conversation).await.body["data"]["user"]["name"], "user 7");
    assert_eq!(run(&by_id, &other, guest.conversation).await.status, 404, "it may not read the conversation");
    let stranger = office.taken_by(&agent).await;
    let asked = layered.crm.asked.load(Relaxed);
    let answer = run(&by_id, &agent, stranger.conversation).await;
    let expected = json!({"data": null, "errors": [], "missing": ["visitor.external_id"]});
    assert_eq!((answer.status, &answer.body, layered.crm.asked.load(Relaxed)), (200, &expected, asked));
    let shop = office.services.desk.directory().inbox_by_slug("shop").unwrap().id;
    assert_eq!(patch(office, &admin, &by_id, json!({"version": 1, "inboxes": [shop]})).await.status, 200);
    assert_eq!(run(&by_id, &agent, guest.conversation).await.status, 404, "it is for another inbox");
}

#[tokio::test]
async fn an_action_takes_what_its_form_asks_for() {
    let layered = Layered::open().await;
    let office = &layered.office;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let mut new = card("{ user(id: 1) { name } }", &json!({}));
    let field = |name: &str| json!({"name": name, "label": title(), "type": "text", "required": true});
    new["view"]["actions"] = json!([{
        "label": title(),
        "mutation": "mutation($id: Int!, $name: String!) { rename(id: $id, name: $name) { id name } }",
        "form": [field("id"), field("name")],
    }]);
    let mut wrong = new.clone();
    wrong["view"]["actions"][0]["mutation"] =
        json!("mutation($id: Int!, $name: String!) { erase(id: $id, name: $name) { id } }");
    let refused = office.post("/cards", &admin, wrong).await;
    let told = refused.body["detail"].as_str().unwrap();
    assert!(told.starts_with("actions[0].mutation: 1:"), "{told}");
    assert!(told.contains("; 1:39: type `Mutation` does not have a field `erase`"), "{told}");
    let card = made(office, &admin, new).await;
    let guest = office.taken_by(&agent).await;
    let act = async |number: usize, form: Value| {
        let body = json!({"conversation_id": guest.conversation, "form": form});
        office.post(&format!("/cards/{card}/actions/{number}"), &agent, body).await
    };
    let done = act(0, json!({"id": "7", "name": "林"})).await;
    assert_eq!(
        (done.status, &done.body["data"]["rename"]),
        (200, &json!({"id": 7, "name": "林"})),
        "{}",
        done.body
    );
    for form in
        [json!({"id": "7"}), json!({"id": "7", "name": " "}), json!({"id": "7", "name": "x", "more": "y"})]
    {
        let refused = act(0, form).await;
        assert_eq!((refused.status, &refused.body["field"]), (400, &json!("form")), "{}", refused.body);
    }
    assert_eq!(act(1, json!({})).await.status, 404);
    let wrong = act(0, json!({"id": "seven", "name": "x"})).await;
    assert_eq!((wrong.status, wrong.body["errors"].as_array().unwrap().len()), (200, 1), "{}", wrong.body);
    assert_eq!(layered.crm.changed.load(Relaxed), 1);
    let acted = office.trail().await.into_iter().filter(|(action, _)| action == "card.acted").count();
    assert_eq!(acted, 2);
}

#[tokio::test]
async fn a_source_that_hangs_keeps_no_other_card_waiting() {
    let layered = Layered::open().await;
    let office = &layered.office;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let guest = office.taken_by(&agent).await;
    let mut cards = Vec::new();
    for query in [
        "{ user(id: 1) { name } }",
        "{ user(id: 2) { name } }",
        "{ order(id: 3) { name } }",
        "{ user(id: 4) { name } order(id: 4) { name } }",
    ] {
        cards.push(made(office, &admin, card(query, &json!({}))).await);
    }
    let run = |card: &str| {
        let (path, token) = (format!("/cards/{card}/run"), agent.clone());
        let body = json!({"conversation_id": guest.conversation});
        async move { office.post(&path, &token, body).await.body }
    };
    let (mut hanging, mut partly) = (Box::pin(run(&cards[2])), Box::pin(run(&cards[3])));
    let healthy = async { tokio::join!(run(&cards[0]), run(&cards[1])) };
    // Nobody lets the slow source answer: the others answer nevertheless.
    let (one, two) = tokio::select! {
        both = healthy => both,
        body = &mut hanging => panic!("{body}"),
        body = &mut partly => panic!("{body}"),
    };
    assert_eq!(
        (&one["data"]["user"]["name"], &two["data"]["user"]["name"]),
        (&json!("user 1"), &json!("user 2"))
    );
    layered.slow.permits.add_permits(2);
    let (hanging, partly) = tokio::join!(hanging, partly);
    assert_eq!(hanging["data"]["order"]["name"], "user 3");
    assert_eq!(partly["data"], json!({"user": {"name": "user 4"}, "order": {"name": "user 4"}}));
}
