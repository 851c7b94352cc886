//! Dumps that are damaged, and read as far as they are whole: only if that was asked for, and never without saying so.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use kefu_app::{Exit, Failure, Language};

/// What becomes of the part of a dump that is behind its damage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tails(Option<Skipping>);

#[derive(Clone, Debug)]
struct Skipping {
    language: Language,
    /// Where dumps are damaged, each said once.
    met: Arc<Mutex<BTreeSet<String>>>,
}

impl Tails {
    /// Leaves it out.
    pub(crate) fn skipped(language: Language) -> Self {
        Self(Some(Skipping { language, met: Arc::default() }))
    }

    /// Whether reading ends here as if the dump did; the damage is noted then.
    pub(crate) fn end_at(&self, failure: &Failure) -> bool {
        let Some(skipping) = self.0.as_ref().filter(|_| failure.exit() == Exit::Data) else { return false };
        let mut met = skipping.met.lock().unwrap_or_else(PoisonError::into_inner);
        met.insert(failure.line(skipping.language));
        true
    }

    /// Where dumps are damaged, as far as they were met.
    pub(crate) fn met(&self) -> Vec<String> {
        let Some(skipping) = &self.0 else { return Vec::new() };
        skipping.met.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use kefu_app::Text;

    use super::*;

    #[test]
    fn a_damage_ends_reading_only_if_that_was_asked_for() {
        let failure = |exit| Failure::new(exit, Text::from("damaged at byte 7".to_owned()));
        assert!(!Tails::default().end_at(&failure(Exit::Data)));
        let tails = Tails::skipped(Language::English);
        assert!(!tails.end_at(&failure(Exit::Io)));
        assert!(tails.end_at(&failure(Exit::Data)) && tails.end_at(&failure(Exit::Data)));
        assert_eq!(tails.clone().met(), ["damaged at byte 7"]);
    }
}
