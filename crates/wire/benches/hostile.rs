//! What hostile input costs: `cargo bench -p kefu-wire --bench hostile [-- NAME]`. The limits are 50 ms and 64 MB.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../tests/hostile/cases.rs"]
mod cases;
#[path = "../tests/hostile/counting.rs"]
mod counting;

use std::time::{Duration, Instant};

/// The time that this thread had a processor, where the system tells; else the time on the wall.
fn processor_time(since: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.as_deref().and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

#[expect(clippy::cast_precision_loss, reason = "lengths of some megabytes")]
fn main() {
    let wanted = std::env::args().skip(1).find(|argument| argument != "--bench").unwrap_or_default();
    for case in cases::all().into_iter().filter(|case| case.name.contains(&wanted)) {
        let (outcome, peak) = counting::peak_of(&case.run);
        // The shortest of several runs, which others on the machine disturb the least.
        let mut best = Duration::MAX;
        for _ in 0..7 {
            let since = Instant::now();
            let before = processor_time(since);
            drop(std::hint::black_box((case.run)()));
            best = best.min(processor_time(since).saturating_sub(before));
        }
        let outcome = match outcome {
            Ok(len) => format!("{len} bytes out"),
            Err(why) => why.chars().take(70).collect(),
        };
        println!(
            "{:<44} {:>8} bytes {:>6.1} ms {:>6.1} MB  {outcome}",
            case.name,
            case.bytes,
            best.as_secs_f64() * 1e3,
            peak as f64 / f64::from(1 << 20)
        );
    }
}
