//! Which tables what is here belongs to.

use std::sync::Arc;

use kefu_app::Text;
use kefu_store::import::Entity;

use super::inverse::Inverse;
use crate::{
    mapping::TableMap,
    settings::{Settings, SourceSettings},
};

/// A table and its mapping, read the other way.
pub(super) struct Part {
    pub(super) map: Arc<TableMap>,
    pub(super) inverse: Inverse,
}

/// What flows back, and by which tables.
pub(crate) struct Parts {
    messages: Arc<Part>,
    /// Nothing, where conversations are made of messages.
    conversations: Option<Arc<Part>>,
    visitors: Arc<Part>,
    /// Nothing, if no table becomes tickets, or none that could be written.
    tickets: Option<Arc<Part>>,
    agents: Option<Arc<TableMap>>,
    /// Tables of tickets that nothing flows to.
    unwritten: Vec<String>,
}

impl Parts {
    /// Of the tables of the file; or why nothing can flow back.
    pub(crate) fn of(settings: &Settings) -> Result<Self, Vec<Text>> {
        let of = |entity| settings.tables.iter().filter(move |map| map.entity == entity);
        let (Some(messages), None) = (of(Entity::Message).next(), of(Entity::Message).nth(1)) else {
            return Err(vec![Text::new(
                "not exactly one table becomes messages: it is not known where new ones belong",
                "成为消息的表不是恰好一个:无法确定新消息的去处",
            )]);
        };
        let named = |alias: &str| {
            settings.tables.iter().find(|map| map.source == messages.source && map.alias == alias)
        };
        let mut problems = Vec::new();
        let mut part = |map: &Arc<TableMap>| match Inverse::of(map) {
            Ok(inverse) => Some(Arc::new(Part { map: Arc::clone(map), inverse })),
            Err(found) => {
                problems.extend(found);
                None
            }
        };
        let source = messages.source.as_str();
        let messages = part(messages);
        let group = messages.as_ref().and_then(|part| part.map.group.clone());
        let to = |part: &Option<Arc<Part>>, field: &str| {
            let table = part.as_ref().and_then(|part| part.inverse.refers_to(field));
            table.and_then(named).cloned()
        };
        let (conversations, visitors, agents) = match &group {
            Some(group) => {
                let agents = group.agent.as_ref().and_then(|(_, table)| named(table)).cloned();
                (None, named(&group.visitor.1).cloned(), agents)
            }
            None => {
                let conversations = to(&messages, "conversation").and_then(|map| part(&map));
                let visitors = to(&conversations, "visitor");
                (conversations, visitors, None)
            }
        };
        let agents = to(&messages, "agent").or(agents);
        let visitors = visitors.and_then(|map| part(&map));
        // Without tickets the rest is worth as much.
        let written = |map: &&Arc<TableMap>| map.source == source && Inverse::of(map).is_ok();
        let mut writable = of(Entity::Ticket).filter(written);
        let tickets = writable.next().filter(|_| writable.next().is_none()).and_then(part);
        let is_unwritten =
            |map: &&Arc<TableMap>| tickets.as_ref().is_none_or(|tickets| !Arc::ptr_eq(&tickets.map, map));
        let unwritten = of(Entity::Ticket).filter(is_unwritten).map(|map| map.name()).collect();
        match (messages, visitors) {
            (Some(messages), Some(visitors)) if problems.is_empty() => {
                Ok(Self { messages, conversations, visitors, tickets, agents, unwritten })
            }
            _ => Err(problems),
        }
    }

    /// The part that has what is this here.
    pub(super) fn part(&self, entity: Entity) -> Option<&Arc<Part>> {
        match entity {
            Entity::Visitor => Some(&self.visitors),
            Entity::Conversation => self.conversations.as_ref(),
            Entity::Message => Some(&self.messages),
            Entity::Ticket => self.tickets.as_ref(),
            Entity::Agent | Entity::Canned | Entity::Article => None,
        }
    }

    /// All parts; what others refer to comes first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Part>> {
        let all = [Entity::Visitor, Entity::Conversation, Entity::Message, Entity::Ticket];
        all.into_iter().filter_map(|entity| self.part(entity))
    }

    /// The table whose rows are this here.
    pub(super) fn table(&self, entity: Entity) -> Option<&Arc<TableMap>> {
        match entity {
            Entity::Agent => self.agents.as_ref(),
            _ => self.part(entity).map(|part| &part.map),
        }
    }

    /// Fields that stay behind: `old/visitor.attributes`; of a table that nothing flows to, all.
    pub(crate) fn left_out(&self) -> Vec<String> {
        let fields = |part: &Arc<Part>| {
            let name = part.map.name();
            part.inverse.left_out.iter().map(|field| format!("{name}.{field}")).collect::<Vec<_>>()
        };
        let tables = self.unwritten.iter().map(|name| format!("{name}.*"));
        self.all().flat_map(fields).chain(tables).collect()
    }

    /// The source that has them.
    pub(super) fn source<'s>(&self, settings: &'s Settings) -> Option<&'s SourceSettings> {
        settings.sources.iter().find(|source| source.name == self.messages.map.source)
    }
}
