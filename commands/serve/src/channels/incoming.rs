use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, RawQuery, State},
    middleware,
    response::Response,
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use kefu_channel::{Method, Received, Reply, Request, Verdict};
use kefu_store::ChannelChange;
use uuid::Uuid;

use super::{
    Channels, Live,
    arrival::arrivals,
    millis,
    refused::{Original, refusal},
};
use crate::{clock, desk::Arrivals, http::envelope, problem::Problem, services::Services};

/// Where services post what they have: `/channels/{id}`.
pub(crate) fn router(services: Services) -> Router {
    Router::new()
        .route("/channels/{id}", get(ask).post(post))
        .layer(middleware::from_fn_with_state(services.clone(), envelope))
        .with_state(services)
}

async fn ask(
    State(services): State<Services>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    take(&services, &id, Method::Get, query, &headers, Body::empty()).await
}

async fn post(
    State(services): State<Services>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take(&services, &id, Method::Post, query, &headers, body).await
}

async fn take(
    services: &Services,
    id: &str,
    method: Method,
    query: Option<String>,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let channels = &services.channels;
    let live = Uuid::try_parse(id).ok().and_then(|id| channels.get(id));
    let Some(live) = live else { return bare(StatusCode::NOT_FOUND) };
    let Ok(body) = to_bytes(body, live.file.body_bytes_max()).await else {
        channels.metrics.channel_received("too_large");
        return bare(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let headers = headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let original = Original {
        method: method.as_str().to_owned(),
        query: query.unwrap_or_default(),
        headers: headers.collect(),
        body: body.to_vec(),
    };
    let received = live.file.receive(&original.request(method), &live.given, millis(clock::now()));
    match received.verdict {
        Verdict::Accepted | Verdict::Handshake => {}
        Verdict::Unverified(ref why) => {
            channels.metrics.channel_received("unverified");
            tracing::info!(channel = %live.row.id, why, "a request is not from the service");
        }
        Verdict::Malformed(ref fault) => {
            channels.metrics.channel_received("malformed");
            // The fault may repeat what was said; the list of refused requests has it.
            tracing::info!(channel = %live.row.id, "a request of the service cannot be read");
            tracing::debug!(channel = %live.row.id, %fault, "why it cannot be read");
        }
        Verdict::TooLarge | Verdict::WrongMethod => channels.metrics.channel_received("refused"),
        Verdict::NotSetUp(ref fault) => {
            channels.metrics.channel_received("not_set_up");
            tracing::warn!(channel = %live.row.id, %fault, "a channel is not set up");
        }
    }
    let reply = received.reply.clone();
    match take_in(channels, &live, received, &original).await {
        Ok(()) => answer(reply),
        // The service tries again.
        Err(problem) => {
            tracing::warn!(channel = %live.row.id, %problem, "a message is not taken now");
            bare(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

/// Makes durable what a request brought.
async fn take_in(
    channels: &Channels,
    live: &Live,
    received: Received,
    original: &Original,
) -> Result<(), Problem> {
    let Received { verdict, messages, refused, pull, .. } = received;
    let channel = live.row.key;
    let mut changes = Vec::new();
    let reasons: Vec<String> = match verdict {
        Verdict::Malformed(fault) => vec![fault.to_string()],
        _ => refused.iter().map(|one| format!("item {}: {}", one.index, one.fault)).collect(),
    };
    if !reasons.is_empty() {
        channels.metrics.channel_received("unreadable");
        changes.push(refusal(channels, channel, &reasons, Some(original)));
    }
    let is_pull = pull.is_some();
    if let Some(pull) = pull {
        let notice = pull.notice.to_string();
        changes.push(ChannelChange::Notice { channel, list: pull.list, notice });
    }
    let messages = arrivals(channels, live, messages).await?;
    if messages.is_empty() && changes.is_empty() {
        return Ok(());
    }
    channels.desk.receive(Arrivals { channel, inbox: live.row.inbox, messages, changes }).await?;
    if is_pull {
        live.pulls.notify_one();
    } else {
        live.fetches.notify_one();
    }
    Ok(())
}

impl Original {
    pub(super) fn request(&self, method: Method) -> Request<'_> {
        Request { method, query: &self.query, headers: &self.headers, body: &self.body }
    }
}

fn answer(reply: Reply) -> Response {
    let mut response = bare(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK));
    if !reply.body.is_empty() {
        *response.body_mut() = Body::from(reply.body);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    }
    response
}

fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
