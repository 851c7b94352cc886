use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Permission, Principal};
use kefu_protocol::frame::Timestamp;
use kefu_store::{PAGES_MAX, PageVisit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::visitors::known;
use crate::{
    auth::{SignedAgent, SignedVisitor, require},
    clock,
    http::{
        Api, Refused,
        body::{Body, Id},
        fields,
        openapi::SignedErrors,
        page::Page,
    },
    masking::Masking,
    problem::Problem,
    view::timestamp,
};

/// A page that the visitor looks at now.
#[derive(Deserialize, ToSchema)]
pub(super) struct PageBody {
    /// With `http://` or `https://`, at most 2 KiB. Credentials and the fragment are not kept.
    #[schema(example = "https://shop.example/cart")]
    url: String,
    /// What the page calls itself; cut after 300 characters.
    title: Option<String>,
    /// From which page it came, like `url`; may be empty.
    referrer: Option<String>,
}

/// A page that a visitor looked at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PageVisit)]
pub(super) struct PageView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    url: String,
    /// May be empty.
    title: String,
    /// May be empty.
    referrer: String,
}

/// Tells which page the visitor looks at; the last 100 are kept
#[utoipa::path(post, path = "/widget/pages", operation_id = "add_page", tag = "widget", request_body = PageBody,
    security(("bearer" = [])), responses((status = 204, description = "Taken"), SignedErrors))]
pub(super) async fn add(
    State(api): State<Api>,
    SignedVisitor(who): SignedVisitor,
    Body(body): Body<PageBody>,
) -> Result<StatusCode, Refused> {
    let Principal::Visitor(visitor) = who.principal else { return Err(Problem::forbidden().into()) };
    let referrer = body.referrer.filter(|referrer| !referrer.trim().is_empty());
    let visit = PageVisit {
        at: clock::now(),
        url: fields::page_url("url", &body.url)?,
        title: fields::title(&body.title.unwrap_or_default()),
        referrer: referrer.map(|url| fields::page_url("referrer", &url)).transpose()?.unwrap_or_default(),
    };
    api.services.trails.add(visitor, visit)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The last pages that a visitor looked at, newest first
#[utoipa::path(get, path = "/visitors/{id}/pages", operation_id = "pages", tag = "visitors",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<PageView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<Page<PageView>>, Problem> {
    require(&who, Permission::Customers)?;
    let visitor = known(&api, &who, id).await?;
    let waiting = api.services.trails.of(visitor.key);
    let written = api.services.store.page_visits(visitor.key).await?;
    let visits = waiting.into_iter().rev().chain(written).take(PAGES_MAX);
    let masking = api.masking();
    Ok(Json(Page::whole(visits.map(|visit| PageView::from(visit).masked(masking)).collect())))
}

impl PageView {
    /// The page as agents see it.
    fn masked(self, masking: Masking) -> Self {
        Self {
            url: masking.string(self.url),
            title: masking.string(self.title),
            referrer: masking.string(self.referrer),
            ..self
        }
    }
}

impl From<PageVisit> for PageView {
    fn from(visit: PageVisit) -> Self {
        Self { at: timestamp(visit.at), url: visit.url, title: visit.title, referrer: visit.referrer }
    }
}
