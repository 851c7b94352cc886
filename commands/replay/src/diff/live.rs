//! What has been found so far, on a terminal while the comparison goes on.

use std::{
    io::IsTerminal as _,
    sync::{
        Arc, Mutex,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kefu_app::{Language, Text};

use super::{Tally, locked, report};

const BETWEEN: Duration = Duration::from_millis(500);
/// So many fields are shown.
const FIELDS: usize = 10;

/// A table on standard error, where that is a terminal.
pub(crate) struct Live {
    shown: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Live {
    /// Begins to show what is counted.
    pub(crate) fn start(tally: &Arc<Mutex<Tally>>, language: Language) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { shown: None };
        }
        let (sender, receiver) = channel();
        let tally = Arc::clone(tally);
        let thread = std::thread::spawn(move || {
            let bar = ProgressBar::no_length();
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.set_style(
                ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            while receiver.recv_timeout(BETWEEN) == Err(RecvTimeoutError::Timeout) {
                let table = table(&locked(&tally), language);
                bar.set_message(table);
                bar.tick();
            }
            bar.finish_and_clear();
        });
        Self { shown: Some((sender, thread)) }
    }

    /// Takes the table away.
    pub(crate) fn end(self) {
        if let Some((sender, thread)) = self.shown {
            drop(sender);
            // It only draws: if it has panicked, the panic was told.
            drop(thread.join());
        }
    }
}

fn table(tally: &Tally, language: Language) -> String {
    let (findings, noise) = tally.findings();
    let line = Text::new(
        format!(
            "{} compared, {} differ, {} beyond noise; {} noisy fields",
            tally.compared,
            tally.differing,
            tally.wrong(),
            noise.len()
        ),
        format!(
            "已比较 {},有差异 {},超出噪声 {};噪声字段 {}",
            tally.compared,
            tally.differing,
            tally.wrong(),
            noise.len()
        ),
    );
    let shown = &findings[..findings.len().min(FIELDS)];
    format!("{}\n{}", line.in_language(language), report::table(shown, language))
}
