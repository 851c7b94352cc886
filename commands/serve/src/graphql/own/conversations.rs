use std::{collections::HashMap, sync::Arc};

use kefu_core::{Conversation, Rating, VisitorKey};
use kefu_query::{Fetch, Keys, Rows, SourceError};
use kefu_store::{SelectKey, Store};
use uuid::Uuid;

use super::{
    Offer, Own,
    column::{self, Columns, Out},
    not_allowed, select, unread,
};
use crate::{masking::Masking, view::Directory};

pub(super) const OFFER: Offer = Offer {
    lists: true,
    limits: true,
    limits_per_key: true,
    filters: &["state", "updated_at"],
    sorts: &["updated_at", "id"],
    keys: &[("id", 500), ("visitor_id", 500)],
};

pub(super) const RATING_OFFER: Offer = Offer {
    lists: false,
    limits: true,
    limits_per_key: true,
    filters: &[],
    sorts: &[],
    keys: &[("conversation_id", 500), ("visitor_id", 500)],
};

/// What is needed besides the records.
pub(super) struct Context {
    pub(super) directory: Arc<Directory>,
    /// Public ids of visitors.
    pub(super) visitors: HashMap<VisitorKey, Uuid>,
    pub(super) masking: Masking,
}

pub(super) const COLUMNS: Columns<Conversation, Context> = &[
    ("id", |head, _| Out::id(head.id)),
    ("inbox_id", |head, all| Out::some(all.directory.inboxes.get(&head.inbox), |inbox| Out::id(inbox.id))),
    ("inbox", |head, all| Out::some(all.directory.inboxes.get(&head.inbox), |inbox| Out::word(&inbox.name))),
    ("visitor_id", |head, all| Out::some(all.visitors.get(&head.visitor), |id| Out::id(*id))),
    ("state", |head, _| Out::word(head.state.as_str())),
    ("assignee_id", |head, all| {
        let agent = head.assignee.and_then(|key| all.directory.agents.get(&key));
        Out::some(agent, |agent| Out::id(agent.id))
    }),
    ("team_id", |head, all| {
        let team = head.team.and_then(|key| all.directory.teams.get(&key));
        Out::some(team, |team| Out::id(team.id))
    }),
    ("last_seq", |head, _| Out::Int(i64::try_from(head.last_seq).unwrap_or(i64::MAX))),
    ("queued_at", |head, _| Out::some(head.queued_at, Out::At)),
    ("created_at", |head, _| Out::At(head.created_at)),
    ("updated_at", |head, _| Out::At(head.updated_at)),
    ("resolved_at", |head, _| Out::some(head.resolved_at, Out::At)),
];

pub(super) const RATING_COLUMNS: Columns<Conversation, Context> = &[
    ("conversation_id", |head, _| Out::id(head.id)),
    ("visitor_id", |head, all| Out::some(all.visitors.get(&head.visitor), |id| Out::id(*id))),
    ("score", |head, _| Out::some(rating(head), |rating| Out::Int(rating.score.into()))),
    ("comment", |head, all| Out::some(rating(head), |rating| Out::Text(all.masking.text(&rating.comment)))),
    ("created_at", |head, _| Out::some(rating(head), |rating| Out::At(rating.created_at))),
];

fn rating(head: &Conversation) -> Option<&Rating> {
    head.rating.as_deref()
}

pub(super) async fn fetch(own: &Own, fetch: &Fetch) -> Result<Rows, SourceError> {
    let readable = own.readable().ok_or_else(not_allowed)?;
    let select = select::select(fetch, readable, key)?;
    let found = own.store.select_conversations(&select).await.map_err(|error| unread(&error))?;
    let context = context(own, fetch, found.iter().map(|head| head.visitor)).await?;
    column::rows(fetch, COLUMNS, &found, &context)
}

pub(super) async fn ratings(own: &Own, fetch: &Fetch) -> Result<Rows, SourceError> {
    let readable = own.readable().ok_or_else(not_allowed)?;
    let select = select::select(fetch, readable, key)?;
    let found = own.store.select_rated(&select).await.map_err(|error| unread(&error))?;
    let context = context(own, fetch, found.iter().map(|head| head.visitor)).await?;
    column::rows(fetch, RATING_COLUMNS, &found, &context)
}

fn key(name: &str, keys: &Keys) -> Option<SelectKey> {
    match name {
        "id" | "conversation_id" => Some(SelectKey::Ids(select::ids(keys))),
        "visitor_id" => Some(SelectKey::Visitors(select::ids(keys))),
        _ => None,
    }
}

async fn context(
    own: &Own,
    fetch: &Fetch,
    visitors: impl Iterator<Item = VisitorKey>,
) -> Result<Context, SourceError> {
    let visitors = match select::wants(fetch, "visitor_id") {
        true => visitor_ids(&own.store, visitors).await?,
        false => HashMap::new(),
    };
    Ok(Context { directory: own.desk.directory(), visitors, masking: own.masking })
}

/// Public ids of visitors.
pub(super) async fn visitor_ids(
    store: &Store,
    keys: impl Iterator<Item = VisitorKey>,
) -> Result<HashMap<VisitorKey, Uuid>, SourceError> {
    let mut keys: Vec<_> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    let visitors = store.visitors(&keys).await.map_err(|error| unread(&error))?;
    Ok(visitors.into_iter().map(|visitor| (visitor.key, visitor.id)).collect())
}
