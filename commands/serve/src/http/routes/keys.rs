use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Permission, Principal};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{AccessChange, ApiKey, Change, RecordSet};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    roles::granted,
    session::{fresh_id, fresh_token},
};
use crate::{
    audit,
    auth::{SignedAgent, TokenKind, require, require_person},
    clock,
    http::{
        Api, Refused,
        body::{Body, Id},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::Page,
    },
    problem::Problem,
    view::timestamp,
};

/// Most keys, all agents together.
const KEYS_MAX: usize = 500;

/// A program's key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(super) struct KeyView {
    id: Uuid,
    name: String,
    /// The agent as whom it acts.
    owner_id: Option<Uuid>,
    /// What it may do at most; never more than its owner may.
    #[schema(value_type = Vec<String>, example = json!(["reports"]))]
    scopes: Vec<Permission>,
    /// Address ranges that it works from; none means all.
    #[schema(example = json!(["10.0.0.0/8"]))]
    networks: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// To within five minutes.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

/// A new key, with its token.
#[derive(Serialize, ToSchema)]
pub(super) struct NewKeyView {
    /// Goes into `Authorization: Bearer …`; shown once.
    #[schema(example = "kefu_h1zoq0Vx9Bd0k7sQpL3mYc8fTnE2rWuJa5gKiXvZb6M")]
    token: String,
    key: KeyView,
}

/// A new key.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewKey {
    /// What it is for.
    name: String,
    /// Words of `GET /permissions`, none that the caller does not have.
    #[schema(example = json!(["reports"]))]
    scopes: Vec<String>,
    /// When it ends by itself; never, when it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Addresses and ranges that it works from, at most 50; all, when it is left out.
    networks: Option<Vec<String>>,
}

/// All keys, newest first (with the permission `keys`)
#[utoipa::path(get, path = "/keys", operation_id = "keys", tag = "keys",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<KeyView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<KeyView>>, Problem> {
    require(&who, Permission::Keys)?;
    let mut keys = api.services.store.api_keys().await?;
    keys.sort_unstable_by_key(|key| std::cmp::Reverse((key.created_at, key.id)));
    Ok(Json(Page::whole(keys.into_iter().map(|key| view(&api, key)).collect())))
}

/// Makes a key that acts as the caller (with the permission `keys`; not with a key)
#[utoipa::path(post, path = "/keys", operation_id = "make_key", tag = "keys", request_body = NewKey,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, body = NewKeyView), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewKey>,
) -> Result<(StatusCode, Json<NewKeyView>), Refused> {
    require_person(&who)?;
    require(&who, Permission::Keys)?;
    let Principal::Agent(owner) = who.principal else { return Err(Problem::forbidden().into()) };
    let now = clock::now();
    let name = fields::name("name", &body.name)?;
    let scopes = granted(&who, "scopes", &body.scopes)?;
    let networks = fields::networks("networks", &body.networks.unwrap_or_default())?;
    let expires_at = body.expires_at.map(|at| fields::later("expires_at", at, now)).transpose()?;
    let _turn = api.gates.keys.lock().await;
    if api.services.store.api_keys().await.map_err(Problem::from)?.len() >= KEYS_MAX {
        let detail = format!("there are {KEYS_MAX} keys: revoke one first");
        return Err(Problem::new(ErrorCode::Conflict, detail).into());
    }
    let token = fresh_token(TokenKind::Key)?;
    let key = ApiKey {
        token_hash: token.hash(),
        id: fresh_id()?,
        owner,
        name,
        scopes,
        networks,
        created_at: now,
        expires_at,
        last_used_at: None,
    };
    let detail = json!({
        "scopes": scopes.iter().collect::<Vec<_>>(), "networks": key.networks,
        "expires_at": expires_at.map(timestamp),
    });
    let audit = audit::record(&who, caller.address, "key.made", Some(("key", key.id)), detail);
    let changes = vec![Change::Access(AccessChange::Key(key.clone()))];
    api.services.desk.record(RecordSet { changes, audit: vec![audit] }).await?;
    let made = NewKeyView { token: token.text().to_owned(), key: view(&api, key) };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Revokes a key and ends its connections (with the permission `keys`; not with a key)
#[utoipa::path(delete, path = "/keys/{id}", operation_id = "revoke_key", tag = "keys",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Revoked"), SignedErrors))]
pub(super) async fn revoke(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require_person(&who)?;
    require(&who, Permission::Keys)?;
    if !api.services.store.api_keys().await?.iter().any(|key| key.id == id) {
        return Err(Problem::not_found("key"));
    }
    let audit = audit::record(&who, caller.address, "key.revoked", Some(("key", id)), json!({}));
    let changes = vec![Change::Access(AccessChange::DropKey(id))];
    api.services.desk.record(RecordSet { changes, audit: vec![audit] }).await?;
    // Its connections name it as their session.
    api.services.desk.end_session(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(api: &Api, key: ApiKey) -> KeyView {
    let directory = api.services.desk.directory();
    KeyView {
        id: key.id,
        name: key.name,
        owner_id: directory.agents.get(&key.owner).map(|agent| agent.id),
        scopes: key.scopes.iter().collect(),
        networks: key.networks,
        created_at: timestamp(key.created_at),
        expires_at: key.expires_at.map(timestamp),
        last_used_at: key.last_used_at.map(timestamp),
    }
}
