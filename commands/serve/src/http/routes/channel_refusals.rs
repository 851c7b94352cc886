//! What came over channels and could not be read.

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use kefu_core::Permission;
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{Change, ChannelChange, ChannelRefusal, RecordSet};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::channels::row;
use crate::{
    audit,
    auth::{SignedAgent, require},
    channels::read_again,
    http::{
        Api,
        body::{Id, Parameters},
        caller::Caller,
        openapi::SignedErrors,
        page::{Page, cursor, limit},
    },
    problem::Problem,
    view::timestamp,
};

/// Which part of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// From the page before.
    cursor: Option<String>,
    /// 1 to 500; 50 when it is left out.
    #[param(value_type = Option<u16>)]
    limit: Option<String>,
}

/// Something that came and could not be read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelRefusal)]
pub(super) struct RefusalView {
    number: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Why: the key of the file, and what was wrong.
    reason: String,
    /// Whether it can be read again.
    retryable: bool,
}

/// What became of reading it again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelReadAgain)]
pub(super) struct ReadAgainView {
    /// Messages in it; those that came before are not added twice.
    messages: usize,
}

/// What came over a channel and could not be read, newest first (with the permission `inboxes`)
///
/// The newest 1,000 of the last 30 days are kept.
#[utoipa::path(get, path = "/channels/{id}/refused", operation_id = "channel_refused", tag = "channels",
    params(("id" = Uuid, Path), ListQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<RefusalView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<RefusalView>>, Problem> {
    require(&who, Permission::Inboxes)?;
    let channel = row(&api, id).await?.key;
    let before = cursor(query.cursor.as_deref())?.map(|(number, _)| number);
    let limit = limit(query.limit.as_deref())?;
    let mut items = api.services.store.channel_refusals(channel, before, limit + 1).await?;
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| has_more).map(|item| (item.number, 0));
    Ok(Json(Page::part(items.into_iter().map(RefusalView::from).collect(), next)))
}

/// Reads something again, once the channel's file is mended (with the permission `inboxes`)
#[utoipa::path(post, path = "/channels/{id}/refused/{number}/retry", operation_id = "retry_channel_refused",
    tag = "channels", params(("id" = Uuid, Path), ("number" = i64, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ReadAgainView), SignedErrors))]
pub(super) async fn retry(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Path(place): Path<(String, String)>,
) -> Result<Json<ReadAgainView>, Problem> {
    require(&who, Permission::Inboxes)?;
    let (id, refusal) = found(&api, place).await?;
    let live = api.services.channels.get(id);
    let live = live.ok_or_else(|| Problem::new(ErrorCode::Conflict, "the channel is off"))?;
    let number = refusal.number;
    let messages = read_again(&api.services.channels, &live, &refusal).await?;
    let detail = json!({"number": number, "messages": messages});
    let line = audit::record(&who, caller.address, "channel.read_again", Some(("channel", id)), detail);
    audit::write(&api.services.desk, line).await?;
    Ok(Json(ReadAgainView { messages }))
}

/// Forgets something that could not be read (with the permission `inboxes`)
#[utoipa::path(delete, path = "/channels/{id}/refused/{number}", operation_id = "drop_channel_refused",
    tag = "channels", params(("id" = Uuid, Path), ("number" = i64, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Forgotten"), SignedErrors))]
pub(super) async fn forget(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Path(place): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    require(&who, Permission::Inboxes)?;
    let (id, refusal) = found(&api, place).await?;
    let detail = json!({"number": refusal.number});
    let line = audit::record(&who, caller.address, "channel.refused_dropped", Some(("channel", id)), detail);
    let changes = vec![Change::Channel(ChannelChange::DropRefused(refusal.number))];
    api.services.desk.record(RecordSet { changes, audit: vec![line] }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The channel and what could not be read of it, by the names in the path.
async fn found(api: &Api, (id, number): (String, String)) -> Result<(Uuid, ChannelRefusal), Problem> {
    let id = Uuid::try_parse(&id).map_err(|_| Problem::not_found("channel"))?;
    let number: i64 = number.parse().map_err(|_| Problem::not_found("refusal"))?;
    let channel = row(api, id).await?.key;
    let found = api.services.store.channel_refusals(channel, number.checked_add(1), 1).await?;
    let refusal = found.into_iter().find(|refusal| refusal.number == number);
    Ok((id, refusal.ok_or_else(|| Problem::not_found("refusal"))?))
}

impl From<ChannelRefusal> for RefusalView {
    fn from(refusal: ChannelRefusal) -> Self {
        let ChannelRefusal { number, at, reason, request, .. } = refusal;
        Self { number, at: timestamp(at), reason, retryable: request.is_some() }
    }
}
