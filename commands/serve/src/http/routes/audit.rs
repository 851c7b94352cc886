use axum::{Json, extract::State};
use kefu_core::{Micros, Permission};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{AuditFilter, AuditLine};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    audit,
    auth::{SignedAgent, require},
    clock,
    http::{
        Api,
        body::{Parameters, parameter},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::{Page, cursor, limit},
    },
    problem::Problem,
};

/// Which lines are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only what this agent, visitor or key did.
    #[param(value_type = Option<Uuid>)]
    actor_id: Option<String>,
    /// Only what was done to this.
    #[param(value_type = Option<Uuid>)]
    target_id: Option<String>,
    /// Only this action, such as `agent.changed`; ending in a dot, all that begin with it.
    action: Option<String>,
    /// Not before.
    #[param(value_type = Option<String>, format = DateTime)]
    after: Option<String>,
    /// Before.
    #[param(value_type = Option<String>, format = DateTime)]
    before: Option<String>,
    /// From the page before.
    cursor: Option<String>,
    /// 1 to 500; 50 when it is left out.
    #[param(value_type = Option<u16>)]
    limit: Option<String>,
}

/// A line of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditLine)]
pub(super) struct LineView {
    /// 1, 2, 3 …
    number: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `agent`, `visitor`, `key`, `shell`, `system` or `unknown`.
    actor_kind: String,
    actor_id: Option<Uuid>,
    /// Where it came from.
    address: Option<String>,
    #[schema(example = "agent.changed")]
    action: String,
    target_kind: Option<String>,
    target_id: Option<Uuid>,
    #[schema(value_type = Object)]
    detail: Value,
    /// The chain's hash after this line: what to keep elsewhere.
    hash: String,
}

/// Which part of what is flagged.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// Where the list goes on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many at most.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// What the check of the audit log found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Verdict {
    /// Every line follows from the one before it.
    whole: bool,
    /// Lines that were checked and do.
    lines: i64,
    /// The hash after the last of them.
    head: String,
    /// The first line that does not.
    broken_at: Option<i64>,
}

/// The audit log, newest first (with the permission `audit`)
#[utoipa::path(get, path = "/audit", operation_id = "audit", tag = "audit", params(Wanted),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<LineView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<Page<LineView>>, Problem> {
    require(&who, Permission::Audit)?;
    let moment = |name, value: Option<&str>| {
        parameter::<Timestamp>(name, value).map(|at| at.map(|at| Micros(at.micros())))
    };
    let filter = AuditFilter {
        actor_id: parameter("actor_id", wanted.actor_id.as_deref())?,
        target_id: parameter("target_id", wanted.target_id.as_deref())?,
        action: wanted.action.as_deref().map(|text| fields::word("action", text)).transpose()?,
        after: moment("after", wanted.after.as_deref())?,
        before: moment("before", wanted.before.as_deref())?,
    };
    cursor(wanted.cursor.as_deref())?;
    limit(wanted.limit.as_deref())?;
    let now = clock::now();
    // A page after another is one reading: a line a minute says so.
    if api.services.limits.is_news("audit.read", who.session.as_bytes(), now) {
        let detail =
            json!({"actor_id": filter.actor_id, "target_id": filter.target_id, "action": filter.action});
        let record = audit::record(&who, caller.address, "audit.read", None, detail);
        audit::write(&api.services.desk, record).await?;
    }
    lines(&api, &filter, wanted.cursor.as_deref(), wanted.limit.as_deref()).await
}

/// Messages and tickets with words that are flagged, newest first (who reads every conversation)
#[utoipa::path(get, path = "/flagged", operation_id = "flagged", tag = "messages", params(Part),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<LineView>), SignedErrors))]
pub(super) async fn flagged(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Parameters(part): Parameters<Part>,
) -> Result<Json<Page<LineView>>, Problem> {
    require(&who, Permission::AllConversations)?;
    let filter = AuditFilter { action: Some(audit::FLAGGED.to_owned()), ..AuditFilter::default() };
    lines(&api, &filter, part.cursor.as_deref(), part.limit.as_deref()).await
}

async fn lines(
    api: &Api,
    filter: &AuditFilter,
    from: Option<&str>,
    count: Option<&str>,
) -> Result<Json<Page<LineView>>, Problem> {
    let (before, limit) = (cursor(from)?.map(|(number, _)| number), limit(count)?);
    let mut lines = api.services.store.find_audit(filter, before, limit + 1).await?;
    let has_more = lines.len() > limit;
    lines.truncate(limit);
    let next = lines.last().filter(|_| has_more).map(|line| (line.number, 0));
    Ok(Json(Page::part(lines.into_iter().map(LineView::from).collect(), next)))
}

/// Checks that every line of the audit log follows from the one before it (with the permission `audit`)
///
/// That lines were cut off at the end shows only beside a number and hash that were kept elsewhere.
#[utoipa::path(get, path = "/audit/verify", operation_id = "verify_audit", tag = "audit",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Verdict), SignedErrors))]
pub(super) async fn verify(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Verdict>, Problem> {
    require(&who, Permission::Audit)?;
    // It reads the whole log: one at a time.
    let Ok(_turn) = api.gates.verify.try_lock() else {
        let detail = "the audit log is being checked already";
        return Err(Problem { retry_after_ms: Some(5000), ..Problem::new(ErrorCode::RateLimited, detail) });
    };
    let verdict = api.services.store.verify_audit().await?;
    let (lines, head, broken_at) = (verdict.lines, verdict.head, verdict.broken_at);
    Ok(Json(Verdict { whole: broken_at.is_none(), lines, head, broken_at }))
}

impl From<AuditLine> for LineView {
    fn from(line: AuditLine) -> Self {
        Self {
            number: line.number,
            at: Timestamp::from_micros(line.at_us),
            actor_kind: line.actor_kind,
            actor_id: line.actor_id,
            address: line.address,
            action: line.action,
            target_kind: line.target_kind,
            target_id: line.target_id,
            detail: line.detail,
            hash: line.hash,
        }
    }
}
