//! Cards at work: filled in from a conversation, each for itself.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use kefu_core::{Action, Permission};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{Card, Change, Range, RecordSet};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json, value::RawValue};
use utoipa::ToSchema;
use uuid::Uuid;

use super::cards::find;
use crate::{
    audit,
    auth::{SignedAgent, require_scope},
    graphql::{
        Asker, Question,
        cards::{ActionView, CardView, Given, Operation, Subject},
    },
    http::{
        Api, Refused,
        body::{Body, CardPlace, Id},
        caller::Caller,
        openapi::SignedErrors,
    },
    identity::Identity,
    problem::Problem,
};

/// Most characters of a field of a form.
const FIELD_CHARS: usize = 16_384;
/// Messages that are looked through for the visitor's last word.
const LOOKED_AT: usize = 20;

/// What a card is run for.
#[derive(Deserialize, ToSchema)]
pub(super) struct RunBody {
    /// One that the caller may read.
    conversation_id: Uuid,
    /// The ticket that is looked at; when left out, the visitor's last one.
    ticket_id: Option<Uuid>,
}

/// What an action is run for, and what was filled in.
#[derive(Deserialize, ToSchema)]
pub(super) struct ActBody {
    /// One that the caller may read.
    conversation_id: Uuid,
    ticket_id: Option<Uuid>,
    /// By the names of the form's fields.
    #[serde(default)]
    form: BTreeMap<String, String>,
}

/// What the data layer answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardAnswer)]
pub(super) struct Answer {
    /// Null where nothing was asked.
    #[schema(value_type = Option<Object>)]
    data: Option<Box<RawValue>>,
    /// What went wrong, each with `message`, `path` and `extensions`.
    #[schema(value_type = Vec<Object>)]
    errors: Box<RawValue>,
    /// Variables that have no value here: then nothing is asked.
    missing: Vec<String>,
}

/// Runs a card for a conversation
///
/// What one system does not answer in time costs only its own fields.
#[utoipa::path(post, path = "/cards/{id}/run", operation_id = "run_card", tag = "cards",
    params(("id" = Uuid, Path)), request_body = RunBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Answer), SignedErrors))]
pub(super) async fn run(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<RunBody>,
) -> Result<Json<Answer>, Refused> {
    let (card, given) = subject(&api, &who, id, body.conversation_id, body.ticket_id, |card| {
        card.variables.values().cloned().collect()
    })
    .await?;
    let mut variables = Map::new();
    let missing = fill(&card.query, &card.variables, &given, &mut variables);
    let question = Question { query: Some(card.query), variables, ..Question::default() };
    ask(&api, who, &caller, question, missing).await
}

/// Carries out an action of a card
///
/// Nothing is sent twice: whether it was done where the answer is an error is for the agent to find out.
#[utoipa::path(post, path = "/cards/{id}/actions/{number}", operation_id = "act_on_card", tag = "cards",
    params(("id" = Uuid, Path), ("number" = usize, Path, description = "Its place among the card's actions, from 0.")),
    request_body = ActBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Answer), SignedErrors))]
pub(super) async fn act(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    CardPlace(id, number): CardPlace,
    Body(body): Body<ActBody>,
) -> Result<Json<Answer>, Refused> {
    let sources = |card: &Card| {
        let action = action(card, number);
        action.map(|action| action.variables.into_values().collect()).unwrap_or_default()
    };
    let (card, given) = subject(&api, &who, id, body.conversation_id, body.ticket_id, sources).await?;
    let action = action(&card, number).ok_or_else(|| Problem::not_found("action"))?;
    let mut variables = Map::new();
    let missing = fill(&action.mutation, &action.variables, &given, &mut variables);
    fill_in(&action, body.form, &mut variables)?;
    if missing.is_empty() {
        note(&api, &who, &caller, id, body.conversation_id, number).await?;
    }
    let question =
        Question { query: Some(action.mutation), variables, allow_mutation: true, ..Question::default() };
    ask(&api, who, &caller, question, missing).await
}

/// The card, if it is for this conversation and the agent may read that, and what its variables can be.
async fn subject(
    api: &Api,
    who: &Identity,
    card: Uuid,
    conversation: Uuid,
    ticket: Option<Uuid>,
    sources: impl FnOnce(&Card) -> Vec<String>,
) -> Result<(Card, Given), Problem> {
    require_scope(who, &[Permission::Chat, Permission::AllConversations])?;
    let of_field = |problem| Problem { field: Some("conversation_id"), ..problem };
    let head = api.services.desk.head(who, conversation, Action::Read).await.map_err(of_field)?;
    let directory = api.services.desk.directory();
    let inbox = directory.inboxes.get(&head.inbox).map(|inbox| inbox.id);
    let card = find(api, card).await?;
    let is_for = card.inboxes.is_empty() || inbox.is_some_and(|inbox| card.inboxes.contains(&inbox));
    if !is_for || !(card.is_enabled || who.may(Permission::Inboxes)) {
        return Err(Problem::not_found("card"));
    }
    let sources = sources(&card);
    let last_text = match sources.iter().any(|source| source == "conversation.last_text") {
        true => last_text(api, who, conversation).await?,
        false => None,
    };
    let subject = Subject { conversation: &head, last_text, agent: who.id, ticket };
    let given = Given::of(&api.services.store, &directory, subject, sources.iter()).await?;
    Ok((card, given))
}

/// What the visitor said last, as the agent reads it.
async fn last_text(api: &Api, who: &Identity, conversation: Uuid) -> Result<Option<String>, Problem> {
    let range = Range::Newest { limit: LOOKED_AT };
    let (messages, _) = api.services.desk.messages(who, conversation, range).await?;
    let is_visitor = |kind| matches!(kind, kefu_protocol::frame::PartyKind::Visitor);
    let mut said = messages.into_iter().rev().filter(|one| is_visitor(one.from.kind) && one.event.is_none());
    Ok(said.find(|one| !one.text.is_empty()).map(|one| one.text))
}

/// Gives variables their values; returns those that have none.
fn fill(
    query: &str,
    sources: &BTreeMap<String, String>,
    given: &Given,
    variables: &mut Map<String, Value>,
) -> Vec<String> {
    let operation = Operation::of(query);
    let mut missing = Vec::new();
    for (name, source) in sources {
        match given.value(source) {
            Some(text) => drop(variables.insert(name.clone(), operation.value(name, &text))),
            None if !missing.contains(source) => missing.push(source.clone()),
            None => {}
        }
    }
    missing
}

fn action(card: &Card, number: usize) -> Option<ActionView> {
    let view: CardView = serde_json::from_str(&card.view).ok()?;
    view.actions.into_iter().nth(number)
}

/// Takes what was filled in.
fn fill_in(
    action: &ActionView,
    mut form: BTreeMap<String, String>,
    variables: &mut Map<String, Value>,
) -> Result<(), Problem> {
    let wrong = |name: &str, what: &str| Problem::invalid("form", format!("form.{name} {what}"));
    let operation = Operation::of(&action.mutation);
    for field in &action.form {
        let text = form.remove(&field.name).unwrap_or_default();
        if text.chars().count() > FIELD_CHARS {
            return Err(wrong(&field.name, &format!("must be at most {FIELD_CHARS} characters")));
        }
        if text.trim().is_empty() {
            if field.required {
                return Err(wrong(&field.name, "must not be empty"));
            }
            continue;
        }
        if !field.options.is_empty() && !field.options.contains(&text) {
            return Err(wrong(&field.name, "must be one of its options"));
        }
        variables.insert(field.name.clone(), operation.value(&field.name, &text));
    }
    match form.keys().next() {
        None => Ok(()),
        Some(unknown) => Err(wrong(unknown, "is no field of the form")),
    }
}

/// Writes down that an agent acts, or in a rehearsal that it would have.
async fn note(
    api: &Api,
    who: &Identity,
    caller: &Caller,
    card: Uuid,
    conversation: Uuid,
    number: usize,
) -> Result<(), Problem> {
    let detail = json!({ "action": number, "conversation": conversation });
    let line = audit::record(who, caller.address, "card.acted", Some(("card", card)), detail);
    let call = api.services.outgoing.held_back("card", &card, || format!("action {number}"));
    let is_rehearsal = call.is_some();
    let changes: Vec<Change> = call.into_iter().collect();
    api.services.desk.record(RecordSet { changes, audit: vec![line] }).await?;
    if is_rehearsal {
        return Err(Problem::new(
            ErrorCode::Rejected,
            "this is a rehearsal: nothing is sent to other systems",
        ));
    }
    Ok(())
}

async fn ask(
    api: &Api,
    who: Identity,
    caller: &Caller,
    question: Question,
    missing: Vec<String>,
) -> Result<Json<Answer>, Refused> {
    #[derive(Deserialize)]
    struct Answered {
        data: Option<Box<RawValue>>,
        errors: Option<Box<RawValue>>,
    }
    let none = || RawValue::from_string("[]".to_owned()).expect("an empty list is JSON");
    if !missing.is_empty() {
        return Ok(Json(Answer { data: None, errors: none(), missing }));
    }
    let asker = Asker { who: who.into(), address: caller.address };
    let response = Box::pin(question.ask(&api.services, &api.services.graphql, &asker)).await;
    if response.status == 404 {
        let detail = "there is no data layer: name its file in serve.graphql.file";
        return Err(Problem::new(ErrorCode::Conflict, detail).into());
    }
    let answered: Answered = serde_json::from_slice(&response.body).map_err(|error| {
        tracing::error!(%error, "the data layer answered what is no JSON");
        Problem::unavailable("the data layer cannot answer now")
    })?;
    Ok(Json(Answer { data: answered.data, errors: answered.errors.unwrap_or_else(none), missing }))
}
