//! Words that a site does not want: the list, read again when its file changes, and what it says of a message.
//!
//! A message is looked at on the thread of whoever sends it, before it waits for the desk. What is done about it is
//! the desk's: a repeat of a message that was taken before is answered as before, whatever the list says by now.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use kefu_core::{Content, MessageKind, Principal};
use kefu_protocol::frame::ErrorCode;
use kefu_text::words::{
    Action, Direction, Limits, List, ListError, Matcher, Scratch, map_strings, mask_hits,
};
use tokio::{signal::unix::Signal, time::MissedTickBehavior};

use crate::{metrics::Metrics, problem::Problem};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// How many flagged words of one message are written down.
const FLAGGED_MAX: usize = 8;

/// Why a list cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WordsError {
    #[error("the file cannot be read: {0}")]
    File(#[from] std::io::Error),
    #[error(transparent)]
    List(#[from] ListError),
}

/// The list that holds now.
#[derive(Debug, Default)]
pub(crate) struct Words {
    file: Option<PathBuf>,
    matcher: RwLock<Option<Arc<Matcher>>>,
    /// What the file was when it was read last.
    seen: Mutex<Option<Stamp>>,
}

/// What tells one state of a file from another.
type Stamp = (SystemTime, u64);

/// What the list says of a message that is not clean.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Screened {
    /// It must not pass.
    pub(crate) is_blocked: bool,
    /// Its sender is to be warned.
    pub(crate) is_warned: bool,
    /// The text in place of what was sent, where a word is masked.
    pub(crate) text: Option<String>,
    /// The same of what it holds besides its text.
    pub(crate) data: Option<Box<str>>,
    /// Words of the list that a supervisor is to see.
    pub(crate) flagged: Vec<String>,
}

impl Words {
    /// Reads the list, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read or is no list.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, WordsError> {
        let words = Self { file: file.map(Path::to_owned), ..Self::default() };
        words.refresh(true).transpose()?;
        Ok(words)
    }

    /// Reads the file again, if it has changed or `is_asked`; returns how many words there are then. A file that is
    /// no list leaves the one before in force, and is not read again until it changes.
    pub(crate) fn refresh(&self, is_asked: bool) -> Option<Result<usize, WordsError>> {
        let file = self.file.as_deref()?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken before it is read: what changes meanwhile is read again.
        let stamp = stamp(file);
        if *seen == stamp && !is_asked {
            return None;
        }
        *seen = stamp;
        Some(self.read(file))
    }

    fn read(&self, file: &Path) -> Result<usize, WordsError> {
        let list = List::parse(&std::fs::read(file)?, Limits::default())?;
        let count = list.len();
        let matcher = Arc::new(Matcher::new(list)?);
        *self.matcher.write().unwrap_or_else(PoisonError::into_inner) = Some(matcher);
        Ok(count)
    }

    /// What the list says of a message; nothing of a clean one, and of notes, which stay inside.
    pub(crate) fn message(&self, sender: Principal, content: &Content) -> Option<Box<Screened>> {
        if content.kind == MessageKind::Note {
            return None;
        }
        self.check(direction(sender), &content.text, content.data.as_deref())
    }

    /// The same for a text.
    pub(crate) fn text(&self, sender: Principal, text: &str) -> Option<Box<Screened>> {
        self.check(direction(sender), text, None)
    }

    fn check(&self, way: Direction, text: &str, data: Option<&str>) -> Option<Box<Screened>> {
        thread_local! {
            static SCRATCH: RefCell<Scratch> = RefCell::default();
        }
        self.file.as_ref()?;
        let matcher = self.matcher.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        SCRATCH.with_borrow_mut(|scratch| {
            let mut screened = None;
            let text = look(&matcher, way, text, scratch, &mut screened);
            let data = data.and_then(|data| {
                let masked = map_strings(data, |part| look(&matcher, way, part, scratch, &mut screened));
                matches!(masked, std::borrow::Cow::Owned(_)).then(|| masked.into())
            });
            screened.map(|screened| Box::new(Screened { text, data, ..screened }))
        })
    }
}

impl Screened {
    /// What somebody is told whose text is refused; which word it was is not for it to know.
    pub(crate) fn refusal(field: &'static str) -> Problem {
        Problem {
            field: Some(field),
            ..Problem::new(ErrorCode::Rejected, "the text holds words that are not wanted here")
        }
    }
}

/// Adds what the list says of one text; returns the text with words masked, if there are such.
fn look(
    matcher: &Matcher,
    way: Direction,
    text: &str,
    scratch: &mut Scratch,
    screened: &mut Option<Screened>,
) -> Option<String> {
    let verdict = matcher.check(text, way, scratch);
    verdict.action?;
    let screened = screened.get_or_insert_default();
    // The hits that are listed have an end, the strictest action counts them all.
    screened.is_blocked |= verdict.action == Some(Action::Block);
    for hit in &verdict.hits {
        match hit.action {
            Action::Warn => screened.is_warned = true,
            Action::Flag if screened.flagged.len() < FLAGGED_MAX => {
                let word = matcher.word(hit.word);
                if !screened.flagged.iter().any(|known| known == word) {
                    screened.flagged.push(word.to_owned());
                }
            }
            Action::Flag | Action::Mask | Action::Block => {}
        }
    }
    let masked: Vec<_> = verdict.hits.iter().filter(|hit| hit.action == Action::Mask).collect();
    if masked.is_empty() {
        return None;
    }
    Some(mask_hits(text, masked).into_owned())
}

fn direction(sender: Principal) -> Direction {
    if matches!(sender, Principal::Visitor(_)) { Direction::In } else { Direction::Out }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Reads the list again when its file has changed and after each SIGHUP, for ever.
pub(crate) async fn follow(words: Arc<Words>, metrics: Arc<Metrics>, mut hangups: Option<Signal>) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let hangup = async {
            match &mut hangups {
                Some(hangups) => hangups.recv().await,
                None => std::future::pending().await,
            }
        };
        let is_asked = tokio::select! {
            _ = ticks.tick() => false,
            Some(()) = hangup => true,
        };
        let list = Arc::clone(&words);
        // A long list takes a while to compile: not on a thread that serves.
        match tokio::task::spawn_blocking(move || list.refresh(is_asked)).await.ok().flatten() {
            Some(Ok(count)) => {
                metrics.words_reloaded(true);
                tracing::info!(words = count, "the list of sensitive words was read again");
            }
            Some(Err(error)) => {
                metrics.words_reloaded(false);
                tracing::error!(%error, "the list of sensitive words stays what it was");
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use kefu_core::{AgentKey, VisitorKey};

    use super::*;

    const VISITOR: Principal = Principal::Visitor(VisitorKey(1));
    const AGENT: Principal = Principal::Agent(AgentKey(1));

    fn words(list: &str) -> (tempfile::NamedTempFile, Words) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), list).unwrap();
        let words = Words::load(Some(file.path())).unwrap();
        (file, words)
    }

    #[test]
    fn each_action_and_direction() {
        let (_file, words) = words("赌场\n微信\tmask,out\n退款\tflag\n笨蛋\twarn,in\n");
        assert_eq!(words.text(VISITOR, "你好"), None);
        assert!(words.text(VISITOR, "赌 场").unwrap().is_blocked);
        assert_eq!(words.text(VISITOR, "加微信"), None);
        assert_eq!(words.text(AGENT, "加微信").unwrap().text.as_deref(), Some("加**"));
        assert!(words.text(VISITOR, "笨蛋").unwrap().is_warned);
        assert_eq!(words.text(AGENT, "退款, 退款").unwrap().flagged, ["退款"]);
    }

    #[test]
    fn a_list_that_is_none_leaves_the_one_before() {
        let (file, words) = words("赌场\n");
        assert!(words.refresh(false).is_none());
        std::fs::write(file.path(), "赌场\n微信\tshout\n").unwrap();
        let error = words.refresh(false).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "line 2: the action is block, mask, warn or flag");
        assert!(words.text(VISITOR, "赌场").is_some());
        assert!(words.refresh(false).is_none());
        std::fs::write(file.path(), "微信\n").unwrap();
        assert_eq!(words.refresh(false).unwrap().unwrap(), 1);
        assert_eq!(words.text(VISITOR, "赌场"), None);
    }

    #[test]
    fn data_and_notes() {
        let (_file, words) = words("微信\tmask\n");
        let content = |kind, data: Option<&str>| Content::new(kind, "微信".to_owned(), data, None).unwrap();
        let card = content(MessageKind::Card, Some(r#"{"title":"加微信"}"#));
        let screened = words.message(AGENT, &card).unwrap();
        assert_eq!(
            (screened.text.as_deref(), screened.data.as_deref()),
            (Some("**"), Some(r#"{"title":"加**"}"#))
        );
        assert_eq!(words.message(AGENT, &content(MessageKind::Note, None)), None);
    }
}
