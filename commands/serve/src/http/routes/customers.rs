use std::collections::BTreeSet;

use axum::{Json, extract::State};
use kefu_core::{Permission, VisitorKey};
use kefu_protocol::frame::Timestamp;
use kefu_store::{Change, Customer, CustomerChange, CustomerMerge, RecordSet, Whole};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{session::fresh_id, visitors::may_know_any};
use crate::{
    audit,
    auth::{SignedAgent, require},
    clock,
    http::{
        Api, Refused,
        body::{Body, Id, Parameters},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::{self, Page},
    },
    identity::Identity,
    masking::Masking,
    problem::Problem,
    view::{ConversationView, timestamp},
};

/// Most customers of a page: each has to be looked at for what its reader may know.
const FOUND_MAX: usize = 50;
/// Most customers that one request merges.
const SOURCES_MAX: usize = 20;

/// Which customers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FindQuery {
    /// What the name begins with, or a whole e-mail address, telephone number, other identity or company's own id;
    /// where nothing is masked, the beginning of one.
    #[param(value_type = String)]
    q: Option<String>,
    /// Where the list goes on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// At most 50.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PartQuery {
    /// Where the list goes on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 500; 50 when left out.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// A customer: the person behind one or more visitors.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub(super) struct CustomerView {
    id: Uuid,
    /// May be empty.
    name: String,
    /// May be empty.
    email: String,
    /// May be empty.
    phone: String,
    /// What agents keep in mind; may be empty.
    note: String,
    #[schema(value_type = Object)]
    attributes: Map<String, Value>,
    /// Goes into a change, which is refused when somebody else was faster.
    version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// The last merges into it that can be undone, of a single customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    merges: Option<Vec<MergeView>>,
}

/// A merge.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerMerge)]
pub(super) struct MergeView {
    /// Goes into `unmerge`; customers that were merged together share it.
    merge_id: Uuid,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Which agent did it.
    by: Uuid,
    /// Which customer was merged.
    from: Uuid,
}

/// What changes of a customer; what is left out stays, and so is what comes back as it was shown masked.
#[derive(Deserialize, ToSchema)]
pub(super) struct CustomerPatch {
    /// The `version` that the change was made for.
    version: i64,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    /// At most 4,000 characters.
    note: Option<String>,
    /// At most 8 KiB of JSON.
    #[schema(value_type = Option<Object>)]
    attributes: Option<Map<String, Value>>,
}

/// Who is the same person.
#[derive(Deserialize, ToSchema)]
pub(super) struct MergeBody {
    /// 1 to 20 customers.
    from: Vec<Uuid>,
}

/// What is undone.
#[derive(Deserialize, ToSchema)]
pub(super) struct UnmergeBody {
    merge_id: Uuid,
}

/// A merge that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Merged {
    merge_id: Uuid,
    customer: CustomerView,
}

/// A customer that its reader may know.
pub(super) struct Known {
    pub(super) customer: Customer,
    pub(super) visitors: Vec<VisitorKey>,
}

/// Customers of whom something begins with `q`
///
/// Agents who do not read every conversation find the customers whose conversations they may read; a page may
/// then hold fewer than its limit. A customer that is found in several ways may come again on a later page.
#[utoipa::path(get, path = "/customers", operation_id = "customers", tag = "customers", params(FindQuery),
    security(("bearer" = []), ("cookie" = [])), responses((status = 200, body = Page<CustomerView>), SignedErrors))]
pub(super) async fn find(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Parameters(query): Parameters<FindQuery>,
) -> Result<Json<Page<CustomerView>>, Problem> {
    require(&who, Permission::Customers)?;
    let prefix = fields::name("q", query.q.as_deref().unwrap_or_default())?;
    let cursor = page::cursor(query.cursor.as_deref())?;
    let limit = page::limit(query.limit.as_deref())?.min(FOUND_MAX);
    let store = &api.services.store;
    let masking = api.masking();
    // Who could search by parts of what is masked would know it after a few searches.
    let has_letters = prefix.chars().any(char::is_alphabetic);
    let whole = match (masking.is_on(), has_letters) {
        (false, _) => Whole::Nothing,
        (true, true) => Whole::ButNames,
        (true, false) => Whole::All,
    };
    let (found, next) = store.find_customers(&prefix, whole, cursor, limit).await?;
    let mut items = Vec::with_capacity(found.len());
    for customer in found {
        if let Some(known) = may_know(&api, &who, customer).await? {
            items.push(CustomerView::from(known.customer).masked(masking));
        }
    }
    Ok(Json(Page::part(items, next)))
}

/// A customer, by its id or that of one that was merged into it
#[utoipa::path(get, path = "/customers/{id}", operation_id = "customer", tag = "customers",
    params(("id" = Uuid, Path, description = "Of the customer; a visitor that nobody merged is one of its own.")),
    security(("bearer" = []), ("cookie" = [])), responses((status = 200, body = CustomerView), SignedErrors))]
pub(super) async fn get(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<CustomerView>, Problem> {
    let Known { customer, .. } = known(&api, &who, id).await?;
    Ok(Json(with_merges(&api, customer).await?.masked(api.masking())))
}

/// Changes what is known of a customer
#[utoipa::path(patch, path = "/customers/{id}", operation_id = "change_customer", tag = "customers",
    params(("id" = Uuid, Path)), request_body = CustomerPatch, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = CustomerView), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<CustomerPatch>,
) -> Result<Json<CustomerView>, Refused> {
    let Known { customer, .. } = known(&api, &who, id).await?;
    let detail = json!({
        "name": body.name.is_some(), "email": body.email.is_some(), "phone": body.phone.is_some(),
        "note": body.note.is_some(), "attributes": body.attributes.is_some(),
    });
    let note = body.note.as_ref().map(|note| fields::lines("note", note, fields::NOTE_CHARS)).transpose()?;
    let body = unmasked(api.masking(), &customer, CustomerPatch { note, ..body })?;
    let change = CustomerChange::Edit {
        id: customer.id,
        version: body.version,
        at: clock::now(),
        name: body.name.map(|name| fields::line("name", &name)).transpose()?,
        email: body.email.map(|email| fields::optional_email(&email)).transpose()?,
        phone: body.phone.map(|phone| fields::phone("phone", &phone)).transpose()?,
        note: body.note,
        attributes: body.attributes.map(|map| fields::attributes(&map)).transpose()?,
    };
    record(&api, &who, &caller, change, "customer.changed", customer.id, detail).await?;
    Ok(Json(read(&api, customer.id).await?))
}

/// Says that other customers are this person
///
/// Their visitors and other identities, and with them all their conversations, become this customer's. What is
/// known of them stays as it is and comes back when the merge is undone.
#[utoipa::path(post, path = "/customers/{id}/merge", operation_id = "merge_customers", tag = "customers",
    params(("id" = Uuid, Path)), request_body = MergeBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Merged), SignedErrors))]
pub(super) async fn merge(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<MergeBody>,
) -> Result<Json<Merged>, Refused> {
    let Known { customer: target, .. } = known(&api, &who, id).await?;
    if !(1..=SOURCES_MAX).contains(&body.from.len()) {
        return Err(Problem::invalid("from", format!("must be 1 to {SOURCES_MAX} customers")).into());
    }
    let mut sources = BTreeSet::new();
    for id in body.from {
        let source = match known(&api, &who, id).await {
            Ok(Known { customer, .. }) => customer.id,
            Err(problem) => return Err(Problem { field: Some("from"), ..problem }.into()),
        };
        if source == target.id {
            return Err(Problem::invalid("from", "one of them is this customer already").into());
        }
        sources.insert(source);
    }
    let (merge_id, sources) = (fresh_id()?, Vec::from_iter(sources));
    let detail = json!({"merge_id": merge_id, "from": sources});
    let at = clock::now();
    let change = CustomerChange::Merge { id: merge_id, target: target.id, sources, at, made_by: who.id };
    record(&api, &who, &caller, change, "customer.merged", target.id, detail).await?;
    follow(&api).await?;
    Ok(Json(Merged { merge_id, customer: read(&api, target.id).await? }))
}

/// Undoes a merge: exactly what it moved goes back
///
/// A merge that a later one was built on cannot be undone before it.
#[utoipa::path(post, path = "/customers/{id}/unmerge", operation_id = "unmerge_customers", tag = "customers",
    params(("id" = Uuid, Path)), request_body = UnmergeBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = CustomerView), SignedErrors))]
pub(super) async fn unmerge(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<UnmergeBody>,
) -> Result<Json<CustomerView>, Refused> {
    let Known { customer: target, .. } = known(&api, &who, id).await?;
    let detail = json!({"merge_id": body.merge_id});
    let change = CustomerChange::Unmerge { target: target.id, id: body.merge_id, at: clock::now() };
    record(&api, &who, &caller, change, "customer.unmerged", target.id, detail).await?;
    follow(&api).await?;
    Ok(Json(read(&api, target.id).await?))
}

/// The conversations of all visitors of a customer, newest activity first
#[utoipa::path(get, path = "/customers/{id}/conversations", operation_id = "customer_conversations",
    tag = "customers", params(("id" = Uuid, Path), PartQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<ConversationView>), SignedErrors))]
pub(super) async fn conversations(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Parameters(query): Parameters<PartQuery>,
) -> Result<Json<Page<ConversationView>>, Problem> {
    let Known { visitors, .. } = known(&api, &who, id).await?;
    let cursor = page::cursor(query.cursor.as_deref())?;
    let limit = page::limit(query.limit.as_deref())?;
    let (mut items, next) =
        api.services.desk.conversations_of_visitors(&who, &visitors, cursor, limit).await?;
    // Nothing has been said in them.
    items.retain(|conversation| conversation.state != kefu_core::State::New);
    Ok(Json(Page::part(items, next)))
}

/// The customer with this id, if `who` may know of it.
pub(super) async fn known(api: &Api, who: &Identity, id: Uuid) -> Result<Known, Problem> {
    require(who, Permission::Customers)?;
    let customer = api.services.store.customer(id).await?.ok_or_else(no_customer)?;
    may_know(api, who, customer).await?.ok_or_else(no_customer)
}

/// A change without what merely comes back as it was shown.
fn unmasked(
    masking: Masking,
    customer: &Customer,
    mut body: CustomerPatch,
) -> Result<CustomerPatch, Problem> {
    let rewritten = |field, stored: &str, shown: &str, wanted: Option<String>| match wanted {
        Some(wanted) => masking.rewritten(field, stored, shown, wanted),
        None => Ok(None),
    };
    body.name = rewritten("name", &customer.name, &masking.text(&customer.name), body.name)?;
    body.note = rewritten("note", &customer.note, &masking.text(&customer.note), body.note)?;
    body.email = rewritten("email", &customer.email, &masking.email(&customer.email), body.email)?;
    body.phone = rewritten("phone", &customer.phone, &masking.phone(&customer.phone), body.phone)?;
    if let Some(attributes) = &mut body.attributes {
        let stored = serde_json::from_str(&customer.attributes).unwrap_or_default();
        masking.rewritten_map(&stored, attributes);
    }
    Ok(body)
}

async fn may_know(api: &Api, who: &Identity, customer: Customer) -> Result<Option<Known>, Problem> {
    let visitors = api.services.store.customer_visitors(&customer).await?;
    let known = may_know_any(api, who, &visitors).await?;
    Ok(known.then_some(Known { customer, visitors }))
}

/// Makes a change of a customer, and the audit log's line about it.
pub(super) async fn record(
    api: &Api,
    who: &Identity,
    caller: &Caller,
    change: CustomerChange,
    action: &'static str,
    customer: Uuid,
    detail: Value,
) -> Result<(), Problem> {
    let line = audit::record(who, caller.address, action, Some(("customer", customer)), detail);
    api.services.desk.record(RecordSet { changes: vec![Change::Customer(change)], audit: vec![line] }).await
}

/// Has the blocks of customers hold for the visitors that they have now.
async fn follow(api: &Api) -> Result<(), Problem> {
    let services = &api.services;
    Ok(services.blocks.refresh(&services.desk, &services.store).await?)
}

async fn read(api: &Api, id: Uuid) -> Result<CustomerView, Problem> {
    let customer = api.services.store.customer(id).await?.ok_or_else(no_customer)?;
    Ok(with_merges(api, customer).await?.masked(api.masking()))
}

/// A customer with its merges, and nothing masked.
pub(super) async fn with_merges(api: &Api, customer: Customer) -> Result<CustomerView, Problem> {
    let merges = api.services.store.customer_merges(&customer).await?;
    let merges = merges.into_iter().map(MergeView::from).collect();
    Ok(CustomerView { merges: Some(merges), ..CustomerView::from(customer) })
}

fn no_customer() -> Problem {
    Problem::not_found("customer")
}

impl CustomerView {
    /// The customer as agents see it.
    fn masked(self, masking: Masking) -> Self {
        Self {
            name: masking.string(self.name),
            email: masking.email(&self.email),
            phone: masking.phone(&self.phone),
            note: masking.string(self.note),
            attributes: masking.map(self.attributes),
            ..self
        }
    }
}

impl From<Customer> for CustomerView {
    fn from(customer: Customer) -> Self {
        Self {
            id: customer.id,
            name: customer.name,
            email: customer.email,
            phone: customer.phone,
            note: customer.note,
            attributes: serde_json::from_str(&customer.attributes).unwrap_or_default(),
            version: customer.version,
            created_at: timestamp(customer.created_at),
            updated_at: timestamp(customer.updated_at),
            merges: None,
        }
    }
}

impl From<CustomerMerge> for MergeView {
    fn from(merge: CustomerMerge) -> Self {
        Self { merge_id: merge.id, at: timestamp(merge.at), by: merge.made_by, from: merge.source }
    }
}
