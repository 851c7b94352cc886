//! What Prometheus may know of bridges.

use std::{sync::atomic::AtomicI64, time::Duration};

use kefu_upstream::{BreakerState, PoolState};
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

/// The type of what [`Metrics::text`] returns.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels<const N: usize> = [(&'static str, String); N];

/// What ends a text of that type.
pub(crate) const END: &str = "# EOF\n";

/// Counters and gauges; they outlive a reload of the bridge file.
pub(crate) struct Metrics {
    registry: Registry,
    calls: Family<Labels<3>, Counter>,
    seconds: Family<Labels<1>, Histogram, fn() -> Histogram>,
    upstream_errors: Family<Labels<2>, Counter>,
    retries: Family<Labels<1>, Counter>,
    in_flight: Family<Labels<1>, Gauge<i64, AtomicI64>>,
    breaker: Family<Labels<1>, Gauge>,
    pool: Family<Labels<2>, Gauge>,
    connections: Family<Labels<1>, Gauge>,
    reloads: Family<Labels<1>, Counter>,
}

/// The counters of one endpoint that every call touches, looked up once.
pub(crate) struct EndpointMetrics {
    pub(crate) seconds: Histogram,
    pub(crate) in_flight: Gauge<i64, AtomicI64>,
    pub(crate) retries: Counter,
    calls: Family<Labels<3>, Counter>,
    upstream_errors: Family<Labels<2>, Counter>,
    name: String,
}

fn latencies() -> Histogram {
    // From a quarter of a millisecond to half a minute.
    Histogram::new(exponential_buckets(0.000_25, 2.0, 18))
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("kefu_gateway");
        let metrics = Self {
            calls: Family::default(),
            seconds: Family::new_with_constructor(latencies),
            upstream_errors: Family::default(),
            retries: Family::default(),
            in_flight: Family::default(),
            breaker: Family::default(),
            pool: Family::default(),
            connections: Family::default(),
            reloads: Family::default(),
            registry: Registry::default(),
        };
        registry.register("calls", "Calls by their outcome", metrics.calls.clone());
        let seconds = "How long calls took from their head to their answer";
        registry.register_with_unit("call", seconds, Unit::Seconds, metrics.seconds.clone());
        let errors = "Calls that an upstream did not answer, every try counted";
        registry.register("upstream_errors", errors, metrics.upstream_errors.clone());
        registry.register("retries", "Calls that were repeated", metrics.retries.clone());
        registry.register("calls_in_flight", "Calls under way", metrics.in_flight.clone());
        let breaker = "0 while calls pass, 1 while they are refused, 2 when one may try";
        registry.register("breaker_state", breaker, metrics.breaker.clone());
        registry.register("pool_connections", "Connections to an upstream", metrics.pool.clone());
        registry.register("connections", "Connections of callers", metrics.connections.clone());
        registry.register("reloads", "Readings of the bridge file after the first", metrics.reloads.clone());
        Self { registry, ..metrics }
    }

    pub(crate) fn endpoint(&self, name: &str) -> EndpointMetrics {
        let label = [("endpoint", name.to_owned())];
        EndpointMetrics {
            seconds: self.seconds.get_or_create(&label).clone(),
            in_flight: self.in_flight.get_or_create(&label).clone(),
            retries: self.retries.get_or_create(&label).clone(),
            calls: self.calls.clone(),
            upstream_errors: self.upstream_errors.clone(),
            name: name.to_owned(),
        }
    }

    /// Notes how an upstream is; called when the metrics are read.
    pub(crate) fn observe(&self, endpoint: &str, breaker: BreakerState, pool: PoolState) {
        let state = match breaker {
            BreakerState::Closed => 0,
            BreakerState::Open => 1,
            BreakerState::HalfOpen => 2,
        };
        let label = || ("endpoint", endpoint.to_owned());
        self.breaker.get_or_create(&[label()]).set(state);
        for (name, count) in [("busy", pool.busy), ("idle", pool.idle)] {
            let labels = [label(), ("state", name.to_owned())];
            self.pool.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    pub(crate) fn connection_gauge(&self, listener: &str) -> Gauge {
        self.connections.get_or_create(&[("listener", listener.to_owned())]).clone()
    }

    pub(crate) fn reloaded(&self, is_good: bool) {
        let outcome = if is_good { "used" } else { "refused" };
        self.reloads.get_or_create(&[("outcome", outcome.to_owned())]).inc();
    }

    /// All of it but its end, so that more may follow.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        // A string takes everything.
        let _written = text::encode_registry(&mut out, &self.registry);
        out
    }
}

impl EndpointMetrics {
    pub(crate) fn called(&self, operation: &str, outcome: &'static str, took: Duration) {
        let labels = [
            ("endpoint", self.name.clone()),
            ("operation", operation.to_owned()),
            ("outcome", outcome.to_owned()),
        ];
        self.calls.get_or_create(&labels).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn failed(&self, kind: &'static str) {
        let labels = [("endpoint", self.name.clone()), ("kind", kind.to_owned())];
        self.upstream_errors.get_or_create(&labels).inc();
    }
}
