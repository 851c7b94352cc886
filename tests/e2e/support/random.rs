//! Random choices that can be made again: every test that makes any says its seed when it fails.

use std::time::{Duration, Instant};

/// A splitmix64 sequence.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn between(&mut self, start: u64, end: u64) -> u64 {
        start + self.below(end - start)
    }

    /// A UUIDv4.
    pub(crate) fn id(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | ((b >> 48) & 0x3fff),
            b & 0xffff_ffff_ffff
        )
    }
}

/// Prints the seed when the test that holds it panics.
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    /// The seed of `KEFU_SEED`, or another one each time.
    pub(crate) fn choose() -> Self {
        let fresh = || {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.map_or(1, |since| since.as_nanos() as u64) ^ (u64::from(std::process::id()) << 32)
        };
        Self(std::env::var("KEFU_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(fresh))
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to repeat these choices: KEFU_SEED={}", self.0);
        }
    }
}

/// How large a test is: a variable, or what every run takes.
pub(crate) fn scale(variable: &str, usual: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}")),
        Err(_) => usual,
    }
}

/// How long a test waits for what must come; `KEFU_PATIENCE` (seconds) raises it on slow machines.
pub(crate) fn patience() -> Duration {
    Duration::from_secs(scale("KEFU_PATIENCE", 30))
}

/// Asks again and again until there is an answer; panics with `what` when patience ends.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
