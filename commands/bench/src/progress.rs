//! How far a run has come: a bar on a terminal, and while it measures what the last second was like; plain lines otherwise.

mod live;

use std::{
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::series::Interval;
use live::Live;

/// Without a terminal, a line is written after so many seconds.
const LINE_S: u64 = 5;
/// A bar is drawn anew so often, also when nothing has come.
const DRAW: Duration = Duration::from_millis(200);

/// Shows one stage after the other on standard error.
#[derive(Debug)]
pub(crate) enum Progress {
    Bar(ProgressBar, Live),
    Lines(Live),
    /// For a process whose parent shows it.
    Silent,
}

impl Progress {
    pub(crate) fn new() -> Self {
        if std::io::stderr().is_terminal() {
            Self::Bar(ProgressBar::hidden(), Live::default())
        } else {
            Self::Lines(Live::default())
        }
    }

    /// Begins a stage of `total` steps.
    pub(crate) fn begin(&mut self, stage: &'static str, total: u64) {
        self.end();
        match self {
            Self::Bar(bar, _) => *bar = draw("{msg:28} {wide_bar} {pos}/{len}", total, stage),
            Self::Lines(_) => say(&format!("{stage}: {total}")),
            Self::Silent => {}
        }
    }

    /// Begins the stage that sends, which takes so long; of what is sent a schedule may say how much.
    pub(crate) fn measure(&mut self, length: Duration, scheduled_per_s: Option<f64>) {
        self.end();
        let seconds = length.as_secs();
        match self {
            Self::Bar(bar, live) => {
                *live = Live::new(seconds, scheduled_per_s);
                *bar = draw("{msg}\n{wide_bar} {pos} of {len} s", seconds, "warming up");
            }
            Self::Lines(live) => {
                *live = Live::new(seconds, scheduled_per_s);
                say(&format!("seconds: {seconds}"));
            }
            Self::Silent => {}
        }
    }

    /// So many steps are done.
    pub(crate) fn set(&self, done: u64) {
        if let Self::Bar(bar, _) = self {
            bar.set_position(done);
        }
    }

    /// Shows the interval that has just ended, so many seconds after the stage began.
    pub(crate) fn interval(&mut self, seconds: u64, interval: &Interval) {
        match self {
            Self::Bar(bar, live) => {
                live.add(seconds, interval);
                bar.set_message(live.screen());
            }
            Self::Lines(live) => {
                live.add(seconds, interval);
                if seconds.is_multiple_of(LINE_S) {
                    say(&live.line());
                }
            }
            Self::Silent => {}
        }
    }

    /// Ends the stage.
    pub(crate) fn end(&self) {
        if let Self::Bar(bar, _) = self {
            bar.finish_and_clear();
        }
    }
}

fn draw(template: &str, total: u64, message: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(total).with_style(style).with_message(message);
    bar.enable_steady_tick(DRAW);
    bar
}

fn say(text: &str) {
    // Nobody is left to tell when standard error is gone.
    drop(writeln!(std::io::stderr(), "kefu bench: {text}"));
}
