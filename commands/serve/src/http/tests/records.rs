//! Tickets, canned replies, tags and transcripts: the rows of the table of rights, and what they are about.

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    office::{Guest, Office},
    rights::{Case, case},
};

/// The rows. `{t}`, `{k}`, `{p}` and `{g}` are a ticket of the conversation's visitor, a shared canned reply, one of
/// the conversation's agent, and a tag.
pub(super) fn cases() -> Vec<Case> {
    let get = |path, statuses| case(Method::GET, path, None, statuses);
    let post = |path, body, statuses| case(Method::POST, path, Some(body), statuses);
    let patch = |path, body, statuses| case(Method::PATCH, path, Some(body), statuses);
    let delete = |path, statuses| case(Method::DELETE, path, None, statuses);
    let canned =
        |shared| json!({"shared": shared, "shortcut": "new", "title": "x", "text": "{{agent.name}}"});
    let render = json!({"conversation_id": "{c}"});
    let comment = |internal| json!({"text": "x", "internal": internal});
    vec![
        get("/tickets", [401, 200, 200, 200, 200, 200, 200]),
        get("/tickets?conversation={c}", [401, 200, 404, 200, 404, 200, 200]),
        post(
            "/tickets",
            json!({"subject": "x", "conversation_ids": ["{c}"]}),
            [401, 403, 403, 201, 404, 201, 201],
        ),
        post("/tickets", json!({"subject": "x", "inbox_id": "{i}"}), [401, 403, 403, 201, 201, 201, 201]),
        post("/tickets", json!({"subject": "x", "requester_id": "{v}"}), [401, 403, 403, 201, 404, 201, 201]),
        post(
            "/tickets",
            json!({"subject": "x", "inbox_id": "{i}", "team_id": "{n}"}),
            [401, 403, 403, 400, 400, 400, 400],
        ),
        patch("/tickets/{t}", json!({"version": 1, "team_id": "{n}"}), [401, 403, 403, 400, 400, 400, 400]),
        get("/tickets/{t}", [401, 200, 404, 200, 200, 200, 200]),
        get("/tickets/{n}", [401, 404, 404, 404, 404, 404, 404]),
        patch("/tickets/{t}", json!({"version": 1, "status": "open"}), [401, 403, 403, 200, 200, 200, 200]),
        patch("/tickets/{n}", json!({"version": 1}), [401, 403, 403, 404, 404, 404, 404]),
        get("/tickets/{t}/comments", [401, 200, 404, 200, 200, 200, 200]),
        post("/tickets/{t}/comments", comment(false), [401, 201, 404, 201, 201, 201, 201]),
        post("/tickets/{t}/comments", comment(true), [401, 403, 404, 201, 201, 201, 201]),
        get("/tickets/{t}/history", [401, 403, 403, 200, 200, 200, 200]),
        case(Method::POST, "/tickets/{t}/conversations/{c}", None, [401, 403, 403, 200, 404, 200, 200]),
        delete("/tickets/{t}/conversations/{c}", [401, 403, 403, 404, 404, 404, 404]),
        post(
            "/widget/offline-messages",
            json!({"email": "w@example.com", "text": "x"}),
            [401, 201, 201, 403, 403, 403, 403],
        ),
        get("/canned-replies?q=x", [401, 403, 403, 200, 200, 200, 200]),
        post("/canned-replies", canned(true), [401, 403, 403, 403, 403, 201, 409]),
        post("/canned-replies", canned(false), [401, 403, 403, 201, 201, 201, 201]),
        patch("/canned-replies/{k}", json!({"title": "y"}), [401, 403, 403, 403, 403, 200, 200]),
        patch("/canned-replies/{p}", json!({"title": "y"}), [401, 403, 403, 200, 404, 404, 404]),
        delete("/canned-replies/{k}", [401, 403, 403, 403, 403, 204, 204]),
        delete("/canned-replies/{p}", [401, 403, 403, 204, 404, 404, 404]),
        post("/canned-replies/{k}/render", render.clone(), [401, 403, 403, 200, 404, 200, 200]),
        post("/canned-replies/{p}/render", render, [401, 403, 403, 200, 404, 404, 404]),
        get("/tags", [401, 403, 403, 200, 200, 200, 200]),
        post("/tags", json!({"name": "new"}), [401, 403, 403, 403, 403, 201, 409]),
        patch("/tags/{g}", json!({"colour": "#ff0000"}), [401, 403, 403, 403, 403, 200, 200]),
        delete("/tags/{g}", [401, 403, 403, 403, 403, 204, 204]),
        delete("/tags/{n}", [401, 403, 403, 403, 403, 404, 404]),
        get("/conversations/{c}/tags", [401, 403, 403, 200, 404, 200, 200]),
        case(
            Method::PUT,
            "/conversations/{c}/tags",
            Some(json!({"tags": ["{g}"]})),
            [401, 403, 403, 200, 404, 200, 200],
        ),
        get("/conversations/{c}/transcript?format=json", [401, 200, 404, 200, 404, 200, 200]),
        get("/conversations/{n}/transcript", [401, 404, 404, 404, 404, 404, 404]),
    ]
}

/// What stands for the placeholders that `wanted` says are needed.
pub(super) async fn fixtures(
    office: &Office,
    wanted: impl Fn(&str) -> bool,
    guest: &Guest,
    agent: &str,
    admin: &str,
) -> Vec<(&'static str, Uuid)> {
    let mut made = Vec::new();
    // Other callers have made their own before.
    let name = guest.id.simple().to_string();
    let canned = |shared| json!({"shared": shared, "shortcut": name, "title": "x", "text": "x"});
    let wishes = [
        ("{t}", "/tickets", agent, json!({"subject": "x", "requester_id": guest.id})),
        ("{k}", "/canned-replies", admin, canned(true)),
        ("{p}", "/canned-replies", agent, canned(false)),
        ("{g}", "/tags", admin, json!({"name": name})),
        ("{b}", "/categories", admin, json!({"names": {"zh": name}})),
        (
            "{d}",
            "/articles",
            admin,
            json!({"slug": name, "state": "published", "texts": {"zh": {"title": "x", "body": "y"}}}),
        ),
    ];
    for (placeholder, path, token, body) in wishes {
        if wanted(placeholder) {
            made.push((placeholder, id(&office.post(path, token, body).await.body)));
        }
    }
    made
}

/// The id of what was made.
pub(super) fn id(body: &Value) -> Uuid {
    body["id"].as_str().unwrap_or_else(|| panic!("no id: {body}")).parse().unwrap()
}
