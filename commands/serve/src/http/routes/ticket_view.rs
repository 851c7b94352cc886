//! Tickets as the interface shows them.

use std::{collections::HashMap, sync::Arc};

use kefu_core::{
    AgentKey, Audience, Principal, Ticket, TicketField, TicketLine, TicketPriority, TicketStatus, Visitor,
    VisitorKey,
};
use kefu_protocol::frame::Timestamp;
use kefu_store::{TicketComment, TicketHistory};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::Api,
    identity::Identity,
    masking::Masking,
    problem::Problem,
    view::{AgentRef, Directory, InboxRef, PartyView, VisitorBrief, VisitorRef, timestamp},
};

/// A ticket. Its requester does not see who works on it, its tags and its conversations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ticket)]
pub(super) struct TicketView {
    id: Uuid,
    /// The short number that people say.
    number: i64,
    inbox: InboxRef,
    /// The visitor whose it is.
    requester: Option<VisitorRef>,
    subject: String,
    /// May be empty.
    body: String,
    /// How the requester said to be reached.
    contact: ContactView,
    /// `new`, `open`, `pending`, `solved` or `closed`.
    #[schema(value_type = String, example = "open")]
    status: TicketStatus,
    /// `low`, `normal`, `high` or `urgent`.
    #[schema(value_type = String, example = "normal")]
    priority: TicketPriority,
    assignee: Option<AgentRef>,
    team_id: Option<Uuid>,
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// Ids of its tags.
    tags: Vec<Uuid>,
    conversation_ids: Vec<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed or was commented on.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    solved_at: Option<Timestamp>,
    /// Names this state of its fields, for a change of them.
    version: u64,
}

/// How a requester said to be reached; each may be empty.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketContact)]
pub(super) struct ContactView {
    name: String,
    email: String,
    phone: String,
}

/// A comment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketComment)]
pub(super) struct CommentView {
    id: Uuid,
    from: PartyView,
    /// For agents only.
    internal: bool,
    text: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A change of one field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketHistory)]
pub(super) struct HistoryView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    by: PartyView,
    /// `subject`, `status`, `priority`, `assignee`, `team`, `due_at`, `tags` or `conversation`.
    #[schema(value_type = String, example = "status")]
    field: TicketField,
    /// What it was: a text, a word, an id, a time, or ids with commas between.
    from: Option<String>,
    /// What it is.
    to: Option<String>,
}

/// Tickets as `who` sees them.
pub(super) async fn views(
    api: &Api,
    who: &Identity,
    tickets: Vec<Ticket>,
) -> Result<Vec<TicketView>, Problem> {
    let masking = api.masking().of(who.audience());
    let tickets = whole(api, who, tickets).await?.into_iter();
    Ok(tickets.map(|ticket| ticket.masked(masking)).collect())
}

/// The same with nothing masked.
pub(super) async fn whole(
    api: &Api,
    who: &Identity,
    tickets: Vec<Ticket>,
) -> Result<Vec<TicketView>, Problem> {
    let mut keys: Vec<_> = tickets.iter().filter_map(|ticket| ticket.requester).collect();
    keys.sort_unstable();
    keys.dedup();
    let visitors = api.services.store.visitors(&keys).await?;
    let visitors: HashMap<_, _> = visitors.into_iter().map(|visitor| (visitor.key, visitor)).collect();
    let directory = api.services.desk.directory();
    Ok(tickets.into_iter().map(|ticket| one(&directory, who.audience(), ticket, &visitors)).collect())
}

/// A ticket as `who` sees it.
pub(super) async fn view(api: &Api, who: &Identity, ticket: Ticket) -> Result<TicketView, Problem> {
    let mut views = views(api, who, vec![ticket]).await?;
    views.pop().ok_or_else(|| Problem::not_found("ticket"))
}

impl TicketView {
    /// The ticket as a reader gets it from whom this is masked.
    fn masked(self, masking: Masking) -> Self {
        let requester =
            self.requester.map(|visitor| VisitorRef { name: masking.name(&visitor.name), ..visitor });
        Self {
            requester,
            subject: masking.string(self.subject),
            body: masking.string(self.body),
            contact: ContactView {
                name: masking.string(self.contact.name),
                email: masking.email(&self.contact.email),
                phone: masking.phone(&self.contact.phone),
            },
            ..self
        }
    }
}

fn one(
    directory: &Directory,
    audience: Audience,
    ticket: Ticket,
    visitors: &HashMap<VisitorKey, Visitor>,
) -> TicketView {
    let is_agent = audience == Audience::Agent;
    let requester = ticket.requester.and_then(|key| visitors.get(&key)).map(|visitor| VisitorRef {
        id: visitor.id,
        name: Arc::clone(&visitor.name),
        verified: visitor.verified,
    });
    TicketView {
        id: ticket.id,
        number: ticket.number,
        inbox: directory.inbox_ref(ticket.inbox),
        requester,
        subject: ticket.subject,
        body: ticket.body,
        contact: ContactView {
            name: ticket.contact.name,
            email: ticket.contact.email,
            phone: ticket.contact.phone,
        },
        status: ticket.status,
        priority: ticket.priority,
        assignee: ticket.assignee.filter(|_| is_agent).and_then(|key| directory.agent_ref(key)),
        team_id: ticket.team.filter(|_| is_agent),
        due_at: ticket.due_at.filter(|_| is_agent).map(timestamp),
        tags: if is_agent { ticket.tags } else { Vec::new() },
        conversation_ids: if is_agent { ticket.conversations } else { Vec::new() },
        created_at: timestamp(ticket.created_at),
        updated_at: timestamp(ticket.updated_at),
        solved_at: ticket.solved_at.map(timestamp),
        version: ticket.version,
    }
}

/// The visitors who wrote or did something, and the name of each author.
pub(super) struct Authors {
    directory: Arc<Directory>,
    visitors: HashMap<VisitorKey, VisitorBrief>,
    masking: Masking,
}

impl Authors {
    /// Looks up all of `principals`, for a reader from whom `masking` is kept.
    pub(super) async fn of(
        api: &Api,
        principals: impl Iterator<Item = Principal>,
        masking: Masking,
    ) -> Result<Self, Problem> {
        let mut keys: Vec<_> = principals
            .filter_map(|principal| match principal {
                Principal::Visitor(key) => Some(key),
                _ => None,
            })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let visitors = api.services.store.visitors(&keys).await?.into_iter();
        let visitors = visitors.map(|visitor| (visitor.key, VisitorBrief::from(&visitor)));
        Ok(Self { directory: api.services.desk.directory(), visitors: visitors.collect(), masking })
    }

    fn party(&self, principal: Principal) -> PartyView {
        let nobody = VisitorBrief {
            id: Uuid::nil(),
            name: "".into(),
            verified: false,
            inbox: kefu_core::InboxKey(0),
            erased: false,
        };
        let visitor = match principal {
            Principal::Visitor(key) => self.visitors.get(&key).unwrap_or(&nobody),
            _ => &nobody,
        };
        let party = self.directory.party(principal, visitor, Audience::Visitor);
        PartyView { name: self.masking.string(party.name.into_owned()), kind: party.kind, id: party.id }
    }

    /// A comment with the name of its author.
    pub(super) fn comment(&self, comment: TicketComment) -> CommentView {
        CommentView {
            id: comment.id,
            from: self.party(comment.author),
            internal: comment.internal,
            text: self.masking.string(comment.text),
            created_at: timestamp(comment.created_at),
        }
    }

    /// A line of a ticket's history, with ids and times as the interface writes them.
    pub(super) fn history(&self, history: TicketHistory) -> HistoryView {
        let TicketLine { field, before, after } = history.line;
        HistoryView {
            at: timestamp(history.at),
            by: self.party(history.actor),
            field,
            from: before.map(|value| self.value(field, value)),
            to: after.map(|value| self.value(field, value)),
        }
    }

    fn value(&self, field: TicketField, value: String) -> String {
        match (field, value.parse::<i64>()) {
            (TicketField::Assignee, Ok(key)) => self
                .directory
                .agents
                .get(&AgentKey(key))
                .map_or_else(String::new, |agent| agent.id.to_string()),
            (TicketField::DueAt, Ok(at)) => Timestamp::from_micros(at).to_string(),
            _ => self.masking.string(value),
        }
    }
}
