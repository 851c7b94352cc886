//! Documents that are written to MongoDB, and notes of them, in transactions of the replica set.
//!
//! A document gets an `_id` that is made of what it is here, so it is never there twice; every value has the type that the
//! field has in documents that are there.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};
use kefu_app::{Failure, Secret};
use kefu_core::Micros;
use mongodb::{
    ClientSession, Collection, IndexModel,
    bson::{
        Binary, Bson, DateTime, Decimal128, Document, RawDocumentBuf, doc,
        oid::ObjectId,
        spec::{BinarySubtype, ElementType},
    },
    error::{Error, ErrorKind, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT, WriteFailure},
    options::WriteConcern,
};
use uuid::Uuid;

use super::{Server, code, decoded, failure, keys::candidates, no_replica_set};
use crate::{
    file::TimeUnit,
    settings::SourceSettings,
    source::{
        Request, SourceRow, bson, refused,
        writing::{Cell, Cells, NOTES, Note, Unwritten, no_key, unwritable},
    },
    value::{Value, decode_key, encode_key},
};

/// Documents that are looked at to know the types of a collection's fields.
const SAMPLE: i64 = 50;

/// How often a commit is tried again of which nobody knows whether it was one.
const COMMITS: u32 = 5;

/// Errors that are a document's own fault: its key is taken, or the collection's rules refuse it.
const OF_DOCUMENTS: [i32; 2] = [11_000, 121];

/// A collection of that name is there already.
const EXISTS: i32 = 48;

/// The types of a collection's fields.
type Types = HashMap<String, ElementType>;

/// A connection that may write.
pub(crate) struct Writer {
    server: Server,
    /// While a transaction is under way.
    session: Option<ClientSession>,
    types: HashMap<String, Types>,
    zone: TimeZone,
    /// Somebody else's transaction was in the way, such as one that a killed process left behind.
    is_passing: AtomicBool,
}

/// Waits for an answer within a transaction, and notes whether what went wrong passes.
async fn answer<T>(
    server: &Server,
    is_passing: &AtomicBool,
    asking: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    let noted = async {
        let answer = asking.await;
        note_passing(is_passing, answer.as_ref().err());
        answer
    };
    server.answer(noted).await
}

fn note_passing(is_passing: &AtomicBool, error: Option<&Error>) {
    if error.is_some_and(|error| error.contains_label(TRANSIENT_TRANSACTION_ERROR)) {
        is_passing.store(true, Ordering::Relaxed);
    }
}

impl Writer {
    /// Calls the server under an address whose user may write.
    pub(crate) async fn open(settings: &SourceSettings, address: &Secret) -> Result<Self, Failure> {
        let server = Server::open(settings, address).await?;
        if server.opened_at.is_none() {
            let text = no_replica_set();
            let (en, zh) = (kefu_app::Language::English, kefu_app::Language::Chinese);
            return Err(refused(
                format!("nothing can flow back: {}", text.in_language(en)),
                format!("无法回流:{}", text.in_language(zh)),
            ));
        }
        // Within a transaction older servers make no collection.
        let database = server.client.database(&server.database);
        let made = server.answer(async {
            match database.create_collection(NOTES).await {
                Err(error) if code(&error) == Some(EXISTS) => Ok(()),
                made => made,
            }
        });
        made.await?;
        // Who may not make an index waits longer for notes of rows.
        let by_key = IndexModel::builder().keys(doc! { "key": 1 }).build();
        let notes = database.collection::<Document>(NOTES);
        drop(server.answer(async { notes.create_index(by_key).await }).await);
        Ok(Self {
            server,
            session: None,
            types: HashMap::new(),
            zone: settings.zone.clone(),
            is_passing: AtomicBool::new(false),
        })
    }

    /// What the server is.
    pub(crate) fn identity(&self) -> &str {
        self.server.identity()
    }

    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        let begun = async {
            let mut session = self.server.client.start_session().await?;
            session.start_transaction().write_concern(WriteConcern::majority()).await?;
            Ok(session)
        };
        self.session = Some(self.server.answer(begun).await?);
        Ok(())
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        let Some(mut session) = self.session.take() else { return Ok(()) };
        let committed = async {
            let mut attempt = 1;
            loop {
                match session.commit_transaction().await {
                    Err(error)
                        if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) && attempt < COMMITS =>
                    {
                        tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
                        attempt += 1;
                    }
                    committed => return committed,
                }
            }
        };
        answer(&self.server, &self.is_passing, committed).await
    }

    pub(crate) async fn undo(&mut self) -> Result<(), Failure> {
        let Some(mut session) = self.session.take() else { return Ok(()) };
        // What a server refused it has taken back by itself.
        drop(self.server.answer(async { session.abort_transaction().await }).await);
        Ok(())
    }

    /// Whether what went wrong since this was asked passes, so that the transaction can be tried again.
    pub(crate) fn is_passing(&self) -> bool {
        self.is_passing.swap(false, Ordering::Relaxed)
    }

    fn collection(&self, name: &str) -> Collection<RawDocumentBuf> {
        self.server.client.database(&self.server.database).collection(name)
    }

    /// Documents of a collection, as the transaction sees them if there is one.
    async fn find(
        &mut self,
        collection: &str,
        filter: Document,
        limit: Option<i64>,
    ) -> Result<Vec<RawDocumentBuf>, Failure> {
        let found = self.collection(collection);
        let mut find = found.find(filter).sort(doc! { "_id": 1 });
        if let Some(limit) = limit {
            find = find.limit(limit);
        }
        let session = &mut self.session;
        let read = async {
            let mut documents = Vec::new();
            match session {
                Some(session) => {
                    let mut cursor = find.session(&mut *session).await?;
                    while cursor.advance(session).await? {
                        documents.push(cursor.current().to_owned());
                    }
                }
                None => {
                    let mut cursor = find.await?;
                    while cursor.advance().await? {
                        documents.push(cursor.current().to_owned());
                    }
                }
            }
            Ok(documents)
        };
        answer(&self.server, &self.is_passing, read).await
    }

    pub(crate) async fn notes(&mut self, after: (i64, i64), limit: u32) -> Result<Vec<Note>, Failure> {
        let behind = doc! { "_id": { "$gt": note_id(after.0, after.1) } };
        self.read_notes(behind, Some(i64::from(limit))).await
    }

    pub(crate) async fn notes_of(&mut self, entity: i64, places: &[i64]) -> Result<Vec<Note>, Failure> {
        let ids: Vec<_> = places.iter().map(|place| note_id(entity, *place)).collect();
        self.read_notes(doc! { "_id": { "$in": ids } }, None).await
    }

    async fn read_notes(&mut self, filter: Document, limit: Option<i64>) -> Result<Vec<Note>, Failure> {
        let found = self.find(NOTES, filter, limit).await?;
        let notes: Result<Vec<_>, _> = found.into_iter().map(Document::try_from).collect();
        let notes = notes.map_err(|error| Failure::internal(error.to_string()))?;
        Ok(notes.iter().filter_map(read_note).collect())
    }

    pub(crate) async fn put(&mut self, notes: &[Note]) -> Result<(), Failure> {
        let collection = self.server.client.database(&self.server.database).collection::<Document>(NOTES);
        let session = &mut self.session;
        let write = async {
            for note in notes {
                let document = note_document(note);
                let filter = doc! { "_id": note_id(note.entity, note.place) };
                let put = collection.replace_one(filter, document).upsert(true);
                match session.as_mut() {
                    Some(session) => put.session(session).await?,
                    None => put.await?,
                };
            }
            Ok(())
        };
        answer(&self.server, &self.is_passing, write).await
    }

    pub(crate) async fn forget(&mut self) -> Result<(), Failure> {
        let notes = self.collection(NOTES);
        self.server.answer(async { notes.drop().await }).await
    }

    pub(crate) async fn key_of(&mut self, _: &str) -> Result<Vec<String>, Failure> {
        Ok(vec!["_id".to_owned()])
    }

    pub(crate) async fn rows(
        &mut self,
        request: &Request,
        keys: &[Vec<u8>],
    ) -> Result<Vec<SourceRow>, Failure> {
        let ids: Vec<Bson> = keys
            .iter()
            .filter_map(|key| decode_key(key))
            .flatten()
            .flat_map(|value| candidates(&value))
            .collect();
        let wanted: HashSet<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let names = [&request.key[..], &request.columns].concat();
        let mut rows = Vec::new();
        for document in self.find(&request.table, doc! { "_id": { "$in": ids } }, None).await? {
            let read = decoded(document.as_bytes(), &names, request.key.len());
            let (key, values) =
                read.map_err(|broken| failure(&self.server.name, &Error::custom(broken.what)))?;
            let row = SourceRow { key: encode_key(&key), values };
            // Of several that are alike by name alone, the one that is meant.
            if wanted.contains(row.key.as_slice()) {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    pub(crate) async fn add(
        &mut self,
        table: &str,
        key: &[String],
        row: &Cells,
        (id, at): (Uuid, Micros),
    ) -> Result<Vec<u8>, Unwritten> {
        if key != ["_id"] {
            return Err(no_key(table, key).into());
        }
        let types = self.types(table, row).await?;
        let mut document = doc! { "_id": new_id(types.get("_id").copied(), id, at) };
        for (path, cell) in row {
            put_at(&mut document, path, typed(types.get(path).copied(), cell, &self.zone));
        }
        let bytes = document.to_vec().map_err(|error| Unwritten::Row(error.to_string()))?;
        let read = bson::fields(&bytes, &["_id".to_owned()]);
        let values = read.map_err(|broken| Unwritten::Row(broken.what.to_owned()))?;
        let collection = self.server.client.database(&self.server.database).collection::<Document>(table);
        let session = &mut self.session;
        let write = async {
            let insert = collection.insert_one(document);
            match session {
                Some(session) => insert.session(&mut *session).await,
                None => insert.await,
            }
        };
        let written = write.await.map(drop);
        self.written(table, written)?;
        Ok(encode_key(&values))
    }

    pub(crate) async fn set(
        &mut self,
        table: &str,
        _: &[String],
        key: &[u8],
        row: &Cells,
    ) -> Result<(), Unwritten> {
        let types = self.types(table, row).await?;
        let mut values = Document::new();
        for (path, cell) in row {
            values.insert(path, typed(types.get(path).copied(), cell, &self.zone));
        }
        if values.is_empty() {
            return Ok(());
        }
        let ids: Vec<Bson> = decode_key(key).unwrap_or_default().iter().flat_map(candidates).collect();
        let collection = self.collection(table);
        let session = &mut self.session;
        let write = async {
            let update = collection.update_one(doc! { "_id": { "$in": ids } }, doc! { "$set": values });
            match session {
                Some(session) => update.session(&mut *session).await,
                None => update.await,
            }
        };
        let written = write.await.map(drop);
        self.written(table, written)
    }

    /// What came of writing a document.
    fn written(&self, table: &str, written: Result<(), Error>) -> Result<(), Unwritten> {
        let Err(error) = written else { return Ok(()) };
        note_passing(&self.is_passing, Some(&error));
        let own = match &*error.kind {
            ErrorKind::Write(WriteFailure::WriteError(own)) => Some((own.code, own.message.clone())),
            ErrorKind::Command(own) => Some((own.code, own.message.clone())),
            _ => None,
        };
        match own {
            Some((code, message)) if OF_DOCUMENTS.contains(&code) => {
                Err(Unwritten::Row(format!("the server does not take it: {message}")))
            }
            Some(_) if failure(&self.server.name, &error).exit() != kefu_app::Exit::Unavailable => {
                Err(unwritable(table).because(error.kind.to_string()).into())
            }
            _ => Err(failure(&self.server.name, &error).into()),
        }
    }

    /// The types that these fields of a collection, and its keys, have in documents that are there.
    async fn types(&mut self, table: &str, row: &Cells) -> Result<Types, Failure> {
        let is_known = |types: &Types| row.keys().all(|path| types.contains_key(path));
        if let Some(types) = self.types.get(table).filter(|types| is_known(types)) {
            return Ok(types.clone());
        }
        let collection = self.server.client.database(&self.server.database).collection::<Document>(table);
        let mut wanted = doc! { "_id": 1 };
        for path in row.keys() {
            wanted.insert(path, 1);
        }
        let read = async {
            let mut cursor = collection.find(doc! {}).projection(wanted).limit(SAMPLE).await?;
            let mut found = Types::new();
            while cursor.advance().await? {
                let document = cursor.deserialize_current()?;
                for path in row.keys().map(String::as_str).chain(["_id"]) {
                    if let Some(value) = get_at(&document, path).filter(|value| **value != Bson::Null) {
                        found.entry(path.to_owned()).or_insert_with(|| value.element_type());
                    }
                }
            }
            Ok(found)
        };
        let mut found = self.server.answer(read).await?;
        // Of those that no document has there is nothing to be known.
        for path in row.keys() {
            found.entry(path.clone()).or_insert(ElementType::Null);
        }
        let types = self.types.entry(table.to_owned()).or_default();
        for (path, kind) in found {
            types.entry(path).or_insert(kind);
        }
        Ok(types.clone())
    }
}

/// The `_id` of a note: they sort as entity and place do.
fn note_id(entity: i64, place: i64) -> String {
    format!("{entity:03}/{place:019}")
}

fn binary(bytes: &[u8]) -> Bson {
    Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() })
}

/// What notes of the documents of a collection with these keys are found by.
pub(super) fn of_rows(table: &str, keys: &[&[u8]]) -> Document {
    let keys: Vec<_> = keys.iter().map(|key| binary(key)).collect();
    doc! { "table": table, "key": { "$in": keys } }
}

fn note_document(note: &Note) -> Document {
    let mut document = doc! {
        "_id": note_id(note.entity, note.place), "entity": note.entity, "place": note.place, "is_made": note.is_made,
    };
    if let Some((table, key)) = &note.row {
        document.insert("table", table);
        document.insert("key", binary(key));
    }
    for (name, hash) in [("there", &note.there), ("here", &note.here)] {
        if let Some(hash) = hash {
            document.insert(name, binary(hash));
        }
    }
    if let Some(problem) = &note.problem {
        document.insert("problem", problem);
    }
    document
}

pub(super) fn read_note(document: &Document) -> Option<Note> {
    let bytes = |name: &str| document.get_binary_generic(name).ok();
    let hash = |name: &str| bytes(name).and_then(|bytes| bytes.as_slice().try_into().ok());
    let table = document.get_str("table").ok().map(str::to_owned);
    Some(Note {
        entity: document.get_i64("entity").ok()?,
        place: document.get_i64("place").ok()?,
        row: table.zip(bytes("key").cloned()),
        is_made: document.get_bool("is_made").unwrap_or(false),
        there: hash("there"),
        here: hash("here"),
        problem: document.get_str("problem").ok().map(str::to_owned),
    })
}

/// The `_id` of something that was made here: always the same one, and behind those that were made before.
fn new_id(kind: Option<ElementType>, id: Uuid, at: Micros) -> Bson {
    match kind {
        Some(ElementType::String) => Bson::String(id.to_string()),
        Some(ElementType::Binary) => {
            Bson::Binary(Binary { subtype: BinarySubtype::Uuid, bytes: id.as_bytes().to_vec() })
        }
        _ => {
            let seconds = u32::try_from(at.0.div_euclid(1_000_000)).unwrap_or(0);
            let mut bytes = [0; 12];
            bytes[..4].copy_from_slice(&seconds.to_be_bytes());
            bytes[4..].copy_from_slice(&id.as_bytes()[8..]);
            Bson::ObjectId(ObjectId::from_bytes(bytes))
        }
    }
}

/// Puts a value at a path: `a.b` is the field `b` of the document `a`.
fn put_at(document: &mut Document, path: &str, value: Bson) {
    let Some((first, rest)) = path.split_once('.') else {
        document.insert(path, value);
        return;
    };
    let inner = document.entry(first.to_owned()).or_insert_with(|| Bson::Document(Document::new()));
    match inner {
        Bson::Document(inner) => put_at(inner, rest, value),
        other => *other = Bson::Document(doc! { rest: value }),
    }
}

fn get_at<'d>(document: &'d Document, path: &str) -> Option<&'d Bson> {
    if let Some(found) = document.get(path) {
        return Some(found);
    }
    let (first, rest) = path.split_once('.')?;
    get_at(document.get(first)?.as_document()?, rest)
}

/// A value in the type that its field has; where that cannot be, in its own.
fn typed(kind: Option<ElementType>, cell: &Cell, zone: &TimeZone) -> Bson {
    let value = match cell {
        Cell::Value(value) => value,
        Cell::Time(at, unit) => return time(kind, *at, *unit, zone),
    };
    let all = candidates(value);
    if let Some(same) = all.iter().find(|candidate| Some(candidate.element_type()) == kind) {
        return same.clone();
    }
    let written = match (kind, value) {
        (Some(kind), Value::Text(text)) => parsed(kind, text),
        (Some(ElementType::Int32), Value::Int(number)) => i32::try_from(*number).ok().map(Bson::Int32),
        (Some(ElementType::Double), Value::Int(number)) => Some(Bson::Double(*number as f64)),
        (Some(ElementType::Decimal128), Value::Int(_) | Value::Float(_)) => {
            value.to_string().parse::<Decimal128>().ok().map(Bson::Decimal128)
        }
        (Some(ElementType::String), Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Json(_)) => {
            Some(Bson::String(value.to_string()))
        }
        (_, Value::Json(text)) => serde_json::from_str(text).ok().map(|json| from_json(&json)),
        _ => None,
    };
    written.or_else(|| all.into_iter().next()).unwrap_or_else(|| Bson::String(value.to_string()))
}

/// A text as a value of another type, if it is one.
fn parsed(kind: ElementType, text: &str) -> Option<Bson> {
    match kind {
        ElementType::Int32 => text.parse().ok().map(Bson::Int32),
        ElementType::Int64 => text.parse().ok().map(Bson::Int64),
        ElementType::Double => text.parse().ok().map(Bson::Double),
        ElementType::Decimal128 => text.parse().ok().map(Bson::Decimal128),
        ElementType::Boolean => crate::cast::truth(text).map(Bson::Boolean),
        ElementType::ObjectId => ObjectId::parse_str(text).ok().map(Bson::ObjectId),
        _ => None,
    }
}

fn time(kind: Option<ElementType>, at: Micros, unit: TimeUnit, zone: &TimeZone) -> Bson {
    let number = match unit {
        TimeUnit::Seconds => at.0.div_euclid(1_000_000),
        TimeUnit::Milliseconds => at.0.div_euclid(1_000),
        TimeUnit::Microseconds => at.0,
    };
    let date = Bson::DateTime(DateTime::from_millis(at.0.div_euclid(1_000)));
    match kind {
        Some(ElementType::Int32) => i32::try_from(number).map_or(Bson::Int64(number), Bson::Int32),
        Some(ElementType::Int64) => Bson::Int64(number),
        Some(ElementType::Double) => Bson::Double(number as f64),
        Some(ElementType::String) => match Timestamp::from_microsecond(at.0) {
            Ok(moment) => Bson::String(zone.to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S").to_string()),
            Err(_) => date,
        },
        _ => date,
    }
}

fn from_json(json: &serde_json::Value) -> Bson {
    match json {
        serde_json::Value::Null => Bson::Null,
        serde_json::Value::Bool(value) => Bson::Boolean(*value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => i32::try_from(number).map_or(Bson::Int64(number), Bson::Int32),
            None => Bson::Double(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => Bson::String(text.clone()),
        serde_json::Value::Array(items) => Bson::Array(items.iter().map(from_json).collect()),
        serde_json::Value::Object(fields) => {
            Bson::Document(fields.iter().map(|(name, value)| (name.clone(), from_json(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell {
        Cell::Value(Value::Text(text.to_owned()))
    }

    fn of(kind: ElementType, cell: &Cell) -> Bson {
        typed(Some(kind), cell, &TimeZone::UTC)
    }

    #[test]
    fn a_value_has_the_type_that_its_field_has_there() {
        assert_eq!(of(ElementType::Int32, &text("2")), Bson::Int32(2));
        assert_eq!(of(ElementType::Int64, &text("2")), Bson::Int64(2));
        assert_eq!(of(ElementType::Boolean, &text("true")), Bson::Boolean(true));
        assert_eq!(of(ElementType::Decimal128, &text("2.50")), Bson::Decimal128("2.50".parse().unwrap()));
        assert_eq!(of(ElementType::String, &text("2")), Bson::String("2".to_owned()));
        // What is no number stays a text.
        assert_eq!(of(ElementType::Int32, &text("two")), Bson::String("two".to_owned()));
        assert_eq!(of(ElementType::Null, &text("two")), Bson::String("two".to_owned()));
        let at = Cell::Time(Micros(1_500_000), TimeUnit::Milliseconds);
        assert_eq!(of(ElementType::DateTime, &at), Bson::DateTime(DateTime::from_millis(1500)));
        assert_eq!(of(ElementType::Null, &at), Bson::DateTime(DateTime::from_millis(1500)));
        assert_eq!(of(ElementType::Double, &at), Bson::Double(1500.0));
        assert_eq!(of(ElementType::String, &at), Bson::String("1970-01-01 00:00:01".to_owned()));
        let key = Cell::Value(Value::ObjectId([7; 12]));
        assert_eq!(of(ElementType::ObjectId, &key), Bson::ObjectId(ObjectId::from_bytes([7; 12])));
        assert_eq!(of(ElementType::Int32, &Cell::Value(Value::Int(7))), Bson::Int32(7));
        let json = Cell::Value(Value::Json(r#"{"a":[1,"x",null]}"#.to_owned()));
        assert_eq!(
            of(ElementType::EmbeddedDocument, &json),
            Bson::Document(doc! { "a": [1, "x", Bson::Null] })
        );
        assert_eq!(of(ElementType::String, &Cell::Value(Value::Null)), Bson::Null);
    }

    #[test]
    fn a_document_has_the_same_id_whenever_it_is_made() {
        let id = Uuid::from_u128(0x0192_0000_0000_7000_8123_4567_89ab_cdef);
        let made = new_id(None, id, Micros(1_700_000_000_000_000));
        assert_eq!(made, Bson::ObjectId(ObjectId::parse_str("6553f1008123456789abcdef").unwrap()));
        assert_eq!(new_id(Some(ElementType::String), id, Micros(0)), Bson::String(id.to_string()));
    }

    #[test]
    fn paths_lead_into_documents() {
        let mut document = doc! {};
        put_at(&mut document, "body.text", Bson::from("x"));
        put_at(&mut document, "body.at", Bson::from(7));
        put_at(&mut document, "side", Bson::from("v"));
        assert_eq!(document, doc! { "body": { "text": "x", "at": 7 }, "side": "v" });
        assert_eq!(get_at(&document, "body.at"), Some(&Bson::from(7)));
        assert_eq!(get_at(&doc! { "a.b": 1 }, "a.b"), Some(&Bson::from(1)));
        assert_eq!(get_at(&document, "body.none"), None);
    }

    #[test]
    fn notes_come_back_as_they_were_and_sort_by_what_they_are_of() {
        let note = Note {
            entity: 5,
            place: 12,
            row: Some(("said".to_owned(), vec![1, 2])),
            is_made: true,
            there: Some([1; 16]),
            here: None,
            problem: Some("why".to_owned()),
        };
        assert_eq!(read_note(&note_document(&note)), Some(note));
        assert!(note_id(5, 9) < note_id(5, 10) && note_id(5, i64::MAX) < note_id(100, 0));
        assert!(note_id(0, 0) < note_id(3, 1));
    }
}
