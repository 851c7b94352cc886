use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use axum::body::Body;
use http::{StatusCode, header::CONTENT_LENGTH};
use http_body::Body as _;
use kefu_core::{Conversation, Micros, Principal};
use kefu_media::{Event, Multipart, MultipartError, Part};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{AuditRecord, Change, FileChange, RecordSet, StoredFile};
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    Files,
    inspection::{Inspected, inspect},
    quota::Room,
};
use crate::{clock, http::Refused, identity::Identity, problem::Problem};

/// How long a file may wait for its inspection and be inspected.
const INSPECTION_MAX: Duration = Duration::from_secs(60);

/// Bytes that are written at once.
const WRITE_BYTES: usize = 128 * 1024;

/// What a body may have besides the file: boundaries and heads.
const FORM_BYTES: u64 = 16 * 1024;

/// Longest name that is looked at, in bytes.
const RAW_NAME_BYTES_MAX: usize = 1024;

/// A request that brings a file.
pub(crate) struct Upload {
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Body,
    /// The line of the audit log that goes with the file's row.
    pub(crate) audit: Option<AuditRecord>,
}

/// A file on its way; what is not moved to its place goes with it.
pub(super) struct Incoming {
    pub(super) path: PathBuf,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // What was moved is there no more; what stays nevertheless is swept.
        fs::remove_file(&self.path).ok();
    }
}

/// What has come of a file.
struct Received {
    incoming: Incoming,
    part: Part,
}

impl Files {
    /// Takes a file for a conversation; returns when it is durable.
    ///
    /// # Errors
    /// The body is malformed or too slow, the file is not taken, or there is no room for it.
    pub(crate) async fn receive(
        self: &Arc<Self>,
        who: &Identity,
        conversation: &Conversation,
        upload: Upload,
    ) -> Result<StoredFile, Refused> {
        let outcome = self.receive_one(who, conversation, upload).await;
        match &outcome {
            Ok(file) => self.metrics.file_taken(file.size),
            Err((reason, _)) => self.metrics.file_refused(reason),
        }
        outcome.map_err(|(_, refused)| refused)
    }

    async fn receive_one(
        self: &Arc<Self>,
        who: &Identity,
        conversation: &Conversation,
        upload: Upload,
    ) -> Result<StoredFile, Refusal> {
        let busy = || refusal("busy", Problem::unavailable("too many files come in now"));
        let _place = self.uploads.try_acquire().map_err(|_| busy())?;
        let multipart = content_type(&upload).and_then(Multipart::new).map_err(|error| {
            let problem = Problem::new(ErrorCode::BadFrame, error.to_string());
            ("malformed", Refused::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem))
        })?;
        let most = self.settings.max_size.0.saturating_add(FORM_BYTES);
        let announced = announced(&upload).unwrap_or(most);
        if announced > most {
            return Err(refusal("too_large", self.too_large()));
        }
        let (now, id) = (clock::now(), fresh_id()?);
        let visitor = match who.principal {
            Principal::Visitor(visitor) => Some(visitor),
            _ => None,
        };
        let room = self.quota.take(&self.settings, &self.store, visitor, announced, now).await;
        let room = room.map_err(|problem| refusal("quota", problem))?;
        let received = self.receive_body(id, multipart, upload.body).await?;
        let file = unnamed(id, who, conversation, now);
        // From here on whoever stops waiting does not leave anything half done.
        let files = Arc::clone(self);
        let audit = upload.audit;
        let finished = self.tracker.spawn(async move { files.finish(file, received, room, audit).await });
        finished.await.unwrap_or_else(|_| Err(refusal("failed", failed())))
    }

    /// Takes a file that was fetched for a conversation; returns when it is durable.
    ///
    /// # Errors
    /// The file is not taken, or there is no room for it.
    #[cfg(feature = "channels")]
    pub(crate) async fn keep(
        self: &Arc<Self>,
        who: &Identity,
        conversation: &Conversation,
        name: String,
        bytes: &[u8],
    ) -> Result<StoredFile, Problem> {
        let kept = self.keep_one(who, conversation, name, bytes).await;
        match &kept {
            Ok(file) => self.metrics.file_taken(file.size),
            Err((reason, _)) => self.metrics.file_refused(reason),
        }
        kept.map_err(|(_, refused)| refused.into_problem())
    }

    #[cfg(feature = "channels")]
    async fn keep_one(
        self: &Arc<Self>,
        who: &Identity,
        conversation: &Conversation,
        name: String,
        bytes: &[u8],
    ) -> Result<StoredFile, Refusal> {
        let size = bytes.len() as u64;
        if size > self.settings.max_size.0 {
            return Err(refusal("too_large", self.too_large()));
        }
        let (now, id) = (clock::now(), fresh_id()?);
        let room = self.quota.take(&self.settings, &self.store, Some(conversation.visitor), size, now).await;
        let room = room.map_err(|problem| refusal("quota", problem))?;
        let path = self.store.file_dir().incoming(id).map_err(store_failed)?;
        let mut target = Target::create(&path).await?;
        let incoming = Incoming { path };
        target.write(bytes).await?;
        target.flush().await?;
        let part = Part { name: "file".to_owned(), file_name: Some(name), content_type: None };
        let file = unnamed(id, who, conversation, now);
        self.finish(file, Received { incoming, part }, room, None).await
    }

    /// Writes the body's file to the disk as it comes.
    async fn receive_body(
        &self,
        id: Uuid,
        mut multipart: Multipart,
        mut body: Body,
    ) -> Result<Received, Refusal> {
        let path = self.store.file_dir().incoming(id).map_err(store_failed)?;
        let mut target = Target::create(&path).await?;
        let incoming = Incoming { path };
        let (mut head, mut size, mut has_ended) = (None, 0u64, false);
        while let Some(chunk) = next_chunk(&mut body, self.settings.stall_timeout).await? {
            multipart.push(&chunk);
            while !has_ended && let Some(event) = multipart.next().map_err(malformed)? {
                match event {
                    Event::Part(_) if head.is_some() => {
                        let problem = Problem::invalid("file", "the body must have one part only");
                        return Err(refusal("malformed", problem));
                    }
                    Event::Part(part) => head = Some(check_part(part)?),
                    Event::Data(bytes) => {
                        size += bytes.len() as u64;
                        if size > self.settings.max_size.0 {
                            return Err(refusal("too_large", self.too_large()));
                        }
                        target.write(&bytes).await?;
                    }
                    Event::PartEnd => {}
                    Event::End => has_ended = true,
                }
            }
        }
        multipart.finish().map_err(malformed)?;
        target.flush().await?;
        let part = head.ok_or_else(|| malformed(MultipartError::Malformed))?;
        Ok(Received { incoming, part })
    }

    /// Inspects what has come, makes it durable, and gives it its row.
    async fn finish(
        &self,
        file: StoredFile,
        received: Received,
        room: Room,
        audit: Option<AuditRecord>,
    ) -> Result<StoredFile, Refusal> {
        let Received { incoming, part } = received;
        let waiting = async {
            let turn = Arc::clone(&self.inspections).acquire_owned().await;
            let (limits, types) = (self.limits(), self.settings.types.clone());
            let dir = Arc::clone(self.store.file_dir());
            tokio::task::spawn_blocking(move || {
                let _turn = turn;
                inspect(&dir, file, incoming, &part, &types, &limits)
            })
            .await
        };
        let Inspected { file } = match timeout(INSPECTION_MAX, waiting).await {
            Ok(Ok(inspected)) => inspected?,
            Ok(Err(_)) => return Err(refusal("failed", failed())),
            Err(_) => return Err(refusal("busy", Problem::unavailable("too many files come in now"))),
        };
        let changes = vec![Change::File(FileChange::Add(Box::new(file.clone())))];
        // Not its name, which may be somebody's.
        let detail =
            json!({"conversation": file.conversation_id, "type": file.media_type, "size": file.size});
        let audit = audit.map(|line| AuditRecord { target: Some(("file", file.id)), detail, ..line });
        let recorded = self.desk.record(RecordSet { changes, audit: audit.into_iter().collect() }).await;
        if let Err(problem) = recorded {
            // Who knows better than the store whether it has the row?
            if let Ok(None) = self.store.file(file.id).await {
                self.unlink(file.id).await;
            }
            return Err(refusal("failed", problem));
        }
        self.quota.add(file.size);
        drop(room);
        Ok(file)
    }

    async fn unlink(&self, id: Uuid) {
        let dir = Arc::clone(self.store.file_dir());
        // What cannot be removed is swept later.
        drop(tokio::task::spawn_blocking(move || dir.remove(id)).await);
    }

    fn too_large(&self) -> Problem {
        let detail = format!("the file is larger than {}", self.settings.max_size);
        Problem { field: Some("file"), ..Problem::new(ErrorCode::TooLarge, detail) }
    }
}

/// A file of which nothing is known yet but whose it is.
fn unnamed(id: Uuid, who: &Identity, conversation: &Conversation, now: Micros) -> StoredFile {
    StoredFile {
        id,
        conversation: conversation.key,
        conversation_id: conversation.id,
        visitor: conversation.visitor,
        uploader: who.principal,
        name: String::new(),
        media_type: String::new(),
        size: 0,
        sha256: [0; 32],
        width: None,
        height: None,
        created_at: now,
        attached_seq: None,
    }
}

/// The reason for the metrics, and the answer.
pub(super) type Refusal = (&'static str, Refused);

pub(super) fn refusal(reason: &'static str, problem: Problem) -> Refusal {
    (reason, problem.into())
}

fn content_type(upload: &Upload) -> Result<&str, MultipartError> {
    let value = upload.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.ok_or(MultipartError::ContentType)
}

/// How long the body says it is.
fn announced(upload: &Upload) -> Option<u64> {
    upload.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn check_part(part: Part) -> Result<Part, Refusal> {
    if part.name != "file" {
        return Err(refusal("malformed", Problem::invalid("file", "the only part must be called `file`")));
    }
    match &part.file_name {
        Some(name) if name.len() <= RAW_NAME_BYTES_MAX => Ok(part),
        Some(_) => {
            let problem = Problem::new(ErrorCode::TooLarge, "the name of the file is longer than 1024 bytes");
            Err(refusal("malformed", Problem { field: Some("filename"), ..problem }))
        }
        None => {
            Err(refusal("malformed", Problem::invalid("filename", "the part `file` must have a `filename`")))
        }
    }
}

fn malformed(error: MultipartError) -> Refusal {
    let field = match error {
        MultipartError::Encoding => "filename",
        _ => "file",
    };
    let code = if error == MultipartError::Head { ErrorCode::TooLarge } else { ErrorCode::BadFrame };
    refusal("malformed", Problem { field: Some(field), ..Problem::new(code, error.to_string()) })
}

pub(super) fn store_failed(error: kefu_store::StoreError) -> Refusal {
    refusal("failed", error.into())
}

pub(super) fn io_failed(error: &io::Error) -> Refusal {
    tracing::error!(error = error as &dyn std::error::Error, "an upload cannot be written");
    refusal("failed", Problem::unavailable("the file cannot be stored now"))
}

fn failed() -> Problem {
    Problem::unavailable("the file cannot be stored now")
}

fn fresh_id() -> Result<Uuid, Refusal> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(|_| refusal("failed", failed()))?;
    Ok(clock::new_id(clock::now(), &random))
}

/// The next bytes of the body; nothing at its end.
async fn next_chunk(body: &mut Body, stall: Duration) -> Result<Option<bytes::Bytes>, Refusal> {
    loop {
        let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
        match timeout(stall, frame).await {
            Ok(None) => return Ok(None),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
            Ok(Some(Err(_))) => return Err(malformed(MultipartError::Truncated)),
            Err(_) => {
                let problem = Problem::invalid("file", "the body came too slowly");
                return Err(("slow", Refused::with_status(StatusCode::REQUEST_TIMEOUT, problem)));
            }
        }
    }
}

/// The file that an upload is written to, by threads that may wait for the disk.
struct Target {
    file: Arc<File>,
    buffer: Vec<u8>,
}

impl Target {
    async fn create(path: &Path) -> Result<Self, Refusal> {
        let path = path.to_owned();
        let file =
            blocking(move || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)).await?;
        Ok(Self { file: Arc::new(file), buffer: Vec::new() })
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= WRITE_BYTES { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Refusal> {
        let (file, buffer) = (Arc::clone(&self.file), std::mem::take(&mut self.buffer));
        self.buffer = blocking(move || {
            (&*file).write_all(&buffer)?;
            let mut buffer = buffer;
            buffer.clear();
            Ok(buffer)
        })
        .await?;
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| io_failed(&error)),
        Err(_) => Err(refusal("failed", failed())),
    }
}

/// Only what is older may be what nobody works on any more.
pub(super) fn is_settled_before(
    now: Micros,
    settings: &crate::settings::FileSettings,
) -> std::time::SystemTime {
    let margin = settings.upload_timeout.saturating_mul(2).max(Duration::from_secs(60 * 60));
    let now = Duration::from_micros(now.0.max(0).unsigned_abs());
    std::time::UNIX_EPOCH + now.saturating_sub(margin)
}
