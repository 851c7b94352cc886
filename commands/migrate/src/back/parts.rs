//! Which tables what is made here belongs to.

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
    pub(super) messages: Part,
    /// Nothing, where conversations are made of messages.
    pub(super) conversations: Option<Part>,
    pub(super) visitors: Part,
    pub(super) agents: Option<Arc<TableMap>>,
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
            Ok(inverse) => Some(Part { map: Arc::clone(map), inverse }),
            Err(found) => {
                problems.extend(found);
                None
            }
        };
        let messages = part(messages);
        let group = messages.as_ref().and_then(|part| part.map.group.clone());
        let to = |part: &Option<Part>, field: &str| {
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
        match (messages, visitors) {
            (Some(messages), Some(visitors)) if problems.is_empty() => {
                Ok(Self { messages, conversations, visitors, agents })
            }
            _ => Err(problems),
        }
    }

    /// Fields that stay behind: `old/visitor.attributes`.
    pub(crate) fn left_out(&self) -> Vec<String> {
        let parts = [Some(&self.messages), self.conversations.as_ref(), Some(&self.visitors)];
        let fields = |part: &Part| {
            let name = part.map.name();
            part.inverse.left_out.iter().map(|field| format!("{name}.{field}")).collect::<Vec<_>>()
        };
        parts.into_iter().flatten().flat_map(fields).collect()
    }

    /// The source that has them.
    pub(super) fn source<'s>(&self, settings: &'s Settings) -> Option<&'s SourceSettings> {
        settings.sources.iter().find(|source| source.name == self.messages.map.source)
    }
}
