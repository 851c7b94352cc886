use std::{borrow::Cow, collections::HashMap, ops::Range, sync::Arc};

use axum::{Json, extract::State};
use kefu_core::{Action, AgentKey, InboxKey, MessageKind, Micros, Permission, Principal, VisitorKey};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{SearchHit, SearchQuery, SearchScope};
use kefu_text::terms::{self, LastWord, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::SignedAgent,
    http::{
        Api,
        body::{Parameters, parameter},
        openapi::SignedErrors,
        page::{self, Page},
    },
    identity::Identity,
    problem::Problem,
    view::{ConversationView, Directory, LastMessage, MessageView, VisitorBrief},
};

/// Most characters of a query.
const TEXT_CHARS: usize = 256;
/// Hits of a page when the request does not say.
const LIMIT_DEFAULT: usize = 20;
/// Most hits of a page.
const LIMIT_MAX: usize = 100;
/// Most characters of a snippet.
const SNIPPET_CHARS: usize = 80;

/// What is searched for, and where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchParameters {
    /// Words, all of which a message must have, in any order; `"…"` keeps them together. Chinese text is found by
    /// any part of it, words of letters and digits as wholes; case, full-width forms, diacritics and traditional
    /// characters make no difference. At most 256 characters.
    #[param(value_type = String, example = "退款")]
    q: Option<String>,
    /// Only the conversations of this visitor.
    #[param(value_type = Option<Uuid>)]
    visitor_id: Option<String>,
    /// Only the conversations of this customer's visitors.
    #[param(value_type = Option<Uuid>)]
    customer_id: Option<String>,
    /// Only conversations that have this tag.
    #[param(value_type = Option<Uuid>)]
    tag_id: Option<String>,
    /// Only conversations that this agent has, or had when they ended.
    #[param(value_type = Option<Uuid>)]
    agent_id: Option<String>,
    /// Only the conversations of this inbox.
    #[param(value_type = Option<Uuid>)]
    inbox: Option<String>,
    /// Only `text` or only `note`.
    kind: Option<String>,
    /// Only what was written then or later, such as `2026-01-31T08:00:00Z`.
    #[param(value_type = Option<String>, format = DateTime)]
    after: Option<String>,
    /// Only what was written before.
    #[param(value_type = Option<String>, format = DateTime)]
    before: Option<String>,
    /// Where the search goes on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 20 when left out.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// A message that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HitView {
    /// Counters and the last message may lag some seconds behind.
    conversation: ConversationView,
    message: MessageView,
    /// Where in `message.text` it was found: start and end, the end not included, counted in UTF-16 code units as
    /// `String.prototype.slice` does.
    highlights: Vec<[u32; 2]>,
    snippet: SnippetView,
}

/// The piece of a message around what was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SnippetView {
    /// At most 80 characters, as they are in the message.
    text: String,
    /// The same as in the message, counted in the snippet.
    highlights: Vec<[u32; 2]>,
    /// Something stands before it.
    cut_before: bool,
    /// Something stands after it.
    cut_after: bool,
}

/// Searches texts and notes of the conversations that the caller may read, newest first
///
/// The work of one request is bounded: a page may have fewer items than asked for, or none, and `has_more`
/// nevertheless; go on with its cursor then. Of a conversation's head, what merely grows (`last_seq`,
/// `last_message`, read marks) may be some seconds old.
#[utoipa::path(get, path = "/search", operation_id = "search", tag = "messages", params(SearchParameters),
    security(("bearer" = []), ("cookie" = [])), responses((status = 200, body = Page<HitView>), SignedErrors))]
pub(super) async fn search(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Parameters(parameters): Parameters<SearchParameters>,
) -> Result<Json<Page<HitView>>, Problem> {
    let directory = api.services.desk.directory();
    let text = text(parameters.q.as_deref())?;
    let mut query = query(&who, &directory, &parameters)?;
    query.visitors = visitors(&api, &parameters).await?;
    query.tag = parameter::<Uuid>("tag_id", parameters.tag_id.as_deref())?;
    if let Some(id) = query.tag
        && api.services.store.tags_by_id(&[id]).await?.is_empty()
    {
        return Err(Problem::not_found("tag"));
    }
    let mut page = api.services.store.search(&query).await?;
    let given = parameters.q.as_deref().unwrap_or_default();
    page.hits.retain(|hit| {
        directory.may(&who, Action::Read, &hit.conversation)
            && is_found_by_what_shows(&directory, &hit.entry.text, given, &text)
    });
    let next = page.next.map(|pos| (pos, 0));
    Ok(Json(Page::part(views(&api, &who, &directory, page.hits, &text).await?, next)))
}

/// Whether a text has the words in what its reader is shown, or in what the query names in full: otherwise digits
/// that are masked could be found out one group after the other.
fn is_found_by_what_shows(directory: &Directory, text: &str, given: &str, query: &Query) -> bool {
    match directory.masking.text_but(text, given) {
        Cow::Borrowed(_) => true,
        Cow::Owned(shown) => terms::matches(&shown, query),
    }
}

/// The text that is searched for, when there is something in it that can be found.
fn text(given: Option<&str>) -> Result<Query, Problem> {
    let given = given.unwrap_or_default();
    if given.chars().nth(TEXT_CHARS).is_some() {
        let detail = format!("must be at most {TEXT_CHARS} characters");
        return Err(Problem { field: Some("q"), ..Problem::new(ErrorCode::TooLarge, detail) });
    }
    let query = terms::query(given, LastWord::Whole);
    if query.is_empty() { Err(Problem::invalid("q", "must hold a word to search for")) } else { Ok(query) }
}

/// The search that the parameters ask for, but for visitors and tag.
fn query(
    who: &Identity,
    directory: &Directory,
    parameters: &SearchParameters,
) -> Result<SearchQuery, Problem> {
    let before = page::cursor(parameters.cursor.as_deref())?.map(|(pos, _)| pos);
    let limit = limit(parameters.limit.as_deref())?;
    Ok(SearchQuery {
        assignee: agent(directory, parameters.agent_id.as_deref())?,
        inbox: inbox(directory, parameters.inbox.as_deref())?,
        kind: kind(parameters.kind.as_deref())?,
        from: time("after", parameters.after.as_deref())?,
        until: time("before", parameters.before.as_deref())?,
        before,
        ..SearchQuery::new(parameters.q.as_deref().unwrap_or_default(), scope(who)?, limit)
    })
}

/// The visitors whose conversations are wanted. One that does not exist and one that is none of the caller's business
/// look alike: nothing is found.
async fn visitors(api: &Api, parameters: &SearchParameters) -> Result<Option<Vec<VisitorKey>>, Problem> {
    let store = &api.services.store;
    let visitor = parameter::<Uuid>("visitor_id", parameters.visitor_id.as_deref())?;
    let customer = parameter::<Uuid>("customer_id", parameters.customer_id.as_deref())?;
    let visitor = match visitor {
        Some(id) => Some(store.visitor_by_id(id).await?.map(|visitor| visitor.key)),
        None => None,
    };
    let Some(id) = customer else { return Ok(visitor.map(|key| key.into_iter().collect())) };
    let mut visitors = match store.customer(id).await? {
        Some(customer) => store.customer_visitors(&customer).await?,
        None => Vec::new(),
    };
    if let Some(visitor) = visitor {
        visitors.retain(|key| Some(*key) == visitor);
    }
    Ok(Some(visitors))
}

/// What `who` may read.
fn scope(who: &Identity) -> Result<SearchScope, Problem> {
    match who.principal {
        Principal::Agent(_) if who.may(Permission::AllConversations) => Ok(SearchScope::All),
        Principal::Agent(agent) if who.may(Permission::Chat) => Ok(SearchScope::Agent(agent)),
        _ => Err(Problem::forbidden()),
    }
}

fn limit(value: Option<&str>) -> Result<usize, Problem> {
    match parameter("limit", value)?.unwrap_or(LIMIT_DEFAULT) {
        limit @ 1..=LIMIT_MAX => Ok(limit),
        _ => Err(Problem::invalid("limit", format!("a page has between 1 and {LIMIT_MAX} items"))),
    }
}

fn agent(directory: &Directory, id: Option<&str>) -> Result<Option<AgentKey>, Problem> {
    let Some(id) = parameter::<Uuid>("agent_id", id)? else { return Ok(None) };
    let agent = directory.agent(id).ok_or_else(|| Problem::not_found("agent"))?;
    Ok(Some(agent.key))
}

fn inbox(directory: &Directory, id: Option<&str>) -> Result<Option<InboxKey>, Problem> {
    let Some(id) = parameter::<Uuid>("inbox", id)? else { return Ok(None) };
    let inbox = directory.inbox(id).ok_or_else(|| Problem::not_found("inbox"))?;
    Ok(Some(inbox.key))
}

fn kind(name: Option<&str>) -> Result<Option<MessageKind>, Problem> {
    match name {
        None => Ok(None),
        Some("text") => Ok(Some(MessageKind::Text)),
        Some("note") => Ok(Some(MessageKind::Note)),
        Some(_) => Err(Problem::invalid("kind", "must be text or note")),
    }
}

fn time(name: &'static str, value: Option<&str>) -> Result<Option<Micros>, Problem> {
    let time = parameter::<Timestamp>(name, value)?;
    Ok(time.map(|time| Micros(time.micros())))
}

/// The hits as they are shown, without asking the desk: it has more important things to do.
async fn views(
    api: &Api,
    who: &Identity,
    directory: &Directory,
    hits: Vec<SearchHit>,
    text: &Query,
) -> Result<Vec<HitView>, Problem> {
    let store = &api.services.store;
    let visitors: Vec<_> = hits.iter().map(|hit| hit.conversation.visitor).collect();
    let visitors = store.visitors(&visitors).await?;
    let visitors: HashMap<VisitorKey, _> =
        visitors.iter().map(|visitor| (visitor.key, Arc::new(VisitorBrief::from(visitor)))).collect();
    let last: Vec<_> = hits.iter().map(|hit| hit.conversation.last_message_pos).collect();
    let last: HashMap<i64, LastMessage> =
        store.entries_at(&last).await?.iter().map(|entry| (entry.pos, entry.into())).collect();
    let view = |SearchHit { entry, conversation }: SearchHit| {
        // A conversation never stands without its visitor: they are made in one transaction.
        let visitor = visitors.get(&conversation.visitor)?;
        let audience = who.audience();
        let message = directory.message_view(entry, conversation.id, visitor, audience);
        let ranges = terms::highlights(&message.text, text);
        let last = last.get(&conversation.last_message_pos);
        Some(HitView {
            highlights: utf16(&message.text, &ranges),
            snippet: snippet(&message.text, &ranges),
            message,
            conversation: directory.conversation(&conversation, visitor, last, audience),
        })
    };
    Ok(hits.into_iter().filter_map(view).collect())
}

pub(super) fn snippet(text: &str, ranges: &[Range<usize>]) -> SnippetView {
    let snippet = terms::snippet(text, ranges, SNIPPET_CHARS);
    SnippetView {
        text: snippet.text.to_owned(),
        highlights: utf16(snippet.text, &snippet.highlights),
        cut_before: snippet.is_cut_before,
        cut_after: snippet.is_cut_after,
    }
}

/// Ascending byte ranges of `text` in UTF-16 code units.
pub(super) fn utf16(text: &str, ranges: &[Range<usize>]) -> Vec<[u32; 2]> {
    let (mut at, mut units) = (0, 0);
    let mut count = |end: usize| {
        // A text has far fewer than 4 billion characters, see `check_text`.
        units += text.get(at..end).map_or(0, |part| part.encode_utf16().count()) as u32;
        at = end;
        units
    };
    ranges.iter().map(|range| [count(range.start), count(range.end)]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn highlights_are_where_a_browser_looks(text in "[a😀退款é ]{0,12}") {
            let ranges = terms::highlights(&text, &terms::query("退款 a", LastWord::Whole));
            let units: Vec<_> = text.encode_utf16().collect();
            let shown = utf16(&text, &ranges);
            prop_assert_eq!(shown.len(), ranges.len());
            for ([start, end], range) in shown.into_iter().zip(ranges) {
                let part = String::from_utf16(&units[start as usize..end as usize]).unwrap();
                prop_assert_eq!(&part, &text[range]);
            }
        }
    }
}
