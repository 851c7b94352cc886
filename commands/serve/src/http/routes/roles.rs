use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{CustomRole, Permission, Rights};
use kefu_protocol::frame::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    audit,
    auth::{SignedAgent, require, require_scope},
    desk::RoleChange,
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

/// One thing that somebody may do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Permission)]
pub(super) struct PermissionView {
    /// The word that stands for it.
    #[schema(value_type = String, example = "conversations.all")]
    permission: Permission,
    en: &'static str,
    zh: &'static str,
}

/// A role of the company's own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Role)]
pub(super) struct RoleView {
    id: Uuid,
    name: String,
    #[schema(value_type = Vec<String>, example = json!(["chat", "reports"]))]
    permissions: Vec<Permission>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A new role.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewRole {
    /// No two roles have the same one.
    name: String,
    /// Words of `GET /permissions`, none that the caller does not have.
    #[schema(example = json!(["chat", "reports"]))]
    permissions: Vec<String>,
}

/// What changes of a role; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct RolePatch {
    name: Option<String>,
    /// Connections of the agents who have the role are closed, and begin anew with these.
    permissions: Option<Vec<String>>,
}

/// What there is to be allowed
#[utoipa::path(get, path = "/permissions", operation_id = "permissions", tag = "roles",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<PermissionView>), SignedErrors))]
pub(super) async fn permissions(
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<PermissionView>>, Problem> {
    require_scope(&who, &[Permission::Keys, Permission::Agents])?;
    let view = |permission| {
        let (en, zh) = describe(permission);
        PermissionView { permission, en, zh }
    };
    Ok(Json(Page::whole(Permission::ALL.into_iter().map(view).collect())))
}

/// The company's own roles
#[utoipa::path(get, path = "/roles", operation_id = "roles", tag = "roles",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<RoleView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<RoleView>>, Problem> {
    require_scope(&who, &[Permission::Keys, Permission::Agents])?;
    let directory = api.services.desk.directory();
    let mut roles: Vec<_> = directory.roles.values().cloned().collect();
    roles.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(Json(Page::whole(roles.into_iter().map(RoleView::from).collect())))
}

/// Makes a role (with the permission `keys`)
#[utoipa::path(post, path = "/roles", operation_id = "make_role", tag = "roles", request_body = NewRole,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, body = RoleView), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewRole>,
) -> Result<(StatusCode, Json<RoleView>), Refused> {
    require(&who, Permission::Keys)?;
    let rights = granted(&who, "permissions", &body.permissions)?;
    let detail = json!({"permissions": rights.iter().collect::<Vec<_>>()});
    let change = RoleChange {
        id: None,
        name: Some(fields::name("name", &body.name)?),
        rights: Some(rights),
        audit: Some(audit::record(&who, caller.address, "role.made", None, detail)),
    };
    let role = api.services.desk.put_role(change).await?;
    Ok((StatusCode::CREATED, Json(role.into())))
}

/// Changes a role (with the permission `keys`)
#[utoipa::path(patch, path = "/roles/{id}", operation_id = "change_role", tag = "roles",
    params(("id" = Uuid, Path)), request_body = RolePatch, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = RoleView), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<RolePatch>,
) -> Result<Json<RoleView>, Refused> {
    require(&who, Permission::Keys)?;
    check_reach(&api, &who, id)?;
    let rights = body.permissions.map(|words| granted(&who, "permissions", &words)).transpose()?;
    let detail = json!({
        "name": body.name.is_some(),
        "permissions": rights.map(|rights| rights.iter().collect::<Vec<_>>()),
    });
    let change = RoleChange {
        id: Some(id),
        name: body.name.map(|name| fields::name("name", &name)).transpose()?,
        rights,
        audit: Some(audit::record(&who, caller.address, "role.changed", None, detail)),
    };
    Ok(Json(api.services.desk.put_role(change).await?.into()))
}

/// Deletes a role that no agent has (with the permission `keys`)
#[utoipa::path(delete, path = "/roles/{id}", operation_id = "delete_role", tag = "roles",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Deleted"), SignedErrors))]
pub(super) async fn delete(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require(&who, Permission::Keys)?;
    check_reach(&api, &who, id)?;
    let audit = audit::record(&who, caller.address, "role.deleted", None, json!({}));
    api.services.desk.drop_role(id, audit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Nobody changes a role that brings more than he has.
fn check_reach(api: &Api, who: &Identity, role: Uuid) -> Result<(), Problem> {
    let directory = api.services.desk.directory();
    let role = directory.roles.get(&role).ok_or_else(|| Problem::not_found("role"))?;
    if who.rights.include(role.rights) { Ok(()) } else { Err(Problem::forbidden()) }
}

/// Rights by their words, none that `who` does not have.
pub(super) fn granted(who: &Identity, field: &'static str, words: &[String]) -> Result<Rights, Problem> {
    let rights = fields::rights(field, words)?;
    if who.rights.include(rights) {
        return Ok(rights);
    }
    let detail = "nobody can grant what he does not have himself";
    Err(Problem { field: Some(field), detail: detail.into(), ..Problem::forbidden() })
}

impl From<CustomRole> for RoleView {
    fn from(role: CustomRole) -> Self {
        Self {
            id: role.id,
            name: role.name,
            permissions: role.rights.iter().collect(),
            created_at: timestamp(role.created_at),
        }
    }
}

/// What a permission allows, in English and Chinese.
fn describe(permission: Permission) -> (&'static str, &'static str) {
    match permission {
        Permission::Chat => {
            ("Answer own conversations, take waiting ones", "接待自己的会话,接入排队中的会话")
        }
        Permission::AllConversations => {
            ("Read, join, transfer and end every conversation", "查看、加入、转接和结束所有会话")
        }
        Permission::Customers => ("Read, change and merge customers", "查看、修改和合并客户资料"),
        Permission::Blocks => ("Block visitors and addresses", "屏蔽访客和网络地址"),
        Permission::Reveal => ("See personal data unmasked, with a reason", "填写理由后查看未脱敏的个人信息"),
        Permission::Tickets => ("Read, make and work on tickets", "查看、创建和处理工单"),
        Permission::Knowledge => ("Change the knowledge base", "修改知识库"),
        Permission::Shared => ("Change shared canned replies and tags", "修改共用的快捷回复和标签"),
        Permission::Reports => ("Read and export statistics", "查看和导出统计"),
        Permission::Agents => ("Make and change agents", "创建和修改客服账号"),
        Permission::Teams => ("Make and change teams, skills and routing", "设置团队、技能和会话分配"),
        Permission::Inboxes => {
            ("Make and change inboxes, hours, bots and words", "设置收件箱、服务时间、机器人和敏感词")
        }
        Permission::Keys => ("Make and change roles and API keys", "创建和修改角色与 API 密钥"),
        Permission::Privacy => (
            "Export and erase customers, set retention and holds",
            "导出和删除客户数据,设置保留期限和法务保全",
        ),
        Permission::Audit => ("Read and verify the audit log", "查看和校验审计日志"),
        Permission::Gateway => {
            ("Call other systems through the gateway, with a key", "使用密钥通过网关调用其他系统")
        }
        Permission::Graphql => (
            "Ask the data layer, as far as its configuration lets the role",
            "查询数据层,范围由数据层配置按角色限定",
        ),
    }
}
