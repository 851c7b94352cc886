//! An agent's own password.

use axum::{Json, extract::State};
use kefu_core::{Agent, Principal};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{Change, RecordSet};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::session::end_sessions;
use crate::{
    audit,
    auth::{SignedAgent, password, require_person},
    clock,
    http::{Api, Refused, body::Body, caller::Caller, openapi::SignedErrors},
    identity::Identity,
    problem::Problem,
};

/// A new password, and the one that it replaces.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewPassword {
    /// The one of now: a session alone is not enough.
    current: String,
    /// 10 to 256 characters.
    password: String,
}

/// How many were signed out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasswordChanged {
    /// Other sessions of the caller that ended.
    sessions_ended: usize,
}

/// Changes the caller's own password, and ends its other sessions
///
/// Wrong passwords are slowed down as they are when signing in.
#[utoipa::path(put, path = "/auth/password", operation_id = "change_password", tag = "auth",
    request_body = NewPassword, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = PasswordChanged), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewPassword>,
) -> Result<Json<PasswordChanged>, Refused> {
    require_person(&who)?;
    let agent = row(&api, &who)?;
    password::check_rules(&body.password)?;
    let is_same = body.password == body.current;
    check(&api, &caller, &agent, "current", body.current).await?;
    if is_same {
        return Err(Problem::invalid("password", "must be another one than now").into());
    }
    let hash = password::hash(body.password).await?;
    let target = Some(("agent", who.id));
    let audit = audit::record(&who, caller.address, "password.changed", target, json!({}));
    let changes = vec![Change::Password { agent: agent.key, hash }];
    api.services.desk.record(RecordSet { changes, audit: vec![audit] }).await?;
    let sessions_ended = end_sessions(&api, who.principal, Some(who.session)).await?;
    Ok(Json(PasswordChanged { sessions_ended }))
}

/// Sessions can be stolen: what changes how to sign in takes the password. `field` is where it stands.
pub(super) async fn check(
    api: &Api,
    caller: &Caller,
    agent: &Agent,
    field: &'static str,
    password: String,
) -> Result<(), Problem> {
    let limits = &api.services.limits;
    limits.sign_in(caller.address, &agent.email, clock::now())?;
    let hash = api.services.store.password_hash(agent.key).await?.filter(|hash| !hash.is_empty());
    if password::verify(password, hash).await? {
        limits.signed_in(caller.address, &agent.email);
        return Ok(());
    }
    Err(Problem { field: Some(field), ..Problem::new(ErrorCode::Forbidden, "the password is wrong") })
}

/// The agent that the caller is.
pub(super) fn row(api: &Api, who: &Identity) -> Result<Agent, Problem> {
    let Principal::Agent(key) = who.principal else { return Err(Problem::forbidden()) };
    api.services.desk.directory().agents.get(&key).cloned().ok_or_else(Problem::unauthorized)
}
