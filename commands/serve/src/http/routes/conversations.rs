use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Action, InboxKey, Permission, Principal, Priority, State as Stage, Summary};
use kefu_protocol::frame::Timestamp;
use kefu_store::{Change, MentionChange, RecordSet, View};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::{Signed, SignedAgent, SignedVisitor},
    clock,
    desk::{Act, Ending},
    http::{
        Api, Refused,
        body::{Body, Id, Parameters, parameter},
        fields,
        openapi::SignedErrors,
        page::{self, Page},
    },
    identity::Identity,
    problem::Problem,
    view::ConversationView,
};

/// Which conversations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// `mine` (without it), `waiting`, `all` (everything that has not ended, as far as the role goes), `bot` (what a
    /// bot answers, for who sees all), `ended`, or `mentioned` (where a note calls the caller, who has not looked yet).
    /// Visitors get their own conversations whatever it says.
    view: Option<String>,
    /// Only those of this inbox.
    #[param(value_type = Option<Uuid>)]
    inbox: Option<String>,
    /// Where the list goes on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 500; 50 when left out.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// Who gets a conversation.
#[derive(Deserialize, ToSchema)]
pub(super) struct TransferBody {
    /// Without one it goes back to the queue.
    agent_id: Option<Uuid>,
    /// The team for which it waits from now on. Not together with `agent_id`.
    team_id: Option<Uuid>,
}

/// How long a conversation can be set aside: a year.
const SNOOZE_SECONDS_MAX: i64 = 366 * 24 * 60 * 60;

/// Until when a conversation is set aside.
#[derive(Deserialize, ToSchema)]
pub(super) struct SnoozeBody {
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

/// How many conversations the lists have.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CountsView {
    mine: usize,
    waiting: usize,
    /// For who sees all conversations.
    #[serde(skip_serializing_if = "Option::is_none")]
    bot: Option<usize>,
    all: usize,
    /// Nothing is counted beyond this: what has as many may have more.
    #[schema(example = 1000)]
    limit: usize,
}

/// Beyond this nothing is counted, so that counting takes no longer where there is more.
const COUNT_MAX: usize = 1000;

/// Which conversations are counted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CountsQuery {
    /// Only those of this inbox.
    #[param(value_type = Option<Uuid>)]
    inbox: Option<String>,
}

/// How urgent a conversation is.
#[derive(Deserialize, ToSchema)]
pub(super) struct PriorityBody {
    /// `low`, `normal`, `high` or `urgent`.
    #[schema(value_type = String, example = "high")]
    priority: Priority,
}

/// What an agent says of a conversation that it ends.
#[derive(Deserialize, ToSchema)]
#[schema(as = Ending)]
pub(super) struct ResolveBody {
    /// Left out where there is nothing to say; inboxes may demand it.
    summary: Option<SummaryBody>,
    /// In words, at most 2,000 characters, for colleagues: beside `summary`.
    note: Option<String>,
}

/// How it ended.
#[derive(Deserialize, ToSchema)]
#[schema(as = Summary)]
pub(super) struct SummaryBody {
    /// One of the inbox's `wrap_up.categories`.
    category: Option<String>,
    /// Whether the visitor got what it came for.
    solved: Option<bool>,
}

/// What the visitor thought of it.
#[derive(Deserialize, ToSchema)]
pub(super) struct RatingBody {
    /// 1 (bad) to 5 (good).
    #[schema(minimum = 1, maximum = 5)]
    score: u8,
    /// At most 2,000 characters.
    comment: Option<String>,
}

/// How far somebody has read.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReadBody {
    /// Everything up to here.
    seq: u64,
}

/// Lists conversations, newest activity first; those that wait, longest waiting first
#[utoipa::path(get, path = "/conversations", operation_id = "conversations", tag = "conversations",
    params(ListQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<ConversationView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    Signed(who): Signed,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<ConversationView>>, Problem> {
    let view = view(&who, query.view.as_deref())?;
    let inbox = match who.principal {
        Principal::Agent(_) => inbox(&api, query.inbox.as_deref())?,
        _ => None,
    };
    let cursor = page::cursor(query.cursor.as_deref())?;
    let limit = page::limit(query.limit.as_deref())?;
    let (mut items, next) = api.services.desk.conversations(&who, view, inbox, cursor, limit).await?;
    // Nothing has been said in them.
    items.retain(|conversation| conversation.state != Stage::New);
    Ok(Json(Page::part(items, next)))
}

/// How many conversations the lists `mine`, `waiting`, `bot` and `all` have
#[utoipa::path(get, path = "/conversations/counts", operation_id = "conversation_counts", tag = "conversations",
    params(CountsQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = CountsView), SignedErrors))]
pub(super) async fn counts(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Parameters(query): Parameters<CountsQuery>,
) -> Result<Json<CountsView>, Problem> {
    let inbox = inbox(&api, query.inbox.as_deref())?;
    let count = async |name| -> Result<usize, Problem> {
        Ok(api.services.store.count(view(&who, Some(name))?, inbox, COUNT_MAX).await?)
    };
    let bot = if who.may(Permission::AllConversations) { Some(count("bot").await?) } else { None };
    let (mine, waiting, all) = (count("mine").await?, count("waiting").await?, count("all").await?);
    Ok(Json(CountsView { mine, waiting, bot, all, limit: COUNT_MAX }))
}

/// A conversation's state
#[utoipa::path(get, path = "/conversations/{id}", operation_id = "conversation", tag = "conversations",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn get(
    State(api): State<Api>,
    Signed(who): Signed,
    Id(id): Id,
) -> Result<Json<ConversationView>, Problem> {
    api.services.desk.conversation(&who, id).await.map(Json)
}

/// Takes a conversation from the queue
#[utoipa::path(post, path = "/conversations/{id}/accept", operation_id = "accept", tag = "conversations",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn accept(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<ConversationView>, Problem> {
    act(&api, &who, id, Act::Accept).await
}

/// Sets a conversation aside until something outside happens
#[utoipa::path(post, path = "/conversations/{id}/pending", operation_id = "set_aside", tag = "conversations",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn set_aside(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<ConversationView>, Problem> {
    act(&api, &who, id, Act::Pend(None)).await
}

/// Sets a conversation aside until a time, at most a year ahead; what is set aside already gets another one
///
/// Whatever happens in it before takes it up as always. When the time has come, it is open again, at the desk of the agent
/// who has it.
#[utoipa::path(post, path = "/conversations/{id}/snooze", operation_id = "snooze", tag = "conversations",
    params(("id" = Uuid, Path)), request_body = SnoozeBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn snooze(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Body(body): Body<SnoozeBody>,
) -> Result<Json<ConversationView>, Refused> {
    // Who may not is told that before anything is said of what it asked for.
    api.services.desk.head(&who, id, Action::Manage).await?;
    let now = clock::now();
    let until = fields::later("until", body.until, now)?;
    if until > now.plus_seconds(SNOOZE_SECONDS_MAX) {
        return Err(Problem::invalid("until", "must be within a year").into());
    }
    Ok(act(&api, &who, id, Act::Pend(Some(until))).await?)
}

/// Marks a conversation as unread, for all agents; it is read as soon as one of them reads or writes in it
#[utoipa::path(post, path = "/conversations/{id}/unread", operation_id = "mark_unread", tag = "conversations",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn mark_unread(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<ConversationView>, Problem> {
    act(&api, &who, id, Act::MarkUnread).await
}

/// Ends a conversation; what is said of it becomes a note
#[utoipa::path(post, path = "/conversations/{id}/resolve", operation_id = "resolve", tag = "conversations",
    params(("id" = Uuid, Path)), request_body = Option<ResolveBody>, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn resolve(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    body: Option<Body<ResolveBody>>,
) -> Result<Json<ConversationView>, Refused> {
    let ending = body.map(|Body(body)| ending(body)).transpose()?.flatten();
    Ok(act(&api, &who, id, Act::Resolve(ending.map(Box::new))).await?)
}

fn ending(body: ResolveBody) -> Result<Option<Ending>, Problem> {
    let note = fields::lines("note", body.note.as_deref().unwrap_or_default(), fields::COMMENT_CHARS)?;
    let Some(SummaryBody { category, solved }) = body.summary else {
        let is_lost = !note.trim().is_empty();
        let problem = || Problem::invalid("note", "belongs to a `summary`");
        return if is_lost { Err(problem()) } else { Ok(None) };
    };
    let category = category.map(|category| fields::line("summary.category", &category)).transpose()?;
    Ok(Some(Ending { summary: Summary { category, solved }, note }))
}

/// Has looked at what a note called the caller to
#[utoipa::path(post, path = "/conversations/{id}/mention/seen", operation_id = "mention_seen",
    tag = "conversations", params(("id" = Uuid, Path)), request_body = ReadBody,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "It is called no more, unless by a later note"), SignedErrors))]
pub(super) async fn mention_seen(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Body(body): Body<ReadBody>,
) -> Result<StatusCode, Refused> {
    let conversation = api.services.desk.head(&who, id, Action::Read).await?.key;
    if let Principal::Agent(agent) = who.principal {
        let change = Change::Mention(MentionChange::Seen { agent, conversation, seq: body.seq });
        api.services.desk.record(RecordSet { changes: vec![change], audit: Vec::new() }).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Leaves the queue, or ends the conversation (its visitor)
///
/// What has ended already stays as it is. The next message takes it up again.
#[utoipa::path(post, path = "/conversations/{id}/end", operation_id = "end_conversation", tag = "conversations",
    params(("id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn end(
    State(api): State<Api>,
    SignedVisitor(who): SignedVisitor,
    Id(id): Id,
) -> Result<Json<ConversationView>, Problem> {
    act(&api, &who, id, Act::End).await
}

/// Takes a conversation up again
#[utoipa::path(post, path = "/conversations/{id}/reopen", operation_id = "reopen", tag = "conversations",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn reopen(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<ConversationView>, Problem> {
    act(&api, &who, id, Act::Reopen).await
}

/// Lets an offered conversation pass; somebody else is asked
#[utoipa::path(post, path = "/conversations/{id}/decline", operation_id = "decline", tag = "conversations",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn decline(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<ConversationView>, Problem> {
    act(&api, &who, id, Act::Decline).await
}

/// Says how urgent a conversation is; the more urgent are given out first
#[utoipa::path(put, path = "/conversations/{id}/priority", operation_id = "prioritise", tag = "conversations",
    params(("id" = Uuid, Path)), request_body = PriorityBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn prioritise(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Body(body): Body<PriorityBody>,
) -> Result<Json<ConversationView>, Refused> {
    Ok(act(&api, &who, id, Act::Prioritise(body.priority)).await?)
}

/// Hands a conversation to another agent or team, or back to the queue
#[utoipa::path(post, path = "/conversations/{id}/transfer", operation_id = "transfer", tag = "conversations",
    params(("id" = Uuid, Path)), request_body = TransferBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn transfer(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Body(body): Body<TransferBody>,
) -> Result<Json<ConversationView>, Refused> {
    let act_of = match (body.agent_id, body.team_id) {
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("team_id", "does not go together with `agent_id`").into());
        }
        (None, Some(team)) => Act::TransferToTeam(team),
        (agent, None) => Act::Transfer(agent),
    };
    Ok(act(&api, &who, id, act_of).await?)
}

/// Rates a conversation (its visitor); a later rating replaces it
#[utoipa::path(post, path = "/conversations/{id}/rating", operation_id = "rate", tag = "conversations",
    params(("id" = Uuid, Path)), request_body = RatingBody, security(("bearer" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn rate(
    State(api): State<Api>,
    SignedVisitor(who): SignedVisitor,
    Id(id): Id,
    Body(body): Body<RatingBody>,
) -> Result<Json<ConversationView>, Refused> {
    let comment = body.comment.unwrap_or_default();
    let mut comment = fields::lines("comment", &comment, fields::COMMENT_CHARS)?;
    let flagged = api.services.desk.screen(&who, "comment", &mut comment)?.flagged;
    Ok(act(&api, &who, id, Act::Rate { score: body.score, comment, flagged }).await?)
}

/// Asks the visitor to rate a conversation
#[utoipa::path(post, path = "/conversations/{id}/rating/invite", operation_id = "invite_rating",
    tag = "conversations", params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn invite_rating(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<ConversationView>, Problem> {
    act(&api, &who, id, Act::InviteRating).await
}

/// Moves the caller's read mark
#[utoipa::path(post, path = "/conversations/{id}/read", operation_id = "read", tag = "conversations",
    params(("id" = Uuid, Path)), request_body = ReadBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Moved, or further already"), SignedErrors))]
pub(super) async fn read(
    State(api): State<Api>,
    Signed(who): Signed,
    Id(id): Id,
    Body(body): Body<ReadBody>,
) -> Result<StatusCode, Refused> {
    drop(act(&api, &who, id, Act::Read { seq: body.seq }).await?);
    Ok(StatusCode::NO_CONTENT)
}

async fn act(api: &Api, who: &Identity, id: Uuid, act: Act) -> Result<Json<ConversationView>, Problem> {
    api.services.desk.act(who, id, act).await.map(Json)
}

/// What a list shows to `who`: no more than each conversation alone would.
fn view(who: &Identity, name: Option<&str>) -> Result<View, Problem> {
    let sees_all = who.may(Permission::AllConversations);
    match (who.principal, name.unwrap_or("mine")) {
        (Principal::Visitor(visitor), _) => Ok(View::OfVisitor(visitor)),
        (Principal::Agent(_), _) if !who.hears_conversations() => Err(Problem::forbidden()),
        (Principal::Agent(agent), "mine") => Ok(View::Mine(agent)),
        (Principal::Agent(_), "waiting") if sees_all => Ok(View::Waiting),
        (Principal::Agent(agent), "waiting") => Ok(View::WaitingFor(agent)),
        (Principal::Agent(_), "all") if sees_all => Ok(View::All),
        (Principal::Agent(agent), "all") => Ok(View::AgentAll(agent)),
        (Principal::Agent(_), "bot") if sees_all => Ok(View::Bot),
        (Principal::Agent(_), "bot") => Err(Problem::forbidden()),
        (Principal::Agent(agent), "ended") => Ok(View::Ended { assignee: (!sees_all).then_some(agent) }),
        (Principal::Agent(agent), "mentioned") => Ok(View::Mentioned(agent)),
        (Principal::Agent(_), _) => {
            Err(Problem::invalid("view", "must be mine, waiting, all, bot, ended or mentioned"))
        }
        (Principal::Bot | Principal::System, _) => Err(Problem::forbidden()),
    }
}

fn inbox(api: &Api, id: Option<&str>) -> Result<Option<InboxKey>, Problem> {
    let Some(id) = parameter::<Uuid>("inbox", id)? else { return Ok(None) };
    let directory = api.services.desk.directory();
    let inbox = directory.inbox(id).ok_or_else(|| Problem::not_found("inbox"))?;
    Ok(Some(inbox.key))
}

#[cfg(test)]
mod tests {
    use kefu_core::{AgentKey, Rights, Role, VisitorKey};

    use super::*;

    fn who(principal: Principal, role: Option<Role>) -> Identity {
        let rights = role.map_or(Rights::NONE, Role::rights);
        let (id, session) = (Uuid::nil(), Uuid::nil());
        Identity { principal, id, name: "".into(), role, rights, inbox: None, session, key: None }
    }

    #[test]
    fn lists_show_no_more_than_the_role_does() {
        let (key, visitor) = (AgentKey(7), VisitorKey(7));
        let agent = who(Principal::Agent(key), Some(Role::Agent));
        assert_eq!(view(&agent, None), Ok(View::Mine(key)));
        assert_eq!(view(&agent, Some("waiting")), Ok(View::WaitingFor(key)));
        assert_eq!(view(&agent, Some("all")), Ok(View::AgentAll(key)));
        assert_eq!(view(&agent, Some("ended")), Ok(View::Ended { assignee: Some(key) }));
        assert_eq!(view(&agent, Some("x")).unwrap_err().field, Some("view"));
        for role in [Role::Supervisor, Role::Admin] {
            let who = who(Principal::Agent(key), Some(role));
            assert_eq!(view(&who, Some("waiting")), Ok(View::Waiting));
            assert_eq!(view(&who, Some("all")), Ok(View::All));
            assert_eq!(view(&who, Some("bot")), Ok(View::Bot));
            assert_eq!(view(&who, Some("ended")), Ok(View::Ended { assignee: None }));
        }
        let who = who(Principal::Visitor(visitor), None);
        for name in [None, Some("all"), Some("waiting"), Some("x")] {
            assert_eq!(view(&who, name), Ok(View::OfVisitor(visitor)));
        }
    }
}
