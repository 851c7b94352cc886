use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{AgentKey, Micros, Permission};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{AccessChange, Change, RecordSet, Totp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    agents::check_reach,
    password::{check, row},
};
use crate::{
    audit,
    auth::{
        Enrolling, SignedAgent, needs_totp, require, require_person,
        totp::{self, Typed},
    },
    clock,
    http::{
        Api, Refused,
        body::{Body, Id},
        caller::Caller,
        fields,
        openapi::SignedErrors,
    },
    problem::Problem,
};

/// The caller's second factor.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TotpState {
    /// Signing in takes a code.
    enabled: bool,
    /// Without one the caller can do nothing but set it up.
    required: bool,
    /// Recovery codes that were not used yet.
    recovery_codes: u32,
}

/// The caller's password.
#[derive(Deserialize, ToSchema)]
pub(super) struct PasswordBody {
    password: String,
}

/// A secret that waits for its first code.
#[derive(Serialize, ToSchema)]
pub(super) struct TotpSecret {
    /// In base32, to be typed.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// The same for a picture to be scanned.
    #[schema(
        example = "otpauth://totp/kefu:lin%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=kefu"
    )]
    uri: String,
}

/// A code.
#[derive(Deserialize, ToSchema)]
pub(super) struct CodeBody {
    /// The six digits that are shown now.
    #[schema(example = "287082")]
    code: String,
}

/// Codes that let in when the second factor is lost, each once.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    /// Shown once.
    #[schema(example = json!(["MZXW-6YTB-OIQG-K5DD"]))]
    recovery_codes: Vec<String>,
}

/// What turning the second factor off takes.
#[derive(Deserialize, ToSchema)]
pub(super) struct TurnOffBody {
    password: String,
    /// Six digits, or a recovery code.
    code: String,
}

/// The caller's second factor
#[utoipa::path(get, path = "/auth/totp", operation_id = "totp", tag = "auth",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = TotpState), SignedErrors))]
pub(super) async fn state(
    State(api): State<Api>,
    Enrolling(who): Enrolling,
) -> Result<Json<TotpState>, Problem> {
    require_person(&who)?;
    let agent = row(&api, &who)?;
    let enabled = api.services.store.totp(agent.key).await?.is_some_and(|totp| totp.is_confirmed);
    Ok(Json(TotpState {
        enabled,
        required: needs_totp(api.services.settings.require_totp, who.rights),
        recovery_codes: api.services.store.recovery_codes(agent.key).await?,
    }))
}

/// Makes a secret for the caller's second factor, which counts once it is confirmed
#[utoipa::path(post, path = "/auth/totp", operation_id = "begin_totp", tag = "auth", request_body = PasswordBody,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = TotpSecret), SignedErrors))]
pub(super) async fn begin(
    State(api): State<Api>,
    Enrolling(who): Enrolling,
    caller: Caller,
    Body(body): Body<PasswordBody>,
) -> Result<Json<TotpSecret>, Refused> {
    require_person(&who)?;
    let agent = row(&api, &who)?;
    check(&api, &caller, &agent, "password", body.password).await?;
    if api.services.store.totp(agent.key).await.map_err(Problem::from)?.is_some_and(|totp| totp.is_confirmed)
    {
        let detail = "there is a second factor: turn it off first";
        return Err(Problem::new(ErrorCode::Conflict, detail).into());
    }
    let mut secret = [0; totp::SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(|_| unavailable())?;
    let sealed = api.services.secrets.seal(totp::SEAL_PURPOSE, &secret).map_err(|_| unavailable())?;
    let changes = vec![Change::Access(AccessChange::Totp { agent: agent.key, sealed })];
    let audit = audit::record(&who, caller.address, "totp.begun", Some(("agent", who.id)), json!({}));
    api.services.desk.record(RecordSet { changes, audit: vec![audit] }).await?;
    Ok(Json(TotpSecret { secret: totp::base32(&secret), uri: totp::uri(&secret, &agent.email) }))
}

/// Turns the caller's second factor on, with a first code of it
#[utoipa::path(post, path = "/auth/totp/confirm", operation_id = "confirm_totp", tag = "auth",
    request_body = CodeBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = RecoveryCodes), SignedErrors))]
pub(super) async fn confirm(
    State(api): State<Api>,
    Enrolling(who): Enrolling,
    caller: Caller,
    Body(body): Body<CodeBody>,
) -> Result<Json<RecoveryCodes>, Refused> {
    require_person(&who)?;
    fields::check_bytes("code", &body.code, totp::CODE_BYTES_MAX)?;
    let agent = row(&api, &who)?.key;
    let now = clock::now();
    api.services.limits.code(agent, now)?;
    let waits = api.services.store.totp(agent).await.map_err(Problem::from)?;
    let Some(waits) = waits.filter(|totp| !totp.is_confirmed) else {
        return Err(Problem::new(ErrorCode::Conflict, "no second factor waits for its first code").into());
    };
    let step = match Typed::read(&body.code) {
        Some(Typed::Code(code)) => totp::find_step(&secret(&api, &waits)?, code, now, waits.last_step),
        _ => None,
    };
    let step = step.ok_or_else(|| Problem::invalid("code", "this is not the code that is shown now"))?;
    let (shown, recovery) = totp::recovery_codes().map_err(|_| unavailable())?.into_iter().unzip();
    let change = AccessChange::TotpConfirmed { agent, sealed: waits.sealed, step, recovery };
    let audit = audit::record(&who, caller.address, "totp.enabled", Some(("agent", who.id)), json!({}));
    let set = RecordSet { changes: vec![Change::Access(change)], audit: vec![audit] };
    api.services.desk.record(set).await?;
    Ok(Json(RecoveryCodes { recovery_codes: shown }))
}

/// Turns the caller's second factor off
#[utoipa::path(delete, path = "/auth/totp", operation_id = "end_totp", tag = "auth", request_body = TurnOffBody,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Turned off"), SignedErrors))]
pub(super) async fn end(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<TurnOffBody>,
) -> Result<StatusCode, Refused> {
    require_person(&who)?;
    let agent = row(&api, &who)?;
    check(&api, &caller, &agent, "password", body.password).await?;
    let Some(used) = use_up(&api, agent.key, Some(&body.code), clock::now()).await? else {
        return Err(Problem::not_found("second factor").into());
    };
    let changes = vec![Change::Access(used), Change::Access(AccessChange::DropTotp(agent.key))];
    let audit = audit::record(&who, caller.address, "totp.disabled", Some(("agent", who.id)), json!({}));
    let recorded = api.services.desk.record(RecordSet { changes, audit: vec![audit] }).await;
    recorded.map_err(wrong_if_used)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets an agent's second factor (with the permission `agents`; not with a key)
#[utoipa::path(delete, path = "/agents/{id}/totp", operation_id = "reset_totp", tag = "agents",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Forgotten"), SignedErrors))]
pub(super) async fn reset(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require_person(&who)?;
    require(&who, Permission::Agents)?;
    if id == who.id {
        // A session that somebody else got hold of must not be enough.
        return Err(Problem::new(ErrorCode::Forbidden, "turn your own off with DELETE /auth/totp"));
    }
    let agent = check_reach(&api, &who, id)?;
    if api.services.store.totp(agent.key).await?.is_none() {
        return Err(Problem::not_found("second factor"));
    }
    let audit = audit::record(&who, caller.address, "totp.reset", Some(("agent", id)), json!({}));
    let changes = vec![Change::Access(AccessChange::DropTotp(agent.key))];
    api.services.desk.record(RecordSet { changes, audit: vec![audit] }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What uses up the code that an agent shows; nothing when it has no second factor. That nobody else has used it
/// meanwhile shows when the change is made, see [`wrong_if_used`].
pub(super) async fn use_up(
    api: &Api,
    agent: AgentKey,
    code: Option<&str>,
    now: Micros,
) -> Result<Option<AccessChange>, Problem> {
    let factor = api.services.store.totp(agent).await?.filter(|totp| totp.is_confirmed);
    let Some(factor) = factor else { return Ok(None) };
    let Some(code) = code.filter(|code| !code.is_empty()) else {
        let detail = "the code of the second factor is needed, or a recovery code";
        return Err(Problem { field: Some("code"), ..Problem::new(ErrorCode::Unauthorized, detail) });
    };
    api.services.limits.code(agent, now)?;
    let used = match Typed::read(code) {
        Some(Typed::Code(code)) => totp::find_step(&secret(api, &factor)?, code, now, factor.last_step)
            .map(|step| AccessChange::TotpUsed { agent, step }),
        Some(Typed::Recovery(hash)) => Some(AccessChange::RecoveryUsed { agent, hash }),
        None => None,
    };
    used.map(Some).ok_or_else(wrong_code)
}

/// A code that was none, or was used already.
pub(super) fn wrong_code() -> Problem {
    let detail = "the code is wrong, too old or was used already";
    Problem { field: Some("code"), ..Problem::new(ErrorCode::Unauthorized, detail) }
}

/// What a change that uses up a code says when the code was used meanwhile.
pub(super) fn wrong_if_used(problem: Problem) -> Problem {
    if problem.code == ErrorCode::Conflict { wrong_code() } else { problem }
}

fn secret(api: &Api, factor: &Totp) -> Result<Vec<u8>, Problem> {
    api.services.secrets.open(totp::SEAL_PURPOSE, &factor.sealed).map_err(|error| {
        tracing::error!(%error, agent = factor.agent.0, "a second factor cannot be read");
        Problem::unavailable("the second factor cannot be checked: an admin can reset it")
    })
}

fn unavailable() -> Problem {
    Problem::unavailable("no secret can be made now")
}
