//! What signing in by any way ends in.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header::SET_COOKIE};
use kefu_core::{AgentKey, Principal};
use kefu_store::{AccessChange, AuditActor, AuditRecord, Change, RecordSet, Session};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::totp::wrong_if_used;
use crate::{
    auth::{Token, TokenKind, session_cookie},
    clock,
    http::{Api, caller::Caller},
    problem::Problem,
    view::AgentView,
};

/// How long an agent stays signed in at most, in seconds, however busy it is.
const AGENT_SESSION_MAX_S: i64 = 30 * 24 * 3600;

/// Most sessions of one agent; a further one ends the one unused for longest.
const AGENT_SESSIONS_MAX: usize = 20;

/// The answer to signing in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SignedIn {
    /// Goes into `Authorization: Bearer …`; shown once.
    #[schema(example = "ka_h1zoq0Vx9Bd0k7sQpL3mYc8fTnE2rWuJa5gKiXvZb6M")]
    token: String,
    agent: AgentView,
}

/// A new token of `kind`.
pub(super) fn fresh_token(kind: TokenKind) -> Result<Token, Problem> {
    Token::fresh(kind).map_err(|error| {
        tracing::error!(%error, "cannot get random bytes");
        Problem::unavailable("no token can be made now")
    })
}

/// A fresh id.
pub(super) fn fresh_id() -> Result<Uuid, Problem> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "cannot get random bytes");
        Problem::unavailable("no id can be made now")
    })?;
    Ok(clock::new_id(clock::now(), &random))
}

/// How somebody came to be signed in.
#[derive(Debug)]
pub(super) struct Proof {
    /// In the audit log's words.
    pub(super) by: &'static str,
    /// The change that uses up the code of the second factor.
    pub(super) code: Option<AccessChange>,
    /// Of the answer.
    pub(super) status: StatusCode,
}

/// Opens a session for an agent and answers with its token, as a cookie too.
pub(super) async fn sign_in(
    api: &Api,
    caller: Caller,
    key: AgentKey,
    agent: AgentView,
    proof: Proof,
) -> Result<Response, Problem> {
    let token = fresh_token(TokenKind::Agent)?;
    let now = clock::now();
    let principal = Principal::Agent(key);
    trim_sessions(api, principal, AGENT_SESSIONS_MAX).await?;
    let session = Session {
        token_hash: token.hash(),
        id: fresh_id()?,
        principal,
        inbox: None,
        created_at: now,
        last_seen_at: now,
        expires_at: Some(now.plus_seconds(AGENT_SESSION_MAX_S)),
        user_agent: caller.user_agent,
        address: caller.address.to_string(),
    };
    let audit = AuditRecord {
        at: now,
        actor: AuditActor::Agent(agent.id),
        address: Some(caller.address.to_string()),
        action: "sign_in.done",
        target: Some(("session", session.id)),
        detail: json!({"by": proof.by}),
    };
    let has_code = proof.code.is_some();
    let code = proof.code.map(Change::Access);
    let changes = code.into_iter().chain([Change::Session(session)]).collect();
    let recorded = api.services.desk.record(RecordSet { changes, audit: vec![audit] }).await;
    recorded.map_err(|problem| if has_code { wrong_if_used(problem) } else { problem })?;
    tracing::info!(agent = %agent.id, address = %caller.address, "signed in");
    let cookie = session_cookie(token.text(), AGENT_SESSION_MAX_S, caller.secure);
    let agent = agent.of_caller(&api.services.settings);
    let body = Json(SignedIn { token: token.text().to_owned(), agent });
    Ok((proof.status, [(SET_COOKIE, cookie)], body).into_response())
}

/// Makes room for one more session of `principal`.
pub(super) async fn trim_sessions(api: &Api, principal: Principal, most: usize) -> Result<(), Problem> {
    for session in api.services.store.sessions_of(principal).await?.into_iter().skip(most - 1) {
        api.services.desk.end_session(session.id).await?;
    }
    Ok(())
}

/// Ends the sessions of `principal`, but not `kept`; returns how many.
pub(super) async fn end_sessions(
    api: &Api,
    principal: Principal,
    kept: Option<Uuid>,
) -> Result<usize, Problem> {
    let mut ended = 0;
    for session in api.services.store.sessions_of(principal).await? {
        if kept != Some(session.id) {
            api.services.desk.end_session(session.id).await?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// The sessions of `principal` that have not expired, last used first.
pub(super) async fn open_sessions(api: &Api, principal: Principal) -> Result<Vec<Session>, Problem> {
    let now = clock::now();
    let mut sessions = api.services.store.sessions_of(principal).await?;
    sessions.retain(|session| session.expires_at.is_none_or(|expiry| expiry > now));
    Ok(sessions)
}
