//! How far a run has come: a bar on a terminal, now and then a plain line otherwise.

use std::{
    io::{IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kefu_app::{Language, Text};

/// The time between plain lines.
const BETWEEN: Duration = Duration::from_secs(10);

/// Shows how many rows are done, on standard error.
pub(crate) struct Progress {
    language: Language,
    begun: Instant,
    next_line: Instant,
    bar: Option<ProgressBar>,
    /// About how many rows there are, if that is known.
    total: Option<u64>,
    done: u64,
}

impl Progress {
    pub(crate) fn new(total: Option<u64>, language: Language) -> Self {
        let begun = Instant::now();
        let bar = std::io::stderr().is_terminal().then(|| bar(total));
        Self { language, begun, next_line: begun + BETWEEN, bar, total, done: 0 }
    }

    /// So many more rows of a table are done.
    pub(crate) fn add(&mut self, table: &str, rows: u64) {
        self.done += rows;
        if let Some(bar) = &self.bar {
            // What is said to be there is an estimate: more may come.
            bar.set_length(self.total.unwrap_or(0).max(self.done));
            bar.set_position(self.done);
            bar.set_message(table.to_owned());
        } else if Instant::now() >= self.next_line {
            self.next_line += BETWEEN;
            say(line(table, self.done, self.total, self.begun.elapsed()).in_language(self.language));
        }
    }

    /// The language of what it says.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// Rows so far.
    pub(crate) fn done(&self) -> u64 {
        self.done
    }

    /// How long it has taken so far.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Writes a line to standard error.
pub(crate) fn say(line: &str) {
    // Nobody is left to tell when standard error is gone.
    drop(writeln!(std::io::stderr(), "{line}"));
}

fn bar(total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => "{wide_bar} {human_pos}/~{human_len} {msg} {per_sec} ETA {eta}",
        None => "{spinner} {human_pos} {msg} {per_sec}",
    };
    let bar = ProgressBar::new(total.unwrap_or(0));
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// `kefu migrate: 512000 of about 1000000 rows, 61000 rows/s, 8 s left, at message`.
fn line(table: &str, done: u64, total: Option<u64>, elapsed: Duration) -> Text {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let speed = done.saturating_mul(1000) / millis;
    match total.filter(|total| *total >= done) {
        Some(total) => {
            let left = (total - done) / speed.max(1);
            Text::new(
                format!(
                    "kefu migrate: {done} of about {total} rows, {speed} rows/s, {left} s left, at {table}"
                ),
                format!(
                    "kefu migrate: 约 {total} 行中的 {done} 行,每秒 {speed} 行,剩余 {left} 秒,正在处理 {table}"
                ),
            )
        }
        None => Text::new(
            format!("kefu migrate: {done} rows, {speed} rows/s, at {table}"),
            format!("kefu migrate: {done} 行,每秒 {speed} 行,正在处理 {table}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_fast_it_is_and_never_more_than_all() {
        let said = |done, total| {
            line("old/message", done, total, Duration::from_secs(10))
                .in_language(Language::English)
                .to_owned()
        };
        assert_eq!(
            said(500, Some(1000)),
            "kefu migrate: 500 of about 1000 rows, 50 rows/s, 10 s left, at old/message"
        );
        assert_eq!(said(1200, Some(1000)), "kefu migrate: 1200 rows, 120 rows/s, at old/message");
    }
}
