//! What subscriptions were told, and what was answered.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use http::StatusCode;
use kefu_bus::{
    embedded::Order,
    happened::{Kind, Place},
};
use kefu_core::{Micros, Permission};
use kefu_protocol::frame::Timestamp;
use kefu_store::{Change, DeliveryState, EventChange, EventDelivery, RecordSet};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::subscriptions::group;
use crate::{
    audit,
    auth::{SignedAgent, require},
    clock,
    events::Attempt,
    http::{
        Api,
        body::{Id, Ids, Parameters},
        caller::Caller,
        openapi::SignedErrors,
        page::{Page, cursor, limit},
    },
    problem::Problem,
    view::timestamp,
};

/// Which deliveries, and which part of their list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// `waiting`, `done` or `dead`; all when it is left out.
    state: Option<String>,
    /// From the page before.
    cursor: Option<String>,
    /// 1 to 500; 50 when it is left out.
    #[param(value_type = Option<u16>)]
    limit: Option<String>,
}

/// An event that a subscription was told, or is to be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(super) struct DeliveryView {
    /// The same over all attempts.
    id: Uuid,
    event_id: Uuid,
    topic: String,
    /// Events with the same key are told in order.
    key: String,
    /// `waiting`, `done` or `dead`.
    state: &'static str,
    /// The last ones, oldest first.
    attempts: Vec<AttemptView>,
    /// When it is tried next, while it waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// What is told, made anew of what there is now; only of one delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<String>,
}

/// An attempt.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryAttempt)]
struct AttemptView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Status of the answer.
    status: Option<u16>,
    latency_ms: Option<u64>,
    /// Why it was not taken.
    error: Option<String>,
    /// What was sent; values of a subscription's own headers are left out.
    request_headers: BTreeMap<String, String>,
    /// At most 4 KiB of what was answered.
    response_body: Option<String>,
}

/// What a subscription was told, newest first (with the permission `inboxes`)
#[utoipa::path(get, path = "/subscriptions/{id}/deliveries", operation_id = "deliveries", tag = "events",
    params(("id" = Uuid, Path), ListQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<DeliveryView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    require(&who, Permission::Inboxes)?;
    let state = query.state.as_deref().map(state).transpose()?;
    let before = cursor(query.cursor.as_deref())?.map(|(_, number)| number);
    let limit = limit(query.limit.as_deref())?;
    api.services.events.get(id).await?;
    let Some(group) = group(&api, id).await? else { return Ok(Json(Page::whole(Vec::new()))) };
    let mut rows = api.services.store.event_deliveries(group.key, state, before, limit + 1).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|last| (0, last.number));
    Ok(Json(Page::part(rows.into_iter().map(view).collect(), next)))
}

/// A delivery, with what is told (with the permission `inboxes`)
#[utoipa::path(get, path = "/subscriptions/{id}/deliveries/{delivery}", operation_id = "delivery", tag = "events",
    params(("id" = Uuid, Path), ("delivery" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = DeliveryView), SignedErrors))]
pub(super) async fn get(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Ids(id, delivery): Ids,
) -> Result<Json<DeliveryView>, Problem> {
    require(&who, Permission::Inboxes)?;
    let row = find(&api, id, delivery).await?;
    let place = Place { source: row.source, pos: row.pos };
    let heard = match Kind::from_topic(&row.topic) {
        Some(kind) => api.services.events.bus().reader().at(place, kind).await?,
        None => None,
    };
    let body = heard.and_then(|heard| heard.event.to_json().ok());
    let request_body = body.and_then(|body| String::from_utf8(body).ok());
    Ok(Json(DeliveryView { request_body, ..view(row) }))
}

/// Has an event told again, whatever became of it (with the permission `inboxes`)
#[utoipa::path(post, path = "/subscriptions/{id}/deliveries/{delivery}/redeliver", operation_id = "redeliver",
    tag = "events", params(("id" = Uuid, Path), ("delivery" = Uuid, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 202, description = "It will be told again"), SignedErrors))]
pub(super) async fn redeliver(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Ids(id, delivery): Ids,
) -> Result<StatusCode, Problem> {
    require(&who, Permission::Inboxes)?;
    let row = find(&api, id, delivery).await?;
    let detail = json!({"delivery": delivery, "topic": row.topic});
    let audit =
        audit::record(&who, caller.address, "subscription.redelivered", Some(("subscription", id)), detail);
    let again = Change::Event(EventChange::Redeliver { id: row.id, at: clock::now() });
    api.services.desk.record(RecordSet { changes: vec![again], audit: vec![audit] }).await?;
    // One that is switched off tells it when it is switched on.
    api.services.events.order(id, Order::Look).await;
    Ok(StatusCode::ACCEPTED)
}

async fn find(api: &Api, id: Uuid, delivery: Uuid) -> Result<EventDelivery, Problem> {
    api.services.events.get(id).await?;
    let (group, row) = (group(api, id).await?, api.services.store.event_delivery(delivery).await?);
    let row = row.filter(|row| group.is_some_and(|group| group.key == row.group));
    row.ok_or_else(|| Problem::not_found("delivery"))
}

fn state(word: &str) -> Result<DeliveryState, Problem> {
    match word {
        "waiting" => Ok(DeliveryState::Waiting),
        "done" => Ok(DeliveryState::Done),
        "dead" => Ok(DeliveryState::Dead),
        _ => Err(Problem::invalid("state", "must be waiting, done or dead")),
    }
}

fn view(row: EventDelivery) -> DeliveryView {
    let attempts = Attempt::all(&row.attempts).into_iter().map(|attempt| AttemptView {
        at: timestamp(Micros(attempt.at_us)),
        status: attempt.status,
        latency_ms: attempt.latency_ms,
        error: attempt.error,
        request_headers: attempt.request_headers,
        response_body: attempt.response_body,
    });
    DeliveryView {
        id: row.id,
        event_id: row.event,
        topic: row.topic,
        key: row.key,
        state: match row.state {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Done => "done",
            DeliveryState::Dead => "dead",
        },
        attempts: attempts.collect(),
        next_at: (row.state == DeliveryState::Waiting).then(|| timestamp(row.next_at)),
        created_at: timestamp(row.created_at),
        request_body: None,
    }
}
