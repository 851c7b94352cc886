use ::http::{Request, StatusCode};
use axum::body::Body;
use tower::ServiceExt as _;

use super::*;
use crate::services::socket_limits;
use crate::{auth::TokenKind, desk::InboxChange};

const HERE: ([u8; 4], u16) = ([127, 0, 0, 1], 8080);

#[test]
fn the_welcome_names_one_thing_a_line() {
    let settings = Settings::default();
    let plain = welcome(HERE.into(), &settings, false, None, &[]);
    assert_eq!(plain, "listening on http://127.0.0.1:8080\nconsole  http://127.0.0.1:8080/console/\n");
    let log_in = LogIn { email: "lin@demo.kefu.invalid", password: "amber-apple".to_owned() };
    let demo = welcome(HERE.into(), &settings, true, None, &[log_in]);
    let ends = "demo     http://127.0.0.1:8080/demo\nagent    lin@demo.kefu.invalid  password amber-apple\n";
    assert!(demo.ends_with(ends), "{demo}");
}

#[test]
fn the_set_up_link_leads_to_the_public_url() {
    let token = Token::fresh(TokenKind::Setup).unwrap();
    let public_url = Some("https://chat.example.com".to_owned());
    let settings = Settings { public_url, ..Settings::default() };
    let text = welcome(HERE.into(), &settings, false, Some(&token), &[]);
    let link = format!("set up   https://chat.example.com/console/#/setup?token={}\n", token.text());
    assert!(text.starts_with("listening on http://127.0.0.1:8080\n") && text.ends_with(&link), "{text}");
}

#[test]
fn two_heartbeats_may_be_missed_within_a_minute() {
    let limits = socket_limits(&Settings::default());
    assert_eq!((limits.ping_after_s, limits.dead_after_s), (25, 55));
    assert_eq!(limits.queue_bytes_max, 256 * 1024);
}

/// A daemon without a port.
struct Daemon {
    services: Services,
    router: Router,
    handle: kefu_app::StopHandle,
}

impl Daemon {
    async fn open(dir: &Path, settings: Settings, demo: bool) -> Self {
        let (services, store_metrics) =
            open(dir, settings, Arc::default(), Bridges::default(), Graphql::default(), false).await.unwrap();
        let (handle, stop) = Stop::new();
        let router = router(services.clone(), store_metrics, demo, stop);
        Self { services, router, handle }
    }

    async fn get(&self, path: &str, token: &str) -> (StatusCode, String) {
        let request = Request::builder().uri(path).header("authorization", format!("Bearer {token}"));
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn stop(self) {
        self.services.desk.stop().await;
        drop(self.router);
        self.services.tracker.close();
        timeout(Duration::from_secs(20), self.services.tracker.wait()).await.unwrap();
    }
}

#[tokio::test]
async fn a_demo_is_seeded_once_and_keeps_its_log_ins() {
    let dir = tempfile::tempdir().unwrap();
    let mut passwords = Vec::new();
    for _ in 0..2 {
        let Daemon { services, .. } = Daemon::open(dir.path(), Settings::default(), true).await;
        let log_ins = demo::prepare(&services.desk, &services.store, dir.path()).await.unwrap();
        first::ensure_inbox(&services.desk).await.unwrap();
        assert!(first::ensure_admin(&services.desk, None, 8).await.unwrap().is_none());
        let directory = services.desk.directory();
        assert_eq!((directory.agents.len(), directory.inboxes.len()), (2, 2));
        let view = kefu_store::View::Waiting;
        let (waiting, _) = services.store.conversations(view, None, None, 50).await.unwrap();
        assert_eq!(waiting.items.len(), 2);
        passwords.push(log_ins.into_iter().map(|log_in| log_in.password).collect::<Vec<_>>());
        services.desk.stop().await;
        services.tracker.close();
        services.tracker.wait().await;
    }
    assert_eq!(passwords[0], passwords[1]);
}

#[tokio::test]
async fn a_demo_does_not_touch_a_store_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::open(dir.path(), Settings::default(), true).await;
    let desk = &daemon.services.desk;
    first::ensure_inbox(desk).await.unwrap();
    let admin = crate::desk::AgentChange { email: Some("boss@example.com".to_owned()), ..Default::default() };
    desk.put_agent(admin).await.unwrap();
    let failure = demo::prepare(desk, &daemon.services.store, dir.path()).await.unwrap_err();
    assert_eq!(failure.exit(), Exit::Config);
    assert_eq!(desk.directory().agents.len(), 1);
    daemon.stop().await;
}

#[tokio::test]
async fn an_empty_store_gets_an_inbox_and_a_fresh_token_at_each_start() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::open(dir.path(), Settings::default(), false).await;
    let desk = &daemon.services.desk;
    for _ in 0..2 {
        first::ensure_inbox(desk).await.unwrap();
        let token = first::ensure_admin(desk, None, 8).await.unwrap().unwrap();
        let kept = daemon.services.store.setup_token_hash().await.unwrap();
        assert_eq!(kept, Some(token.hash()), "only the hash is kept");
    }
    let slugs: Vec<_> = desk.directory().inboxes.values().map(|inbox| inbox.slug.clone()).collect();
    assert_eq!(slugs, ["web"]);
    daemon.stop().await;
}

#[tokio::test]
async fn health_and_metrics_say_how_the_daemon_is() {
    let dir = tempfile::tempdir().unwrap();
    let metrics_token = Some(Secret::new("hush"));
    let daemon = Daemon::open(dir.path(), Settings { metrics_token, ..Settings::default() }, false).await;
    assert_eq!(daemon.get("/healthz", "").await.0, StatusCode::OK);
    // A desk that a slow disk keeps waiting is not ready yet.
    let ready = async {
        loop {
            let answer = daemon.get("/readyz", "").await;
            if answer.0 == StatusCode::OK {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ready = timeout(Duration::from_secs(60), ready).await.expect("it is ready in time");
    assert_eq!(ready, (StatusCode::OK, "ready\n".to_owned()));
    for token in ["", "hus", "hush!"] {
        assert_eq!(daemon.get("/metrics", token).await.0, StatusCode::UNAUTHORIZED, "{token}");
    }
    let (status, text) = daemon.get("/metrics", "hush").await;
    assert!(status == StatusCode::OK && text.contains("\nkefu_tasks "), "{text}");
    assert_eq!(daemon.get("/demo", "").await.0, StatusCode::NOT_FOUND);
    daemon.handle.request();
    assert_eq!(daemon.get("/readyz", "").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(daemon.get("/healthz", "").await.0, StatusCode::OK);
    daemon.stop().await;
}

#[tokio::test]
async fn an_inbox_without_origins_is_open_to_every_site() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::open(dir.path(), Settings::default(), false).await;
    let desk = &daemon.services.desk;
    let inbox = |slug: &str, origins: &[&str]| InboxChange {
        slug: Some(slug.to_owned()),
        origins: Some(origins.iter().map(|&origin| origin.to_owned()).collect()),
        ..InboxChange::default()
    };
    desk.put_inbox(inbox("a", &["https://a.example"])).await.unwrap();
    let only = Some(vec!["https://a.example".to_owned()]);
    assert_eq!(embedding_origins(desk, Some("a")), only);
    assert_eq!(embedding_origins(desk, None), only);
    desk.put_inbox(inbox("b", &[])).await.unwrap();
    assert_eq!(embedding_origins(desk, Some("a")), only);
    assert_eq!(embedding_origins(desk, Some("b")), None);
    assert_eq!(embedding_origins(desk, None), None);
    daemon.stop().await;
}

#[tokio::test]
async fn a_rehearsal_and_the_real_thing_do_not_share_a_store() {
    let (real, shadow) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (dir, is_shadow) in [(&real, false), (&shadow, true)] {
        for _ in 0..2 {
            let (services, _) = open(
                dir.path(),
                Settings::default(),
                Arc::default(),
                Bridges::default(),
                Graphql::default(),
                is_shadow,
            )
            .await
            .unwrap();
            first::ensure_inbox(&services.desk).await.unwrap();
            assert_eq!(services.outgoing.is_shadow(), is_shadow);
            assert_eq!(services.store.is_shadow().await.unwrap(), is_shadow);
            services.desk.stop().await;
        }
        let refused = open(
            dir.path(),
            Settings::default(),
            Arc::default(),
            Bridges::default(),
            Graphql::default(),
            !is_shadow,
        )
        .await
        .err()
        .unwrap();
        assert_eq!(refused.exit(), Exit::Data);
        assert!(refused.line(kefu_app::Language::English).contains("--data-dir"));
    }
}
