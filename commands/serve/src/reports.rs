//! Figures over a range of time, read from the log.

mod csv;
mod names;
mod query;
mod view;

pub(crate) use csv::write as write_csv;
pub(crate) use names::Names;
pub(crate) use query::{grouping, span, zone};
pub(crate) use view::ReportView;

use std::collections::{HashMap, hash_map::Entry};

use kefu_core::{ClockRules, Contact, ConversationKey, Grouping, InboxKey, Report, ReportFilter};
use kefu_store::{ReportEntry, Store, StoreError};

/// Positions of the log that are read at once.
const SLICE: i64 = if cfg!(test) { 3 } else { 10_000 };

/// Conversations whose past is read at once.
const HISTORIES: usize = 50;

/// Conversations that are followed at once; what is forgotten is read again.
const FOLLOWED_MAX: usize = if cfg!(test) { 2 } else { 200_000 };

/// How far beside the range entries are looked for, because clocks may be set back.
const SLACK_S: i64 = 600;

/// What is known of a conversation at some place of the log.
#[derive(Default)]
struct Followed {
    contact: Contact,
    inbox: Option<InboxKey>,
    tags: Box<[i64]>,
}

/// Counts what the log says of a range of time. It is read in slices, and no connection is held between two.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn count(
    store: &Store,
    filter: ReportFilter,
    grouping: Grouping,
    zone: jiff::tz::TimeZone,
) -> Result<Report, StoreError> {
    let mut pos = store.pos_at(filter.from.plus_seconds(-SLACK_S)).await?;
    let end = store.pos_at(filter.to.plus_seconds(SLACK_S)).await?;
    let needs_tags = filter.tag.is_some() || grouping == Grouping::Tag;
    let mut reading = Reading { store, needs_tags, targets: targets(store).await?, followed: HashMap::new() };
    let mut report = Report::new(filter, grouping, zone);
    while pos < end {
        let slice = store.report_slice(pos, SLICE.min(end - pos)).await?;
        reading.follow(&slice.entries).await?;
        reading.count(&slice.entries, &mut report);
        pos = slice.next_pos;
    }
    Ok(report)
}

async fn targets(store: &Store) -> Result<HashMap<InboxKey, ClockRules>, StoreError> {
    let inboxes = store.inboxes().await?;
    Ok(inboxes.iter().map(|inbox| (inbox.key, inbox.settings.clock_rules())).collect())
}

struct Reading<'a> {
    store: &'a Store,
    needs_tags: bool,
    targets: HashMap<InboxKey, ClockRules>,
    followed: HashMap<ConversationKey, Followed>,
}

impl Reading<'_> {
    /// Begins to follow the conversations of a slice that are not followed yet.
    async fn follow(&mut self, entries: &[ReportEntry]) -> Result<(), StoreError> {
        self.forget();
        let (mut new, mut histories) = (Vec::new(), Vec::new());
        for entry in entries {
            if let Entry::Vacant(place) = self.followed.entry(entry.conversation) {
                place.insert(Followed::default());
                new.push(entry.conversation);
                histories.extend(Some(entry.prev_pos).filter(|pos| *pos > 0));
            }
        }
        // What the past completed was counted then.
        let mut past = Vec::new();
        for some in histories.chunks(HISTORIES) {
            for entry in self.store.report_history(some).await? {
                if let Some(followed) = self.followed.get_mut(&entry.conversation) {
                    followed.contact.apply(entry.step, &mut past);
                    past.clear();
                }
            }
        }
        for (conversation, inbox) in self.store.inboxes_of(&new).await? {
            if let Some(followed) = self.followed.get_mut(&conversation) {
                followed.inbox = Some(inbox);
            }
        }
        if self.needs_tags {
            let mut tags: HashMap<_, Vec<_>> = HashMap::new();
            for (conversation, tag) in self.store.tag_keys_of(&new).await? {
                tags.entry(conversation).or_default().push(tag);
            }
            for (conversation, tags) in tags {
                if let Some(followed) = self.followed.get_mut(&conversation) {
                    followed.tags = tags.into();
                }
            }
        }
        Ok(())
    }

    /// Makes room: what is over first, then everything.
    fn forget(&mut self) {
        if self.followed.len() < FOLLOWED_MAX {
            return;
        }
        self.followed.retain(|_, followed| !followed.contact.is_over());
        if self.followed.len() > FOLLOWED_MAX / 2 {
            self.followed.clear();
        }
    }

    fn count(&mut self, entries: &[ReportEntry], report: &mut Report) {
        let mut facts = Vec::new();
        for entry in entries {
            let Some(followed) = self.followed.get_mut(&entry.conversation) else { continue };
            followed.contact.apply(entry.step, &mut facts);
            let targets = followed.inbox.and_then(|inbox| self.targets.get(&inbox)).copied();
            let targets = targets.unwrap_or_default();
            for fact in facts.drain(..) {
                let labels = kefu_core::Labels { inbox: followed.inbox, targets, tags: &followed.tags };
                report.add(&fact, labels);
            }
        }
    }
}

#[cfg(test)]
mod tests;
