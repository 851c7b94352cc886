//! Where the values of a card's variables come from.

use kefu_core::{Conversation, Visitor};
use kefu_store::{Customer, Store, StoreError, TicketFilter};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::view::Directory;

/// What a variable can be, besides a site's own field `visitor.attributes.<name>`.
pub(crate) const SOURCES: [&str; 13] = [
    "visitor.id",
    "visitor.external_id",
    "visitor.name",
    "visitor.email",
    "visitor.phone",
    "visitor.attributes.<name>",
    "customer.id",
    "conversation.id",
    "conversation.inbox_id",
    "conversation.last_text",
    "agent.id",
    "agent.email",
    "ticket.id",
];

const ATTRIBUTES: &str = "visitor.attributes.";

/// Whether a variable can be that.
pub(crate) fn is_source(text: &str) -> bool {
    match text.strip_prefix(ATTRIBUTES) {
        Some(name) => !name.is_empty() && name.len() <= 64 && !name.starts_with('<'),
        None => SOURCES.contains(&text),
    }
}

/// Whom a card is about, and for whom.
pub(crate) struct Subject<'a> {
    pub(crate) conversation: &'a Conversation,
    pub(crate) last_text: Option<String>,
    pub(crate) agent: Uuid,
    /// A ticket that is looked at; otherwise the last one of the visitor.
    pub(crate) ticket: Option<Uuid>,
}

/// All that variables can be of a subject. What is masked for agents is whole here: other systems find nobody by stars.
pub(crate) struct Given {
    visitor: Option<Visitor>,
    customer: Option<Customer>,
    attributes: Map<String, Value>,
    conversation: Uuid,
    inbox: Option<Uuid>,
    last_text: Option<String>,
    agent: Uuid,
    agent_email: Option<String>,
    ticket: Option<Uuid>,
}

impl Given {
    /// Looks up what `sources` ask for.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn of<'s>(
        store: &Store,
        directory: &Directory,
        subject: Subject<'_>,
        sources: impl Iterator<Item = &'s String> + Clone,
    ) -> Result<Self, StoreError> {
        let wants = |prefix: &str| sources.clone().any(|source| source.starts_with(prefix));
        let Subject { conversation, last_text, agent, ticket } = subject;
        let visitor = store.visitors(&[conversation.visitor]).await?.pop();
        let customer = match &visitor {
            Some(visitor) if wants("customer.") || wants("visitor.phone") => {
                store.customer(store.customer_of(visitor).await?).await?
            }
            _ => None,
        };
        let ticket = match (ticket, &visitor) {
            (None, Some(visitor)) if wants("ticket.") => {
                let filter = TicketFilter { requester: Some(visitor.key), ..TicketFilter::default() };
                store.tickets(&filter, None, 1).await?.0.pop().map(|ticket| ticket.id)
            }
            (ticket, _) => ticket,
        };
        let attributes = visitor.as_ref().map(|visitor| visitor.attributes.as_str()).unwrap_or_default();
        Ok(Self {
            attributes: serde_json::from_str(attributes).unwrap_or_default(),
            visitor,
            customer,
            conversation: conversation.id,
            inbox: directory.inboxes.get(&conversation.inbox).map(|inbox| inbox.id),
            last_text,
            agent,
            agent_email: directory.agent(agent).map(|agent| agent.email.clone()),
            ticket,
        })
    }

    /// The value that a variable has; none where there is none.
    pub(crate) fn value(&self, source: &str) -> Option<String> {
        let visitor = self.visitor.as_ref();
        let value = match source {
            "visitor.id" => visitor.map(|visitor| visitor.id.to_string()),
            "visitor.external_id" => visitor.and_then(|visitor| visitor.external_id.clone()),
            "visitor.name" => visitor.map(|visitor| visitor.name.to_string()),
            "visitor.email" => visitor.map(|visitor| visitor.email.clone()),
            "visitor.phone" => {
                let known = self.customer.as_ref().map(|customer| customer.phone.clone());
                known.filter(|phone| !phone.is_empty()).or_else(|| self.attribute("phone"))
            }
            "customer.id" => self.customer.as_ref().map(|customer| customer.id.to_string()),
            "conversation.id" => Some(self.conversation.to_string()),
            "conversation.inbox_id" => self.inbox.map(|id| id.to_string()),
            "conversation.last_text" => self.last_text.clone(),
            "agent.id" => Some(self.agent.to_string()),
            "agent.email" => self.agent_email.clone(),
            "ticket.id" => self.ticket.map(|id| id.to_string()),
            _ => self.attribute(source.strip_prefix(ATTRIBUTES)?),
        };
        value.filter(|value| !value.is_empty())
    }

    fn attribute(&self, name: &str) -> Option<String> {
        match self.attributes.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }
}
