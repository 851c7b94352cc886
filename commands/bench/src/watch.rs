//! The server's use of the machine during the measured part.

use std::time::Duration;

use crate::{observed::Observed, process::Usage, report};

/// Two looks at the server are so far apart at least.
const INTERVAL: Duration = Duration::from_secs(1);
const MEGABYTE: f64 = 1e6;

/// Watches the server.
#[derive(Debug)]
pub(crate) struct Watch {
    observed: Observed,
    began_at: Duration,
    server: Option<(Usage, Usage)>,
    rss_most: u64,
    looked_at: Duration,
}

impl Watch {
    /// Begins to watch.
    pub(crate) fn begin(observed: &Observed, now: Duration) -> Self {
        let server = observed.usage().map(|usage| (usage, usage));
        Self {
            observed: observed.clone(),
            began_at: now,
            rss_most: server.map_or(0, |(usage, _)| usage.rss),
            server,
            looked_at: now,
        }
    }

    /// Looks again if it is time to.
    pub(crate) fn tick(&mut self, now: Duration) {
        if now >= self.looked_at + INTERVAL {
            self.look(now);
        }
    }

    /// Looks again.
    pub(crate) fn look(&mut self, now: Duration) {
        self.looked_at = now;
        if let Some((_, last)) = &mut self.server
            && let Some(usage) = self.observed.usage()
        {
            *last = usage;
            self.rss_most = self.rss_most.max(usage.rss);
        }
    }

    /// The server's figures, over so many messages; takes its time.
    pub(crate) fn server(&self, messages: u64) -> Option<report::Server> {
        let (first, last) = self.server?;
        let detail = self.observed.detail().unwrap_or_default();
        let cpu = last.cpu.saturating_sub(first.cpu);
        let wall = self.looked_at.saturating_sub(self.began_at).as_secs_f64();
        Some(report::Server {
            pid: self.observed.pid(),
            rss_mb: megabytes(self.rss_most),
            rss_peak_mb: megabytes(detail.rss_peak.max(self.rss_most)),
            fds: detail.fds,
            cpu_us_per_message: per_message(cpu, messages),
            cpu_load: if wall > 0.0 { cpu.as_secs_f64() / wall } else { 0.0 },
        })
    }
}

fn per_message(cpu: Duration, messages: u64) -> Option<f64> {
    (messages > 0).then(|| cpu.as_secs_f64() * 1e6 / messages as f64)
}

pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / MEGABYTE
}
