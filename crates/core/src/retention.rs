//! For how long things are kept.

use serde::{Deserialize, Serialize};

use crate::SettingError;

/// The longest time that a setting may name: a hundred years.
pub const RETENTION_DAYS_MAX: u32 = 36_500;

/// A kind of things that are kept for some time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kept {
    /// What was said in conversations that have ended.
    Messages,
    /// Files of conversations.
    Files,
    /// What was written in tickets that are solved or closed.
    Tickets,
    /// Pages that visitors saw.
    Pages,
}

impl Kept {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Messages, Self::Files, Self::Tickets, Self::Pages];

    /// Its name in answers and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Files => "files",
            Self::Tickets => "tickets",
            Self::Pages => "pages",
        }
    }
}

/// For how many days an inbox keeps things; what is left out is as the daemon has it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Since the last entry of a conversation that has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_days: Option<u32>,
    /// Since the upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files_days: Option<u32>,
    /// Since the last change of a ticket that is solved or closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tickets_days: Option<u32>,
    /// Since the visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages_days: Option<u32>,
}

impl Retention {
    /// For how many days this kind is kept; for ever when nothing is said.
    #[must_use]
    pub fn days(&self, kind: Kept) -> Option<u32> {
        match kind {
            Kept::Messages => self.messages_days,
            Kept::Files => self.files_days,
            Kept::Tickets => self.tickets_days,
            Kept::Pages => self.pages_days,
        }
    }

    /// Nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Holds every number against its limits.
    ///
    /// # Errors
    /// For the first that is outside.
    pub fn check(&self) -> Result<(), SettingError> {
        for (field, days) in [
            ("retention.messages_days", self.messages_days),
            ("retention.files_days", self.files_days),
            ("retention.tickets_days", self.tickets_days),
            ("retention.pages_days", self.pages_days),
        ] {
            if days.is_some_and(|days| !(1..=RETENTION_DAYS_MAX).contains(&days)) {
                return Err(SettingError::Days { field });
            }
        }
        Ok(())
    }
}
