//! How far a run has come: a bar on a terminal, plain lines otherwise.

use std::{
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

/// Shows one stage after the other on standard error.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { bar: std::io::stderr().is_terminal().then(ProgressBar::hidden) }
    }

    /// Begins a stage of `total` steps.
    pub(crate) fn begin(&mut self, stage: &'static str, total: u64) {
        self.end();
        match &mut self.bar {
            Some(bar) => {
                let style = ProgressStyle::with_template("{msg:28} {wide_bar} {pos}/{len}")
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                *bar = ProgressBar::new(total).with_style(style).with_message(stage);
                bar.enable_steady_tick(Duration::from_millis(200));
            }
            // Nobody is left to tell when standard error is gone.
            None => drop(writeln!(std::io::stderr(), "kefu bench: {stage}: {total}")),
        }
    }

    /// So many steps are done.
    pub(crate) fn set(&self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
    }

    /// Ends the stage.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
