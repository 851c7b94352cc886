//! Chat services that are connected to inboxes.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use http::StatusCode;
use kefu_channel::{FileError, Given, SHIPPED, lint, shipped};
use kefu_core::{Inbox, Permission};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{Change, Channel, ChannelChange, ChannelHealth, RecordSet};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    channel_given::{GivenFiles, GivenValues, loaded, put_files, put_values},
    session::fresh_id,
};
use crate::{
    audit,
    auth::{SignedAgent, require},
    channels::{self, Values},
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

/// Most channels, all inboxes together.
const CHANNELS_MAX: usize = 200;

/// A file that comes with kefu.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelFile)]
pub(super) struct FileView {
    #[schema(example = "wechat-aes")]
    id: &'static str,
    name: String,
    /// What must be known before it is used.
    about: String,
    /// Whether a channel made of it is on unless it is said otherwise.
    enabled: bool,
    /// Names of what nobody may see.
    #[schema(example = json!(["token", "app_secret"]))]
    secrets: Vec<String>,
    /// Names of what may be shown.
    #[schema(example = json!(["app_id"]))]
    settings: Vec<String>,
    yaml: &'static str,
}

/// A chat service that is connected to an inbox.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Channel)]
pub(super) struct ChannelView {
    id: Uuid,
    inbox_id: Option<Uuid>,
    name: String,
    /// The id in its file.
    file: String,
    yaml: String,
    /// Names of the files beside it.
    #[schema(example = json!(["ticketdesk.wsdl"]))]
    files: Vec<String>,
    enabled: bool,
    version: i64,
    /// What the service is to be told to call.
    #[schema(example = "https://chat.example.com/channels/0197a9c0-0000-7000-8000-000000000000")]
    url: String,
    /// Names of secrets that have values; those are never shown.
    secrets_given: Vec<String>,
    /// Settings with their values.
    settings: BTreeMap<String, String>,
    /// What has no value yet: nothing is received or sent before that.
    #[schema(example = json!(["secret.token"]))]
    missing: Vec<String>,
    /// What is likely forgotten in its file.
    warnings: Vec<String>,
    /// Messages on their way to the service.
    waiting: u64,
    /// Messages that the service did not take.
    failed: u64,
    /// What came and could not be read.
    refused: u64,
    /// Why the last message that was tried in vain was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A chat service to connect.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewChannel {
    inbox_id: Uuid,
    /// A file that comes with kefu, by its id.
    #[schema(example = "wechat-aes")]
    file: Option<String>,
    /// A file of one's own, in the place of `file`.
    yaml: Option<String>,
    /// Descriptions of SOAP and Thrift that lie beside it, by name.
    #[serde(default)]
    files: GivenFiles,
    /// The name in the file, when it is left out.
    name: Option<String>,
    /// As the file has it, when it is left out.
    enabled: Option<bool>,
    #[serde(default)]
    values: GivenValues,
}

/// A change of a channel; what is left out stays.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct ChannelPatch {
    /// The version that the change was made for.
    version: i64,
    name: Option<String>,
    yaml: Option<String>,
    /// Files beside it; null takes one away.
    #[serde(default)]
    files: GivenFiles,
    enabled: Option<bool>,
    #[serde(default)]
    values: GivenValues,
}

/// What became of an example in a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelReport)]
pub(super) struct ReportView {
    name: String,
    passed: bool,
    /// How it differs from what is expected.
    differences: Vec<String>,
}

/// The files that come with kefu (with the permission `inboxes`)
#[utoipa::path(get, path = "/channel-files", operation_id = "channel_files", tag = "channels",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<FileView>), SignedErrors))]
pub(super) async fn files(SignedAgent(who): SignedAgent) -> Result<Json<Page<FileView>>, Problem> {
    require(&who, Permission::Inboxes)?;
    let files = SHIPPED.iter().filter_map(|(id, yaml)| {
        let file = channels::loaded(yaml, &[]).ok()?;
        Some(FileView {
            id,
            name: file.name().to_owned(),
            about: file.about().to_owned(),
            enabled: file.is_enabled(),
            secrets: file.secrets().map(str::to_owned).collect(),
            settings: file.settings().map(str::to_owned).collect(),
            yaml,
        })
    });
    Ok(Json(Page::whole(files.collect())))
}

/// Channels of all inboxes, oldest first (with the permission `inboxes`)
#[utoipa::path(get, path = "/channels", operation_id = "channels", tag = "channels",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<ChannelView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<ChannelView>>, Problem> {
    require(&who, Permission::Inboxes)?;
    let mut items = Vec::new();
    for row in api.services.store.channels().await? {
        items.push(view(&api, row).await?);
    }
    Ok(Json(Page::whole(items)))
}

/// Connects a chat service to an inbox (with the permission `inboxes`)
///
/// A file that is wrong is refused with the line of each fault.
#[utoipa::path(post, path = "/channels", operation_id = "make_channel", tag = "channels",
    request_body = NewChannel, security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, body = ChannelView), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewChannel>,
) -> Result<(StatusCode, Json<ChannelView>), Refused> {
    require(&who, Permission::Inboxes)?;
    let inbox = inbox(&api, body.inbox_id)?;
    let name = body.name.map(|name| fields::name("name", &name)).transpose()?;
    let yaml = match (body.file, body.yaml) {
        (Some(id), None) => shipped(&id).map(str::to_owned).ok_or_else(|| {
            Problem::invalid("file", "no such file comes with kefu: GET /channel-files lists them")
        })?,
        (None, Some(yaml)) => yaml,
        _ => return Err(Problem::invalid("file", "either `file` or `yaml` must be given").into()),
    };
    let mut files = Vec::new();
    put_files(&mut files, body.files)?;
    let file = loaded(&yaml, &files)?;
    let mut values = Values::default();
    put_values(&mut values, &file, body.values)?;
    let now = clock::now();
    let channel = Channel {
        key: 0,
        id: fresh_id()?,
        inbox: inbox.key,
        name: name.unwrap_or_else(|| file.name().to_owned()),
        is_enabled: body.enabled.unwrap_or(file.is_enabled()),
        sealed: api.services.channels.seal(&values)?,
        version: 1,
        created_at: now,
        updated_at: now,
        yaml,
    };
    if api.services.store.channels().await.map_err(Problem::from)?.len() >= CHANNELS_MAX {
        let detail = format!("there are {CHANNELS_MAX} channels: remove one first");
        return Err(Problem::new(ErrorCode::Conflict, detail).into());
    }
    let detail = json!({"inbox": inbox.id, "file": file.id(), "enabled": channel.is_enabled});
    let id = channel.id;
    let changes = vec![ChannelChange::Add(Box::new(channel)), ChannelChange::Files { id, files }];
    write(&api, &who, &caller, "channel.made", id, detail, changes).await?;
    Ok((StatusCode::CREATED, Json(view(&api, row(&api, id).await?).await?)))
}

/// A channel (with the permission `inboxes`)
#[utoipa::path(get, path = "/channels/{id}", operation_id = "channel", tag = "channels",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ChannelView), SignedErrors))]
pub(super) async fn get(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<ChannelView>, Problem> {
    require(&who, Permission::Inboxes)?;
    let row = row(&api, id).await?;
    view(&api, row).await.map(Json)
}

/// Changes a channel, gives it values, turns it on or off (with the permission `inboxes`)
#[utoipa::path(patch, path = "/channels/{id}", operation_id = "change_channel", tag = "channels",
    params(("id" = Uuid, Path)), request_body = ChannelPatch, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ChannelView), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<ChannelPatch>,
) -> Result<Json<ChannelView>, Refused> {
    require(&who, Permission::Inboxes)?;
    let before = row(&api, id).await?;
    if before.version != body.version {
        let detail = format!("the channel has version {} by now", before.version);
        let conflict = Problem::new(ErrorCode::Conflict, detail);
        return Err(Problem { field: Some("version"), ..conflict }.into());
    }
    let has_new_file = !body.files.is_empty() || body.yaml.as_ref().is_some_and(|yaml| *yaml != before.yaml);
    let yaml = body.yaml.unwrap_or_else(|| before.yaml.clone());
    let mut files = api.services.store.channel_files(before.key).await.map_err(Problem::from)?;
    put_files(&mut files, body.files)?;
    let file = loaded(&yaml, &files)?;
    let given: Vec<String> = body.values.secrets.keys().chain(body.values.settings.keys()).cloned().collect();
    let mut values = api.services.channels.values(&before.sealed).unwrap_or_default();
    put_values(&mut values, &file, body.values)?;
    let name = body.name.unwrap_or_else(|| before.name.clone());
    let channel = Channel {
        name: fields::name("name", &name)?,
        is_enabled: body.enabled.unwrap_or(before.is_enabled),
        sealed: match given.is_empty() {
            true => before.sealed.clone(),
            false => api.services.channels.seal(&values)?,
        },
        updated_at: clock::now(),
        yaml,
        ..before
    };
    let detail = json!({
        "enabled": channel.is_enabled, "file_changed": has_new_file, "values_given": given,
    });
    let mut changes = Vec::new();
    if !given.is_empty() || has_new_file {
        // What the service gave for other values is worth nothing.
        changes.push(ChannelChange::DropTokens { channel: channel.key, names: Vec::new() });
    }
    changes.extend([ChannelChange::Update(Box::new(channel)), ChannelChange::Files { id, files }]);
    write(&api, &who, &caller, "channel.changed", id, detail, changes).await?;
    Ok(Json(view(&api, row(&api, id).await?).await?))
}

/// Disconnects a chat service (with the permission `inboxes`)
///
/// What waits to be sent is sent no more. Conversations stay.
#[utoipa::path(delete, path = "/channels/{id}", operation_id = "remove_channel", tag = "channels",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Removed"), SignedErrors))]
pub(super) async fn remove(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require(&who, Permission::Inboxes)?;
    row(&api, id).await?;
    write(&api, &who, &caller, "channel.removed", id, json!({}), vec![ChannelChange::Remove(id)]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Carries out the examples in a channel's file (with the permission `inboxes`)
#[utoipa::path(post, path = "/channels/{id}/test", operation_id = "test_channel", tag = "channels",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<ReportView>), SignedErrors))]
pub(super) async fn test(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<Page<ReportView>>, Refused> {
    require(&who, Permission::Inboxes)?;
    let row = row(&api, id).await?;
    let files = api.services.store.channel_files(row.key).await.map_err(Problem::from)?;
    let file = loaded(&row.yaml, &files)?;
    let verdicts = tokio::task::spawn_blocking(move || file.test()).await;
    let verdicts = verdicts.map_err(|_| Problem::unavailable("the examples cannot be carried out"))?;
    let reports = verdicts.0.into_iter().map(|report| ReportView {
        passed: report.differences.is_empty(),
        name: report.name,
        differences: report.differences,
    });
    Ok(Json(Page::whole(reports.collect())))
}

pub(super) async fn row(api: &Api, id: Uuid) -> Result<Channel, Problem> {
    let rows = api.services.store.channels().await?;
    rows.into_iter().find(|row| row.id == id).ok_or_else(|| Problem::not_found("channel"))
}

fn inbox(api: &Api, id: Uuid) -> Result<Inbox, Problem> {
    let directory = api.services.desk.directory();
    let inbox = directory.inbox(id).cloned();
    inbox.ok_or_else(|| Problem::invalid("inbox_id", "there is no such inbox"))
}

async fn write(
    api: &Api,
    who: &Identity,
    caller: &Caller,
    action: &'static str,
    id: Uuid,
    detail: Value,
    changes: Vec<ChannelChange>,
) -> Result<(), Problem> {
    let audit = audit::record(who, caller.address, action, Some(("channel", id)), detail);
    let changes = changes.into_iter().map(Change::Channel).collect();
    api.services.desk.record(RecordSet { changes, audit: vec![audit] }).await?;
    Ok(api.services.channels.refresh().await?)
}

async fn view(api: &Api, row: Channel) -> Result<ChannelView, Problem> {
    let ChannelHealth { waiting, failed, last_error, refused } =
        api.services.store.channel_health(row.key).await?;
    let values = api.services.channels.values(&row.sealed);
    let files = api.services.store.channel_files(row.key).await?;
    let (file, warnings) = match channels::loaded(&row.yaml, &files) {
        Ok(file) => {
            let warnings = lint(&file, &row.yaml);
            (Some(file), warnings)
        }
        Err(errors) => (None, errors.iter().map(FileError::to_string).collect()),
    };
    let last_error = last_error.or_else(|| values.as_ref().err().cloned());
    let values = values.unwrap_or_default();
    let given = Given { secrets: values.secrets.clone(), settings: values.settings.clone() };
    let directory = api.services.desk.directory();
    let base = api.services.settings.public_url.as_deref().unwrap_or_default();
    Ok(ChannelView {
        id: row.id,
        inbox_id: directory.inboxes.get(&row.inbox).map(|inbox| inbox.id),
        name: row.name,
        file: file.as_ref().map(|file| file.id().to_owned()).unwrap_or_default(),
        yaml: row.yaml,
        files: files.into_iter().map(|(name, _)| name).collect(),
        enabled: row.is_enabled,
        version: row.version,
        url: format!("{base}/channels/{}", row.id),
        secrets_given: values.secrets.into_keys().collect(),
        settings: values.settings,
        missing: file.as_ref().map(|file| file.missing(&given)).unwrap_or_default(),
        warnings,
        waiting,
        failed,
        refused,
        last_error,
        created_at: timestamp(row.created_at),
        updated_at: timestamp(row.updated_at),
    })
}
