use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AgentKey, InboxKey, Micros, VisitorKey};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// The word that stands for it in the API.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// The one that `word` stands for.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.as_str() == word)
            }
        }
    };
}

words! {
    /// Where a ticket stands.
    TicketStatus {
        /// Nobody has looked at it.
        New = "new",
        /// Somebody works on it.
        Open = "open",
        /// Waits for the requester or for something outside.
        Pending = "pending",
        /// Answered; the requester's next word opens it again.
        Solved = "solved",
        /// Ended for good, unless an agent opens it again.
        Closed = "closed",
    }
}

words! {
    /// How soon a ticket wants to be looked at.
    TicketPriority {
        /// When there is time.
        Low = "low",
        /// In its turn.
        Normal = "normal",
        /// Before others.
        High = "high",
        /// At once.
        Urgent = "urgent",
    }
}

words! {
    /// What a line of a ticket's history is about.
    TicketField {
        /// What it is about, in one line.
        Subject = "subject",
        /// Where it stands.
        Status = "status",
        /// How soon it wants to be looked at.
        Priority = "priority",
        /// Who works on it: an agent's row number.
        Assignee = "assignee",
        /// Which team: its public id.
        Team = "team",
        /// Until when: microseconds since 1970 (UTC).
        DueAt = "due_at",
        /// Its tags: public ids, sorted, with commas between.
        Tags = "tags",
        /// A conversation that was linked (only `after`) or unlinked (only `before`): its public id.
        Conversation = "conversation",
    }
}

impl TicketStatus {
    /// Whether somebody still has to do something.
    #[must_use]
    pub fn is_live(self) -> bool {
        !matches!(self, Self::Solved | Self::Closed)
    }
}

/// How a requester said to be reached; each may be empty.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TicketContact {
    /// The name that was given.
    pub name: String,
    /// The e-mail address that was given.
    pub email: String,
    /// The phone number that was given.
    pub phone: String,
}

/// Something that is to be taken care of, beside the conversations.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ticket {
    /// Public id.
    pub id: Uuid,
    /// The short number that people say; the store gives it.
    pub number: i64,
    /// Where it belongs.
    pub inbox: InboxKey,
    /// Whose it is, if a visitor asked for it.
    pub requester: Option<VisitorKey>,
    /// What it is about, in one line.
    pub subject: String,
    /// The whole of it; may be empty.
    pub body: String,
    /// What the requester said of itself.
    pub contact: TicketContact,
    /// Where it stands.
    pub status: TicketStatus,
    /// How soon it wants to be looked at.
    pub priority: TicketPriority,
    /// Who works on it.
    pub assignee: Option<AgentKey>,
    /// Public id of the team that it belongs to.
    pub team: Option<Uuid>,
    /// Until when it is to be solved.
    pub due_at: Option<Micros>,
    /// Public ids of its tags, sorted.
    pub tags: Vec<Uuid>,
    /// Public ids of the conversations that it belongs to.
    pub conversations: Vec<Uuid>,
    /// When it was made.
    pub created_at: Micros,
    /// When it last changed or was commented on.
    pub updated_at: Micros,
    /// Since when it is solved or closed.
    pub solved_at: Option<Micros>,
    /// Rises with each change of a field; the store raises it.
    pub version: u64,
}

/// What changes of a ticket: what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct TicketPatch {
    /// What it is about.
    pub subject: Option<String>,
    /// Where it stands.
    pub status: Option<TicketStatus>,
    /// How soon it wants to be looked at.
    pub priority: Option<TicketPriority>,
    /// Who works on it, or nobody.
    pub assignee: Option<Option<AgentKey>>,
    /// Which team, or none.
    pub team: Option<Option<Uuid>>,
    /// Until when, or no matter when.
    pub due_at: Option<Option<Micros>>,
    /// All of its tags.
    pub tags: Option<Vec<Uuid>>,
}

/// One change of one field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TicketLine {
    /// Which.
    pub field: TicketField,
    /// What it was; nothing, if it was not set.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

/// Why a change of a ticket is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TicketRefusal {
    /// It ended: it only changes by being opened again.
    #[error("the ticket is closed: open it again first")]
    Closed,
    /// Once it is not new any more, it never is again.
    #[error("a ticket is new only once")]
    NotNew,
}

impl Ticket {
    /// Makes the changes of `patch`; returns a line for each field that is another one now.
    ///
    /// # Errors
    /// When the ticket is closed and stays so, or when it should be new again; then nothing is changed.
    pub fn apply(&mut self, patch: TicketPatch, now: Micros) -> Result<Vec<TicketLine>, TicketRefusal> {
        let status = patch.status.unwrap_or(self.status);
        if self.status == TicketStatus::Closed && status == TicketStatus::Closed {
            return Err(TicketRefusal::Closed);
        }
        if self.status != TicketStatus::New && status == TicketStatus::New {
            return Err(TicketRefusal::NotNew);
        }
        let tags = patch.tags.map(|mut tags| {
            tags.sort_unstable();
            tags.dedup();
            tags
        });
        let mut lines = Vec::new();
        set(&mut lines, TicketField::Subject, &mut self.subject, patch.subject, |text| Some(text.clone()));
        let was_live = self.status.is_live();
        set(&mut lines, TicketField::Status, &mut self.status, patch.status, |status| {
            Some(status.as_str().to_owned())
        });
        set(&mut lines, TicketField::Priority, &mut self.priority, patch.priority, |priority| {
            Some(priority.as_str().to_owned())
        });
        set(&mut lines, TicketField::Assignee, &mut self.assignee, patch.assignee, |agent| {
            agent.map(|agent| agent.0.to_string())
        });
        set(&mut lines, TicketField::Team, &mut self.team, patch.team, |team| {
            team.map(|team| team.to_string())
        });
        set(&mut lines, TicketField::DueAt, &mut self.due_at, patch.due_at, |at| {
            at.map(|at| at.0.to_string())
        });
        set(&mut lines, TicketField::Tags, &mut self.tags, tags, |tags| {
            let ids: Vec<_> = tags.iter().map(Uuid::to_string).collect();
            Some(ids.join(",")).filter(|ids| !ids.is_empty())
        });
        if was_live != self.status.is_live() {
            self.solved_at = was_live.then_some(now);
        }
        if !lines.is_empty() {
            self.updated_at = now;
        }
        Ok(lines)
    }
}

fn set<T: PartialEq>(
    lines: &mut Vec<TicketLine>,
    field: TicketField,
    slot: &mut T,
    value: Option<T>,
    show: impl Fn(&T) -> Option<String>,
) {
    if let Some(value) = value.filter(|value| *value != *slot) {
        lines.push(TicketLine { field, before: show(slot), after: show(&value) });
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    fn ticket(status: TicketStatus) -> Ticket {
        Ticket {
            id: Uuid::from_u128(1),
            number: 1,
            inbox: InboxKey(1),
            requester: None,
            subject: "a".to_owned(),
            body: String::new(),
            contact: TicketContact::default(),
            status,
            priority: TicketPriority::Normal,
            assignee: None,
            team: None,
            due_at: None,
            tags: Vec::new(),
            conversations: Vec::new(),
            created_at: Micros(1),
            updated_at: Micros(1),
            solved_at: (!status.is_live()).then_some(Micros(1)),
            version: 1,
        }
    }

    #[test]
    fn each_changed_field_has_its_line() {
        let mut changed = ticket(TicketStatus::New);
        let tags = vec![Uuid::from_u128(2), Uuid::from_u128(1), Uuid::from_u128(2)];
        let patch = TicketPatch {
            subject: Some("a".to_owned()),
            status: Some(TicketStatus::Solved),
            assignee: Some(Some(AgentKey(7))),
            due_at: Some(Some(Micros(9))),
            tags: Some(tags),
            ..TicketPatch::default()
        };
        let lines = changed.apply(patch, Micros(5)).unwrap();
        let shown: Vec<_> =
            lines.iter().map(|line| (line.field, line.before.as_deref(), line.after.as_deref())).collect();
        let tags = "00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000002";
        assert_eq!(
            shown,
            [
                (TicketField::Status, Some("new"), Some("solved")),
                (TicketField::Assignee, None, Some("7")),
                (TicketField::DueAt, None, Some("9")),
                (TicketField::Tags, None, Some(tags)),
            ]
        );
        assert_eq!((changed.solved_at, changed.updated_at), (Some(Micros(5)), Micros(5)));
    }

    #[test]
    fn a_closed_ticket_is_opened_before_it_changes() {
        let mut closed = ticket(TicketStatus::Closed);
        let urgent = TicketPatch { priority: Some(TicketPriority::Urgent), ..TicketPatch::default() };
        assert_eq!(closed.apply(urgent.clone(), Micros(5)), Err(TicketRefusal::Closed));
        assert_eq!(closed, ticket(TicketStatus::Closed));
        let opened = TicketPatch { status: Some(TicketStatus::Open), ..urgent };
        assert_eq!(closed.apply(opened, Micros(5)).unwrap().len(), 2);
        assert_eq!(closed.solved_at, None);
        let new = TicketPatch { status: Some(TicketStatus::New), ..TicketPatch::default() };
        assert_eq!(closed.apply(new, Micros(6)), Err(TicketRefusal::NotNew));
    }

    #[test]
    fn words_and_values_are_one_to_one() {
        for status in TicketStatus::ALL {
            assert_eq!(TicketStatus::from_word(status.as_str()), Some(status));
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{}\"", status.as_str()));
        }
        assert_eq!(TicketPriority::from_word("Low"), None);
        assert_eq!(TicketField::ALL.len(), 8);
    }

    proptest! {
        #[test]
        fn only_ended_tickets_are_solved(steps in proptest::collection::vec(select(&TicketStatus::ALL[..]), 0..20)) {
            let mut one = ticket(TicketStatus::New);
            for (now, status) in (2..).zip(steps) {
                let before = one.clone();
                let patch = TicketPatch { status: Some(status), ..TicketPatch::default() };
                match one.apply(patch, Micros(now)) {
                    Ok(lines) => prop_assert_eq!(lines.is_empty(), before == one),
                    Err(_) => prop_assert_eq!(&before, &one),
                }
                prop_assert_eq!(one.status.is_live(), one.solved_at.is_none());
                prop_assert!(one.solved_at.is_none_or(|at| at <= one.updated_at));
            }
        }
    }
}
