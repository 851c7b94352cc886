use axum::{Json, extract::State};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::StatusCode;
use kefu_core::{Inbox, InboxSettings, Permission};
use kefu_protocol::frame::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    audit,
    auth::{SignedAgent, require, require_scope},
    desk::InboxChange,
    http::{
        Api, Refused,
        body::{Body, Id},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::Page,
    },
    problem::Problem,
    view::timestamp,
};

/// What inbox secrets are sealed for.
pub(crate) const SEAL_PURPOSE: &str = "inbox secret";

/// Random bytes of an inbox's secret.
const SECRET_BYTES: usize = 32;

/// An inbox.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Inbox)]
pub(super) struct InboxView {
    id: Uuid,
    /// Its name in embed codes.
    #[schema(example = "web")]
    key: String,
    name: String,
    /// Shown by the widget before the first message; may be empty.
    greeting: String,
    /// Origins whose pages may talk to it; none means all.
    #[schema(example = json!(["https://shop.example"]))]
    origins: Vec<String>,
    /// Visitors must prove who they are.
    identity_required: bool,
    /// Team, hours, targets and what happens in silence.
    #[schema(value_type = Object)]
    settings: InboxSettings,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Goes into a change, to say what it is a change of.
    version: u32,
}

/// A new inbox.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewInbox {
    /// 1 to 40 lower-case letters, digits and hyphens.
    #[schema(example = "web")]
    key: String,
    name: String,
    greeting: Option<String>,
    /// At most 50.
    origins: Option<Vec<String>>,
    identity_required: Option<bool>,
    /// See the change of an inbox.
    #[schema(value_type = Option<Object>)]
    settings: Option<InboxSettings>,
}

/// What changes of an inbox; what is left out stays. Its key stands in pages and stays for ever.
#[derive(Deserialize, ToSchema)]
pub(super) struct InboxPatch {
    /// The version that the change was made for: with another one it is a conflict that names what others changed.
    /// Without it the change is made whatever there is.
    version: Option<u32>,
    name: Option<String>,
    greeting: Option<String>,
    origins: Option<Vec<String>>,
    identity_required: Option<bool>,
    /// Replaces all of: `team_id`, `skills`, `hours` {`time_zone`, `week`, `special_days`}, `waiting_target_s`,
    /// `first_response_target_s`, `idle_warn_s`, `idle_close_s`, `silence` (`visitor`, `anybody`), `bot` {`enabled`,
    /// `name`, `greeting`, `rules`, `articles`, `handover_words`, `handover_after`, `fallback`, `timeout_ms`},
    /// `retention` {`messages_days`, `files_days`, `tickets_days`, `pages_days`}, `widget` {`colour`, `side`, `pre_chat`,
    /// `team_shown`}, `wrap_up` {`required`, `categories`}; each may be left out.
    #[schema(value_type = Option<Object>)]
    settings: Option<InboxSettings>,
}

/// The secret that signs visitors' identities.
#[derive(Serialize, ToSchema)]
pub(super) struct SecretView {
    /// Its characters are the key of HMAC and of HS256; shown once.
    secret: String,
}

/// All inboxes
#[utoipa::path(get, path = "/inboxes", operation_id = "inboxes", tag = "inboxes",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<InboxView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<InboxView>>, Problem> {
    require_scope(
        &who,
        &[Permission::Chat, Permission::AllConversations, Permission::Inboxes, Permission::Tickets],
    )?;
    let directory = api.services.desk.directory();
    let mut inboxes: Vec<_> = directory.inboxes.values().cloned().collect();
    inboxes.sort_unstable_by_key(|inbox| inbox.key);
    Ok(Json(Page::whole(inboxes.into_iter().map(InboxView::from).collect())))
}

/// Makes an inbox (admins)
#[utoipa::path(post, path = "/inboxes", operation_id = "make_inbox", tag = "inboxes", request_body = NewInbox,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, body = InboxView), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewInbox>,
) -> Result<(StatusCode, Json<InboxView>), Refused> {
    require(&who, Permission::Inboxes)?;
    let slug = fields::slug(&body.key)?;
    let patch = InboxPatch {
        version: None,
        name: Some(body.name),
        greeting: body.greeting,
        origins: body.origins,
        identity_required: body.identity_required,
        settings: body.settings,
    };
    let audit = Some(audit::record(&who, caller.address, "inbox.made", None, json!({"key": slug})));
    let change = InboxChange { slug: Some(slug), audit, ..checked(&api, patch)? };
    let inbox = api.services.desk.put_inbox(change).await?;
    Ok((StatusCode::CREATED, Json(inbox.into())))
}

/// Changes an inbox (admins)
#[utoipa::path(patch, path = "/inboxes/{id}", operation_id = "change_inbox", tag = "inboxes",
    params(("id" = Uuid, Path)), request_body = InboxPatch, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = InboxView), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<InboxPatch>,
) -> Result<Json<InboxView>, Refused> {
    require(&who, Permission::Inboxes)?;
    let changed = json!({
        "name": body.name, "greeting": body.greeting, "origins": body.origins,
        "identity_required": body.identity_required, "settings": body.settings,
    });
    let audit = Some(audit::record(&who, caller.address, "inbox.changed", None, changed));
    let change = InboxChange { id: Some(id), audit, ..checked(&api, body)? };
    let inbox = api.services.desk.put_inbox(change).await?;
    Ok(Json(inbox.into()))
}

/// Gives an inbox a new secret and shows it (admins)
///
/// What was signed with the one before proves nothing from now on.
#[utoipa::path(post, path = "/inboxes/{id}/secret", operation_id = "rotate_inbox_secret", tag = "inboxes",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = SecretView), SignedErrors))]
pub(super) async fn rotate_secret(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<SecretView>, Problem> {
    require(&who, Permission::Inboxes)?;
    let mut random = [0; SECRET_BYTES];
    getrandom::fill(&mut random).map_err(|_| Problem::unavailable("no secret can be made now"))?;
    let secret = BASE64_URL_SAFE_NO_PAD.encode(random);
    let sealed = api.services.secrets.seal(SEAL_PURPOSE, secret.as_bytes());
    let sealed = sealed.map_err(|_| Problem::unavailable("no secret can be made now"))?;
    let audit = Some(audit::record(&who, caller.address, "inbox.secret_rotated", None, json!({})));
    let change = InboxChange { id: Some(id), sealed_secret: Some(sealed), audit, ..InboxChange::default() };
    let inbox = api.services.desk.put_inbox(change).await?;
    tracing::info!(inbox = inbox.slug, agent = %who.id, "the inbox has a new secret");
    Ok(Json(SecretView { secret }))
}

fn checked(api: &Api, patch: InboxPatch) -> Result<InboxChange, Problem> {
    if let Some(settings) = &patch.settings {
        settings.check()?;
        if settings.team_id.is_some_and(|id| api.services.desk.directory().team(id).is_none()) {
            return Err(Problem::invalid("settings.team_id", "there is no such team"));
        }
    }
    let greeting = patch.greeting.map(|text| fields::lines("greeting", &text, fields::GREETING_CHARS));
    Ok(InboxChange {
        seen: patch.version,
        name: patch.name.map(|name| fields::name("name", &name)).transpose()?,
        greeting: greeting.transpose()?,
        origins: patch.origins.map(|origins| fields::origins(&origins)).transpose()?,
        identity_required: patch.identity_required,
        settings: patch.settings,
        ..InboxChange::default()
    })
}

impl From<Inbox> for InboxView {
    fn from(inbox: Inbox) -> Self {
        Self {
            id: inbox.id,
            key: inbox.slug,
            name: inbox.name,
            greeting: inbox.greeting,
            origins: inbox.origins,
            identity_required: inbox.identity_required,
            settings: inbox.settings,
            created_at: timestamp(inbox.created_at),
            version: inbox.versions.version(),
        }
    }
}
