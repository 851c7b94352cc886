use std::time::Duration;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE},
};
use kefu_app::Language;
use kefu_core::{Micros, Permission, ReportFilter};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::LiveCount;
use serde::{Deserialize, Serialize};
use serde_json::json;
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
        openapi::SignedErrors,
    },
    problem::Problem,
    reports::{self, Names, ReportView},
    view::{AgentView, Directory},
};

/// How long a report waits for those before it.
const TURN: Duration = Duration::from_secs(10);

/// What is counted and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportQuery {
    /// A time, or a date of the zone: from its beginning.
    #[param(value_type = String, example = "2026-11-01")]
    from: Option<String>,
    /// A time, which is no part of it, or a date of the zone, which is. At most 400 days later, by hour 62.
    #[param(value_type = String, example = "2026-11-30")]
    to: Option<String>,
    /// `hour`, `day` (when left out), `agent`, `team`, `inbox` or `tag`.
    by: Option<String>,
    /// The time zone of dates, hours and days; UTC when left out.
    #[param(example = "Asia/Shanghai")]
    zone: Option<String>,
    /// Only what concerns this agent.
    #[param(value_type = Option<Uuid>)]
    agent: Option<String>,
    /// Only what concerned this team.
    #[param(value_type = Option<Uuid>)]
    team: Option<String>,
    /// Only this inbox.
    #[param(value_type = Option<Uuid>)]
    inbox: Option<String>,
    /// Only conversations that have this tag now.
    #[param(value_type = Option<Uuid>)]
    tag: Option<String>,
    /// `json` or `csv`; when left out, what `Accept` asks for.
    format: Option<String>,
    /// Of the titles in a CSV: `en` (when left out) or `zh`.
    language: Option<String>,
}

/// What is going on now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Now {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    total: LiveView,
    /// By inbox and team.
    queues: Vec<QueueView>,
    agents: Vec<AgentNow>,
}

/// Conversations that have not ended.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = LiveCounts)]
pub(super) struct LiveView {
    waiting: u64,
    /// For how long the first of them has waited.
    longest_wait_s: Option<i64>,
    /// Those that an agent answers.
    open: u64,
    /// Those that were set aside.
    pending: u64,
}

/// What came in at one inbox for one team.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueNow)]
pub(super) struct QueueView {
    inbox_id: Option<Uuid>,
    /// Null for what is for anybody.
    team_id: Option<Uuid>,
    counts: LiveView,
}

/// What an agent is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AgentNow {
    id: Uuid,
    name: String,
    /// `online`, `busy`, `away` or `offline`.
    #[schema(value_type = String, example = "online")]
    status: kefu_core::AgentStatus,
    load: u32,
    capacity: u32,
}

/// What waits, is open and was set aside now, and what agents are doing (with the permission `reports`)
#[utoipa::path(get, path = "/reports/now", operation_id = "report_now", tag = "reports",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Now), SignedErrors))]
pub(super) async fn now(State(api): State<Api>, SignedAgent(who): SignedAgent) -> Result<Json<Now>, Problem> {
    require(&who, Permission::Reports)?;
    let counts = api.services.store.live_counts().await?;
    let agents = api.services.desk.agents().await?;
    let (now, directory) = (clock::now(), api.services.desk.directory());
    let mut total = LiveView::default();
    counts.iter().for_each(|count| total.add(count, now));
    Ok(Json(Now {
        at: Timestamp::from_micros(now.0),
        total,
        queues: counts.iter().map(|count| QueueView::new(count, now, &directory)).collect(),
        agents: agents.into_iter().filter(|agent| !agent.disabled).map(AgentNow::from).collect(),
    }))
}

impl LiveView {
    fn add(&mut self, count: &LiveCount, now: Micros) {
        let wait_s = count.waiting_since.map(|since| now.since(since).max(0) / 1_000_000);
        self.longest_wait_s = self.longest_wait_s.max(wait_s);
        self.waiting += count.waiting;
        self.open += count.open;
        self.pending += count.pending;
    }
}

impl QueueView {
    fn new(count: &LiveCount, now: Micros, directory: &Directory) -> Self {
        let mut counts = LiveView::default();
        counts.add(count, now);
        Self {
            inbox_id: directory.inboxes.get(&count.inbox).map(|inbox| inbox.id),
            team_id: count.team.and_then(|team| directory.teams.get(&team)).map(|team| team.id),
            counts,
        }
    }
}

impl From<AgentView> for AgentNow {
    fn from(agent: AgentView) -> Self {
        let AgentView { id, name, status, load, capacity, .. } = agent;
        Self { id, name: name.to_string(), status, load, capacity }
    }
}

/// Figures over a range of time, counted from the log (with the permission `reports`)
#[utoipa::path(get, path = "/reports", operation_id = "report", tag = "reports", params(ReportQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The figures", content(
            (ReportView = "application/json"), (String = "text/csv"))),
        SignedErrors,
    ))]
pub(super) async fn get(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    headers: HeaderMap,
    Parameters(query): Parameters<ReportQuery>,
) -> Result<Response, Problem> {
    require(&who, Permission::Reports)?;
    let is_csv = wants_csv(query.format.as_deref(), &headers)?;
    let language = language(query.language.as_deref())?;
    let grouping = reports::grouping(query.by.as_deref().unwrap_or("day"))?;
    let zone = reports::zone(query.zone.as_deref())?;
    let given = |field, value: &Option<String>| {
        let missing = || Problem::invalid(field, format!("`{field}` is missing: a date or a time"));
        value.clone().ok_or_else(missing)
    };
    let (from, to) = (given("from", &query.from)?, given("to", &query.to)?);
    let range = reports::span(&from, &to, grouping, &zone)?;
    // Reports read a lot: two at once.
    let turn = tokio::time::timeout(TURN, api.gates.reports.acquire()).await;
    let Ok(Ok(_turn)) = turn else {
        let detail = "other reports are being made already";
        return Err(Problem { retry_after_ms: Some(5000), ..Problem::new(ErrorCode::RateLimited, detail) });
    };
    let names = Names::load(&api.services.store).await?;
    let filter = filter(&query, range, &names)?;
    let report = reports::count(&api.services.store, filter, grouping, zone.clone()).await?;
    let view = ReportView::new(&report, range, grouping, &zone, &names);
    if !is_csv {
        return Ok(Json(view).into_response());
    }
    let detail = json!({"from": view.from, "to": view.to, "by": view.by, "rows": view.rows.len()});
    let record = audit::record(&who, caller.address, "report.exported", None, detail);
    audit::write(&api.services.desk, record).await?;
    let mut response = reports::write_csv(&view, language).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let disposition = format!("attachment; filename=\"kefu-report-{}.csv\"", view.by);
    headers.extend(HeaderValue::try_from(disposition).ok().map(|value| (CONTENT_DISPOSITION, value)));
    Ok(response)
}

fn filter(query: &ReportQuery, (from, to): (Micros, Micros), names: &Names) -> Result<ReportFilter, Problem> {
    fn named<T>(
        field: &'static str,
        value: &Option<String>,
        find: impl Fn(Uuid) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(id) = parameter::<Uuid>(field, value.as_deref())? else { return Ok(None) };
        find(id).map(Some).ok_or_else(|| Problem::invalid(field, format!("there is no such {field}")))
    }
    Ok(ReportFilter {
        from,
        to,
        agent: named("agent", &query.agent, |id| names.agent_by_id(id))?,
        team: named("team", &query.team, |id| names.team_by_id(id))?,
        inbox: named("inbox", &query.inbox, |id| names.inbox_by_id(id))?,
        tag: named("tag", &query.tag, |id| names.tag_by_id(id))?,
    })
}

fn wants_csv(format: Option<&str>, headers: &HeaderMap) -> Result<bool, Problem> {
    match format {
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        Some(_) => Err(Problem::invalid("format", "must be json or csv")),
        None => {
            let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
            Ok(accept.trim_start().to_ascii_lowercase().starts_with("text/csv"))
        }
    }
}

fn language(word: Option<&str>) -> Result<Language, Problem> {
    match word {
        None | Some("en") => Ok(Language::English),
        Some("zh") => Ok(Language::Chinese),
        Some(_) => Err(Problem::invalid("language", "must be en or zh")),
    }
}
