use futures_util::{StreamExt as _, stream};
use kefu_protocol::frame::ErrorCode;
use kefu_query::{Fetch, Rows, SourceError, TroubleKind, Value};
use kefu_store::Range;
use uuid::Uuid;

use super::{
    Offer, Own,
    column::{self, Columns, Out},
    refused, select, trouble,
};
use crate::view::MessageView;

/// Conversations that are read at once.
const AT_ONCE: usize = 4;
/// Messages of one conversation at most, as in the REST interface.
const PAGE_MAX: usize = 500;

pub(super) const OFFER: Offer = Offer {
    lists: false,
    limits: false,
    limits_per_key: true,
    filters: &[],
    sorts: &["seq"],
    keys: &[("conversation_id", 100)],
};

pub(super) const COLUMNS: Columns<MessageView, ()> = &[
    ("id", |message, ()| Out::id(message.id)),
    ("conversation_id", |message, ()| Out::id(message.conversation_id)),
    ("seq", |message, ()| Out::Int(i64::try_from(message.seq).unwrap_or(i64::MAX))),
    ("kind", |message, ()| word(&message.kind)),
    ("from_kind", |message, ()| word(&message.from.kind)),
    ("from_id", |message, ()| Out::some(message.from.id, Out::id)),
    ("from_name", |message, ()| Out::word(&message.from.name)),
    ("text", |message, ()| Out::word(&message.text)),
    ("data", |message, ()| Out::some(message.data.as_ref(), |data| Out::Json(data.get().to_owned()))),
    ("event", |message, ()| Out::some(message.event.as_ref(), Out::json)),
    ("revision", |message, ()| Out::some(message.revision.as_ref(), word)),
    ("created_at", |message, ()| Out::At(kefu_core::Micros(message.created_at.micros()))),
];

/// The word that a value is in JSON.
fn word(value: &impl serde::Serialize) -> Out<'static> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Out::Text(word.into()),
        _ => Out::Null,
    }
}

/// The last messages of conversations, or the first ones where they are sorted upwards. That an agent reads what is
/// none of its own is written down as everywhere.
pub(super) async fn fetch(own: &Own, fetch: &Fetch) -> Result<Rows, SourceError> {
    let keys = fetch.keys.as_ref().ok_or_else(|| trouble(TroubleKind::Refused, "messages are not listed"))?;
    let is_descending = fetch.order.first().is_some_and(|order| order.is_descending);
    let wanted = fetch.limit_per_key.or(fetch.limit).and_then(|most| usize::try_from(most).ok());
    let limit = wanted.unwrap_or(PAGE_MAX).min(PAGE_MAX);
    let after = match fetch.after.as_deref() {
        None => None,
        Some([Value::Int(seq), ..]) => Some(u64::try_from(*seq).unwrap_or(0)),
        Some(_) => return Err(trouble(TroubleKind::Refused, "the list cannot go on there")),
    };
    let range = match (is_descending, after) {
        (true, None) => Range::Newest { limit },
        (true, Some(seq)) => Range::Before { seq, limit },
        (false, after) => Range::After { seq: after.unwrap_or(0), limit },
    };
    let pages = select::ids(keys).into_iter().map(|id| page(own, id, range));
    let mut pages = stream::iter(pages).buffered(AT_ONCE);
    let mut messages = Vec::new();
    while let Some(page) = pages.next().await {
        let mut page = page?;
        if is_descending {
            page.reverse();
        }
        messages.append(&mut page);
    }
    column::rows(fetch, COLUMNS, &messages, &())
}

/// What is not there for the reader has no messages.
async fn page(own: &Own, conversation: Uuid, range: Range) -> Result<Vec<MessageView>, SourceError> {
    match own.desk.read_messages(&own.who, own.address, conversation, range).await {
        Ok((messages, _)) => Ok(messages),
        Err(problem) if problem.code == ErrorCode::NotFound => Ok(Vec::new()),
        Err(problem) => Err(refused(&problem)),
    }
}
