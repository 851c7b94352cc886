//! Departments that hear of events.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::StatusCode;
use kefu_bus::{Event, Pattern, embedded::Order, happened::Kind};
use kefu_core::{Micros, Permission};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{Change, EventChange, EventGroup, EventSubscription, RecordSet};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::session::fresh_id;
use crate::{
    audit,
    auth::{SignedAgent, require},
    clock,
    events::{
        ActionSpec, Kept, Spec, SpecError, Subscription, SubscriptionKind, checked_headers, delivery_of,
        name_of,
    },
    http::{
        Api, Refused,
        body::{Body, Id},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::Page,
    },
    identity::Identity,
    problem::Problem,
    view::timestamp,
};

/// Most subscriptions.
const SUBSCRIPTIONS_MAX: usize = 200;

/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// A department that hears of events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subscription)]
pub(super) struct SubscriptionView {
    id: Uuid,
    name: String,
    #[schema(example = json!(["conversation.*", "chat.rated"]))]
    topics: Vec<String>,
    /// Ids of inboxes; all when it is empty.
    inboxes: Vec<Uuid>,
    /// `webhook`, `topic` or `action`.
    #[schema(value_type = String, example = "webhook")]
    kind: SubscriptionKind,
    /// Of a webhook.
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
    /// Headers that a webhook's requests have besides.
    headers: BTreeMap<String, String>,
    /// Whether its requests are signed.
    has_secret: bool,
    /// What requests are signed with; only right after it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// Of the kind `topic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    /// Of the kind `action`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    action: Option<Value>,
    is_enabled: bool,
    /// It stands in the configuration and cannot be changed here.
    is_fixed: bool,
    /// `failing` when nothing was taken for too long, `admin` when somebody switched it off.
    disabled_reason: Option<&'static str>,
    /// Since when nothing was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// Events that wait to be told.
    waiting: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_waiting_at: Option<Timestamp>,
    /// Places of the log that were not looked at yet.
    behind: u64,
    /// Events that will not be told.
    dead: u64,
    /// Events that were too old when their turn came, and were not told.
    skipped: u64,
    version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A new subscription.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewSubscription {
    name: String,
    /// `*` stands for one word, `>` at the end for one or more.
    #[schema(example = json!(["chat.rated"]))]
    topics: Vec<String>,
    #[serde(default)]
    inboxes: Vec<Uuid>,
    /// `webhook`, `topic` or `action`.
    #[schema(value_type = String, example = "webhook")]
    kind: SubscriptionKind,
    #[schema(example = "https://hooks.example.com/kefu")]
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    topic: Option<String>,
    /// `{"do": "assign"}` with `agent_id` or `team_id`, `{"do": "tag"}` with `tags`, `{"do": "ticket"}` with `subject`,
    /// or `{"do": "reply"}` with `text`.
    #[schema(value_type = Option<Object>)]
    action: Option<Map<String, Value>>,
    is_enabled: Option<bool>,
}

/// A change of a subscription; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct SubscriptionPatch {
    /// The version that the change was made for.
    version: i64,
    name: Option<String>,
    topics: Option<Vec<String>>,
    inboxes: Option<Vec<Uuid>>,
    url: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    topic: Option<String>,
    #[schema(value_type = Option<Object>)]
    action: Option<Map<String, Value>>,
    /// True has one that was switched off go on where it was.
    is_enabled: Option<bool>,
}

/// From when on events are told again.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReplayBody {
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
}

/// What came of a request that tells of an example.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubscriptionTest)]
pub(super) struct TestView {
    status: Option<u16>,
    latency_ms: Option<u64>,
    /// Why it was not taken.
    error: Option<String>,
}

/// All subscriptions, those of the configuration first (with the permission `inboxes`)
#[utoipa::path(get, path = "/subscriptions", operation_id = "subscriptions", tag = "events",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<SubscriptionView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<SubscriptionView>>, Problem> {
    require(&who, Permission::Inboxes)?;
    let mut items = Vec::new();
    for subscription in api.services.events.all().await? {
        items.push(view(&api, subscription).await?);
    }
    Ok(Json(Page::whole(items)))
}

/// Makes a subscription, which hears of what happens from now on (with the permission `inboxes`)
///
/// The answer to a webhook has the secret that its requests are signed with; it is not shown again.
#[utoipa::path(post, path = "/subscriptions", operation_id = "make_subscription", tag = "events",
    request_body = NewSubscription, security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, body = SubscriptionView), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewSubscription>,
) -> Result<(StatusCode, Json<SubscriptionView>), Refused> {
    require(&who, Permission::Inboxes)?;
    let name = fields::name("name", &body.name)?;
    let spec = Spec {
        topics: patterns(&body.topics)?,
        inboxes: inboxes(&api, body.inboxes)?,
        kind: body.kind,
        url: body.url.unwrap_or_default(),
        topic: topic(body.topic.as_deref())?,
        action: action(body.action)?,
    };
    spec.check(&api.services.settings.events).map_err(Problem::from)?;
    if api.services.events.all().await.map_err(Problem::from)?.len() >= SUBSCRIPTIONS_MAX {
        let detail = format!("there are {SUBSCRIPTIONS_MAX} subscriptions: remove one first");
        return Err(Problem::new(ErrorCode::Conflict, detail).into());
    }
    let is_webhook = spec.kind == SubscriptionKind::Webhook;
    let secret = if is_webhook { fresh_secret()? } else { String::new() };
    let kept = Kept { secret, headers: checked_headers(body.headers).map_err(Problem::from)? };
    let (id, now) = (fresh_id()?, clock::now());
    let row = EventSubscription {
        id,
        name,
        settings: written(&spec),
        sealed: api.services.events.seal(&kept)?,
        is_enabled: body.is_enabled.unwrap_or(true),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let at = api.services.store.event_end().await.map_err(Problem::from)?;
    // From now on, whenever it is started.
    let group = EventChange::Group { name: name_of(id), at };
    let changes = vec![EventChange::Subscribe(Box::new(row)), group];
    write(&api, &who, &caller, "subscription.made", id, told(&spec), changes).await?;
    let mut view = view(&api, api.services.events.get(id).await?).await?;
    view.secret = is_webhook.then_some(kept.secret);
    Ok((StatusCode::CREATED, Json(view)))
}

/// A subscription (with the permission `inboxes`)
#[utoipa::path(get, path = "/subscriptions/{id}", operation_id = "subscription", tag = "events",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = SubscriptionView), SignedErrors))]
pub(super) async fn get(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<SubscriptionView>, Problem> {
    require(&who, Permission::Inboxes)?;
    let subscription = api.services.events.get(id).await?;
    view(&api, subscription).await.map(Json)
}

/// Changes a subscription, switches it on or off (with the permission `inboxes`)
#[utoipa::path(patch, path = "/subscriptions/{id}", operation_id = "change_subscription", tag = "events",
    params(("id" = Uuid, Path)), request_body = SubscriptionPatch, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = SubscriptionView), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<SubscriptionPatch>,
) -> Result<Json<SubscriptionView>, Refused> {
    require(&who, Permission::Inboxes)?;
    let Subscription { row, mut spec, mut kept, .. } = own(&api, id).await?;
    if row.version != body.version {
        let detail = format!("the subscription has version {} by now", row.version);
        let conflict = Problem::new(ErrorCode::Conflict, detail);
        return Err(Problem { field: Some("version"), ..conflict }.into());
    }
    if let Some(topics) = body.topics {
        spec.topics = patterns(&topics)?;
    }
    if let Some(ids) = body.inboxes {
        spec.inboxes = inboxes(&api, ids)?;
    }
    spec.url = body.url.unwrap_or(spec.url);
    spec.topic = topic(body.topic.as_deref())?.or(spec.topic);
    spec.action = action(body.action)?.or(spec.action);
    spec.check(&api.services.settings.events).map_err(Problem::from)?;
    if let Some(headers) = body.headers {
        kept.headers = checked_headers(headers).map_err(Problem::from)?;
    }
    let name = body.name.map(|name| fields::name("name", &name)).transpose()?;
    let row = EventSubscription {
        name: name.unwrap_or(row.name),
        settings: written(&spec),
        sealed: api.services.events.seal(&kept)?,
        is_enabled: body.is_enabled.unwrap_or(row.is_enabled),
        updated_at: clock::now(),
        ..row
    };
    let mut detail = told(&spec);
    detail["enabled"] = json!(row.is_enabled);
    let mut changes = vec![EventChange::Resubscribe(Box::new(row))];
    if body.is_enabled == Some(true)
        && let Some(group) = group(&api, id).await?
    {
        changes.push(EventChange::Health { group: group.key, failing_since: None, stopped_at: None });
    }
    write(&api, &who, &caller, "subscription.changed", id, detail, changes).await?;
    Ok(Json(view(&api, api.services.events.get(id).await?).await?))
}

/// Takes a subscription away; what waits is not told (with the permission `inboxes`)
#[utoipa::path(delete, path = "/subscriptions/{id}", operation_id = "remove_subscription", tag = "events",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Removed"), SignedErrors))]
pub(super) async fn remove(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require(&who, Permission::Inboxes)?;
    own(&api, id).await?;
    let changes = vec![EventChange::Unsubscribe(id)];
    write(&api, &who, &caller, "subscription.removed", id, json!({}), changes).await?;
    // Nobody writes rows of it any more.
    api.services.events.write(vec![EventChange::EndGroup(name_of(id))]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a webhook another secret (with the permission `inboxes`)
#[utoipa::path(post, path = "/subscriptions/{id}/secret", operation_id = "rotate_subscription_secret",
    tag = "events", params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = SubscriptionView), SignedErrors))]
pub(super) async fn rotate_secret(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<SubscriptionView>, Problem> {
    require(&who, Permission::Inboxes)?;
    let Subscription { row, kept, .. } = own(&api, id).await?;
    let kept = Kept { secret: fresh_secret()?, ..kept };
    let row = EventSubscription { sealed: api.services.events.seal(&kept)?, updated_at: clock::now(), ..row };
    let changes = vec![EventChange::Resubscribe(Box::new(row))];
    write(&api, &who, &caller, "subscription.secret", id, json!({}), changes).await?;
    let mut view = view(&api, api.services.events.get(id).await?).await?;
    view.secret = Some(kept.secret);
    Ok(Json(view))
}

/// Tells a webhook of an example once (with the permission `inboxes`)
#[utoipa::path(post, path = "/subscriptions/{id}/test", operation_id = "test_subscription", tag = "events",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = TestView), SignedErrors))]
pub(super) async fn test(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<TestView>, Problem> {
    require(&who, Permission::Inboxes)?;
    let subscription = api.services.events.get(id).await?;
    if subscription.spec.kind != SubscriptionKind::Webhook {
        return Err(Problem::new(ErrorCode::Conflict, "only webhooks can be tried"));
    }
    if api.services.outgoing.is_shadow() {
        return Err(Problem::new(ErrorCode::Conflict, "nothing leaves a rehearsal"));
    }
    let wanted = |kind: &Kind| {
        kind.topic().parse().is_ok_and(|topic| subscription.spec.topics.iter().any(|one| one.matches(&topic)))
    };
    let kind = Kind::ALL.into_iter().find(wanted).unwrap_or(Kind::MessageCreated);
    let unusable = |why: String| Problem::new(ErrorCode::Conflict, why);
    let example = serde_json::value::to_raw_value(&kind.example());
    let event = Event {
        id: fresh_id()?,
        topic: kind.topic().parse().map_err(|error| unusable(format!("{error}")))?,
        key: Uuid::nil().to_string(),
        position: None,
        at: clock::now(),
        version: kind.version(),
        data: example.map_err(|error| unusable(error.to_string()))?,
    };
    let webhook = api.services.events.webhook(&subscription).map_err(unusable)?;
    let (attempt, _) = webhook.send(&event, delivery_of(id, event.id)).await;
    let (status, latency_ms, error) = (attempt.status, attempt.latency_ms, attempt.error);
    Ok(Json(TestView { status, latency_ms, error }))
}

/// Has everything told again that happened since (with the permission `inboxes`)
#[utoipa::path(post, path = "/subscriptions/{id}/replay", operation_id = "replay_subscription", tag = "events",
    params(("id" = Uuid, Path)), request_body = ReplayBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 202, description = "It will be told again"), SignedErrors))]
pub(super) async fn replay(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<ReplayBody>,
) -> Result<StatusCode, Refused> {
    require(&who, Permission::Inboxes)?;
    let events = &api.services.events;
    events.get(id).await?;
    let store = &api.services.store;
    let to = store.event_position_at(Micros(body.from.micros())).await.map_err(Problem::from)?;
    let detail = json!({"from": body.from});
    let record =
        audit::record(&who, caller.address, "subscription.replayed", Some(("subscription", id)), detail);
    audit::write(&api.services.desk, record).await?;
    if !events.order(id, Order::Rewind(to)).await
        && let Some(group) = group(&api, id).await?
    {
        let asked = store.event_end().await.map_err(Problem::from)?;
        events.write(vec![EventChange::Rewind { group: group.key, to, asked }]).await?;
    }
    Ok(StatusCode::ACCEPTED)
}

/// One that can be changed here.
async fn own(api: &Api, id: Uuid) -> Result<Subscription, Problem> {
    let subscription = api.services.events.get(id).await?;
    if subscription.is_fixed {
        let detail = "the subscription stands in the configuration: change it there";
        return Err(Problem::new(ErrorCode::Conflict, detail));
    }
    Ok(subscription)
}

pub(super) async fn group(api: &Api, id: Uuid) -> Result<Option<EventGroup>, Problem> {
    Ok(api.services.store.event_group(&name_of(id)).await?)
}

fn patterns(texts: &[String]) -> Result<Vec<Pattern>, Problem> {
    let read = |text: &String| text.parse().map_err(|error| Problem::invalid("topics", format!("{error}")));
    texts.iter().map(read).collect()
}

fn topic(text: Option<&str>) -> Result<Option<kefu_bus::Topic>, Problem> {
    let topic = text.map(str::parse).transpose();
    topic.map_err(|error| Problem::invalid("topic", format!("{error}")))
}

fn action(fields: Option<Map<String, Value>>) -> Result<Option<ActionSpec>, Problem> {
    Ok(fields.map(|fields| ActionSpec::read(Value::Object(fields))).transpose()?)
}

fn inboxes(api: &Api, ids: Vec<Uuid>) -> Result<Vec<Uuid>, Problem> {
    let directory = api.services.desk.directory();
    match ids.iter().find(|id| directory.inbox(**id).is_none()) {
        None => Ok(ids),
        Some(id) => Err(Problem::invalid("inboxes", format!("there is no inbox {id}"))),
    }
}

fn written(spec: &Spec) -> String {
    serde_json::to_string(spec).expect("texts and ids are plain JSON")
}

/// What the audit log says of a subscription: nothing that is secret.
fn told(spec: &Spec) -> Value {
    let topics: Vec<_> = spec.topics.iter().map(Pattern::as_str).collect();
    // The query of an address may be a password.
    let url = spec.url.split('?').next().unwrap_or_default();
    json!({"kind": spec.kind, "topics": topics, "url": url})
}

fn fresh_secret() -> Result<String, Problem> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no random bytes");
        Problem::unavailable("no secret can be made now")
    })?;
    Ok(format!("whsec_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

async fn write(
    api: &Api,
    who: &Identity,
    caller: &Caller,
    action: &'static str,
    id: Uuid,
    detail: Value,
    changes: Vec<EventChange>,
) -> Result<(), Problem> {
    let audit = audit::record(who, caller.address, action, Some(("subscription", id)), detail);
    let changes = changes.into_iter().map(Change::Event).collect();
    api.services.desk.record(RecordSet { changes, audit: vec![audit] }).await?;
    api.services.events.refresh().await
}

async fn view(api: &Api, subscription: Subscription) -> Result<SubscriptionView, Problem> {
    let Subscription { row, spec, kept, is_fixed } = subscription;
    let group = group(api, row.id).await?;
    let health = match &group {
        Some(group) => api.services.store.event_health(group.key).await?,
        None => kefu_store::GroupHealth::default(),
    };
    let end = api.services.store.event_end().await?;
    let behind = group.as_ref().map_or(0, |group| (end.pos - group.at.pos).max(0).unsigned_abs());
    let stopped = group.as_ref().is_some_and(|group| group.stopped_at.is_some());
    Ok(SubscriptionView {
        id: row.id,
        name: row.name,
        topics: spec.topics.iter().map(ToString::to_string).collect(),
        inboxes: spec.inboxes,
        kind: spec.kind,
        url: spec.url,
        headers: kept.headers,
        has_secret: !kept.secret.is_empty(),
        secret: None,
        topic: spec.topic.map(|topic| topic.to_string()),
        action: spec.action.map(|action| json!(action)),
        is_enabled: row.is_enabled && !stopped,
        is_fixed,
        disabled_reason: match (row.is_enabled, stopped) {
            (false, _) => Some("admin"),
            (true, true) => Some("failing"),
            (true, false) => None,
        },
        failing_since: group.as_ref().and_then(|group| group.failing_since).map(timestamp),
        waiting: health.waiting,
        oldest_waiting_at: health.oldest_waiting_at.map(timestamp),
        behind,
        dead: health.dead,
        skipped: group.map_or(0, |group| group.skipped),
        version: row.version,
        created_at: timestamp(row.created_at),
        updated_at: timestamp(row.updated_at),
    })
}

impl From<SpecError> for Problem {
    fn from(error: SpecError) -> Self {
        Self::invalid(error.field, error.detail)
    }
}
