//! The way back: rows that were written to the old system are known here for what they stand for.

use std::collections::HashMap;

use kefu_app::Failure;
use kefu_store::import::{
    Adopted, Begin, Checkpoint, Entity, ImportBatch, ImportRow, Importer, Outcome, TableSetup,
};

use super::{fields::made_at, flow::Back, flowed::Flowed, parts::Part};
use crate::{
    cast::Changed,
    ids::identity,
    mapping::Grouper,
    source::{Note, SourceRow},
    target,
};

/// Notes that are read at once.
const NOTES_LEN: u32 = 1000;

impl Back<'_> {
    /// Has the store know the rows that were written there, so that they do not come over as new ones, and say of people,
    /// conversations and tickets what is there; forgets the notes. Returns all of what flowed back.
    pub(crate) async fn adopt(mut self, importer: &mut Importer) -> Result<Flowed, Failure> {
        let parts = std::sync::Arc::clone(&self.parts);
        let (mut after, mut flowed) = ((0, 0), Flowed::default());
        loop {
            let notes = self.writer.notes(after, NOTES_LEN).await?;
            let Some(last) = notes.last() else { break };
            after = (last.entity, last.place);
            for note in &notes {
                flowed.count(note, true, true);
            }
            for part in parts.all() {
                let of_part = |note: &&Note| note.entity == part.map.entity.number();
                let notes: Vec<_> = notes.iter().filter(of_part).collect();
                self.adopt_rows(importer, part, &notes).await?;
            }
        }
        flowed.changed = self.flowed.changed;
        self.forget().await?;
        Ok(flowed)
    }

    async fn adopt_rows(
        &mut self,
        importer: &mut Importer,
        part: &Part,
        notes: &[&Note],
    ) -> Result<(), Failure> {
        let keys: Vec<_> =
            notes.iter().filter_map(|note| note.row.as_ref()).map(|(_, key)| key.clone()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let request = self.request(&part.map).await?;
        let rows = self.source.rows(&request, &keys).await.transpose()?.unwrap_or_default();
        let rows: Vec<ImportRow> = rows.into_iter().map(|row| self.mapped(part, row)).collect();
        let mut made: HashMap<&[u8], _> = HashMap::new();
        for row in &rows {
            if let Outcome::Record(record) = &row.outcome {
                made.insert(row.key.as_slice(), made_at(record));
            }
        }
        let table = self.table(&part.map);
        let adopted = notes.iter().filter(|note| note.is_made).filter_map(|note| {
            let (_, key) = note.row.as_ref()?;
            Some(Adopted {
                table,
                entity: part.map.entity,
                place: note.place,
                id: identity(&part.map.source, &part.map.alias, key),
                created_at: made.get(key.as_slice()).copied().flatten(),
                key: key.clone(),
            })
        });
        let adopted: Vec<_> = adopted.collect();
        importer.adopt(&adopted).await.map_err(|error| self.at_store(error))?;
        if part.map.entity == Entity::Message {
            return Ok(());
        }
        self.take_over(importer, part, table, rows).await
    }

    fn mapped(&self, part: &Part, row: SourceRow) -> ImportRow {
        let no_lookups = HashMap::new();
        let lookups = self.lookups.get(&part.map.entity).unwrap_or(&no_lookups);
        part.map.map(row.key, &row.values, lookups, &mut Grouper::default(), &mut Changed::new()).0
    }

    /// Has what is here say what these rows say: the old system counts again, and what it could not be told is in the file.
    async fn take_over(
        &mut self,
        importer: &mut Importer,
        part: &Part,
        table: i64,
        mut rows: Vec<ImportRow>,
    ) -> Result<(), Failure> {
        rows.retain(|row| matches!(row.outcome, Outcome::Record(_)));
        let setup = TableSetup { name: part.map.name(), mapping: part.map.hash() };
        let keys: Vec<_> = rows.iter().map(|row| row.key.clone()).collect();
        let all = async {
            importer.begin(&setup, Begin::Continue, target::now()).await?;
            importer.forget(table, &keys).await?;
            let checkpoint = Checkpoint { is_end: true, at: target::now(), ..Checkpoint::default() };
            let batch =
                ImportBatch { table, rows, checkpoint: Some(checkpoint), detach: self.settings.detach };
            let prepared = importer.prepare(&batch).await?;
            // What cannot be used is told of when it is followed.
            if prepared.refused().is_empty() { importer.commit(prepared).await } else { Ok(()) }
        };
        all.await.map_err(|error| self.at_store(error))
    }
}
