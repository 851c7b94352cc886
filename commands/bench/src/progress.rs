//! How far a run has come: a bar on a terminal, plain lines otherwise.

use std::{
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::series::Interval;

/// Without a terminal, a line is written after so many seconds.
const LINE_S: u64 = 5;

/// Shows one stage after the other on standard error.
#[derive(Debug)]
pub(crate) enum Progress {
    Bar(ProgressBar),
    Lines,
    /// For a process whose parent shows it.
    Silent,
}

impl Progress {
    pub(crate) fn new() -> Self {
        if std::io::stderr().is_terminal() { Self::Bar(ProgressBar::hidden()) } else { Self::Lines }
    }

    /// Begins a stage of `total` steps.
    pub(crate) fn begin(&mut self, stage: &'static str, total: u64) {
        self.end();
        match self {
            Self::Bar(bar) => {
                let style = ProgressStyle::with_template("{msg:28} {wide_bar} {pos}/{len}")
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                *bar = ProgressBar::new(total).with_style(style).with_message(stage);
                bar.enable_steady_tick(Duration::from_millis(200));
            }
            Self::Lines => say(&format!("{stage}: {total}")),
            Self::Silent => {}
        }
    }

    /// So many steps are done.
    pub(crate) fn set(&self, done: u64) {
        if let Self::Bar(bar) = self {
            bar.set_position(done);
        }
    }

    /// Shows the interval that has just ended, in a stage that counts seconds.
    pub(crate) fn interval(&self, seconds: u64, interval: &Interval) {
        let Interval { answered, failed, p99_ms, .. } = interval;
        let text = format!("{answered}/s, p99 {p99_ms:.1} ms, {failed} failed");
        match self {
            Self::Bar(bar) => {
                bar.set_position(seconds);
                bar.set_message(text);
            }
            Self::Lines if seconds.is_multiple_of(LINE_S) => say(&format!("{seconds} s: {text}")),
            Self::Lines | Self::Silent => {}
        }
    }

    /// Ends the stage.
    pub(crate) fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn say(text: &str) {
    // Nobody is left to tell when standard error is gone.
    drop(writeln!(std::io::stderr(), "kefu bench: {text}"));
}
