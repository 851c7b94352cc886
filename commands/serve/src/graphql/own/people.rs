//! Visitors, customers and agents.

use kefu_core::{Action, Agent, Permission, Visitor};
use kefu_query::{Fetch, Keys, Rows, SourceError, TroubleKind};
use kefu_store::{Customer, Readable, Select, SelectKey};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    Offer, Own,
    column::{self, Columns, Out},
    not_allowed, select, trouble, unread,
};
use crate::masking::Masking;

pub(super) const VISITOR_OFFER: Offer = Offer {
    lists: false,
    limits: true,
    limits_per_key: false,
    filters: &[],
    sorts: &[],
    keys: &[("id", 500), ("external_id", 500)],
};

pub(super) const CUSTOMER_OFFER: Offer = Offer {
    lists: false,
    limits: false,
    limits_per_key: false,
    filters: &[],
    sorts: &[],
    keys: &[("id", 100), ("visitor_id", 100)],
};

pub(super) const AGENT_OFFER: Offer = Offer {
    lists: true,
    limits: false,
    limits_per_key: false,
    filters: &[],
    sorts: &[],
    keys: &[("id", 1000)],
};

/// How many conversations of a customer are looked through for one that the reader may read.
const CONVERSATIONS_MAX: usize = 100;

pub(super) const VISITOR_COLUMNS: Columns<Visitor, Masking> = &[
    ("id", |visitor, _| Out::id(visitor.id)),
    ("external_id", |visitor, masking| {
        Out::some(visitor.external_id.as_deref(), |id| Out::Text(masking.text(id)))
    }),
    ("verified", |visitor, _| Out::Flag(visitor.verified)),
    ("name", |visitor, masking| Out::Text(masking.text(&visitor.name))),
    ("email", |visitor, masking| Out::Text(masking.email(&visitor.email).into())),
    ("attributes", |visitor, masking| attributes(&visitor.attributes, *masking)),
    ("created_at", |visitor, _| Out::At(visitor.created_at)),
    ("last_seen_at", |visitor, _| Out::At(visitor.last_seen_at)),
];

/// A customer, and what it was found by.
pub(super) struct Found {
    customer: Customer,
    visitor: Option<Uuid>,
}

pub(super) const CUSTOMER_COLUMNS: Columns<Found, Masking> = &[
    ("id", |found, _| Out::id(found.customer.id)),
    ("visitor_id", |found, _| Out::some(found.visitor, Out::id)),
    ("name", |found, masking| Out::Text(masking.text(&found.customer.name))),
    ("email", |found, masking| Out::Text(masking.email(&found.customer.email).into())),
    ("phone", |found, masking| Out::Text(masking.phone(&found.customer.phone).into())),
    ("note", |found, masking| Out::Text(masking.text(&found.customer.note))),
    ("attributes", |found, masking| attributes(&found.customer.attributes, *masking)),
    ("created_at", |found, _| Out::At(found.customer.created_at)),
    ("updated_at", |found, _| Out::At(found.customer.updated_at)),
];

pub(super) const AGENT_COLUMNS: Columns<Agent, ()> = &[
    ("id", |agent, ()| Out::id(agent.id)),
    ("name", |agent, ()| Out::word(&agent.name)),
    ("email", |agent, ()| Out::word(&agent.email)),
    ("role", |agent, ()| Out::word(role(agent.role))),
    ("disabled", |agent, ()| Out::Flag(agent.disabled)),
    ("created_at", |agent, ()| Out::At(agent.created_at)),
];

/// The word that stands for a role.
pub(crate) fn role(role: kefu_core::Role) -> &'static str {
    match role {
        kefu_core::Role::Agent => "agent",
        kefu_core::Role::Supervisor => "supervisor",
        kefu_core::Role::Admin => "admin",
    }
}

fn attributes(json: &str, masking: Masking) -> Out<'_> {
    let map: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
    Out::json(&masking.map(map))
}

pub(super) async fn visitors(own: &Own, fetch: &Fetch) -> Result<Rows, SourceError> {
    let readable = own.readable().ok_or_else(not_allowed)?;
    let key = |name: &str, keys: &Keys| match name {
        "id" => Some(SelectKey::Ids(select::ids(keys))),
        "external_id" => {
            let texts = keys.values.iter().filter_map(select::text);
            Some(SelectKey::ExternalIds(texts.map(str::to_owned).collect()))
        }
        _ => None,
    };
    let select = select::select(fetch, readable, key)?;
    let found = own.store.select_visitors(&select).await.map_err(|error| unread(&error))?;
    column::rows(fetch, VISITOR_COLUMNS, &found, &own.masking)
}

pub(super) async fn customers(own: &Own, fetch: &Fetch) -> Result<Rows, SourceError> {
    if !own.may(Permission::Customers) {
        return Err(not_allowed());
    }
    let keys =
        fetch.keys.as_ref().ok_or_else(|| trouble(TroubleKind::Refused, "customers are not listed"))?;
    let mut found = Vec::new();
    let ids = select::ids(keys);
    if select::name(fetch, keys.column) == "visitor_id" {
        let readable = own.readable().ok_or_else(not_allowed)?;
        let limit = u64::try_from(ids.len()).unwrap_or(u64::MAX);
        let select = Select { keys: Some(SelectKey::Ids(ids)), limit, readable, ..Select::default() };
        for visitor in own.store.select_visitors(&select).await.map_err(|error| unread(&error))? {
            let id = own.store.customer_of(&visitor).await.map_err(|error| unread(&error))?;
            if let Some(customer) = own.store.customer(id).await.map_err(|error| unread(&error))? {
                found.push(Found { customer, visitor: Some(visitor.id) });
            }
        }
    } else {
        for id in ids {
            if let Some(customer) = customer(own, id).await? {
                found.push(Found { customer, visitor: None });
            }
        }
    }
    column::rows(fetch, CUSTOMER_COLUMNS, &found, &own.masking)
}

/// The customer with this very id, if the reader may know of it.
async fn customer(own: &Own, id: Uuid) -> Result<Option<Customer>, SourceError> {
    let store = &own.store;
    let customer = store.customer(id).await.map_err(|error| unread(&error))?;
    let Some(customer) = customer.filter(|customer| customer.id == id) else { return Ok(None) };
    if own.readable() == Some(Readable::All) {
        return Ok(Some(customer));
    }
    let visitors = store.customer_visitors(&customer).await.map_err(|error| unread(&error))?;
    let page = store.conversations_of(&visitors, None, CONVERSATIONS_MAX).await;
    let (page, _) = page.map_err(|error| unread(&error))?;
    let directory = own.desk.directory();
    let is_known = page.items.iter().any(|head| directory.may(&own.who, Action::Read, head));
    Ok(is_known.then_some(customer))
}

/// Agents are few, and every agent may know them.
pub(super) fn agents(own: &Own, fetch: &Fetch) -> Result<Rows, SourceError> {
    // A key that may only ask of other systems need not know who works here.
    if own.readable().is_none() && !own.may(Permission::Agents) {
        return Err(not_allowed());
    }
    let directory = own.desk.directory();
    let wanted = fetch.keys.as_ref().map(select::ids);
    let is_wanted = |agent: &&Agent| wanted.as_ref().is_none_or(|ids| ids.contains(&agent.id));
    let mut found: Vec<Agent> = directory.agents.values().filter(is_wanted).cloned().collect();
    found.sort_by_key(|agent| agent.key);
    column::rows(fetch, AGENT_COLUMNS, &found, &())
}
