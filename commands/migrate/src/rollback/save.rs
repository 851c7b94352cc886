//! What was written and changed here since the cutover, as a file for people: what no row there can say has to be done again by
//! hand.

use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use kefu_core::{MessageKind, Principal};
use kefu_store::{
    Store, StoreError,
    import::{ChangedHere, Entity, Record, WrittenHere},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{settings::Settings, value::show_key};

/// Lines of each list that are read at once.
const PAGE: u32 = 5_000;

/// Records that are read at once.
const RECORDS: usize = 500;

/// How much was saved.
pub(super) struct Saved {
    /// Messages that were written here.
    pub(super) messages: u64,
    /// Messages, conversations, visitors and tickets that something happened to.
    pub(super) changes: u64,
}

/// Why nothing was saved.
pub(super) enum Unsaved {
    Store(StoreError),
    File(std::io::Error),
}

/// A message as it is saved.
#[derive(Serialize)]
struct MessageLine<'a> {
    /// `message` for a new one, `edited` or `recalled` for one that was there before.
    what: &'static str,
    id: Uuid,
    conversation_id: Uuid,
    /// The row that the conversation was brought over from.
    table: Option<&'a str>,
    key: Option<String>,
    visitor: Option<&'a str>,
    sender: &'static str,
    agent: Option<&'a str>,
    kind: MessageKind,
    text: &'a str,
    data: Option<&'a str>,
    is_gone: bool,
    /// In microseconds since 1970 (UTC).
    at_us: i64,
}

/// Something else as it is saved.
#[derive(Serialize)]
struct RecordLine<'a> {
    /// `conversation`, `visitor` or `ticket`.
    what: &'static str,
    /// The row that it was brought over from, if it was.
    table: Option<&'a str>,
    key: Option<String>,
    /// Log-in name of the agent who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<&'a str>,
    /// As it is now.
    now: Plain<'a>,
}

/// A record without the name of its kind.
#[derive(Serialize)]
#[serde(transparent)]
struct Plain<'a>(#[serde(serialize_with = "plain")] &'a Record);

fn plain<S: serde::Serializer>(record: &Record, serializer: S) -> Result<S::Ok, S::Error> {
    match record {
        Record::Agent(record) => record.serialize(serializer),
        Record::Visitor(record) => record.serialize(serializer),
        Record::Conversation(record) => record.serialize(serializer),
        Record::Message(record) => record.serialize(serializer),
        Record::Ticket(record) => record.serialize(serializer),
        Record::Canned(record) => record.serialize(serializer),
        Record::Article(record) => record.serialize(serializer),
    }
}

/// Saves what changed here since it counts; only its owner reads it.
pub(super) async fn save(store: &Store, settings: &Settings, path: &Path) -> Result<Saved, Unsaved> {
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(Unsaved::File)?;
    let begin = store.changed_begin().await.map_err(Unsaved::Store)?;
    let (mut at, mut saved) = (begin, Saved { messages: 0, changes: 0 });
    let mut all = ChangedHere::default();
    loop {
        let changed = store.changed_here(at, PAGE).await.map_err(Unsaved::Store)?;
        if changed.upto == at {
            break;
        }
        at = changed.upto;
        saved.messages += messages(store, &mut file, &changed.written, |_| true, false).await?;
        all.revised.extend(changed.revised);
        all.conversations.extend(changed.conversations);
        all.visitors.extend(changed.visitors);
        all.tickets.extend(changed.tickets);
    }
    // Of what was written since, its line says what it is by now.
    let is_earlier = |written: &WrittenHere| written.pos <= begin.pos || written.is_imported;
    saved.changes += messages(store, &mut file, &all.revised, is_earlier, true).await?;
    for (entity, places) in [
        (Entity::Conversation, all.conversations),
        (Entity::Visitor, all.visitors),
        (Entity::Ticket, all.tickets),
    ] {
        saved.changes += places.len() as u64;
        records(store, settings, &mut file, entity, &Vec::from_iter(places)).await?;
    }
    file.sync_all().map_err(Unsaved::File)?;
    Ok(saved)
}

async fn messages(
    store: &Store,
    file: &mut File,
    places: &BTreeSet<i64>,
    is_meant: impl Fn(&WrittenHere) -> bool,
    is_earlier: bool,
) -> Result<u64, Unsaved> {
    let mut written = store.written_here(places).await.map_err(Unsaved::Store)?;
    written.retain(is_meant);
    write(file, written.iter().map(|written| message_line(written, is_earlier))).map_err(Unsaved::File)?;
    Ok(written.len() as u64)
}

fn message_line(written: &WrittenHere, is_earlier: bool) -> MessageLine<'_> {
    let origin = written.origin.as_ref();
    MessageLine {
        what: match (is_earlier, written.is_gone) {
            (false, _) => "message",
            (true, false) => "edited",
            (true, true) => "recalled",
        },
        id: written.id,
        conversation_id: written.conversation,
        table: origin.map(|(table, _)| table.as_str()),
        key: origin.map(|(_, key)| show_key(key)),
        visitor: written.visitor.as_deref(),
        sender: match written.sender {
            Principal::Visitor(_) => "visitor",
            Principal::Agent(_) => "agent",
            Principal::Bot => "bot",
            Principal::System => "system",
        },
        agent: written.agent.as_deref(),
        kind: written.kind,
        text: &written.text,
        data: written.data.as_deref(),
        is_gone: written.is_gone,
        at_us: written.at.0,
    }
}

async fn records(
    store: &Store,
    settings: &Settings,
    file: &mut File,
    entity: Entity,
    places: &[i64],
) -> Result<(), Unsaved> {
    let agents = store.agent_names().await.map_err(Unsaved::Store)?;
    let known = store.import_tables().await.map_err(Unsaved::Store)?;
    let tables = settings.tables.iter().filter(|map| map.entity == entity).map(|map| map.name());
    let tables: Vec<_> =
        known.into_iter().filter(|table| tables.clone().any(|name| name == table.name)).collect();
    for places in places.chunks(RECORDS) {
        let here = store.records_here(entity, places).await.map_err(Unsaved::Store)?;
        let mut origins = HashMap::new();
        for table in &tables {
            let rows = store.import_rows(table.key, entity, places).await.map_err(Unsaved::Store)?;
            origins.extend(rows.into_iter().map(|(place, row)| (place, (table.name.as_str(), row.key))));
        }
        let line = |here: &'_ kefu_store::import::RecordHere| {
            let origin = origins.get(&here.place);
            let assignee = match &here.record {
                Record::Conversation(conversation) => conversation.assignee,
                Record::Ticket(ticket) => ticket.assignee,
                _ => None,
            };
            serde_json::to_value(RecordLine {
                what: entity.as_str(),
                table: origin.map(|(table, _)| *table),
                key: origin.map(|(_, key)| show_key(key)),
                assignee: assignee.and_then(|id| agents.get(&id)).map(String::as_str),
                now: Plain(&here.record),
            })
        };
        let lines: Result<Vec<_>, _> = here.iter().map(line).collect();
        let lines = lines.map_err(|error| Unsaved::File(error.into()))?;
        write(file, lines).map_err(Unsaved::File)?;
    }
    Ok(())
}

fn write(file: &mut File, all: impl IntoIterator<Item = impl Serialize>) -> std::io::Result<()> {
    let mut lines = Vec::new();
    for line in all {
        serde_json::to_writer(&mut lines, &line)?;
        lines.push(b'\n');
    }
    file.write_all(&lines)
}
