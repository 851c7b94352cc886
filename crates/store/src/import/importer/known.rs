//! What a batch of rows has to know before it is prepared: what became of them earlier, and whom they refer to.

use std::borrow::BorrowMut;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kefu_core::VisitorKey;
use uuid::Uuid;

use super::{ImportBatch, ImportRow, Importer, Outcome};
use crate::import::record::Record;
use crate::import::step::FILTERED;
use crate::rows::Columns;
use crate::sql::{self, Args};
use crate::{StoreError, Writer};

/// What became of a row earlier.
#[derive(Clone, Copy)]
pub(in crate::import) struct Known {
    pub(in crate::import) entity: i64,
    pub(in crate::import) place: i64,
    pub(super) hash: Option<[u8; 16]>,
}

impl Known {
    /// Whether what it was had been taken away.
    pub(in crate::import) fn is_buried(self) -> bool {
        self.entity < 0 || self.entity == FILTERED
    }
}

impl<W: BorrowMut<Writer>> Importer<W> {
    /// What became of the rows of `batch` earlier, by their index.
    pub(super) async fn known(&mut self, batch: &ImportBatch) -> Result<HashMap<usize, Known>, StoreError> {
        let greatest = self.tables.get(&batch.table).and_then(|table| table.greatest.as_deref());
        let asked = batch
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| greatest.is_some_and(|greatest| row.key.as_slice() <= greatest));
        let asked: Vec<_> = asked.collect();
        let bind = |args: &mut Args, (index, row): &(usize, &ImportRow)| {
            args.add_int(crate::rows::int(*index as u64));
            args.add_int(batch.table);
            args.add_blob(&row.key);
        };
        let found = self.lookup.rows(self.writer.borrow_mut().reading(), &asked, bind).await?;
        let read = |row| {
            let mut columns = Columns::of(row);
            let index = columns.number()?;
            let (entity, place) = (columns.take()?, columns.take()?);
            let hash: &[u8] = columns.take()?;
            Ok((index, Known { entity, place, hash: hash.try_into().ok() }))
        };
        found.iter().map(read).collect()
    }

    /// Has what the records of `batch` refer to in memory, as far as it is there.
    pub(super) async fn load_references(
        &mut self,
        batch: &ImportBatch,
        known: &HashMap<usize, Known>,
    ) -> Result<(), StoreError> {
        self.visitors.tend();
        self.heads.tend();
        self.late.clear();
        let (mut visitors, mut conversations) = (HashSet::new(), HashSet::new());
        for (index, row) in batch.rows.iter().enumerate() {
            let Outcome::Record(record) = &row.outcome else { continue };
            let (visitor, conversation) = match &**record {
                Record::Conversation(conversation) => {
                    let is_there = known.get(&index).is_some_and(|known| known.place != 0);
                    (Some(conversation.visitor), is_there.then_some(conversation.id))
                }
                Record::Message(message) => {
                    (message.opens.as_ref().map(|opens| opens.1.visitor), Some(message.conversation))
                }
                Record::Ticket(ticket) => (ticket.requester, None),
                Record::Agent(_) | Record::Visitor(_) | Record::Canned(_) | Record::Article(_) => {
                    (None, None)
                }
            };
            visitors.extend(visitor.filter(|id| !self.visitors.touch(id)));
            conversations.extend(conversation.filter(|id| !self.heads.touch(id)));
        }
        self.load_visitors(&visitors.into_iter().collect::<Vec<_>>()).await?;
        if conversations.is_empty() {
            return Ok(());
        }
        let mut asked: Vec<_> = conversations.into_iter().collect();
        for head in self.writer().conversations(&asked).await? {
            self.heads.insert(head.id, Arc::new(head));
        }
        asked.retain(|id| self.heads.get(id).is_none());
        self.late = self.late_conversations(&asked).await?;
        Ok(())
    }

    async fn load_visitors(&mut self, ids: &[Uuid]) -> Result<(), StoreError> {
        const SQL: &str = "SELECT id, key FROM visitor
            WHERE id IN (SELECT unhex(value) FROM json_each(?)) AND erased_at IS NULL";
        if ids.is_empty() {
            return Ok(());
        }
        for row in &sql::rows(self.writer.borrow_mut().reading(), SQL, Args::default().uuids(ids)).await? {
            let mut columns = Columns::of(row);
            let (id, key) = (columns.uuid()?, VisitorKey(columns.take()?));
            self.visitors.insert(id, key);
        }
        Ok(())
    }
}
