//! What plans look like.

use serde_json::json;

use super::tables::{ALL, NONE, Skill};
use super::{Desk, parsed, request, session};
use crate::{Explain, Request};

const QUERY: &str = "query Desk($min: Int) {
    users(first: 50, where: { level: { gte: $min } }, orderBy: [{ createdAt: DESC }]) {
        nodes { name conversations(first: 3) { nodes { lastMessage } } tickets { subject status } articles { title } }
        pageInfo { endCursor } } }";

async fn explain(desk: &Desk, query: &str, explain: Explain) -> serde_json::Value {
    let request = Request { explain, ..request(query, json!({ "min": 3 })) };
    parsed(&desk.engine.execute(&request, &session("agent")).await)
}

#[tokio::test]
async fn a_plan_is_told_as_text() {
    let desk = Desk::open(ALL).await;
    let answer = explain(&desk, QUERY, Explain::Plan).await;
    insta::assert_snapshot!(answer["extensions"]["explain"]["text"].as_str().unwrap());
    assert!(desk.fetches().is_empty());
    let one_by_one = Skill { keys_at_once: 1, ..NONE };
    let answer = explain(&Desk::open(one_by_one).await, QUERY, Explain::Plan).await;
    insta::assert_snapshot!(answer["extensions"]["explain"]["text"].as_str().unwrap());
}

#[tokio::test]
async fn a_plan_is_told_as_a_tree() {
    let desk = Desk::open(ALL).await;
    let answer = explain(&desk, "{ user(id: 4) { tickets(first: 1) { id } } }", Explain::Plan).await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer["extensions"]["explain"]["tree"]).unwrap());
    let change = "mutation { closeTicket(id: 10) { id } }";
    let answer = explain(&desk, change, Explain::Plan).await;
    assert_eq!(answer["extensions"]["explain"]["tree"]["children"][0]["node"], "Mutate");
    assert!(desk.sources["tickets"].calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn after_a_run_there_are_rows_and_times() {
    let desk = Desk::open(ALL).await;
    explain(&desk, QUERY, Explain::None).await;
    let answer = explain(&desk, QUERY, Explain::Analyze).await;
    assert!(answer["data"]["users"]["nodes"][0]["name"].is_string());
    let explained = &answer["extensions"]["explain"];
    let root = &explained["tree"]["children"][0];
    assert_eq!(root["analyze"]["calls"], 1);
    assert_eq!(root["children"][1]["target"], "Ticket");
    assert_eq!(root["children"][1]["analyze"]["rows"], 8);
    assert!(explained["analyze"]["total_ms"].is_number());
    let text = explained["text"].as_str().unwrap();
    assert!(text.contains("cached=hit") && text.contains("analyze: total"), "{text}");
}
