use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header::SET_COOKIE};
use kefu_core::{Agent, Micros};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{AccessChange, AuditRecord, Session};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
#[cfg(feature = "migrate")]
use {
    kefu_core::AgentKey,
    kefu_store::{Change, RecordSet},
};

use super::{
    agents::find_view,
    session::{self, Proof, SignedIn, open_sessions},
    totp::use_up,
};
use crate::{
    address, audit,
    auth::{Enrolling, Leaving, SignedAgent, clear_cookie, password, require_person, totp::CODE_BYTES_MAX},
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
    /// Of an agent with a second factor: six digits, or a recovery code.
    code: Option<String>,
}

/// A sign-in.
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

impl SessionView {
    /// `own` is the session that asks.
    pub(super) fn of(session: Session, own: Uuid) -> Self {
        Self {
            id: session.id,
            created_at: timestamp(session.created_at),
            last_seen_at: timestamp(session.last_seen_at),
            user_agent: session.user_agent,
            address: session.address,
            current: session.id == own,
        }
    }
}

/// Signs an agent in
///
/// Failures are slowed down by address and by account. Of an agent with a second factor the answer to a right
/// password without a code is 401 with `field` `code`.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = LoginBody,
    responses(
        (status = 200, description = "Signed in; sets the cookie, too", body = SignedIn),
        OpenErrors,
        (status = 401, description = "Wrong address or password, or a code is needed (`field` is `code`)",
            content_type = "application/problem+json", body = crate::http::problem::ProblemBody),
    ))]
pub(super) async fn login(
    State(api): State<Api>,
    caller: Caller,
    Body(body): Body<LoginBody>,
) -> Result<Response, Refused> {
    let email = fields::email(&body.email)?;
    fields::check_bytes("code", body.code.as_deref().unwrap_or_default(), CODE_BYTES_MAX)?;
    let limits = &api.services.limits;
    let now = clock::now();
    if let Err(problem) = limits.sign_in(caller.address, &email, now) {
        note_throttled(&api, &caller, now).await;
        return Err(problem.into());
    }
    let found = api.services.store.agent_by_email(&email).await.map_err(Problem::from)?;
    let (agent, hash) = found.unzip();
    let hash = hash.filter(|hash| !hash.is_empty());
    #[cfg(feature = "migrate")]
    let former = hash.as_deref().is_some_and(password::is_former).then(|| body.password.clone());
    let is_right = password::verify(body.password, hash).await?;
    if !is_right || agent.as_ref().is_none_or(|agent| agent.disabled) {
        tracing::info!(address = %caller.address, "sign-in refused");
        note_failed(&api, &caller, &email, agent.map(|agent| agent.id), "password").await;
        let detail = "the e-mail address or the password is wrong";
        return Err(Problem::new(ErrorCode::Unauthorized, detail).into());
    }
    let agent = agent.ok_or_else(Problem::unauthorized)?;
    match enter(&api, &caller, &agent, body.code.as_deref()).await {
        Ok(response) => {
            limits.signed_in(caller.address, &email);
            #[cfg(feature = "migrate")]
            if let Some(password) = former {
                hash_anew(&api, agent.key, password).await;
            }
            Ok(response)
        }
        Err(problem) => {
            if problem.code == ErrorCode::RateLimited {
                note_throttled(&api, &caller, now).await;
            } else if problem.field == Some("code") && body.code.is_some() {
                tracing::info!(address = %caller.address, "sign-in refused");
                note_failed(&api, &caller, &email, Some(agent.id), "code").await;
            }
            Err(problem.into())
        }
    }
}

/// Keeps the password of an agent from an older system as it keeps others; should that fail, the next sign-in tries again.
#[cfg(feature = "migrate")]
async fn hash_anew(api: &Api, agent: AgentKey, password: String) {
    let kept = async {
        let changes = vec![Change::Password { agent, hash: password::hash(password).await? }];
        api.services.desk.record(RecordSet { changes, audit: Vec::new() }).await
    };
    if let Err(problem) = kept.await {
        tracing::warn!(%problem, "a password of the older system could not be hashed anew");
    }
}

/// The second half of signing in, for who has shown the password of `agent`.
async fn enter(api: &Api, caller: &Caller, agent: &Agent, code: Option<&str>) -> Result<Response, Problem> {
    let code = use_up(api, agent.key, code, clock::now()).await?;
    let by = match &code {
        None => "password",
        Some(AccessChange::RecoveryUsed { .. }) => "recovery code",
        Some(_) => "second factor",
    };
    let view = find_view(api, agent.id).await?;
    let proof = Proof { by, code, status: StatusCode::OK };
    session::sign_in(api, caller.clone(), agent.key, view, proof).await
}

/// Has the audit log say that a sign-in failed; of an address that is no agent's it keeps a pseudonym only.
async fn note_failed(api: &Api, caller: &Caller, email: &str, agent: Option<Uuid>, wrong: &'static str) {
    let detail = match agent {
        Some(_) => json!({"wrong": wrong}),
        None => json!({"wrong": wrong, "account": api.services.secrets.pseudonym(email)}),
    };
    let target = agent.map(|id| ("agent", id));
    note(api, audit::unknown(caller.address, "sign_in.failed", target, detail)).await;
}

/// Has the audit log say that somebody is being slowed down: once a minute, however often it tries.
async fn note_throttled(api: &Api, caller: &Caller, now: Micros) {
    let group = address::group(caller.address).to_string();
    if api.services.limits.is_news("sign_in.throttled", group.as_bytes(), now) {
        note(api, audit::unknown(caller.address, "sign_in.throttled", None, json!({}))).await;
    }
}

/// A refusal stays a refusal when the audit log cannot be written.
async fn note(api: &Api, record: AuditRecord) {
    let action = record.action;
    if let Err(problem) = audit::write(&api.services.desk, record).await {
        tracing::error!(%problem, action, "the audit log does not take a line");
    }
}

/// Ends the caller's session
#[utoipa::path(post, path = "/auth/logout", tag = "auth", security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Signed out; removes the cookie, too"), SignedErrors))]
pub(super) async fn logout(
    State(api): State<Api>,
    leaving: Leaving,
    caller: Caller,
) -> Result<Response, Problem> {
    let Leaving(who) = leaving;
    require_person(&who)?;
    api.services.desk.end_session(who.session).await?;
    if who.role.is_some() {
        let target = Some(("session", who.session));
        note(&api, audit::record(&who, caller.address, "sign_out", target, json!({}))).await;
    }
    let cookie = clear_cookie(caller.secure);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
}

/// The agent who is signed in
#[utoipa::path(get, path = "/auth/me", tag = "auth", security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = AgentView), SignedErrors))]
pub(super) async fn me(
    State(api): State<Api>,
    Enrolling(who): Enrolling,
) -> Result<Json<AgentView>, Problem> {
    let view = find_view(&api, who.id).await?;
    // Of a key, what it may do.
    let view = AgentView { permissions: who.rights.iter().collect(), ..view };
    Ok(Json(view.of_caller(&api.services.settings)))
}

/// The caller's sessions, last used first
#[utoipa::path(get, path = "/auth/sessions", tag = "auth", security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<SessionView>), SignedErrors))]
pub(super) async fn sessions(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<SessionView>>, Problem> {
    require_person(&who)?;
    let sessions = open_sessions(&api, who.principal).await?;
    let views = sessions.into_iter().map(|session| SessionView::of(session, who.session));
    Ok(Json(Page::whole(views.collect())))
}

/// Ends one of the caller's sessions and its connections
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "auth", params(("id" = Uuid, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Ended"), SignedErrors))]
pub(super) async fn end_session(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require_person(&who)?;
    let own = api.services.store.sessions_of(who.principal).await?;
    if !own.iter().any(|session| session.id == id) {
        return Err(Problem::not_found("session"));
    }
    api.services.desk.end_session(id).await?;
    let (target, detail) = (Some(("agent", who.id)), json!({"session": id}));
    note(&api, audit::record(&who, caller.address, "session.revoked", target, detail)).await;
    Ok(StatusCode::NO_CONTENT)
}
