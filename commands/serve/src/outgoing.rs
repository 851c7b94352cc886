//! The one door out: whatever the daemon sends to others of its own accord asks here first.
//!
//! In a rehearsal (`kefu serve --shadow`) nothing may leave: the caller gets a change that lists the call, and writes
//! that in place of making it, together with whatever it would have noted of its success.

use std::{fmt::Display, path::Path, sync::Arc};

use kefu_app::{Exit, Failure, Text};
use kefu_store::{Change, RecordSet, ShadowCall, ShadowChange, Store, StoreError};

use crate::{clock, desk::Desk, metrics::Metrics, problem::Problem};

/// Most characters of what is listed of a call.
const TEXT_CHARS: usize = 500;

/// Whether something may leave.
#[derive(Clone)]
pub(crate) struct Outgoing {
    metrics: Arc<Metrics>,
    is_shadow: bool,
}

impl Outgoing {
    pub(crate) fn new(metrics: Arc<Metrics>, is_shadow: bool) -> Self {
        Self { metrics, is_shadow }
    }

    /// Whether this is a rehearsal.
    pub(crate) fn is_shadow(&self) -> bool {
        self.is_shadow
    }

    /// What is to be written in place of a call of this kind; nothing when it may be made. `summary` is free of
    /// personal data.
    pub(crate) fn held_back(
        &self,
        kind: &'static str,
        target: &impl Display,
        summary: impl FnOnce() -> String,
    ) -> Option<Change> {
        if !self.is_shadow {
            return None;
        }
        self.metrics.shadow_calls(1);
        let short = |text: String| text.chars().take(TEXT_CHARS).collect();
        Some(Change::Shadow(ShadowChange::Call(ShadowCall {
            number: 0,
            at: clock::now(),
            kind: kind.to_owned(),
            target: short(target.to_string()),
            summary: short(summary()),
        })))
    }

    /// Makes a new store that of a rehearsal, if this is one.
    pub(crate) async fn mark(&self, desk: &Desk, store: &Store) -> Result<(), Problem> {
        if !self.is_shadow || store.is_shadow().await? {
            return Ok(());
        }
        desk.record(RecordSet { changes: vec![Change::Shadow(ShadowChange::Mark)], audit: Vec::new() }).await
    }
}

/// Refuses the store of a rehearsal for anything else, and any other for a rehearsal, unless it is new.
pub(crate) async fn check(store: &Store, dir: &Path, is_shadow: bool) -> Result<(), Failure> {
    let found = async {
        let marked = store.is_shadow().await?;
        // Every store that was ever served has an inbox.
        Ok::<_, StoreError>((marked, store.inboxes().await?.is_empty()))
    };
    let (marked, is_new) = found.await.map_err(|error| crate::opening::store_failure(dir, error))?;
    let place = dir.display();
    let (message, hint) = match (is_shadow, marked) {
        (false, true) => (
            Text::new(
                format!("cannot serve {place}: it is the store of a rehearsal"),
                format!("无法提供服务:{place} 是演练用的数据库"),
            ),
            Text::new(
                "serve it with --shadow, or name another directory with --data-dir",
                "请加上 --shadow,或用 --data-dir 指定其他目录",
            ),
        ),
        (true, false) if !is_new => (
            Text::new(
                format!("cannot rehearse in {place}: it is a real store"),
                format!("无法在 {place} 中演练:它是正式的数据库"),
            ),
            Text::new("name an empty directory with --data-dir", "请用 --data-dir 指定一个空目录"),
        ),
        _ => return Ok(()),
    };
    Err(Failure::new(Exit::Data, message).hint(hint))
}
