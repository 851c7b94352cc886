//! How far behind its sources this is: a line that changes on a terminal, now and then one more otherwise.

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget};
use kefu_app::{Language, Text};
use kefu_store::import::FollowPosition;

use crate::{progress::say, source::Position};

/// The time between plain lines.
const BETWEEN: Duration = Duration::from_secs(10);

pub(super) struct FollowProgress {
    language: Language,
    next_line: Instant,
    bar: Option<ProgressBar>,
}

impl FollowProgress {
    pub(super) fn new(language: Language) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar
        });
        Self { language, next_line: Instant::now(), bar }
    }

    pub(super) fn show(&mut self, positions: &[FollowPosition]) {
        if let Some(bar) = &self.bar {
            let lines: Vec<_> = positions
                .iter()
                .map(|position| line(position).in_language(self.language).to_owned())
                .collect();
            bar.set_message(lines.join("; "));
            bar.tick();
        } else if Instant::now() >= self.next_line {
            self.next_line = Instant::now() + BETWEEN;
            for position in positions {
                say(&format!("kefu migrate: {}", line(position).in_language(self.language)));
            }
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `following old: 12034 changes, 812/s, 0.3 s behind, at mbin.000004:4711`.
fn line(position: &FollowPosition) -> Text {
    let FollowPosition { source, changes, rate, lag_us, .. } = position;
    let behind_s = *lag_us as f64 / 1e6;
    let place =
        Position::read(&position.position).map_or_else(|_| String::new(), |position| position.place());
    Text::new(
        format!("following {source}: {changes} changes, {rate}/s, {behind_s:.1} s behind, at {place}"),
        format!("正在跟随 {source}:{changes} 处变更,每秒 {rate} 处,落后 {behind_s:.1} 秒,位于 {place}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "mysql")]
    #[test]
    fn a_line_says_how_far_behind_it_is() {
        let text = r#"{"mysql":{"server":"1","file":"mbin.000004","offset":4711,"gtid":{}}}"#;
        let position = FollowPosition {
            source: "old".to_owned(),
            position: text.to_owned(),
            lag_us: 340_000,
            changes: 12_034,
            rate: 812,
            ..FollowPosition::default()
        };
        assert_eq!(
            line(&position).in_language(Language::English),
            "following old: 12034 changes, 812/s, 0.3 s behind, at mbin.000004:4711"
        );
    }
}
