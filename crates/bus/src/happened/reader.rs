use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kefu_core::{Audience, ConversationKey, Entry, EventCode, Micros, Principal, Ticket, VisitorKey};
use kefu_store::{EventPosition, EventSource, Happened, HappenedKind, Range, Store, StoreError};
use uuid::Uuid;

use super::Kind;
use super::data::{AgentData, TeamData};
use super::making::{self, Names, OfTicket, Scenes};
use crate::Event;

/// How long names are good for; an unknown one is looked up at once.
const NAMES_GOOD_FOR: Duration = Duration::from_secs(5);

/// Where an event stands.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// In which list.
    pub source: EventSource,
    /// Which place of it.
    pub pos: i64,
}

/// An event, and what only this process knows of it.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Where it stands; a few events may stand in one place.
    pub place: Place,
    /// Public id of the inbox that it belongs to.
    pub inbox: Option<Uuid>,
    /// Who did it.
    pub actor: Principal,
    /// The event.
    pub event: Event,
}

/// Some events that follow one another.
#[derive(Clone, Debug, Default)]
pub struct Slice {
    /// The events, those of one key in order.
    pub heard: Vec<Heard>,
    /// Up to where they go.
    pub upto: EventPosition,
    /// Nothing was behind them.
    pub is_last: bool,
}

/// Makes events of what a store has.
pub struct Reader {
    store: Store,
    names: Mutex<Option<(Instant, Arc<Names>)>>,
}

impl Reader {
    /// Reads `store`.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, names: Mutex::default() }
    }

    /// The store that it reads.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Events of the wanted kinds behind `from`; `most` places of each list are looked at.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn slice(
        &self,
        from: EventPosition,
        most: i64,
        wanted: impl Fn(Kind) -> bool,
    ) -> Result<Slice, StoreError> {
        let found = self.store.event_slice(from, most).await?;
        let mut asked = Vec::new();
        for entry in found.entries {
            let kinds = Kind::of_entry(&entry).map(|kind| kind.filter(|kind| wanted(*kind)));
            if kinds != [None, None] {
                asked.push((entry, kinds));
            }
        }
        let mut heard = self.of_entries(asked).await?;
        for happened in found.happened {
            if wanted(Kind::of_record(happened.kind)) {
                heard.extend(self.of_record(&happened).await?);
            }
        }
        Ok(Slice { heard, upto: found.upto, is_last: found.is_last })
    }

    /// The event of this kind that stands in a place, as it is now; none if it is gone.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn at(&self, place: Place, kind: Kind) -> Result<Option<Heard>, StoreError> {
        match place.source {
            EventSource::Log => {
                let entries = self.store.entries_at(&[place.pos]).await?;
                let is_it = |own: Option<Kind>| own.filter(|own| *own == kind);
                let asked = entries.into_iter().map(|entry| {
                    let kinds = Kind::of_entry(&entry).map(is_it);
                    (entry, kinds)
                });
                Ok(self.of_entries(asked.collect()).await?.pop())
            }
            EventSource::Records => match self.store.happened_at(place.pos).await? {
                Some(happened) => self.of_record(&happened).await,
                None => Ok(None),
            },
        }
    }

    async fn of_entries(&self, asked: Vec<(Entry, [Option<Kind>; 2])>) -> Result<Vec<Heard>, StoreError> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let keys: BTreeSet<_> = asked.iter().map(|(entry, _)| entry.conversation).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        let scenes = Scenes::from(self.store.event_scenes(&keys).await?);
        let about = self.messages_of(&asked, &scenes).await?;
        let agents = asked.iter().flat_map(|(entry, _)| {
            let by = match entry.sender {
                Principal::Agent(agent) => Some(agent),
                _ => None,
            };
            by.into_iter().chain(entry.event.and_then(|event| event.agent))
        });
        let names = self.names(agents.collect()).await?;
        let mut heard = Vec::with_capacity(asked.len());
        for (entry, kinds) in asked {
            // Entries are only written with their conversation.
            let Some(scene) = scenes.of(entry.conversation) else { continue };
            let message = entry.event.and_then(|event| about.get(&(entry.conversation, event.seq?)));
            for kind in kinds.into_iter().flatten() {
                let event = making::of_entry(kind, &entry, message, scene, &names);
                let inbox = names.inboxes.get(&scene.0.inbox).copied();
                let place = Place { source: EventSource::Log, pos: entry.pos };
                heard.push(Heard { place, inbox, actor: entry.sender, event });
            }
        }
        Ok(heard)
    }

    /// The messages that edits and recalls name, as they are now.
    async fn messages_of(
        &self,
        asked: &[(Entry, [Option<Kind>; 2])],
        scenes: &Scenes,
    ) -> Result<BTreeMap<(ConversationKey, u64), Entry>, StoreError> {
        let mut messages = BTreeMap::new();
        for (entry, _) in asked {
            let revised =
                entry.event.filter(|event| matches!(event.code, EventCode::Edited | EventCode::Recalled));
            let (Some(seq), Some((head, _))) =
                (revised.and_then(|event| event.seq), scenes.of(entry.conversation))
            else {
                continue;
            };
            // The row of the head may lag behind: from the entry itself there is a way back.
            let mut head = head.clone();
            if head.last_seq < entry.seq {
                (head.last_seq, head.last_pos) = (entry.seq, entry.pos);
            }
            let range = Range::Before { seq: seq + 1, limit: 1 };
            let found = self.store.messages(&head, Audience::Agent, range).await?;
            let message = found.items.into_iter().find(|message| message.seq == seq);
            messages.extend(message.map(|message| ((entry.conversation, seq), message)));
        }
        Ok(messages)
    }

    async fn of_record(&self, happened: &Happened) -> Result<Option<Heard>, StoreError> {
        let (place, actor) = (Place { source: EventSource::Records, pos: happened.number }, happened.actor);
        if happened.kind == HappenedKind::VisitorIdentified {
            let names = self.names(BTreeSet::new()).await?;
            let visitor = self.store.visitor(VisitorKey(happened.target)).await?;
            return Ok(visitor.map(|visitor| Heard {
                place,
                inbox: names.inboxes.get(&visitor.inbox).copied(),
                actor,
                event: making::of_visitor(happened, &visitor, &names),
            }));
        }
        let Some(ticket) = self.store.ticket_by_number(happened.target).await? else { return Ok(None) };
        let Some(what) = self.of_ticket(happened, &ticket).await? else { return Ok(None) };
        let by = match actor {
            Principal::Agent(agent) => Some(agent),
            _ => None,
        };
        let names = self.names(by.into_iter().chain(ticket.assignee).collect()).await?;
        let requester = match ticket.requester {
            Some(key) => self.store.visitor(key).await?,
            None => None,
        };
        let conversations = ticket.conversations.clone();
        let event = making::of_ticket(happened, &ticket, requester.as_ref(), what, conversations, &names);
        Ok(Some(Heard { place, inbox: names.inboxes.get(&ticket.inbox).copied(), actor, event }))
    }

    async fn of_ticket(&self, happened: &Happened, ticket: &Ticket) -> Result<Option<OfTicket>, StoreError> {
        Ok(match happened.kind {
            HappenedKind::TicketCommented => {
                let comment = self.store.ticket_comment_by_key(ticket, happened.keys.0).await?;
                comment.map(OfTicket::Commented)
            }
            _ if happened.keys == (0, 0) => Some(OfTicket::Changed(Vec::new())),
            _ => Some(OfTicket::Changed(self.store.ticket_history_between(ticket, happened.keys).await?)),
        })
    }

    async fn names(&self, agents: BTreeSet<kefu_core::AgentKey>) -> Result<Arc<Names>, StoreError> {
        let known = self.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, names)) = known
            && at.elapsed() < NAMES_GOOD_FOR
            && agents.iter().all(|agent| names.agents.contains_key(agent))
        {
            return Ok(names);
        }
        let names = Arc::new(self.read_names().await?);
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), Arc::clone(&names)));
        Ok(names)
    }

    async fn read_names(&self) -> Result<Names, StoreError> {
        let agents = self.store.agents().await?.into_iter().map(|agent| {
            let data = AgentData { id: agent.id, name: agent.name.to_string(), email: agent.email };
            (agent.key, data)
        });
        let agents: HashMap<_, _> = agents.collect();
        let teams = self.store.teams().await?;
        let teams = teams.into_iter().map(|team| (team.key, TeamData { id: team.id, name: team.name }));
        let inboxes = self.store.inboxes().await?;
        Ok(Names {
            agents,
            teams: teams.collect(),
            inboxes: inboxes.into_iter().map(|inbox| (inbox.key, inbox.id)).collect(),
        })
    }

    /// The end of everything that happened so far.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn end(&self) -> Result<EventPosition, StoreError> {
        self.store.event_end().await
    }

    /// The place behind which stands everything that happened at `at` or later.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn position_at(&self, at: Micros) -> Result<EventPosition, StoreError> {
        self.store.event_position_at(at).await
    }
}
