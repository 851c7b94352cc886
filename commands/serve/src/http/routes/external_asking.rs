//! What an agent asks of the ticket system of others: checked, and written down once.

use std::sync::Arc;

use axum::Json;
use http::StatusCode;
use kefu_core::{Conversation, Principal, Visitor};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{Change, ExternalChange, ExternalKind, ExternalState, ExternalWrite, RecordSet};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    external_tickets::service,
    external_writes::{WriteView, head, line, view},
    repeat, tickets,
};
use crate::{
    clock,
    external::{TicketService, kind_word},
    http::{Api, Refused, caller::Caller, fields},
    identity::Identity,
    problem::Problem,
};

/// Somebody who asks for something in a conversation, which the other system takes.
pub(super) struct Asking<'a> {
    api: &'a Api,
    who: &'a Identity,
    kind: ExternalKind,
    head: Conversation,
    service: Arc<TicketService>,
}

impl<'a> Asking<'a> {
    /// Checks that `who` may ask for this in the conversation, and that the other system takes it.
    ///
    /// # Errors
    /// `forbidden` and `not_found` for who may not, `conflict` when that system does not take it.
    pub(super) async fn begin(
        api: &'a Api,
        who: &'a Identity,
        conversation: Uuid,
        kind: ExternalKind,
    ) -> Result<Self, Problem> {
        let head = head(api, who, conversation).await?;
        let service = service(api)?;
        if !service.rules().takes(kind) {
            let kind = kind_word(kind);
            return Err(Problem::new(ErrorCode::Conflict, format!("the ticket system takes no {kind}")));
        }
        Ok(Self { api, who, kind, head, service })
    }

    /// One of the statuses that can be set.
    pub(super) fn status(&self, word: Option<String>) -> Result<Option<&'static str>, Problem> {
        let Some(word) = word else { return Ok(None) };
        let word = tickets::status(&word)?.as_str();
        let is_known = self.service.rules().statuses().any(|known| known == word);
        if is_known { Ok(Some(word)) } else { Err(not_taken("status")) }
    }

    /// One of the priorities that can be set.
    pub(super) fn priority(&self, word: Option<String>) -> Result<Option<&'static str>, Problem> {
        let Some(word) = word else { return Ok(None) };
        let word = tickets::priority(&word)?.as_str();
        let is_known = self.service.rules().priorities().any(|known| known == word);
        if is_known { Ok(Some(word)) } else { Err(not_taken("priority")) }
    }

    /// Who is to work on it, where that can be said.
    pub(super) fn assignee(&self, name: Option<String>) -> Result<Option<String>, Problem> {
        let Some(name) = name else { return Ok(None) };
        let name = fields::name("assignee", &name)?;
        let is_taken = self.service.rules().assigns(self.kind);
        if is_taken { Ok(Some(name)) } else { Err(not_taken("assignee")) }
    }

    /// Writes down what is asked for, once; `ticket` is the one that it is about.
    ///
    /// # Errors
    /// `conflict` when the same id asked for something else before, `not_found` for a ticket that is nobody's or
    /// somebody else's.
    pub(super) async fn ask(
        self,
        caller: &Caller,
        client_id: Uuid,
        ticket: Option<String>,
        fields: Value,
    ) -> Result<(StatusCode, Json<WriteView>), Refused> {
        let Self { api, who, kind, head, service } = self;
        let store = &api.services.store;
        let id = repeat::id_of(b"external ticket", who.id, Some(client_id))?;
        let visitor = store.visitor(head.visitor).await.map_err(Problem::from)?;
        let visitor = visitor.ok_or_else(|| Problem::not_found("visitor"))?;
        let said = json!({ "kind": kind_word(kind), "ticket": ticket, "fields": fields });
        let digest: [u8; 32] = Sha256::digest(said.to_string().as_bytes()).into();
        let again = async || -> Result<Option<WriteView>, Problem> {
            let Some(earlier) = store.external_write(id).await? else { return Ok(None) };
            if earlier.digest != digest || earlier.conversation != head.key {
                return Err(repeat::other_body());
            }
            Ok(Some(view(api, earlier)))
        };
        if let Some(view) = again().await? {
            return Ok((StatusCode::ACCEPTED, Json(view)));
        }
        if let Some(number) = &ticket {
            is_of_customer(api, &service, &visitor, number).await?;
        }
        let Principal::Agent(agent) = who.principal else { return Err(Problem::forbidden().into()) };
        let mut body = fields;
        body["visitor"] = json!(visitor.id);
        body["conversation"] = json!(head.id);
        let now = clock::now();
        let write = ExternalWrite {
            number: 0,
            id,
            conversation: head.key,
            agent,
            kind,
            state: ExternalState::Waiting,
            ticket,
            body: body.to_string(),
            digest,
            reason: String::new(),
            tries: 0,
            due_at: Some(now),
            created_at: now,
            updated_at: now,
        };
        let line = line(who, caller, "external_ticket.asked", head.id, id, kind);
        let change = Change::External(ExternalChange::Ask(Box::new(write)));
        match api.services.desk.record(RecordSet { changes: vec![change], audit: vec![line] }).await {
            Ok(()) => service.wake(),
            // The same one may have come twice at once.
            Err(problem) => {
                let view = again().await?.ok_or(problem)?;
                return Ok((StatusCode::ACCEPTED, Json(view)));
            }
        }
        let view = again().await?.ok_or_else(|| Problem::not_found("request"))?;
        Ok((StatusCode::ACCEPTED, Json(view)))
    }
}

fn not_taken(field: &'static str) -> Problem {
    Problem::invalid(field, format!("the ticket system has no such {field}"))
}

/// Refuses numbers of tickets that are nobody's or somebody else's.
async fn is_of_customer(
    api: &Api,
    service: &TicketService,
    visitor: &Visitor,
    number: &str,
) -> Result<(), Problem> {
    let store = &api.services.store;
    let customer = store.customer(store.customer_of(visitor).await?).await?;
    let customer = customer.ok_or_else(|| Problem::not_found("customer"))?;
    let visitors = store.customer_visitors(&customer).await?;
    match service.has(store, &customer, &visitors, number).await? {
        true => Ok(()),
        false => Err(Problem::not_found("ticket")),
    }
}
