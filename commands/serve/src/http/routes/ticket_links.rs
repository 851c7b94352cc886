use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::Action;
use kefu_protocol::frame::ErrorCode;
use kefu_store::TicketChange;

use super::{
    ticket_view::{TicketView, view},
    tickets::{CONVERSATIONS_MAX, find, find_served, record},
};
use crate::{
    auth::SignedAgent,
    clock,
    http::{Api, body::Ids, openapi::SignedErrors},
    problem::Problem,
};

/// Links a conversation that the caller may read to a ticket (agents)
#[utoipa::path(post, path = "/tickets/{id}/conversations/{conversation_id}", operation_id = "link_ticket",
    tag = "tickets", params(("id" = Uuid, Path), ("conversation_id" = Uuid, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = TicketView), SignedErrors))]
pub(super) async fn link(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Ids(id, conversation): Ids,
) -> Result<Json<TicketView>, Problem> {
    let ticket = find_served(&api, &who, id).await?;
    drop(api.services.desk.head(&who, conversation, Action::Read).await?);
    let is_linked = ticket.conversations.contains(&conversation);
    if !is_linked && ticket.conversations.len() >= CONVERSATIONS_MAX {
        let detail = format!("a ticket has at most {CONVERSATIONS_MAX} conversations");
        return Err(Problem::new(ErrorCode::Conflict, detail));
    }
    if !is_linked {
        let (by, at) = (who.principal, clock::now());
        record(&api, vec![TicketChange::Link { ticket: id, conversation, by, at }], Vec::new()).await?;
    }
    let ticket = find(&api, &who, id).await?;
    view(&api, &who, ticket).await.map(Json)
}

/// Ends the link between a conversation and a ticket (agents)
#[utoipa::path(delete, path = "/tickets/{id}/conversations/{conversation_id}", operation_id = "unlink_ticket",
    tag = "tickets", params(("id" = Uuid, Path), ("conversation_id" = Uuid, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "They have nothing to do with each other"), SignedErrors))]
pub(super) async fn unlink(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Ids(id, conversation): Ids,
) -> Result<StatusCode, Problem> {
    let ticket = find_served(&api, &who, id).await?;
    if !ticket.conversations.contains(&conversation) {
        return Err(Problem::not_found("link"));
    }
    let (by, at) = (who.principal, clock::now());
    record(&api, vec![TicketChange::Unlink { ticket: id, conversation, by, at }], Vec::new()).await?;
    Ok(StatusCode::NO_CONTENT)
}
