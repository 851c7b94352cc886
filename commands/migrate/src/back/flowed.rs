//! What came of a flow.

use std::collections::BTreeMap;

use kefu_app::{Language, Text};
use kefu_store::import::Entity;
use serde::Serialize;

use crate::source::Note;

/// Conflicts that are named; all are counted.
const NAMED_MAX: usize = 100;

/// What the problem of a row begins with that somebody else has changed.
pub(super) const CONFLICT: &str = "conflict: ";

/// What stands there by now, and what does not.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Flowed {
    /// Messages that were written here and have a row there.
    pub(crate) messages: u64,
    /// The same of visitors, conversations and tickets.
    pub(crate) visitors: u64,
    pub(crate) conversations: u64,
    pub(crate) tickets: u64,
    /// Rows there that say something else by now.
    pub(crate) changed: u64,
    /// What no row can say, wholly or in part: notes without a word for them, what agents wrote who are not there, and such.
    pub(crate) left: u64,
    /// The same by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) left_for: BTreeMap<String, u64>,
    /// Rows that were changed or deleted there meanwhile: they stay as they are.
    pub(crate) conflicts: u64,
    /// The first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) conflicting: Vec<String>,
}

impl Flowed {
    /// Counts what a note says: of a row, if there was none before, and of what it cannot say, if that is something else.
    pub(super) fn count(&mut self, note: &Note, is_new: bool, says_more: bool) {
        if note.is_made && is_new {
            let of = |entity: Entity| note.entity == entity.number();
            if of(Entity::Message) {
                self.messages += 1;
            } else if of(Entity::Visitor) {
                self.visitors += 1;
            } else if of(Entity::Conversation) {
                self.conversations += 1;
            } else if of(Entity::Ticket) {
                self.tickets += 1;
            }
        }
        let Some(problem) = note.problem.as_ref().filter(|_| says_more) else { return };
        match (problem.strip_prefix(CONFLICT), &note.row) {
            (Some(why), Some((table, key))) => {
                self.conflicts += 1;
                if self.conflicting.len() < NAMED_MAX {
                    self.conflicting.push(format!("{table} {}: {why}", crate::value::show_key(key)));
                }
            }
            _ => {
                self.left += 1;
                *self.left_for.entry(problem.clone()).or_default() += 1;
            }
        }
    }

    /// How far it is, in a line.
    pub(super) fn line(&self, language: Language) -> String {
        let Self { messages, changed, left, conflicts, .. } = self;
        let text = Text::new(
            format!(
                "kefu migrate: {messages} messages flowed back, {changed} rows changed, {left} have no place there, {conflicts} conflicts"
            ),
            format!(
                "kefu migrate: 已回流 {messages} 条消息,更改 {changed} 行,{left} 条在旧系统中没有位置,{conflicts} 处冲突"
            ),
        );
        text.in_language(language).to_owned()
    }

    pub(crate) fn markdown(&self) -> String {
        let Self { messages, visitors, conversations, tickets, changed, left, conflicts, .. } = self;
        let mut out = format!(
            "{messages} messages, {conversations} conversations, {visitors} visitors and {tickets} tickets flowed back, {changed} rows \
             changed; {left} have no place in the old system; {conflicts} conflicts.\n"
        );
        for (why, count) in &self.left_for {
            out.push_str(&format!("\n- {count} left: {why}"));
        }
        for conflict in &self.conflicting {
            out.push_str(&format!("\n- conflict, nothing was overwritten: {conflict}"));
        }
        if !self.left_for.is_empty() || !self.conflicting.is_empty() {
            out.push('\n');
        }
        out
    }
}
