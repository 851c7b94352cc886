use axum::{Json, extract::State};
use kefu_core::Permission;
use kefu_protocol::frame::Timestamp;
use kefu_store::ShadowCall;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::{SignedAgent, require},
    http::{
        Api,
        body::Parameters,
        openapi::SignedErrors,
        page::{Page, cursor, limit},
    },
    problem::Problem,
    view::timestamp,
};

/// Which part of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// From the page before.
    cursor: Option<String>,
    /// 1 to 500; 50 when it is left out.
    #[param(value_type = Option<u16>)]
    limit: Option<String>,
}

/// A call that a rehearsal did not make.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShadowCall)]
pub(super) struct CallView {
    /// 1, 2, 3 …
    number: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(example = "syslog")]
    kind: String,
    /// Whom it would have reached.
    target: String,
    /// What it was about, without its body.
    summary: String,
}

/// What a rehearsal (`kefu serve --shadow`) did not send, newest first (with the permission `audit`)
///
/// The newest 100,000 are kept. A daemon that is no rehearsal has none.
#[utoipa::path(get, path = "/shadow/calls", operation_id = "shadow_calls", tag = "audit", params(ListQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<CallView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<CallView>>, Problem> {
    require(&who, Permission::Audit)?;
    let before = cursor(query.cursor.as_deref())?.map(|(number, _)| number);
    let limit = limit(query.limit.as_deref())?;
    let mut calls = api.services.store.shadow_calls(before, limit + 1).await?;
    let has_more = calls.len() > limit;
    calls.truncate(limit);
    let next = calls.last().filter(|_| has_more).map(|call| (call.number, 0));
    Ok(Json(Page::part(calls.into_iter().map(CallView::from).collect(), next)))
}

impl From<ShadowCall> for CallView {
    fn from(call: ShadowCall) -> Self {
        let ShadowCall { number, at, kind, target, summary } = call;
        Self { number, at: timestamp(at), kind, target, summary }
    }
}
