//! How far a conversion has come: a bar on a terminal, now and then a plain line otherwise.

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kefu_app::{Language, Text};

use crate::{schema::eprintln_line, shown};

/// Inputs that are done before are not worth a word.
const SILENT: Duration = Duration::from_secs(1);
/// The time between plain lines.
const BETWEEN: Duration = Duration::from_secs(10);

/// Shows how many bytes of the input are done, on standard error.
pub(crate) struct Progress {
    total: Option<u64>,
    language: Language,
    begun: Instant,
    bar: Option<ProgressBar>,
    is_terminal: bool,
    next_line: Instant,
}

impl Progress {
    /// Begins at nothing; the total is not known of a pipe.
    pub(crate) fn new(total: Option<u64>, language: Language) -> Self {
        let (begun, is_terminal) = (Instant::now(), std::io::stderr().is_terminal());
        Self { total, language, begun, bar: None, is_terminal, next_line: begun + BETWEEN }
    }

    /// So many bytes are done.
    pub(crate) fn set(&mut self, done: u64) {
        let now = Instant::now();
        if self.is_terminal {
            if self.bar.is_none() && now - self.begun >= SILENT {
                self.bar = Some(bar(self.total));
            }
            if let Some(bar) = &self.bar {
                bar.set_position(done);
            }
        } else if now >= self.next_line {
            self.next_line = now + BETWEEN;
            eprintln_line(line(done, self.total, now - self.begun).in_language(self.language));
        }
    }

    /// Writes something else to standard error without tearing the bar.
    pub(crate) fn suspend(&self, write: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} ETA {eta}",
        ),
        None => (ProgressBar::no_length(), "{spinner} {decimal_bytes} {decimal_bytes_per_sec}"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// `kefu adapt: 512.0 MB of 2.0 GB, 25 %, 30 s left`.
fn line(done: u64, total: Option<u64>, elapsed: Duration) -> Text {
    let so_far = shown::bytes(done);
    let Some(total) = total.filter(|total| *total > 0) else {
        return Text::new(format!("kefu adapt: {so_far} done"), format!("kefu adapt: 已处理 {so_far}"));
    };
    let of = shown::bytes(total);
    let percent = u128::from(done) * 100 / u128::from(total);
    let left = u128::from(total.saturating_sub(done)) * elapsed.as_millis() / u128::from(done.max(1)) / 1000;
    Text::new(
        format!("kefu adapt: {so_far} of {of}, {percent} %, {left} s left"),
        format!("kefu adapt: {of} 中的 {so_far},{percent}%,剩余 {left} 秒"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_is_left() {
        let elapsed = Duration::from_secs(10);
        let said = |done, total| line(done, total, elapsed).in_language(Language::English).to_owned();
        assert_eq!(said(512_000_000, Some(2_048_000_000)), "kefu adapt: 512.0 MB of 2.0 GB, 25 %, 30 s left");
        assert_eq!(said(0, Some(0)), "kefu adapt: 0 B done");
        assert_eq!(said(1_500, None), "kefu adapt: 1.5 kB done");
    }
}
