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

/// Measures, and prints the median of all runs as a line of JSON; `bytes` are those of the older format.
pub(crate) fn figure(case: &str, bytes: usize, mut run: impl FnMut()) {
    let mut times = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < TIME || times.len() < 10 {
        let start = Instant::now();
        run();
        times.push(start.elapsed().as_nanos());
    }
    times.sort_unstable();
    let (median, best, runs) = (times[times.len() / 2], times[0], times.len());
    println!(
        "{{\"case\":\"{case}\",\"engine\":\"kefu\",\"bytes\":{bytes},\"median_ns\":{median},\"best_ns\":{best},\"runs\":{runs}}}"
    );
}
