use std::collections::HashMap;

use kefu_core::{InboxKey, VisitorKey};
use kefu_text::terms;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Row as _};
use tracing::warn;

use super::key::Term;
use crate::rows::Columns;
use crate::sql::{self, Args};
use crate::{StoreError, rows, schema};

/// Positions whose entries one query reads.
pub(super) const SLICE_LEN: i64 = 256;

/// Conversations that are remembered at most, in about a megabyte.
const OWNERS_MAX: usize = 32_768;

/// Begins each entry of a slice: position, conversation and kind, and how many bytes its text has, which follows. What
/// has nothing to be searched, such as an event or what was recalled, is shown as an event.
///
/// A slice comes as one value: the way of a single row from the connection's thread costs more than indexing it.
macro_rules! written {
    () => {
        "log.pos || ',' || log.conversation || ',' || iif(log.revision < 2, log.kind, 2) || ',' ||
         iif(log.kind <> 2 AND log.revision < 2, octet_length(log.text) || ',' || log.text, '0,') AS written"
    };
}

/// The log as the index reads it.
pub(super) struct Source {
    conn: SqliteConnection,
    /// Of the last conversations: busy ones are asked for once, not with each entry.
    owners: HashMap<i64, Owner>,
}

/// Whose a conversation is, which never changes.
#[derive(Clone, Copy, Debug, Default)]
struct Owner {
    inbox: i64,
    visitor: i64,
}

/// Entries in the order of the log.
pub(super) struct Slice(String);

/// What is indexed of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indexed<'a> {
    pub(super) pos: i64,
    pub(super) conversation: i64,
    kind: i64,
    owner: Owner,
    pub(super) text: &'a str,
}

impl Source {
    pub(super) fn new(conn: SqliteConnection) -> Self {
        Self { conn, owners: HashMap::new() }
    }

    /// The entries from `pos` on, as far as one slice goes.
    pub(super) async fn from(&mut self, pos: i64) -> Result<Slice, StoreError> {
        const SQL: &str = concat!(
            "SELECT coalesce(group_concat(written, ''), '') FROM (SELECT ",
            written!(),
            " FROM log WHERE log.pos >= ? ORDER BY log.pos LIMIT ?)"
        );
        self.slice(SQL, Args::default().int(pos).int(SLICE_LEN)).await
    }

    /// The entries at these positions, which are in order; those that are not there are left out.
    pub(super) async fn at(&mut self, positions: &[i64]) -> Result<Slice, StoreError> {
        const SQL: &str = concat!(
            "SELECT coalesce(group_concat(written, ''), '') FROM (SELECT ",
            written!(),
            " FROM json_each(?) AS wanted CROSS JOIN log ON log.pos = wanted.value)"
        );
        self.slice(SQL, Args::default().ints(positions.iter().copied())).await
    }

    async fn slice(&mut self, sql: &'static str, args: Args) -> Result<Slice, StoreError> {
        let row = sql::row(&mut self.conn, sql, args).await?;
        let slice = Slice(row.map_or(Ok(String::new()), |row| row.try_get_unchecked(0))?);
        self.learn_owners(&slice).await?;
        Ok(slice)
    }

    async fn learn_owners(&mut self, slice: &Slice) -> Result<(), StoreError> {
        // One value again, and for the same reason.
        const SQL: &str = "SELECT json_group_array(json_array(key, inbox, visitor)) FROM conversation
            WHERE key IN (SELECT value FROM json_each(?))";
        if self.owners.len() + SLICE_LEN as usize > OWNERS_MAX {
            self.owners.clear();
        }
        let mut unknown = Vec::new();
        for entry in slice.entries() {
            let conversation = entry?.conversation;
            if !self.owners.contains_key(&conversation) {
                unknown.push(conversation);
            }
        }
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        let args = Args::default().ints(unknown.into_iter());
        let Some(row) = sql::row(&mut self.conn, SQL, args).await? else { return Ok(()) };
        let found: Vec<(i64, i64, i64)> = Columns::of(&row).json("owners")?;
        let known = found.into_iter().map(|(key, inbox, visitor)| (key, Owner { inbox, visitor }));
        self.owners.extend(known);
        Ok(())
    }

    /// The entries of a slice that was read last; an error ends them.
    pub(super) fn entries<'a>(
        &'a self,
        slice: &'a Slice,
    ) -> impl Iterator<Item = Result<Indexed<'a>, StoreError>> {
        slice.entries().map(|entry| {
            let entry = entry?;
            let owner = self.owners.get(&entry.conversation).copied().unwrap_or_default();
            Ok(Indexed { owner, ..entry })
        })
    }

    /// The entries that were revised after revision `number`, in the order of the revisions: their numbers and
    /// positions.
    pub(super) async fn revised(&mut self, number: i64, limit: usize) -> Result<Vec<(i64, i64)>, StoreError> {
        const SQL: &str = "SELECT number, pos FROM revised WHERE number > ? ORDER BY number LIMIT ?";
        let args = Args::default().int(number).int(limit as i64);
        let rows = sql::rows(&mut self.conn, SQL, args).await?;
        rows.iter().map(|row| Ok((row.try_get_unchecked(0)?, row.try_get_unchecked(1)?))).collect()
    }

    /// The id of the entry at `pos`; empty if there is none.
    pub(super) async fn id(&mut self, pos: i64) -> Result<Vec<u8>, StoreError> {
        let row =
            sql::row(&mut self.conn, "SELECT id FROM log WHERE pos = ?", Args::default().int(pos)).await?;
        row.map_or(Ok(Vec::new()), |row| Ok(row.try_get_unchecked(0)?))
    }

    /// The position after the last entry.
    pub(super) async fn end(&mut self) -> Result<i64, StoreError> {
        Ok(schema::pragma(&mut self.conn, "SELECT max(pos) FROM log").await? + 1)
    }

    pub(super) async fn close(self) {
        if let Err(error) = self.conn.close().await {
            warn!(error = &error as &dyn std::error::Error, "cannot close the log that is indexed");
        }
    }
}

impl Slice {
    /// The entries without their owners; an error ends them.
    fn entries(&self) -> impl Iterator<Item = Result<Indexed<'_>, StoreError>> {
        let mut rest = self.0.as_str();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let entry = Indexed::read(&mut rest);
            if entry.is_none() {
                rest = "";
            }
            Some(entry.ok_or_else(|| StoreError::corrupt("an entry of the log cannot be read")))
        })
    }
}

impl<'a> Indexed<'a> {
    fn read(rest: &mut &'a str) -> Option<Self> {
        let mut number = || {
            let mut number = 0_i64;
            for (index, byte) in rest.bytes().enumerate() {
                match byte {
                    b'0'..=b'9' => number = number.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?,
                    b',' => {
                        *rest = &rest[index + 1..];
                        return Some(number);
                    }
                    _ => return None,
                }
            }
            None
        };
        let (pos, conversation, kind, len) = (number()?, number()?, number()?, number()?);
        let (text, after) = rest.split_at_checked(usize::try_from(len).ok()?)?;
        *rest = after;
        Some(Self { pos, conversation, kind, owner: Owner::default(), text })
    }

    /// Hands on its terms; one may come more than once.
    pub(super) fn each_term(&self, mut emit: impl FnMut(Term)) {
        if self.kind == rows::EVENT {
            return;
        }
        if self.kind == rows::NOTE {
            emit(Term::note());
        }
        emit(Term::inbox(InboxKey(self.owner.inbox)));
        emit(Term::visitor(VisitorKey(self.owner.visitor)));
        terms::each_term(self.text, |term| emit(Term::of(term)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_slice_panics_and_texts_may_hold_anything(texts in proptest::collection::vec(".{0,12}", 0..6)) {
            let written = |(pos, text): (usize, &String)| format!("{pos},7,0,{},{text}", text.len());
            let slice = Slice(texts.iter().enumerate().map(written).collect());
            let read: Vec<_> = slice.entries().map(|entry| entry.map(|entry| entry.text).unwrap()).collect();
            prop_assert_eq!(read, texts.iter().map(String::as_str).collect::<Vec<_>>());
            for text in texts {
                let slice = Slice(text);
                assert!(slice.entries().count() <= slice.0.len());
            }
        }
    }
}
