//! How far a run has come: a bar on a terminal, and while it measures what the last second was like; plain lines otherwise.

mod live;

use std::{
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{gate::Judge, series::Interval};
use live::Live;

/// Without a terminal, a line is written after so many seconds.
const LINE_S: u64 = 5;
/// A bar is drawn anew so often, also when nothing has come.
const DRAW: Duration = Duration::from_millis(200);

/// Shows one stage after the other on standard error, and ends a run that cannot meet its conditions any more.
#[derive(Debug)]
pub(crate) struct Progress {
    screen: Screen,
    judge: Option<Judge>,
}

#[derive(Debug)]
enum Screen {
    Bar(ProgressBar, Live),
    Lines(Live),
    /// For a process whose parent shows it.
    Silent,
}

impl Progress {
    pub(crate) fn new(judge: Option<Judge>) -> Self {
        let screen = if std::io::stderr().is_terminal() {
            Screen::Bar(ProgressBar::hidden(), Live::default())
        } else {
            Screen::Lines(Live::default())
        };
        Self { screen, judge }
    }

    /// For a process whose parent shows it.
    pub(crate) fn silent() -> Self {
        Self { screen: Screen::Silent, judge: None }
    }

    /// Begins a stage of `total` steps.
    pub(crate) fn begin(&mut self, stage: &'static str, total: u64) {
        self.end();
        match &mut self.screen {
            Screen::Bar(bar, _) => *bar = draw("{msg:28} {wide_bar} {pos}/{len}", total, stage),
            Screen::Lines(_) => say(&format!("{stage}: {total}")),
            Screen::Silent => {}
        }
    }

    /// Begins the stage that sends, which takes so long; of what is sent a schedule may say how much.
    pub(crate) fn measure(&mut self, warmup: Duration, measured: Duration, scheduled_per_s: Option<f64>) {
        self.end();
        if let Some(judge) = &mut self.judge {
            judge.expect(scheduled_per_s.map(|rate| rate * measured.as_secs_f64()));
        }
        let seconds = (warmup + measured).as_secs();
        match &mut self.screen {
            Screen::Bar(bar, live) => {
                *live = Live::new(seconds, scheduled_per_s);
                *bar = draw("{msg}\n{wide_bar} {pos} of {len} s", seconds, "warming up");
            }
            Screen::Lines(live) => {
                *live = Live::new(seconds, scheduled_per_s);
                say(&format!("seconds: {seconds}"));
            }
            Screen::Silent => {}
        }
    }

    /// So many steps are done.
    pub(crate) fn set(&self, done: u64) {
        if let Screen::Bar(bar, _) = &self.screen {
            bar.set_position(done);
        }
    }

    /// Shows the interval that has just ended, so many seconds after the stage began.
    pub(crate) fn interval(&mut self, seconds: u64, interval: &Interval) {
        if let Some(judge) = &mut self.judge {
            judge.look(interval);
        }
        match &mut self.screen {
            Screen::Bar(bar, live) => {
                live.add(seconds, interval);
                bar.set_message(live.screen());
            }
            Screen::Lines(live) => {
                live.add(seconds, interval);
                if seconds.is_multiple_of(LINE_S) {
                    say(&live.line());
                }
            }
            Screen::Silent => {}
        }
    }

    /// Ends the stage.
    pub(crate) fn end(&self) {
        if let Screen::Bar(bar, _) = &self.screen {
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
