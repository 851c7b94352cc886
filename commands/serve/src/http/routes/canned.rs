use std::borrow::Cow;

use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{AgentKey, Permission, Principal, Template, Variable};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{AuditRecord, CannedChange, CannedFilter, CannedReply, Change, RecordSet};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::session::fresh_id;
use crate::{
    audit,
    auth::{SignedAgent, require, require_scope},
    clock,
    http::{
        Api, Refused,
        body::{Body, Id, Parameters},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::{self, Page},
    },
    identity::Identity,
    problem::Problem,
    view::timestamp,
};

/// Most characters of a canned reply. With the most that its variables become it still fits a message.
const TEXT_CHARS: usize = 8000;
/// Most characters that are searched for.
const QUERY_CHARS: usize = 200;
/// Most canned replies of one agent, and most that all share.
const OWNED_MAX: i64 = 2000;

/// Which canned replies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Only those with this in shortcut, title, folder or text, whatever its case.
    q: Option<String>,
    /// Only those of this folder.
    folder: Option<String>,
    /// Where the list goes on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 500; 50 when left out.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// A reply that is written once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CannedReply)]
pub(super) struct CannedView {
    id: Uuid,
    /// All agents have it; otherwise the caller alone.
    shared: bool,
    /// May be empty.
    folder: String,
    shortcut: String,
    title: String,
    /// With its variables.
    #[schema(example = "Hello {{visitor.name|there}}, this is {{agent.name}}.")]
    text: String,
    /// How often it was used.
    uses: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A new canned reply.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewCanned {
    /// For all agents; that takes the right to change what is shared.
    #[serde(default)]
    shared: bool,
    folder: Option<String>,
    /// 1 to 40 letters, digits, hyphens, underscores and points; unique among the shared ones, or the caller's own.
    #[schema(example = "hello")]
    shortcut: String,
    title: String,
    /// At most 8,000 characters and 32 variables: `visitor.name`, `visitor.attributes.<key>`, `agent.name`,
    /// `conversation.id` and `inbox.name` in double braces, with `|` and what to say when there is none.
    #[schema(example = "Hello {{visitor.name|there}}, this is {{agent.name}}.")]
    text: String,
}

/// What changes of a canned reply; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct CannedPatch {
    folder: Option<String>,
    shortcut: Option<String>,
    title: Option<String>,
    text: Option<String>,
}

/// What a canned reply is wanted for.
#[derive(Deserialize, ToSchema)]
pub(super) struct RenderBody {
    /// One that the caller may read.
    conversation_id: Uuid,
}

/// A canned reply, ready to be sent.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Rendered {
    text: String,
}

/// The shared canned replies and the caller's own, the most used first
#[utoipa::path(get, path = "/canned-replies", operation_id = "canned_replies", tag = "canned-replies",
    params(ListQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<CannedView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<CannedView>>, Problem> {
    let text = fields::lines("q", query.q.as_deref().unwrap_or_default(), QUERY_CHARS)?.trim().to_owned();
    let folder = query.folder.map(|folder| fields::line("folder", &folder)).transpose()?;
    let cursor = page::cursor(query.cursor.as_deref())?;
    let limit = page::limit(query.limit.as_deref())?;
    let filter = CannedFilter { text, folder };
    let (replies, next) = api.services.store.canned_replies(agent(&who)?, &filter, cursor, limit).await?;
    Ok(Json(Page::part(replies.into_iter().map(CannedView::from).collect(), next)))
}

/// Makes a canned reply
#[utoipa::path(post, path = "/canned-replies", operation_id = "make_canned_reply", tag = "canned-replies",
    request_body = NewCanned, security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, body = CannedView), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewCanned>,
) -> Result<(StatusCode, Json<CannedView>), Refused> {
    let owner = if body.shared {
        require(&who, Permission::Shared)?;
        None
    } else {
        Some(agent(&who)?)
    };
    let now = clock::now();
    let reply = CannedReply {
        id: fresh_id()?,
        owner,
        folder: fields::line("folder", &body.folder.unwrap_or_default())?,
        shortcut: fields::shortcut(&body.shortcut)?,
        title: fields::name("title", &body.title)?,
        text: template(&body.text)?,
        uses: 0,
        created_at: now,
        updated_at: now,
    };
    if api.services.store.count_canned(owner).await.map_err(Problem::from)? >= OWNED_MAX {
        let detail = format!("there are at most {OWNED_MAX} canned replies");
        return Err(Problem::new(ErrorCode::Conflict, detail).into());
    }
    let audit = log(&who, &caller, "canned_reply.made", &reply, json!({}));
    record(&api, CannedChange::Add(reply.clone()), audit).await?;
    Ok((StatusCode::CREATED, Json(reply.into())))
}

/// Changes a canned reply
#[utoipa::path(patch, path = "/canned-replies/{id}", operation_id = "change_canned_reply",
    tag = "canned-replies", params(("id" = Uuid, Path)), request_body = CannedPatch,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = CannedView), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<CannedPatch>,
) -> Result<Json<CannedView>, Refused> {
    let mut reply = changeable(&api, &who, id).await?;
    let detail = json!({
        "folder": body.folder.is_some(), "shortcut": body.shortcut.is_some(),
        "title": body.title.is_some(), "text": body.text.is_some(),
    });
    if let Some(folder) = body.folder {
        reply.folder = fields::line("folder", &folder)?;
    }
    if let Some(shortcut) = body.shortcut {
        reply.shortcut = fields::shortcut(&shortcut)?;
    }
    if let Some(title) = body.title {
        reply.title = fields::name("title", &title)?;
    }
    if let Some(text) = body.text {
        reply.text = template(&text)?;
    }
    let seen = reply.updated_at;
    // Two changes never have the same moment, or the second one would not be noticed by a third.
    reply.updated_at = clock::now().max(kefu_core::Micros(seen.0 + 1));
    let audit = log(&who, &caller, "canned_reply.changed", &reply, detail);
    record(&api, CannedChange::Replace { reply: reply.clone(), seen }, audit).await?;
    Ok(Json(reply.into()))
}

/// Removes a canned reply
#[utoipa::path(delete, path = "/canned-replies/{id}", operation_id = "remove_canned_reply",
    tag = "canned-replies", params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Gone"), SignedErrors))]
pub(super) async fn remove(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    let reply = changeable(&api, &who, id).await?;
    let audit = log(&who, &caller, "canned_reply.removed", &reply, json!({}));
    record(&api, CannedChange::Remove(id), audit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fills in a canned reply for a conversation, and counts the use
#[utoipa::path(post, path = "/canned-replies/{id}/render", operation_id = "render_canned_reply",
    tag = "canned-replies", params(("id" = Uuid, Path)), request_body = RenderBody,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Rendered), SignedErrors))]
pub(super) async fn render(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Body(body): Body<RenderBody>,
) -> Result<Json<Rendered>, Refused> {
    let reply = find(&api, &who, id).await?;
    let conversation = api.services.desk.conversation(&who, body.conversation_id).await;
    let conversation =
        conversation.map_err(|problem| Problem { field: Some("conversation_id"), ..problem })?;
    let visitor = api.services.store.visitor_by_id(conversation.visitor.id).await.map_err(Problem::from)?;
    let attributes = visitor.map(|visitor| visitor.attributes).unwrap_or_default();
    let attributes = api.masking().map(serde_json::from_str(&attributes).unwrap_or_default());
    let template =
        Template::parse(&reply.text).map_err(|error| Problem::invalid("text", error.to_string()))?;
    let text = template.render(|variable| match variable {
        Variable::VisitorName => Some(Cow::Borrowed(&*conversation.visitor.name)),
        Variable::AgentName => Some(Cow::Borrowed(&*who.name)),
        Variable::ConversationId => Some(Cow::Owned(conversation.id.to_string())),
        Variable::InboxName => Some(Cow::Borrowed(&*conversation.inbox.name)),
        Variable::VisitorAttribute(key) => attributes.get(key).and_then(plain),
    });
    record(&api, CannedChange::Used(id), None).await?;
    Ok(Json(Rendered { text }))
}

/// An attribute as it stands in a text; lists and maps do not.
fn plain(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(yes) => Some(Cow::Borrowed(if *yes { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn template(text: &str) -> Result<String, Problem> {
    let text = fields::text("text", text, TEXT_CHARS)?;
    Template::parse(&text).map_err(|error| Problem::invalid("text", error.to_string()))?;
    Ok(text)
}

/// A canned reply that `who` has.
async fn find(api: &Api, who: &Identity, id: Uuid) -> Result<CannedReply, Problem> {
    let own = agent(who)?;
    let reply = api.services.store.canned_reply(id).await?;
    let reply = reply.filter(|reply| reply.owner.is_none_or(|owner| owner == own));
    reply.ok_or_else(|| Problem::not_found("canned reply"))
}

/// A canned reply that `who` may change.
async fn changeable(api: &Api, who: &Identity, id: Uuid) -> Result<CannedReply, Problem> {
    let reply = find(api, who, id).await?;
    if reply.owner.is_none() {
        require(who, Permission::Shared)?;
    }
    Ok(reply)
}

/// Whose canned replies they are.
fn agent(who: &Identity) -> Result<AgentKey, Problem> {
    require_scope(who, &[Permission::Chat, Permission::AllConversations, Permission::Shared])?;
    match who.principal {
        Principal::Agent(key) => Ok(key),
        _ => Err(Problem::forbidden()),
    }
}

/// The audit log hears of what is shared only.
fn log(
    who: &Identity,
    caller: &Caller,
    action: &'static str,
    reply: &CannedReply,
    detail: Value,
) -> Option<AuditRecord> {
    let target = Some(("canned_reply", reply.id));
    reply.owner.is_none().then(|| audit::record(who, caller.address, action, target, detail))
}

async fn record(api: &Api, change: CannedChange, audit: Option<AuditRecord>) -> Result<(), Problem> {
    let set = RecordSet { changes: vec![Change::Canned(change)], audit: audit.into_iter().collect() };
    api.services.desk.record(set).await
}

impl From<CannedReply> for CannedView {
    fn from(reply: CannedReply) -> Self {
        Self {
            id: reply.id,
            shared: reply.owner.is_none(),
            folder: reply.folder,
            shortcut: reply.shortcut,
            title: reply.title,
            text: reply.text,
            uses: reply.uses,
            created_at: timestamp(reply.created_at),
            updated_at: timestamp(reply.updated_at),
        }
    }
}
