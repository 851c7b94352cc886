//! The process as the system sees it, read from `/proc/self` at each scrape; nothing where there is no such thing.

use std::fs;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// Linux shows times to user space in hundredths of a second on every platform that kefu is built for.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let tasks = runtime.metrics().num_alive_tasks() as f64;
            gauge(&mut encoder, "kefu_tasks", "Tasks that have not ended", tasks)?;
        }
        if let Some(stat) = fs::read_to_string("/proc/self/stat").ok().and_then(|text| Stat::parse(&text)) {
            let cpu = ConstCounter::new(stat.cpu_seconds);
            let help = "Processor time in user and system mode";
            let metric = encoder.encode_descriptor("process_cpu_seconds", help, None, cpu.metric_type())?;
            cpu.encode(metric)?;
            if let Some(boot) = boot_seconds() {
                let start = boot + stat.start_seconds;
                gauge(&mut encoder, "process_start_time_seconds", "When the process began", start)?;
            }
        }
        if let Some(bytes) = resident_bytes() {
            gauge(&mut encoder, "process_resident_memory_bytes", "Resident memory", bytes)?;
        }
        if let Ok(entries) = fs::read_dir("/proc/self/fd") {
            // One of them is the directory that is being read.
            let open = entries.count().saturating_sub(1) as f64;
            gauge(&mut encoder, "process_open_fds", "Open file descriptors", open)?;
        }
        if let Some(most) = max_fds() {
            gauge(&mut encoder, "process_max_fds", "Open file descriptors at most", most)?;
        }
        Ok(())
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> std::fmt::Result {
    let gauge = ConstGauge::new(value);
    gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
}

#[derive(Debug, PartialEq)]
struct Stat {
    cpu_seconds: f64,
    /// Since the machine began.
    start_seconds: f64,
}

impl Stat {
    /// Reads `/proc/<pid>/stat` (proc_pid_stat(5)); the name, in brackets, may hold anything.
    fn parse(text: &str) -> Option<Self> {
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<_> = fields.split_ascii_whitespace().collect();
        let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self {
            cpu_seconds: (ticks(11)? + ticks(12)?) as f64 / TICKS_PER_SECOND,
            start_seconds: ticks(19)? as f64 / TICKS_PER_SECOND,
        })
    }
}

/// When the machine began.
fn boot_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

#[cfg(unix)]
fn max_fds() -> Option<f64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current.map(|most| most as f64)
}

#[cfg(not(unix))]
fn max_fds() -> Option<f64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_brackets_and_spaces_do_no_harm() {
        let stat = "42 (a) (b c) S 1 42 42 0 -1 4194304 900 0 0 0 117 33 0 0 20 0 3 0 250 1 2 3";
        assert_eq!(Stat::parse(stat), Some(Stat { cpu_seconds: 1.5, start_seconds: 2.5 }));
        assert_eq!(Stat::parse("42"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_is_described() {
        let text = crate::metrics::Metrics::new().text(&crate::metrics::Observed::default(), "");
        for name in [
            "process_cpu_seconds_total ",
            "process_start_time_seconds ",
            "process_resident_memory_bytes ",
            "process_open_fds ",
            "process_max_fds ",
        ] {
            let value: f64 = text
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_else(|| panic!("{name} is missing in\n{text}"))
                .parse()
                .unwrap();
            assert!(value >= 0.0, "{name}{value}");
        }
    }
}
