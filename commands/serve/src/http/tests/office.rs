use std::{io, net::Ipv4Addr, path::Path, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use http::{HeaderMap, Method, StatusCode};
use kefu_core::{Permission, Principal, Role};
use kefu_socket::Outbox;
use kefu_store::{AccessChange, ApiKey, Change, Indexer, OpenOptions, RecordSet, Session};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::{
    address::Peer,
    auth::{Secrets, Shown, Token, TokenKind, authenticate, password},
    clock,
    desk::{AgentChange, Connect, Desk, DeskOptions, InboxChange, ReadingOptions, RoleChange},
    files::Links,
    gateway::Bridges,
    graphql::{self, Graphql},
    live,
    metrics::Metrics,
    outgoing::Outgoing,
    services::{Foundation, Services},
    settings::{Rate, Rates, Settings},
    standby,
    words::Words,
};

/// Password of every agent made here.
pub(super) const PASSWORD: &str = "correct horse battery";

/// A daemon's inside, with the inboxes `web` (open to all) and `shop` (for pages of `https://shop.example`).
pub(crate) struct Office {
    pub(crate) services: Services,
    pub(crate) router: Router,
    pub(crate) dir: TempDir,
}

/// Who asks, and from where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    pub(crate) token: Option<String>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) peer: Option<Ipv4Addr>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// A visitor with a session.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    pub(crate) token: String,
    pub(crate) id: Uuid,
    pub(crate) conversation: Uuid,
}

/// What stands in a file of the store; nothing if it has gone since it was listed, as journals do.
pub(super) fn bytes_of(path: &Path) -> Vec<u8> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read.unwrap(),
    }
}

/// Settings without limits on how often something may happen.
pub(crate) fn unlimited() -> Settings {
    let rate = || Rate { per_minute: 0, burst: 0 };
    let rate = Rates {
        visitor_messages: rate(),
        agent_messages: rate(),
        address_requests: rate(),
        address_sessions: rate(),
        login_address: rate(),
        login_account: rate(),
        key_requests: rate(),
    };
    Settings { rate, ..Settings::default() }
}

/// The hash of [`PASSWORD`], made once.
async fn password_hash() -> String {
    static HASH: OnceCell<String> = OnceCell::const_new();
    HASH.get_or_init(async || password::hash(PASSWORD.to_owned()).await.unwrap()).await.clone()
}

impl Office {
    pub(crate) async fn open() -> Self {
        Self::open_with(unlimited()).await
    }

    pub(crate) async fn open_with(settings: Settings) -> Self {
        Box::pin(Self::open_for(settings, Bridges::default(), false)).await
    }

    /// The same with other systems behind bridges, or as a rehearsal.
    pub(crate) async fn open_for(settings: Settings, bridges: Bridges, is_shadow: bool) -> Self {
        Box::pin(Self::open_over(settings, bridges, Graphql::default(), is_shadow)).await
    }

    /// The same with a data layer.
    pub(crate) async fn open_over(
        settings: Settings,
        bridges: Bridges,
        graphql: Graphql,
        is_shadow: bool,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = OpenOptions {
            dir: dir.path().into(),
            epoch_if_new: Uuid::from_u128(7),
            now: clock::now(),
            readers: 2,
        };
        let opened = kefu_store::open(options).await.unwrap();
        let secrets = Arc::new(Secrets::new(&[7; 32]));
        let links = Links::new(Arc::clone(&secrets), settings.files.link_life);
        let (metrics, tracker) = (Arc::new(Metrics::new()), TaskTracker::new());
        let desk = Desk::start(DeskOptions {
            store: opened.store.clone(),
            writer: opened.writer,
            metrics: Arc::clone(&metrics),
            tracker: tracker.clone(),
            queue_bytes: 1 << 20,
            hot_conversations: 1000,
            heartbeat_s: 25,
            grace: std::time::Duration::from_secs(180),
            masking: settings.privacy.masking(),
            words: Arc::new(Words::load(settings.words.as_deref()).unwrap()),
            links: links.clone(),
        });
        let desk = desk.await.unwrap();
        for (slug, origins) in [("web", vec![]), ("shop", vec!["https://shop.example".to_owned()])] {
            let change = InboxChange {
                slug: Some(slug.to_owned()),
                name: Some(slug.to_owned()),
                origins: Some(origins),
                ..InboxChange::default()
            };
            desk.put_inbox(change).await.unwrap();
        }
        let foundation = Foundation {
            desk,
            indexer: Indexer::start(&opened.store).unwrap(),
            store: opened.store,
            settings,
            secrets,
            links,
            outgoing: Outgoing::new(Arc::clone(&metrics), is_shadow),
            bridges,
            graphql,
            metrics,
            tracker,
        };
        let services = Services::new(foundation).await.unwrap();
        let live = live::router(services.clone());
        let router = live.merge(super::super::router(services.clone()));
        Self { router: router.merge(graphql::router(services.clone())), services, dir }
    }

    /// From now on requests go to a standby on the same store; returns what answered until then.
    pub(crate) async fn stand_by(&mut self) -> Router {
        let Services { settings, secrets, .. } = &self.services;
        let store = kefu_store::open_reading(self.dir.path(), 2).await.unwrap();
        let links = Links::new(Arc::clone(secrets), settings.files.link_life);
        let (metrics, tracker) = (Arc::new(Metrics::new()), TaskTracker::new());
        let desk = Desk::reading(ReadingOptions {
            store: store.clone(),
            tracker: tracker.clone(),
            masking: settings.privacy.masking(),
            links: links.clone(),
        });
        let foundation = Foundation {
            desk: desk.await.unwrap(),
            store,
            indexer: Indexer::closed(),
            settings: Settings::clone(settings),
            secrets: Arc::clone(secrets),
            links,
            outgoing: Outgoing::new(Arc::clone(&metrics), false),
            bridges: Bridges::default(),
            graphql: Graphql::default(),
            metrics,
            tracker,
        };
        let reads = standby::reads(Services::new(foundation).await.unwrap());
        std::mem::replace(&mut self.router, reads)
    }

    /// Sends a request; `body` is JSON if it is there.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>, ask: &Ask) -> Answer {
        let mut request =
            Request::builder().method(method).uri(format!("/api/v1{path}")).header("host", "kefu.test");
        if let Some(token) = &ask.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.answer(request.body(body).unwrap(), ask).await
    }

    /// Sends a request as it is.
    pub(super) async fn answer(&self, mut request: Request, ask: &Ask) -> Answer {
        request.extensions_mut().insert(Peer(ask.peer.unwrap_or(Ipv4Addr::LOCALHOST).into()));
        let answer = self.router.clone().oneshot(request);
        let answer =
            tokio::time::timeout(Duration::from_secs(30), answer).await.expect("an answer in time").unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let is_json =
            parts.headers.get("content-type").is_some_and(|kind| kind.as_bytes().ends_with(b"json"));
        let body = match bytes.is_empty() {
            true => Value::Null,
            false if is_json => serde_json::from_slice(&bytes).unwrap(),
            false => String::from_utf8_lossy(&bytes).into(),
        };
        if parts.status.is_client_error() || parts.status.is_server_error() {
            assert_eq!(parts.headers["content-type"], "application/problem+json", "{body}");
            assert_eq!(body["status"], parts.status.as_u16(), "{body}");
            assert!(body["code"].is_string() && body["detail"].is_string(), "{body}");
        }
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(Method::GET, path, None, &Ask::by(token)).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body), &Ask::by(token)).await
    }

    /// Makes an agent with [`PASSWORD`].
    pub(crate) async fn agent(&self, name: &str, role: Role) -> Uuid {
        let change = AgentChange {
            name: Some(name.to_owned()),
            email: Some(format!("{name}@example.com")),
            role: Some(role),
            password_hash: Some(password_hash().await),
            ..AgentChange::default()
        };
        self.services.desk.put_agent(change).await.unwrap().id
    }

    /// Signs an agent in without its password.
    pub(crate) async fn token_of(&self, agent: Uuid) -> String {
        let token = Token::fresh(TokenKind::Agent).unwrap();
        let now = clock::now();
        let key = self.services.desk.directory().agent(agent).unwrap().key;
        let mut random = [0; 10];
        getrandom::fill(&mut random).unwrap();
        let session = Session {
            token_hash: token.hash(),
            id: clock::new_id(now, &random),
            principal: Principal::Agent(key),
            inbox: None,
            created_at: now,
            last_seen_at: now,
            expires_at: None,
            user_agent: String::new(),
            address: String::new(),
        };
        self.services.desk.open_session(session).await.unwrap();
        token.text().to_owned()
    }

    /// A role of this name and these permissions, made if it is missing.
    pub(crate) async fn role(&self, name: &str, words: &[&str]) -> Uuid {
        let known = self.services.desk.directory().roles.values().find(|role| role.name == name).cloned();
        if let Some(role) = known {
            return role.id;
        }
        let rights = words.iter().map(|word| Permission::from_word(word).unwrap()).collect();
        let change =
            RoleChange { name: Some(name.to_owned()), rights: Some(rights), ..RoleChange::default() };
        self.services.desk.put_role(change).await.unwrap().id
    }

    /// A key that acts as `owner`, and its token.
    pub(crate) async fn key(&self, owner: Uuid, words: &[&str]) -> (Uuid, String) {
        let token = Token::fresh(TokenKind::Key).unwrap();
        let now = clock::now();
        let mut random = [0; 10];
        getrandom::fill(&mut random).unwrap();
        let key = ApiKey {
            token_hash: token.hash(),
            id: clock::new_id(now, &random),
            owner: self.services.desk.directory().agent(owner).unwrap().key,
            name: "a key".to_owned(),
            scopes: words.iter().map(|word| Permission::from_word(word).unwrap()).collect(),
            networks: Vec::new(),
            created_at: now,
            expires_at: None,
            last_used_at: None,
        };
        let id = key.id;
        let changes = vec![Change::Access(AccessChange::Key(key))];
        self.services.desk.record(RecordSet { changes, audit: Vec::new() }).await.unwrap();
        (id, token.text().to_owned())
    }

    /// What the audit log says, oldest first: action and actor's kind.
    pub(crate) async fn trail(&self) -> Vec<(String, String)> {
        let lines = self.services.store.audit_lines(0, 1000).await.unwrap();
        lines.into_iter().map(|line| (line.action, line.actor_kind)).collect()
    }

    /// Opens a visitor's session in `web`.
    pub(crate) async fn guest(&self) -> Guest {
        let answer =
            self.ask(Method::POST, "/widget/sessions", Some(json!({"inbox": "web"})), &Ask::default()).await;
        assert_eq!(answer.status, StatusCode::CREATED.as_u16(), "{}", answer.body);
        Guest::from(&answer.body)
    }

    /// A live connection of whoever has `token`: its outbox.
    pub(crate) async fn connect(&self, token: &str, connection_id: Uuid) -> Arc<Outbox> {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        let shown = Shown {
            headers: &headers,
            query_token: None,
            address: None,
            method_is_unsafe: false,
            require_origin: false,
            is_for_enrolling: false,
        };
        let who = authenticate(&self.services, shown).await.unwrap().into();
        let outbox = self.services.registry.open();
        let connect = Connect { who, outbox: outbox.clone(), connection_id, conversations: Vec::new() };
        self.services.desk.connect(connect).await.unwrap();
        outbox
    }

    /// A visitor's conversation with one message, which `agent` has taken.
    pub(crate) async fn taken_by(&self, agent: &str) -> Guest {
        let guest = self.guest().await;
        let message = json!({"client_id": Uuid::from_u128(1), "kind": "text", "text": "你好"});
        let path = format!("/conversations/{}", guest.conversation);
        assert_eq!(self.post(&format!("{path}/messages"), &guest.token, message).await.status, 201);
        let accepted = self.ask(Method::POST, &format!("{path}/accept"), None, &Ask::by(agent)).await;
        assert_eq!(accepted.status, 200, "{}", accepted.body);
        guest
    }
}

impl Ask {
    pub(crate) fn by(token: &str) -> Self {
        Self { token: Some(token.to_owned()).filter(|token| !token.is_empty()), ..Self::default() }
    }

    pub(crate) fn from(peer: [u8; 4]) -> Self {
        Self { peer: Some(peer.into()), ..Self::default() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Guest {
    pub(crate) fn from(body: &Value) -> Self {
        let id = |name: &str| body[name].as_str().unwrap().parse().unwrap();
        Self {
            token: body["token"].as_str().unwrap().to_owned(),
            id: id("visitor_id"),
            conversation: id("conversation_id"),
        }
    }
}
