//! How fast sources are read, and when not at all.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use kefu_app::{Language, Stop, Text};

use crate::{progress::say, settings::Settings};

/// How often it is looked whether the pause is over.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What all readers of a run keep to together.
pub(crate) struct Throttle {
    /// None, if they may read as fast as they can.
    rows_per_second: u64,
    /// While there is such a file, nothing is read.
    pause_file: PathBuf,
    language: Language,
    /// When what was read so far would have been read at that speed.
    due: Mutex<Instant>,
}

impl Throttle {
    pub(crate) fn of(settings: &Settings, language: Language) -> Self {
        Self::new(settings.rows_per_second, settings.work_dir().join("pause"), language)
    }

    fn new(rows_per_second: u64, pause_file: PathBuf, language: Language) -> Self {
        Self { rows_per_second, pause_file, language, due: Mutex::new(Instant::now()) }
    }

    /// Waits until somebody may read after these rows, or until `stop`.
    pub(crate) async fn wait(&self, rows: u64, stop: &Stop) {
        let due = self.due_after(rows, Instant::now());
        if let Some(due) = due {
            tokio::select! {
                () = tokio::time::sleep_until(due.into()) => {}
                () = stop.clone().requested() => return,
            }
        }
        if !self.pause_file.exists() {
            return;
        }
        let file = self.pause_file.display();
        let text = Text::new(
            format!("kefu migrate: paused until {file} is gone"),
            format!("kefu migrate: 已暂停,删除 {file} 后继续"),
        );
        say(text.in_language(self.language));
        while self.pause_file.exists() {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.clone().requested() => return,
            }
        }
    }

    /// When `rows` more that were read by `now` are due; none, if there is no hurry to slow down.
    fn due_after(&self, rows: u64, now: Instant) -> Option<Instant> {
        if self.rows_per_second == 0 {
            return None;
        }
        let took = Duration::from_secs_f64(rows as f64 / self.rows_per_second as f64);
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        *due = (*due).max(now) + took;
        Some(*due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_readers_together_keep_to_the_speed_and_save_nothing_up() {
        let throttle = Throttle::new(1000, PathBuf::new(), Language::English);
        let begun = Instant::now() + Duration::from_secs(60);
        let due = |rows, seconds| throttle.due_after(rows, begun + Duration::from_secs(seconds)).unwrap();
        assert_eq!(due(500, 0), begun + Duration::from_millis(500));
        assert_eq!(due(1500, 0), begun + Duration::from_secs(2));
        // Who was slow before is not fast now.
        assert_eq!(due(1000, 9), begun + Duration::from_secs(10));
        assert_eq!(Throttle::new(0, PathBuf::new(), Language::English).due_after(9, begun), None);
    }
}
