use axum::{
    Json,
    extract::{Request, State},
};
use http::StatusCode;
use kefu_core::{Action, Audience, FileData, MessageKind};
use kefu_protocol::frame::Timestamp;
use kefu_store::StoredFile;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    audit,
    auth::Signed,
    clock,
    files::Upload,
    http::{Api, Refused, body::Id, caller::Caller, openapi::SignedErrors},
    identity::Identity,
    problem::Problem,
    view::timestamp,
};

/// The body of an upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read as it comes in")]
pub(super) struct UploadForm {
    /// The only part. Its `filename` is kept as the file's name, its `Content-Type` must fit the bytes.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A file of a conversation.
#[derive(Serialize, ToSchema)]
pub(super) struct FileView {
    id: Uuid,
    conversation_id: Uuid,
    /// As it was sent, without what is dangerous in names.
    name: String,
    /// Bytes.
    size: u64,
    #[schema(example = "image/png")]
    media_type: String,
    /// The kind of message that fits it best: `image`, `voice`, `video` or `file`.
    #[schema(value_type = String, example = "image")]
    kind: MessageKind,
    /// Pixels, of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    /// Pixels, of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    /// Number of the message that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    /// Where it can be fetched for a while, without a token.
    url: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Uploads a file, to be sent with a message within 24 hours; answered once it is durable
///
/// A picture is stored without EXIF, XMP, comments and what else is not the picture; it stays turned as it was.
#[utoipa::path(post, path = "/conversations/{id}/files", operation_id = "upload_file", tag = "files",
    params(("id" = Uuid, Path)), request_body(content = UploadForm, content_type = "multipart/form-data"),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, description = "Durable", body = FileView), SignedErrors))]
pub(super) async fn upload(
    State(api): State<Api>,
    Signed(who): Signed,
    caller: Caller,
    Id(id): Id,
    request: Request,
) -> Result<(StatusCode, Json<FileView>), Refused> {
    let conversation = api.services.desk.head(&who, id, Action::Write).await?;
    api.services.limits.message(who.principal, clock::now())?;
    let (parts, body) = request.into_parts();
    let audit = (who.audience() == Audience::Agent)
        .then(|| audit::record(&who, caller.address, "file.uploaded", None, json!({})));
    let upload = Upload { headers: parts.headers, body, audit };
    let file = Box::pin(api.services.files.receive(&who, &conversation, upload)).await?;
    Ok((StatusCode::CREATED, Json(view(&api, &who, file))))
}

/// A file, with an address where it can be fetched
#[utoipa::path(get, path = "/files/{id}", operation_id = "file", tag = "files",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = FileView), SignedErrors))]
pub(super) async fn get(
    State(api): State<Api>,
    Signed(who): Signed,
    Id(id): Id,
) -> Result<Json<FileView>, Problem> {
    let nothing = || Problem::not_found("file");
    let file = api.services.store.file(id).await?.ok_or_else(nothing)?;
    // Until it is sent, it is its uploader's alone.
    if file.attached_seq.is_none() && file.uploader != who.principal {
        return Err(nothing());
    }
    api.services.desk.head(&who, file.conversation_id, Action::Read).await.map_err(|_| nothing())?;
    Ok(Json(view(&api, &who, file)))
}

fn view(api: &Api, who: &Identity, file: StoredFile) -> FileView {
    let file = StoredFile { name: api.masking().of(who.audience()).string(file.name), ..file };
    let data = FileData {
        file_id: file.id,
        name: (&*file.name).into(),
        size: file.size,
        media_type: (&*file.media_type).into(),
        width: file.width,
        height: file.height,
        duration_ms: None,
    };
    FileView {
        kind: data.kind(),
        url: api.services.files.links().address(file.id, &file.name, clock::now()).unwrap_or_default(),
        id: file.id,
        conversation_id: file.conversation_id,
        size: file.size,
        width: file.width,
        height: file.height,
        seq: file.attached_seq,
        created_at: timestamp(file.created_at),
        name: file.name,
        media_type: file.media_type,
    }
}
