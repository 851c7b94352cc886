use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use kefu_query::{Engine, FieldMetrics, SourceMetrics};
use prometheus_client::{
    encoding::text,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

type Labels = [(&'static str, &'static str); 1];
type Source = [(&'static str, String); 1];
type Field = [(&'static str, String); 1];
type Seconds = Counter<f64, std::sync::atomic::AtomicU64>;

/// What is counted of requests to the data layer, and of what it asks of its sources.
pub(super) struct GraphqlMetrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Histogram,
    under_way: Gauge,
    sources: Sources,
    fields: Fields,
    spans: Family<Labels, Counter>,
}

/// Looked up at each scrape.
#[derive(Default)]
struct Sources {
    fetches: Family<Source, Counter>,
    shared: Family<Source, Counter>,
    retries: Family<Source, Counter>,
    failures: Family<Source, Counter>,
    timeouts: Family<Source, Counter>,
    refused: Family<Source, Counter>,
    rows: Family<Source, Counter>,
    seconds: Family<Source, Seconds>,
    open: Family<Source, Gauge>,
}

/// The same by field.
#[derive(Default)]
struct Fields {
    uses: Family<Field, Counter>,
    failures: Family<Field, Counter>,
    calls: Family<Field, Counter>,
    objects: Family<Field, Counter>,
    seconds: Family<Field, Seconds>,
}

/// A request that has not been answered; one whose client has gone is dropped and under way no more.
pub(super) struct UnderWay<'m>(&'m GraphqlMetrics);

impl GraphqlMetrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::default();
        let requests: Family<Labels, Counter> = Family::default();
        // 0.5 ms to 16 s.
        let seconds = Histogram::new(exponential_buckets(5e-4, 2.0, 16));
        let under_way = Gauge::default();
        let text = "Requests to the data layer by outcome";
        registry.register("kefu_graphql_requests", text, requests.clone());
        let text = "Time until the data layer answered";
        registry.register_with_unit("kefu_graphql", text, Unit::Seconds, seconds.clone());
        let text = "Requests to the data layer that are under way";
        registry.register("kefu_graphql_under_way", text, under_way.clone());
        let sources = Sources::default();
        sources.register(&mut registry);
        let fields = Fields::default();
        fields.register(&mut registry);
        let spans: Family<Labels, Counter> = Family::default();
        registry.register("kefu_graphql_spans", "Spans of traces by what became of them", spans.clone());
        Self { registry, requests, seconds, under_way, sources, fields, spans }
    }

    pub(super) fn begin(&self) -> UnderWay<'_> {
        self.under_way.inc();
        UnderWay(self)
    }

    pub(super) fn done(&self, status: u16, took: Duration) {
        let outcome = match status {
            200..=299 => "answered",
            400..=499 => "refused",
            _ => "failed",
        };
        self.requests.get_or_create(&[("outcome", outcome)]).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// All of it, without the line that ends it.
    pub(super) fn text(&self, engine: &Engine) -> String {
        let metrics = engine.metrics();
        self.sources.look(metrics.sources);
        self.fields.look(metrics.fields);
        for (outcome, count) in [("sent", metrics.spans_sent), ("lost", metrics.spans_lost)] {
            self.spans.get_or_create(&[("outcome", outcome)]).inner().store(count, Relaxed);
        }
        let mut out = String::new();
        text::encode_registry(&mut out, &self.registry).expect("a string takes everything");
        out
    }
}

impl Sources {
    fn register(&self, registry: &mut Registry) {
        for (name, text, family) in [
            ("fetches", "Fetches and changes asked of a source", &self.fetches),
            ("shared", "Fetches of a source that another one under way answered", &self.shared),
            ("retries", "Fetches asked of a source a second time", &self.retries),
            ("failures", "Calls of a source that gave nothing", &self.failures),
            ("timeouts", "Calls of a source that ran out of time", &self.timeouts),
            ("breaker_refusals", "Calls that a source's breaker refused", &self.refused),
            ("rows", "Rows that a source gave", &self.rows),
        ] {
            registry.register(format!("kefu_graphql_source_{name}"), text, family.clone());
        }
        let text = "Time that calls of a source took, all together";
        registry.register_with_unit("kefu_graphql_source", text, Unit::Seconds, self.seconds.clone());
        let text = "Whether the breaker of a source is open";
        registry.register("kefu_graphql_source_breaker_open", text, self.open.clone());
    }

    fn look(&self, sources: Vec<SourceMetrics>) {
        for source in sources {
            let label = [("source", source.name)];
            for (family, value) in [
                (&self.fetches, source.fetches),
                (&self.shared, source.shared),
                (&self.retries, source.retries),
                (&self.failures, source.failures),
                (&self.timeouts, source.timeouts),
                (&self.refused, source.refused_by_breaker),
                (&self.rows, source.rows),
            ] {
                family.get_or_create(&label).inner().store(value, Relaxed);
            }
            let seconds = source.time.as_secs_f64();
            self.seconds.get_or_create(&label).inner().store(seconds.to_bits(), Relaxed);
            self.open.get_or_create(&label).set(i64::from(source.is_open));
        }
    }
}

impl Fields {
    fn register(&self, registry: &mut Registry) {
        for (name, text, family) in [
            ("uses", "Requests that a field was part of", &self.uses),
            ("failures", "Times that a field had no value because of its source", &self.failures),
            ("calls", "Calls of a field's source", &self.calls),
            ("objects", "Objects that a field gave", &self.objects),
        ] {
            registry.register(format!("kefu_graphql_field_{name}"), text, family.clone());
        }
        let text = "Time that a field took, all uses together";
        registry.register_with_unit("kefu_graphql_field", text, Unit::Seconds, self.seconds.clone());
    }

    fn look(&self, fields: Vec<FieldMetrics>) {
        // What nobody asked for is not listed: a schema may have thousands.
        for field in fields.into_iter().filter(|field| field.uses > 0) {
            let label = [("field", field.name)];
            for (family, value) in [
                (&self.uses, field.uses),
                (&self.failures, field.failures),
                (&self.calls, field.calls),
                (&self.objects, field.objects),
            ] {
                family.get_or_create(&label).inner().store(value, Relaxed);
            }
            let seconds = field.time.as_secs_f64();
            self.seconds.get_or_create(&label).inner().store(seconds.to_bits(), Relaxed);
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.dec();
    }
}
