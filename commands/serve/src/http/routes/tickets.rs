use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{
    Action, AgentKey, InboxKey, Micros, Permission, Principal, Ticket, TicketContact, TicketPatch,
    TicketPriority, TicketStatus, VisitorKey,
};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{AuditRecord, Change, RecordSet, TicketChange};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    repeat, tags,
    ticket_comments::flagged,
    ticket_view::{TicketView, view},
    visitors,
};
use crate::{
    auth::{Signed, SignedAgent, require},
    clock,
    http::{
        Api, Refused,
        body::{Body, Id, nullable},
        caller::Caller,
        fields,
        openapi::SignedErrors,
    },
    identity::Identity,
    problem::Problem,
};

/// Most characters of a ticket's body and of a comment.
pub(super) const TEXT_CHARS: usize = 16_384;
/// Most tags of a ticket.
const TAGS_MAX: usize = 20;
/// Most conversations of a ticket.
pub(super) const CONVERSATIONS_MAX: usize = 50;

/// A new ticket.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewTicket {
    /// The sender's own id of the ticket; the same one again is the same ticket.
    client_id: Option<Uuid>,
    /// One line.
    subject: String,
    /// At most 16,384 characters.
    body: Option<String>,
    /// Where it belongs; when left out, where its conversation or its requester does.
    inbox_id: Option<Uuid>,
    /// The visitor whose it is; when left out, the one of its first conversation.
    requester_id: Option<Uuid>,
    /// At most 50 that the caller may read.
    #[serde(default)]
    conversation_ids: Vec<Uuid>,
    /// `low`, `normal` (when left out), `high` or `urgent`.
    priority: Option<String>,
    assignee_id: Option<Uuid>,
    team_id: Option<Uuid>,
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// Ids of at most 20 tags.
    #[serde(default)]
    tags: Vec<Uuid>,
}

/// What changes of a ticket; what is left out stays, and what is null is unset.
#[derive(Deserialize, ToSchema)]
pub(super) struct TicketPatchBody {
    /// The version that the change was made for; with another one it is a conflict.
    version: u64,
    subject: Option<String>,
    /// `open`, `pending`, `solved` or `closed`. A closed ticket only changes by being opened again.
    status: Option<String>,
    /// `low`, `normal`, `high` or `urgent`.
    priority: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    assignee_id: Option<Option<Uuid>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    team_id: Option<Option<Uuid>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Option<Timestamp>>,
    /// Ids of all of its tags, at most 20.
    tags: Option<Vec<Uuid>>,
}

/// Makes a ticket (agents)
///
/// With the `client_id` of a ticket that the caller made already it is that ticket, as it is now; with another subject
/// or body than it was made with it is a conflict.
#[utoipa::path(post, path = "/tickets", operation_id = "make_ticket", tag = "tickets",
    request_body = NewTicket, security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = TicketView),
        (status = 200, description = "It was made already", body = TicketView),
        SignedErrors,
    ))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewTicket>,
) -> Result<(StatusCode, Json<TicketView>), Refused> {
    require(&who, Permission::Tickets)?;
    let mut subject = fields::name("subject", &body.subject)?;
    let mut text = fields::lines("body", &body.body.unwrap_or_default(), TEXT_CHARS)?;
    let id = repeat::id_of(b"ticket", who.id, body.client_id)?;
    let sent = (subject.clone(), text.clone());
    let again = async || match body.client_id {
        Some(_) => earlier(&api, &who, id, &sent).await,
        None => Ok(None),
    };
    // A repeat is known before anything is refused.
    if let Some(view) = again().await? {
        return Ok((StatusCode::OK, Json(view)));
    }
    // Its requester reads both.
    let mut words = api.services.desk.screen(&who, "subject", &mut subject)?.flagged;
    words.append(&mut api.services.desk.screen(&who, "body", &mut text)?.flagged);
    let priority = body.priority.as_deref().map(priority).transpose()?.unwrap_or(TicketPriority::Normal);
    let assignee = body.assignee_id.map(|id| assignee(&api, id)).transpose()?;
    let tags = tags::known(&api, &body.tags, TAGS_MAX).await?;
    let conversations = fields::ids("conversation_ids", &body.conversation_ids, CONVERSATIONS_MAX)?;
    let place = place(&api, &who, body.inbox_id, body.requester_id, &body.conversation_ids).await?;
    let now = clock::now();
    let ticket = Ticket {
        subject,
        body: text,
        priority,
        assignee,
        team: body.team_id.map(|id| team(&api, id)).transpose()?,
        due_at: body.due_at.map(|at| Micros(at.micros())),
        tags,
        conversations,
        ..draft(id, place, now)
    };
    let audit = flagged(&who, &caller, ticket.id, &words);
    match open(&api, &who, ticket, audit).await {
        Ok(view) => Ok((StatusCode::CREATED, Json(view))),
        // The same one may have come twice at once.
        Err(problem) => match again().await? {
            Some(view) => Ok((StatusCode::OK, Json(view))),
            None => Err(problem.into()),
        },
    }
}

/// The ticket of this id, if there is one; it must have begun with the same words.
async fn earlier(
    api: &Api,
    who: &Identity,
    id: Uuid,
    (subject, body): &(String, String),
) -> Result<Option<TicketView>, Problem> {
    let Some(ticket) = api.services.store.ticket(id).await? else { return Ok(None) };
    repeat::check(&api.services.store.ticket_subject_at_first(&ticket).await?, subject)?;
    repeat::check(&ticket.body, body)?;
    view(api, who, ticket).await.map(Some)
}

/// A ticket
#[utoipa::path(get, path = "/tickets/{id}", operation_id = "ticket", tag = "tickets",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = TicketView), SignedErrors))]
pub(super) async fn get(
    State(api): State<Api>,
    Signed(who): Signed,
    Id(id): Id,
) -> Result<Json<TicketView>, Problem> {
    let ticket = find(&api, &who, id).await?;
    view(&api, &who, ticket).await.map(Json)
}

/// Changes a ticket (agents)
#[utoipa::path(patch, path = "/tickets/{id}", operation_id = "change_ticket", tag = "tickets",
    params(("id" = Uuid, Path)), request_body = TicketPatchBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = TicketView), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<TicketPatchBody>,
) -> Result<Json<TicketView>, Refused> {
    let mut ticket = find_served(&api, &who, id).await?;
    let version = body.version;
    let mut patch = patch(&api, body).await?;
    if ticket.version != version {
        let detail = format!("the ticket has version {} by now", ticket.version);
        let problem = Problem::new(ErrorCode::Conflict, detail);
        return Err(Problem { field: Some("version"), ..problem }.into());
    }
    let masking = api.masking();
    let mut words = Vec::new();
    if let Some(subject) = patch.subject {
        let shown = masking.text(&ticket.subject).into_owned();
        patch.subject = masking.rewritten("subject", &ticket.subject, &shown, subject)?;
        if let Some(subject) = &mut patch.subject {
            words = api.services.desk.screen(&who, "subject", subject)?.flagged;
        }
    }
    let lines = ticket.apply(patch, clock::now()).map_err(Problem::from)?;
    if !lines.is_empty() {
        let update = TicketChange::Update { ticket: Box::new(ticket), lines, by: who.principal };
        record(&api, vec![update], flagged(&who, &caller, id, &words)).await?;
        ticket = find(&api, &who, id).await?;
    }
    Ok(Json(view(&api, &who, ticket).await?))
}

/// A ticket that `who` may know of.
pub(super) async fn find(api: &Api, who: &Identity, id: Uuid) -> Result<Ticket, Problem> {
    let requester = match who.principal {
        Principal::Visitor(visitor) => Some(visitor),
        _ => {
            require(who, Permission::Tickets)?;
            None
        }
    };
    let ticket = api.services.store.ticket(id).await?;
    let ticket = ticket.filter(|ticket| requester.is_none() || ticket.requester == requester);
    ticket.ok_or_else(|| Problem::not_found("ticket"))
}

/// A ticket that `who` may change, because its inbox is served here.
pub(super) async fn find_served(api: &Api, who: &Identity, id: Uuid) -> Result<Ticket, Problem> {
    let ticket = find(api, who, id).await?;
    api.services.desk.directory().check_switched(ticket.inbox, who.audience()).map(|()| ticket)
}

/// Makes a ticket, and shows it with its number.
pub(super) async fn open(
    api: &Api,
    who: &Identity,
    ticket: Ticket,
    audit: Vec<AuditRecord>,
) -> Result<TicketView, Problem> {
    let id = ticket.id;
    api.services.desk.directory().check_switched(ticket.inbox, who.audience())?;
    record(api, vec![TicketChange::Open { ticket: Box::new(ticket), by: who.principal }], audit).await?;
    let ticket = find(api, who, id).await?;
    view(api, who, ticket).await
}

/// Writes changes of tickets: their own history says who made them.
pub(super) async fn record(
    api: &Api,
    changes: Vec<TicketChange>,
    audit: Vec<AuditRecord>,
) -> Result<(), Problem> {
    let changes = changes.into_iter().map(Change::Ticket).collect();
    api.services.desk.record(RecordSet { changes, audit }).await
}

/// A ticket that says nothing yet.
pub(super) fn draft(id: Uuid, (inbox, requester): (InboxKey, Option<VisitorKey>), now: Micros) -> Ticket {
    Ticket {
        id,
        number: 0,
        inbox,
        requester,
        subject: String::new(),
        body: String::new(),
        contact: TicketContact::default(),
        status: TicketStatus::New,
        priority: TicketPriority::Normal,
        assignee: None,
        team: None,
        due_at: None,
        tags: Vec::new(),
        conversations: Vec::new(),
        created_at: now,
        updated_at: now,
        solved_at: None,
        version: 0,
    }
}

/// Checks a patch; nothing of it is applied yet.
async fn patch(api: &Api, body: TicketPatchBody) -> Result<TicketPatch, Problem> {
    let tags = match &body.tags {
        Some(ids) => Some(tags::known(api, ids, TAGS_MAX).await?),
        None => None,
    };
    Ok(TicketPatch {
        subject: body.subject.map(|text| fields::name("subject", &text)).transpose()?,
        status: body.status.as_deref().map(status).transpose()?,
        priority: body.priority.as_deref().map(priority).transpose()?,
        assignee: body.assignee_id.map(|id| id.map(|id| assignee(api, id)).transpose()).transpose()?,
        team: body.team_id.map(|id| id.map(|id| team(api, id)).transpose()).transpose()?,
        due_at: body.due_at.map(|at| at.map(|at| Micros(at.micros()))),
        tags,
    })
}

/// The inbox and the requester of a new ticket.
async fn place(
    api: &Api,
    who: &Identity,
    inbox_id: Option<Uuid>,
    requester_id: Option<Uuid>,
    conversations: &[Uuid],
) -> Result<(InboxKey, Option<VisitorKey>), Problem> {
    let (mut inbox, mut requester) = (None, None);
    for conversation in conversations {
        let head = api.services.desk.head(who, *conversation, Action::Read).await;
        let head = head.map_err(|problem| Problem { field: Some("conversation_ids"), ..problem })?;
        inbox = inbox.or(Some(head.inbox));
        requester = requester.or(Some(head.visitor));
    }
    if let Some(id) = requester_id {
        let unknown = || Problem { field: Some("requester_id"), ..Problem::not_found("visitor") };
        let visitor = api.services.store.visitor_by_id(id).await?.ok_or_else(unknown)?;
        if !visitors::may_know_any(api, who, &[visitor.key]).await? {
            return Err(unknown());
        }
        inbox = inbox.or(Some(visitor.inbox));
        requester = Some(visitor.key);
    }
    if let Some(id) = inbox_id {
        let directory = api.services.desk.directory();
        let found = directory.inbox(id).map(|inbox| inbox.key);
        let unknown = || Problem { field: Some("inbox_id"), ..Problem::not_found("inbox") };
        inbox = Some(found.ok_or_else(unknown)?);
    }
    let detail = "must be given where there is neither a conversation nor a requester";
    Ok((inbox.ok_or_else(|| Problem::invalid("inbox_id", detail))?, requester))
}

fn assignee(api: &Api, id: Uuid) -> Result<AgentKey, Problem> {
    let directory = api.services.desk.directory();
    let agent = directory.agent(id).filter(|agent| !agent.disabled);
    let agent = agent.ok_or_else(|| Problem::invalid("assignee_id", "there is no such agent"))?;
    Ok(agent.key)
}

fn team(api: &Api, id: Uuid) -> Result<Uuid, Problem> {
    let is_known = api.services.desk.directory().team(id).is_some();
    if is_known { Ok(id) } else { Err(Problem::invalid("team_id", "there is no such team")) }
}

pub(super) fn status(word: &str) -> Result<TicketStatus, Problem> {
    let detail = "must be new, open, pending, solved or closed";
    TicketStatus::from_word(word).ok_or_else(|| Problem::invalid("status", detail))
}

pub(super) fn priority(word: &str) -> Result<TicketPriority, Problem> {
    let detail = "must be low, normal, high or urgent";
    TicketPriority::from_word(word).ok_or_else(|| Problem::invalid("priority", detail))
}
