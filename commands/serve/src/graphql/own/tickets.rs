use kefu_core::{Permission, Ticket};
use kefu_query::{Fetch, Keys, Rows, SourceError, Value};
use kefu_store::{Readable, SelectKey};

use super::{
    Offer, Own,
    column::{self, Columns, Out},
    conversations::{Context, visitor_ids},
    not_allowed, select, unread,
};

pub(super) const OFFER: Offer = Offer {
    lists: true,
    limits: true,
    limits_per_key: true,
    filters: &["status", "priority", "updated_at", "number"],
    sorts: &["updated_at", "number"],
    keys: &[("id", 500), ("number", 500), ("requester_id", 500), ("assignee_id", 500)],
};

pub(super) const COLUMNS: Columns<Ticket, Context> = &[
    ("id", |ticket, _| Out::id(ticket.id)),
    ("number", |ticket, _| Out::Int(ticket.number)),
    ("inbox_id", |ticket, all| {
        Out::some(all.directory.inboxes.get(&ticket.inbox), |inbox| Out::id(inbox.id))
    }),
    ("requester_id", |ticket, all| {
        Out::some(ticket.requester.and_then(|key| all.visitors.get(&key)), |id| Out::id(*id))
    }),
    ("subject", |ticket, all| Out::Text(all.masking.text(&ticket.subject))),
    ("body", |ticket, all| Out::Text(all.masking.text(&ticket.body))),
    ("contact_name", |ticket, all| Out::Text(all.masking.text(&ticket.contact.name))),
    ("contact_email", |ticket, all| Out::Text(all.masking.email(&ticket.contact.email).into())),
    ("contact_phone", |ticket, all| Out::Text(all.masking.phone(&ticket.contact.phone).into())),
    ("status", |ticket, _| Out::word(ticket.status.as_str())),
    ("priority", |ticket, _| Out::word(ticket.priority.as_str())),
    ("assignee_id", |ticket, all| {
        let agent = ticket.assignee.and_then(|key| all.directory.agents.get(&key));
        Out::some(agent, |agent| Out::id(agent.id))
    }),
    ("team_id", |ticket, _| Out::some(ticket.team, Out::id)),
    ("due_at", |ticket, _| Out::some(ticket.due_at, Out::At)),
    ("created_at", |ticket, _| Out::At(ticket.created_at)),
    ("updated_at", |ticket, _| Out::At(ticket.updated_at)),
    ("solved_at", |ticket, _| Out::some(ticket.solved_at, Out::At)),
    ("conversation_ids", |ticket, _| Out::json(&ticket.conversations)),
];

pub(super) async fn fetch(own: &Own, fetch: &Fetch) -> Result<Rows, SourceError> {
    if !own.may(Permission::Tickets) {
        return Err(not_allowed());
    }
    let directory = own.desk.directory();
    let key = |name: &str, keys: &Keys| match name {
        "id" => Some(SelectKey::Ids(select::ids(keys))),
        "requester_id" => Some(SelectKey::Visitors(select::ids(keys))),
        "assignee_id" => {
            let agents = select::ids(keys).into_iter().filter_map(|id| directory.agent(id));
            Some(SelectKey::Agents(agents.map(|agent| agent.key).collect()))
        }
        "number" => {
            let number = |value: &Value| match value {
                Value::Int(number) => Some(*number),
                _ => None,
            };
            Some(SelectKey::Numbers(keys.values.iter().filter_map(number).collect()))
        }
        _ => None,
    };
    let select = select::select(fetch, Readable::All, key)?;
    let found = own.store.select_tickets(&select).await.map_err(|error| unread(&error))?;
    let requesters = found.iter().filter_map(|ticket| ticket.requester);
    let visitors = visitor_ids(&own.store, requesters).await?;
    let context = Context { directory: own.desk.directory(), visitors, masking: own.masking };
    column::rows(fetch, COLUMNS, &found, &context)
}
