//! How far a conversion has come: a line on a terminal that is written over, now and then a plain line otherwise.

use std::{
    io::{IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use kefu_app::{Language, Text};

use crate::{schema::eprintln_line, shown};

/// Inputs that are done before are not worth a word on a terminal.
const SILENT: Duration = Duration::from_secs(1);
/// The time between two states on a terminal.
const REDRAW: Duration = Duration::from_millis(200);
/// The time between plain lines.
const BETWEEN: Duration = Duration::from_secs(10);
/// To the front of the line, and it is empty.
const ERASE: &str = "\r\x1b[2K";

/// Shows how many bytes of the input are done, on standard error.
pub(crate) struct Progress {
    total: Option<u64>,
    language: Language,
    begun: Instant,
    is_terminal: bool,
    /// Whether a state stands on the terminal.
    is_drawn: bool,
    next_line: Instant,
}

impl Progress {
    /// Begins at nothing; the total is not known of a pipe.
    pub(crate) fn new(total: Option<u64>, language: Language) -> Self {
        let is_plain = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        let (begun, is_terminal) = (Instant::now(), std::io::stderr().is_terminal() && !is_plain);
        let first = if is_terminal { SILENT } else { BETWEEN };
        Self { total, language, begun, is_terminal, is_drawn: false, next_line: begun + first }
    }

    /// So many bytes are done.
    pub(crate) fn set(&mut self, done: u64) {
        let now = Instant::now();
        if now < self.next_line {
            return;
        }
        let text = line(done, self.total, now - self.begun);
        let text = text.in_language(self.language);
        if self.is_terminal {
            self.next_line = now + REDRAW;
            self.is_drawn = true;
            write(&format!("{ERASE}{text}"));
        } else {
            self.next_line = now + BETWEEN;
            eprintln_line(text);
        }
    }

    /// Takes the state off the terminal, before something else is written and at the end.
    pub(crate) fn erase(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            write(ERASE);
        }
    }
}

/// Writes to standard error; nobody is left to tell when that is gone.
fn write(text: &str) {
    let mut error = std::io::stderr();
    drop(error.write_all(text.as_bytes()).and_then(|()| error.flush()));
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
