//! Personal data in clear, one thing at a time: only with a reason, and never without a line in the audit log.

use axum::{Json, extract::State};
use kefu_core::Permission;
use kefu_text::mask::{Kinds, mask};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    customers::{self, CustomerView},
    identities::{self, IdentityView},
    ticket_view::{self, Authors, CommentView, TicketView},
    tickets,
    visitors::VisitorView,
};
use crate::{
    audit,
    auth::{SignedAgent, require},
    http::{
        Api, Refused,
        body::{Body, Id, Place},
        caller::Caller,
        fields,
        openapi::SignedErrors,
    },
    identity::Identity,
    masking::Masking,
    problem::Problem,
    view::MessageView,
};

/// Fewest and most characters of a reason.
const REASON_CHARS_MIN: usize = 3;
const REASON_CHARS_MAX: usize = 300;
/// Most comments that are revealed with their ticket: the first ones.
const COMMENTS_MAX: usize = 500;

/// Why somebody has to see it.
#[derive(Deserialize, ToSchema)]
pub(super) struct RevealBody {
    /// 3 to 300 characters; goes into the audit log.
    #[schema(example = "the courier asks for the number")]
    reason: String,
}

/// A ticket in clear.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RevealedTicket {
    ticket: TicketView,
    /// The first 500 comments.
    comments: Vec<CommentView>,
}

/// A customer in clear.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RevealedCustomer {
    customer: CustomerView,
    identities: Vec<IdentityView>,
    visitors: Vec<VisitorView>,
}

/// Shows a message with nothing masked (who may reveal personal data)
#[utoipa::path(post, path = "/conversations/{id}/messages/{seq}/reveal", operation_id = "reveal_message",
    tag = "messages", params(("id" = Uuid, Path), ("seq" = u64, Path)), request_body = RevealBody,
    security(("bearer" = []), ("cookie" = [])), responses((status = 200, body = MessageView), SignedErrors))]
pub(super) async fn message(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    place: Place,
    Body(body): Body<RevealBody>,
) -> Result<Json<MessageView>, Refused> {
    let reason = reason(&who, &body)?;
    let message = api.services.desk.whole_message(&who, place.conversation, place.seq).await?;
    let detail = json!({"reason": reason, "seq": place.seq});
    note(&api, &who, &caller, "message.revealed", ("conversation", place.conversation), detail).await?;
    Ok(Json(message))
}

/// Shows a ticket and its comments with nothing masked (who may reveal personal data)
#[utoipa::path(post, path = "/tickets/{id}/reveal", operation_id = "reveal_ticket", tag = "tickets",
    params(("id" = Uuid, Path)), request_body = RevealBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = RevealedTicket), SignedErrors))]
pub(super) async fn ticket(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<RevealBody>,
) -> Result<Json<RevealedTicket>, Refused> {
    let reason = reason(&who, &body)?;
    let ticket = tickets::find(&api, &who, id).await?;
    let comments = api.services.store.ticket_comments(&ticket, true, None, COMMENTS_MAX).await;
    let (comments, _) = comments.map_err(Problem::from)?;
    let authors = Authors::of(&api, comments.iter().map(|comment| comment.author), Masking::NONE).await?;
    let comments = comments.into_iter().map(|comment| authors.comment(comment)).collect();
    let ticket = ticket_view::whole(&api, &who, vec![ticket]).await?.pop();
    let ticket = ticket.ok_or_else(|| Problem::not_found("ticket"))?;
    note(&api, &who, &caller, "ticket.revealed", ("ticket", id), json!({"reason": reason})).await?;
    Ok(Json(RevealedTicket { ticket, comments }))
}

/// Shows a customer, its identities and its visitors with nothing masked (who may reveal personal data)
#[utoipa::path(post, path = "/customers/{id}/reveal", operation_id = "reveal_customer", tag = "customers",
    params(("id" = Uuid, Path)), request_body = RevealBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = RevealedCustomer), SignedErrors))]
pub(super) async fn customer(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<RevealBody>,
) -> Result<Json<RevealedCustomer>, Refused> {
    let reason = reason(&who, &body)?;
    let known = customers::known(&api, &who, id).await?;
    let identities = identities::all(&api, &known).await?;
    let id = known.customer.id;
    let visitors = api.services.store.visitors(&known.visitors).await.map_err(Problem::from)?;
    let visitors = visitors.into_iter().map(|visitor| VisitorView::new(visitor, id)).collect();
    let customer = customers::with_merges(&api, known.customer).await?;
    note(&api, &who, &caller, "customer.revealed", ("customer", id), json!({"reason": reason})).await?;
    Ok(Json(RevealedCustomer { customer, identities, visitors }))
}

/// The reason, for whoever may reveal anything. The audit log outlives an erase: it gets no personal data.
fn reason(who: &Identity, body: &RevealBody) -> Result<String, Problem> {
    require(who, Permission::Reveal)?;
    let reason = fields::lines("reason", &body.reason, REASON_CHARS_MAX)?;
    if reason.chars().nth(REASON_CHARS_MIN - 1).is_none() {
        return Err(Problem::invalid("reason", format!("must be at least {REASON_CHARS_MIN} characters")));
    }
    Ok(mask(&reason, Kinds::ALL).into_owned())
}

/// Writes down that something is shown, before it is.
async fn note(
    api: &Api,
    who: &Identity,
    caller: &Caller,
    action: &'static str,
    target: (&'static str, Uuid),
    detail: Value,
) -> Result<(), Problem> {
    audit::write(&api.services.desk, audit::record(who, caller.address, action, Some(target), detail)).await
}
