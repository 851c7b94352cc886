//! Lists of tickets.

use axum::{Json, extract::State};
use kefu_core::{Action, AgentKey, Permission, Principal, Ticket};
use kefu_store::{TicketFilter, TicketWords};
use kefu_text::terms::{self, LastWord};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    ticket_view::{TicketView, views},
    tickets::{priority, status},
};
use crate::{
    auth::{Signed, require},
    clock,
    http::{
        Api,
        body::{Parameters, parameter},
        fields,
        openapi::SignedErrors,
        page::{self, Page},
    },
    identity::Identity,
    problem::Problem,
};

/// Most characters of a query.
const QUERY_CHARS: usize = 256;

/// Which tickets; every condition that is given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// `new`, `open`, `pending`, `solved` or `closed`.
    status: Option<String>,
    /// Id of an agent, `me`, or `none` for those that nobody works on.
    assignee: Option<String>,
    /// Id of a team, or `none` for those of no team.
    team: Option<String>,
    /// Words that must be in the subject, the body and the name of the contact together, or in one comment; the last
    /// may be the beginning of one. A number finds the ticket with that number, too.
    q: Option<String>,
    /// Id of a visitor.
    #[param(value_type = Option<Uuid>)]
    requester: Option<String>,
    /// `low`, `normal`, `high` or `urgent`.
    priority: Option<String>,
    /// `true`: only those that should have been solved by now.
    #[param(value_type = Option<bool>)]
    overdue: Option<String>,
    /// Id of a conversation that the caller may read.
    #[param(value_type = Option<Uuid>)]
    conversation: Option<String>,
    /// Where the list goes on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 500; 50 when left out.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// Lists tickets, newest activity first; visitors get their own
///
/// With `q` a page may hold fewer than `limit` although it goes on.
#[utoipa::path(get, path = "/tickets", operation_id = "tickets", tag = "tickets",
    params(ListQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<TicketView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    Signed(who): Signed,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<TicketView>>, Problem> {
    let filter = filter(&api, &who, &query).await?;
    let cursor = page::cursor(query.cursor.as_deref())?;
    let limit = page::limit(query.limit.as_deref())?;
    let (mut tickets, next) = api.services.store.tickets(&filter, cursor, limit).await?;
    if let Some(words) = &filter.words {
        tickets = shown(&api, &who, words, query.q.as_deref().unwrap_or_default(), tickets).await?;
    }
    Ok(Json(Page::part(views(&api, &who, tickets).await?, next)))
}

async fn filter(api: &Api, who: &Identity, query: &ListQuery) -> Result<TicketFilter, Problem> {
    let mut filter = TicketFilter {
        status: query.status.as_deref().map(status).transpose()?,
        priority: query.priority.as_deref().map(priority).transpose()?,
        ..TicketFilter::default()
    };
    if parameter("overdue", query.overdue.as_deref())?.unwrap_or(false) {
        filter.due_before = Some(clock::now());
    }
    if let Some(id) = parameter("conversation", query.conversation.as_deref())? {
        filter.conversation = Some(api.services.desk.head(who, id, Action::Read).await?.key);
    }
    filter.words = query.q.as_deref().map(|text| words(who, text)).transpose()?;
    match who.principal {
        Principal::Visitor(visitor) => filter.requester = Some(visitor),
        _ => {
            require(who, Permission::Tickets)?;
            filter.assignee = query.assignee.as_deref().map(|text| working(api, who, text)).transpose()?;
            filter.team = query.team.as_deref().map(|text| team(api, text)).transpose()?;
            if let Some(id) = parameter("requester", query.requester.as_deref())? {
                let visitor = api.services.store.visitor_by_id(id).await?;
                filter.requester = Some(visitor.ok_or_else(|| Problem::not_found("visitor"))?.key);
            }
        }
    }
    Ok(filter)
}

/// Whose tickets are wanted.
fn working(api: &Api, who: &Identity, text: &str) -> Result<Option<AgentKey>, Problem> {
    match (text, who.principal) {
        ("none", _) => Ok(None),
        ("me", Principal::Agent(key)) => Ok(Some(key)),
        _ => {
            let id =
                text.parse().map_err(|_| Problem::invalid("assignee", "must be an id, `me` or `none`"))?;
            let directory = api.services.desk.directory();
            directory.agent(id).map(|agent| Some(agent.key)).ok_or_else(|| Problem::not_found("agent"))
        }
    }
}

/// The team whose tickets are wanted.
fn team(api: &Api, text: &str) -> Result<Option<Uuid>, Problem> {
    if text == "none" {
        return Ok(None);
    }
    let id = text.parse().map_err(|_| Problem::invalid("team", "must be an id or `none`"))?;
    let is_known = api.services.desk.directory().team(id).is_some();
    if is_known { Ok(Some(id)) } else { Err(Problem::not_found("team")) }
}

/// What is searched for.
fn words(who: &Identity, text: &str) -> Result<TicketWords, Problem> {
    let text = fields::lines("q", text, QUERY_CHARS)?;
    let query = terms::query(&text, LastWord::Prefix);
    if query.is_empty() {
        return Err(Problem::invalid("q", "must hold a word to search for"));
    }
    let number = text.trim().trim_start_matches('#').parse().ok();
    Ok(TicketWords { query, internal: who.role.is_some(), number })
}

/// The tickets that have the words in what their reader is shown, or in what `given` names in full: otherwise digits
/// that are masked could be found out one group after the other.
async fn shown(
    api: &Api,
    who: &Identity,
    words: &TicketWords,
    given: &str,
    tickets: Vec<Ticket>,
) -> Result<Vec<Ticket>, Problem> {
    let masking = api.masking().of(who.audience());
    if !masking.is_on() {
        return Ok(tickets);
    }
    let has_words = |text: &str| terms::matches(&masking.text_but(text, given), &words.query);
    let mut shown = Vec::with_capacity(tickets.len());
    for ticket in tickets {
        let said = [&*ticket.subject, &ticket.body, &ticket.contact.name].join("\n");
        let mut is_shown = words.number == Some(ticket.number) || has_words(&said);
        if !is_shown {
            let store = &api.services.store;
            let comments = store.ticket_comments_with(&ticket, &words.query, words.internal).await?;
            is_shown = comments.iter().any(|text| has_words(text));
        }
        if is_shown {
            shown.push(ticket);
        }
    }
    Ok(shown)
}
