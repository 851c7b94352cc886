use axum::{Json, extract::State};
use kefu_core::{Kept, Permission};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::{SignedAgent, require},
    clock,
    http::{Api, openapi::SignedErrors, page::Page},
    privacy::{days, outdated},
    problem::Problem,
};

/// For how long an inbox keeps things of one kind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Retention)]
pub(super) struct RetentionView {
    inbox_id: Uuid,
    /// `messages`, `files`, `tickets` or `pages`.
    #[schema(example = "messages")]
    kind: &'static str,
    /// Absent when they are kept for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    /// How many would be erased now: conversations, files, tickets or pages.
    due: u64,
}

/// For how long each inbox keeps each kind of things, and how many would go now (permission `privacy`)
#[utoipa::path(get, path = "/privacy/retention", operation_id = "retention", tag = "privacy",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<RetentionView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<RetentionView>>, Problem> {
    require(&who, Permission::Privacy)?;
    let (now, defaults) = (clock::now(), api.services.settings.privacy.retention.defaults());
    let directory = api.services.desk.directory();
    let mut inboxes: Vec<_> = directory.inboxes.values().collect();
    inboxes.sort_unstable_by_key(|inbox| inbox.key);
    let mut views = Vec::with_capacity(inboxes.len() * Kept::ALL.len());
    for inbox in inboxes {
        for kind in Kept::ALL {
            let days = days(inbox, &defaults, kind);
            let due = match days {
                Some(days) => api.services.store.outdated_count(kind, outdated(inbox, days, now)).await?,
                None => 0,
            };
            views.push(RetentionView { inbox_id: inbox.id, kind: kind.as_str(), days, due });
        }
    }
    Ok(Json(Page::whole(views)))
}
