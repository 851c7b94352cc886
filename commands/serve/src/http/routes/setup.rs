use axum::{Json, extract::State, response::Response};
use http::StatusCode;
use kefu_core::{AgentStatus, Role};
use kefu_protocol::frame::ErrorCode;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use utoipa::ToSchema;

use super::session::{self, Proof, SignedIn};
use crate::{
    auth::{TokenKind, password, recognise},
    clock,
    desk::AgentChange,
    http::{Api, Refused, body::Body, caller::Caller, fields, openapi::OpenErrors},
    problem::Problem,
};

/// Whether the first admin is still to be made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SetupState)]
pub(super) struct Needed {
    needed: bool,
}

/// The first admin.
#[derive(Deserialize, ToSchema)]
pub(super) struct SetupBody {
    /// From the one-time link that the daemon printed.
    token: String,
    name: String,
    #[schema(example = "lin@example.com")]
    email: String,
    /// 10 to 256 characters.
    password: String,
}

/// Says whether the first admin is still to be made
#[utoipa::path(get, path = "/setup", operation_id = "setup_needed", tag = "setup",
    responses((status = 200, body = Needed), OpenErrors))]
pub(super) async fn needed(State(api): State<Api>) -> Result<Json<Needed>, Problem> {
    Ok(Json(Needed { needed: !api.services.desk.has_admin().await? }))
}

/// Makes the first admin and signs it in
///
/// The token is the one of the set-up link; it works once.
#[utoipa::path(post, path = "/setup", operation_id = "setup", tag = "setup", request_body = SetupBody,
    responses(
        (status = 201, description = "Signed in; sets the cookie, too", body = SignedIn),
        OpenErrors,
        (status = 409, description = "The first admin exists", content_type = "application/problem+json",
            body = crate::http::problem::ProblemBody),
    ))]
pub(super) async fn make(
    State(api): State<Api>,
    caller: Caller,
    Body(body): Body<SetupBody>,
) -> Result<Response, Refused> {
    let name = fields::name("name", &body.name)?;
    let email = fields::email(&body.email)?;
    password::check_rules(&body.password)?;
    // The same guard as for passwords; the account is the one that does not exist yet.
    api.services.limits.sign_in(caller.address, "", clock::now())?;
    let _only_one = api.gates.setup.lock().await;
    if api.services.desk.has_admin().await? {
        return Err(Problem::new(ErrorCode::Conflict, "the first admin exists: sign in").into());
    }
    if !is_setup_token(&api, &body.token).await? {
        let problem =
            Problem::new(ErrorCode::Forbidden, "the set-up link is not the one that was printed last");
        return Err(Problem { field: Some("token"), ..problem }.into());
    }
    let change = AgentChange {
        name: Some(name),
        email: Some(email),
        role: Some(Role::Admin),
        status: Some(AgentStatus::Online),
        capacity: Some(api.services.settings.limits.agent_capacity_default),
        password_hash: Some(password::hash(body.password).await?),
        ..AgentChange::default()
    };
    let agent = api.services.desk.put_agent(change).await?;
    api.services.desk.set_setup_token(None).await?;
    let key = api.services.desk.directory().agent(agent.id).map(|agent| agent.key);
    let key = key.ok_or_else(|| Problem::not_found("agent"))?;
    let proof = Proof { by: "setup", code: None, status: StatusCode::CREATED };
    Ok(session::sign_in(&api, caller, key, agent, proof).await?)
}

async fn is_setup_token(api: &Api, text: &str) -> Result<bool, Problem> {
    let Some((TokenKind::Setup, hash)) = recognise(text) else { return Ok(false) };
    let stored = api.services.store.setup_token_hash().await?;
    Ok(stored.is_some_and(|stored| bool::from(stored.ct_eq(&hash))))
}
