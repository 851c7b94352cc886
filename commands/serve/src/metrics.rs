//! What Prometheus may know: counters, gauges, the process itself.

mod process;

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use kefu_core::Kept;
use prometheus_client::{
    encoding::text,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};

/// The type of what [`Metrics::text`] returns.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = [(&'static str, &'static str); 1];

/// Every counter and gauge of the daemon. The methods are cheap: one atomic operation, or one short lock a commit.
pub(crate) struct Metrics {
    registry: Registry,
    http: Gauge,
    chat: Gauge,
    refused: Counter,
    messages: Counter,
    acks: Counter,
    commit_seconds: Histogram,
    commit_batch_size: Histogram,
    queue_depth: Gauge,
    outbox_bytes: Gauge,
    slow_closed: Counter,
    dead_closed: Counter,
    checkpoints: Counter,
    checkpoint_last: Gauge<f64, AtomicU64>,
    checkpoint_max: Gauge<f64, AtomicU64>,
    wal_bytes: Gauge,
    waiting_conversations: Gauge,
    offers_missed: Counter,
    shadow_calls: Counter,
    waiting_overdue: Counter,
    answers_overdue: Counter,
    agents_online: Gauge,
    files: Counter,
    file_bytes: Counter,
    files_refused: Family<Labels, Counter>,
    retention_over: Family<Labels, Counter>,
    search_indexed: Gauge,
    search_behind: Gauge,
    standby: Gauge,
    words_read: Counter,
    words_refused: Counter,
    #[cfg(feature = "channels")]
    channel_received: Family<Labels, Counter>,
    #[cfg(feature = "channels")]
    channel_sent: Family<Labels, Counter>,
}

/// What others count, looked up at each scrape.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Observed {
    /// WebSockets and event streams.
    pub(crate) chat_connections: u64,
    /// What waits to be sent to all of them together.
    pub(crate) outbox_bytes: u64,
    /// Connections closed because they did not read, ever.
    pub(crate) slow_closed: u64,
    /// Connections closed because they were silent, ever.
    pub(crate) dead_closed: u64,
    /// Requests that wait for the desk.
    pub(crate) queue_depth: usize,
    /// Agents with an open socket.
    pub(crate) agents_online: usize,
    /// Checkpoints of the store, ever.
    pub(crate) checkpoints: u64,
    /// How long the last one took, in microseconds.
    pub(crate) checkpoint_micros_last: u64,
    /// How long the longest one took, in microseconds.
    pub(crate) checkpoint_micros_max: u64,
    /// Entries in the search index.
    pub(crate) search_indexed: u64,
    /// Entries that are not in it yet.
    pub(crate) search_behind: u64,
}

impl Metrics {
    /// The list of sensitive words was read again, or is none.
    pub(crate) fn words_reloaded(&self, is_read: bool) {
        if is_read {
            self.words_read.inc()
        } else {
            self.words_refused.inc()
        };
    }

    /// Fresh metrics, all zero.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        let connections: Family<Labels, Gauge> = Family::default();
        let queues: Family<Labels, Gauge> = Family::default();
        let checkpoint: Family<Labels, Gauge<f64, AtomicU64>> = Family::default();
        let words: Family<Labels, Counter> = Family::default();
        let metrics = Self {
            http: connections.get_or_create_owned(&[("kind", "http")]),
            chat: connections.get_or_create_owned(&[("kind", "chat")]),
            refused: Counter::default(),
            messages: Counter::default(),
            acks: Counter::default(),
            // 50 µs to 1.6 s.
            commit_seconds: Histogram::new(exponential_buckets(50e-6, 2.0, 16)),
            commit_batch_size: Histogram::new(exponential_buckets(1.0, 2.0, 13)),
            queue_depth: queues.get_or_create_owned(&[("queue", "desk")]),
            outbox_bytes: Gauge::default(),
            slow_closed: Counter::default(),
            dead_closed: Counter::default(),
            checkpoints: Counter::default(),
            checkpoint_last: checkpoint.get_or_create_owned(&[("which", "last")]),
            checkpoint_max: checkpoint.get_or_create_owned(&[("which", "longest")]),
            wal_bytes: Gauge::default(),
            waiting_conversations: Gauge::default(),
            offers_missed: Counter::default(),
            shadow_calls: Counter::default(),
            waiting_overdue: Counter::default(),
            answers_overdue: Counter::default(),
            agents_online: Gauge::default(),
            files: Counter::default(),
            file_bytes: Counter::default(),
            files_refused: Family::default(),
            retention_over: Family::default(),
            search_indexed: Gauge::default(),
            search_behind: Gauge::default(),
            standby: Gauge::default(),
            words_read: words.get_or_create_owned(&[("outcome", "read")]),
            words_refused: words.get_or_create_owned(&[("outcome", "refused")]),
            #[cfg(feature = "channels")]
            channel_received: Family::default(),
            #[cfg(feature = "channels")]
            channel_sent: Family::default(),
            registry: Registry::default(),
        };
        registry.register("kefu_words_reloads", "Times the list of sensitive words was read again", words);
        registry.register("kefu_connections", "Open connections by use", connections);
        registry.register(
            "kefu_connections_refused",
            "Connections answered with 503 because there were too many",
            metrics.refused.clone(),
        );
        registry.register("kefu_messages", "Texts and notes that came in", metrics.messages.clone());
        registry.register("kefu_acks", "Texts and notes that became durable", metrics.acks.clone());
        registry.register_with_unit(
            "kefu_commit",
            "Time that one durable commit took",
            Unit::Seconds,
            metrics.commit_seconds.clone(),
        );
        registry.register(
            "kefu_commit_batch_size",
            "Changes that one commit made durable",
            metrics.commit_batch_size.clone(),
        );
        registry.register("kefu_queue_depth", "Requests that wait, by queue", queues);
        registry.register_with_unit(
            "kefu_outbox",
            "What waits to be sent to all connections together",
            Unit::Bytes,
            metrics.outbox_bytes.clone(),
        );
        registry.register(
            "kefu_slow_closed",
            "Connections closed because they did not read",
            metrics.slow_closed.clone(),
        );
        registry.register(
            "kefu_dead_closed",
            "Connections closed because they gave no sign of life",
            metrics.dead_closed.clone(),
        );
        registry.register("kefu_checkpoints", "Checkpoints of the store", metrics.checkpoints.clone());
        registry.register_with_unit(
            "kefu_checkpoint",
            "Time that the last and the longest checkpoint took",
            Unit::Seconds,
            checkpoint,
        );
        registry.register_with_unit(
            "kefu_wal",
            "Size of the store's write-ahead log",
            Unit::Bytes,
            metrics.wal_bytes.clone(),
        );
        registry.register(
            "kefu_waiting_conversations",
            "Conversations that wait for an agent",
            metrics.waiting_conversations.clone(),
        );
        registry.register(
            "kefu_offers_missed",
            "Conversations that an agent was asked to accept, and did not in time",
            metrics.offers_missed.clone(),
        );
        registry.register(
            "kefu_shadow_calls",
            "Calls that a rehearsal did not make",
            metrics.shadow_calls.clone(),
        );
        registry.register(
            "kefu_waiting_overdue",
            "Conversations that waited for longer than their inbox's target",
            metrics.waiting_overdue.clone(),
        );
        registry.register(
            "kefu_answers_overdue",
            "Conversations first answered later than their inbox's target, or not at all",
            metrics.answers_overdue.clone(),
        );
        registry.register("kefu_agents_online", "Agents with an open socket", metrics.agents_online.clone());
        registry.register("kefu_files", "Files that were uploaded", metrics.files.clone());
        registry.register_with_unit(
            "kefu_files",
            "What was uploaded, as it is stored",
            Unit::Bytes,
            metrics.file_bytes.clone(),
        );
        registry.register(
            "kefu_files_refused",
            "Files that were not taken, by reason",
            metrics.files_refused.clone(),
        );
        registry.register(
            "kefu_retention_erased",
            "Conversations, files, tickets and pages that were kept for long enough and erased",
            metrics.retention_over.clone(),
        );
        registry.register(
            "kefu_search_indexed",
            "Entries in the search index",
            metrics.search_indexed.clone(),
        );
        registry.register(
            "kefu_search_behind",
            "Entries that the search index does not have yet",
            metrics.search_behind.clone(),
        );
        registry.register(
            "kefu_standby",
            "Whether the process waits beside the one that serves the store",
            metrics.standby.clone(),
        );
        #[cfg(feature = "channels")]
        registry.register(
            "kefu_channel_received",
            "What came over channels, by what became of it",
            metrics.channel_received.clone(),
        );
        #[cfg(feature = "channels")]
        registry.register(
            "kefu_channel_sent",
            "Tries to send a message over a channel, by what became of it",
            metrics.channel_sent.clone(),
        );
        registry.register(
            "kefu_process_id",
            "Number of the process",
            ConstGauge::new(i64::from(std::process::id())),
        );
        registry.register(
            "kefu_build",
            "Version of the program",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register_collector(Box::new(process::Process));
        Self { registry, ..metrics }
    }

    /// The process does not serve the store, but waits for it.
    pub(crate) fn stands_by(&self) {
        self.standby.set(1);
    }

    /// A connection that speaks HTTP was opened.
    pub(crate) fn http_opened(&self) {
        self.http.inc();
    }

    /// A connection that spoke HTTP was closed, or has become a WebSocket.
    pub(crate) fn http_closed(&self) {
        self.http.dec();
    }

    /// A connection was answered with 503 because there were too many.
    pub(crate) fn connection_refused(&self) {
        self.refused.inc();
    }

    /// Texts or notes came in.
    pub(crate) fn messages(&self, count: u64) {
        self.messages.inc_by(count);
    }

    /// Texts or notes became durable.
    pub(crate) fn acks(&self, count: u64) {
        self.acks.inc_by(count);
    }

    /// A commit of `changes` took `time`.
    pub(crate) fn commit(&self, time: Duration, changes: usize) {
        self.commit_seconds.observe(time.as_secs_f64());
        self.commit_batch_size.observe(changes as f64);
    }

    /// The write-ahead log has this size.
    pub(crate) fn wal_bytes(&self, bytes: u64) {
        set(&self.wal_bytes, bytes);
    }

    /// So many conversations wait for an agent.
    pub(crate) fn waiting_conversations(&self, count: usize) {
        set(&self.waiting_conversations, count as u64);
    }

    /// Something came over a channel.
    #[cfg(feature = "channels")]
    pub(crate) fn channel_received(&self, outcome: &'static str) {
        self.channel_received.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// It was tried to send a message over a channel.
    #[cfg(feature = "channels")]
    pub(crate) fn channel_sent(&self, outcome: &'static str) {
        self.channel_sent.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// Calls were held back.
    pub(crate) fn shadow_calls(&self, count: u64) {
        self.shadow_calls.inc_by(count);
    }

    /// So many offers ran out.
    pub(crate) fn offers_missed(&self, count: u64) {
        self.offers_missed.inc_by(count);
    }

    /// So many conversations have waited for too long.
    pub(crate) fn waiting_overdue(&self, count: u64) {
        self.waiting_overdue.inc_by(count);
    }

    /// So many conversations were not answered in time.
    pub(crate) fn answers_overdue(&self, count: u64) {
        self.answers_overdue.inc_by(count);
    }

    /// A file of this size was uploaded.
    pub(crate) fn file_taken(&self, bytes: u64) {
        self.files.inc();
        self.file_bytes.inc_by(bytes);
    }

    /// A file was not taken.
    pub(crate) fn file_refused(&self, reason: &'static str) {
        self.files_refused.get_or_create(&[("reason", reason)]).inc();
    }

    /// So many things of a kind were kept for long enough and erased.
    pub(crate) fn retention_over(&self, kind: Kept, count: u64) {
        self.retention_over.get_or_create(&[("kind", kind.as_str())]).inc_by(count);
    }

    /// Writes everything in the OpenMetrics text format, and then what others have written of theirs.
    pub(crate) fn text(&self, observed: &Observed, others: &str) -> String {
        set(&self.chat, observed.chat_connections);
        set(&self.outbox_bytes, observed.outbox_bytes);
        set(&self.queue_depth, observed.queue_depth as u64);
        set(&self.agents_online, observed.agents_online as u64);
        set(&self.search_indexed, observed.search_indexed);
        set(&self.search_behind, observed.search_behind);
        self.slow_closed.inner().store(observed.slow_closed, Relaxed);
        self.dead_closed.inner().store(observed.dead_closed, Relaxed);
        self.checkpoints.inner().store(observed.checkpoints, Relaxed);
        self.checkpoint_last.set(observed.checkpoint_micros_last as f64 / 1e6);
        self.checkpoint_max.set(observed.checkpoint_micros_max as f64 / 1e6);
        let mut text = String::with_capacity(8 * 1024);
        text::encode_registry(&mut text, &self.registry).expect("writing to a String does not fail");
        text.push_str(others);
        text::encode_eof(&mut text).expect("writing to a String does not fail");
        text
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn set(gauge: &Gauge, value: u64) {
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_written_under_its_name() {
        let metrics = Metrics::new();
        metrics.http_opened();
        metrics.http_opened();
        metrics.http_closed();
        metrics.messages(3);
        metrics.acks(2);
        metrics.commit(Duration::from_millis(1), 7);
        metrics.wal_bytes(4096);
        metrics.waiting_conversations(4);
        metrics.connection_refused();
        metrics.file_taken(700);
        metrics.file_refused("type");
        metrics.retention_over(Kept::Files, 3);
        let observed = Observed {
            chat_connections: 5,
            outbox_bytes: 60,
            slow_closed: 1,
            dead_closed: 2,
            queue_depth: 5,
            agents_online: 2,
            checkpoints: 9,
            checkpoint_micros_last: 20_000,
            checkpoint_micros_max: 1_500_000,
            search_indexed: 70,
            search_behind: 8,
        };
        let text = metrics.text(&observed, "kefu_gateway_other 1\n");
        assert!(text.ends_with("kefu_gateway_other 1\n# EOF\n"), "{text}");
        for line in [
            "kefu_connections{kind=\"chat\"} 5",
            "kefu_connections{kind=\"http\"} 1",
            "kefu_connections_refused_total 1",
            "kefu_messages_total 3",
            "kefu_acks_total 2",
            "kefu_commit_seconds_count 1",
            "kefu_commit_batch_size_sum 7.0",
            "kefu_queue_depth{queue=\"desk\"} 5",
            "kefu_outbox_bytes 60",
            "kefu_slow_closed_total 1",
            "kefu_dead_closed_total 2",
            "kefu_checkpoints_total 9",
            "kefu_checkpoint_seconds{which=\"last\"} 0.02",
            "kefu_checkpoint_seconds{which=\"longest\"} 1.5",
            "kefu_wal_bytes 4096",
            "kefu_waiting_conversations 4",
            "kefu_agents_online 2",
            "kefu_files_total 1",
            "kefu_files_bytes_total 700",
            "kefu_files_refused_total{reason=\"type\"} 1",
            "kefu_retention_erased_total{kind=\"files\"} 3",
            "kefu_search_indexed 70",
            "kefu_search_behind 8",
            concat!("kefu_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
            "# EOF",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is missing in\n{text}");
        }
        assert!(text.contains(&format!("kefu_process_id {}\n", std::process::id())));
    }
}
