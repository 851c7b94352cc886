use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header::SET_COOKIE};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    agents::find_view,
    session::{self, SignedIn},
};
use crate::{
    auth::{Signed, SignedAgent, clear_cookie, password},
    clock,
    http::{
        Api, Refused,
        body::{Body, Id},
        caller::Caller,
        fields,
        openapi::{OpenErrors, SignedErrors},
        page::Page,
    },
    problem::Problem,
    view::{AgentView, timestamp},
};

/// Who wants to sign in.
#[derive(Deserialize, ToSchema)]
pub(super) struct LoginBody {
    #[schema(example = "lin@example.com")]
    email: String,
    password: String,
}

/// A sign-in of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    id: Uuid,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// To within five minutes.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    /// What the client calls itself.
    user_agent: String,
    /// Where it signed in from.
    address: String,
    /// The one that makes this request.
    current: bool,
}

/// Signs an agent in
///
/// Failures are slowed down by address and by account.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = LoginBody,
    responses(
        (status = 200, description = "Signed in; sets the cookie, too", body = SignedIn),
        OpenErrors,
        (status = 401, description = "Wrong address or password", content_type = "application/problem+json",
            body = crate::http::problem::ProblemBody),
    ))]
pub(super) async fn login(
    State(api): State<Api>,
    caller: Caller,
    Body(body): Body<LoginBody>,
) -> Result<Response, Refused> {
    let email = fields::email(&body.email)?;
    let limits = &api.services.limits;
    limits.sign_in(caller.address, &email, clock::now())?;
    let found = api.services.store.agent_by_email(&email).await.map_err(Problem::from)?;
    let (agent, hash) = found.unzip();
    let hash = hash.filter(|hash| !hash.is_empty());
    let is_right = password::verify(body.password, hash).await?;
    let Some(agent) = agent.filter(|agent| is_right && !agent.disabled) else {
        tracing::info!(address = %caller.address, "sign-in refused");
        let detail = "the e-mail address or the password is wrong";
        return Err(Problem::new(ErrorCode::Unauthorized, detail).into());
    };
    limits.signed_in(caller.address, &email);
    let view = find_view(&api, agent.id).await?;
    Ok(session::sign_in(&api, caller, agent.key, view, StatusCode::OK).await?)
}

/// Ends the caller's session
#[utoipa::path(post, path = "/auth/logout", tag = "auth", security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Signed out; removes the cookie, too"), SignedErrors))]
pub(super) async fn logout(
    State(api): State<Api>,
    Signed(who): Signed,
    caller: Caller,
) -> Result<Response, Problem> {
    api.services.desk.end_session(who.session).await?;
    let cookie = clear_cookie(caller.secure);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
}

/// The agent who is signed in
#[utoipa::path(get, path = "/auth/me", tag = "auth", security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = AgentView), SignedErrors))]
pub(super) async fn me(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<AgentView>, Problem> {
    find_view(&api, who.id).await.map(Json)
}

/// The caller's sessions, last used first
#[utoipa::path(get, path = "/auth/sessions", tag = "auth", security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<SessionView>), SignedErrors))]
pub(super) async fn sessions(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<SessionView>>, Problem> {
    let now = clock::now();
    let sessions = api.services.store.sessions_of(who.principal).await?;
    let items = sessions
        .into_iter()
        .filter(|session| session.expires_at.is_none_or(|expiry| expiry > now))
        .map(|session| SessionView {
            id: session.id,
            created_at: timestamp(session.created_at),
            last_seen_at: timestamp(session.last_seen_at),
            user_agent: session.user_agent,
            address: session.address,
            current: session.id == who.session,
        })
        .collect();
    Ok(Json(Page::whole(items)))
}

/// Ends one of the caller's sessions and its connections
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "auth", params(("id" = Uuid, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Ended"), SignedErrors))]
pub(super) async fn end_session(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    let own = api.services.store.sessions_of(who.principal).await?;
    if !own.iter().any(|session| session.id == id) {
        return Err(Problem::not_found("session"));
    }
    api.services.desk.end_session(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
