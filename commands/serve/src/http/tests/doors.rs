//! Signing in, pages of others, and too much.

use std::{sync::Arc, time::Duration};

use http::Method;
use kefu_app::Stop;
use kefu_core::Role;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::office::{Ask, Office, PASSWORD, unlimited};
use crate::{
    auth::{Token, TokenKind},
    listener::{ListenerLimits, serve_connections},
    settings::{Rate, Settings},
};

fn login(email: &str, password: &str) -> Option<Value> {
    Some(json!({"email": email, "password": password}))
}

#[tokio::test]
async fn signing_in_and_out() {
    let office = Office::open().await;
    office.agent("lin", Role::Agent).await;
    let answer =
        office.ask(Method::POST, "/auth/login", login("LIN@example.com ", PASSWORD), &Ask::default()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.body["token"].as_str().unwrap();
    assert_eq!(answer.body["agent"]["email"], "lin@example.com");
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with(&format!("kefu_session={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age=")),
        "{cookie}"
    );
    assert!(!cookie.contains("Secure"));
    assert_eq!(office.get("/auth/me", token).await.body["name"], "lin");
    let sessions = office.get("/auth/sessions", token).await.body;
    assert_eq!(
        (sessions["items"].as_array().unwrap().len(), &sessions["items"][0]["current"]),
        (1, &json!(true))
    );
    let out = office.ask(Method::POST, "/auth/logout", None, &Ask::by(token)).await;
    assert_eq!(out.status, 204);
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(office.get("/auth/me", token).await.status, 401);
}

#[tokio::test]
async fn who_cannot_sign_in_is_not_told_why() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let lin = office.agent("lin", Role::Agent).await;
    let lin_token = office.token_of(lin).await;
    let disable = Some(json!({"disabled": true}));
    office.ask(Method::PATCH, &format!("/agents/{lin}"), disable, &Ask::by(&admin)).await;
    assert_eq!(office.get("/auth/me", &lin_token).await.status, 401, "a disabled agent's sessions end");
    let mut answers = Vec::new();
    for (email, password) in [
        ("lin@example.com", PASSWORD),
        ("zhao@example.com", "wrong password"),
        ("none@example.com", PASSWORD),
    ] {
        let answer = office.ask(Method::POST, "/auth/login", login(email, password), &Ask::default()).await;
        assert_eq!(answer.status, 401);
        answers.push(answer.body);
    }
    assert!(answers[0] == answers[1] && answers[1] == answers[2], "{answers:?}");
}

#[tokio::test]
async fn a_lower_role_ends_all_sessions() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let qian = office.agent("qian", Role::Supervisor).await;
    let token = office.token_of(qian).await;
    for (role, status) in [("admin", 200), ("supervisor", 401)] {
        let change = Some(json!({"role": role}));
        let answer = office.ask(Method::PATCH, &format!("/agents/{qian}"), change, &Ask::by(&admin)).await;
        assert_eq!(answer.body["role"], role);
        assert_eq!(office.get("/auth/me", &token).await.status, status, "{role}");
    }
}

#[tokio::test]
async fn a_refusal_over_a_socket_names_its_request() {
    let office = Office::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (handle, stop) = Stop::new();
    let tracker = TaskTracker::new();
    let services = &office.services;
    let limits = ListenerLimits::new(&services.settings);
    let (metrics, router) = (Arc::clone(&services.metrics), office.router.clone());
    let drain = Duration::from_secs(5);
    let server = serve_connections(listener, router, limits, metrics, stop, drain, &tracker);
    let client = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head =
            "GET /api/v1/auth/me HTTP/1.1\r\nhost: x\r\nx-request-id: r-7\r\nconnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        handle.request();
        answer
    };
    let ((), answer) = tokio::join!(server, client);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    assert!(head.starts_with("http/1.1 401"), "{head}");
    assert!(head.contains(&format!("\r\ncontent-length: {}", body.len())), "{head}");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["request_id"], "r-7");
}

#[tokio::test]
async fn a_new_password_takes_the_old_one_and_ends_other_sessions() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent).await;
    let (own, other) = (office.token_of(lin).await, office.token_of(lin).await);
    let put = async |body| office.ask(Method::PUT, "/auth/password", Some(body), &Ask::by(&own)).await;
    let fresh = "another good password";
    for (current, password, status, field) in [
        (PASSWORD, "short", 400, "password"),
        ("not the password", fresh, 403, "current"),
        (PASSWORD, PASSWORD, 400, "password"),
    ] {
        let refused = put(json!({"current": current, "password": password})).await;
        assert_eq!((refused.status, &refused.body["field"]), (status, &json!(field)), "{password}");
    }
    let change = Some(json!({"password": fresh}));
    let around = office.ask(Method::PATCH, &format!("/agents/{lin}"), change, &Ask::by(&own)).await;
    assert_eq!((around.status, &around.body["field"]), (403, &json!("password")));
    assert_eq!(office.get("/auth/me", &other).await.status, 200, "nothing has changed yet");

    let done = put(json!({"current": PASSWORD, "password": fresh})).await;
    assert_eq!((done.status, &done.body["sessions_ended"]), (200, &json!(1)));
    assert_eq!(office.get("/auth/me", &own).await.status, 200);
    assert_eq!(office.get("/auth/me", &other).await.status, 401);
    for (password, status) in [(PASSWORD, 401), (fresh, 200)] {
        let login = login("lin@example.com", password);
        let answer = office.ask(Method::POST, "/auth/login", login, &Ask::default()).await;
        assert_eq!(answer.status, status);
    }
    let actions: Vec<_> = office.trail().await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["password.changed", "sign_in.failed", "sign_in.done"]);
}

#[tokio::test]
async fn guessing_the_password_of_an_open_session_is_slowed_down() {
    let mut settings = unlimited();
    settings.rate.login_account = Rate { per_minute: 1, burst: 2 };
    let office = Office::open_with(settings).await;
    let token = office.token_of(office.agent("lin", Role::Agent).await).await;
    let body = json!({"current": "not the password", "password": "another good password"});
    let guess =
        async || office.ask(Method::PUT, "/auth/password", Some(body.clone()), &Ask::by(&token)).await;
    assert_eq!([guess().await.status, guess().await.status, guess().await.status], [403, 403, 429]);
}

#[tokio::test]
async fn an_agent_is_told_how_large_files_may_be() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent).await;
    let login = login("lin@example.com", PASSWORD);
    let signed_in = office.ask(Method::POST, "/auth/login", login, &Ask::default()).await.body;
    let most = json!(office.services.settings.files.max_size.0);
    assert_eq!(signed_in["agent"]["upload_bytes_max"], most);
    let token = office.token_of(lin).await;
    assert_eq!(office.get("/auth/me", &token).await.body["upload_bytes_max"], most);
    assert!(office.get("/agents", &token).await.body["items"][0].get("upload_bytes_max").is_none());
}

#[tokio::test]
async fn the_first_admin_is_made_once() {
    let office = Office::open().await;
    let body = |token: &str| {
        Some(json!({"token": token, "name": "Zhao", "email": "zhao@example.com", "password": PASSWORD}))
    };
    assert_eq!(office.get("/setup", "").await.body, json!({"needed": true}));
    let token = Token::fresh(TokenKind::Setup).unwrap();
    let early = office.ask(Method::POST, "/setup", body(token.text()), &Ask::default()).await;
    assert_eq!((early.status, &early.body["field"]), (403, &json!("token")));
    office.services.desk.set_setup_token(Some(token.hash())).await.unwrap();
    let other = Token::fresh(TokenKind::Setup).unwrap();
    assert_eq!(office.ask(Method::POST, "/setup", body(other.text()), &Ask::default()).await.status, 403);
    let ask = Ask::default();
    let (one, two) = tokio::join!(
        office.ask(Method::POST, "/setup", body(token.text()), &ask),
        office.ask(Method::POST, "/setup", body(token.text()), &ask)
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let made = if one.status == 201 { one } else { two };
    assert_eq!(made.body["agent"]["role"], "admin");
    assert_eq!(office.get("/setup", "").await.body, json!({"needed": false}));
    assert_eq!(office.get("/auth/me", made.body["token"].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn a_cookie_works_from_own_pages_only() {
    let office = Office::open().await;
    let token = office.token_of(office.agent("lin", Role::Agent).await).await;
    let guest = office.guest().await;
    let cookie = |token: &str| Ask::default().header("cookie", &format!("kefu_session={token}"));
    let own = || cookie(&token).header("origin", "http://kefu.test");
    let status = Some(json!({"status": "away"}));
    assert_eq!(office.ask(Method::GET, "/auth/me", None, &cookie(&token)).await.status, 200);
    let path = "/agents/me/status";
    assert_eq!(office.ask(Method::PUT, path, status.clone(), &own()).await.status, 200);
    for ask in [
        cookie(&token),
        cookie(&token).header("origin", "https://evil.example"),
        cookie(&token).header("origin", "null"),
        cookie(&token).header("sec-fetch-site", "cross-site"),
        cookie(&token).header("origin", "https://evil.example").header("sec-fetch-site", "same-origin"),
    ] {
        assert_eq!(office.ask(Method::PUT, path, status.clone(), &ask).await.status, 403, "{ask:?}");
    }
    let fetched = cookie(&token).header("sec-fetch-site", "same-origin");
    assert_eq!(office.ask(Method::PUT, path, status.clone(), &fetched).await.status, 200);
    // A visitor's token is no cookie, and a bad bearer token is not made good by one.
    assert_eq!(office.ask(Method::GET, "/conversations", None, &cookie(&guest.token)).await.status, 401);
    let both = own().header("authorization", "Bearer nonsense");
    assert_eq!(office.ask(Method::GET, "/auth/me", None, &both).await.status, 401);
}

#[tokio::test]
async fn a_cookie_behind_tls_is_secure() {
    let public_url = Some("https://chat.example".to_owned());
    let office = Office::open_with(Settings { public_url, ..unlimited() }).await;
    office.agent("lin", Role::Agent).await;
    let answer =
        office.ask(Method::POST, "/auth/login", login("lin@example.com", PASSWORD), &Ask::default()).await;
    assert!(answer.headers["set-cookie"].to_str().unwrap().ends_with("; Secure"));
}

#[tokio::test]
async fn other_sites_reach_the_inboxes_that_name_them() {
    let office = Office::open().await;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    let open = |inbox: &str, origin: &str| {
        let body = Some(json!({"inbox": inbox}));
        let ask = Ask::default().header("origin", origin);
        let office = &office;
        async move { office.ask(Method::POST, "/widget/sessions", body, &ask).await }
    };
    let allowed = open("shop", "https://shop.example").await;
    assert_eq!(allowed.status, 201);
    assert_eq!(allowed.headers["access-control-allow-origin"], "https://shop.example");
    assert_eq!(allowed.headers["vary"], "Origin");
    assert!(!allowed.headers.contains_key("access-control-allow-credentials"));
    let refused = open("shop", "https://evil.example").await;
    assert_eq!(refused.status, 403);
    assert!(!refused.headers.contains_key("access-control-allow-origin"));
    assert_eq!(open("web", "https://evil.example").await.status, 201);
    assert_eq!(open("shop", "http://kefu.test").await.status, 201);

    let shop_token = allowed.body["token"].as_str().unwrap();
    let shared = |token: &str, origin: &str, path: &'static str| {
        let ask = Ask::by(token).header("origin", origin);
        let office = &office;
        async move {
            let answer = office.ask(Method::GET, path, None, &ask).await;
            answer.headers.contains_key("access-control-allow-origin")
        }
    };
    assert!(shared(shop_token, "https://shop.example", "/conversations").await);
    assert!(!shared(shop_token, "https://evil.example", "/conversations").await);
    assert!(!shared(&lin, "https://shop.example", "/conversations").await);
    assert!(!shared(&lin, "https://shop.example", "/agents").await);

    let preflight = |path: &'static str, origin: &str| {
        let ask = Ask::default().header("origin", origin).header("access-control-request-method", "POST");
        let office = &office;
        async move { office.ask(Method::OPTIONS, path, None, &ask).await.status }
    };
    assert_eq!(preflight("/widget/sessions", "https://shop.example").await, 204);
    assert_eq!(preflight("/widget/config?inbox=shop", "https://evil.example").await, 403);
    assert_eq!(preflight("/agents", "https://shop.example").await, 405);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_shuts_nobody_out() {
    let mut settings = unlimited();
    settings.rate.login_address = Rate { per_minute: 60, burst: 30 };
    settings.rate.login_account = Rate { per_minute: 1, burst: 3 };
    let office = Office::open_with(settings).await;
    office.agent("lin", Role::Agent).await;
    let guess = |last: u8| {
        let office = &office;
        let body = login("lin@example.com", "not the password");
        async move { office.ask(Method::POST, "/auth/login", body, &Ask::from([203, 0, 113, last])).await }
    };
    for _ in 0..3 {
        assert_eq!(guess(1).await.status, 401);
    }
    let slowed = guess(1).await;
    assert_eq!((slowed.status, &slowed.body["code"]), (429, &json!("rate_limited")));
    assert!(slowed.headers.contains_key("retry-after") && slowed.body["retry_after_ms"].is_u64());
    for last in 2..6 {
        assert_eq!(guess(last).await.status, 401);
    }
    let real = Ask::from([198, 51, 100, 7]);
    let answer = office.ask(Method::POST, "/auth/login", login("lin@example.com", PASSWORD), &real).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn too_much_is_refused_politely() {
    let mut settings = unlimited();
    settings.rate.address_sessions = Rate { per_minute: 1, burst: 2 };
    settings.rate.visitor_messages = Rate { per_minute: 1, burst: 2 };
    let office = Office::open_with(settings).await;
    let (guest, _) = (office.guest().await, office.guest().await);
    let body = Some(json!({"inbox": "web"}));
    assert_eq!(office.ask(Method::POST, "/widget/sessions", body.clone(), &Ask::default()).await.status, 429);
    let elsewhere = Ask::from([203, 0, 113, 5]);
    assert_eq!(office.ask(Method::POST, "/widget/sessions", body, &elsewhere).await.status, 201);
    let path = format!("/conversations/{}/messages", guest.conversation);
    let mut statuses = Vec::new();
    for number in 0..3 {
        let message = json!({"client_id": Uuid::from_u128(number), "kind": "text", "text": "x"});
        statuses.push(office.post(&path, &guest.token, message).await.status);
    }
    assert_eq!(statuses, [201, 201, 429]);
}

#[tokio::test]
async fn ways_in_count_as_requests_of_their_address() {
    let mut settings = unlimited();
    settings.rate.address_requests = Rate { per_minute: 1, burst: 3 };
    let office = Office::open_with(settings).await;
    let guest = office.guest().await;
    let token = |last: u8| Ask { token: Some(guest.token.clone()), ..Ask::from([203, 0, 113, last]) };
    let stream = format!("/stream/{}", Uuid::nil());
    let ping = || Some(json!({"type": "ping"}));
    // One budget for all that an address asks for.
    assert_eq!(office.ask(Method::GET, "/conversations", None, &token(1)).await.status, 200);
    for _ in 0..2 {
        assert_eq!(office.ask(Method::POST, &stream, ping(), &token(1)).await.status, 404);
    }
    for (method, path) in
        [(Method::POST, &*stream), (Method::GET, "/stream"), (Method::GET, "/conversations")]
    {
        let refused = office.ask(method, path, None, &token(1)).await;
        assert_eq!((refused.status, &refused.body["code"]), (429, &json!("rate_limited")), "{path}");
        let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{path}: {wait}");
    }
    assert_eq!(office.ask(Method::POST, &stream, ping(), &token(2)).await.status, 404);
}

#[tokio::test]
async fn messages_are_idempotent_and_bounded() {
    let office = Office::open().await;
    let guest = office.guest().await;
    let path = format!("/conversations/{}/messages", guest.conversation);
    let message =
        |id: u128, text: &str| json!({"client_id": Uuid::from_u128(id), "kind": "text", "text": text});
    let first = office.post(&path, &guest.token, message(1, "你好")).await;
    let again = office.post(&path, &guest.token, message(1, "你好")).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.body, again.body);
    let other = office.post(&path, &guest.token, message(1, "你坏")).await;
    assert_eq!((other.status, &other.body["code"]), (409, &json!("conflict")));
    for (body, status, field) in [
        (message(2, " "), 400, "text"),
        (message(2, &"x".repeat(16_385)), 413, "text"),
        (json!({"client_id": "x", "kind": "text", "text": "x"}), 400, "client_id"),
        (json!({"client_id": Uuid::from_u128(2), "kind": "event", "text": "x"}), 400, "kind"),
    ] {
        let answer = office.post(&path, &guest.token, body).await;
        assert_eq!((answer.status, &answer.body["field"]), (status, &json!(field)), "{}", answer.body);
    }
    let large = office.post(&path, &guest.token, message(2, &"x".repeat(300_000))).await;
    assert_eq!((large.status, &large.body["code"]), (413, &json!("too_large")));
    let page = office.get(&format!("{path}?limit=1"), &guest.token).await.body;
    assert_eq!((page["items"].as_array().unwrap().len(), &page["has_more"]), (1, &json!(true)));
    assert_eq!(office.get(&format!("{path}?after_seq=1&before_seq=2"), &guest.token).await.status, 400);
}

#[tokio::test]
async fn lists_go_on_where_they_ended() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    for _ in 0..5 {
        office.taken_by(&admin).await;
    }
    let (mut path, mut seen) = ("/conversations?view=all&limit=2".to_owned(), Vec::new());
    loop {
        let page = office.get(&path, &admin).await.body;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/conversations?view=all&limit=2&cursor={cursor}");
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((count, seen.len()), (5, 5));
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist() {
    let office = Office::open().await;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    assert_eq!(office.get("/nothing/here", "").await.status, 404);
    assert_eq!(office.ask(Method::DELETE, "/setup", None, &Ask::default()).await.status, 405);
    for id in ["x", "%ff", "..%2f", "00000000-0000-0000-0000-00000000000g"] {
        assert_eq!(office.get(&format!("/conversations/{id}"), &lin).await.status, 404, "{id}");
    }
    for query in ["limit=0", "limit=501", "cursor=x", "inbox=x", "view=x", "limit=1&limit=2", "view=%ff"] {
        let status = office.get(&format!("/conversations?{query}"), &lin).await.status;
        assert!(status == 400, "{query}: {status}");
    }
    assert_eq!(office.get("/conversations?unknown=1", &lin).await.status, 200);
}

#[tokio::test]
async fn addresses_of_others_are_shown_to_supervisors() {
    let office = Office::open().await;
    let lin = office.token_of(office.agent("lin", Role::Agent).await).await;
    let qian = office.token_of(office.agent("qian", Role::Supervisor).await).await;
    let emails = |body: &Value| -> Vec<String> {
        body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|agent| agent["email"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut seen = emails(&office.get("/agents", &lin).await.body);
    seen.sort_unstable();
    assert_eq!(seen, ["", "lin@example.com"]);
    assert!(emails(&office.get("/agents", &qian).await.body).iter().all(|email| !email.is_empty()));
}
