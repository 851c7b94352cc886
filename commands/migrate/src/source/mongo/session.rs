//! Documents that are read again by their keys, as the copy reads them.

use std::collections::HashSet;

use kefu_app::Failure;
use mongodb::{
    ClientSession,
    bson::{Document, Timestamp, doc},
    error::Error,
};

use super::{
    Position, Server, code, decoded,
    keys::{candidates, wanted},
    write::{of_rows, read_note},
};
use crate::{
    source::{NOTES, Note, PAGE_BYTES, Request, SourceRow, live::PAGE_ROWS},
    value::{Value, encode_key},
};

/// Keys of one query at most.
const KEYS_MAX: usize = 512;

/// The user may not read this.
const UNAUTHORIZED: i32 = 13;

/// A collection whose documents are read again.
pub(crate) struct Keyed {
    request: Request,
    /// The fields that are read: those of the key, then the others.
    names: Vec<String>,
    /// Keys of the next query, by how long documents are.
    size: usize,
}

/// A session that documents are read in.
pub(crate) struct Session {
    server: Server,
    session: Option<ClientSession>,
    /// What is read is at least as new.
    seen: Option<Timestamp>,
}

impl Server {
    /// A session to read documents again.
    pub(crate) fn session(&self) -> Session {
        Session { server: self.clone(), session: None, seen: None }
    }

    /// Prepares reading documents of a collection again.
    pub(crate) fn keyed(&self, request: Request) -> Keyed {
        let names = [&request.key[..], &request.columns].concat();
        Keyed { request, names, size: 64 }
    }
}

impl Keyed {
    /// Up to so many keys may be asked for at once.
    pub(crate) fn size(&self) -> usize {
        self.size
    }
}

impl Session {
    /// Begins to see everything up to `place`.
    pub(crate) async fn begin(&mut self, place: Option<&Position>) -> Result<(), Failure> {
        let place = match place {
            Some(place) => place.timestamp(),
            // What there is by now.
            None => self.server.end().await?.timestamp(),
        };
        self.seen = Some(place);
        if let Some(session) = &mut self.session {
            session.advance_operation_time(place);
        }
        Ok(())
    }

    /// Has the next one use a new session.
    pub(crate) fn reset(&mut self) {
        self.session = None;
    }

    /// The documents of these keys that there are.
    pub(crate) async fn rows(
        &mut self,
        table: &mut Keyed,
        keys: &[Vec<Value>],
    ) -> Result<Vec<SourceRow>, Failure> {
        let (ids, keys) = wanted(keys);
        let filter = doc! { "_id": { "$in": ids } };
        let is_wanted = |row: &SourceRow| keys.contains(&row.key);
        let (rows, bytes) = self.fetch(table, filter, None, is_wanted).await?;
        let fitting = PAGE_BYTES / (bytes / rows.len().max(1)).max(1);
        table.size = fitting.clamp(1, KEYS_MAX);
        Ok(rows)
    }

    /// The next documents that have `value` in a field, in the order of their keys, behind one of these; fewer than a page at
    /// the end.
    pub(crate) async fn rows_of(
        &mut self,
        table: &Keyed,
        column: &str,
        value: &Value,
        after: Option<&[Value]>,
    ) -> Result<Vec<SourceRow>, Failure> {
        let column_at = table.names.iter().position(|name| name == column);
        let column_at = column_at.and_then(|at| at.checked_sub(table.request.key.len()));
        let mut filter = doc! { column: { "$in": candidates(value) } };
        if let Some(after) =
            after.and_then(<[Value]>::first).map(candidates).and_then(|all| all.into_iter().next())
        {
            filter.insert("_id", doc! { "$gt": after });
        }
        let same = encode_key([value]);
        let is_wanted = |row: &SourceRow| column_at.is_some_and(|at| encode_key([&row.values[at]]) == same);
        self.fetch(table, filter, Some(PAGE_ROWS), is_wanted).await.map(|(rows, _)| rows)
    }

    /// What a flow back has noted of the documents of a collection with these keys.
    pub(crate) async fn noted(&mut self, table: &str, keys: &[&[u8]]) -> Result<Vec<Note>, Failure> {
        let session = match &mut self.session {
            Some(session) => session,
            None => self.session.insert(self.server.session_at(self.seen).await?),
        };
        let collection = self.server.collection(NOTES);
        let read = async {
            let found = collection.find(of_rows(table, keys)).session(&mut *session).await;
            let mut cursor = match found {
                Err(error) if code(&error) == Some(UNAUTHORIZED) => return Ok(Vec::new()),
                found => found?,
            };
            let mut notes = Vec::new();
            while cursor.advance(session).await? {
                let document = Document::try_from(cursor.current().to_owned()).map_err(Error::custom)?;
                notes.extend(read_note(&document));
            }
            Ok(notes)
        };
        self.server.answer(read).await
    }

    async fn fetch(
        &mut self,
        table: &Keyed,
        filter: Document,
        limit: Option<usize>,
        is_wanted: impl Fn(&SourceRow) -> bool,
    ) -> Result<(Vec<SourceRow>, usize), Failure> {
        let session = match &mut self.session {
            Some(session) => session,
            None => self.session.insert(self.server.session_at(self.seen).await?),
        };
        let collection = self.server.collection(&table.request.table);
        let mut seen = HashSet::new();
        let read = async {
            let mut find = collection.find(filter);
            if let Some(limit) = limit {
                find = find.sort(doc! { "_id": 1 }).limit(i64::try_from(limit).unwrap_or(i64::MAX));
            }
            let mut cursor = find.session(&mut *session).await?;
            let (mut rows, mut bytes) = (Vec::new(), 0);
            while cursor.advance(session).await? {
                let document = cursor.current().as_bytes();
                bytes += document.len();
                let read = decoded(document, &table.names, table.request.key.len());
                let (key, values) = read.map_err(|broken| Error::custom(broken.what))?;
                let row = SourceRow { key: encode_key(&key), values };
                // Of several that are alike by name alone, the one that is meant.
                if is_wanted(&row) && seen.insert(row.key.clone()) {
                    rows.push(row);
                }
            }
            Ok((rows, bytes))
        };
        self.server.answer(read).await
    }
}
