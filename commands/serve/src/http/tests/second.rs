//! Second factors.

use http::Method;
use kefu_core::Role;
use kefu_store::{AccessChange, Change, RecordSet};
use serde_json::{Value, json};
use uuid::Uuid;

use super::office::{Answer, Ask, Office, PASSWORD, unlimited};
use crate::{
    auth::{Secrets, totp},
    clock,
    settings::{Rate, RequireTotp},
};

async fn login(office: &Office, name: &str, code: Option<&str>) -> Answer {
    let body = json!({"email": format!("{name}@example.com"), "password": PASSWORD, "code": code});
    office.ask(Method::POST, "/auth/login", Some(body), &Ask::default()).await
}

/// The code of the step that is `ahead` of now.
async fn code(office: &Office, agent: Uuid, ahead: i64) -> String {
    let key = office.services.desk.directory().agent(agent).unwrap().key;
    let sealed = office.services.store.totp(key).await.unwrap().unwrap().sealed;
    let secret = office.services.secrets.open(totp::SEAL_PURPOSE, &sealed).unwrap();
    totp::code_at(&secret, clock::now().plus_seconds(ahead * 30))
}

/// Turns the second factor on; returns the recovery codes.
async fn enrol(office: &Office, agent: Uuid, token: &str) -> Vec<String> {
    let begun = office.post("/auth/totp", token, json!({"password": PASSWORD})).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    assert!(begun.body["uri"].as_str().unwrap().contains(begun.body["secret"].as_str().unwrap()));
    let code = code(office, agent, 0).await;
    let confirmed = office.post("/auth/totp/confirm", token, json!({"code": code})).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    serde_json::from_value(confirmed.body["recovery_codes"].clone()).unwrap()
}

#[tokio::test]
async fn signing_in_takes_a_code_once_it_is_on() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent).await;
    let token = office.token_of(lin).await;
    let wrong = office.post("/auth/totp", &token, json!({"password": "wrong"})).await;
    assert_eq!((wrong.status, &wrong.body["field"]), (403, &json!("password")));
    let recovery = enrol(&office, lin, &token).await;
    assert_eq!(recovery.len(), 10);
    assert_eq!(office.get("/auth/totp", &token).await.body["enabled"], true);
    assert_eq!(office.post("/auth/totp", &token, json!({"password": PASSWORD})).await.status, 409);
    let needed = login(&office, "lin", None).await;
    assert_eq!((needed.status, &needed.body["field"]), (401, &json!("code")));
    for wrong in ["000000x", "", "x", "ABCD-EFGH-IJKL-MNOP"] {
        let answer = login(&office, "lin", Some(wrong)).await;
        assert_eq!((answer.status, &answer.body["field"]), (401, &json!("code")), "{wrong}");
    }
    let long = login(&office, "lin", Some(&"1".repeat(65))).await;
    assert_eq!((long.status, &long.body["field"]), (413, &json!("code")));
    let now = code(&office, lin, 1).await;
    assert_eq!(login(&office, "lin", Some(&now)).await.status, 200);
    assert_eq!(login(&office, "lin", Some(&now)).await.status, 401, "a code is good once");
    assert_eq!(login(&office, "lin", Some(&recovery[3])).await.status, 200);
    assert_eq!(login(&office, "lin", Some(&recovery[3])).await.status, 401, "so is a recovery code");
    assert_eq!(office.get("/auth/totp", &token).await.body["recovery_codes"], 9);
    let off = |code: &str| Some(json!({"password": PASSWORD, "code": code}));
    let end = office.ask(Method::DELETE, "/auth/totp", off("000000x"), &Ask::by(&token)).await;
    assert_eq!((end.status, &end.body["field"]), (401, &json!("code")));
    let end = office.ask(Method::DELETE, "/auth/totp", off(&recovery[0]), &Ask::by(&token)).await;
    assert_eq!(end.status, 204);
    assert_eq!(login(&office, "lin", None).await.status, 200);
}

#[tokio::test]
async fn guesses_are_few_from_however_many_addresses() {
    let mut settings = unlimited();
    settings.rate.login_account = Rate { per_minute: 1, burst: 4 };
    let office = Office::open_with(settings).await;
    let lin = office.agent("lin", Role::Agent).await;
    let token = office.token_of(lin).await;
    enrol(&office, lin, &token).await;
    let mut refused = 0;
    for last in 1..=8 {
        let body = json!({"email": "lin@example.com", "password": PASSWORD, "code": "000000"});
        let answer = office.ask(Method::POST, "/auth/login", Some(body), &Ask::from([192, 0, 2, last])).await;
        refused += u32::from(answer.status == 429);
    }
    assert!(refused >= 5, "{refused}");
    let throttled = office.trail().await.iter().filter(|(action, _)| action == "sign_in.throttled").count();
    assert!(throttled >= 1);
}

#[tokio::test]
async fn an_admin_resets_it() {
    let office = Office::open().await;
    let zhao = office.agent("zhao", Role::Admin).await;
    let admin = office.token_of(zhao).await;
    let lin = office.agent("lin", Role::Agent).await;
    enrol(&office, lin, &office.token_of(lin).await).await;
    enrol(&office, zhao, &admin).await;
    let reset = |agent: Uuid| format!("/agents/{agent}/totp");
    assert_eq!(office.ask(Method::DELETE, &reset(lin), None, &Ask::by(&admin)).await.status, 204);
    assert_eq!(office.ask(Method::DELETE, &reset(zhao), None, &Ask::by(&admin)).await.status, 403);
    assert_eq!(login(&office, "lin", None).await.status, 200);
    let trail = office.trail().await;
    for action in ["totp.begun", "totp.enabled", "totp.reset", "sign_in.done"] {
        assert!(trail.contains(&(action.to_owned(), "agent".to_owned())), "{action}: {trail:?}");
    }
}

#[tokio::test]
async fn who_needs_one_can_only_set_it_up() {
    let mut settings = unlimited();
    settings.require_totp = RequireTotp::Admins;
    let office = Office::open_with(settings).await;
    let zhao = office.agent("zhao", Role::Admin).await;
    let lin = office.agent("lin", Role::Agent).await;
    let lin = office.token_of(lin).await;
    assert_eq!(office.get("/agents", &lin).await.status, 200);
    let signed_in = login(&office, "zhao", None).await;
    let admin = signed_in.body["token"].as_str().unwrap();
    let refused = office.get("/agents", admin).await;
    assert_eq!((refused.status, &refused.body["field"]), (403, &json!("totp")));
    assert_eq!(office.get("/stream", admin).await.status, 403);
    assert_eq!(office.get("/auth/me", admin).await.status, 200);
    assert_eq!(office.get("/auth/totp", admin).await.body["required"], true);
    enrol(&office, zhao, admin).await;
    assert_eq!(office.get("/agents", admin).await.status, 200);
}

#[tokio::test]
async fn secrets_are_sealed_anew_after_a_rotation() {
    let office = Office::open().await;
    let zhao = office.agent("zhao", Role::Admin).await;
    let admin = office.token_of(zhao).await;
    let inbox = office.services.desk.directory().inbox_by_slug("web").unwrap().id;
    office.ask(Method::POST, &format!("/inboxes/{inbox}/secret"), None, &Ask::by(&admin)).await;
    enrol(&office, zhao, &admin).await;
    let dir = tempfile::tempdir().unwrap();
    let mut services = office.services.clone();
    // The same key, from a file that can be rotated.
    std::fs::write(dir.path().join("secret.key"), "07".repeat(32)).unwrap();
    services.secrets = std::sync::Arc::new(Secrets::load(dir.path(), None).unwrap());
    assert_eq!(crate::reseal::reseal(&services).await.unwrap(), 0);
    Secrets::rotate(dir.path()).unwrap();
    assert!(services.secrets.reload().unwrap());
    assert_eq!(crate::reseal::reseal(&services).await.unwrap(), 2);
    assert_eq!(crate::reseal::reseal(&services).await.unwrap(), 0);
    let sealed = services.desk.directory().inbox_by_slug("web").unwrap().sealed_secret.clone();
    assert!(services.secrets.is_current(&sealed));
    assert!(office.services.secrets.open(crate::http::INBOX_SEAL_PURPOSE, &sealed).is_err());
    let key = services.desk.directory().agent(zhao).unwrap().key;
    let factor = services.store.totp(key).await.unwrap().unwrap();
    assert!(services.secrets.open(totp::SEAL_PURPOSE, &factor.sealed).is_ok());
    // What nobody can open stays as it is.
    let broken = AccessChange::TotpResealed { agent: key, before: factor.sealed, after: vec![1, 2, 3] };
    let set = RecordSet { changes: vec![Change::Access(broken)], audit: Vec::new() };
    services.desk.record(set).await.unwrap();
    assert_eq!(crate::reseal::reseal(&services).await.unwrap(), 0);
    let refused: Value = login(&office, "zhao", Some("123456")).await.body;
    assert_eq!(refused["code"], "unavailable");
}
