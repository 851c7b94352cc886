//! A source with what keeps it from taking others down: a deadline, a number of calls, a breaker, a retry budget; and
//! one fetch for all who ask the same at the same time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use kefu_upstream::{Breaker, TraceContext, within_trace};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout_at};
use tracing::warn;

use crate::model::SourceSettings;
use crate::rows::Rows;
use crate::source::{Call, Fetch, Fetching, Source, SourceError, TroubleKind};

/// Retries for each fetch that succeeded, in hundredths, and how many are there at the start.
const RETRY_PERCENT: u64 = 10;
const RETRIES_AT_START: u64 = 10;
/// Pause before a retry.
const RETRY_PAUSE: Duration = Duration::from_millis(20);
/// Whoever asks for more time is not asked again within the request.
const PAUSE_MAX: Duration = Duration::from_millis(200);

/// A source and its guards.
pub(crate) struct Guarded {
    pub(crate) settings: SourceSettings,
    pub(crate) source: Arc<dyn Source>,
    permits: Semaphore,
    breaker: Breaker,
    /// In hundredths of a retry.
    retries: AtomicU64,
    flights: Mutex<HashMap<String, Flight>>,
    pub(crate) counters: Counters,
}

/// A fetch that is under way.
type Flight = WeakShared<BoxFuture<'static, Result<Arc<Rows>, Failure>>>;

/// What a source did since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) fetches: AtomicU64,
    pub(crate) shared: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) timeouts: AtomicU64,
    pub(crate) refused_by_breaker: AtomicU64,
    pub(crate) rows: AtomicU64,
    pub(crate) micros: AtomicU64,
}

/// Why a field has no value.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) is_retryable: bool,
    pub(crate) source: usize,
}

impl Failure {
    fn new(source: usize, kind: TroubleKind) -> Self {
        let (code, is_retryable) = match kind {
            TroubleKind::Timeout => ("SOURCE_TIMEOUT", true),
            TroubleKind::Unavailable => ("SOURCE_UNAVAILABLE", true),
            TroubleKind::Refused => ("SOURCE_REFUSED", false),
            TroubleKind::Garbage => ("SOURCE_GARBAGE", false),
            TroubleKind::TooMuch => ("SOURCE_TOO_MUCH", false),
        };
        Self { code, is_retryable, source }
    }

    /// More objects than an answer may have.
    pub(crate) fn too_much(source: usize) -> Self {
        Self::new(source, TroubleKind::TooMuch)
    }

    /// What is told of it: which source, not where it is or what it said.
    pub(crate) fn message(&self, name: &str) -> String {
        match self.code {
            "SOURCE_TIMEOUT" => format!("`{name}` did not answer in time"),
            "SOURCE_UNAVAILABLE" => format!("`{name}` is not there"),
            "SOURCE_REFUSED" => format!("`{name}` refused this"),
            "SOURCE_TOO_MUCH" => format!("`{name}` has more rows than an answer may have"),
            _ => format!("`{name}` gave something that is not what the schema promises"),
        }
    }
}

impl Guarded {
    pub(crate) fn new(settings: SourceSettings, source: Arc<dyn Source>) -> Self {
        let (failures, pause) = settings.breaker;
        Self {
            permits: Semaphore::new(settings.concurrency),
            breaker: Breaker::new(failures, pause),
            retries: AtomicU64::new(RETRIES_AT_START * 100),
            flights: Mutex::default(),
            counters: Counters::default(),
            settings,
            source,
        }
    }

    /// Fetches rows; who asks the same meanwhile, in the same scope, gets the same.
    pub(crate) async fn fetch(
        self: &Arc<Self>,
        place: usize,
        fetch: Fetch,
        scope: &str,
        trace: Option<TraceContext>,
    ) -> Result<Arc<Rows>, Failure> {
        let deadline = fetch.deadline;
        let key = imprint(&fetch, scope);
        let flight = self.join(place, key, fetch, trace);
        // Who leads may have more time left than who follows.
        let ended = timeout_at(deadline.into(), flight).await;
        ended.unwrap_or_else(|_| Err(Failure::new(place, TroubleKind::Timeout)))
    }

    fn join(
        self: &Arc<Self>,
        place: usize,
        key: String,
        fetch: Fetch,
        trace: Option<TraceContext>,
    ) -> Shared<BoxFuture<'static, Result<Arc<Rows>, Failure>>> {
        let mut flights = self.flights();
        if let Some(flight) = flights.get(&key).and_then(WeakShared::upgrade)
            && flight.peek().is_none()
        {
            self.counters.shared.fetch_add(1, Ordering::Relaxed);
            return flight;
        }
        let landing = Landing { source: Arc::clone(self), key: key.clone() };
        let flight = async move {
            // A call that several wait for belongs to the trace of the first.
            let rows = landing.source.fly(place, &fetch, trace).await;
            drop(landing);
            rows
        };
        let flight = flight.boxed().shared();
        if let Some(weak) = flight.downgrade() {
            flights.insert(key, weak);
        }
        flight
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<String, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fly(
        &self,
        place: usize,
        fetch: &Fetch,
        trace: Option<TraceContext>,
    ) -> Result<Arc<Rows>, Failure> {
        let is_idempotent = self.source.abilities(&fetch.target).is_idempotent;
        let mut rows = self.ask(fetch.deadline, trace, || self.source.fetch(fetch)).await;
        if let Err(error) = &rows
            && error.kind == TroubleKind::Unavailable
            && let Some(pause) =
                Some(error.retry_after.unwrap_or(RETRY_PAUSE)).filter(|pause| *pause <= PAUSE_MAX)
            && is_idempotent
            && Instant::now() + pause < fetch.deadline
            && self.may_retry()
        {
            sleep(pause).await;
            rows = self.ask(fetch.deadline, trace, || self.source.fetch(fetch)).await;
        }
        let rows = rows.and_then(|rows| check(rows, fetch.width(), fetch.rows_max));
        self.ended(place, &fetch.target.name, rows).map(Arc::new)
    }

    /// Carries out a change, once.
    pub(crate) async fn call(
        &self,
        place: usize,
        call: &Call,
        rows_max: usize,
        trace: Option<TraceContext>,
    ) -> Result<Arc<Rows>, Failure> {
        let rows = self.ask(call.deadline, trace, || self.source.call(call)).await;
        let rows = rows.and_then(|rows| check(rows, call.columns.len(), rows_max));
        self.ended(place, &call.name, rows).map(Arc::new)
    }

    async fn ask<'a>(
        &self,
        deadline: Instant,
        trace: Option<TraceContext>,
        work: impl FnOnce() -> Fetching<'a>,
    ) -> Result<Rows, SourceError> {
        let begun = Instant::now();
        if let Err(wait) = self.breaker.ask(begun) {
            self.counters.refused_by_breaker.fetch_add(1, Ordering::Relaxed);
            let text = "its breaker is open".to_owned();
            return Err(SourceError { kind: TroubleKind::Unavailable, text, retry_after: Some(wait) });
        }
        self.counters.fetches.fetch_add(1, Ordering::Relaxed);
        let guarded = async {
            // Nobody closes them.
            let _permit = self.permits.acquire().await.ok();
            match trace {
                Some(context) => within_trace(context, work()).await,
                None => work().await,
            }
        };
        let ended = timeout_at(deadline.into(), guarded).await;
        let rows = ended.unwrap_or_else(|_| {
            let text = "it did not end by its deadline".to_owned();
            Err(SourceError { kind: TroubleKind::Timeout, text, retry_after: None })
        });
        let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.counters.micros.fetch_add(took, Ordering::Relaxed);
        match &rows {
            Err(SourceError { kind: TroubleKind::Timeout | TroubleKind::Unavailable, .. }) => {
                self.breaker.failed(Instant::now());
            }
            _ => self.breaker.succeeded(),
        }
        rows
    }

    fn ended(&self, place: usize, what: &str, rows: Result<Rows, SourceError>) -> Result<Rows, Failure> {
        match rows {
            Ok(rows) => {
                self.counters.rows.fetch_add(rows.len() as u64, Ordering::Relaxed);
                let earn = |left: u64| Some((left + RETRY_PERCENT).min(RETRIES_AT_START * 100));
                // It always earns, so there is nothing to look at.
                let _earned = self.retries.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earn);
                Ok(rows)
            }
            Err(error) => {
                self.counters.failures.fetch_add(1, Ordering::Relaxed);
                if error.kind == TroubleKind::Timeout {
                    self.counters.timeouts.fetch_add(1, Ordering::Relaxed);
                }
                warn!(source = %self.settings.name, what, kind = ?error.kind, %error, "a source failed");
                Err(Failure::new(place, error.kind))
            }
        }
    }

    fn may_retry(&self) -> bool {
        let spend = |left: u64| left.checked_sub(100);
        let may = self.retries.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok();
        if may {
            self.counters.retries.fetch_add(1, Ordering::Relaxed);
        }
        may
    }

    /// Whether its breaker lets calls pass.
    pub(crate) fn is_open(&self) -> bool {
        self.breaker.state(Instant::now()) == kefu_upstream::BreakerState::Open
    }
}

/// Takes a flight off the list when it ends, and when nobody waits for it any more.
struct Landing {
    source: Arc<Guarded>,
    key: String,
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.source.flights().remove(&self.key);
    }
}

/// What a fetch is the same by.
pub(crate) fn imprint(fetch: &Fetch, scope: &str) -> String {
    let Fetch {
        target, columns, is_count, filter, keys, order, after, limit, limit_per_key, arguments, ..
    } = fetch;
    let name = &target.name;
    format!(
        "{scope:?} {name} {columns:?} {is_count} {filter:?} {keys:?} {order:?} {after:?} {limit:?} {limit_per_key:?} {arguments:?}"
    )
}

fn check(rows: Rows, width: usize, rows_max: usize) -> Result<Rows, SourceError> {
    if !rows.is_empty() && rows.width() != width {
        let text = format!("rows have {} cells in the place of {width}", rows.width());
        return Err(SourceError { kind: TroubleKind::Garbage, text, retry_after: None });
    }
    if rows.len() > rows_max {
        let text = format!("{} rows of at most {rows_max}", rows.len());
        return Err(SourceError { kind: TroubleKind::TooMuch, text, retry_after: None });
    }
    Ok(rows)
}
