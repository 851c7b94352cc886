//! Who may not come in.

use kefu_core::Micros;
use uuid::Uuid;

use crate::rows::Columns;
use crate::sql::Args;
use crate::{Store, StoreError};

/// Whom a block keeps out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BlockTarget {
    /// A visitor, by public id.
    Visitor(Uuid),
    /// A customer with all its visitors, by public id.
    Customer(Uuid),
    /// A range of addresses in its one written form, such as `192.0.2.0/24`.
    Range(String),
}

impl BlockTarget {
    /// As the store keeps it: the number of its kind, and what it is.
    pub(crate) fn parts(&self) -> (i64, String) {
        match self {
            Self::Visitor(id) => (0, id.to_string()),
            Self::Customer(id) => (1, id.to_string()),
            Self::Range(range) => (2, range.clone()),
        }
    }

    fn read(kind: i64, text: String) -> Result<Self, StoreError> {
        let id = || Uuid::try_parse(&text).map_err(|_| StoreError::corrupt("a block names no id"));
        match kind {
            0 => Ok(Self::Visitor(id()?)),
            1 => Ok(Self::Customer(id()?)),
            2 => Ok(Self::Range(text)),
            _ => Err(StoreError::corrupt(format!("{kind} names no kind of block"))),
        }
    }
}

/// Keeps somebody out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Block {
    /// Public id.
    pub id: Uuid,
    /// Whom.
    pub target: BlockTarget,
    /// Why, in the words of who made it; may be empty.
    pub reason: String,
    /// Public id of the agent who made it.
    pub made_by: Uuid,
    /// When it was made.
    pub made_at: Micros,
    /// From when on it counts for nothing.
    pub expires_at: Option<Micros>,
}

/// A change of who is kept out.
#[derive(Clone, Debug)]
pub enum BlockChange {
    /// Adds a block; one of the same target that has expired gives way, one that has not is a conflict.
    Add(Block),
    /// Ends the block with this id; [`StoreError::Stale`] when there is none.
    Drop(Uuid),
    /// Deletes all blocks that have expired by then.
    DropExpired(Micros),
}

impl Store {
    /// All blocks, expired ones too, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn blocks(&self) -> Result<Vec<Block>, StoreError> {
        const SQL: &str =
            "SELECT id, kind, target, reason, made_by, made_at, expires_at FROM block ORDER BY key DESC";
        self.all(SQL, Args::default(), |row| {
            let mut columns = Columns::of(row);
            Ok(Block {
                id: columns.uuid()?,
                target: BlockTarget::read(columns.take()?, columns.take()?)?,
                reason: columns.take()?,
                made_by: columns.uuid()?,
                made_at: Micros(columns.take()?),
                expires_at: columns.optional()?.map(Micros),
            })
        })
        .await
    }
}
