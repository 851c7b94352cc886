use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{Json, body::Body as AnyBody, extract::State, response::Response};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};
use http_body::Frame;
use kefu_core::Permission;
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{Change, Customer, Erasure, ErasureState, LegalHold, PrivacyChange, RecordSet};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    audit,
    auth::{SignedAgent, require},
    clock,
    http::{
        Api, Refused,
        body::{Body, Id},
        caller::Caller,
        fields,
        openapi::SignedErrors,
    },
    identity::Identity,
    privacy::{Eraser, Export},
    problem::Problem,
    view::timestamp,
};

/// Why nothing of a customer may be erased.
#[derive(Deserialize, ToSchema)]
pub(super) struct HoldBody {
    /// 1 to 500 characters.
    reason: String,
    /// When it ends by itself; without it, never.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<String>,
}

/// A legal hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegalHold)]
pub(super) struct HoldView {
    /// On whom: the customer, or one that was merged into it.
    customer_id: Uuid,
    reason: String,
    /// Which agent made it; absent when it was made on the server's own shell.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// An erasure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Erasure)]
pub(super) struct ErasureView {
    /// `under_way` or `finished`.
    #[schema(example = "finished")]
    state: &'static str,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    /// Which agent asked; absent when it was asked on the server's own shell.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Uuid>,
    /// Entries of logs that became empty so far.
    entries: u64,
    /// From when on no file of the data directory holds anything of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

/// What was decided about a customer's data.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerPrivacy)]
pub(super) struct PrivacyView {
    customer_id: Uuid,
    hold: Option<HoldView>,
    erasure: Option<ErasureView>,
}

/// What was decided about a customer's data (permission `privacy`)
#[utoipa::path(get, path = "/customers/{id}/privacy", operation_id = "customer_privacy", tag = "privacy",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = PrivacyView), SignedErrors))]
pub(super) async fn state(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<PrivacyView>, Problem> {
    let customer = wanted(&api, &who, id).await?;
    Ok(Json(view(&api, customer.id).await?))
}

/// All that is known of a customer, as one JSON document (permission `privacy`)
///
/// Its visitors with pages and sessions, tickets, and conversations with every message and note.
#[utoipa::path(get, path = "/customers/{id}/export", operation_id = "export_customer", tag = "privacy",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, description = "The document", body = Object), SignedErrors))]
pub(super) async fn export(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<Response, Problem> {
    let customer = wanted(&api, &who, id).await?;
    let target = Some(("customer", customer.id));
    let line = audit::record(&who, caller.address, "customer.exported", target, json!({}));
    audit::write(&api.services.desk, line).await?;
    // What its pages are is written every few seconds.
    api.services.trails.write(&api.services.desk).await;
    let id = customer.id;
    let export = Export::of(api.services.store.clone(), customer, clock::now()).await?;
    let mut response = Response::new(AnyBody::new(Pieces { step: Some(step(export)) }));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"customer-{id}.json\"")) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// Erases a customer for good (permission `privacy`)
///
/// Who it is and its sign-ins end at once; what was said in its conversations and tickets, by whomever, follows in
/// the background. Messages keep their numbers. Asked again, it begins anew. 409 while a legal hold is on it.
#[utoipa::path(post, path = "/customers/{id}/erase", operation_id = "erase_customer", tag = "privacy",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 202, body = PrivacyView), SignedErrors))]
pub(super) async fn erase(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<(StatusCode, Json<PrivacyView>), Problem> {
    let customer = wanted(&api, &who, id).await?;
    if let Some(hold) = api.services.store.hold(customer.id, clock::now()).await? {
        return Err(held(&hold));
    }
    let target = Some(("customer", customer.id));
    let line = audit::record(&who, caller.address, "customer.erase_asked", target, json!({}));
    let eraser = Eraser::of(&api.services);
    let spared = spared(&api, &customer).await?;
    eraser.begin(&customer, Some(who.id), spared, line, &api.services.trails).await?;
    Ok((StatusCode::ACCEPTED, Json(view(&api, customer.id).await?)))
}

/// What could not be read of channels and does not name the customer.
#[cfg(feature = "channels")]
async fn spared(api: &Api, customer: &Customer) -> Result<Vec<i64>, Problem> {
    let visitors = api.services.store.visitors_of_customer(customer).await?;
    crate::channels::spared(&api.services.channels, &visitors).await
}

/// A build without channels knows of none.
#[cfg(not(feature = "channels"))]
async fn spared(_: &Api, _: &Customer) -> Result<Vec<i64>, Problem> {
    Ok(Vec::new())
}

/// Forbids to erase a customer (permission `privacy`)
///
/// A customer has one hold: a new one takes the place of the one before. From then on nothing of the customer goes
/// because its time is over either, not even what was due already. 409 when it is being erased.
#[utoipa::path(put, path = "/customers/{id}/hold", operation_id = "hold_customer", tag = "privacy",
    params(("id" = Uuid, Path)), request_body = HoldBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = PrivacyView), SignedErrors))]
pub(super) async fn hold(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<HoldBody>,
) -> Result<Json<PrivacyView>, Refused> {
    let customer = wanted(&api, &who, id).await?;
    let now = clock::now();
    let reason = fields::lines("reason", body.reason.trim(), fields::REASON_CHARS)?;
    if reason.is_empty() {
        return Err(Problem::invalid("reason", "must say why").into());
    }
    let expires_at = body.expires_at.map(|text| fields::future("expires_at", &text, now)).transpose()?;
    let hold = LegalHold { customer: customer.id, reason, made_by: Some(who.id), made_at: now, expires_at };
    let detail = json!({"expires_at": expires_at.map(timestamp)});
    record(&api, &who, &caller, PrivacyChange::Hold(hold), "customer.held", customer.id, detail).await?;
    Ok(Json(view(&api, customer.id).await?))
}

/// Ends a customer's hold (permission `privacy`)
#[utoipa::path(delete, path = "/customers/{id}/hold", operation_id = "release_customer", tag = "privacy",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Ended"), SignedErrors))]
pub(super) async fn release(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    let customer = wanted(&api, &who, id).await?;
    let hold = api.services.store.hold(customer.id, clock::now()).await?;
    let hold = hold.ok_or_else(|| Problem::not_found("hold"))?;
    let change = PrivacyChange::Release(hold.customer);
    record(&api, &who, &caller, change, "customer.released", hold.customer, json!({})).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The customer with this id. Whoever answers for privacy need not be able to read conversations.
async fn wanted(api: &Api, who: &Identity, id: Uuid) -> Result<Customer, Problem> {
    require(who, Permission::Privacy)?;
    api.services.store.customer(id).await?.ok_or_else(|| Problem::not_found("customer"))
}

async fn record(
    api: &Api,
    who: &Identity,
    caller: &Caller,
    change: PrivacyChange,
    action: &'static str,
    customer: Uuid,
    detail: serde_json::Value,
) -> Result<(), Problem> {
    let line = audit::record(who, caller.address, action, Some(("customer", customer)), detail);
    api.services.desk.record(RecordSet { changes: vec![Change::Privacy(change)], audit: vec![line] }).await
}

async fn view(api: &Api, customer: Uuid) -> Result<PrivacyView, Problem> {
    let store = &api.services.store;
    Ok(PrivacyView {
        customer_id: customer,
        hold: store.hold(customer, clock::now()).await?.map(HoldView::from),
        erasure: store.erasure(customer).await?.map(ErasureView::from),
    })
}

fn held(hold: &LegalHold) -> Problem {
    let until = hold.expires_at.map(|at| format!(" until {}", timestamp(at))).unwrap_or_default();
    let detail = format!("a legal hold is on customer {}{until}: release it first", hold.customer);
    Problem::new(ErrorCode::Conflict, detail)
}

impl From<LegalHold> for HoldView {
    fn from(hold: LegalHold) -> Self {
        Self {
            customer_id: hold.customer,
            reason: hold.reason,
            by: hold.made_by,
            at: timestamp(hold.made_at),
            expires_at: hold.expires_at.map(timestamp),
        }
    }
}

impl From<Erasure> for ErasureView {
    fn from(erasure: Erasure) -> Self {
        let (state, finished_at) = match erasure.state {
            ErasureState::UnderWay => ("under_way", None),
            ErasureState::Finished(at) => ("finished", Some(timestamp(at))),
        };
        let asked_at = timestamp(erasure.asked_at);
        Self { state, asked_at, by: erasure.asked_by, entries: erasure.entries, finished_at }
    }
}

type Step = Pin<Box<dyn Future<Output = Result<Option<(Bytes, Export)>, Problem>> + Send>>;

/// The body: a piece is made when the one before it was taken.
struct Pieces {
    step: Option<Step>,
}

fn step(mut export: Export) -> Step {
    Box::pin(async move { Ok(export.next().await?.map(|piece| (piece.into(), export))) })
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Problem;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Problem>>> {
        let Some(now) = self.step.as_mut() else { return Poll::Ready(None) };
        let outcome = ready!(now.as_mut().poll(context));
        self.step = None;
        Poll::Ready(match outcome {
            Ok(None) => None,
            Ok(Some((bytes, export))) => {
                self.step = Some(step(export));
                Some(Ok(Frame::data(bytes)))
            }
            Err(problem) => Some(Err(problem)),
        })
    }
}
