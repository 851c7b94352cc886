use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::guarded::Guarded;
use crate::model::Model;
use crate::run::Run;
use crate::trace::Exporter;

/// What a source did since the start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SourceMetrics {
    /// Its name.
    pub name: String,
    /// Fetches and changes that were asked of it.
    pub fetches: u64,
    /// Fetches that another one under way answered.
    pub shared: u64,
    /// Fetches that were asked a second time.
    pub retries: u64,
    /// Those that gave nothing, time-outs included.
    pub failures: u64,
    /// Those that ran out of time.
    pub timeouts: u64,
    /// Those that its breaker refused.
    pub refused_by_breaker: u64,
    /// Rows that it gave.
    pub rows: u64,
    /// Time that it took, all calls together.
    pub time: Duration,
    /// Whether its breaker is open.
    pub is_open: bool,
}

/// What the engine did since the start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metrics {
    /// Requests.
    pub requests: u64,
    /// Those of them that were refused before any source was asked.
    pub refused: u64,
    /// Time that writing answers took, all together.
    pub project: Duration,
    /// By source, in the order of the file.
    pub sources: Vec<SourceMetrics>,
    /// By field that is fetched.
    pub fields: Vec<FieldMetrics>,
    /// Spans that a collector took.
    pub spans_sent: u64,
    /// Spans that were lost on the way there.
    pub spans_lost: u64,
}

/// What a field that is fetched did since the start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldMetrics {
    /// Its name, such as `Query.users` or `User.tickets`.
    pub name: String,
    /// How often it was part of a request.
    pub uses: u64,
    /// How often it had no value because of its source.
    pub failures: u64,
    /// Calls of its source.
    pub calls: u64,
    /// Objects that it gave.
    pub objects: u64,
    /// Time that it took, all uses together.
    pub time: Duration,
}

/// What is counted beside the sources.
#[derive(Debug)]
pub(super) struct Counters {
    pub(super) requests: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) project_nanos: AtomicU64,
    fields: Vec<(String, FieldCounters)>,
}

#[derive(Debug, Default)]
struct FieldCounters {
    uses: AtomicU64,
    failures: AtomicU64,
    calls: AtomicU64,
    objects: AtomicU64,
    micros: AtomicU64,
}

impl Counters {
    pub(super) fn new(model: &Model) -> Self {
        let zero = || AtomicU64::new(0);
        let fields = model.field_names().map(|name| (name, FieldCounters::default())).collect();
        Self { requests: zero(), refused: zero(), project_nanos: zero(), fields }
    }

    /// Counts what came of a run.
    pub(super) fn count(&self, run: &Run<'_>) {
        for (place, step) in run.plan.steps.iter().enumerate() {
            let (Some(outcome), Some((_, field))) = (run.outcome(place), self.fields.get(step.field)) else {
                continue;
            };
            let add = |counter: &AtomicU64, count: usize| counter.fetch_add(count as u64, Ordering::Relaxed);
            add(&field.uses, 1);
            add(&field.calls, outcome.calls);
            match &outcome.objects {
                Ok(objects) => add(&field.objects, objects.len()),
                Err(_) => add(&field.failures, 1),
            };
            let micros = u64::try_from(outcome.took.as_micros()).unwrap_or(u64::MAX);
            field.micros.fetch_add(micros, Ordering::Relaxed);
        }
    }

    /// What was counted so far.
    pub(super) fn read(&self, sources: &[Arc<Guarded>], exporter: Option<&Exporter>) -> Metrics {
        let spans = exporter.map(|exporter| &exporter.counters);
        Metrics {
            requests: read(&self.requests),
            refused: read(&self.refused),
            project: Duration::from_nanos(read(&self.project_nanos)),
            sources: sources.iter().map(|source| of_source(source)).collect(),
            fields: self.fields.iter().map(|(name, field)| of_field(name, field)).collect(),
            spans_sent: spans.map_or(0, |spans| read(&spans.sent)),
            spans_lost: spans.map_or(0, |spans| read(&spans.lost)),
        }
    }
}

fn of_field(name: &str, field: &FieldCounters) -> FieldMetrics {
    FieldMetrics {
        name: name.to_owned(),
        uses: read(&field.uses),
        failures: read(&field.failures),
        calls: read(&field.calls),
        objects: read(&field.objects),
        time: Duration::from_micros(read(&field.micros)),
    }
}

fn of_source(source: &Guarded) -> SourceMetrics {
    let counters = &source.counters;
    SourceMetrics {
        name: source.settings.name.clone(),
        fetches: read(&counters.fetches),
        shared: read(&counters.shared),
        retries: read(&counters.retries),
        failures: read(&counters.failures),
        timeouts: read(&counters.timeouts),
        refused_by_breaker: read(&counters.refused_by_breaker),
        rows: read(&counters.rows),
        time: Duration::from_micros(read(&counters.micros)),
        is_open: source.is_open(),
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
