use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kefu_protocol::frame::ErrorCode;
use kefu_query::{Fetch, Filter, Rows, SourceError, TroubleKind, Value};
use kefu_store::Range;
use uuid::Uuid;

use super::{
    Offer, Own,
    column::{self, Columns, Out},
    refused, select, seq, trouble,
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
    filters: &["seq"],
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
    let reading = Reading { filter: fetch.filter.as_ref(), is_descending, after, limit };
    let pages = select::ids(keys).into_iter().map(|id| read(own, id, &reading));
    let mut pages = stream::iter(pages).buffered(AT_ONCE);
    let mut messages = Vec::new();
    while let Some(mut page) = pages.try_next().await? {
        messages.append(&mut page);
    }
    column::rows(fetch, COLUMNS, &messages, &())
}

/// Which messages of a conversation are read.
struct Reading<'f> {
    filter: Option<&'f Filter>,
    is_descending: bool,
    after: Option<u64>,
    limit: usize,
}

/// The first messages that are wanted; what is not there for the reader has none.
async fn read(own: &Own, conversation: Uuid, reading: &Reading<'_>) -> Result<Vec<MessageView>, SourceError> {
    let Reading { filter, is_descending, after, limit } = *reading;
    let numbers = filter.map_or(0..=u64::MAX, seq::within);
    let many = numbers.end().saturating_sub(*numbers.start()).saturating_add(1);
    let many = usize::try_from(many).unwrap_or(usize::MAX);
    let mut after = match (is_descending, numbers.end().checked_add(1), after) {
        (true, bound, after) => bound.into_iter().chain(after).min(),
        (false, _, after) => numbers.start().checked_sub(1).into_iter().chain(after).max(),
    };
    let mut messages = Vec::new();
    loop {
        let limit = (limit - messages.len()).min(many);
        let range = match (is_descending, after) {
            (true, None) => Range::Newest { limit },
            (true, Some(seq)) => Range::Before { seq, limit },
            (false, after) => Range::After { seq: after.unwrap_or(0), limit },
        };
        let read = own.desk.read_messages(&own.who, own.address, conversation, range).await;
        let (mut page, has_more) = match read {
            Ok(page) => page,
            Err(problem) if problem.code == ErrorCode::NotFound => return Ok(messages),
            Err(problem) => return Err(refused(&problem)),
        };
        if is_descending {
            page.reverse();
        }
        after = page.last().map(|last| last.seq);
        messages
            .extend(page.into_iter().filter(|one| filter.is_none_or(|filter| seq::holds(filter, one.seq))));
        let is_beyond = after.is_none_or(|last| match is_descending {
            true => last <= *numbers.start(),
            false => last >= *numbers.end(),
        });
        if !has_more || is_beyond || messages.len() >= reading.limit {
            return Ok(messages);
        }
    }
}
