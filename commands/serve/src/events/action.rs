//! What kefu does itself when something happens.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use kefu_bus::{
    Outcome,
    embedded::{Subscriber, Telling, Told},
};
use kefu_core::{
    Action, Content, Conversation, MessageKind, Principal, Role, Ticket, TicketContact, TicketPriority,
    TicketStatus,
};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{Change, RecordSet, Store, TagChange, TicketChange};
use serde::Deserialize;
use uuid::Uuid;

use super::ActionSpec;
use crate::{
    clock,
    desk::{Act, Desk},
    identity::Identity,
    problem::Problem,
};

/// Does one thing in the conversation of each event.
pub(super) struct Actor {
    desk: Desk,
    store: Store,
    action: ActionSpec,
    subscription: Uuid,
}

/// What an action needs to know of an event.
#[derive(Deserialize)]
struct About {
    #[serde(default)]
    conversation: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: Uuid,
}

impl Actor {
    pub(super) fn new(desk: Desk, store: Store, action: ActionSpec, subscription: Uuid) -> Self {
        Self { desk, store, action, subscription }
    }

    /// Who it is that acts: kefu itself, or its bot where something is said.
    fn identity(&self, principal: Principal) -> Identity {
        Identity {
            principal,
            id: self.subscription,
            name: "kefu".into(),
            role: Some(Role::Admin),
            rights: Role::Admin.rights(),
            inbox: None,
            session: Uuid::nil(),
            key: None,
        }
    }

    async fn act(&self, telling: Telling<'_>) -> Result<(), Problem> {
        let about: Option<About> = serde_json::from_str(telling.heard.event.data.get()).ok();
        // Tickets and visitors have no conversation in which anything could be done.
        let Some(Named { id }) = about.and_then(|about| about.conversation) else { return Ok(()) };
        let who = self.identity(Principal::System);
        let head = self.desk.head(&who, id, Action::Read).await?;
        match &self.action {
            ActionSpec::Assign { agent_id, team_id } => self.assign(&who, &head, *agent_id, *team_id).await,
            ActionSpec::Tag { tags } => self.tag(&head, tags).await,
            ActionSpec::Ticket { subject, priority, assignee_id, team_id, tags } => {
                let now = clock::now();
                let directory = self.desk.directory();
                let assignee = assignee_id.and_then(|id| directory.agent(id)).map(|agent| agent.key);
                let ticket = Ticket {
                    // The same however often the event is told: the store has it once.
                    id: telling.delivery,
                    number: 0,
                    inbox: head.inbox,
                    requester: Some(head.visitor),
                    subject: subject.clone(),
                    body: String::new(),
                    contact: TicketContact::default(),
                    status: TicketStatus::New,
                    priority: priority.unwrap_or(TicketPriority::Normal),
                    assignee,
                    team: team_id.filter(|id| directory.team(*id).is_some()),
                    due_at: None,
                    tags: tags.clone(),
                    conversations: vec![head.id],
                    created_at: now,
                    updated_at: now,
                    solved_at: None,
                    version: 0,
                };
                if self.store.ticket(ticket.id).await?.is_some() {
                    return Ok(());
                }
                let open = TicketChange::Open { ticket: Box::new(ticket), by: Principal::System };
                self.record(Change::Ticket(open)).await
            }
            ActionSpec::Reply { text } => {
                let content = Content::text(MessageKind::Text, text.clone());
                let bot = self.identity(Principal::Bot);
                // Told twice, it is said once: the log knows the id.
                self.desk.send(&bot, head.id, telling.delivery, content).await.map(drop)
            }
        }
    }

    /// Whoever has it already keeps it, so that what follows from the change does not change it again.
    async fn assign(
        &self,
        who: &Identity,
        head: &Conversation,
        agent: Option<Uuid>,
        team: Option<Uuid>,
    ) -> Result<(), Problem> {
        let directory = self.desk.directory();
        if let Some(id) = agent {
            let agent = directory.agent(id).ok_or_else(|| Problem::not_found("agent"))?;
            if head.assignee != Some(agent.key) {
                self.desk.act(who, head.id, Act::Transfer(Some(id))).await?;
            }
        }
        if let Some(id) = team {
            let team = directory.team(id).ok_or_else(|| Problem::not_found("team"))?;
            if head.team != Some(team.key) {
                self.desk.act(who, head.id, Act::TransferToTeam(id)).await?;
            }
        }
        Ok(())
    }

    async fn tag(&self, head: &Conversation, tags: &[Uuid]) -> Result<(), Problem> {
        let had: BTreeSet<_> = self.store.tags_of(head.key).await?.into_iter().map(|tag| tag.id).collect();
        // One that was taken out of the catalogue since is left out.
        let known = self.store.tags_by_id(tags).await?.into_iter().map(|tag| tag.id);
        let all: BTreeSet<_> = had.iter().copied().chain(known).collect();
        if all == had {
            return Ok(());
        }
        let tags = all.into_iter().collect();
        let (conversation, at) = (head.key, clock::now());
        self.record(Change::Tag(TagChange::Conversation { conversation, tags, agent: None, at })).await
    }

    async fn record(&self, change: Change) -> Result<(), Problem> {
        self.desk.record(RecordSet { changes: vec![change], audit: Vec::new() }).await
    }

    /// What kefu says itself is no reason to say something, or to make one more ticket.
    fn is_echo(&self, telling: &Telling<'_>) -> bool {
        let by_people = matches!(telling.heard.actor, Principal::Visitor(_) | Principal::Agent(_));
        let is_message = telling.heard.event.topic.as_str().starts_with("message.");
        let is_of_each = matches!(self.action, ActionSpec::Reply { .. } | ActionSpec::Ticket { .. });
        is_of_each && is_message && !by_people
    }
}

impl Subscriber for Actor {
    fn tell<'a>(&'a self, telling: Telling<'a>) -> BoxFuture<'a, Told> {
        Box::pin(async move {
            let acted = if self.is_echo(&telling) { Ok(()) } else { self.act(telling).await };
            let outcome = match acted {
                Ok(()) => Outcome::Done,
                Err(problem) if matches!(problem.code, ErrorCode::Unavailable | ErrorCode::RateLimited) => {
                    Outcome::Again { after: None, why: problem.to_string() }
                }
                // The conversation does not take it as it is now; later it would be another one.
                Err(problem) => Outcome::Dead { why: problem.to_string() },
            };
            Told { outcome, attempt: None }
        })
    }
}
