//! A collection, page by page.

use std::time::Instant;

use kefu_app::{Exit, Failure};
use mongodb::{
    ClientSession,
    bson::{Bson, Document, doc},
    error::Error,
};

use super::{Server, decoded, keys::Place};
use crate::{
    source::{
        Page, Request, SourceRow,
        paging::{ATTEMPTS, Measured, PAGE_BYTES_MAX, next_limit, pause},
        refused,
    },
    value::encode_key,
};

impl Server {
    pub(crate) fn read(&self, request: Request) -> Result<Cursor, Failure> {
        let place = match request.position.as_deref().map(Place::read) {
            Some(None) => {
                return Err(refused("cannot go on: the position cannot be read", "无法继续:位置无法读取"));
            }
            Some(Some(place)) => place,
            None => Place::default(),
        };
        let names = [&request.key[..], &request.columns].concat();
        // The first page shows how long documents are, and how fast the server is.
        let limit = request.page_rows.min(512);
        Ok(Cursor { server: self.clone(), session: None, request, names, place, limit })
    }
}

/// A collection that is being read.
pub(crate) struct Cursor {
    server: Server,
    session: Option<ClientSession>,
    request: Request,
    /// The fields that are read: those of the key, then the others.
    names: Vec<String>,
    place: Place,
    limit: u32,
}

impl Cursor {
    /// A page; a server that goes away is asked again.
    pub(crate) async fn next(&mut self) -> Result<Page, Failure> {
        let mut attempt = 1;
        loop {
            match self.page().await {
                Ok(page) => return Ok(page),
                Err(failure) if failure.exit() == Exit::Unavailable && attempt < ATTEMPTS => {
                    tracing::warn!(attempt, "the source does not answer, trying again");
                    self.session = None;
                    tokio::time::sleep(pause(attempt)).await;
                    attempt += 1;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// The next documents of a type, and then of the next type.
    async fn page(&mut self) -> Result<Page, Failure> {
        let mut page = Page::default();
        while page.rows.is_empty() {
            let Some(filter) = self.place.filter() else {
                page.is_end = true;
                return Ok(page);
            };
            self.fill(&mut page, filter).await?;
        }
        page.position = self.place.write();
        Ok(page)
    }

    async fn fill(&mut self, page: &mut Page, filter: Document) -> Result<(), Failure> {
        let session = match &mut self.session {
            Some(session) => session,
            None => self.session.insert(self.server.session_at(None).await?),
        };
        let begun = Instant::now();
        let collection = self.server.collection(&self.request.table);
        let (mut bytes, mut last, mut is_cut) = (0, None, false);
        let (names, key_len, limit) = (&self.names, self.request.key.len(), self.limit);
        let rows = &mut page.rows;
        let read = async {
            let find =
                collection.find(filter).sort(doc! { "_id": 1 }).limit(i64::from(limit)).batch_size(limit);
            let mut cursor = find.session(&mut *session).await?;
            while cursor.advance(session).await? {
                let document = cursor.current();
                bytes += document.as_bytes().len();
                let id = document.get("_id").map_err(|error| Error::custom(error.to_string()))?;
                last =
                    id.map(Bson::try_from).transpose().map_err(|error| Error::custom(error.to_string()))?;
                let (key, values) = decoded(document.as_bytes(), names, key_len)
                    .map_err(|broken| Error::custom(broken.what))?;
                rows.push(SourceRow { key: encode_key(&key), values });
                if bytes >= PAGE_BYTES_MAX {
                    is_cut = true;
                    break;
                }
            }
            Ok(())
        };
        let read = self.server.answer(read).await;
        if let Err(failure) = read {
            page.rows.clear();
            return Err(failure);
        }
        let count = page.rows.len();
        let measured = Measured { rows: count, bytes, took: begun.elapsed() };
        self.limit = next_limit(self.limit, &measured, self.server.query_time, self.request.page_rows);
        if let Some(last) = last {
            self.place.pass(last);
        }
        if !is_cut && count < limit as usize {
            self.place.skip();
        }
        Ok(())
    }
}
