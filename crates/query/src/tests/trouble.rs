//! Sources that do not do what they should cost their own fields, and nothing else.

use std::time::{Duration, Instant};

use serde_json::json;

use super::tables::{ALL, Manner, NONE};
use super::{Desk, request, session};

const QUERY: &str = "{ users(first: 2) { nodes { id tickets { id } conversations { nodes { id } } } } }";

#[tokio::test]
async fn a_source_in_trouble_costs_only_its_own_fields() {
    for (manner, code, is_retryable) in [
        (Manner::Away, "SOURCE_UNAVAILABLE", true),
        (Manner::Hangs, "SOURCE_TIMEOUT", true),
        (Manner::Narrow, "SOURCE_GARBAGE", false),
        (Manner::Floods, "SOURCE_TOO_MUCH", false),
    ] {
        let yaml = super::YAML.replace("timeout: 1s", "timeout: 50ms");
        let desk = Desk::with(&yaml, ALL).await;
        desk.sources["tickets"].behave(manner);
        let answer = desk.run(QUERY, json!({})).await;
        let nodes = &answer["data"]["users"]["nodes"];
        assert_eq!(nodes[0]["tickets"], json!(null), "{manner:?}");
        assert_eq!(nodes[1]["conversations"]["nodes"][0]["id"], "c2-0");
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 2);
        assert_eq!(errors[1]["path"], json!(["users", "nodes", 1, "tickets"]));
        assert_eq!(
            errors[1]["extensions"],
            json!({ "code": code, "source": "tickets", "retryable": is_retryable })
        );
        assert_eq!(errors[1]["locations"], json!([{ "line": 1, "column": 32 }]));
    }
}

#[tokio::test]
async fn cells_that_are_no_values_take_what_is_around_them() {
    let desk = Desk::open(ALL).await;
    desk.sources["conv"].behave(Manner::Garbage);
    let query = "{ user(id: 1) { name conversations { nodes { lastMessage lastAt } } tickets { id } } }";
    let answer = desk.run(query, json!({})).await;
    assert_eq!(answer["data"]["user"]["conversations"], json!(null));
    assert_eq!(answer["data"]["user"]["tickets"][0]["id"], 10);
    let paths: Vec<_> =
        answer["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
    let nodes = json!(["user", "conversations", "nodes", 0]);
    let below = |key: &str| {
        let mut path = nodes.clone();
        path.as_array_mut().unwrap().push(key.into());
        path
    };
    assert_eq!(paths, [below("lastMessage"), below("lastAt")]);
}

#[tokio::test]
async fn errors_beyond_the_limit_are_counted() {
    let yaml = super::YAML.replace("max_depth: 10,", "max_depth: 10, max_errors: 3,");
    let desk = Desk::with(&yaml, ALL).await;
    desk.sources["tickets"].behave(Manner::Away);
    let answer = desk.run("{ everyone { tickets { id } } }", json!({})).await;
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 4);
    assert_eq!(errors[3]["message"], "27 more errors of the same kind");
}

#[tokio::test]
async fn a_breaker_keeps_from_asking_what_is_away() {
    // As long as may be: it does not end meanwhile.
    let yaml = super::YAML.replace("pause: 5s", "pause: 300s");
    let desk = Desk::with(&yaml, ALL).await;
    desk.sources["tickets"].behave(Manner::Away);
    for _ in 0..10 {
        desk.run("{ ticket(id: 10) { id } }", json!({})).await;
    }
    // Three failures open it: a fetch with its retry, and another, whose retry it refuses.
    assert_eq!(desk.sources["tickets"].take_fetches().len(), 3);
    let metrics = desk.engine.metrics();
    let tickets = metrics.sources.iter().find(|source| source.name == "tickets").unwrap();
    assert!(tickets.is_open);
    assert_eq!((tickets.fetches, tickets.retries, tickets.failures), (3, 2, 10));
    assert_eq!(tickets.refused_by_breaker, 9);
}

#[tokio::test]
async fn those_who_ask_the_same_at_the_same_time_share_one_fetch_within_their_scope() {
    let desk = Desk::open(ALL).await;
    desk.sources["tickets"].behave(Manner::Hangs);
    let soon = crate::Request {
        deadline: Instant::now() + Duration::from_millis(30),
        ..request("{ ticket(id: 10) { id } }", json!({}))
    };
    let (admin, guest) = (session("admin"), session("guest"));
    futures_util::future::join3(
        desk.engine.execute(&soon, &admin),
        desk.engine.execute(&soon, &admin),
        desk.engine.execute(&soon, &guest),
    )
    .await;
    assert_eq!(desk.sources["tickets"].take_fetches().len(), 2);
    let metrics = desk.engine.metrics();
    let tickets = metrics.sources.iter().find(|source| source.name == "tickets").unwrap();
    assert_eq!((tickets.fetches, tickets.shared, tickets.timeouts), (2, 1, 2));
}

#[tokio::test]
async fn an_answer_has_no_more_objects_than_are_allowed() {
    let yaml = super::YAML.replace("max_depth: 10,", "max_depth: 10, max_rows: 40,");
    let desk = Desk::with(&yaml, NONE).await;
    let answer = desk.run("{ everyone { id tickets { id } } }", json!({})).await;
    assert_eq!(answer["data"]["everyone"][0], json!({ "id": 1, "tickets": null }));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SOURCE_TOO_MUCH");
    let yaml = super::YAML.replace("max_depth: 10,", "max_depth: 10, max_answer_bytes: 100,");
    let desk = Desk::with(&yaml, ALL).await;
    let answer = desk.run("{ everyone { id name } }", json!({})).await;
    assert_eq!(answer["data"], json!(null));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
}
