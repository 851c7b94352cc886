//! Every route for every caller, on their own things and on those of others.

use std::collections::BTreeSet;

use http::Method;
use kefu_core::{Principal, Role};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    articles, files, masking, notes,
    office::{Ask, Office, PASSWORD, unlimited},
    oversee, privacy, records, reports, retention, shadow, words,
};
use crate::http::openapi::document::DOCUMENT;

/// Statuses for: nobody, the conversation's visitor, another visitor, its agent, another agent, a supervisor, an
/// admin.
pub(crate) type Statuses = [u16; 7];

const CALLERS: [&str; 7] =
    ["nobody", "visitor", "other visitor", "agent", "other agent", "supervisor", "admin"];

/// A route; `{c}`, `{v}`, `{a}`, `{s}`, `{i}`, `{r}`, `{y}` and `{n}` are a conversation that its agent has taken,
/// its visitor, that agent, a session of that agent, an inbox, a role that nobody has, a key, and an id of nothing.
pub(crate) struct Case {
    method: Method,
    path: &'static str,
    body: Option<Value>,
    statuses: Statuses,
}

pub(crate) fn case(method: Method, path: &'static str, body: Option<Value>, statuses: Statuses) -> Case {
    Case { method, path, body, statuses }
}

fn cases() -> Vec<Case> {
    let get = |path, statuses| case(Method::GET, path, None, statuses);
    let post = |path, body, statuses| case(Method::POST, path, Some(body), statuses);
    let act = |path, statuses| case(Method::POST, path, None, statuses);
    let patch = |path, body, statuses| case(Method::PATCH, path, Some(body), statuses);
    let message = |kind| json!({"client_id": Uuid::from_u128(2), "kind": kind, "text": "x"});
    let mut cases = vec![
        get("/setup", [200; 7]),
        post(
            "/setup",
            json!({"token": "x", "name": "x", "email": "x@x", "password": "0123456789"}),
            [409; 7],
        ),
        post("/auth/login", json!({"email": "nobody@example.com", "password": "0123456789"}), [401; 7]),
        act("/auth/logout", [401, 204, 204, 204, 204, 204, 204]),
        get("/auth/me", [401, 403, 403, 200, 200, 200, 200]),
        get("/auth/sessions", [401, 403, 403, 200, 200, 200, 200]),
        case(Method::DELETE, "/auth/sessions/{s}", None, [401, 403, 403, 204, 404, 404, 404]),
        case(Method::DELETE, "/auth/sessions/{n}", None, [401, 403, 403, 404, 404, 404, 404]),
        get("/agents", [401, 403, 403, 200, 200, 200, 200]),
        post(
            "/agents",
            json!({"name": "new", "email": "new@example.com", "password": "0123456789", "role": "agent"}),
            [401, 403, 403, 403, 403, 403, 201],
        ),
        patch("/agents/{a}", json!({"name": "lin"}), [401, 403, 403, 200, 403, 403, 200]),
        patch("/agents/{a}", json!({"capacity": 9}), [401, 403, 403, 403, 403, 403, 200]),
        patch("/agents/{a}", json!({"role": "agent"}), [401, 403, 403, 403, 403, 403, 200]),
        patch("/agents/{a}", json!({"disabled": false}), [401, 403, 403, 403, 403, 403, 200]),
        patch("/agents/{n}", json!({"name": "x"}), [401, 403, 403, 403, 403, 403, 404]),
        case(
            Method::PUT,
            "/agents/me/status",
            Some(json!({"status": "busy"})),
            [401, 403, 403, 200, 200, 200, 200],
        ),
        get("/agents/break-reasons", [401, 403, 403, 200, 200, 200, 200]),
        case(
            Method::PUT,
            "/agents/{a}/status",
            Some(json!({"status": "away", "reason": "meal"})),
            [401, 403, 403, 403, 403, 200, 200],
        ),
        case(
            Method::PUT,
            "/agents/{n}/status",
            Some(json!({"status": "away"})),
            [401, 403, 403, 403, 403, 404, 404],
        ),
        get("/teams", [401, 403, 403, 200, 200, 200, 200]),
        post("/teams", json!({"name": "Refunds"}), [401, 403, 403, 403, 403, 403, 201]),
        patch("/teams/{n}", json!({"version": 1, "name": "Refunds"}), [401, 403, 403, 403, 403, 403, 404]),
        case(Method::DELETE, "/teams/{n}", None, [401, 403, 403, 403, 403, 403, 404]),
        patch("/agents/{a}", json!({"skills": {"退款": 3}}), [401, 403, 403, 403, 403, 403, 200]),
        patch("/agents/{a}", json!({"custom_role_id": null}), [401, 403, 403, 403, 403, 403, 200]),
        get("/agents/{a}/sessions", [401, 403, 403, 403, 403, 403, 200]),
        get("/agents/{n}/sessions", [401, 403, 403, 403, 403, 403, 404]),
        case(Method::DELETE, "/agents/{a}/sessions", None, [401, 403, 403, 403, 403, 403, 204]),
        case(Method::DELETE, "/agents/{n}/sessions", None, [401, 403, 403, 403, 403, 403, 404]),
        case(Method::DELETE, "/agents/{a}/sessions/{s}", None, [401, 403, 403, 403, 403, 403, 204]),
        case(Method::DELETE, "/agents/{a}/sessions/{n}", None, [401, 403, 403, 403, 403, 403, 404]),
        case(Method::DELETE, "/agents/{a}/totp", None, [401, 403, 403, 403, 403, 403, 404]),
        case(
            Method::PUT,
            "/auth/password",
            Some(json!({"current": "wrong", "password": "another good password"})),
            [401, 403, 403, 403, 403, 403, 403],
        ),
        get("/auth/totp", [401, 403, 403, 200, 200, 200, 200]),
        post("/auth/totp", json!({"password": "wrong"}), [401, 403, 403, 403, 403, 403, 403]),
        post("/auth/totp/confirm", json!({"code": "123456"}), [401, 403, 403, 409, 409, 409, 409]),
        case(
            Method::DELETE,
            "/auth/totp",
            Some(json!({"password": PASSWORD, "code": "123456"})),
            [401, 403, 403, 404, 404, 404, 404],
        ),
        get("/permissions", [401, 403, 403, 200, 200, 200, 200]),
        get("/roles", [401, 403, 403, 200, 200, 200, 200]),
        post("/roles", json!({"name": "new", "permissions": ["chat"]}), [401, 403, 403, 403, 403, 403, 201]),
        patch("/roles/{r}", json!({"permissions": ["chat"]}), [401, 403, 403, 403, 403, 403, 200]),
        patch("/roles/{n}", json!({"name": "x"}), [401, 403, 403, 403, 403, 403, 404]),
        case(Method::DELETE, "/roles/{r}", None, [401, 403, 403, 403, 403, 403, 204]),
        case(Method::DELETE, "/roles/{n}", None, [401, 403, 403, 403, 403, 403, 404]),
        get("/keys", [401, 403, 403, 403, 403, 403, 200]),
        post("/keys", json!({"name": "new", "scopes": ["chat"]}), [401, 403, 403, 403, 403, 403, 201]),
        case(Method::DELETE, "/keys/{y}", None, [401, 403, 403, 403, 403, 403, 204]),
        case(Method::DELETE, "/keys/{n}", None, [401, 403, 403, 403, 403, 403, 404]),
        get("/audit", [401, 403, 403, 403, 403, 403, 200]),
        get("/audit/verify", [401, 403, 403, 403, 403, 403, 200]),
        get("/inboxes", [401, 403, 403, 200, 200, 200, 200]),
        post("/inboxes", json!({"key": "new", "name": "New"}), [401, 403, 403, 403, 403, 403, 201]),
        patch("/inboxes/{i}", json!({"greeting": "hi"}), [401, 403, 403, 403, 403, 403, 200]),
        patch("/inboxes/{i}", json!({"version": 7}), [401, 403, 403, 403, 403, 403, 409]),
        patch("/inboxes/{n}", json!({"greeting": "hi"}), [401, 403, 403, 403, 403, 403, 404]),
        act("/inboxes/{i}/secret", [401, 403, 403, 403, 403, 403, 200]),
        act("/inboxes/{n}/secret", [401, 403, 403, 403, 403, 403, 404]),
        get("/widget/config?inbox=web", [200; 7]),
        get("/widget/config?inbox=none", [404; 7]),
        post("/widget/sessions", json!({"inbox": "web"}), [201, 201, 201, 401, 401, 401, 401]),
        get("/conversations", [401, 200, 200, 200, 200, 200, 200]),
        get("/conversations/{c}", [401, 200, 404, 200, 404, 200, 200]),
        get("/conversations/{n}", [401, 404, 404, 404, 404, 404, 404]),
        get("/conversations/{c}/messages", [401, 200, 404, 200, 404, 200, 200]),
        get("/conversations/{n}/messages", [401, 404, 404, 404, 404, 404, 404]),
        post("/conversations/{c}/messages", message("text"), [401, 201, 404, 201, 404, 201, 201]),
        post("/conversations/{c}/messages", message("note"), [401, 403, 404, 201, 404, 201, 201]),
        post("/conversations/{n}/messages", message("text"), [401, 404, 404, 404, 404, 404, 404]),
        // The first message is the visitor's.
        patch("/conversations/{c}/messages/1", json!({"text": "y"}), [401, 204, 404, 403, 404, 403, 403]),
        patch("/conversations/{n}/messages/1", json!({"text": "y"}), [401, 404, 404, 404, 404, 404, 404]),
        case(Method::DELETE, "/conversations/{c}/messages/1", None, [401, 204, 404, 403, 404, 403, 403]),
        case(Method::DELETE, "/conversations/{n}/messages/1", None, [401, 404, 404, 404, 404, 404, 404]),
        act("/conversations/{c}/accept", [401, 403, 403, 200, 404, 409, 409]),
        act("/conversations/{c}/pending", [401, 403, 403, 200, 404, 200, 200]),
        post("/conversations/{c}/snooze", json!({"until": later()}), [401, 403, 403, 200, 404, 200, 200]),
        post(
            "/conversations/{c}/snooze",
            json!({"until": "2020-01-01T00:00:00Z"}),
            [401, 403, 403, 400, 404, 400, 400],
        ),
        act("/conversations/{c}/unread", [401, 403, 403, 200, 404, 200, 200]),
        act("/conversations/{n}/unread", [401, 403, 403, 404, 404, 404, 404]),
        get("/conversations/counts", [401, 403, 403, 200, 200, 200, 200]),
        act("/conversations/{c}/resolve", [401, 403, 403, 200, 404, 200, 200]),
        act("/conversations/{c}/end", [401, 200, 404, 403, 403, 403, 403]),
        act("/conversations/{n}/end", [401, 404, 404, 403, 403, 403, 403]),
        act("/conversations/{c}/reopen", [401, 403, 403, 409, 404, 409, 409]),
        act("/conversations/{c}/decline", [401, 403, 403, 409, 404, 409, 409]),
        case(
            Method::PUT,
            "/conversations/{c}/priority",
            Some(json!({"priority": "high"})),
            [401, 403, 403, 200, 404, 200, 200],
        ),
        post("/conversations/{c}/transfer", json!({}), [401, 403, 403, 200, 404, 200, 200]),
        post(
            "/conversations/{c}/transfer",
            json!({"agent_id": Uuid::nil()}),
            [401, 403, 403, 400, 404, 400, 400],
        ),
        post("/conversations/{c}/rating", json!({"score": 5}), [401, 200, 404, 403, 403, 403, 403]),
        act("/conversations/{c}/rating/invite", [401, 403, 403, 200, 404, 200, 200]),
        post("/conversations/{c}/read", json!({"seq": 1}), [401, 204, 404, 204, 404, 204, 204]),
        get("/search?q=x", [401, 403, 403, 200, 200, 200, 200]),
        get("/visitors/{v}", [401, 403, 403, 200, 404, 200, 200]),
        get("/visitors/{n}", [401, 403, 403, 404, 404, 404, 404]),
        get("/visitors/{v}/pages", [401, 403, 403, 200, 404, 200, 200]),
        get("/visitors/{n}/pages", [401, 403, 403, 404, 404, 404, 404]),
        post("/widget/pages", json!({"url": "https://shop.example"}), [401, 204, 204, 403, 403, 403, 403]),
        get("/customers?q=nobody", [401, 403, 403, 200, 200, 200, 200]),
        get("/customers/{v}", [401, 403, 403, 200, 404, 200, 200]),
        get("/customers/{n}", [401, 403, 403, 404, 404, 404, 404]),
        patch("/customers/{v}", json!({"version": 0, "note": "x"}), [401, 403, 403, 200, 404, 200, 200]),
        patch("/customers/{v}", json!({"version": 7, "note": "x"}), [401, 403, 403, 409, 404, 409, 409]),
        post("/customers/{v}/merge", json!({"from": [Uuid::nil()]}), [401, 403, 403, 404, 404, 404, 404]),
        post("/customers/{v}/merge", json!({"from": []}), [401, 403, 403, 400, 404, 400, 400]),
        post("/customers/{v}/unmerge", json!({"merge_id": Uuid::nil()}), [401, 403, 403, 409, 404, 409, 409]),
        get("/customers/{v}/conversations", [401, 403, 403, 200, 404, 200, 200]),
        get("/customers/{v}/identities", [401, 403, 403, 200, 404, 200, 200]),
        post(
            "/customers/{v}/identities",
            json!({"kind": "phone", "value": "+86 138 0000 0000"}),
            [401, 403, 403, 201, 404, 201, 201],
        ),
        case(Method::DELETE, "/customers/{v}/identities/{v}", None, [401, 403, 403, 409, 404, 409, 409]),
        case(Method::DELETE, "/customers/{v}/identities/{n}", None, [401, 403, 403, 404, 404, 404, 404]),
        get("/blocks", [401, 403, 403, 403, 403, 200, 200]),
        post("/blocks", json!({"address": "198.51.100.0/24"}), [401, 403, 403, 403, 403, 201, 409]),
        case(Method::DELETE, "/blocks/{n}", None, [401, 403, 403, 403, 403, 404, 404]),
        get("/openapi.json", [200; 7]),
        post("/stream/{n}", json!({"type": "ping"}), [401, 404, 404, 404, 404, 404, 404]),
    ];
    cases.extend(oversee::cases());
    cases.extend(notes::cases());
    cases.extend(shadow::cases());
    #[cfg(feature = "channels")]
    cases.extend(super::channels::cases());
    #[cfg(feature = "events")]
    cases.extend(super::events::cases());
    cases.extend(articles::cases());
    cases.extend(records::cases());
    cases.extend(reports::cases());
    cases.extend(masking::cases());
    cases.extend(words::cases());
    cases.extend(privacy::cases());
    cases.extend(retention::cases());
    cases.extend(files::cases());
    #[cfg(feature = "graphql")]
    cases.extend(crate::graphql::tests::cases());
    #[cfg(feature = "bridge")]
    cases.extend(super::external::cases());
    cases
}

/// In an hour.
fn later() -> String {
    crate::view::timestamp(crate::clock::now().plus_seconds(3600)).to_string()
}

#[tokio::test]
async fn every_route_for_every_caller() {
    let mut wrong = Vec::new();
    for case in cases() {
        let cast = Cast::open().await;
        for (caller, expected) in CALLERS.iter().zip(case.statuses) {
            let status = cast.run(&case, caller).await;
            if status != expected {
                wrong.push(format!("{} {} by {caller}: {status}, not {expected}", case.method, case.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A key opens what its scopes say, and nothing else: this one may read statistics. Whatever asks somebody to sign in
/// must refuse it, but for who it is itself.
#[tokio::test]
async fn a_key_opens_nothing_beyond_its_scopes() {
    let mut wrong = Vec::new();
    for case in cases().into_iter().filter(|case| case.statuses[0] == 401 && case.path != "/auth/login") {
        let cast = Cast::open().await;
        let status = cast.run(&case, "key").await;
        if !matches!((status, case.path), (403 | 404, _) | (200, "/auth/me"))
            && !case.path.starts_with("/reports")
        {
            wrong.push(format!("{} {} by a key: {status}", case.method, case.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The table names every operation of the description but the stream, whose answer does not end.
#[test]
fn the_table_is_complete() {
    let document: Value = serde_json::from_slice(&DOCUMENT).unwrap();
    let described: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let path = path.strip_prefix("/api/v1").unwrap();
            item.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
        })
        .filter(|operation| operation != "get /stream")
        .collect();
    let tested: BTreeSet<_> = cases()
        .iter()
        .map(|case| {
            let path = case.path.split('?').next().unwrap();
            let path = path
                .replace("/stream/{n}", "/stream/{connection_id}")
                .replace("/messages/1", "/messages/{seq}")
                .replace("/refused/1", "/refused/{number}")
                .replace("/actions/0", "/actions/{number}")
                .replace("/identities/{v}", "/identities/{identity}")
                .replace("/identities/{n}", "/identities/{identity}");
            let path = [
                "{c}", "{v}", "{a}", "{s}", "{i}", "{n}", "{t}", "{k}", "{p}", "{g}", "{r}", "{y}", "{b}",
                "{d}", "{f}", "{u}",
            ]
            .iter()
            .fold(path, |path, id| path.replace(id, "{id}"));
            let path = path
                .replace("/texts/zh", "/texts/{language}")
                .replace("/texts/en", "/texts/{language}")
                .replace("{id}/conversations/{id}", "{id}/conversations/{conversation_id}")
                .replace("/external-tickets/T-1", "/external-tickets/{number}")
                .replace("/deliveries/{id}", "/deliveries/{delivery}")
                .replace("/external-writes/{id}", "/external-writes/{write_id}")
                .replace("/agents/{id}/sessions/{id}", "/agents/{id}/sessions/{session}");
            format!("{} {path}", case.method.as_str().to_lowercase())
        })
        .collect();
    assert_eq!(tested, described);
}

/// An office and the agents in it.
struct Cast {
    office: Office,
    agent: Uuid,
    other_agent: Uuid,
    supervisor: Uuid,
    admin: Uuid,
}

impl Cast {
    async fn open() -> Self {
        #[cfg(feature = "bridge")]
        let bridges = super::external::nobody();
        #[cfg(not(feature = "bridge"))]
        let bridges = crate::gateway::Bridges::default();
        let office = Office::open_for(unlimited(), bridges, false).await;
        Self {
            agent: office.agent("lin", Role::Agent).await,
            other_agent: office.agent("zhou", Role::Agent).await,
            supervisor: office.agent("qian", Role::Supervisor).await,
            admin: office.agent("zhao", Role::Admin).await,
            office,
        }
    }

    /// One request about a conversation of its own.
    async fn run(&self, case: &Case, caller: &str) -> u16 {
        let office = &self.office;
        let agent_token = office.token_of(self.agent).await;
        let guest = office.taken_by(&agent_token).await;
        let directory = office.services.desk.directory();
        let key = directory.agent(self.agent).unwrap().key;
        let sessions = office.services.store.sessions_of(Principal::Agent(key)).await.unwrap();
        let mut named = vec![
            ("{c}", guest.conversation),
            ("{v}", guest.id),
            ("{a}", self.agent),
            ("{s}", sessions[0].id),
            ("{i}", directory.inbox_by_slug("web").unwrap().id),
            ("{r}", office.role("unused", &["chat"]).await),
            ("{y}", office.key(self.admin, &["chat"]).await.0),
            ("{n}", Uuid::from_u128(99)),
        ];
        let body = case.body.as_ref().map(Value::to_string).unwrap_or_default();
        let wanted = |name: &str| case.path.contains(name) || body.contains(name);
        let admin_token = office.token_of(self.admin).await;
        named.extend(records::fixtures(office, wanted, &guest, &agent_token, &admin_token).await);
        if wanted("{f}") || wanted("{u}") {
            named.extend(files::fixtures(office, &guest).await);
        }
        let fill =
            |text: String| named.iter().fold(text, |text, (name, id)| text.replace(name, &id.to_string()));
        let path = fill(case.path.to_owned());
        let body = case.body.is_some().then(|| serde_json::from_str(&fill(body)).unwrap());
        let token = match caller {
            "nobody" => String::new(),
            "visitor" => guest.token,
            "other visitor" => office.guest().await.token,
            "agent" => agent_token,
            "other agent" => office.token_of(self.other_agent).await,
            "supervisor" => office.token_of(self.supervisor).await,
            "key" => office.key(self.admin, &["reports"]).await.1,
            _ => admin_token,
        };
        office.ask(case.method.clone(), &path, body, &Ask::by(&token)).await.status
    }
}
