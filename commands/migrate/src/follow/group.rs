//! Conversations that are made of messages, while messages come.

use std::collections::HashMap;

use kefu_app::Failure;

use super::apply::Mapped;
use crate::{
    mapping::{Grouper, Lookups, TableMap},
    source::{Keyed, PAGE_ROWS, Session, SourceRow},
    value::{decode_key, encode_key},
};

/// Visitors whose last conversation is known.
const VISITORS_MAX: usize = 65_536;

/// What is known of the last conversations of a table's visitors.
#[derive(Default)]
pub(super) struct Groups {
    grouper: Grouper,
    /// The key of each visitor's last message.
    last: HashMap<Vec<u8>, Vec<u8>>,
}

impl Groups {
    /// Maps rows that changed. One that comes behind what is known of its visitor goes on from there; for any other, all
    /// messages of the visitor are read again, which makes the same conversations as reading the whole table does.
    pub(super) async fn map(
        &mut self,
        map: &TableMap,
        lookups: &Lookups,
        table: &Keyed,
        session: &mut Session,
        rows: Vec<SourceRow>,
    ) -> Result<Mapped, Failure> {
        let Some(group) = &map.group else { return Ok(Mapped::default()) };
        if self.last.len() > VISITORS_MAX {
            *self = Self::default();
        }
        let mut mapped = Mapped::default();
        let mut visitors: HashMap<Vec<u8>, Vec<SourceRow>> = HashMap::new();
        for row in rows {
            visitors.entry(encode_key([&row.values[group.visitor.0]])).or_default().push(row);
        }
        for (visitor, mut rows) in visitors {
            rows.sort_by(|a, b| a.key.cmp(&b.key));
            let is_known = self.last.get(&visitor).is_some_and(|last| rows.iter().all(|row| row.key > *last));
            if is_known {
                self.add(map, lookups, visitor, rows, &mut mapped);
                continue;
            }
            self.grouper.forget(&visitor);
            self.last.remove(&visitor);
            let value = rows[0].values[group.visitor.0].clone();
            let mut after = None;
            loop {
                let column = &map.columns[group.visitor.0];
                let page = session.rows_of(table, column, &value, after.as_deref()).await?;
                let is_end = page.len() < PAGE_ROWS;
                after = page.last().and_then(|row| decode_key(&row.key));
                self.add(map, lookups, visitor.clone(), page, &mut mapped);
                if is_end || after.is_none() {
                    break;
                }
            }
        }
        Ok(mapped)
    }

    fn add(
        &mut self,
        map: &TableMap,
        lookups: &Lookups,
        visitor: Vec<u8>,
        rows: Vec<SourceRow>,
        mapped: &mut Mapped,
    ) {
        if let Some(last) = rows.iter().map(|row| &row.key).max() {
            let known = self.last.entry(visitor).or_default();
            if *known < *last {
                known.clone_from(last);
            }
        }
        for row in rows {
            mapped.add(map, lookups, &mut self.grouper, row);
        }
    }
}
