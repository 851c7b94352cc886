use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Principal, Ticket, TicketPatch, TicketStatus};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{AuditRecord, TicketChange, TicketComment};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    repeat,
    ticket_view::{Authors, CommentView, HistoryView},
    tickets::{TEXT_CHARS, find, find_served, record},
};
use crate::{
    audit,
    auth::{Signed, SignedAgent},
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
    words::Screened,
};

/// How often a comment is tried that opens its ticket again while others change it.
const TRIES: usize = 4;

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Where the list goes on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 500; 50 when left out.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// A new comment.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewComment {
    /// The sender's own id of the comment; the same one again is the same comment.
    client_id: Option<Uuid>,
    /// At most 16,384 characters.
    text: String,
    /// For agents only; visitors cannot write such.
    #[serde(default)]
    internal: bool,
}

/// The comments on a ticket, oldest first; its requester sees the public ones
#[utoipa::path(get, path = "/tickets/{id}/comments", operation_id = "ticket_comments", tag = "tickets",
    params(("id" = Uuid, Path), ListQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<CommentView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    Signed(who): Signed,
    Id(id): Id,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<CommentView>>, Problem> {
    let ticket = find(&api, &who, id).await?;
    let cursor = page::cursor(query.cursor.as_deref())?;
    let limit = page::limit(query.limit.as_deref())?;
    let (internal, masking) = (who.role.is_some(), api.masking().of(who.audience()));
    let (comments, next) = api.services.store.ticket_comments(&ticket, internal, cursor, limit).await?;
    let authors = Authors::of(&api, comments.iter().map(|comment| comment.author), masking).await?;
    let items = comments.into_iter().map(|comment| authors.comment(comment)).collect();
    Ok(Json(Page::part(items, next)))
}

/// Comments on a ticket
///
/// A word of its requester opens a ticket again that is pending or solved.
#[utoipa::path(post, path = "/tickets/{id}/comments", operation_id = "comment_on_ticket", tag = "tickets",
    params(("id" = Uuid, Path)), request_body = NewComment, security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = CommentView),
        (status = 200, description = "It was made already", body = CommentView),
        SignedErrors,
    ))]
pub(super) async fn make(
    State(api): State<Api>,
    Signed(who): Signed,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<NewComment>,
) -> Result<(StatusCode, Json<CommentView>), Refused> {
    let ticket = find_served(&api, &who, id).await?;
    if body.internal && who.role.is_none() {
        return Err(Problem { field: Some("internal"), ..Problem::forbidden() }.into());
    }
    let sent = fields::text("text", &body.text, TEXT_CHARS)?;
    api.services.limits.message(who.principal, clock::now())?;
    let (author, internal) = (who.principal, body.internal);
    let comment_id = repeat::id_of(ticket.id.as_bytes(), who.id, body.client_id)?;
    let authors = Authors::of(&api, std::iter::once(author), api.masking().of(who.audience())).await?;
    let earlier = async || match body.client_id {
        Some(_) => earlier(&api, &ticket, comment_id, (&sent, internal)).await,
        None => Ok(None),
    };
    // A repeat is known before anything is refused.
    if let Some(found) = earlier().await? {
        return Ok((StatusCode::OK, Json(authors.comment(found))));
    }
    let mut text = sent.clone();
    let screened = match internal {
        true => Screened::default(),
        false => api.services.desk.screen(&who, "text", &mut text)?,
    };
    let audit = flagged(&who, &caller, id, &screened.flagged);
    let comment = TicketComment { id: comment_id, author, internal, text, created_at: clock::now() };
    match write(&api, &who, id, &comment, &audit).await {
        Ok(()) => Ok((StatusCode::CREATED, Json(authors.comment(comment)))),
        // The same one may have come twice at once.
        Err(problem) => match earlier().await? {
            Some(found) => Ok((StatusCode::OK, Json(authors.comment(found)))),
            None => Err(problem.into()),
        },
    }
}

/// The comment of this id, if there is one; it must be the one that was sent again.
async fn earlier(
    api: &Api,
    ticket: &Ticket,
    id: Uuid,
    (sent, internal): (&str, bool),
) -> Result<Option<TicketComment>, Problem> {
    let Some(found) = api.services.store.ticket_comment(ticket, id).await? else { return Ok(None) };
    if found.internal != internal {
        return Err(repeat::other_body());
    }
    repeat::check(&found.text, sent)?;
    Ok(Some(found))
}

/// What changed of a ticket, oldest first (agents)
#[utoipa::path(get, path = "/tickets/{id}/history", operation_id = "ticket_history", tag = "tickets",
    params(("id" = Uuid, Path), ListQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<HistoryView>), SignedErrors))]
pub(super) async fn history(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<HistoryView>>, Problem> {
    let ticket = find(&api, &who, id).await?;
    let cursor = page::cursor(query.cursor.as_deref())?;
    let limit = page::limit(query.limit.as_deref())?;
    let (lines, next) = api.services.store.ticket_history(&ticket, cursor, limit).await?;
    let authors = Authors::of(&api, lines.iter().map(|line| line.actor), api.masking()).await?;
    let items = lines.into_iter().map(|line| authors.history(line)).collect();
    Ok(Json(Page::part(items, next)))
}

/// What the audit log says of words that a supervisor is to see, if there are such.
pub(super) fn flagged(who: &Identity, caller: &Caller, ticket: Uuid, words: &[String]) -> Vec<AuditRecord> {
    if words.is_empty() {
        return Vec::new();
    }
    let (target, detail) = (Some(("ticket", ticket)), json!({"words": words}));
    vec![audit::record(who, caller.address, audit::FLAGGED_TICKET, target, detail)]
}

/// Adds the comment, and opens the ticket again where it has to be: both or neither.
async fn write(
    api: &Api,
    who: &Identity,
    id: Uuid,
    comment: &TicketComment,
    audit: &[AuditRecord],
) -> Result<(), Problem> {
    for tries_left in (0..TRIES).rev() {
        let mut ticket = find(api, who, id).await?;
        let by_requester = matches!(who.principal, Principal::Visitor(_));
        if by_requester && ticket.status == TicketStatus::Closed {
            return Err(Problem::new(ErrorCode::Conflict, "the ticket is closed"));
        }
        let mut changes = vec![TicketChange::Comment { ticket: id, comment: comment.clone() }];
        if by_requester && matches!(ticket.status, TicketStatus::Pending | TicketStatus::Solved) {
            let patch = TicketPatch { status: Some(TicketStatus::Open), ..TicketPatch::default() };
            let lines = ticket.apply(patch, comment.created_at).map_err(Problem::from)?;
            changes.push(TicketChange::Update { ticket: Box::new(ticket), lines, by: who.principal });
        }
        match record(api, changes, audit.to_vec()).await {
            // Somebody else changed the ticket between the look at it and the write.
            Err(problem) if problem.code == ErrorCode::Conflict && tries_left > 0 => {}
            outcome => return outcome,
        }
    }
    Ok(())
}
