//! The catalogue of tags, and what they are on.

use kefu_core::{AgentKey, ConversationKey, Micros};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::reader::first;
use crate::rows::Columns;
use crate::sql::Args;
use crate::{Store, StoreError};

/// Tags that a catalogue is read with at most.
const CATALOGUE_MAX: i64 = 10_000;

/// A tag of the catalogue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tag {
    /// Public id.
    pub id: Uuid,
    /// Shown to people; unique whatever its case.
    pub name: String,
    /// Such as `#3366cc`.
    pub colour: String,
    /// The group that it is listed in; may be empty.
    pub group: String,
    /// When it was made.
    pub created_at: Micros,
}

/// A change of tags.
#[derive(Clone, Debug)]
pub enum TagChange {
    /// Adds a tag.
    Add(Tag),
    /// Replaces everything but its id and when it was made.
    Replace(Tag),
    /// Takes a tag out of the catalogue: from now on it is on nothing.
    Remove(Uuid),
    /// Forgets a slice of what a removed tag was on, see [`Store::removed_tag`].
    Purge(RemovedTag),
    /// Says which tags a conversation has.
    Conversation {
        /// Which.
        conversation: ConversationKey,
        /// All of its tags.
        tags: Vec<Uuid>,
        /// Who says so.
        agent: Option<AgentKey>,
        /// When.
        at: Micros,
    },
}

/// A tag that is gone while rows still name it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RemovedTag(pub(crate) i64);

macro_rules! columns {
    () => {
        "tag.id, tag.name, tag.colour, tag.family, tag.created_at"
    };
}

impl Store {
    /// All tags, by group and name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tags(&self) -> Result<Vec<Tag>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM tag ORDER BY family, folded LIMIT ?");
        self.all(SQL, Args::default().int(CATALOGUE_MAX), tag).await
    }

    /// How many tags there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn count_tags(&self) -> Result<i64, StoreError> {
        Ok(self.one("SELECT count(*) FROM tag", Args::default(), first).await?.unwrap_or(0))
    }

    /// The tags with these public ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tags_by_id(&self, ids: &[Uuid]) -> Result<Vec<Tag>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM tag WHERE id IN (SELECT unhex(value) FROM json_each(?)) LIMIT ?"
        );
        self.all(SQL, Args::default().uuids(ids).int(CATALOGUE_MAX), tag).await
    }

    /// The tags of a conversation, by group and name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tags_of(&self, conversation: ConversationKey) -> Result<Vec<Tag>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM conversation_tag JOIN tag ON tag.key = conversation_tag.tag
              WHERE conversation_tag.conversation = ? ORDER BY tag.family, tag.folded"
        );
        self.all(SQL, Args::default().int(conversation.0), tag).await
    }

    /// The ids of the tags of these conversations: each conversation with each of its tags, by group and name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tag_ids_of(
        &self,
        conversations: &[ConversationKey],
    ) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
        const SQL: &str = "SELECT conversation.id, tag.id
            FROM conversation_tag JOIN tag ON tag.key = conversation_tag.tag
            JOIN conversation ON conversation.key = conversation_tag.conversation
            WHERE conversation_tag.conversation IN (SELECT value FROM json_each(?)) ORDER BY tag.family, tag.folded";
        let keys = Args::default().ints(conversations.iter().map(|key| key.0));
        self.all(SQL, keys, |row| {
            let mut columns = Columns::of(row);
            Ok((columns.uuid()?, columns.uuid()?))
        })
        .await
    }

    /// A removed tag that rows still name, for [`TagChange::Purge`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn removed_tag(&self) -> Result<Option<RemovedTag>, StoreError> {
        let key = self.one("SELECT key FROM removed_tag LIMIT 1", Args::default(), first).await?;
        Ok(key.map(RemovedTag))
    }
}

fn tag(row: &SqliteRow) -> Result<Tag, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Tag {
        id: columns.uuid()?,
        name: columns.take()?,
        colour: columns.take()?,
        group: columns.take()?,
        created_at: Micros(columns.take()?),
    })
}
