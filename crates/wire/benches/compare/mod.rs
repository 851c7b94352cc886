//! What `scripts/bench-adapt` reads: the messages as files for other libraries, and figures as lines of JSON.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long one figure is measured.
const TIME: Duration = Duration::from_secs(2);

/// The folder behind `--compare`, if that is asked for.
pub(crate) fn folder() -> Option<PathBuf> {
    let mut given = std::env::args().skip_while(|argument| argument != "--compare");
    given.next().and_then(|_| given.next()).map(PathBuf::from)
}

/// Writes what others measure as well.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).expect("the folder can be written to");
}

/// The time that this thread had a processor, where the system tells; else the time on the wall.
pub(crate) fn processor_time(since: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.as_deref().and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// Measures processor time, and prints the median of all runs as a line of JSON; `bytes` are those of the older format.
pub(crate) fn figure(case: &str, bytes: usize, mut run: impl FnMut()) {
    // The system tells processor time in steps of some milliseconds: not for each short run.
    let start = Instant::now();
    run();
    let batch = u32::try_from(50_000_000 / start.elapsed().as_nanos().max(1)).unwrap_or(1).max(1);
    let mut times = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < TIME || times.len() < 10 {
        let start = processor_time(begun);
        for _ in 0..batch {
            run();
        }
        times.push(processor_time(begun).saturating_sub(start).as_nanos() / u128::from(batch));
    }
    times.sort_unstable();
    let (median, best, runs) = (times[times.len() / 2], times[0], times.len());
    println!(
        "{{\"case\":\"{case}\",\"engine\":\"kefu\",\"bytes\":{bytes},\"median_ns\":{median},\"best_ns\":{best},\"runs\":{runs}}}"
    );
}
