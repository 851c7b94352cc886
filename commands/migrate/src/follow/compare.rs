//! Rows that changed lately, compared with what they became.

use std::collections::{BTreeSet, HashSet};

use kefu_app::Failure;
use kefu_store::{
    Store,
    import::{Found, ImportReader, ImportRow, Outcome},
};

use super::apply::Applier;
use crate::{
    reading::leave_made,
    value::{decode_key, show_key},
};

/// Rows that are compared at once.
const ROWS: usize = 500;

impl Applier<'_> {
    /// Remembers from now on which rows change.
    pub(super) fn remember(&mut self) {
        self.touched = Some(BTreeSet::new());
    }

    /// Compares the remembered rows with what is here; returns how many there are, and those that differ. With `inbox`
    /// only those that are in this inbox: others may change meanwhile.
    pub(super) async fn compare(
        &mut self,
        store: &Store,
        inbox: Option<&str>,
    ) -> Result<(u64, Vec<String>), Failure> {
        let reader = ImportReader::new(store.clone());
        let touched: Vec<_> = self.touched.take().unwrap_or_default().into_iter().collect();
        let (mut differing, mut compared) = (Vec::new(), 0);
        for some in touched.chunk_by(|a, b| a.0 == b.0).flat_map(|table| table.chunks(ROWS)) {
            let Some((index, _)) = some.first() else { continue };
            let target = &self.targets[*index];
            let (Some(live), table, name) = (target.live, target.table.key, target.table.name.clone()) else {
                continue;
            };
            let mut keys: Vec<&[u8]> = some.iter().map(|(_, key)| key.as_slice()).collect();
            if let Some(inbox) = inbox {
                let inside =
                    reader.in_inbox(table, &keys, inbox).await.map_err(|error| self.at_store(error))?;
                let mut inside = inside.iter();
                keys.retain(|_| inside.next() == Some(&true));
            }
            compared += keys.len() as u64;
            let values: Vec<_> = keys.iter().filter_map(|key| decode_key(key)).collect();
            self.sessions[live].begin(None, None).await?;
            let rows = self.read(*index, &values).await?;
            let mapped = self.map(live, *index, rows).await?;
            self.sessions[live].end().await?;
            let mut found = reader.found(table, &keys).await.map_err(|error| self.at_store(error))?;
            let target = &self.targets[*index];
            leave_made(&target.source, &target.map.from, &keys, &mut found).await?;
            for (key, found) in keys.iter().zip(&found) {
                let row = mapped.rows.iter().find(|row| row.key == *key);
                if !self.is_same(&reader, row, found.as_ref()).await? {
                    differing.push(format!("{name} {}", show_key(key)));
                }
            }
        }
        Ok((compared, differing))
    }

    async fn is_same(
        &self,
        reader: &ImportReader,
        row: Option<&ImportRow>,
        found: Option<&Found>,
    ) -> Result<bool, Failure> {
        let (Some(row), Some(found)) = (row, found) else {
            return Ok(row.is_none() && matches!(found, None | Some(Found::Switched)));
        };
        let outcome = match &row.outcome {
            Outcome::Record(record) => Outcome::Record(Box::new(record.as_ref().clone().without_password())),
            other => other.clone(),
        };
        Ok(match (&outcome, found) {
            // What was refused for what it refers to is a dead letter, and counted as one.
            (Outcome::Record(_) | Outcome::Dead, Found::Dead)
            | (Outcome::Filtered, Found::Filtered)
            | (_, Found::Switched) => true,
            (Outcome::Record(there), Found::Record(Some(here))) if there == here => true,
            (Outcome::Record(there), Found::Record(Some(here))) if self.settings.detach => {
                let asked = std::cell::RefCell::new(Vec::new());
                let there = there.clone().detached(|id| {
                    asked.borrow_mut().push(*id);
                    true
                });
                let known = reader.known_people(&asked.into_inner()).await;
                let known: HashSet<_> = known.map_err(|error| self.at_store(error))?.into_iter().collect();
                there.detached(|id| known.contains(id)) == **here
            }
            _ => false,
        })
    }
}
