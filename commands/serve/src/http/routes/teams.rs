use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Permission, Team, TeamSettings};
use kefu_protocol::frame::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    audit,
    auth::{SignedAgent, require, require_scope},
    desk::TeamChange,
    http::{
        Api, Refused,
        body::{Body, Id},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::Page,
    },
    problem::Problem,
    view::timestamp,
};

/// A team.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Team)]
pub(super) struct TeamView {
    id: Uuid,
    name: String,
    #[schema(value_type = Object, example = json!({"strategy": "least_busy", "accept_timeout_s": 30}))]
    settings: TeamSettings,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Goes into a change, to say what it is a change of.
    version: u32,
}

/// A new team.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewTeam {
    name: String,
    /// `strategy` (`least_busy`, `round_robin`, `skill`), `sticky` {`window_s`, `wait_s`}, `overflow` {`after_s`,
    /// `team_id`}, `accept_timeout_s`, `max_queue`, `relax_after_s`; all may be left out.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    settings: TeamSettings,
}

/// What changes of a team; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct TeamPatch {
    /// The version that the change was made for: with another one it is a conflict that names what others changed.
    /// Without it the change is made whatever there is.
    version: Option<u32>,
    name: Option<String>,
    /// Replaces all settings.
    #[schema(value_type = Option<Object>)]
    settings: Option<TeamSettings>,
}

/// All teams
#[utoipa::path(get, path = "/teams", operation_id = "teams", tag = "teams",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<TeamView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<TeamView>>, Problem> {
    require_scope(
        &who,
        &[Permission::Chat, Permission::AllConversations, Permission::Teams, Permission::Tickets],
    )?;
    let directory = api.services.desk.directory();
    let mut teams: Vec<_> = directory.teams.values().cloned().collect();
    teams.sort_unstable_by_key(|team| team.key);
    Ok(Json(Page::whole(teams.into_iter().map(TeamView::from).collect())))
}

/// Makes a team
#[utoipa::path(post, path = "/teams", operation_id = "make_team", tag = "teams", request_body = NewTeam,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, body = TeamView), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewTeam>,
) -> Result<(StatusCode, Json<TeamView>), Refused> {
    require(&who, Permission::Teams)?;
    check(&api, None, &body.settings)?;
    let audit = audit::record(&who, caller.address, "team.made", None, json!({"settings": body.settings}));
    let change = TeamChange {
        name: Some(fields::name("name", &body.name)?),
        settings: Some(body.settings),
        audit: Some(audit),
        ..TeamChange::default()
    };
    let team = api.services.desk.put_team(change).await?;
    Ok((StatusCode::CREATED, Json(team.into())))
}

/// Changes a team
#[utoipa::path(patch, path = "/teams/{id}", operation_id = "change_team", tag = "teams",
    params(("id" = Uuid, Path)), request_body = TeamPatch, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = TeamView), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<TeamPatch>,
) -> Result<Json<TeamView>, Refused> {
    require(&who, Permission::Teams)?;
    if let Some(settings) = &body.settings {
        check(&api, Some(id), settings)?;
    }
    let changed = json!({"name": body.name.is_some(), "settings": body.settings});
    let change = TeamChange {
        id: Some(id),
        seen: body.version,
        name: body.name.map(|name| fields::name("name", &name)).transpose()?,
        settings: body.settings,
        audit: Some(audit::record(&who, caller.address, "team.changed", None, changed)),
        ..TeamChange::default()
    };
    Ok(Json(api.services.desk.put_team(change).await?.into()))
}

/// Takes a team away; what waits for it waits for anybody
#[utoipa::path(delete, path = "/teams/{id}", operation_id = "end_team", tag = "teams",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "It is gone"), SignedErrors))]
pub(super) async fn end(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require(&who, Permission::Teams)?;
    let audit = Some(audit::record(&who, caller.address, "team.ended", None, json!({})));
    let change = TeamChange { id: Some(id), ends: true, audit, ..TeamChange::default() };
    drop(api.services.desk.put_team(change).await?);
    Ok(StatusCode::NO_CONTENT)
}

/// Holds the settings against their limits, and the team that helps out against those that there are.
fn check(api: &Api, id: Option<Uuid>, settings: &TeamSettings) -> Result<(), Problem> {
    settings.check()?;
    let Some(overflow) = settings.overflow else { return Ok(()) };
    if Some(overflow.team_id) == id {
        return Err(Problem::invalid("settings.overflow.team_id", "a team cannot help itself out"));
    }
    match api.services.desk.directory().team(overflow.team_id) {
        Some(_) => Ok(()),
        None => Err(Problem::invalid("settings.overflow.team_id", "there is no such team")),
    }
}

impl From<Team> for TeamView {
    fn from(team: Team) -> Self {
        Self {
            id: team.id,
            name: team.name,
            settings: team.settings,
            created_at: timestamp(team.created_at),
            version: team.versions.version(),
        }
    }
}
