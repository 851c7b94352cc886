use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kefu_core::{ConversationKey, Micros};
use uuid::Uuid;

/// How long it is one reading, however many pages somebody looks at.
const ONE_READING_US: i64 = 60 * 60 * 1_000_000;

/// How many readings are remembered; when there are more, some leave a second line in the audit log.
const READINGS_MAX: usize = 10_000;

/// Who read which conversations of others of late, so that the audit log has a line for each reading and not for each
/// page.
#[derive(Debug, Default)]
pub(crate) struct Readings(Mutex<HashMap<(Uuid, ConversationKey), Micros>>);

impl Readings {
    /// Whether what `reader` looks at belongs to no reading that is noted.
    pub(crate) fn begins(&self, reader: Uuid, conversation: ConversationKey, now: Micros) -> bool {
        self.lock().get(&(reader, conversation)).is_none_or(|at| now.since(*at) >= ONE_READING_US)
    }

    /// A reading that has its line.
    pub(crate) fn note(&self, reader: Uuid, conversation: ConversationKey, now: Micros) {
        let mut noted = self.lock();
        if noted.len() >= READINGS_MAX {
            noted.retain(|_, at| now.since(*at) < ONE_READING_US);
            if noted.len() >= READINGS_MAX {
                noted.clear();
            }
        }
        noted.insert((reader, conversation), now);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Uuid, ConversationKey), Micros>> {
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
        assert!(readings.begins(boss, conversation, now));
        readings.note(boss, conversation, now);
        assert!(!readings.begins(boss, conversation, now.plus(ONE_READING_US - 1)));
        assert!(readings.begins(boss, conversation, now.plus(ONE_READING_US)));
        assert!(readings.begins(Uuid::from_u128(2), conversation, now), "somebody else reads for himself");
        for key in 0..i64::try_from(READINGS_MAX).unwrap() + 5 {
            readings.note(boss, ConversationKey(key), now);
            assert!(!readings.begins(boss, ConversationKey(key), now));
        }
        assert!(readings.lock().len() <= READINGS_MAX);
    }
}
