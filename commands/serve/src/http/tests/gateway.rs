//! Who may call bridges.

use axum::{body::Body, extract::Request};
use kefu_core::Role;
use serde_json::json;
use tower::ServiceExt as _;

use super::{
    external::Fake,
    office::{Office, unlimited},
};
use crate::{address::Peer, gateway::Bridges};

const CALL: &str = "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>\
    <GetTicket xmlns='urn:example:tickets'><id>7</id></GetTicket></e:Body></e:Envelope>";

/// The bridge `tickets` for keys and the same as `open` for everybody, before the fake.
fn bridges(fake: &Fake, is_shadow: bool) -> (tempfile::TempDir, Bridges) {
    let dir = tempfile::tempdir().unwrap();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/good/bridge");
    let bridge = |name: &str, more: &str| {
        format!(
            "  - name: {name}
{more}    inbound: {{kind: soap, wsdl: '{fixtures}/tickets.wsdl'}}
    upstream: {{kind: json, address: 'http://{}/'}}
    operations: {{GetTicket: {{method: GET, path: '/tickets/{{id}}', result: ticket}}}}
",
            fake.address
        )
    };
    let text = format!("endpoints:\n{}{}", bridge("tickets", ""), bridge("open", "    public: true\n"));
    let path = dir.path().join("bridge.yaml");
    std::fs::write(&path, text).unwrap();
    (dir, Bridges::of(&[path], None, is_shadow))
}

async fn call(office: &Office, path: &str, token: &str, body: &'static str) -> (u16, String) {
    let authorization = Some(format!("Bearer {token}")).filter(|_| !token.is_empty());
    let (head, text) = call_with(office, path, authorization, body).await;
    (head.status.as_u16(), text)
}

async fn call_with(
    office: &Office,
    path: &str,
    authorization: Option<String>,
    body: &'static str,
) -> (http::response::Parts, String) {
    let mut request = Request::post(path).header("content-type", "text/xml").header("host", "kefu.test");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let mut request = request.body(Body::from(body)).unwrap();
    request.extensions_mut().insert(Peer(std::net::Ipv4Addr::LOCALHOST.into()));
    let answer = crate::gateway::router(office.services.clone()).oneshot(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (head, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_client_that_knows_only_passwords_gives_the_key_as_one() {
    let fake = Fake::start().await;
    let (_dir, bridges) = bridges(&fake, false);
    let office = Office::open_for(unlimited(), bridges, false).await;
    let admin = office.agent("zhao", Role::Admin).await;
    let person = office.token_of(admin).await;
    let (other, key) = (office.key(admin, &["reports"]).await.1, office.key(admin, &["gateway"]).await.1);
    let basic = |user: &str, password: &str| {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
    };
    // It is asked for before it is given, by clients that wait for that.
    let (head, _) = call_with(&office, "/gateway/tickets", None, CALL).await;
    let asked: Vec<_> = head.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(head.status, 401);
    assert!(asked.iter().any(|one| one.to_str().unwrap().starts_with("Basic realm=")), "{asked:?}");
    for (user, password, status) in [
        ("legacy", &*key, 200),
        ("", &*key, 200),
        ("legacy", "wrong", 401),
        (&*key, "", 401),
        ("legacy", &*other, 403),
        ("zhao", &*person, 403),
    ] {
        let (head, text) = call_with(&office, "/gateway/tickets", basic(user, password), CALL).await;
        assert_eq!(head.status, status, "{user}: {text}");
    }
    let (head, _) = call_with(&office, "/gateway/tickets", Some("Basic !".to_owned()), CALL).await;
    assert_eq!(head.status, 401);
}

#[tokio::test]
async fn a_key_with_the_scope_opens_a_bridge_and_nothing_else_does() {
    let fake = Fake::start().await;
    let (_dir, bridges) = bridges(&fake, false);
    let office = Office::open_for(unlimited(), bridges, false).await;
    let admin = office.agent("zhao", Role::Admin).await;
    let person = office.token_of(admin).await;
    let (other, key) = (office.key(admin, &["reports"]).await.1, office.key(admin, &["gateway"]).await.1);
    let guest = office.guest().await.token;
    for (token, status) in [("", 401), ("nonsense", 401), (&guest, 403), (&person, 403), (&other, 403)] {
        assert_eq!(call(&office, "/gateway/tickets", token, CALL).await.0, status, "{token}");
    }
    let (status, text) = call(&office, "/gateway/tickets", &key, CALL).await;
    assert!(status == 200 && text.contains(">first<"), "{status} {text}");
    assert_eq!(call(&office, "/gateway/open", "", CALL).await.0, 200, "it is public");
    assert_eq!(call(&office, "/gateway/none", &key, CALL).await.0, 404);
    // A key of somebody who may not do it opens nothing.
    let lin = office.agent("lin", Role::Agent).await;
    let weak = office.key(lin, &["gateway"]).await.1;
    assert_eq!(call(&office, "/gateway/tickets", &weak, CALL).await.0, 403);
    let metrics = office.services.bridges.metrics_text();
    assert!(
        metrics.contains("calls_total{endpoint=\"tickets\",operation=\"GetTicket\",outcome=\"returned\"} 1")
    );
    office.services.bridges.open(&office.services).await.unwrap();
    let line = office.services.store.audit_lines(0, 100).await.unwrap().pop().unwrap();
    assert_eq!((line.action.as_str(), line.actor_kind.as_str()), ("gateway.opened", "system"));
    assert_eq!(line.detail["bridges"], json!([["tickets", false], ["open", true]]));
}

#[tokio::test]
async fn a_rehearsal_calls_only_what_reads_and_lists_the_rest() {
    let fake = Fake::start().await;
    let (_dir, bridges) = bridges(&fake, true);
    let office = Office::open_for(unlimited(), bridges, true).await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let services = office.services.clone();
    let keeping =
        tokio::spawn(async move { services.bridges.keep(&services, kefu_app::Language::English).await });
    let comment = "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>\
        <Comment xmlns='urn:example:tickets'><id>7</id><text>x</text></Comment></e:Body></e:Envelope>";
    assert_eq!(call(&office, "/gateway/open", "", CALL).await.0, 200);
    assert_eq!(call(&office, "/gateway/open", "", comment).await.0, 500);
    let listed = super::external::until(async || {
        let calls = office.get("/shadow/calls", &admin).await.body;
        calls["items"].get(0).cloned()
    });
    let listed = listed.await;
    assert_eq!(
        (&listed["kind"], &listed["target"], &listed["summary"]),
        (&json!("gateway"), &json!("open"), &json!("Comment"))
    );
    assert_eq!(fake.asked().len(), 1, "only what reads");
    keeping.abort();
}
