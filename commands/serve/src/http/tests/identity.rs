//! Visitors: who they are, and who they are not.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use kefu_core::{Principal, Role};
use kefu_store::Session;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::office::{Answer, Ask, Guest, Office};
use crate::{
    auth::{Token, TokenKind},
    clock,
};

async fn open(office: &Office, token: &str, body: Value) -> Answer {
    office.ask(Method::POST, "/widget/sessions", Some(body), &Ask::by(token)).await
}

/// The secret of `web`, as its admin gets it.
pub(super) async fn secret(office: &Office, admin: &str) -> String {
    let inbox = office.services.desk.directory().inbox_by_slug("web").unwrap().id;
    let answer = office.ask(Method::POST, &format!("/inboxes/{inbox}/secret"), None, &Ask::by(admin)).await;
    answer.body["secret"].as_str().unwrap().to_owned()
}

fn mac(secret: &str, text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn proven(secret: &str, id: &str) -> Value {
    json!({"inbox": "web", "visitor": {"external_id": id, "hmac": hex(&mac(secret, id))}})
}

#[tokio::test]
async fn an_unproven_id_never_finds_a_visitor() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let secret = secret(&office, &admin).await;
    let known = Guest::from(&open(&office, "", proven(&secret, "customer-1")).await.body);
    let claim = json!({"inbox": "web", "visitor": {"external_id": "customer-1"}});
    let claimed = Guest::from(&open(&office, "", claim.clone()).await.body);
    assert_ne!(claimed.id, known.id);
    assert_ne!(Guest::from(&open(&office, "", claim).await.body).id, claimed.id);
    let again = Guest::from(&open(&office, "", proven(&secret, "customer-1")).await.body);
    assert_eq!((again.id, again.conversation), (known.id, known.conversation));
    let other = Guest::from(&open(&office, "", proven(&secret, "customer-2")).await.body);
    assert_ne!(other.id, known.id);
}

#[tokio::test]
async fn the_same_proof_at_once_is_one_visitor() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let body = proven(&secret(&office, &admin).await, "customer-1");
    let (one, two, three) = tokio::join!(
        open(&office, "", body.clone()),
        open(&office, "", body.clone()),
        open(&office, "", body.clone())
    );
    let ids = [one, two, three].map(|answer| Guest::from(&answer.body).id);
    assert!(ids[0] == ids[1] && ids[1] == ids[2], "{ids:?}");
}

#[tokio::test]
async fn an_own_token_resumes_and_a_proof_names_its_visitor() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let secret = secret(&office, &admin).await;
    let guest = office.guest().await;
    let again = Guest::from(&open(&office, &guest.token, json!({"inbox": "web"})).await.body);
    assert_eq!((again.id, again.conversation), (guest.id, guest.conversation));
    let named = Guest::from(&open(&office, &guest.token, proven(&secret, "customer-1")).await.body);
    assert_eq!(named.id, guest.id);
    // Another person at the same machine.
    let other = Guest::from(&open(&office, &guest.token, proven(&secret, "customer-2")).await.body);
    assert_ne!((other.id, &other.token), (guest.id, &guest.token));
    // A merely claimed id does not replace the proven one.
    let claim = json!({"inbox": "web", "visitor": {"external_id": "customer-3"}});
    assert_eq!(Guest::from(&open(&office, &guest.token, claim).await.body).id, guest.id);
    let seen = office.get(&format!("/visitors/{}", guest.id), &admin).await.body;
    assert_eq!((&seen["external_id"], &seen["verified"]), (&json!("customer-1"), &json!(true)));
    // A token of one inbox is none in another.
    assert_eq!(open(&office, &guest.token, json!({"inbox": "shop"})).await.status, 401);
}

#[tokio::test]
async fn an_inbox_can_demand_a_proof() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let guest = office.guest().await;
    let inbox = office.services.desk.directory().inbox_by_slug("web").unwrap().id;
    let demand = Some(json!({"identity_required": true}));
    office.ask(Method::PATCH, &format!("/inboxes/{inbox}"), demand, &Ask::by(&admin)).await;
    let no_secret = open(&office, "", proven("", "customer-1")).await;
    assert_eq!((no_secret.status, &no_secret.body["code"]), (401, &json!("unauthorized")));
    let secret = secret(&office, &admin).await;
    assert_eq!(open(&office, "", proven(&secret, "customer-1")).await.status, 201);
    for body in [
        json!({"inbox": "web"}),
        json!({"inbox": "web", "visitor": {"external_id": "customer-1"}}),
        proven("another secret", "customer-1"),
        json!({"inbox": "web", "visitor": {"external_id": "customer-1", "hmac": "00"}}),
    ] {
        assert_eq!(open(&office, "", body.clone()).await.status, 401, "{body}");
        assert_eq!(open(&office, &guest.token, body.clone()).await.status, 401, "{body}");
    }
    assert_eq!(open(&office, "", json!({"inbox": "web", "visitor": {"hmac": "00"}})).await.status, 400);
    // A new secret makes what the old one signed worthless.
    self::secret(&office, &admin).await;
    assert_eq!(open(&office, "", proven(&secret, "customer-1")).await.status, 401);
}

#[tokio::test]
async fn a_signed_token_carries_attributes() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let secret = secret(&office, &admin).await;
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let now_s = clock::now().0 / 1_000_000;
    let claims =
        json!({"sub": "customer-9", "exp": now_s + 600, "name": "王芳", "attributes": {"plan": "gold"}});
    let text = format!("{}.{}", encode(&json!({"alg": "HS256"})), encode(&claims));
    let jwt = format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac(&secret, &text)));
    let body = json!({"inbox": "web", "jwt": jwt, "visitor": {"name": "somebody else", "external_id": "x"}});
    let guest = Guest::from(&open(&office, "", body).await.body);
    let seen = office.get(&format!("/visitors/{}", guest.id), &admin).await.body;
    assert_eq!((&seen["name"], &seen["external_id"]), (&json!("王芳"), &json!("customer-9")));
    assert_eq!(seen["attributes"], json!({"plan": "gold"}));
    let bad = json!({"inbox": "web", "jwt": format!("{jwt}x")});
    let refused = open(&office, "", bad).await;
    assert_eq!((refused.status, &refused.body["field"]), (401, &json!("jwt")));
}

/// The sessions of a visitor.
async fn sessions(office: &Office, visitor: Uuid) -> Vec<Session> {
    let visitor = office.services.store.visitor_by_id(visitor).await.unwrap().unwrap();
    office.services.store.sessions_of(Principal::Visitor(visitor.key)).await.unwrap()
}

#[tokio::test]
async fn sessions_of_one_visitor_are_bounded() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let body = proven(&secret(&office, &admin).await, "customer-1");
    let first = Guest::from(&open(&office, "", body.clone()).await.body);
    let mut last = first.clone();
    for _ in 0..20 {
        last = Guest::from(&open(&office, "", body.clone()).await.body);
    }
    assert_eq!(last.id, first.id);
    assert_eq!(sessions(&office, first.id).await.len(), 16);
    assert_eq!(office.get("/conversations", &last.token).await.status, 200);
    assert_eq!(office.get("/conversations", &first.token).await.status, 401);
}

#[tokio::test]
async fn coming_back_goes_on_with_the_same_session() {
    let office = Office::open().await;
    let guest = office.guest().await;
    let [first] = sessions(&office, guest.id).await.try_into().unwrap();
    for _ in 0..20 {
        let again = open(&office, &guest.token, json!({"inbox": "web"})).await;
        assert_eq!((again.status, &again.body["token"]), (201, &json!(guest.token)));
    }
    let [now] = sessions(&office, guest.id).await.try_into().unwrap();
    assert_eq!(now.id, first.id);
    assert!(now.expires_at > first.expires_at && now.last_seen_at > first.last_seen_at, "it lives on");
    assert_eq!(office.get("/conversations", &guest.token).await.status, 200);
}

#[tokio::test]
async fn a_token_in_the_second_half_of_its_life_is_replaced() {
    let office = Office::open().await;
    let guest = office.guest().await;
    let [first] = sessions(&office, guest.id).await.try_into().unwrap();
    let lifetime = office.services.settings.limits.visitor_session.as_secs() as i64;
    for (left, is_replaced) in [(lifetime / 2 + 60, false), (lifetime / 2 - 60, true)] {
        let token = Token::fresh(TokenKind::Visitor).unwrap();
        let aged = Session {
            token_hash: token.hash(),
            id: Uuid::from_u128(left as u128),
            expires_at: Some(clock::now().plus_seconds(left)),
            ..first.clone()
        };
        office.services.desk.open_session(aged).await.unwrap();
        let before = sessions(&office, guest.id).await.len();
        let again = Guest::from(&open(&office, token.text(), json!({"inbox": "web"})).await.body);
        assert_eq!((again.id, again.conversation), (guest.id, guest.conversation));
        assert_eq!(again.token != token.text(), is_replaced, "{left} s are left");
        assert_eq!(sessions(&office, guest.id).await.len(), before + usize::from(is_replaced));
        assert_eq!(office.get("/conversations", &again.token).await.status, 200);
    }
}
