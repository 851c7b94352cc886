//! Cards of the details column.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use kefu_core::{Micros, Permission};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{Card, CardChange, Change, RecordSet};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::session::fresh_id;
use crate::{
    audit,
    auth::{SignedAgent, require, require_scope},
    clock,
    graphql::{
        Asker,
        cards::{self, Localized, QUERY_BYTES},
        wrong_with,
    },
    http::{
        Api, Refused,
        body::{Body, Id},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::Page,
    },
    identity::Identity,
    problem::Problem,
    view::timestamp,
};

/// Most cards.
const CARDS_MAX: i64 = 50;
/// Most inboxes that a card names.
const INBOXES_MAX: usize = 100;
/// Most bytes of how a card is shown.
const VIEW_BYTES: usize = 64 * 1024;

/// A card.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Card)]
pub(super) struct CardItem {
    id: Uuid,
    title: Localized,
    /// The inboxes that it is for; all when there are none.
    inboxes: Vec<Uuid>,
    /// What is asked of the data layer.
    #[schema(example = "query($id: Int!) { user(id: $id) { name level } }")]
    query: String,
    /// Where the value of each variable comes from: `visitor.id`, `visitor.external_id`, `visitor.name`, `visitor.email`,
    /// `visitor.phone`, `visitor.attributes.<name>`, `customer.id`, `conversation.id`, `conversation.inbox_id`,
    /// `conversation.last_text`, `agent.id`, `agent.email` or `ticket.id`.
    #[schema(example = json!({"id": "visitor.external_id"}))]
    variables: BTreeMap<String, String>,
    #[schema(value_type = cards::CardView)]
    view: Value,
    is_enabled: bool,
    /// Where it stands, from the smallest on.
    position: i64,
    /// Goes into a change, to say what it is a change of.
    version: u32,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A new card.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewCard {
    title: Localized,
    /// At most 100; all inboxes when it is left out or empty.
    #[serde(default)]
    inboxes: Vec<Uuid>,
    /// At most 16 KiB. It is run with the rights that the agent who looks at it has in the data layer.
    query: String,
    /// At most 20.
    #[serde(default)]
    variables: BTreeMap<String, String>,
    view: cards::CardView,
    /// On when it is left out.
    is_enabled: Option<bool>,
    /// Behind all others when it is left out.
    position: Option<i64>,
}

/// What changes of a card; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct CardPatch {
    /// The version that the change was made for; with another one it is a conflict.
    version: u32,
    title: Option<Localized>,
    inboxes: Option<Vec<Uuid>>,
    query: Option<String>,
    variables: Option<BTreeMap<String, String>>,
    view: Option<cards::CardView>,
    is_enabled: Option<bool>,
    position: Option<i64>,
}

/// The cards in their order; those that are off for who may change them only
#[utoipa::path(get, path = "/cards", operation_id = "cards", tag = "cards",
    security(("bearer" = []), ("cookie" = [])), responses((status = 200, body = Page<CardItem>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<CardItem>>, Problem> {
    require_scope(&who, &[Permission::Chat, Permission::AllConversations, Permission::Inboxes])?;
    let cards = api.services.store.cards().await?.into_iter();
    let shown = cards.filter(|card| card.is_enabled || who.may(Permission::Inboxes));
    Ok(Json(Page::whole(shown.map(CardItem::from).collect())))
}

/// Cards that come with kefu, to begin with
#[utoipa::path(get, path = "/cards/examples", operation_id = "card_examples", tag = "cards",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, description = "As they are posted, each with what it is `about`", body = Object), SignedErrors))]
pub(super) async fn examples(SignedAgent(who): SignedAgent) -> Result<Response, Problem> {
    require(&who, Permission::Inboxes)?;
    let body = format!("{{\"items\":{}}}", cards::EXAMPLES.trim_end());
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// Makes a card
#[utoipa::path(post, path = "/cards", operation_id = "make_card", tag = "cards", request_body = NewCard,
    security(("bearer" = []), ("cookie" = [])), responses((status = 201, body = CardItem), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewCard>,
) -> Result<(StatusCode, Json<CardItem>), Refused> {
    require(&who, Permission::Inboxes)?;
    let store = &api.services.store;
    if store.count_cards().await.map_err(Problem::from)? >= CARDS_MAX {
        let detail = format!("there are at most {CARDS_MAX} cards");
        return Err(Problem::new(ErrorCode::Conflict, detail).into());
    }
    let position = match body.position {
        Some(position) => position,
        None => {
            let last = store.cards().await.map_err(Problem::from)?.last().map_or(0, |card| card.position);
            last.saturating_add(10)
        }
    };
    let now = clock::now();
    let card = Card {
        id: fresh_id()?,
        position,
        titles: titles(body.title)?,
        inboxes: inboxes(&api, &body.inboxes)?,
        query: query(body.query)?,
        variables: variables(body.variables)?,
        view: view(&body.view)?,
        is_enabled: body.is_enabled.unwrap_or(true),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    check(&api, &who, &caller, &card).await?;
    let item = CardItem::from(card.clone());
    record(&api, &who, &caller, CardChange::Add(card.into()), "card.made", item.id, json!({})).await?;
    Ok((StatusCode::CREATED, Json(item)))
}

/// Changes a card
#[utoipa::path(patch, path = "/cards/{id}", operation_id = "change_card", tag = "cards",
    params(("id" = Uuid, Path)), request_body = CardPatch, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = CardItem), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<CardPatch>,
) -> Result<Json<CardItem>, Refused> {
    require(&who, Permission::Inboxes)?;
    let mut card = find(&api, id).await?;
    let detail = json!({
        "title": body.title.is_some(), "inboxes": body.inboxes.is_some(), "query": body.query.is_some(),
        "variables": body.variables.is_some(), "view": body.view.is_some(), "is_enabled": body.is_enabled,
        "position": body.position.is_some(),
    });
    if let Some(title) = body.title {
        card.titles = titles(title)?;
    }
    if let Some(wanted) = body.inboxes {
        card.inboxes = inboxes(&api, &wanted)?;
    }
    if let Some(text) = body.query {
        card.query = query(text)?;
    }
    if let Some(wanted) = body.variables {
        card.variables = variables(wanted)?;
    }
    if let Some(wanted) = body.view {
        card.view = view(&wanted)?;
    }
    card.is_enabled = body.is_enabled.unwrap_or(card.is_enabled);
    card.position = body.position.unwrap_or(card.position);
    card.version = body.version.saturating_add(1);
    card.updated_at = clock::now().max(Micros(card.updated_at.0 + 1));
    check(&api, &who, &caller, &card).await?;
    let item = CardItem::from(card.clone());
    let change = CardChange::Replace { card: card.into(), seen: body.version };
    record(&api, &who, &caller, change, "card.changed", id, detail).await?;
    Ok(Json(item))
}

/// Removes a card
#[utoipa::path(delete, path = "/cards/{id}", operation_id = "remove_card", tag = "cards",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Gone"), SignedErrors))]
pub(super) async fn remove(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require(&who, Permission::Inboxes)?;
    find(&api, id).await?;
    record(&api, &who, &caller, CardChange::Remove(id), "card.removed", id, json!({})).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn find(api: &Api, id: Uuid) -> Result<Card, Problem> {
    api.services.store.card(id).await?.ok_or_else(|| Problem::not_found("card"))
}

fn titles(title: Localized) -> Result<BTreeMap<String, String>, Problem> {
    title.check("title").map_err(|wrong| Problem::invalid("title", wrong))?;
    Ok([("en".to_owned(), title.en), ("zh-CN".to_owned(), title.zh_cn)].into())
}

fn inboxes(api: &Api, wanted: &[Uuid]) -> Result<Vec<Uuid>, Problem> {
    let wanted = fields::ids("inboxes", wanted, INBOXES_MAX)?;
    let directory = api.services.desk.directory();
    if wanted.iter().any(|id| directory.inbox(*id).is_none()) {
        return Err(Problem::invalid("inboxes", "there is no such inbox"));
    }
    Ok(wanted)
}

fn query(text: String) -> Result<String, Problem> {
    fields::check_bytes("query", &text, QUERY_BYTES)?;
    if text.trim().is_empty() {
        return Err(Problem::invalid("query", "must not be empty"));
    }
    Ok(text)
}

fn variables(wanted: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Problem> {
    let checked = cards::check_variables(&wanted);
    checked.map_err(|wrong| Problem::invalid("variables", format!("variables{wrong}")))?;
    Ok(wanted)
}

/// Refuses what the data layer would not take, where there is one that can say so.
async fn check(api: &Api, who: &Identity, caller: &Caller, card: &Card) -> Result<(), Problem> {
    let asker = Asker { who: who.clone().into(), address: caller.address };
    if let Some(wrong) = wrong_with(&api.services, &asker, &card.query).await {
        return Err(Problem::invalid("query", wrong));
    }
    let view: cards::CardView =
        serde_json::from_str(&card.view).map_err(|error| Problem::invalid("view", error.to_string()))?;
    for (place, action) in view.actions.iter().enumerate() {
        if let Some(wrong) = wrong_with(&api.services, &asker, &action.mutation).await {
            return Err(Problem::invalid("view", format!("actions[{place}].mutation: {wrong}")));
        }
    }
    Ok(())
}

/// How it is shown, written in one way.
fn view(wanted: &cards::CardView) -> Result<String, Problem> {
    wanted.check().map_err(|wrong| Problem::invalid("view", wrong))?;
    let text = serde_json::to_string(wanted).map_err(|error| Problem::invalid("view", error.to_string()))?;
    fields::check_bytes("view", &text, VIEW_BYTES)?;
    Ok(text)
}

async fn record(
    api: &Api,
    who: &Identity,
    caller: &Caller,
    change: CardChange,
    action: &'static str,
    id: Uuid,
    detail: Value,
) -> Result<(), Problem> {
    let line = audit::record(who, caller.address, action, Some(("card", id)), detail);
    let set = RecordSet { changes: vec![Change::Card(change)], audit: vec![line] };
    api.services.desk.record(set).await
}

impl From<Card> for CardItem {
    fn from(mut card: Card) -> Self {
        let mut title = |language| card.titles.remove(language).unwrap_or_default();
        Self {
            id: card.id,
            title: Localized { en: title("en"), zh_cn: title("zh-CN") },
            inboxes: card.inboxes,
            query: card.query,
            variables: card.variables,
            view: serde_json::from_str(&card.view).unwrap_or_default(),
            is_enabled: card.is_enabled,
            position: card.position,
            version: card.version,
            updated_at: timestamp(card.updated_at),
        }
    }
}
