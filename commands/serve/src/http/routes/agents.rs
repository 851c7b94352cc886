use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Agent, AgentStatus, Permission, Principal, Rights, Role, check_skills};
use kefu_protocol::frame::ErrorCode;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::session::end_sessions;
use crate::{
    audit,
    auth::{SignedAgent, password, require, require_person, require_scope},
    desk::AgentChange,
    http::{
        Api, Refused,
        body::{Body, Id},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::Page,
    },
    identity::Identity,
    problem::Problem,
    view::AgentView,
};

/// A new agent.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewAgent {
    /// Shown to visitors.
    name: String,
    /// Log-in name.
    #[schema(example = "lin@example.com")]
    email: String,
    /// 10 to 256 characters.
    password: String,
    /// `agent`, `supervisor` or `admin`.
    #[schema(example = "agent")]
    role: String,
    /// How many open conversations routing may give it.
    capacity: Option<u32>,
}

/// What changes of an agent; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct AgentPatch {
    name: Option<String>,
    /// `agent`, `supervisor` or `admin`. With less than before, its sessions end.
    role: Option<String>,
    /// A role of the company's own, which says what it may do in place of `role`; null takes it away. Its
    /// connections are closed and begin anew.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    custom_role_id: Option<Option<Uuid>>,
    capacity: Option<u32>,
    /// A disabled agent is signed out, and its conversations go back to the queue.
    disabled: Option<bool>,
    /// The teams that it works for.
    teams: Option<Vec<Uuid>>,
    /// What it knows, and how well: 1 to 5 by name.
    #[schema(example = json!({"退款": 4}))]
    skills: Option<BTreeMap<String, u8>>,
    /// Ends all sessions of the agent. Its own an agent changes with `PUT /auth/password`.
    password: Option<String>,
}

/// Tells null from what is left out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Uuid>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What an agent is doing.
#[derive(Deserialize, ToSchema)]
pub(super) struct StatusBody {
    /// `online`, `busy` or `away`. New conversations go to agents that are online.
    #[schema(example = "away")]
    status: String,
    /// Why it is busy or away: one of `GET /agents/break-reasons`.
    #[schema(example = "meal")]
    reason: Option<String>,
}

/// All agents
///
/// E-mail addresses of others are shown to supervisors and admins only.
#[utoipa::path(get, path = "/agents", operation_id = "agents", tag = "agents",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<AgentView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<AgentView>>, Problem> {
    require_scope(
        &who,
        &[
            Permission::Chat,
            Permission::AllConversations,
            Permission::Agents,
            Permission::Teams,
            Permission::Tickets,
        ],
    )?;
    let agents = api.services.desk.agents().await?;
    Ok(Json(Page::whole(agents.into_iter().map(|agent| shown_to(&who, agent)).collect())))
}

/// Makes an agent (admins)
#[utoipa::path(post, path = "/agents", operation_id = "make_agent", tag = "agents", request_body = NewAgent,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, body = AgentView), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewAgent>,
) -> Result<(StatusCode, Json<AgentView>), Refused> {
    require(&who, Permission::Agents)?;
    let role = fields::role(&body.role)?;
    check_grant(&who, "role", role.rights())?;
    let capacity = body.capacity.unwrap_or(api.services.settings.limits.agent_capacity_default);
    let mut change = AgentChange {
        name: Some(fields::name("name", &body.name)?),
        email: Some(fields::email(&body.email)?),
        role: Some(role),
        status: Some(AgentStatus::Online),
        capacity: Some(fields::capacity(capacity)?),
        audit: Some(audit::record(&who, caller.address, "agent.made", None, json!({"role": body.role}))),
        ..AgentChange::default()
    };
    password::check_rules(&body.password)?;
    change.password_hash = Some(password::hash(body.password).await?);
    let agent = api.services.desk.put_agent(change).await?;
    Ok((StatusCode::CREATED, Json(agent)))
}

/// Changes an agent (admins; its name also the agent itself)
#[utoipa::path(patch, path = "/agents/{id}", operation_id = "change_agent", tag = "agents",
    params(("id" = Uuid, Path)), request_body = AgentPatch, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = AgentView), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<AgentPatch>,
) -> Result<Json<AgentView>, Refused> {
    let gives_rights = body.role.is_some() || body.custom_role_id.is_some();
    let for_admins = gives_rights || body.capacity.is_some() || body.disabled.is_some();
    if body.teams.is_some() || body.skills.is_some() {
        require(&who, Permission::Teams)?;
    }
    let is_other = body.name.is_some() || body.password.is_some() || !who.may(Permission::Teams);
    if for_admins || who.key.is_some() || (id != who.id && is_other) {
        require(&who, Permission::Agents)?;
    }
    if body.password.is_some() {
        require_person(&who)?;
        if id == who.id {
            let detail = "change your own password with PUT /auth/password";
            return Err(
                Problem { field: Some("password"), ..Problem::new(ErrorCode::Forbidden, detail) }.into()
            );
        }
    }
    let before = check_reach(&api, &who, id)?;
    let role = body.role.as_deref().map(fields::role).transpose()?;
    if gives_rights {
        check_new_rights(&api, &who, &before, role, body.custom_role_id)?;
    }
    body.skills.as_ref().map(check_skills).transpose().map_err(Problem::from)?;
    let changed = json!({
        "role": body.role, "custom_role_id": body.custom_role_id, "capacity": body.capacity,
        "disabled": body.disabled, "name": body.name.is_some(), "password": body.password.is_some(),
        "teams": body.teams, "skills": body.skills,
    });
    let mut change = AgentChange {
        id: Some(id),
        name: body.name.map(|name| fields::name("name", &name)).transpose()?,
        role,
        custom_role: body.custom_role_id,
        capacity: body.capacity.map(fields::capacity).transpose()?,
        disabled: body.disabled,
        teams: body.teams,
        skills: body.skills,
        audit: Some(audit::record(&who, caller.address, "agent.changed", None, changed)),
        ..AgentChange::default()
    };
    if let Some(password) = body.password {
        password::check_rules(&password)?;
        change.password_hash = Some(password::hash(password).await?);
    }
    let is_demoted = role.is_some_and(|role| role < before.role);
    let has_new_password = change.password_hash.is_some();
    let agent = api.services.desk.put_agent(change).await?;
    // Open connections know the role that they began with.
    if is_demoted || has_new_password {
        end_sessions(&api, Principal::Agent(before.key), None).await?;
    }
    Ok(Json(shown_to(&who, agent)))
}

/// Why agents may be busy or away
///
/// Consoles have words of their own for `meal`, `rest`, `meeting` and `training`, and show others as they are.
#[utoipa::path(get, path = "/agents/break-reasons", operation_id = "break_reasons", tag = "agents",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<String>), SignedErrors))]
pub(super) async fn break_reasons(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<Arc<str>>>, Problem> {
    require_scope(&who, &[Permission::Chat, Permission::AllConversations])?;
    let reasons = api.services.settings.break_reasons.iter();
    Ok(Json(Page::whole(reasons.map(|reason| Arc::clone(&reason.0)).collect())))
}

/// Says what the caller's status is
#[utoipa::path(put, path = "/agents/me/status", operation_id = "set_status", tag = "agents",
    request_body = StatusBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = AgentView), SignedErrors))]
pub(super) async fn set_status(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Body(body): Body<StatusBody>,
) -> Result<Json<AgentView>, Refused> {
    require_scope(&who, &[Permission::Chat])?;
    let change = status_change(&api, who.id, &body)?;
    let agent = api.services.desk.put_agent(change).await?;
    Ok(Json(agent.of_caller(&api.services.settings)))
}

/// Says what another agent's status is (who sees all conversations)
#[utoipa::path(put, path = "/agents/{id}/status", operation_id = "set_status_of", tag = "agents",
    params(("id" = Uuid, Path)), request_body = StatusBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = AgentView), SignedErrors))]
pub(super) async fn set_status_of(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<StatusBody>,
) -> Result<Json<AgentView>, Refused> {
    require(&who, Permission::AllConversations)?;
    let detail = json!({"status": body.status, "reason": body.reason});
    let audit = Some(audit::record(&who, caller.address, "agent.status_set", None, detail));
    let change = AgentChange { audit, ..status_change(&api, id, &body)? };
    Ok(Json(shown_to(&who, api.services.desk.put_agent(change).await?)))
}

fn status_change(api: &Api, id: Uuid, body: &StatusBody) -> Result<AgentChange, Problem> {
    let status = match body.status.as_str() {
        "online" => AgentStatus::Online,
        "busy" => AgentStatus::Busy,
        "away" => AgentStatus::Away,
        _ => return Err(Problem::invalid("status", "must be online, busy or away")),
    };
    let known = |word: &str| {
        let reasons = &api.services.settings.break_reasons;
        reasons.iter().find(|reason| *reason.0 == *word).map(|reason| Arc::clone(&reason.0))
    };
    let status_reason = match body.reason.as_deref() {
        None => None,
        Some(_) if status == AgentStatus::Online => {
            return Err(Problem::invalid("reason", "goes with busy and away only"));
        }
        Some(word) => Some(known(word).ok_or_else(|| {
            Problem::invalid("reason", "must be one of those that GET /agents/break-reasons lists")
        })?),
    };
    Ok(AgentChange { id: Some(id), status: Some(status), status_reason, ..AgentChange::default() })
}

/// The agent with this id, if `who` may do all that it may do: else `who` could get more by way of it.
pub(super) fn check_reach(api: &Api, who: &Identity, id: Uuid) -> Result<Agent, Problem> {
    let directory = api.services.desk.directory();
    let agent = directory.agent(id).ok_or_else(|| Problem::not_found("agent"))?;
    if id == who.id || who.rights.include(directory.rights_of(agent)) {
        Ok(agent.clone())
    } else {
        Err(Problem::forbidden())
    }
}

/// Refuses to give `agent` rights that `who` does not have.
fn check_new_rights(
    api: &Api,
    who: &Identity,
    agent: &Agent,
    role: Option<Role>,
    custom_role: Option<Option<Uuid>>,
) -> Result<(), Problem> {
    let changed = Agent {
        role: role.unwrap_or(agent.role),
        custom_role: custom_role.unwrap_or(agent.custom_role),
        ..agent.clone()
    };
    let field = if custom_role.is_some() { "custom_role_id" } else { "role" };
    check_grant(who, field, api.services.desk.directory().rights_of(&changed))?;
    // What a later end of its own role would bring.
    if role.is_some() { check_grant(who, "role", changed.role.rights()) } else { Ok(()) }
}

fn check_grant(who: &Identity, field: &'static str, rights: Rights) -> Result<(), Problem> {
    if who.rights.include(rights) {
        return Ok(());
    }
    let detail = "nobody can grant what he does not have himself";
    Err(Problem { field: Some(field), detail: detail.into(), ..Problem::forbidden() })
}

/// An agent with what it is doing.
pub(super) async fn find_view(api: &Api, id: Uuid) -> Result<AgentView, Problem> {
    let agents = api.services.desk.agents().await?;
    agents.into_iter().find(|agent| agent.id == id).ok_or_else(|| Problem::not_found("agent"))
}

fn shown_to(who: &Identity, mut agent: AgentView) -> AgentView {
    if !who.may(Permission::AllConversations) && agent.id != who.id {
        agent.email.clear();
    }
    agent
}
