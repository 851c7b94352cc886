use std::collections::HashMap;

use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::Visitor;
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{CustomerChange, CustomerIdentity, IDENTITIES_MAX, IdentityKind};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    customers::{Known, known, record},
    session::fresh_id,
};
use crate::{
    auth::SignedAgent,
    clock,
    http::{
        Api, Refused,
        body::{Body, Id, Ids},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::Page,
    },
    masking::Masking,
    problem::Problem,
    view::timestamp,
};

/// One way in which a customer is known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerIdentity)]
pub(super) struct IdentityView {
    id: Uuid,
    /// `web` (a visitor), `signed` (a visitor that proved the company's own id), `wechat_openid`, `wechat_unionid`,
    /// `phone` or `email`.
    #[schema(example = "phone")]
    kind: &'static str,
    /// Where the value is unique: a visitor's inbox, the app or account of WeChat; may be empty.
    scope: String,
    /// May be empty, of a visitor.
    value: String,
    /// Somebody made sure of it. A verified value belongs to one customer only.
    verified: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// An identity to add.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewIdentity {
    /// `wechat_openid`, `wechat_unionid`, `phone` or `email`.
    #[schema(example = "phone")]
    kind: String,
    value: String,
    /// Of a WeChat id, the app or account for which it is unique.
    scope: Option<String>,
    /// Whoever adds it has made sure of it. A value that is verified for another customer is refused: to merge the
    /// two is for a person to decide.
    #[serde(default)]
    verified: bool,
}

/// How a customer is known, oldest first
#[utoipa::path(get, path = "/customers/{id}/identities", operation_id = "customer_identities", tag = "customers",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<IdentityView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<Page<IdentityView>>, Problem> {
    let known = known(&api, &who, id).await?;
    let masking = api.masking();
    let items = all(&api, &known).await?.into_iter().map(|identity| identity.masked(masking));
    Ok(Json(Page::whole(items.collect())))
}

/// How a customer is known, with nothing masked.
pub(super) async fn all(
    api: &Api,
    Known { customer, visitors }: &Known,
) -> Result<Vec<IdentityView>, Problem> {
    let identities = api.services.store.customer_identities(customer).await?;
    let visitors = api.services.store.visitors(visitors).await?;
    let visitors: HashMap<_, _> = visitors.into_iter().map(|visitor| (visitor.key, visitor)).collect();
    let items = identities.into_iter().map(|identity| {
        let visitor = identity.visitor.and_then(|key| visitors.get(&key));
        match visitor {
            Some(visitor) => of_visitor(api, visitor),
            None => identity.into(),
        }
    });
    Ok(items.collect())
}

/// Adds an identity to a customer
#[utoipa::path(post, path = "/customers/{id}/identities", operation_id = "add_identity", tag = "customers",
    params(("id" = Uuid, Path)), request_body = NewIdentity, security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, body = IdentityView), SignedErrors))]
pub(super) async fn add(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<NewIdentity>,
) -> Result<(StatusCode, Json<IdentityView>), Refused> {
    let Known { customer, .. } = known(&api, &who, id).await?;
    let others = api.services.store.customer_identities(&customer).await.map_err(Problem::from)?;
    if others.iter().filter(|identity| identity.visitor.is_none()).count() >= IDENTITIES_MAX {
        let detail = format!("a customer has at most {IDENTITIES_MAX} of them");
        return Err(Problem::new(ErrorCode::Conflict, detail).into());
    }
    let (kind, value) = kind_and_value(&body.kind, &body.value)?;
    let scope = fields::line("scope", &body.scope.unwrap_or_default())?;
    let is_scoped = matches!(kind, IdentityKind::WechatOpenid | IdentityKind::WechatUnionid);
    if is_scoped == scope.is_empty() {
        let detail =
            if is_scoped { "a WeChat id needs its app or account" } else { "only WeChat ids have one" };
        return Err(Problem::invalid("scope", detail).into());
    }
    let identity = CustomerIdentity {
        id: fresh_id()?,
        kind,
        scope,
        value,
        verified: body.verified,
        visitor: None,
        created_at: clock::now(),
    };
    let detail = json!({"identity": identity.id, "kind": body.kind, "verified": body.verified});
    let change = CustomerChange::AddIdentity { customer: customer.id, identity: identity.clone() };
    let added = record(&api, &who, &caller, change, "customer.identity_added", customer.id, detail).await;
    added.map_err(|problem| match problem.code {
        ErrorCode::Conflict => Problem {
            field: Some("value"),
            detail: "this customer has it already, or it is verified for another one".into(),
            ..problem
        },
        _ => problem,
    })?;
    Ok((StatusCode::CREATED, Json(IdentityView::from(identity).masked(api.masking()))))
}

/// Takes an identity away from a customer; visitors are moved by merging only
#[utoipa::path(delete, path = "/customers/{id}/identities/{identity}", operation_id = "end_identity",
    tag = "customers", params(("id" = Uuid, Path), ("identity" = Uuid, Path)),
    security(("bearer" = []), ("cookie" = [])), responses((status = 204, description = "Gone"), SignedErrors))]
pub(super) async fn end(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Ids(id, identity): Ids,
) -> Result<StatusCode, Problem> {
    let Known { customer, .. } = known(&api, &who, id).await?;
    let identities = api.services.store.customer_identities(&customer).await?;
    let found = identities.iter().find(|other| other.id == identity);
    if found.ok_or_else(|| Problem::not_found("identity"))?.visitor.is_some() {
        return Err(Problem::new(ErrorCode::Conflict, "a visitor is moved by merging and unmerging only"));
    }
    let change = CustomerChange::DropIdentity { customer: customer.id, id: identity };
    let detail = json!({"identity": identity});
    record(&api, &who, &caller, change, "customer.identity_ended", customer.id, detail).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn kind_and_value(kind: &str, value: &str) -> Result<(IdentityKind, String), Problem> {
    match kind {
        "wechat_openid" => Ok((IdentityKind::WechatOpenid, fields::name("value", value)?)),
        "wechat_unionid" => Ok((IdentityKind::WechatUnionid, fields::name("value", value)?)),
        "phone" => {
            let number = fields::phone("value", value)?;
            if number.is_empty() { Err(Problem::invalid("value", "must not be empty")) } else { Ok(number) }
                .map(|number| (IdentityKind::Phone, number))
        }
        "email" => fields::email(value)
            .map(|email| (IdentityKind::Email, email))
            .map_err(|problem| Problem { field: Some("value"), ..problem }),
        _ => Err(Problem::invalid("kind", "must be wechat_openid, wechat_unionid, phone or email")),
    }
}

fn of_visitor(api: &Api, visitor: &Visitor) -> IdentityView {
    let directory = api.services.desk.directory();
    let inbox = directory.inboxes.get(&visitor.inbox);
    IdentityView {
        id: visitor.id,
        kind: if visitor.verified { "signed" } else { "web" },
        scope: inbox.map(|inbox| inbox.id.to_string()).unwrap_or_default(),
        value: visitor.external_id.clone().unwrap_or_default(),
        verified: visitor.verified,
        created_at: timestamp(visitor.created_at),
    }
}

impl IdentityView {
    /// The identity as agents see it.
    fn masked(self, masking: Masking) -> Self {
        let value = match self.kind {
            "phone" => masking.phone(&self.value),
            "email" => masking.email(&self.value),
            _ => masking.string(self.value),
        };
        Self { value, ..self }
    }
}

impl From<CustomerIdentity> for IdentityView {
    fn from(identity: CustomerIdentity) -> Self {
        Self {
            id: identity.id,
            kind: match identity.kind {
                IdentityKind::Visitor => "web",
                IdentityKind::WechatOpenid => "wechat_openid",
                IdentityKind::WechatUnionid => "wechat_unionid",
                IdentityKind::Phone => "phone",
                IdentityKind::Email => "email",
            },
            scope: identity.scope,
            value: identity.value,
            verified: identity.verified,
            created_at: timestamp(identity.created_at),
        }
    }
}
