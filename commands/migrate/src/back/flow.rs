//! The flow itself: from the log here to rows there, and back into what the store knows.

use std::{collections::HashMap, sync::Arc};

use kefu_app::{Failure, Language};
use kefu_core::{MessageKind, Micros, Principal};
use kefu_store::{
    Store,
    import::{Adopted, Entity, ImportTable, Importer, Outcome, Record, WrittenHere},
};
use serde::Serialize;

use super::{
    inverse::{Here, Row, There},
    obstacles,
    parts::{Part, Parts},
};
use crate::{
    cast::Changed,
    check::Sources,
    ids::identity,
    mapping::{Grouper, TableMap},
    reading::lookups,
    settings::Settings,
    source::{Cell, Note, Request, Source, Writer, refused},
    target,
    value::{Value, decode_key},
};

/// Messages of one transaction.
const PAGE: u32 = 100;

/// Notes that are read at once.
const NOTES_LEN: u32 = 1000;

/// Keys that are remembered.
const KEYS_MAX: usize = 100_000;

/// What came of it.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Flowed {
    /// Messages that have a row there now.
    pub(crate) messages: u64,
    /// Messages for which no row can stand: notes without a word for them, those of agents who are not there, and such.
    pub(crate) left: u64,
}

/// The flow to one source.
pub(crate) struct Back<'a> {
    settings: &'a Settings,
    store: &'a Store,
    parts: Arc<Parts>,
    writer: Writer,
    source: Arc<Source>,
    tables: Vec<ImportTable>,
    /// Keys of rows there, by what they are here.
    keys: HashMap<(Entity, i64), Option<Value>>,
    flowed: Flowed,
}

impl<'a> Back<'a> {
    /// Opens the flow; fails if the mapping has no inverse, or nobody may write there.
    pub(crate) async fn open(
        settings: &'a Settings,
        sources: &Sources,
        store: &'a Store,
    ) -> Result<Self, Failure> {
        if let Some(problem) = obstacles(settings).first() {
            let (en, zh) = (problem.in_language(Language::English), problem.in_language(Language::Chinese));
            return Err(refused(format!("nothing can flow back: {en}"), format!("无法回流:{zh}")));
        }
        let parts =
            Parts::of(settings).map_err(|_| Failure::internal("a mapping that was looked at has changed"))?;
        let source = parts.source(settings);
        let Some((source, address)) = source.and_then(|source| Some((source, source.write.as_ref()?))) else {
            return Err(Failure::internal("a source that was looked at has changed"));
        };
        let writer = Writer::open(source, address, source.zone.clone()).await?;
        let open = Arc::clone(sources.get(&source.name)?);
        let read = open.identity();
        if writer.identity() != read {
            let (name, written) = (&source.name, writer.identity());
            return Err(refused(
                format!(
                    "nothing can flow back: source `{name}` is `{read}`, and its address for writing leads to `{written}`"
                ),
                format!("无法回流:来源 `{name}` 为 `{read}`,但其写入地址指向 `{written}`"),
            ));
        }
        let tables =
            store.import_tables().await.map_err(|error| target::failure(&settings.data_dir, error))?;
        Ok(Self {
            settings,
            store,
            parts: Arc::new(parts),
            writer,
            source: open,
            tables,
            keys: HashMap::new(),
            flowed: Flowed::default(),
        })
    }

    fn at_store(&self, error: kefu_store::StoreError) -> Failure {
        target::failure(&self.settings.data_dir, error)
    }

    /// Writes what is here by now and not there yet; what has flowed since the beginning.
    pub(crate) async fn drain(&mut self) -> Result<Flowed, Failure> {
        let imported = self.store.import_end().await.map_err(|error| self.at_store(error))?;
        let noted = self.writer.last_place(Entity::Message.number()).await?;
        let mut after = imported.max(noted);
        loop {
            let page = self.store.messages_behind(after, PAGE).await.map_err(|error| self.at_store(error))?;
            let Some(last) = page.last() else { return Ok(self.flowed) };
            after = last.pos;
            let before = self.flowed;
            self.writer.begin().await?;
            for message in &page {
                if let Err(failure) = self.message(message).await {
                    self.flowed = before;
                    return Err(failure);
                }
            }
            self.writer.commit().await?;
            if self.keys.len() > KEYS_MAX {
                self.keys.clear();
            }
        }
    }

    async fn message(&mut self, message: &WrittenHere) -> Result<(), Failure> {
        let at = (Entity::Message.number(), message.pos);
        match self.row(message).await? {
            Some(row) => {
                let parts = Arc::clone(&self.parts);
                let map = &parts.messages.map;
                self.writer.add(at, &map.from, &map.key, &cells(row)).await?;
                self.flowed.messages += 1;
            }
            None => {
                self.writer.put(&Note { entity: at.0, place: at.1, row: None }).await?;
                self.flowed.left += 1;
            }
        }
        Ok(())
    }

    /// The row of a message; nothing, if none can stand for it.
    async fn row(&mut self, message: &WrittenHere) -> Result<Option<Row>, Failure> {
        let parts = Arc::clone(&self.parts);
        let Part { map, inverse } = &parts.messages;
        if message.is_gone {
            return Ok(None);
        }
        let word = match message.sender {
            Principal::Visitor(_) => "visitor",
            Principal::Agent(_) => "agent",
            Principal::Bot => "bot",
            Principal::System => "system",
        };
        let mut row = Row::new();
        let mut is_whole = inverse.set(&mut row, "sender", Here::Word(word));
        is_whole &= inverse.set(&mut row, "text", Here::Text(message.text.clone()));
        is_whole &= inverse.set(&mut row, "occurred_at", Here::Time(message.at));
        if message.kind == MessageKind::Note {
            // What is for agents alone must not be something that visitors see there.
            is_whole &= inverse.set(&mut row, "kind", Here::Word("note"));
        } else {
            inverse.set(&mut row, "kind", Here::Word("text"));
        }
        if let Principal::Agent(agent) = message.sender
            && inverse.refers_to("agent").is_some()
        {
            let key = self.agent(agent.0).await?;
            is_whole &= inverse.set(&mut row, "agent", Here::Reference(key));
        }
        if !is_whole {
            return Ok(None);
        }
        let [conversation, visitor] = message.places;
        match &map.group {
            None => {
                let key = self.conversation(conversation, visitor).await?;
                if !inverse.set(&mut row, "conversation", Here::Reference(key)) {
                    return Ok(None);
                }
            }
            Some(group) => {
                let Some(visitor) = self.visitor(visitor).await? else { return Ok(None) };
                row.insert(map.columns[group.visitor.0].clone(), There::Value(visitor));
                let here = self.store.conversation_here(conversation).await;
                let here = here.map_err(|error| self.at_store(error))?;
                if let (Some((column, _)), Some(assignee)) =
                    (&group.agent, here.and_then(|here| here.assignee))
                    && let Some(agent) = self.agent(assignee).await?
                {
                    row.entry(map.columns[*column].clone()).or_insert(There::Value(agent));
                }
            }
        }
        inverse.fix(&mut row);
        Ok(Some(row))
    }

    /// The key that an agent has there.
    async fn agent(&mut self, place: i64) -> Result<Option<Value>, Failure> {
        let Some(map) = self.parts.agents.clone() else { return Ok(None) };
        self.known(&map, place).await
    }

    /// The key that a visitor has there; one who came since gets a row.
    async fn visitor(&mut self, place: i64) -> Result<Option<Value>, Failure> {
        let parts = Arc::clone(&self.parts);
        let Part { map, inverse } = &parts.visitors;
        if let Some(key) = self.known(map, place).await? {
            return Ok(Some(key));
        }
        let here = self.store.visitor_here(place).await.map_err(|error| self.at_store(error))?;
        let Some(here) = here else { return Ok(None) };
        let mut row = Row::new();
        let own_id = here.external_id.unwrap_or_else(|| here.id.to_string());
        for (field, text) in
            [("external_id", own_id), ("name", here.name), ("email", here.email), ("phone", here.phone)]
        {
            if !text.is_empty() {
                inverse.set(&mut row, field, Here::Text(text));
            }
        }
        inverse.set(&mut row, "created_at", Here::Time(here.created_at));
        inverse.set(&mut row, "last_seen_at", Here::Time(here.last_seen_at));
        inverse.fix(&mut row);
        self.add(map, place, row).await
    }

    /// The key that a conversation has there; one that began since gets a row.
    async fn conversation(&mut self, place: i64, visitor: i64) -> Result<Option<Value>, Failure> {
        let parts = Arc::clone(&self.parts);
        let Some(Part { map, inverse }) = &parts.conversations else { return Ok(None) };
        if let Some(key) = self.known(map, place).await? {
            return Ok(Some(key));
        }
        let here = self.store.conversation_here(place).await.map_err(|error| self.at_store(error))?;
        let Some(here) = here else { return Ok(None) };
        let mut row = Row::new();
        let visitor = self.visitor(visitor).await?;
        if !inverse.set(&mut row, "visitor", Here::Reference(visitor)) {
            return Ok(None);
        }
        inverse.set(&mut row, "created_at", Here::Time(here.created_at));
        if let Some(assignee) = here.assignee {
            let agent = self.agent(assignee).await?;
            inverse.set(&mut row, "assignee", Here::Reference(agent));
        }
        inverse.fix(&mut row);
        self.add(map, place, row).await
    }

    async fn add(&mut self, map: &TableMap, place: i64, row: Row) -> Result<Option<Value>, Failure> {
        let at = (map.entity.number(), place);
        let key = self.writer.add(at, &map.from, &map.key, &cells(row)).await?;
        let key = single(&key);
        self.keys.insert((map.entity, place), key.clone());
        Ok(key)
    }

    /// The key of the row that something came from, or that was written for it.
    async fn known(&mut self, map: &TableMap, place: i64) -> Result<Option<Value>, Failure> {
        let at = (map.entity, place);
        if let Some(key) = self.keys.get(&at) {
            return Ok(key.clone());
        }
        let noted = self.writer.note(map.entity.number(), place).await?;
        let mut key = noted.and_then(|note| note.row).map(|(_, key)| key);
        if key.is_none() {
            let table = self.table(map);
            let found = self.store.import_keys(table, map.entity, &[place]).await;
            key = found.map_err(|error| self.at_store(error))?.remove(&place);
        }
        let key = key.as_deref().and_then(single);
        if key.is_some() {
            self.keys.insert(at, key.clone());
        }
        Ok(key)
    }

    /// The number that the store has for a table.
    fn table(&self, map: &TableMap) -> i64 {
        let name = map.name();
        self.tables.iter().find(|table| table.name == name).map_or(0, |table| table.key)
    }

    /// Has the store know the rows that were written there, so that they do not come over as new ones, and forgets the notes;
    /// all of what flowed back.
    pub(crate) async fn adopt(mut self, importer: &mut Importer) -> Result<Flowed, Failure> {
        let parts = Arc::clone(&self.parts);
        let maps: Vec<_> = [Some(&parts.visitors), parts.conversations.as_ref(), Some(&parts.messages)]
            .into_iter()
            .flatten()
            .map(|part| &part.map)
            .collect();
        let (mut after, mut flowed) = ((0, 0), Flowed::default());
        loop {
            let notes = self.writer.notes(after, NOTES_LEN).await?;
            let Some(last) = notes.last() else { break };
            after = (last.entity, last.place);
            let of_messages = |note: &&Note| note.entity == Entity::Message.number();
            let messages = notes.iter().filter(of_messages).count() as u64;
            let left = notes.iter().filter(of_messages).filter(|note| note.row.is_none()).count() as u64;
            flowed.messages += messages - left;
            flowed.left += left;
            for map in &maps {
                let of_map = |note: &&Note| note.entity == map.entity.number();
                let known =
                    notes.iter().filter(of_map).filter_map(|note| Some((note.place, note.row.as_ref()?)));
                let keys: Vec<_> = known.map(|(place, (_, key))| (place, key.clone())).collect();
                let rows = self.adopted(map, keys).await?;
                importer.adopt(&rows).await.map_err(|error| self.at_store(error))?;
            }
        }
        self.forget().await?;
        Ok(flowed)
    }

    /// Takes the notes away.
    pub(super) async fn forget(&mut self) -> Result<(), Failure> {
        self.writer.forget().await
    }
}

impl Back<'_> {
    /// What was made here, as its rows there say.
    async fn adopted(&mut self, map: &TableMap, keys: Vec<(i64, Vec<u8>)>) -> Result<Vec<Adopted>, Failure> {
        let request = Request {
            table: map.from.clone(),
            key: self.writer.key_of(&map.from, &map.key).await?,
            columns: map.columns.clone(),
            position: None,
            page_rows: 1,
        };
        let lookups = lookups(&self.source, map).await?;
        let wanted: Vec<_> = keys.iter().map(|(_, key)| key.clone()).collect();
        let rows = self.source.rows(&request, &wanted).await.transpose()?.unwrap_or_default();
        let mut made = HashMap::new();
        for row in rows {
            let (mut grouper, mut changed) = (Grouper::default(), Changed::new());
            let (row, _) = map.map(row.key, &row.values, &lookups, &mut grouper, &mut changed);
            if let Outcome::Record(record) = row.outcome {
                made.insert(row.key, created_at(&record));
            }
        }
        let table = self.table(map);
        let adopted = keys.into_iter().map(|(place, key)| Adopted {
            table,
            entity: map.entity,
            place,
            id: identity(&map.source, &map.alias, &key),
            created_at: made.get(&key).copied().flatten(),
            key,
        });
        Ok(adopted.collect())
    }
}

fn created_at(record: &Record) -> Option<Micros> {
    match record {
        Record::Visitor(visitor) => Some(visitor.created_at),
        Record::Conversation(conversation) => Some(conversation.created_at),
        Record::Message(message) => Some(message.occurred_at),
        _ => None,
    }
}

/// A key of one column.
fn single(key: &[u8]) -> Option<Value> {
    match <[Value; 1]>::try_from(decode_key(key)?) {
        Ok([value]) => Some(value),
        Err(_) => None,
    }
}

fn cells(row: Row) -> std::collections::BTreeMap<String, Cell> {
    let cell = |there| match there {
        There::Value(value) => Cell::Value(value),
        There::Time(at, unit) => Cell::Time(at, unit),
    };
    row.into_iter().map(|(column, there)| (column, cell(there))).collect()
}

impl Flowed {
    pub(super) fn markdown(&self) -> String {
        let Self { messages, left } = self;
        format!("{messages} messages flowed back; {left} have no place in the old system.\n")
    }
}
