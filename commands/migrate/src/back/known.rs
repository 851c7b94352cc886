//! What is known of rows there: which stands for what is here, and what it said when it was last seen.

use std::collections::HashMap;

use kefu_app::Failure;
use kefu_store::import::{Entity, Hash, Outcome, Record, RecordHere, hash_of};
use uuid::Uuid;

use super::{
    flow::{Back, Stop},
    parts::Part,
};
use crate::{
    cast::Changed,
    ids::may_be_of_row,
    mapping::{Grouper, TableMap},
    source::{Note, Request, SourceRow, hash_there},
    value::{Value, decode_key},
};

/// A row that stands for something here.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Its key; nothing, if no row can stand for it.
    pub(super) key: Option<Vec<u8>>,
    pub(super) is_made: bool,
    /// Of what the row said; nothing, if that is not known.
    pub(super) there: Option<Hash>,
    /// Of what was here then.
    pub(super) here: Option<Hash>,
    /// Whether there is a note of it.
    pub(super) is_noted: bool,
    pub(super) problem: Option<String>,
}

/// What a page does to a row.
#[derive(Clone, Debug)]
pub(super) struct Touched {
    pub(super) known: Known,
    /// The conversation of a message, which rows of some tables do not say.
    pub(super) conversation: Option<Uuid>,
    /// Whether the row is another one by now: else it is as it was read.
    pub(super) is_written: bool,
    /// Whether what it cannot say is not what it could not say before.
    pub(super) says_more: bool,
}

/// A row as it is there: what it becomes here, if anything, and a hash of that.
#[derive(Clone, Debug)]
pub(super) struct There {
    pub(super) record: Option<Record>,
    pub(super) hash: Hash,
}

impl From<Note> for Known {
    fn from(note: Note) -> Self {
        let Note { row, is_made, there, here, problem, .. } = note;
        Self { key: row.map(|(_, key)| key), is_made, there, here, is_noted: true, problem }
    }
}

/// A hash of what something is here.
pub(super) fn hash_here(here: &RecordHere) -> Hash {
    let mut buffer = Vec::new();
    let hash = here.record.hash(&mut buffer);
    // What was taken back may have said nothing before.
    if here.is_gone { hash_of(&[&hash[..], b"gone"].concat()) } else { hash }
}

/// The conversation that a record is a message of.
pub(super) fn conversation_of(record: &Record) -> Option<Uuid> {
    match record {
        Record::Message(message) => Some(message.conversation),
        _ => None,
    }
}

/// A key of one column.
pub(super) fn single(key: &[u8]) -> Option<Value> {
    match <[Value; 1]>::try_from(decode_key(key)?) {
        Ok([value]) => Some(value),
        Err(_) => None,
    }
}

impl Back<'_> {
    /// The number that the store has for a table.
    pub(super) fn table(&self, map: &TableMap) -> i64 {
        let name = map.name();
        self.tables.iter().find(|table| table.name == name).map_or(0, |table| table.key)
    }

    /// What is asked of a table to read its rows as the copy does.
    pub(super) async fn request(&mut self, map: &TableMap) -> Result<Request, Failure> {
        Ok(Request {
            table: map.from.clone(),
            key: self.writer.key_of(&map.from, &map.key).await?,
            columns: map.columns.clone(),
            position: None,
            page_rows: 1,
        })
    }

    /// Has what is known of these in memory: of each its place and its id.
    pub(super) async fn look_up(&mut self, entity: Entity, all: &[(i64, Uuid)]) -> Result<(), Failure> {
        let is_missing = |(place, _): &&(i64, Uuid)| !self.known.contains_key(&(entity, *place));
        let mut missing: Vec<(i64, Uuid)> = all.iter().filter(is_missing).copied().collect();
        let Some(map) = self.parts.table(entity).cloned() else { return Ok(()) };
        let places: Vec<_> = missing.iter().map(|(place, _)| *place).collect();
        for note in self.writer.notes_of(entity.number(), &places).await? {
            self.known.insert((entity, note.place), note.into());
        }
        missing.retain(|(place, id)| may_be_of_row(*id) && !self.known.contains_key(&(entity, *place)));
        let places: Vec<_> = missing.iter().map(|(place, _)| *place).collect();
        let rows = self.store.import_rows(self.table(&map), entity, &places).await;
        for (place, row) in rows.map_err(|error| self.at_store(error))? {
            let (key, hash) = (Some(row.key), row.hash);
            let known = Known { key, there: hash, here: hash, ..Known::default() };
            self.known.insert((entity, place), known);
        }
        Ok(())
    }

    /// Whether a row says what it said when it was brought over last.
    pub(super) async fn is_as_brought(
        &self,
        part: &Part,
        place: i64,
        there: &There,
    ) -> Result<bool, Failure> {
        let entity = part.map.entity;
        let rows = self.store.import_rows(self.table(&part.map), entity, &[place]).await;
        let rows = rows.map_err(|error| self.at_store(error))?;
        Ok(rows.get(&place).is_some_and(|row| row.hash == Some(there.hash)))
    }

    /// The key of the row that stands for what has this id here; a visitor or a conversation without one gets one.
    pub(super) async fn key_of(&mut self, entity: Entity, id: Uuid) -> Result<Option<Value>, Stop> {
        let place = self.store.place_of(entity, id).await.map_err(|error| self.at_store(error))?;
        let Some(place) = place else { return Ok(None) };
        self.look_up(entity, &[(place, id)]).await?;
        if !self.known.contains_key(&(entity, place))
            && matches!(entity, Entity::Visitor | Entity::Conversation)
        {
            let Some(part) = self.parts.part(entity).cloned() else { return Ok(None) };
            let here = self.store.records_here(entity, &[place]).await;
            if let Some(here) = here.map_err(|error| self.at_store(error))?.pop() {
                Box::pin(self.add(&part, &here)).await?;
            }
        }
        let known = self.known.get(&(entity, place));
        Ok(known.and_then(|known| known.key.as_deref()).and_then(single))
    }

    /// Rows as they are there, by key.
    pub(super) async fn read(
        &mut self,
        part: &Part,
        keys: &[Vec<u8>],
    ) -> Result<HashMap<Vec<u8>, SourceRow>, Failure> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let request = self.request(&part.map).await?;
        let rows = self.writer.rows(&request, keys).await?;
        Ok(rows.into_iter().map(|row| (row.key.clone(), row)).collect())
    }

    /// What a row becomes here, by the mapping of the copy; a message stays in the conversation that it is in.
    pub(super) fn forward(&self, part: &Part, row: SourceRow, conversation: Option<Uuid>) -> There {
        let no_lookups = HashMap::new();
        let lookups = self.lookups.get(&part.map.entity).unwrap_or(&no_lookups);
        let (mut grouper, mut changed) = (Grouper::default(), Changed::new());
        let (row, _) = part.map.map(row.key, &row.values, lookups, &mut grouper, &mut changed);
        let mut outcome = row.outcome;
        if let (Outcome::Record(record), Some(conversation), Some(_)) =
            (&mut outcome, conversation, &part.map.group)
            && let Record::Message(message) = &mut **record
        {
            message.conversation = conversation;
        }
        let hash = hash_there(&outcome);
        let record = match outcome {
            Outcome::Record(record) => Some(*record),
            Outcome::Filtered | Outcome::Dead => None,
        };
        There { record, hash }
    }

    /// Notes what the rows of this page say by now.
    pub(super) async fn settle(&mut self) -> Result<(), Failure> {
        let touched = std::mem::take(&mut self.touched);
        let parts = std::sync::Arc::clone(&self.parts);
        let mut notes = Vec::new();
        for part in parts.all() {
            let entity = part.map.entity;
            let mut of_part: Vec<_> = touched.iter().filter(|((of, _), _)| *of == entity).collect();
            let written = of_part.iter().filter(|(_, touched)| touched.is_written);
            let keys: Vec<_> = written.filter_map(|(_, touched)| touched.known.key.clone()).collect();
            let mut rows = self.read(part, &keys).await?;
            for ((_, place), touched) in of_part.drain(..) {
                let mut known = touched.known.clone();
                let row = known.key.as_ref().filter(|_| touched.is_written).and_then(|key| rows.remove(key));
                if let Some(row) = row {
                    known.there = Some(self.forward(part, row, touched.conversation).hash);
                }
                let note = Note {
                    entity: entity.number(),
                    place: *place,
                    row: known.key.clone().map(|key| (part.map.from.clone(), key)),
                    is_made: known.is_made,
                    there: known.there,
                    here: known.here,
                    problem: known.problem.clone(),
                };
                self.flowed.count(&note, !known.is_noted, touched.says_more);
                known.is_noted = true;
                self.known.insert((entity, *place), known);
                notes.push(note);
            }
        }
        self.writer.put(&notes).await
    }
}
