//! An office with a data layer.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use axum::{body::Body, extract::Request};
use http::{HeaderMap, Method};
use kefu_query::{
    Abilities, Call, Cell, Engine, Fetch, Fetching, RowsBuilder, Source, Target, Value as Given,
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::{
    address::Peer,
    gateway::Bridges,
    graphql::{Graphql, own::OwnRecords},
    http::tests::office::{Office, unlimited},
};

/// kefu's own records, a source that answers and one that answers when it is let.
pub(super) const YAML: &str = r#"
version: 1
sources:
  store: { kind: kefu }
  crm: { kind: test }
  slow: { kind: slow, timeout: 60s }
limits: { introspection: [admin] }
types:
  Conversation:
    source: store
    access: { records: conversations }
    key: [id]
    fields:
      id: { type: "ID!", sort: true }
      state: { type: "String!", filter: [eq, in] }
      visitorId: { type: "ID!" }
      assigneeId: { type: ID }
      updatedAt: { type: "DateTime!", sort: true }
    relations:
      visitor: { to: Visitor, on: { visitorId: id } }
      assignee: { to: Agent, on: { assigneeId: id } }
      messages: { to: Message, many: true, on: { id: conversationId }, default: 10, max: 50, order: [{ seq: desc }] }
  Visitor:
    source: store
    access: { records: visitors }
    key: [id]
    fields:
      id: { type: "ID!" }
      externalId: { type: String }
      name: { type: "String!" }
      email: { type: "String!" }
    relations:
      conversations: { to: Conversation, many: true, on: { id: visitorId }, default: 10, max: 50, order: [{ updatedAt: desc }] }
  Agent:
    source: store
    access: { records: agents }
    key: [id]
    fields: { id: { type: "ID!" }, name: { type: "String!" }, role: { type: "String!" } }
  Message:
    source: store
    access: { records: messages }
    fields:
      conversationId: { type: "ID!" }
      seq: { type: "Int!", sort: true, filter: true }
      fromKind: { type: "String!" }
      text: { type: "String!" }
    relations:
      conversation: { to: Conversation, on: { conversationId: id } }
  Ticket:
    source: store
    access: { records: tickets }
    key: [id]
    fields:
      id: { type: "ID!", sort: true }
      number: { type: "Int!", sort: true }
      subject: { type: "String!" }
      status: { type: "String!", filter: [eq] }
      updatedAt: { type: "DateTime!", sort: true }
  User:
    source: crm
    key: [id]
    fields: { id: { type: "Int!" }, name: { type: String } }
  Plan:
    source: crm
    key: [id]
    cache: { ttl: 1h, until: [message.created] }
    fields: { id: { type: "Int!" }, name: { type: String } }
  Order:
    source: slow
    key: [id]
    fields: { id: { type: "Int!" }, name: { type: String } }
query:
  conversation: { type: Conversation, by: [id] }
  conversations: { type: Conversation, list: relay, default: 20, max: 100, order: [{ updatedAt: desc }] }
  visitor: { type: Visitor, by: [id] }
  tickets: { type: Ticket, list: plain, default: 20, max: 100, order: [{ updatedAt: desc }] }
  user: { type: User, by: [id] }
  plan: { type: Plan, by: [id] }
  order: { type: Order, by: [id] }
subscription:
  messageCreated:
    bus: message.created
    args: { conversationId: ID }
    where: { conversationId: conversation.id }
    key: { conversationId: conversation.id, seq: message.seq }
    type: Message
mutation:
  rename: { source: crm, op: rename, args: { id: "Int!", name: "String!" }, returns: User }
"#;

/// A source that finds everybody, under a name made of the key; each answer waits for a permit.
pub(super) struct Everybody {
    pub(super) permits: Semaphore,
    pub(super) asked: AtomicUsize,
    /// Those that were given up before they were answered.
    pub(super) given_up: Arc<AtomicUsize>,
    pub(super) changed: AtomicUsize,
}

impl Everybody {
    fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self {
            permits: Semaphore::new(permits),
            asked: AtomicUsize::new(0),
            given_up: Arc::default(),
            changed: AtomicUsize::new(0),
        })
    }
}

/// Counts a fetch that is dropped before its end.
struct Guard(Option<Arc<AtomicUsize>>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(count) = self.0.take() {
            count.fetch_add(1, Relaxed);
        }
    }
}

impl Source for Everybody {
    fn abilities(&self, _: &Target) -> Abilities {
        Abilities { keys: vec![(0, 100)], is_idempotent: true, ..Abilities::default() }
    }

    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> Fetching<'a> {
        Box::pin(async move {
            let mut guard = Guard(Some(Arc::clone(&self.given_up)));
            self.asked.fetch_add(1, Relaxed);
            self.permits.acquire().await.unwrap().forget();
            guard.0 = None;
            let mut rows = RowsBuilder::new(fetch.columns.len());
            for value in fetch.keys.iter().flat_map(|keys| &keys.values) {
                let Given::Int(id) = value else { panic!("{value:?}") };
                for column in &fetch.columns {
                    let name = format!("user {id}");
                    let cell = if *column == 0 { Cell::Int(*id) } else { Cell::Text(&name) };
                    rows.push(cell).unwrap();
                }
            }
            Ok(rows.finish())
        })
    }

    fn call<'a>(&'a self, call: &'a Call) -> Fetching<'a> {
        Box::pin(async move {
            self.changed.fetch_add(1, Relaxed);
            let argument =
                |name: &str| call.arguments.iter().find(|(known, _)| known == name).unwrap().1.clone();
            let (Given::Int(id), Given::Text(name)) = (argument("id"), argument("name")) else { panic!() };
            let mut rows = RowsBuilder::new(call.columns.len());
            for column in &call.columns {
                rows.push(if *column == 0 { Cell::Int(id) } else { Cell::Text(&name) }).unwrap();
            }
            Ok(rows.finish())
        })
    }

    fn native(&self, _: &Fetch) -> Option<String> {
        None
    }
}

/// An office with the data layer of [`YAML`].
pub(super) struct Layered {
    pub(super) office: Office,
    pub(super) crm: Arc<Everybody>,
    pub(super) slow: Arc<Everybody>,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Layered {
    pub(super) async fn open() -> Self {
        let (crm, slow) = (Everybody::new(Semaphore::MAX_PERMITS), Everybody::new(0));
        let open = async |kind: &str, _: Value| -> Result<Arc<dyn Source>, (String, String)> {
            Ok(match kind {
                "kefu" => Arc::new(OwnRecords),
                "slow" => Arc::clone(&slow) as Arc<dyn Source>,
                _ => Arc::clone(&crm) as Arc<dyn Source>,
            })
        };
        let engine = Engine::open_with(YAML, open).await.unwrap_or_else(|error| panic!("{error}"));
        let graphql = Graphql::of(engine, false);
        let office = Box::pin(Office::open_over(unlimited(), Bridges::default(), graphql, false)).await;
        Self { office, crm, slow }
    }

    /// Sends a request to `/graphql`.
    pub(super) async fn send(&self, request: http::request::Builder, body: &str) -> Answer {
        let mut request: Request =
            request.header("host", "kefu.test").body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(Peer(std::net::Ipv4Addr::LOCALHOST.into()));
        let answer = self.office.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into());
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Asks a query as whoever has `token`.
    pub(super) async fn ask(&self, token: &str, query: &str) -> Answer {
        let request = post(token).header("accept", "application/graphql-response+json");
        self.send(request, &json!({ "query": query }).to_string()).await
    }
}

/// A request by POST with JSON.
pub(super) fn post(token: &str) -> http::request::Builder {
    let request = Request::builder().method(Method::POST).uri("/graphql");
    let request = request.header("content-type", "application/json");
    if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) }
}
