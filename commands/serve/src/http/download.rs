//! The bytes of files, under signed addresses.
//!
//! What is served came from strangers: it is never sniffed, never runs, and only pictures, sounds and videos are shown
//! in place. Its type and name are those of the store.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
        CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_RANGE, RANGE, REFERRER_POLICY,
    },
};
use http_body::{Frame, SizeHint};
use kefu_media::{Family, MediaType};
use kefu_protocol::frame::ErrorCode;
use kefu_store::StoredFile;
use serde::Deserialize;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{Api, Refused, body::Parameters};
use crate::{clock, files::percent, problem::Problem};

/// Bytes that are read at once.
const READ_BYTES: u64 = 64 * 1024;

/// What a signed address says.
#[derive(Debug, Deserialize)]
pub(super) struct Signature {
    #[serde(default)]
    expires: String,
    #[serde(default)]
    signature: String,
}

/// Serves a file, or a range of it.
pub(super) async fn serve(
    State(api): State<Api>,
    path: Result<Path<(String, String)>, PathRejection>,
    Parameters(query): Parameters<Signature>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let nothing = || Problem::not_found("file");
    let Path((id, name)) = path.map_err(|_| nothing())?;
    let id = Uuid::try_parse(&id).map_err(|_| nothing())?;
    let Signature { expires, signature } = query;
    if !api.services.files.links().is_valid(id, &expires, &signature, clock::now()) {
        let problem =
            Problem::new(ErrorCode::Forbidden, "the address is not valid, or not any more: get a fresh one");
        return Err(Problem { field: Some("signature"), ..problem }.into());
    }
    // What was taken back or erased has no row, whatever addresses are left.
    let mut file = api.services.store.file(id).await.map_err(Problem::from)?.ok_or_else(nothing)?;
    // Who was told the name with personal data masked does not get it whole here.
    if name != file.name {
        file.name = api.masking().string(file.name);
    }
    let path = api.services.store.file_dir().path(id);
    let opened = tokio::task::spawn_blocking(move || File::open(path)).await;
    let source = match opened {
        Ok(Ok(source)) => source,
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => return Err(nothing().into()),
        Ok(Err(error)) => {
            tracing::error!(%id, error = &error as &dyn std::error::Error, "a file cannot be read");
            return Err(Problem::unavailable("the file cannot be read now").into());
        }
        Err(_) => return Err(Problem::unavailable("the file cannot be read now").into()),
    };
    respond(&file, source, &headers)
}

fn respond(file: &StoredFile, source: File, request: &HeaderMap) -> Result<Response, Refused> {
    let tag =
        format!("\"{}\"", file.sha256.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>());
    let same = request.get(IF_RANGE).is_none_or(|seen| seen.as_bytes() == tag.as_bytes());
    let asked = request.get(RANGE).filter(|_| same).and_then(|range| range.to_str().ok());
    let range = asked.map_or(Range::All, |asked| Range::parse(asked, file.size));
    let (start, end) = match range {
        Range::All => (0, file.size),
        Range::Part { start, end } => (start, end),
        Range::Beyond => {
            let problem = Problem::new(ErrorCode::BadFrame, "the file has no such range");
            let refused = Refused::with_status(
                StatusCode::RANGE_NOT_SATISFIABLE,
                Problem { field: Some("range"), ..problem },
            );
            return Err(refused);
        }
    };
    let body = FileBody { source: Arc::new(source), at: start, end, step: None };
    let mut response = Response::new(Body::new(body));
    if let Range::Part { .. } = range {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    set(CONTENT_TYPE, file.media_type.clone());
    set(CONTENT_LENGTH, (end - start).to_string());
    set(CONTENT_DISPOSITION, disposition(file));
    set(ETAG, tag);
    if let Range::Part { .. } = range {
        set(CONTENT_RANGE, format!("bytes {start}-{}/{}", end - 1, file.size));
    }
    for (name, value) in [
        (ACCEPT_RANGES, "bytes"),
        (CACHE_CONTROL, "private, max-age=3600, immutable"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (REFERRER_POLICY, "no-referrer"),
        // Widgets show pictures on pages of other sites.
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// Pictures, sounds and videos are shown where they are; everything else is saved. The name stands there twice, see
/// RFC 6266 appendix D.
fn disposition(file: &StoredFile) -> String {
    let media_type: Option<MediaType> = file.media_type.parse().ok();
    let is_shown = media_type.is_some_and(|known| known.family() != Family::Document);
    let how = if is_shown { "inline" } else { "attachment" };
    let plain: String = file.name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{}", percent(&file.name))
}

fn is_plain(c: char) -> bool {
    (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%')
}

/// The part of a file that is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Range {
    All,
    /// From `start` up to `end`, which is not in it.
    Part {
        start: u64,
        end: u64,
    },
    Beyond,
}

impl Range {
    /// Reads a `Range`; what is malformed or asks for several parts is answered by the whole (RFC 9110 §14.2).
    fn parse(text: &str, size: u64) -> Self {
        let number =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
            return Self::All;
        };
        let (start, end) = match (first, last) {
            ("", last) => match number(last) {
                Some(0) => return Self::Beyond,
                Some(count) => (size.saturating_sub(count), size),
                None => return Self::All,
            },
            (first, "") => match number(first) {
                Some(start) => (start, size),
                None => return Self::All,
            },
            (first, last) => match (number(first), number(last)) {
                (Some(start), Some(last)) if start <= last => (start, last.saturating_add(1).min(size)),
                _ => return Self::All,
            },
        };
        if start >= size { Self::Beyond } else { Self::Part { start, end } }
    }
}

/// A part of a file as a body: the next bytes are read when those before them were taken.
struct FileBody {
    source: Arc<File>,
    at: u64,
    end: u64,
    step: Option<JoinHandle<io::Result<Bytes>>>,
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.at >= self.end {
            return Poll::Ready(None);
        }
        let (source, at) = (Arc::clone(&self.source), self.at);
        let len = (self.end - at).min(READ_BYTES) as usize;
        let step = self.step.get_or_insert_with(|| {
            tokio::task::spawn_blocking(move || {
                let mut bytes = vec![0; len];
                source.read_exact_at(&mut bytes, at).map(|()| bytes.into())
            })
        });
        let read = ready!(Pin::new(step).poll(context)).unwrap_or_else(|error| Err(io::Error::other(error)));
        self.step = None;
        if let Ok(bytes) = &read {
            self.at += bytes.len() as u64;
        }
        Poll::Ready(Some(read.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.at >= self.end
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.end - self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let part = |start, end| Range::Part { start, end };
        for (text, range) in [
            ("bytes=0-", part(0, 10)),
            ("bytes=2-4", part(2, 5)),
            ("bytes=9-99", part(9, 10)),
            ("bytes=-3", part(7, 10)),
            ("bytes=-99", part(0, 10)),
            ("bytes=10-", Range::Beyond),
            ("bytes=-0", Range::Beyond),
            ("bytes=4-2", Range::All),
            ("bytes=0-1,3-4", Range::All),
            ("bytes=+1-2", Range::All),
            ("bytes=", Range::All),
            ("bytes=-", Range::All),
            ("lines=0-1", Range::All),
            ("bytes=99999999999999999999-", Range::All),
        ] {
            assert_eq!(Range::parse(text, 10), range, "{text}");
        }
    }
}
