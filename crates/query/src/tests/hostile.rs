//! Queries that only want to cost something are refused before any source is asked.

use serde_json::json;

use super::tables::ALL;
use super::{Desk, parsed, request, session};

/// Pairs of a query and the code that it is refused with.
pub(crate) fn hostile() -> Vec<(String, &'static str)> {
    let many = |item: &dyn Fn(usize) -> String, count: usize| (0..count).map(item).collect::<String>();
    let bomb = many(&|n| format!("fragment F{n} on User {{ ...F{} ...F{} }} ", n + 1, n + 1), 25);
    let chain = many(&|n| format!("fragment F{n} on User {{ ...F{} }} ", n + 1), 300);
    let nested = |depth: usize| {
        format!(
            "{{ user(id: 1) {} id {} }}",
            "{ tickets { user ".repeat(depth) + "{",
            "}".repeat(2 * depth + 1)
        )
    };
    vec![
        (format!("{{ user(id: 1) {{ {} }} }}", many(&|n| format!("a{n}: id "), 10_000)), "LIMIT_EXCEEDED"),
        (format!("{{ user(id: 1) {{ {} }} }}", many(&|n| format!("a{n}: id "), 3_000)), "GRAPHQL_PARSE_FAILED"),
        (format!("{{ user(id: 1) {{ {} }} }}", many(&|n| format!("a{n}: id "), 31)), "LIMIT_EXCEEDED"),
        (format!("{{ {} }}", many(&|n| format!("a{n}: user(id: {n}) {{ id }} "), 21)), "LIMIT_EXCEEDED"),
        (nested(3_000), "GRAPHQL_PARSE_FAILED"),
        (nested(6), "LIMIT_EXCEEDED"),
        (format!("{{ user(id: 1) {{ ...F0 }} }} {bomb} fragment F25 on User {{ id }}"), "LIMIT_EXCEEDED"),
        (format!("{{ user(id: 1) {{ ...F0 }} }} {chain} fragment F300 on User {{ id }}"), "GRAPHQL_VALIDATION_FAILED"),
        ("{ user(id: 1) { ...A } } fragment A on User { ...B } fragment B on User { ...A }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        // Stack overflow in a validator that some other servers use.
        ("{ user(id: 1) { ...A ...B } } fragment A on User { id ...A } fragment B on User { id ...B }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        (format!("{{ user(id: 1) {{ id {} }} }}", "@nope ".repeat(1_000)), "GRAPHQL_VALIDATION_FAILED"),
        (format!("{{ user(id: 1) {{ {} }} }}", "id @include(if: true) ".repeat(51)), "LIMIT_EXCEEDED"),
        (format!("{{ user(id: {}) {{ id }} }}", "9".repeat(70_000)), "LIMIT_EXCEEDED"),
        (format!("{{ users(where: {}name: {{eq: \"a\"}}{}) {{ nodes {{ id }} }} }}", "{not: ".repeat(150) + "{", "}".repeat(151)), "GRAPHQL_PARSE_FAILED"),
        (format!("{{ users(where: {{or: [{}]}}) {{ nodes {{ id }} }} }}", "{name: {eq: \"a\"}},".repeat(101)), "BAD_USER_INPUT"),
        ("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }".to_owned(), "BAD_USER_INPUT"),
        ("{ everyone { tickets { user { tickets { user { tickets { user { id } } } } } } } }".to_owned(), "LIMIT_EXCEEDED"),
        ("{ users(first: 100) { nodes { conversations(first: 100) { nodes { user { conversations(first: 100) { nodes { id } } } } } } } }".to_owned(), "LIMIT_EXCEEDED"),
        ("query { a: __typename } ".repeat(2), "GRAPHQL_VALIDATION_FAILED"),
        (String::new(), "GRAPHQL_PARSE_FAILED"),
    ]
}

#[tokio::test]
async fn hostile_queries_are_refused() {
    let desk = Desk::open(ALL).await;
    for (query, code) in hostile() {
        let shown = query.chars().take(60).collect::<String>();
        let response = desk.engine.execute(&request(&query, json!({})), &session("admin")).await;
        let answer = parsed(&response);
        assert!(response.status >= 400, "{shown}: {answer}");
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors[0]["extensions"]["code"], code, "{shown}: {answer}");
        // Many mistakes are not answered by as many errors.
        assert!(errors.len() <= 10 && response.body.len() < 8_000, "{shown}");
    }
    assert!(desk.fetches().is_empty());
}

#[tokio::test]
async fn variables_are_bounded() {
    let desk = Desk::open(ALL).await;
    let query = "query($w: UserFilter) { users(where: $w) { nodes { id } } }";
    let wide: Vec<_> = (0..20_000).collect();
    let mut deep = json!({});
    for _ in 0..40 {
        deep = json!({ "not": deep });
    }
    for (variables, code) in [
        (json!({ "w": { "id": { "in": wide } } }), "LIMIT_EXCEEDED"),
        (json!({ "w": { "id": { "in": (0..2_000).collect::<Vec<_>>() } } }), "BAD_USER_INPUT"),
        (json!({ "w": deep }), "LIMIT_EXCEEDED"),
        (json!({ "w": { "id": { "in": ["a"] } } }), "BAD_USER_INPUT"),
    ] {
        let answer = desk.run(query, variables).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
    }
}
