//! What queries answer, and how often sources are asked for it.

use serde_json::{Value as Json, json};

use super::tables::{ALL, NONE};
use super::{Desk, parsed, request, session};
use crate::scalar::Value;

const EVERYTHING: &str = "{ users(first: 5, orderBy: [{createdAt: ASC}]) { nodes {
    id name
    conversations(first: 1) { nodes { id lastMessage user { name } } }
    tickets { id subject status }
    articles { title tags } } } }";

#[tokio::test]
async fn a_join_of_four_sources_asks_each_once_for_each_level() {
    let desk = Desk::open(ALL).await;
    let answer = desk.run(EVERYTHING, json!({})).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let users = answer["data"]["users"]["nodes"].as_array().unwrap();
    assert_eq!(users.len(), 5);
    assert_eq!(
        users[2],
        json!({
            "id": 3, "name": "user 3",
            "conversations": { "nodes": [
                { "id": "c3-0", "lastMessage": "\"hello\" 0\n", "user": { "name": "user 3" } }] },
            "tickets": [
                { "id": 30, "subject": "ticket 0 of 3", "status": "OPEN" },
                { "id": 31, "subject": "ticket 1 of 3", "status": "CLOSED" }],
            "articles": [{ "title": "article 3", "tags": ["a", "b"] }],
        })
    );
    let fetches = desk.fetches();
    assert_eq!(fetches, [("conv", 1), ("kb", 1), ("tickets", 1), ("users_db", 2)].into());
}

#[tokio::test]
async fn the_answer_is_the_same_whatever_sources_do_by_themselves() {
    let queries = [
        EVERYTHING,
        "{ users(where: {level: {gte: 2}, not: {name: {contains: \"3\"}}}, orderBy: [{level: DESC}], last: 7) {
            pageInfo { hasNextPage hasPreviousPage } nodes { id level } } }",
        "{ everyone(first: 4, where: {or: [{email: {isNull: true}}, {id: {in: [1, 2]}}]}) { id email tickets(first: 1) { id } } }",
        "{ user(id: 7) { email conversations(last: 2) { nodes { id } pageInfo { hasPreviousPage } } } }",
    ];
    let (able, plain) = (Desk::open(ALL).await, Desk::open(NONE).await);
    for query in queries {
        let (by_source, by_us) = (able.run(query, json!({})).await, plain.run(query, json!({})).await);
        assert_eq!(by_source, by_us, "{query}");
        assert_eq!(by_source.get("errors"), None, "{by_source}");
    }
}

#[tokio::test]
async fn what_is_pushed_down_is_what_the_source_is_able_to() {
    let desk = Desk::open(ALL).await;
    desk.run(
        "{ users(first: 3, where: {level: {gte: 2}}, orderBy: [{level: DESC}]) { nodes { name } } }",
        json!({}),
    )
    .await;
    let fetch = desk.sources["users_db"].take_fetches().remove(0);
    assert_eq!(fetch.columns, [1]);
    assert!(fetch.filter.is_some());
    assert_eq!(fetch.order.len(), 2);
    assert_eq!(fetch.limit, Some(4));
    let desk = Desk::open(NONE).await;
    desk.run(
        "{ users(first: 3, where: {level: {gte: 2}}, orderBy: [{level: DESC}]) { nodes { name } } }",
        json!({}),
    )
    .await;
    let fetch = desk.sources["users_db"].take_fetches().remove(0);
    assert_eq!((fetch.filter, fetch.order.len(), fetch.limit), (None, 0, None));
}

#[tokio::test]
async fn keys_are_given_once_and_in_chunks() {
    let yaml = super::YAML.replace("name: conv, timeout: 2s", "name: conv, max_in: 10");
    let desk = Desk::with(&yaml, ALL).await;
    desk.run("{ everyone { conversations { nodes { user { id } } } } }", json!({})).await;
    let fetches = desk.sources["conv"].take_fetches();
    assert_eq!(
        fetches.iter().map(|fetch| fetch.keys.as_ref().unwrap().values.len()).collect::<Vec<_>>(),
        [10; 3]
    );
    let fetches = desk.sources["users_db"].take_fetches();
    // 60 or so conversations are of 30 users.
    assert_eq!(fetches[1].keys.as_ref().unwrap().values.len(), 30);
}

#[tokio::test]
async fn fields_come_in_the_order_of_the_query_with_fragments_aliases_and_conditions() {
    let desk = Desk::open(ALL).await;
    let query = "query Q($yes: Boolean!, $no: Boolean!) {
        b: user(id: 2) { __typename ...F z: id @skip(if: $yes) name }
        a: user(id: 1) @include(if: $no) { id }
        user(id: 1) { ... on User { name } ...F @include(if: $no) id }
        __typename
    } fragment F on User { level, id }";
    let response =
        desk.engine.execute(&request(query, json!({ "yes": true, "no": false })), &session("admin")).await;
    assert_eq!(
        String::from_utf8(response.body).unwrap(),
        r#"{"data":{"b":{"__typename":"User","level":2,"id":2,"name":"user 2"},"user":{"name":"user 1","id":1},"__typename":"Query"}}"#
    );
    // The same plan is not used when the conditions change.
    let other =
        desk.engine.execute(&request(query, json!({ "yes": false, "no": true })), &session("admin")).await;
    assert_eq!(
        String::from_utf8(other.body).unwrap(),
        r#"{"data":{"b":{"__typename":"User","level":2,"id":2,"z":2,"name":"user 2"},"a":{"id":1},"user":{"name":"user 1","level":1,"id":1},"__typename":"Query"}}"#
    );
}

#[tokio::test]
async fn nothing_selected_is_an_empty_object() {
    let desk = Desk::open(ALL).await;
    let answer = desk.run("{ user(id: 1) @skip(if: true) { id } }", json!({})).await;
    assert_eq!(answer, json!({ "data": {} }));
}

#[tokio::test]
async fn pages_follow_each_other_in_both_directions() {
    for skill in [ALL, NONE] {
        let desk = Desk::open(skill).await;
        for (first, after, next, cursor) in [
            ("first", "after", "hasNextPage", "endCursor"),
            ("last", "before", "hasPreviousPage", "startCursor"),
        ] {
            let query = format!(
                "query($c: String) {{ users({first}: 7, {after}: $c, orderBy: [{{level: DESC}}]) {{
                    edges {{ cursor node {{ id level }} }} pageInfo {{ {next} {cursor} }} }} }}"
            );
            let (mut seen, mut at) = (Vec::new(), json!(null));
            loop {
                let answer = desk.run(&query, json!({ "c": at })).await;
                let page = &answer["data"]["users"];
                let ids = page["edges"].as_array().unwrap().iter();
                let mut ids: Vec<_> = ids.map(|edge| edge["node"]["id"].as_i64().unwrap()).collect();
                if first == "last" {
                    ids.reverse();
                }
                seen.extend(ids);
                at = page["pageInfo"][cursor].clone();
                if page["pageInfo"][next] == json!(false) {
                    break;
                }
            }
            let mut expected: Vec<i64> = (1..=30).collect();
            expected.sort_by_key(|id| (-(id % 5), *id));
            if first == "last" {
                expected.reverse();
            }
            assert_eq!(seen, expected, "{first}");
        }
    }
}

#[tokio::test]
async fn a_cursor_that_was_changed_or_is_of_another_list_is_refused() {
    let desk = Desk::open(ALL).await;
    let answer = desk.run("{ users(first: 1) { pageInfo { endCursor } } }", json!({})).await;
    let cursor = answer["data"]["users"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let mut changed = cursor.clone();
    changed.replace_range(4..5, if &cursor[4..5] == "A" { "B" } else { "A" });
    for (order, cursor) in
        [("", changed.as_str()), ("orderBy: [{level: DESC}],", &cursor), ("", ""), ("", "§")]
    {
        let query =
            format!("query($c: String) {{ users({order} first: 1, after: $c) {{ nodes {{ id }} }} }}");
        let answer = desk.run(&query, json!({ "c": cursor })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        assert_eq!(answer.get("data"), None);
    }
}

#[tokio::test]
async fn roles_see_their_rows_and_what_is_left_of_masked_fields() {
    let desk = Desk::open(ALL).await;
    let query = "{ users(first: 2) { nodes { id email } } }";
    let ids = |answer: &serde_json::Value| {
        let nodes = answer["data"]["users"]["nodes"].as_array().unwrap().iter();
        nodes.map(|node| node["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let agent = desk.run_as(query, json!({}), &session("agent")).await;
    assert_eq!(ids(&agent), [1, 4]);
    assert_eq!(agent["data"]["users"]["nodes"][0]["email"], "user1@example.com");
    let guest = desk.run_as(query, json!({}), &session("guest")).await;
    assert_eq!(ids(&guest), [1, 2]);
    assert_eq!(guest["data"]["users"]["nodes"][0]["email"], "u***@example.com");
    // Nor is it found out by conditions.
    let guess = "{ users(where: {email: {eq: \"user1@example.com\"}}) { nodes { id } } }";
    let refused = desk.run_as(guess, json!({}), &session("guest")).await;
    assert!(refused["errors"][0]["message"].as_str().unwrap().ends_with("`email` is not for this role"));
    // Who has no policy, or no value that it asks for, sees nothing.
    assert!(ids(&desk.run_as(query, json!({}), &session("nobody")).await).is_empty());
    let lost = crate::Session { values: [("tenant".to_owned(), Value::Null)].into(), ..session("agent") };
    assert!(ids(&desk.run_as(query, json!({}), &lost).await).is_empty());
    // A policy holds on every way to a row.
    let ways = "{ user(id: 2) { id } ticket(id: 20) { user { id } } }";
    let answer = desk.run_as(ways, json!({}), &session("agent")).await;
    assert_eq!(answer["data"], json!({ "user": null, "ticket": { "user": null } }));
}

#[tokio::test]
async fn what_is_not_for_a_role_refuses_the_request() {
    let desk = Desk::open(ALL).await;
    let response = desk
        .engine
        .execute(&request("{ user(id: 1) { id\n articles { id } } }", json!({})), &session("guest"))
        .await;
    assert_eq!(response.status, 403);
    assert_eq!(
        parsed(&response),
        json!({ "errors": [{
            "message": "`articles` is not for this role", "extensions": { "code": "FORBIDDEN" },
            "path": ["user", "articles"], "locations": [{ "line": 2, "column": 2 }] }] })
    );
    assert!(desk.fetches().is_empty());
}

#[tokio::test]
async fn changes_are_made_one_after_the_other_and_only_by_post() {
    let desk = Desk::open(ALL).await;
    let query = "mutation { a: closeTicket(id: 10) { id user { name } } b: closeTicket(id: 11) { id } }";
    let answer = desk.run(query, json!({})).await;
    assert_eq!(answer["data"], json!({ "a": { "id": 10, "user": { "name": "user 1" } }, "b": { "id": 11 } }));
    let calls = desk.sources["tickets"].calls.lock().unwrap().clone();
    assert_eq!(
        calls,
        [
            "closeTicket {\"op\":\"CloseTicket\"} [(\"id\", Int(10))]",
            "closeTicket {\"op\":\"CloseTicket\"} [(\"id\", Int(11))]"
        ]
    );
    let get = crate::Request { allow_mutation: false, ..request(query, json!({})) };
    let response = desk.engine.execute(&get, &session("admin")).await;
    assert_eq!(response.status, 405);
    let answer = desk.run_as(query, json!({}), &session("guest")).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(desk.sources["tickets"].calls.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn the_schema_is_told_to_those_who_may_ask() {
    let desk = Desk::open(ALL).await;
    let query = "{ __schema { queryType { name } } t: __type(name: \"User\") { kind fields { name } } user(id: 1) { id } }";
    let answer = desk.run(query, json!({})).await;
    assert_eq!(answer["data"]["__schema"]["queryType"]["name"], "Query");
    assert_eq!(answer["data"]["t"]["fields"][1]["name"], "name");
    assert_eq!(answer["data"]["user"]["id"], 1);
    let answer = desk.run_as(query, json!({}), &session("agent")).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn a_query_is_known_by_its_hash_once_it_was_sent() {
    use sha2::Digest as _;
    let desk = Desk::open(ALL).await;
    let query = "{ user(id: 1) { id } }";
    let hash = sha2::Sha256::digest(query).into();
    let by_hash = crate::Request { query: None, sha256: Some(hash), ..request(query, json!({})) };
    let answer = parsed(&desk.engine.execute(&by_hash, &session("admin")).await);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
    let both = crate::Request { sha256: Some(hash), ..request(query, json!({})) };
    desk.engine.execute(&both, &session("admin")).await;
    let answer = parsed(&desk.engine.execute(&by_hash, &session("admin")).await);
    assert_eq!(answer["data"]["user"]["id"], 1);
    let wrong = crate::Request { sha256: Some([0; 32]), ..request(query, json!({})) };
    assert_eq!(desk.engine.execute(&wrong, &session("admin")).await.status, 400);
}

#[tokio::test]
async fn values_out_of_range_are_told_before_anything_is_asked() {
    let desk = Desk::open(ALL).await;
    for (query, says) in [
        ("{ users(first: 101) { nodes { id } } }", "`first` goes from 0 to 100"),
        ("{ users(first: -1) { nodes { id } } }", "`first` goes from 0 to 100"),
        (
            "{ users(first: 1, last: 1) { nodes { id } } }",
            "`first` goes with `after`, and `last` with `before`",
        ),
        (
            "{ users(where: {createdAt: {gt: \"today\"}}) { nodes { id } } }",
            "`where`: `createdAt.gt`: a moment",
        ),
        ("{ users(where: {email: {eq: null}}) { nodes { id } } }", "`isNull` asks for what is not there"),
        ("{ users(orderBy: [{level: ASC, createdAt: ASC}]) { nodes { id } } }", "has one field"),
    ] {
        let answer = desk.run(query, json!({})).await;
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains(says), "{query}: {answer}");
        assert_eq!(answer["errors"][0]["path"], json!(["users"]));
    }
    assert!(desk.fetches().is_empty());
}

#[tokio::test]
async fn a_subscription_answers_its_query_for_each_event() {
    let desk = Desk::open(ALL).await;
    let query = "subscription($id: ID!, $of: [String!]) { ticketChanged(id: $id, statuses: $of) { subject user { name } } }";
    let subscribe = |variables: Json| {
        let subscribed = desk.engine.subscribe(&request(query, variables), &session("admin"));
        subscribed.unwrap_or_else(|refused| panic!("{:?}", parsed(&refused)))
    };
    let subscription = subscribe(json!({ "id": 70, "of": ["open", "new"] }));
    let topic = |name: &str| name.parse().unwrap();
    assert!(subscription.hears(&topic("ticket.updated")) && !subscription.hears(&topic("user.seen")));
    let event = |id: Json, status: Json| json!({ "ticket": { "id": id, "status": status } });
    for (data, is_wanted) in [
        (event(json!(70), json!("new")), true),
        (event(json!("70"), json!("open")), true),
        (event(json!(7), json!("open")), false),
        (event(json!(70), json!("closed")), false),
        (event(json!(70), json!(null)), false),
        (event(json!(null), json!("open")), false),
        (json!({ "id": 70 }), false),
        (json!([]), false),
    ] {
        assert_eq!(subscription.wants(&data), is_wanted, "{data}");
    }
    // What is not given, and what is null, is not asked for.
    for variables in [json!({ "id": 70 }), json!({ "id": 70, "of": null })] {
        assert!(subscribe(variables).wants(&event(json!(70), json!("closed"))));
    }
    let answer = parsed(&subscription.answer(&event(json!(70), json!("open"))).await.unwrap());
    let ticket = json!({ "subject": "ticket 0 of 7", "user": { "name": "user 7" } });
    assert_eq!(answer, json!({ "data": { "ticketChanged": ticket } }));
    let answer = parsed(&subscription.answer(&event(json!({}), json!("open"))).await.unwrap());
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    assert!(subscription.answer(&event(json!(1), json!("open"))).await.is_none());
    // Rows that are not for a role are not told of either.
    let seen = "subscription { userSeen { name } }";
    let seen = desk.engine.subscribe(&request(seen, json!({})), &session("agent")).ok().unwrap();
    assert!(seen.answer(&json!({ "id": 2 })).await.is_none());
    assert!(seen.answer(&json!({ "id": 1 })).await.is_some());
    let refused = desk.engine.subscribe(&request("{ user(id: 1) { id } }", json!({})), &session("admin"));
    assert_eq!(refused.err().unwrap().status, 400);
    let answer = desk.run(query, json!({ "id": "7" })).await;
    assert_eq!(answer["errors"][0]["message"], "a subscription needs a connection that stays open");
}

#[tokio::test]
async fn how_many_there_are_is_counted_where_it_is_asked_for() {
    let desk = Desk::open(ALL).await;
    let counted = |of: &str| -> Vec<_> {
        let fetches = desk.sources[of].take_fetches();
        fetches.iter().map(|fetch| (fetch.is_count, fetch.columns.len(), fetch.limit)).collect()
    };
    let whole =
        desk.run("{ everyone { id } }", json!({})).await["data"]["everyone"].as_array().unwrap().len();
    drop(counted("users_db"));
    let answer = desk.run("{ users(first: 2) { n: totalCount __typename } }", json!({})).await;
    assert_eq!(answer["data"]["users"], json!({ "n": whole, "__typename": "UserConnection" }), "{answer}");
    assert_eq!(counted("users_db"), [(true, 0, None)], "no rows are fetched");
    let query = "{ users(first: 2) { totalCount again: totalCount nodes { id conversations(first: 1) {
        totalCount nodes { id } } } } }";
    let answer = desk.run(query, json!({})).await;
    let users = &answer["data"]["users"];
    assert_eq!((&users["totalCount"], &users["again"]), (&json!(whole), &json!(whole)), "{answer}");
    for user in users["nodes"].as_array().unwrap() {
        let all = "query($id: Int!) { user(id: $id) { conversations(first: 50) { nodes { id } } } }";
        let all = desk.run(all, json!({ "id": user["id"] })).await;
        let all = all["data"]["user"]["conversations"]["nodes"].as_array().unwrap().len();
        assert_eq!(user["conversations"]["totalCount"], all, "{answer}");
    }
    assert_eq!(counted("users_db").iter().filter(|fetch| fetch.0).count(), 1);
    assert_eq!(counted("conv").iter().filter(|fetch| fetch.0).count(), 1, "one for all of them");
    // What cannot be counted costs its own fields.
    desk.sources["conv"].behave(super::tables::Manner::Away);
    let answer = desk
        .run("{ users(first: 1) { totalCount nodes { conversations { totalCount } } } }", json!({}))
        .await;
    assert_eq!(answer["data"]["users"]["totalCount"], whole);
    assert_eq!(answer["data"]["users"]["nodes"][0]["conversations"], Json::Null, "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["users", "nodes", 0, "conversations"]));
    // A source that does not count has no such field.
    let desk = Desk::open(NONE).await;
    assert!(!desk.engine.sdl().contains("totalCount"));
}

#[tokio::test]
async fn there_are_only_so_many_subscriptions() {
    let yaml = super::YAML.replace("max_depth: 10,", "max_depth: 10, max_subscriptions: 2,");
    let desk = Desk::with(&yaml, ALL).await;
    let ask = request("subscription { userSeen { name } }", json!({}));
    let subscribe = || desk.engine.subscribe(&ask, &session("admin"));
    let (first, second) = (subscribe().ok().unwrap(), subscribe().ok().unwrap());
    let refused = subscribe().err().unwrap();
    assert_eq!(
        (refused.status, &parsed(&refused)["errors"][0]["extensions"]["code"]),
        (429, &json!("LIMIT_EXCEEDED"))
    );
    drop(first);
    assert!(subscribe().is_ok());
    drop(second);
}

#[tokio::test]
async fn what_feeds_hear_of_is_checked_by_whoever_tells_it() {
    let desk = Desk::open(ALL).await;
    let told = |topic: &kefu_bus::Pattern, paths: &[&str]| match topic.as_str() {
        "ticket.*" if paths == ["ticket.id", "ticket.id", "ticket.status"] => Ok(()),
        "user.seen" => Ok(()),
        other => Err(format!("nobody tells `{other}`")),
    };
    let wrong = desk.engine.check_feeds(super::YAML, told).unwrap_err();
    let wrong = wrong.to_string();
    assert!(
        wrong.ends_with(": subscription.userSeen: nobody tells `user.gone`") && !wrong.contains('\n'),
        "{wrong}"
    );
}

#[tokio::test]
async fn rows_are_kept_by_rule_until_an_event_within_one_scope() {
    let rule =
        "    collection: conversations\n    cache: { ttl: 1h, until: [conversation.*, message.created] }";
    let yaml = super::YAML.replace("    collection: conversations", rule);
    let desk = Desk::with(&yaml, ALL).await;
    let query = "{ users(first: 3) { nodes { conversations { nodes { id } } } } }";
    let first = desk.run(query, json!({})).await;
    assert_eq!(desk.fetches(), [("conv", 1), ("users_db", 1)].into());
    assert_eq!(desk.run(query, json!({})).await, first);
    assert_eq!(desk.fetches(), [("users_db", 1)].into());
    desk.run_as(query, json!({}), &session("guest")).await;
    assert_eq!(desk.fetches(), [("conv", 1), ("users_db", 1)].into());
    desk.engine.invalidate(&"message.updated".parse().unwrap());
    desk.run(query, json!({})).await;
    assert_eq!(desk.fetches(), [("users_db", 1)].into());
    for topic in ["message.created", "conversation.closed"] {
        desk.engine.invalidate(&topic.parse().unwrap());
        desk.run(query, json!({})).await;
        assert_eq!(desk.fetches(), [("conv", 1), ("users_db", 1)].into(), "{topic}");
    }
}
