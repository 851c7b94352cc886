use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kefu_core::{ConversationKey, Micros};
use uuid::Uuid;

/// How long it is one reading, however many pages somebody looks at, and one watch, however often a client begins it anew.
const ONE_READING_US: i64 = 60 * 60 * 1_000_000;

/// How many readings are remembered; when there are more, some leave a second line in the audit log.
const READINGS_MAX: usize = 10_000;

/// How somebody looks at a conversation of others.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Look {
    /// At what was said.
    Read,
    /// At everything as it is said.
    Watch,
}

type Key = (Uuid, ConversationKey, Look);

/// Who looked at which conversations of others of late, so that the audit log has a line for each reading and not for
/// each page.
#[derive(Debug, Default)]
pub(crate) struct Readings(Mutex<HashMap<Key, Micros>>);

impl Readings {
    /// Whether what `reader` looks at belongs to no reading that is noted.
    pub(crate) fn begins(
        &self,
        reader: Uuid,
        conversation: ConversationKey,
        look: Look,
        now: Micros,
    ) -> bool {
        self.lock().get(&(reader, conversation, look)).is_none_or(|at| now.since(*at) >= ONE_READING_US)
    }

    /// A reading that has its line; who watches reads, too.
    pub(crate) fn note(&self, reader: Uuid, conversation: ConversationKey, look: Look, now: Micros) {
        let mut noted = self.lock();
        if noted.len() >= READINGS_MAX {
            noted.retain(|_, at| now.since(*at) < ONE_READING_US);
            if noted.len() >= READINGS_MAX {
                noted.clear();
            }
        }
        noted.insert((reader, conversation, look), now);
        noted.insert((reader, conversation, Look::Read), now);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Micros>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_lasts_an_hour_and_many_are_forgotten_rather_than_kept() {
        let readings = Readings::default();
        let (boss, conversation, now) = (Uuid::from_u128(1), ConversationKey(1), Micros(0));
        let begins = |reader, conversation, look, now| readings.begins(reader, conversation, look, now);
        assert!(begins(boss, conversation, Look::Read, now));
        readings.note(boss, conversation, Look::Read, now);
        assert!(!begins(boss, conversation, Look::Read, now.plus(ONE_READING_US - 1)));
        assert!(begins(boss, conversation, Look::Read, now.plus(ONE_READING_US)));
        assert!(begins(Uuid::from_u128(2), conversation, Look::Read, now), "somebody else reads for himself");
        assert!(begins(boss, conversation, Look::Watch, now), "who read may begin to watch");
        for key in 0..i64::try_from(READINGS_MAX).unwrap() + 5 {
            let conversation = ConversationKey(key);
            readings.note(boss, conversation, Look::Watch, now);
            assert!(
                !begins(boss, conversation, Look::Watch, now) && !begins(boss, conversation, Look::Read, now)
            );
        }
        assert!(readings.lock().len() <= READINGS_MAX + 1);
    }
}
