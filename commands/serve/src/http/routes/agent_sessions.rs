//! Sessions of others.

use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Permission, Principal};
use serde_json::json;
use uuid::Uuid;

use super::{
    auth::SessionView,
    session::{end_sessions, open_sessions},
};
use crate::{
    audit,
    auth::{SignedAgent, require, require_person},
    http::{
        Api,
        body::{Id, Ids},
        caller::Caller,
        openapi::SignedErrors,
        page::Page,
    },
    problem::Problem,
};

/// Sessions of an agent, last used first (with the permission `agents`; not with a key)
#[utoipa::path(get, path = "/agents/{id}/sessions", operation_id = "agent_sessions", tag = "agents",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<SessionView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<Page<SessionView>>, Problem> {
    require_person(&who)?;
    require(&who, Permission::Agents)?;
    let sessions = open_sessions(&api, principal(&api, id)?).await?;
    let views = sessions.into_iter().map(|session| SessionView::of(session, who.session));
    Ok(Json(Page::whole(views.collect())))
}

/// Ends all sessions of an agent and its connections (with the permission `agents`; not with a key)
#[utoipa::path(delete, path = "/agents/{id}/sessions", operation_id = "end_agent_sessions", tag = "agents",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Ended"), SignedErrors))]
pub(super) async fn end_all(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require_person(&who)?;
    require(&who, Permission::Agents)?;
    let ended = end_sessions(&api, principal(&api, id)?, None).await?;
    let detail = json!({"sessions": ended});
    let record = audit::record(&who, caller.address, "session.revoked", Some(("agent", id)), detail);
    audit::write(&api.services.desk, record).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a session of an agent and its connections (with the permission `agents`; not with a key)
#[utoipa::path(delete, path = "/agents/{id}/sessions/{session}", operation_id = "end_agent_session", tag = "agents",
    params(("id" = Uuid, Path), ("session" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Ended"), SignedErrors))]
pub(super) async fn end(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Ids(id, session): Ids,
) -> Result<StatusCode, Problem> {
    require_person(&who)?;
    require(&who, Permission::Agents)?;
    let sessions = open_sessions(&api, principal(&api, id)?).await?;
    if !sessions.iter().any(|open| open.id == session) {
        return Err(Problem::not_found("session"));
    }
    api.services.desk.end_session(session).await?;
    let detail = json!({"session": session});
    let record = audit::record(&who, caller.address, "session.revoked", Some(("agent", id)), detail);
    audit::write(&api.services.desk, record).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn principal(api: &Api, agent: Uuid) -> Result<Principal, Problem> {
    let directory = api.services.desk.directory();
    directory.agent(agent).map(|agent| Principal::Agent(agent.key)).ok_or_else(|| Problem::not_found("agent"))
}
