use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use axum::{Extension, Json, extract::State};
use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use kefu_core::{AgentStatus, FormField, Inbox, InboxSettings, Principal, Visitor, WidgetSide};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::Session;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::MutexGuard;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    inboxes::SEAL_PURPOSE,
    session::{fresh_token, trim_sessions},
};
use crate::{
    auth::{
        Shown, TokenKind, authenticate, bearer, recognise,
        visitor::{proves, verify_jwt},
    },
    clock,
    desk::NewVisitor,
    http::{
        Api, CorsScope, Refused,
        body::{Body, Parameters},
        caller::Caller,
        cors, fields,
        openapi::OpenErrors,
    },
    problem::Problem,
    services::Services,
    view::{AgentView, timestamp},
};

/// Most sessions of one visitor; a further one ends the one unused for longest.
const VISITOR_SESSIONS_MAX: usize = 16;
/// How many of the team a visitor meets before the first message.
const TEAM_SHOWN_MAX: usize = 3;

/// Which inbox.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ConfigQuery {
    /// Key of the inbox.
    #[param(value_type = String, example = "web")]
    inbox: Option<String>,
}

/// What the widget shows before anybody has written.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WidgetConfig {
    /// Key of the inbox.
    inbox: String,
    name: String,
    /// May be empty.
    greeting: String,
    /// Visitors must prove who they are.
    identity_required: bool,
    /// Somebody would answer now.
    agents_online: bool,
    /// Some of them, where the inbox shows its team: at most 3.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    team: Vec<WidgetPerson>,
    /// This is a rehearsal: nothing that is said here reaches anybody outside.
    shadow: bool,
    /// The inbox's opening hours say so, or it has none.
    open: bool,
    /// When it opens next, while it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    opens_at: Option<Timestamp>,
    /// The brand's colour; the widget has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "#3366cc")]
    colour: Option<String>,
    /// The corner of the page that it is in: `left` or `right`.
    #[schema(value_type = String, example = "right")]
    side: WidgetSide,
    /// Asked of whoever is not known, before the first message: at most 4, in the form of `fields` of a `form`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pre_chat: Vec<FormField>,
    /// How long visitors waited of late until an agent first answered, as a median; absent while little is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_ms: Option<i64>,
    /// The largest file that is taken, in bytes.
    upload_bytes_max: u64,
    /// There are published articles: `GET /widget/articles` has something to show.
    articles: bool,
    /// Who answers first, when that is no person.
    #[serde(skip_serializing_if = "Option::is_none")]
    bot: Option<WidgetBot>,
}

/// The bot of an inbox, as visitors meet it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WidgetBot {
    name: String,
}

/// Somebody who would answer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WidgetPerson {
    id: Uuid,
    name: Arc<str>,
}

/// A visitor who begins or comes back.
#[derive(Deserialize, ToSchema)]
pub(super) struct SessionBody {
    /// Key of the inbox.
    #[schema(example = "web")]
    inbox: String,
    visitor: Option<Claimed>,
    /// A token signed with the inbox's secret (HS256): `sub` is the external id; `exp` at most 24 hours ahead;
    /// `name`, `email` and `attributes` come before those in `visitor`.
    jwt: Option<String>,
}

/// What the page says of its visitor.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = WidgetVisitor)]
pub(super) struct Claimed {
    /// The company's own id of this person.
    external_id: Option<String>,
    name: Option<String>,
    email: Option<String>,
    /// Hexadecimal HMAC-SHA256 of `external_id` with the inbox's secret.
    hmac: Option<String>,
    /// The same as `jwt` beside `visitor`.
    jwt: Option<String>,
    /// The site's own fields: at most 8 KiB of JSON.
    #[schema(value_type = Option<Object>)]
    attributes: Option<Map<String, Value>>,
}

/// A visitor's session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WidgetSession {
    /// Goes into `Authorization: Bearer …`. The one that came along, while more than half of its life is left.
    #[schema(example = "kv_h1zoq0Vx9Bd0k7sQpL3mYc8fTnE2rWuJa5gKiXvZb6M")]
    token: String,
    visitor_id: Uuid,
    conversation_id: Uuid,
    /// Life of the store; another one makes all positions void.
    epoch: String,
    /// The last entry of the conversation that the visitor may see.
    last_seq: u64,
}

/// The visitor whose own token came along.
struct Own {
    visitor: Visitor,
    session: Session,
    token: String,
}

/// Who a visitor is, as far as it is claimed or proven.
struct Identified {
    external_id: Option<String>,
    verified: bool,
    name: Option<String>,
    email: Option<String>,
    attributes: Option<String>,
}

/// What a widget needs to know of its inbox
#[utoipa::path(get, path = "/widget/config", operation_id = "widget_config", tag = "widget",
    params(ConfigQuery), responses((status = 200, body = WidgetConfig), OpenErrors))]
pub(super) async fn config(
    State(api): State<Api>,
    scope: Option<Extension<CorsScope>>,
    Parameters(query): Parameters<ConfigQuery>,
) -> Result<Json<WidgetConfig>, Problem> {
    let slug = query.inbox.ok_or_else(|| Problem::invalid("inbox", "the inbox must be named"))?;
    let inbox = find_inbox(&api, &slug, scope)?;
    config_of(&api.services, inbox).await.map(Json)
}

/// The same as JSON, for the page of the chat; nothing when the inbox is not there or cannot be read now.
pub(crate) async fn config_json(services: &Services, slug: &str) -> Option<String> {
    let inbox = services.desk.directory().inbox_by_slug(slug).cloned()?;
    serde_json::to_string(&config_of(services, inbox).await.ok()?).ok()
}

async fn config_of(services: &Services, inbox: Inbox) -> Result<WidgetConfig, Problem> {
    let articles = services.store.has_articles(inbox.id).await?;
    let now = clock::now();
    // They were checked when they were set.
    let hours = inbox.settings.hours.as_ref().and_then(|hours| kefu_core::Hours::new(hours).ok());
    let reply_us = services.reply_times.of(&services.store, inbox.key, now).await;
    let team = team_of(services, &inbox.settings).await?;
    Ok(WidgetConfig {
        bot: inbox.settings.bot().map(|bot| WidgetBot { name: bot.name.clone() }),
        inbox: inbox.slug,
        name: inbox.name,
        greeting: inbox.greeting,
        identity_required: inbox.identity_required,
        agents_online: services.desk.anyone_online(),
        team,
        shadow: services.outgoing.is_shadow(),
        open: hours.as_ref().is_none_or(|hours| hours.is_open(now)),
        opens_at: hours
            .as_ref()
            .filter(|hours| !hours.is_open(now))
            .and_then(|hours| hours.next_opening(now))
            .map(timestamp),
        colour: inbox.settings.widget.colour,
        side: inbox.settings.widget.side,
        pre_chat: inbox.settings.widget.pre_chat,
        reply_ms: reply_us.map(|reply_us| reply_us / 1000),
        upload_bytes_max: services.settings.files.max_size.0,
        articles,
    })
}

/// Who would answer now, as far as visitors are to know.
async fn team_of(services: &Services, settings: &InboxSettings) -> Result<Vec<WidgetPerson>, Problem> {
    if !settings.widget.team_shown || !services.desk.anyone_online() {
        return Ok(Vec::new());
    }
    let agents = services.desk.agents().await?;
    let answers = |agent: &AgentView| {
        let is_here = agent.status == AgentStatus::Online;
        is_here && settings.team_id.is_none_or(|team| agent.teams.contains(&team))
    };
    let shown = agents.into_iter().filter(answers).take(TEAM_SHOWN_MAX);
    Ok(shown.map(|AgentView { id, name, .. }| WidgetPerson { id, name }).collect())
}

/// Opens a visitor's session
///
/// A proven identity finds its visitor again, and so does the visitor's own token of an earlier session; an
/// unproven `external_id` never does. A session whose own token came along early enough goes on.
#[utoipa::path(post, path = "/widget/sessions", operation_id = "open_widget_session", tag = "widget",
    request_body = SessionBody, security((), ("bearer" = [])),
    responses(
        (status = 201, body = WidgetSession),
        OpenErrors,
        (status = 401, description = "The token or the proof is no good, or the inbox demands one",
            content_type = "application/problem+json", body = crate::http::problem::ProblemBody),
    ))]
pub(super) async fn open_session(
    State(api): State<Api>,
    scope: Option<Extension<CorsScope>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<SessionBody>,
) -> Result<(StatusCode, Json<WidgetSession>), Refused> {
    api.services.limits.session(caller.address, clock::now())?;
    api.services.blocks.check_address(caller.address, clock::now())?;
    let inbox = find_inbox(&api, &body.inbox, scope)?;
    cors::check(&inbox, &api.services.settings, &headers)?;
    let own = own_visitor(&api, &inbox, &headers).await?;
    let identified = identify(&api, &inbox, body.visitor.unwrap_or_default(), body.jwt)?;
    let _only_one = lock(&api, &inbox, &identified).await;
    let existing = choose(&api, &inbox, &identified, own.as_ref().map(|own| &own.visitor)).await?;
    for visitor in existing.iter().chain(own.as_ref().map(|own| &own.visitor)) {
        api.services.blocks.check_visitor(visitor.key, clock::now())?;
    }
    let known = identified.verified || existing.as_ref().is_some_and(|visitor| visitor.verified);
    if inbox.identity_required && !known {
        return Err(unproven("the inbox demands a proof of identity").into());
    }
    let lifetime_s = api.services.settings.limits.visitor_session.as_secs();
    let lifetime_s = i64::try_from(lifetime_s).unwrap_or(i64::MAX);
    let renewed = own.filter(|own| goes_on(own, existing.as_ref(), lifetime_s));
    let is_renewal = renewed.is_some();
    let (token, token_hash) = match renewed {
        Some(own) => (own.token, own.session.token_hash),
        None => {
            if let Some(visitor) = &existing {
                trim_sessions(&api, Principal::Visitor(visitor.key), VISITOR_SESSIONS_MAX).await?;
            }
            let fresh = fresh_token(TokenKind::Visitor)?;
            (fresh.text().to_owned(), fresh.hash())
        }
    };
    let new = NewVisitor {
        inbox: inbox.key,
        existing: existing.map(|visitor| visitor.key),
        external_id: identified.external_id,
        verified: identified.verified,
        name: identified.name,
        email: identified.email,
        attributes: identified.attributes,
        token_hash,
        is_renewal,
        address: caller.address.to_string(),
        user_agent: caller.user_agent,
        expires_at: Some(clock::now().plus_seconds(lifetime_s)),
    };
    let opened = api.services.desk.open_visitor(new).await?;
    let session = WidgetSession {
        token,
        visitor_id: opened.visitor_id,
        conversation_id: opened.conversation_id,
        epoch: api.services.desk.epoch().to_owned(),
        last_seq: opened.last_seq,
    };
    Ok((StatusCode::CREATED, Json(session)))
}

pub(super) fn find_inbox(
    api: &Api,
    slug: &str,
    scope: Option<Extension<CorsScope>>,
) -> Result<Inbox, Problem> {
    let directory = api.services.desk.directory();
    let inbox = directory.inbox_by_slug(slug).cloned();
    let inbox = inbox.ok_or_else(|| Problem { field: Some("inbox"), ..Problem::not_found("inbox") })?;
    if let Some(Extension(scope)) = scope {
        scope.set(Some(inbox.key));
    }
    Ok(inbox)
}

/// The visitor whose own token came along.
async fn own_visitor(api: &Api, inbox: &Inbox, headers: &HeaderMap) -> Result<Option<Own>, Problem> {
    if !headers.contains_key(AUTHORIZATION) {
        return Ok(None);
    }
    let shown = Shown {
        headers,
        query_token: None,
        address: None,
        method_is_unsafe: true,
        require_origin: true,
        is_for_enrolling: false,
    };
    let identity = authenticate(&api.services, shown).await?;
    let Principal::Visitor(key) = identity.principal else { return Err(Problem::unauthorized()) };
    let visitor = api.services.store.visitor(key).await?;
    let visitor = visitor.filter(|visitor| visitor.inbox == inbox.key).ok_or_else(Problem::unauthorized)?;
    let token = bearer(headers).ok_or_else(Problem::unauthorized)?;
    let (_, hash) = recognise(token).ok_or_else(Problem::unauthorized)?;
    let session = api.services.store.session(&hash).await?.ok_or_else(Problem::unauthorized)?;
    Ok(Some(Own { visitor, session, token: token.to_owned() }))
}

/// Whether the session whose token came along goes on, rather than that one more begins: it is this visitor's, and
/// more than half of a life is left to it.
fn goes_on(own: &Own, visitor: Option<&Visitor>, lifetime_s: i64) -> bool {
    let is_same = visitor.is_some_and(|visitor| visitor.key == own.visitor.key);
    let half_from_now = clock::now().plus_seconds(lifetime_s / 2);
    is_same && own.session.expires_at.is_none_or(|expiry| expiry > half_from_now)
}

/// Checks what is claimed, and whether it is proven.
fn identify(api: &Api, inbox: &Inbox, claimed: Claimed, jwt: Option<String>) -> Result<Identified, Problem> {
    let mut identified = Identified {
        external_id: claimed.external_id.map(|id| fields::name("external_id", &id)).transpose()?,
        verified: false,
        name: claimed.name.map(|name| fields::line("name", &name)).transpose()?,
        email: claimed.email.map(|email| fields::optional_email(&email)).transpose()?,
        attributes: claimed.attributes.map(|map| fields::attributes(&map)).transpose()?,
    };
    if let Some(jwt) = jwt.or(claimed.jwt) {
        let claims = verify_jwt(&secret(api, inbox)?, &jwt, clock::now())
            .map_err(|error| Problem { field: Some("jwt"), ..unproven(error.to_string()) })?;
        identified.external_id = Some(fields::name("sub", &claims.sub)?);
        identified.verified = true;
        if let Some(name) = claims.name {
            identified.name = Some(fields::line("name", &name)?);
        }
        if let Some(email) = claims.email {
            identified.email = Some(fields::optional_email(&email)?);
        }
        if let Some(map) = claims.attributes {
            identified.attributes = Some(fields::attributes(&map)?);
        }
    } else if let Some(hmac) = claimed.hmac {
        let id = identified.external_id.as_deref();
        let id = id.ok_or_else(|| Problem::invalid("external_id", "`hmac` proves an `external_id`"))?;
        if !proves(&secret(api, inbox)?, id, &hmac) {
            return Err(Problem { field: Some("hmac"), ..unproven("the proof is not one of this id") });
        }
        identified.verified = true;
    }
    Ok(identified)
}

/// Holds the lock of a proven identity until its visitor is durable.
async fn lock<'a>(api: &'a Api, inbox: &Inbox, identified: &Identified) -> Option<MutexGuard<'a, ()>> {
    let external_id = identified.external_id.as_deref().filter(|_| identified.verified)?;
    let mut hasher = DefaultHasher::new();
    (inbox.key, external_id).hash(&mut hasher);
    let locks = &api.gates.identities;
    let index = usize::try_from(hasher.finish() % locks.len() as u64).unwrap_or(0);
    Some(locks[index].lock().await)
}

/// Says which visitor this is, if it is one that is known.
///
/// A proof finds its visitor, or names the nameless one whose token came along; whoever was proven to be
/// somebody else stays that. Without a proof only the token counts.
async fn choose(
    api: &Api,
    inbox: &Inbox,
    identified: &Identified,
    own: Option<&Visitor>,
) -> Result<Option<Visitor>, Problem> {
    let Some(external_id) = identified.external_id.as_deref().filter(|_| identified.verified) else {
        return Ok(own.cloned());
    };
    let proven = api.services.store.verified_visitor(inbox.key, external_id).await?;
    Ok(proven.or_else(|| own.filter(|own| !own.verified).cloned()))
}

fn secret(api: &Api, inbox: &Inbox) -> Result<Vec<u8>, Problem> {
    if inbox.sealed_secret.is_empty() {
        return Err(unproven("the inbox has no secret yet: nothing can be proven to it"));
    }
    api.services.secrets.open(SEAL_PURPOSE, &inbox.sealed_secret).map_err(|error| {
        tracing::error!(inbox = inbox.slug, %error, "cannot open the inbox's secret");
        Problem::unavailable("proofs of identity cannot be checked now")
    })
}

fn unproven(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(ErrorCode::Unauthorized, detail)
}
