use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Principal, Ticket, TicketContact};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    repeat,
    ticket_comments::flagged,
    ticket_view::{TicketView, view},
    tickets::{TEXT_CHARS, draft, open},
};
use crate::{
    auth::SignedVisitor,
    clock,
    http::{Api, Refused, body::Body, caller::Caller, fields, openapi::SignedErrors},
    identity::Identity,
    problem::Problem,
};

/// Most characters of a message that become the subject of its ticket.
const SUBJECT_CHARS: usize = 80;

/// What a visitor leaves while nobody is there.
#[derive(Deserialize, ToSchema)]
pub(super) struct OfflineMessage {
    /// The sender's own id of the message; the same one again is the same message.
    client_id: Option<Uuid>,
    name: Option<String>,
    /// This or a telephone number is needed.
    email: Option<String>,
    #[schema(example = "+86 10 1234 5678")]
    phone: Option<String>,
    /// At most 16,384 characters.
    text: String,
}

/// Leaves a message while nobody is there: it becomes a ticket (visitors)
#[utoipa::path(post, path = "/widget/offline-messages", operation_id = "leave_message", tag = "widget",
    request_body = OfflineMessage, security(("bearer" = [])),
    responses(
        (status = 201, body = TicketView),
        (status = 200, description = "It was left already", body = TicketView),
        SignedErrors,
    ))]
pub(super) async fn leave(
    State(api): State<Api>,
    SignedVisitor(who): SignedVisitor,
    caller: Caller,
    Body(body): Body<OfflineMessage>,
) -> Result<(StatusCode, Json<TicketView>), Refused> {
    let now = clock::now();
    api.services.limits.session(caller.address, now)?;
    api.services.limits.message(who.principal, now)?;
    let mut text = fields::text("text", &body.text, TEXT_CHARS)?;
    let phone = body.phone.filter(|phone| !phone.trim().is_empty());
    let contact = TicketContact {
        name: fields::line("name", &body.name.unwrap_or_default())?,
        email: fields::optional_email(&body.email.unwrap_or_default())?,
        phone: phone.map(|phone| fields::phone("phone", &phone)).transpose()?.unwrap_or_default(),
    };
    if contact.email.is_empty() && contact.phone.is_empty() {
        let detail = "an e-mail address or a telephone number is needed for the answer";
        return Err(Problem::invalid("email", detail).into());
    }
    let (Principal::Visitor(visitor), Some(inbox)) = (who.principal, who.inbox) else {
        return Err(Problem::forbidden().into());
    };
    let id = repeat::id_of(b"offline message", who.id, body.client_id)?;
    let sent = text.clone();
    let again = async || match body.client_id {
        Some(_) => earlier(&api, &who, id, &sent).await,
        None => Ok(None),
    };
    // A repeat is known before anything is refused.
    if let Some(view) = again().await? {
        return Ok((StatusCode::OK, Json(view)));
    }
    let screened = api.services.desk.screen(&who, "text", &mut text)?;
    let ticket =
        Ticket { subject: subject(&text), body: text, contact, ..draft(id, (inbox, Some(visitor)), now) };
    let audit = flagged(&who, &caller, id, &screened.flagged);
    match open(&api, &who, ticket, audit).await {
        Ok(made) => Ok((StatusCode::CREATED, Json(made))),
        // The same one may have come twice at once.
        Err(problem) => match again().await? {
            Some(view) => Ok((StatusCode::OK, Json(view))),
            None => Err(problem.into()),
        },
    }
}

/// The ticket of this id, if there is one; it must be of the same message.
async fn earlier(api: &Api, who: &Identity, id: Uuid, sent: &str) -> Result<Option<TicketView>, Problem> {
    let Some(ticket) = api.services.store.ticket(id).await? else { return Ok(None) };
    repeat::check(&ticket.body, sent)?;
    view(api, who, ticket).await.map(Some)
}

/// The first line that says something, shortened.
fn subject(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SUBJECT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_short_line() {
        assert_eq!(subject("\n  退款\t问题 \n什么时候到账?"), "退款 问题");
        assert_eq!(subject(&"x".repeat(100)).len(), SUBJECT_CHARS);
        assert_eq!(subject(" \n"), "");
    }
}
