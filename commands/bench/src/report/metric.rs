use super::Report;

/// A figure that conditions can be put on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Metric {
    P50,
    P90,
    P99,
    P999,
    Max,
    ServiceP50,
    ServiceP90,
    ServiceP99,
    ServiceP999,
    ServiceMax,
    AckP50,
    AckP99,
    AckMax,
    Rate,
    Loss,
    Unanswered,
    Duplicates,
    Reordered,
    Gaps,
    Errors,
    ErrorRate,
    WatchedP99,
    ReadP99,
    ReadErrors,
    Connections,
    LostConnections,
    RssMb,
    RssPerConnection,
    CpuPerMessage,
    CatchUp,
}

type Units = &'static [(&'static str, f64)];

const MILLISECONDS: Units = &[("ms", 1.0), ("s", 1000.0), ("us", 0.001)];
const SECONDS: Units = &[("s", 1.0), ("ms", 0.001)];
const MICROSECONDS: Units = &[("us", 1.0), ("ms", 1000.0)];
const BYTES: Units = &[("", 1.0), ("B", 1.0), ("KB", 1000.0), ("KiB", 1024.0)];
const PERCENT: Units = &[("%", 1.0), ("", 100.0)];
const NUMBER: Units = &[("", 1.0)];

impl Metric {
    pub(crate) const ALL: [Self; 30] = [
        Self::P50,
        Self::P90,
        Self::P99,
        Self::P999,
        Self::Max,
        Self::ServiceP50,
        Self::ServiceP90,
        Self::ServiceP99,
        Self::ServiceP999,
        Self::ServiceMax,
        Self::AckP50,
        Self::AckP99,
        Self::AckMax,
        Self::Rate,
        Self::Loss,
        Self::Unanswered,
        Self::Duplicates,
        Self::Reordered,
        Self::Gaps,
        Self::Errors,
        Self::ErrorRate,
        Self::WatchedP99,
        Self::ReadP99,
        Self::ReadErrors,
        Self::Connections,
        Self::LostConnections,
        Self::RssMb,
        Self::RssPerConnection,
        Self::CpuPerMessage,
        Self::CatchUp,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::P999 => "p999",
            Self::Max => "max",
            Self::ServiceP50 => "service_p50",
            Self::ServiceP90 => "service_p90",
            Self::ServiceP99 => "service_p99",
            Self::ServiceP999 => "service_p999",
            Self::ServiceMax => "service_max",
            Self::AckP50 => "ack_p50",
            Self::AckP99 => "ack_p99",
            Self::AckMax => "ack_max",
            Self::Rate => "rate",
            Self::Loss => "loss",
            Self::Unanswered => "unanswered",
            Self::Duplicates => "duplicates",
            Self::Reordered => "reordered",
            Self::Gaps => "gaps",
            Self::Errors => "errors",
            Self::ErrorRate => "error_rate",
            Self::WatchedP99 => "watched_p99",
            Self::ReadP99 => "read_p99",
            Self::ReadErrors => "read_errors",
            Self::Connections => "connections",
            Self::LostConnections => "lost_connections",
            Self::RssMb => "rss_mb",
            Self::RssPerConnection => "rss_per_connection",
            Self::CpuPerMessage => "cpu_per_message",
            Self::CatchUp => "catch_up",
        }
    }

    /// Of a percentile of latency, the share of answers that may exceed it.
    pub(crate) fn excess(self) -> Option<f64> {
        match self {
            Self::P50 => Some(0.5),
            Self::P90 => Some(0.1),
            Self::P99 => Some(0.01),
            Self::P999 => Some(0.001),
            _ => None,
        }
    }

    /// Whether more of it is good.
    pub(crate) fn is_better_high(self) -> bool {
        matches!(self, Self::Rate | Self::Connections)
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// Units and what they are worth in the unit of [`Self::of`].
    pub(crate) fn units(self) -> Units {
        match self {
            Self::P50
            | Self::P90
            | Self::P99
            | Self::P999
            | Self::Max
            | Self::ServiceP50
            | Self::ServiceP90
            | Self::ServiceP99
            | Self::ServiceP999
            | Self::ServiceMax
            | Self::AckP50
            | Self::AckP99
            | Self::AckMax
            | Self::WatchedP99
            | Self::ReadP99 => MILLISECONDS,
            Self::CatchUp => SECONDS,
            Self::CpuPerMessage => MICROSECONDS,
            Self::RssPerConnection => BYTES,
            Self::ErrorRate => PERCENT,
            _ => NUMBER,
        }
    }

    /// The figure in a report, if its scenario measures it.
    pub(crate) fn of(self, report: &Report) -> Option<f64> {
        let latency = report.latency_ms;
        let service = report.service_ms;
        let requests = report.requests.as_ref();
        let ack = report.ack_ms;
        let messages = report.messages.as_ref();
        let connections = report.connections.as_ref();
        let reads = report.reads.as_ref();
        match self {
            Self::P50 => latency.map(|latency| latency.p50),
            Self::P90 => latency.map(|latency| latency.p90),
            Self::P99 => latency.map(|latency| latency.p99),
            Self::P999 => latency.map(|latency| latency.p999),
            Self::Max => latency.map(|latency| latency.max),
            Self::ServiceP50 => service.map(|service| service.p50),
            Self::ServiceP90 => service.map(|service| service.p90),
            Self::ServiceP99 => service.map(|service| service.p99),
            Self::ServiceP999 => service.map(|service| service.p999),
            Self::ServiceMax => service.map(|service| service.max),
            Self::AckP50 => ack.map(|latency| latency.p50),
            Self::AckP99 => ack.map(|latency| latency.p99),
            Self::AckMax => ack.map(|latency| latency.max),
            Self::Rate => requests
                .map(|requests| requests.answered_per_s)
                .or_else(|| messages.map(|messages| messages.complete_per_s)),
            Self::Loss => messages.map(|messages| messages.lost as f64),
            Self::Unanswered => messages.map(|messages| messages.unanswered as f64),
            Self::Duplicates => messages.map(|messages| messages.duplicates as f64),
            Self::Reordered => messages.map(|messages| messages.reordered as f64),
            Self::Gaps => messages.map(|messages| messages.gaps as f64),
            Self::Errors => requests
                .map(|requests| requests.failed as f64)
                .or_else(|| messages.map(|messages| messages.errors.values().sum::<u64>() as f64)),
            Self::ErrorRate => requests.map(super::Requests::error_percent),
            Self::WatchedP99 => report.watched_ms.map(|latency| latency.p99),
            Self::ReadP99 => reads.map(|reads| reads.latency_ms.p99),
            Self::ReadErrors => reads.map(|reads| reads.failed as f64),
            Self::Connections => connections.map(|connections| connections.open as f64),
            Self::LostConnections => connections.map(|connections| connections.lost as f64),
            Self::RssMb => report.server.map(|server| server.rss_mb),
            Self::RssPerConnection => report.idle.as_ref().and_then(|idle| idle.rss_per_connection_bytes),
            Self::CpuPerMessage => report.server.and_then(|server| server.cpu_us_per_message),
            Self::CatchUp => report.storm.as_ref().map(|storm| storm.caught_up_s),
        }
    }
}
