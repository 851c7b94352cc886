//! Sends spans to a collector. Nobody waits for it: what it cannot take in time is lost, and counted.

use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header::CONTENT_TYPE};
use kefu_upstream::{Endpoint, HttpClient, HttpSettings, Reach, TlsSettings, TraceContext};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{sleep, timeout};
use tracing::warn;

use super::otlp::{self, Anchor};
use super::{Traced, Tracer};

/// Requests whose spans may wait.
const WAITING_MAX: usize = 512;
/// Requests that are told in one go, and how long is waited for them.
const BATCH_MAX: usize = 64;
const BATCH_TIME: Duration = Duration::from_millis(500);
/// How long a collector may take, and how often it is tried.
const TIMEOUT: Duration = Duration::from_secs(10);
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// Bytes of its answer.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Where spans go.
#[derive(Clone, Debug)]
pub(crate) struct TraceSettings {
    pub(crate) endpoint: Endpoint,
    /// Name of this service.
    pub(crate) service: String,
    /// Of how many requests in a thousand; those that came with a context are told if that says so.
    pub(crate) per_mille: u16,
}

/// Takes spans, and sends them while [`Exporter::run`] is.
pub(crate) struct Exporter {
    settings: TraceSettings,
    client: HttpClient,
    tell: mpsc::Sender<Traced>,
    told: Mutex<mpsc::Receiver<Traced>>,
    pub(crate) counters: TraceCounters,
}

/// What became of spans.
#[derive(Debug, Default)]
pub(crate) struct TraceCounters {
    pub(crate) sent: AtomicU64,
    pub(crate) lost: AtomicU64,
}

impl Exporter {
    /// Makes one; nothing is connected to before the first span.
    pub(crate) fn new(settings: TraceSettings) -> Result<Self, String> {
        let client = HttpClient::new(&HttpSettings {
            endpoint: settings.endpoint.clone(),
            reach: Reach::Internal,
            tls: TlsSettings::default(),
            connections_max: 1,
            body_bytes_max: ANSWER_BYTES_MAX,
            authorization: None,
        });
        let client = client.map_err(|error| error.to_string())?;
        let (tell, told) = mpsc::channel(WAITING_MAX);
        Ok(Self { settings, client, tell, told: Mutex::new(told), counters: TraceCounters::default() })
    }

    /// What gathers the spans of a request, if they are to be told.
    pub(crate) fn tracer(&self, came_with: Option<TraceContext>) -> Option<Tracer> {
        if came_with.is_some_and(|context| !context.is_sampled) {
            return None;
        }
        let tracer = Tracer::new(came_with)?;
        let place = u16::from_be_bytes([tracer.trace[14], tracer.trace[15]]) % 1_000;
        (came_with.is_some() || place < self.settings.per_mille).then_some(tracer)
    }

    /// Takes spans, unless too many wait.
    pub(crate) fn tell(&self, traced: Traced) {
        if let Err(full) = self.tell.try_send(traced) {
            let (mpsc::error::TrySendError::Full(traced) | mpsc::error::TrySendError::Closed(traced)) = full;
            self.lose(traced.spans.len());
        }
    }

    fn lose(&self, spans: usize) {
        self.counters.lost.fetch_add(spans as u64, Ordering::Relaxed);
    }

    /// Sends what is told, for ever. Only one does at a time.
    pub(crate) async fn run(&self) {
        let mut told = self.told.lock().await;
        loop {
            let Some(first) = told.recv().await else { return pending().await };
            let mut batch = vec![first];
            let gather = async {
                while batch.len() < BATCH_MAX {
                    let Some(next) = told.recv().await else { return };
                    batch.push(next);
                }
            };
            // Enough, or all that came in time.
            drop(timeout(BATCH_TIME, gather).await);
            self.send(&batch).await;
        }
    }

    async fn send(&self, batch: &[Traced]) {
        let spans = batch.iter().map(|traced| traced.spans.len()).sum();
        let body = Bytes::from(otlp::request(&self.settings.service, batch, Anchor::now()).to_string());
        let mut pauses = PAUSES.into_iter();
        loop {
            let wrong = match self.post(body.clone()).await {
                Ok(()) => {
                    self.counters.sent.fetch_add(spans as u64, Ordering::Relaxed);
                    return;
                }
                Err(wrong) => wrong,
            };
            match pauses.next().filter(|_| wrong.is_passing) {
                Some(pause) => sleep(pause).await,
                None => {
                    warn!(collector = %self.settings.endpoint, spans, error = wrong.text, "spans are lost");
                    return self.lose(spans);
                }
            }
        }
    }

    async fn post(&self, body: Bytes) -> Result<(), Wrong> {
        let request = Request::post(self.client.path()).header(CONTENT_TYPE, "application/json").body(body);
        let request = request.map_err(|error| Wrong { text: error.to_string(), is_passing: false })?;
        let passing = |text: String| Wrong { text, is_passing: true };
        let sent = timeout(TIMEOUT, self.client.send(request)).await;
        let answer = sent.map_err(|_| passing("no answer in time".to_owned()))?;
        let status = answer.map_err(|error| passing(error.to_string()))?.status();
        if status.is_success() {
            return Ok(());
        }
        let is_passing = matches!(status.as_u16(), 429 | 502..=504);
        Err(Wrong { text: format!("the answer is {status}"), is_passing })
    }
}

/// Why spans were not taken.
struct Wrong {
    text: String,
    /// Whether they may be later.
    is_passing: bool,
}
