use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Action, Conversation, Permission};
use kefu_protocol::frame::Timestamp;
use kefu_store::{
    AuditRecord, Change, ExternalChange, ExternalKind, ExternalState, ExternalWrite, RecordSet,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{external_asking::Asking, external_tickets::service, tickets::TEXT_CHARS};
use crate::{
    audit,
    auth::{SignedAgent, require},
    clock,
    external::kind_word,
    http::{
        Api, Refused,
        body::{Body, Id, Ids, TicketPlace},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::Page,
    },
    identity::Identity,
    problem::Problem,
    view::{AgentRef, timestamp},
};

/// What is listed of a conversation at most.
const WRITES_MAX: usize = 100;
/// Characters of what is shown of something that is not done yet.
const SUMMARY_CHARS: usize = 120;

/// A new ticket in the other system.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewExternalTicket {
    /// The sender's own id of it; the same one again is the same ticket.
    client_id: Uuid,
    /// One line.
    subject: String,
    /// At most 16,384 characters.
    body: Option<String>,
    /// One of the priorities that can be set.
    priority: Option<String>,
    /// As that system calls who is to work on it.
    assignee: Option<String>,
}

/// What changes of a ticket in the other system; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ExternalTicketPatch {
    /// The sender's own id of the change.
    client_id: Uuid,
    /// One of the statuses that can be set.
    status: Option<String>,
    /// One of the priorities that can be set.
    priority: Option<String>,
    /// As that system calls who is to work on it.
    assignee: Option<String>,
}

/// A new comment on a ticket in the other system.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewExternalComment {
    /// The sender's own id of the comment.
    client_id: Uuid,
    /// At most 16,384 characters.
    text: String,
    /// Not for the customer, if that system knows such comments.
    #[serde(default)]
    internal: bool,
}

/// Something that an agent asked of the other system.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExternalWrite)]
pub(super) struct WriteView {
    id: Uuid,
    /// `create`, `update` or `comment`.
    kind: &'static str,
    /// `waiting`, `sending`, `done`, `failed`, `unknown` or `dismissed`. Of `unknown` an agent finds out whether it was
    /// done, and repeats or dismisses it.
    state: &'static str,
    /// What the ticket is called there; of one that is to be made, once it is.
    ticket: Option<String>,
    /// The beginning of what it is to say, until it is done.
    summary: String,
    /// Why it is not done; may be empty.
    reason: String,
    /// How often it was sent.
    tries: u32,
    /// When it is sent next, while it waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// Who asked.
    by: Option<AgentRef>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// What agents asked of the other system in a conversation, newest first (with the permission `tickets`)
#[utoipa::path(get, path = "/conversations/{id}/external-tickets", operation_id = "external_writes",
    tag = "tickets", params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<WriteView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<Page<WriteView>>, Problem> {
    let head = head(&api, &who, id).await?;
    drop(service(&api)?);
    let writes = api.services.store.external_writes(head.key, WRITES_MAX).await?;
    Ok(Json(Page::whole(writes.into_iter().map(|write| view(&api, write)).collect())))
}

/// Asks for a ticket in the ticket system of others (with the permission `tickets`)
///
/// It is answered as soon as it is written down, and made then. What became of it is told in the conversation.
#[utoipa::path(post, path = "/conversations/{id}/external-tickets", operation_id = "create_external_ticket",
    tag = "tickets", params(("id" = Uuid, Path)), request_body = NewExternalTicket,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 202, body = WriteView), SignedErrors))]
pub(super) async fn create(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<NewExternalTicket>,
) -> Result<(StatusCode, Json<WriteView>), Refused> {
    let asking = Asking::begin(&api, &who, id, ExternalKind::Create).await?;
    let fields = json!({
        "subject": fields::name("subject", &body.subject)?,
        "body": fields::lines("body", &body.body.unwrap_or_default(), TEXT_CHARS)?,
        "priority": asking.priority(body.priority)?,
        "assignee": asking.assignee(body.assignee)?,
    });
    asking.ask(&caller, body.client_id, None, fields).await
}

/// Asks for a change of a ticket in the ticket system of others (with the permission `tickets`)
#[utoipa::path(patch, path = "/conversations/{id}/external-tickets/{number}", operation_id = "change_external_ticket",
    tag = "tickets", params(("id" = Uuid, Path), ("number" = String, Path)),
    request_body = ExternalTicketPatch, security(("bearer" = []), ("cookie" = [])),
    responses((status = 202, body = WriteView), SignedErrors))]
pub(super) async fn update(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    TicketPlace(id, number): TicketPlace,
    Body(body): Body<ExternalTicketPatch>,
) -> Result<(StatusCode, Json<WriteView>), Refused> {
    let asking = Asking::begin(&api, &who, id, ExternalKind::Update).await?;
    let fields = json!({
        "status": asking.status(body.status)?,
        "priority": asking.priority(body.priority)?,
        "assignee": asking.assignee(body.assignee)?,
    });
    if fields.as_object().is_some_and(|fields| fields.values().all(Value::is_null)) {
        return Err(Problem::invalid("status", "nothing is to be changed").into());
    }
    asking.ask(&caller, body.client_id, Some(number), fields).await
}

/// Asks for a comment on a ticket in the ticket system of others (with the permission `tickets`)
#[utoipa::path(post, path = "/conversations/{id}/external-tickets/{number}/comments",
    operation_id = "comment_external_ticket", tag = "tickets",
    params(("id" = Uuid, Path), ("number" = String, Path)), request_body = NewExternalComment,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 202, body = WriteView), SignedErrors))]
pub(super) async fn comment(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    TicketPlace(id, number): TicketPlace,
    Body(body): Body<NewExternalComment>,
) -> Result<(StatusCode, Json<WriteView>), Refused> {
    let asking = Asking::begin(&api, &who, id, ExternalKind::Comment).await?;
    let text = fields::text("text", &body.text, TEXT_CHARS)?;
    let fields = json!({ "text": text, "internal": body.internal });
    asking.ask(&caller, body.client_id, Some(number), fields).await
}

/// Has something sent again that failed, or of which it is not known whether it was done (with the permission `tickets`)
#[utoipa::path(post, path = "/conversations/{id}/external-writes/{write_id}/repeat",
    operation_id = "repeat_external_write", tag = "tickets",
    params(("id" = Uuid, Path), ("write_id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 202, body = WriteView), SignedErrors))]
pub(super) async fn repeat(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Ids(id, write): Ids,
) -> Result<(StatusCode, Json<WriteView>), Problem> {
    let change = ExternalChange::Repeat { id: write, at: clock::now() };
    let view = decide(&api, &who, &caller, (id, write), change, "external_ticket.repeated").await?;
    service(&api)?.wake();
    Ok((StatusCode::ACCEPTED, view))
}

/// Says that nothing is to be done about something that failed, or that was done after all (with the permission
/// `tickets`)
#[utoipa::path(post, path = "/conversations/{id}/external-writes/{write_id}/dismiss",
    operation_id = "dismiss_external_write", tag = "tickets",
    params(("id" = Uuid, Path), ("write_id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = WriteView), SignedErrors))]
pub(super) async fn dismiss(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Ids(id, write): Ids,
) -> Result<Json<WriteView>, Problem> {
    let change = ExternalChange::Dismiss { id: write, at: clock::now() };
    decide(&api, &who, &caller, (id, write), change, "external_ticket.dismissed").await
}

/// A conversation that `who` may read and whose tickets are `who`'s to work on.
pub(super) async fn head(api: &Api, who: &Identity, id: Uuid) -> Result<Conversation, Problem> {
    require(who, Permission::Tickets)?;
    api.services.desk.head(who, id, Action::Read).await
}

async fn decide(
    api: &Api,
    who: &Identity,
    caller: &Caller,
    (conversation, id): (Uuid, Uuid),
    change: ExternalChange,
    action: &'static str,
) -> Result<Json<WriteView>, Problem> {
    let head = head(api, who, conversation).await?;
    drop(service(api)?);
    let find = async || {
        let write = api.services.store.external_write(id).await?;
        let write = write.filter(|write| write.conversation == head.key);
        write.ok_or_else(|| Problem::not_found("request"))
    };
    let line = line(who, caller, action, head.id, id, find().await?.kind);
    let set = RecordSet { changes: vec![Change::External(change)], audit: vec![line] };
    api.services.desk.record(set).await?;
    Ok(Json(view(api, find().await?)))
}

pub(super) fn line(
    who: &Identity,
    caller: &Caller,
    action: &'static str,
    conversation: Uuid,
    write: Uuid,
    kind: ExternalKind,
) -> AuditRecord {
    let detail = json!({ "write_id": write, "kind": kind_word(kind) });
    audit::record(who, caller.address, action, Some(("conversation", conversation)), detail)
}

pub(super) fn view(api: &Api, write: ExternalWrite) -> WriteView {
    let body: Value = serde_json::from_str(&write.body).unwrap_or_default();
    let said = ["subject", "text", "status", "priority", "assignee"];
    let said = said.into_iter().find_map(|key| body[key].as_str()).unwrap_or_default();
    let masked = api.masking().text(said).into_owned();
    WriteView {
        id: write.id,
        kind: kind_word(write.kind),
        state: match write.state {
            ExternalState::Waiting => "waiting",
            ExternalState::Sending => "sending",
            ExternalState::Done => "done",
            ExternalState::Failed => "failed",
            ExternalState::Unknown => "unknown",
            ExternalState::Dismissed => "dismissed",
        },
        ticket: write.ticket,
        summary: masked.chars().take(SUMMARY_CHARS).collect(),
        reason: write.reason,
        tries: write.tries,
        due_at: write.due_at.map(timestamp),
        by: api.services.desk.directory().agent_ref(write.agent),
        created_at: timestamp(write.created_at),
        updated_at: timestamp(write.updated_at),
    }
}
