use std::sync::Arc;

use axum::{Json, extract::State};
use kefu_core::{Permission, TicketPriority, TicketStatus};
use kefu_protocol::frame::Timestamp;
use kefu_store::ExternalKind;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::customers::{Known, known};
use crate::{
    auth::{SignedAgent, require},
    external::{ExternalComment, ExternalTicket, TicketService, Unanswered, kind_word},
    http::{
        Api,
        body::{Id, Parameters, TicketPlace},
        openapi::SignedErrors,
    },
    identity::Identity,
    masking::Masking,
    problem::Problem,
};

/// How a list is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// `true` asks the other system again, even if it was asked a moment ago.
    #[param(value_type = Option<bool>)]
    fresh: Option<String>,
}

/// The tickets of a customer in the other system.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExternalTickets {
    service: ServiceView,
    items: Vec<ExternalTicketView>,
    /// What the other system did not answer; the items are then not all.
    errors: Vec<UnansweredView>,
}

/// A ticket system of others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketService)]
pub(super) struct ServiceView {
    /// Its name for people.
    name: String,
    /// What can be asked of it: `create`, `update`, `comment`.
    takes: Vec<&'static str>,
    /// Of these, when it can be said who is to work on the ticket.
    assigns: Vec<&'static str>,
    /// Statuses that can be set.
    statuses: Vec<String>,
    /// Priorities that can be set.
    priorities: Vec<String>,
}

/// A ticket in the other system.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExternalTicket)]
pub(super) struct ExternalTicketView {
    /// What it is called there.
    number: String,
    subject: String,
    /// `new`, `open`, `pending`, `solved` or `closed`, if that system's word is one of these.
    #[schema(value_type = Option<String>, example = "open")]
    status: Option<TicketStatus>,
    /// That system's word.
    status_text: String,
    #[schema(value_type = Option<String>, example = "normal")]
    priority: Option<TicketPriority>,
    priority_text: String,
    /// May be empty.
    assignee: String,
    /// Where people see it.
    url: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
}

/// A ticket in the other system with what was said about it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExternalTicketDetails {
    ticket: ExternalTicketView,
    comments: Vec<ExternalCommentView>,
}

/// Something that was said about a ticket in the other system.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExternalComment)]
pub(super) struct ExternalCommentView {
    /// May be empty.
    author: String,
    text: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// Something that the other system did not answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Unanswered)]
pub(super) struct UnansweredView {
    /// `unreachable`, `timeout`, `unavailable`, `busy`, `fault`, `exception`, `upstream_status`, `upstream_failed`,
    /// `bad_answer`, `bad_call` or `bad_mapping`.
    #[schema(value_type = String, example = "timeout")]
    code: &'static str,
    detail: String,
}

/// The tickets of a customer in the ticket system of others (with the permission `tickets`)
///
/// They are up to 15 seconds old. What that system does not answer is told beside what it does. Where no such system is
/// configured it is 404.
#[utoipa::path(get, path = "/customers/{id}/external-tickets", operation_id = "external_tickets",
    tag = "tickets", params(("id" = Uuid, Path), ListQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ExternalTickets), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<ExternalTickets>, Problem> {
    let (service, Known { customer, visitors }) = of_customer(&api, &who, id).await?;
    let is_fresh = query.fresh.as_deref() == Some("true");
    let found = service.list(&api.services.store, &customer, &visitors, is_fresh).await?;
    let masking = api.masking();
    Ok(Json(ExternalTickets {
        service: ServiceView::of(&service),
        items: found.tickets.into_iter().map(|ticket| ExternalTicketView::of(ticket, masking)).collect(),
        errors: found.errors.into_iter().map(|error| UnansweredView::of(error, masking)).collect(),
    }))
}

/// One ticket of a customer in the ticket system of others, with what was said about it (with the permission `tickets`)
///
/// It is one that was listed, or that was made from here. While that system does not answer it is 503.
#[utoipa::path(get, path = "/customers/{id}/external-tickets/{number}", operation_id = "external_ticket",
    tag = "tickets", params(("id" = Uuid, Path), ("number" = String, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ExternalTicketDetails), SignedErrors))]
pub(super) async fn get(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    TicketPlace(id, number): TicketPlace,
) -> Result<Json<ExternalTicketDetails>, Problem> {
    let (service, Known { customer, visitors }) = of_customer(&api, &who, id).await?;
    if !service.has(&api.services.store, &customer, &visitors, &number).await? {
        return Err(Problem::not_found("ticket"));
    }
    let masking = api.masking();
    let found = service.get(&customer, &number).await.map_err(|error| {
        let Unanswered { code, detail } = error;
        Problem::unavailable(format!(
            "the ticket system does not answer ({code}): {}",
            masking.string(detail)
        ))
    })?;
    let (ticket, comments) = found.ok_or_else(|| Problem::not_found("ticket"))?;
    let comments = comments.into_iter().map(|comment| ExternalCommentView::of(comment, masking)).collect();
    Ok(Json(ExternalTicketDetails { ticket: ExternalTicketView::of(ticket, masking), comments }))
}

/// The ticket system, if there is one.
pub(super) fn service(api: &Api) -> Result<Arc<TicketService>, Problem> {
    api.services.bridges.tickets().cloned().ok_or_else(|| Problem::not_found("ticket system"))
}

async fn of_customer(api: &Api, who: &Identity, id: Uuid) -> Result<(Arc<TicketService>, Known), Problem> {
    require(who, Permission::Tickets)?;
    let known = known(api, who, id).await?;
    Ok((service(api)?, known))
}

impl ServiceView {
    fn of(service: &TicketService) -> Self {
        let rules = service.rules();
        let kinds = [ExternalKind::Create, ExternalKind::Update, ExternalKind::Comment];
        Self {
            name: rules.name.clone(),
            takes: kinds.into_iter().filter(|kind| rules.takes(*kind)).map(kind_word).collect(),
            assigns: kinds.into_iter().filter(|kind| rules.assigns(*kind)).map(kind_word).collect(),
            statuses: rules.statuses().map(str::to_owned).collect(),
            priorities: rules.priorities().map(str::to_owned).collect(),
        }
    }
}

impl ExternalTicketView {
    fn of(ticket: ExternalTicket, masking: Masking) -> Self {
        Self {
            number: ticket.number,
            subject: masking.string(ticket.subject),
            status: ticket.status,
            status_text: ticket.status_text,
            priority: ticket.priority,
            priority_text: ticket.priority_text,
            assignee: ticket.assignee,
            url: ticket.url,
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
        }
    }
}

impl ExternalCommentView {
    fn of(comment: ExternalComment, masking: Masking) -> Self {
        let ExternalComment { author, text, at } = comment;
        Self { author, text: masking.string(text), at }
    }
}

impl UnansweredView {
    fn of(error: Unanswered, masking: Masking) -> Self {
        Self { code: error.code, detail: masking.string(error.detail) }
    }
}
