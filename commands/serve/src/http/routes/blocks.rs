use std::net::IpAddr;

use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Micros, Permission};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{Block, BlockChange, BlockTarget, Change, RecordSet};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{session::fresh_id, visitors};
use crate::{
    address::Network,
    audit,
    auth::{SignedAgent, require},
    clock,
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

/// Most blocks at a time: all of them are in memory and on one page.
const BLOCKS_MAX: usize = 2000;
/// The widest ranges that can be blocked, in bits: a slip of the finger must not shut out everybody.
const PREFIX_V4_MIN: u8 = 8;
const PREFIX_V6_MIN: u8 = 16;

/// A block.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Block)]
pub(super) struct BlockView {
    id: Uuid,
    /// The visitor that is kept out, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    visitor_id: Option<Uuid>,
    /// The customer whose visitors are kept out, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<Uuid>,
    /// The range of addresses that is kept out, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "192.0.2.0/24")]
    address: Option<String>,
    /// May be empty.
    reason: String,
    /// Which agent made it.
    made_by: Uuid,
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// When it ends by itself, if it does.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Whom to keep out: one of `visitor_id`, `customer_id` and `address`.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewBlock {
    visitor_id: Option<Uuid>,
    /// All its visitors, those that are merged into it later too.
    customer_id: Option<Uuid>,
    /// An address or a range: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. At least /8, or /16 of IPv6.
    #[schema(example = "192.0.2.0/24")]
    address: Option<String>,
    /// At most 500 characters.
    reason: Option<String>,
    /// When it ends by itself; without it, never.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<String>,
}

/// Who is kept out, newest first (supervisors and admins)
#[utoipa::path(get, path = "/blocks", operation_id = "blocks", tag = "blocks",
    security(("bearer" = []), ("cookie" = [])), responses((status = 200, body = Page<BlockView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<BlockView>>, Problem> {
    require(&who, Permission::Blocks)?;
    let now = clock::now();
    let blocks = api.services.store.blocks().await?.into_iter();
    let blocks = blocks.filter(|block| block.expires_at.is_none_or(|expiry| expiry > now));
    let masking = api.masking();
    let blocks = blocks.map(|block| Block { reason: masking.string(block.reason), ..block });
    Ok(Json(Page::whole(blocks.map(BlockView::from).collect())))
}

/// Keeps a visitor, a customer or a range of addresses out (supervisors and admins)
///
/// It ends the visitor's connections and refuses all that it asks for. Agents are never kept out by it.
#[utoipa::path(post, path = "/blocks", operation_id = "make_block", tag = "blocks", request_body = NewBlock,
    security(("bearer" = []), ("cookie" = [])), responses((status = 201, body = BlockView), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewBlock>,
) -> Result<(StatusCode, Json<BlockView>), Refused> {
    require(&who, Permission::Blocks)?;
    let now = clock::now();
    let reason = fields::lines("reason", &body.reason.unwrap_or_default(), fields::REASON_CHARS)?;
    let expires_at = body.expires_at.map(|text| fields::future("expires_at", &text, now)).transpose()?;
    let (target, detail) = match (body.visitor_id, body.customer_id, body.address) {
        (Some(id), None, None) => {
            visitors::known(&api, &who, id).await.map_err(|problem| blame(problem, "visitor_id"))?;
            (BlockTarget::Visitor(id), json!({"visitor": id}))
        }
        (None, Some(id), None) => {
            let id = customer(&api, &who, id).await.map_err(|problem| blame(problem, "customer_id"))?;
            (BlockTarget::Customer(id), json!({"customer": id}))
        }
        (None, None, Some(text)) => (BlockTarget::Range(range(&text)?), json!({"range": true})),
        _ => {
            let detail = "name one of `visitor_id`, `customer_id` and `address`";
            return Err(Problem::invalid("visitor_id", detail).into());
        }
    };
    if api.services.store.blocks().await.map_err(Problem::from)?.len() >= BLOCKS_MAX {
        let detail = format!("there are at most {BLOCKS_MAX} blocks: end some first");
        return Err(Problem::new(ErrorCode::Conflict, detail).into());
    }
    let block = Block { id: fresh_id()?, target, reason, made_by: who.id, made_at: now, expires_at };
    let change = BlockChange::Add(block.clone());
    record(&api, &who, &caller, change, "block.made", block.id, detail).await?;
    Ok((StatusCode::CREATED, Json(block.into())))
}

/// Ends a block (supervisors and admins)
#[utoipa::path(delete, path = "/blocks/{id}", operation_id = "end_block", tag = "blocks",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Ended"), SignedErrors))]
pub(super) async fn end(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require(&who, Permission::Blocks)?;
    if !api.services.store.blocks().await?.iter().any(|block| block.id == id) {
        return Err(Problem::not_found("block"));
    }
    record(&api, &who, &caller, BlockChange::Drop(id), "block.ended", id, Value::Null).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn record(
    api: &Api,
    who: &Identity,
    caller: &Caller,
    change: BlockChange,
    action: &'static str,
    id: Uuid,
    detail: Value,
) -> Result<(), Problem> {
    let services = &api.services;
    let line = audit::record(who, caller.address, action, Some(("block", id)), detail);
    let set = RecordSet { changes: vec![Change::Block(change)], audit: vec![line] };
    services.desk.record(set).await?;
    Ok(services.blocks.refresh(&services.desk, &services.store).await?)
}

/// The id that a customer has now, if `who` may know of it.
async fn customer(api: &Api, who: &Identity, id: Uuid) -> Result<Uuid, Problem> {
    let none = || Problem::not_found("customer");
    let customer = api.services.store.customer(id).await?.ok_or_else(none)?;
    let visitors = api.services.store.customer_visitors(&customer).await?;
    if visitors::may_know_any(api, who, &visitors).await? { Ok(customer.id) } else { Err(none()) }
}

/// A range of addresses in its one written form.
fn range(text: &str) -> Result<String, Problem> {
    let invalid = |detail: String| Problem::invalid("address", detail);
    let range: Network = text.trim().parse().map_err(|error| invalid(format!("{error}")))?;
    let widest = match range.first() {
        IpAddr::V4(_) => PREFIX_V4_MIN,
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => {
            return Err(invalid("write an address of IPv4 without `::ffff:`".to_owned()));
        }
        IpAddr::V6(_) => PREFIX_V6_MIN,
    };
    if range.prefix() < widest {
        return Err(invalid(format!("the range is too wide: at least /{widest}")));
    }
    Ok(range.to_string())
}

fn blame(problem: Problem, field: &'static str) -> Problem {
    Problem { field: Some(field), ..problem }
}

impl From<Block> for BlockView {
    fn from(block: Block) -> Self {
        let mut view = Self {
            id: block.id,
            visitor_id: None,
            customer_id: None,
            address: None,
            reason: block.reason,
            made_by: block.made_by,
            made_at: timestamp(block.made_at),
            expires_at: block.expires_at.map(|at: Micros| timestamp(at)),
        };
        match block.target {
            BlockTarget::Visitor(id) => view.visitor_id = Some(id),
            BlockTarget::Customer(id) => view.customer_id = Some(id),
            BlockTarget::Range(range) => view.address = Some(range),
        }
        view
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_one_form_and_a_width() {
        for (text, shown) in [
            (" 192.0.2.7 ", "192.0.2.7/32"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("2001:DB8::/32", "2001:db8::/32"),
        ] {
            assert_eq!(range(text).unwrap(), shown);
        }
        for bad in [
            "",
            "shop",
            "0.0.0.0/0",
            "10.0.0.0/7",
            "192.0.2.7/24",
            "::/0",
            "::ffff:192.0.2.7",
            "192.0.2.0/33",
        ] {
            assert_eq!(range(bad).unwrap_err().field, Some("address"), "{bad}");
        }
    }
}
