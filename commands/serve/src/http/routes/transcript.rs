use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{body::Body, extract::State, response::Response};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue,
    header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};
use http_body::Frame;
use jiff::tz::TimeZone;
use kefu_core::Audience;
use kefu_store::Range;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use crate::{
    audit,
    auth::Signed,
    http::{
        Api,
        body::{Id, Parameters},
        caller::Caller,
        openapi::SignedErrors,
    },
    identity::Identity,
    problem::Problem,
    services::Services,
    transcript::{Format, Scribe, zone},
    view::ConversationView,
};

/// Messages that are in memory at once: about 2 MiB of the longest ones.
const PAGE: usize = 32;

/// How the transcript is written.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TranscriptQuery {
    /// `text` (when left out), `json` or `html`.
    format: Option<String>,
    /// Name of the time zone that times are written in; UTC when left out.
    #[param(example = "Asia/Shanghai")]
    tz: Option<String>,
}

/// A conversation written out, as a file; visitors get no notes
#[utoipa::path(get, path = "/conversations/{id}/transcript", operation_id = "transcript", tag = "messages",
    params(("id" = Uuid, Path), TranscriptQuery), security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The conversation up to now", content(
            (String = "text/plain"), (String = "application/json"), (String = "text/html"))),
        SignedErrors,
    ))]
pub(super) async fn get(
    State(api): State<Api>,
    Signed(who): Signed,
    caller: Caller,
    Id(id): Id,
    Parameters(query): Parameters<TranscriptQuery>,
) -> Result<Response, Problem> {
    let format = Format::from_word(query.format.as_deref().unwrap_or("text"));
    let format = format.ok_or_else(|| Problem::invalid("format", "must be text, json or html"))?;
    let zone = match query.tz.as_deref() {
        None => TimeZone::UTC,
        Some(name) => zone(name).ok_or_else(|| Problem::invalid("tz", "there is no such time zone"))?,
    };
    let conversation = api.services.desk.conversation(&who, id).await?;
    if who.audience() == Audience::Agent {
        let (target, detail) = (Some(("conversation", id)), json!({"format": format.extension()}));
        let line = audit::record(&who, caller.address, "transcript.exported", target, detail);
        audit::write(&api.services.desk, line).await?;
    }
    let source =
        Source { services: api.services.clone(), who, scribe: Scribe { format, zone }, conversation };
    let mut response = Response::new(Body::new(Pages::of(source)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    // An id is the only part of the name that comes from outside.
    let disposition = format!("attachment; filename=\"conversation-{id}.{}\"", format.extension());
    if let Ok(disposition) = HeaderValue::try_from(disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// What a transcript is made from: what the conversation was when it was asked for.
struct Source {
    services: Services,
    who: Identity,
    scribe: Scribe,
    conversation: ConversationView,
}

impl Source {
    /// What follows `place`, and where it goes on.
    async fn step(self: Arc<Self>, place: Place) -> Result<(Bytes, Option<Place>), Problem> {
        let Place::After(seq) = place else {
            return Ok((self.scribe.head(&self.conversation).into(), Some(Place::After(0))));
        };
        let range = Range::After { seq, limit: PAGE };
        let (mut messages, has_more) =
            self.services.desk.messages(&self.who, self.conversation.id, range).await?;
        // A conversation that goes on does not keep its transcript from its end.
        let last_seq = self.conversation.last_seq;
        messages.retain(|message| message.seq <= last_seq);
        let mut text = self.scribe.page(&messages, seq == 0);
        let next = messages.last().map(|last| last.seq).filter(|seq| has_more && *seq < last_seq);
        if next.is_none() {
            text.push_str(self.scribe.foot());
        }
        Ok((text.into(), next.map(Place::After)))
    }
}

/// Where a transcript stands.
#[derive(Clone, Copy)]
enum Place {
    Begin,
    /// This message is written.
    After(u64),
}

type Step = Pin<Box<dyn Future<Output = Result<(Bytes, Option<Place>), Problem>> + Send>>;

/// The body: a page is read when the one before it was taken.
struct Pages {
    source: Arc<Source>,
    step: Option<Step>,
}

impl Pages {
    fn of(source: Source) -> Self {
        let source = Arc::new(source);
        let step: Step = Box::pin(Arc::clone(&source).step(Place::Begin));
        Self { source, step: Some(step) }
    }
}

impl http_body::Body for Pages {
    type Data = Bytes;
    type Error = Problem;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Problem>>> {
        let Some(step) = self.step.as_mut() else { return Poll::Ready(None) };
        let outcome = ready!(step.as_mut().poll(context));
        self.step = None;
        let (bytes, next) = match outcome {
            Ok(done) => done,
            Err(problem) => return Poll::Ready(Some(Err(problem))),
        };
        if let Some(place) = next {
            self.step = Some(Box::pin(Arc::clone(&self.source).step(place)));
        }
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}
