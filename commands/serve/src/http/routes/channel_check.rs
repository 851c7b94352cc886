//! Whether a channel's values are good.

use axum::{Json, extract::State};
use kefu_core::Permission;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::channels::row;
use crate::{
    audit,
    auth::{SignedAgent, require},
    channels::{Checked, check},
    http::{Api, body::Id, caller::Caller, openapi::SignedErrors, page::Page},
    problem::Problem,
};

/// What a service answered to find out whether a channel's values are good.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelCheck)]
pub(super) struct CheckView {
    /// The key of the file that describes the request.
    #[schema(example = "tokens.access")]
    key: String,
    /// Whether the file takes the answer for a good one.
    passed: bool,
    /// Its status; nothing when there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The beginning of the answer, with secrets left out; or why there is none.
    answer: String,
}

/// Asks the service whether a channel's values are good (with the permission `inboxes`)
///
/// The values that the service gives for some time are asked for anew, then what the file names as `check`, up to the first
/// that fails. The list is empty when the file has neither. Works for a channel that is off, too.
#[utoipa::path(post, path = "/channels/{id}/check", operation_id = "check_channel", tag = "channels",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<CheckView>), SignedErrors))]
pub(super) async fn run(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Page<CheckView>>, Problem> {
    require(&who, Permission::Inboxes)?;
    let steps = check(&api.services.channels, &row(&api, id).await?).await?;
    let passed = steps.iter().all(|step| step.passed);
    let line = audit::record(
        &who,
        caller.address,
        "channel.checked",
        Some(("channel", id)),
        json!({"passed": passed}),
    );
    audit::write(&api.services.desk, line).await?;
    Ok(Json(Page::whole(steps.into_iter().map(CheckView::from).collect())))
}

impl From<Checked> for CheckView {
    fn from(checked: Checked) -> Self {
        let Checked { key, passed, status, answer } = checked;
        Self { key, passed, status, answer }
    }
}
