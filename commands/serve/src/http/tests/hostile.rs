//! Whatever somebody sends, it is refused or taken: nothing panics, and nothing is the daemon's fault.

use axum::{body::Body, extract::Request};
use http::{HeaderValue, Method, Uri};
use kefu_core::Role;
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use tower::ServiceExt as _;

use super::office::Office;

const PATHS: [&str; 20] = [
    "/api/v1/setup",
    "/api/v1/auth/login",
    "/api/v1/auth/sessions/{id}",
    "/api/v1/agents",
    "/api/v1/agents/{id}",
    "/api/v1/agents/me/status",
    "/api/v1/auth/totp",
    "/api/v1/auth/totp/confirm",
    "/api/v1/agents/{id}/sessions/{id}",
    "/api/v1/roles",
    "/api/v1/keys",
    "/api/v1/audit",
    "/api/v1/inboxes",
    "/api/v1/widget/config",
    "/api/v1/widget/sessions",
    "/api/v1/conversations",
    "/api/v1/conversations/{id}/messages",
    "/api/v1/conversations/{id}/rating",
    "/api/v1/stream/{id}",
    "/{id}",
];

const HEADERS: [&str; 8] = [
    "authorization",
    "cookie",
    "origin",
    "host",
    "content-type",
    "x-forwarded-proto",
    "user-agent",
    "access-control-request-method",
];

/// Bodies that come near to what the routes want.
const BODIES: [&str; 6] = [
    r#"{"email":"lin@example.com","password":"x"}"#,
    r#"{"inbox":"web","visitor":{"attributes":{"a":[[[[1e400]]]]}}}"#,
    r#"{"inbox":"web","jwt":"eyJhbGciOiJub25lIn0.e30."}"#,
    r#"{"client_id":"00000000-0000-0000-0000-000000000001","kind":"text","text":"\ud800"}"#,
    r#"{"score":-1,"comment":null}"#,
    r#"{"token":"ks_","name":"\u0000","email":"@","password":""}"#,
];

#[derive(Clone, Debug)]
struct Hostile {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    token: bool,
    body: Vec<u8>,
}

fn hostile() -> impl Strategy<Value = Hostile> {
    let method = select(&["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"][..]);
    let id = prop_oneof!["[!-~]{0,40}", Just("00000000-0000-0000-0000-000000000001".to_owned())];
    let query = prop_oneof![
        "[!-~]{0,40}",
        "(limit|cursor|view|inbox|token|after_seq)=[!-~]{0,30}(&(limit|before_seq)=[0-9%]{0,24})?"
    ];
    let path = (select(&PATHS[..]), id, query)
        .prop_map(|(path, id, query)| format!("{}?{query}", path.replace("{id}", &id)));
    let value = prop_oneof![
        vec(any::<u8>(), 0..60),
        "(Bearer |bearer )?(k[vas]|kefu)_[A-Za-z0-9_-]{42,44}".prop_map(String::into_bytes),
        "kefu_session=[!-~]{0,50}".prop_map(String::into_bytes),
        "https?://[a-z.:0-9]{0,20}".prop_map(String::into_bytes),
    ];
    let body =
        prop_oneof![vec(any::<u8>(), 0..200), select(&BODIES[..]).prop_map(|text| text.as_bytes().to_vec())];
    (method, path, vec((select(&HEADERS[..]), value), 0..4), any::<bool>(), body)
        .prop_map(|(method, path, headers, token, body)| Hostile { method, path, headers, token, body })
}

#[test]
fn no_request_is_the_daemons_fault() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (office, token) = runtime.block_on(async {
        let office = Office::open().await;
        let lin = office.agent("lin", Role::Agent).await;
        let token = office.token_of(lin).await;
        (office, token)
    });
    let mut runner = TestRunner::new(Config { cases: 512, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&hostile(), |hostile| {
        let Ok(uri) = hostile.path.parse::<Uri>() else { return Ok(()) };
        let mut request = Request::new(Body::from(hostile.body.clone()));
        *request.uri_mut() = uri;
        *request.method_mut() = Method::from_bytes(hostile.method.as_bytes()).unwrap();
        request.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        if hostile.token {
            let bearer = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
            request.headers_mut().insert("authorization", bearer);
        }
        for (name, value) in &hostile.headers {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                request.headers_mut().insert(*name, value);
            }
        }
        let answer = runtime.block_on(office.router.clone().oneshot(request)).unwrap();
        prop_assert!(!answer.status().is_server_error(), "{}", answer.status());
        Ok(())
    });
    outcome.unwrap();
    runtime.block_on(office.services.desk.stop());
}
