//! Canned replies: texts that are written once and sent often.

use kefu_core::{AgentKey, Micros};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::reader::first;
use crate::rows::Columns;
use crate::sql::Args;
use crate::{Cursor, Store, StoreError};

/// A canned reply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CannedReply {
    /// Public id.
    pub id: Uuid,
    /// Whose it is; nobody's, when all share it.
    pub owner: Option<AgentKey>,
    /// The folder that it is listed in; may be empty.
    pub folder: String,
    /// What is typed to find it; unique among its owner's.
    pub shortcut: String,
    /// What it is called.
    pub title: String,
    /// Its text, with variables.
    pub text: String,
    /// How often it was used.
    pub uses: u64,
    /// When it was made.
    pub created_at: Micros,
    /// When it last changed.
    pub updated_at: Micros,
}

/// A change of canned replies.
#[derive(Clone, Debug)]
pub enum CannedChange {
    /// Adds one.
    Add(CannedReply),
    /// Replaces folder, shortcut, title and text.
    Replace {
        /// As it is afterwards.
        reply: CannedReply,
        /// When it last changed, as far as its changer knew.
        seen: Micros,
    },
    /// Removes one.
    Remove(Uuid),
    /// Counts a use; of one that is gone nothing is counted.
    Used(Uuid),
}

/// Which canned replies are wanted.
#[derive(Clone, Debug, Default)]
pub struct CannedFilter {
    /// Those that hold this, whatever its case; all when it is empty.
    pub text: String,
    /// Only those of this folder.
    pub folder: Option<String>,
}

macro_rules! columns {
    () => {
        "key, id, owner, folder, shortcut, title, text, uses, created_at, updated_at"
    };
}

impl CannedReply {
    /// What a search looks through.
    pub(crate) fn folded(&self) -> String {
        format!("{}\n{}\n{}\n{}", self.shortcut, self.title, self.folder, self.text).to_lowercase()
    }
}

impl Store {
    /// The canned reply with this public id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn canned_reply(&self, id: Uuid) -> Result<Option<CannedReply>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM canned_reply WHERE id = ?");
        let found = self.one(SQL, Args::default().blob(id.as_bytes()), canned).await?;
        Ok(found.map(|(_, reply)| reply))
    }

    /// A page of the shared canned replies and those of `owner` that pass `filter`, the most used first, and
    /// where it goes on if it does.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn canned_replies(
        &self,
        owner: AgentKey,
        filter: &CannedFilter,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<(Vec<CannedReply>, Option<Cursor>), StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM canned_reply WHERE owner IN (0, ?1) AND (?2 = '' OR instr(folded, ?2) > 0)
                AND (?3 IS NULL OR folder = ?3) AND (uses, key) < (?4, ?5)
              ORDER BY uses DESC, key DESC LIMIT ?6"
        );
        let (uses, key) = cursor.unwrap_or((i64::MAX, i64::MAX));
        let mut args = Args::default().int(owner.0).text(&filter.text.to_lowercase());
        args.add_opt_text(filter.folder.as_deref());
        let more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut found = self.all(SQL, args.int(uses).int(key).int(more), canned).await?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(|(cursor, _)| *cursor);
        Ok((found.into_iter().map(|(_, reply)| reply).collect(), next))
    }

    /// How many canned replies an agent has, or all share.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn count_canned(&self, owner: Option<AgentKey>) -> Result<i64, StoreError> {
        const SQL: &str = "SELECT count(*) FROM canned_reply WHERE owner = ?";
        let args = Args::default().int(owner_number(owner));
        Ok(self.one(SQL, args, first).await?.unwrap_or(0))
    }
}

fn canned(row: &SqliteRow) -> Result<(Cursor, CannedReply), StoreError> {
    let mut columns = Columns::of(row);
    let key: i64 = columns.take()?;
    let reply = CannedReply {
        id: columns.uuid()?,
        owner: Some(columns.take()?).filter(|owner| *owner != 0).map(AgentKey),
        folder: columns.take()?,
        shortcut: columns.take()?,
        title: columns.take()?,
        text: columns.take()?,
        uses: columns.number()?,
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
    };
    Ok(((crate::rows::int(reply.uses), key), reply))
}

/// Row numbers begin at 1, so 0 is nobody.
pub(crate) fn owner_number(owner: Option<AgentKey>) -> i64 {
    owner.map_or(0, |agent| agent.0)
}
