//! A query from a stranger, and its variables: it is planned or refused, without a panic and within the limits; a subscription
//! looks at an event that may have anything.

#![no_main]

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use kefu_fuzz::Nothing;
use kefu_query::{Engine, Explain, Request, Session};
use libfuzzer_sys::fuzz_target;

const YAML: &str = include_str!("../../crates/query/src/tests/desk.yaml");

static ENGINE: OnceLock<Engine> = OnceLock::new();

fuzz_target!(|input: &str| {
    let (query, variables) = input.split_once("\n---\n").unwrap_or((input, "{}"));
    let engine = ENGINE.get_or_init(|| {
        let opened =
            Engine::open_with(YAML, async |_kind, _settings| Ok(Arc::new(Nothing) as _)).now_or_never();
        opened.expect("nothing is waited for").expect("the configuration is right")
    });
    let request = Request {
        query: Some(query.to_owned()),
        operation_name: None,
        variables: serde_json::from_str(variables).unwrap_or_default(),
        sha256: None,
        deadline: Instant::now() + Duration::from_secs(10),
        explain: Explain::Plan,
        allow_mutation: true,
    };
    let session = Session { roles: vec!["admin".to_owned()], ..Session::default() };
    if let Ok(subscription) = engine.subscribe(&request, &session) {
        let data = serde_json::Value::Object(request.variables.clone());
        assert!(!subscription.wants(&data) || data.is_object());
    }
    let response = engine.execute(&request, &session).now_or_never().expect("nothing is waited for");
    let body: serde_json::Value = serde_json::from_slice(&response.body).expect("an answer is JSON");
    assert!(body.get("data").is_some() || body["errors"].as_array().is_some_and(|errors| !errors.is_empty()));
});
