//! Files of conversations: what is known of them, and the directory that has their bytes.
//!
//! *Invariant:* the bytes of a row are durable before the row is, and go only after it: a row without bytes is
//! damage. Bytes without a row are what a crash left, or what [`Store::files_gone`] names.

pub(crate) mod copy;
pub(crate) mod dir;

use kefu_core::{ConversationKey, Micros, Principal, VisitorKey};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::reader::first;
use crate::rows::{Columns, int, principal};
use crate::sql::Args;
use crate::{Store, StoreError};

/// A file of a conversation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredFile {
    /// Public id; its bytes are stored under it.
    pub id: Uuid,
    /// Where it belongs.
    pub conversation: ConversationKey,
    /// Public id of the conversation; not written.
    pub conversation_id: Uuid,
    /// The conversation's visitor, whoever uploaded it.
    pub visitor: VisitorKey,
    /// Who uploaded it.
    pub uploader: Principal,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// Of the bytes.
    pub sha256: [u8; 32],
    /// Pixels, of a picture.
    pub width: Option<u32>,
    /// Pixels, of a picture.
    pub height: Option<u32>,
    /// When it was uploaded.
    pub created_at: Micros,
    /// Number of the message that has it.
    pub attached_seq: Option<u64>,
}

/// A change of files.
#[derive(Clone, Debug)]
pub enum FileChange {
    /// Adds one whose bytes are durable.
    Add(Box<StoredFile>),
    /// A message has it from now on.
    Attach {
        /// Which file.
        id: Uuid,
        /// Number of the message in the file's conversation.
        seq: u64,
    },
    /// Removes one, if it is there.
    Remove(Uuid),
    /// Removes one that no message has; [`StoreError::Stale`] when one has it.
    RemoveLoose(Uuid),
    /// Removes all of a visitor's conversations.
    RemoveOf(VisitorKey),
    /// Removes all of a conversation.
    RemoveOfConversation(ConversationKey),
    /// The bytes of one that was removed are gone.
    Forget(Uuid),
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT file.id, file.conversation, conversation.id, file.visitor, uploader_kind, uploader, name,
                media_type, size, sha256, width, height, file.created_at, attached_seq
             FROM file JOIN conversation ON conversation.key = file.conversation ",
            $rest
        )
    };
}

impl Store {
    /// The file with this id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn file(&self, id: Uuid) -> Result<Option<StoredFile>, StoreError> {
        self.one(select!("WHERE file.id = ?"), Args::default().blob(id.as_bytes()), file).await
    }

    /// Files of a visitor's conversations with an id above `after`, in order of their ids.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn files_of_visitor(
        &self,
        visitor: VisitorKey,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<StoredFile>, StoreError> {
        const SQL: &str = select!("WHERE file.visitor = ? AND file.id > ? ORDER BY file.id LIMIT ?");
        self.all(SQL, page(visitor.0, after, limit), file).await
    }

    /// Files of a conversation with an id above `after`, in order of their ids.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn files_of_conversation(
        &self,
        conversation: ConversationKey,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<StoredFile>, StoreError> {
        const SQL: &str = select!("WHERE file.conversation = ? AND file.id > ? ORDER BY file.id LIMIT ?");
        self.all(SQL, page(conversation.0, after, limit), file).await
    }

    /// Ids of files from before `before` that no message has.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn loose_files(&self, before: Micros, limit: usize) -> Result<Vec<Uuid>, StoreError> {
        const SQL: &str = "SELECT id FROM file WHERE attached_seq IS NULL AND created_at < ? LIMIT ?";
        self.all(SQL, Args::default().int(before.0).int(int(limit as u64)), id).await
    }

    /// Ids of files that were removed and whose bytes may be there.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn files_gone(&self, limit: usize) -> Result<Vec<Uuid>, StoreError> {
        self.all("SELECT id FROM file_gone LIMIT ?", Args::default().int(int(limit as u64)), id).await
    }

    /// Which of `ids` have no row.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn files_unknown(&self, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        const SQL: &str = "SELECT unhex(value) FROM json_each(?)
            WHERE unhex(value) NOT IN (SELECT id FROM file) AND unhex(value) NOT IN (SELECT id FROM file_gone)";
        self.all(SQL, Args::default().uuids(ids), id).await
    }

    /// Bytes of all files together.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn file_bytes(&self) -> Result<u64, StoreError> {
        let bytes: Option<i64> =
            self.one("SELECT coalesce(sum(size), 0) FROM file", Args::default(), first).await?;
        Ok(u64::try_from(bytes.unwrap_or(0)).unwrap_or(0))
    }

    /// Bytes of what a visitor uploaded since `since` and did not take back.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn file_bytes_of(&self, visitor: VisitorKey, since: Micros) -> Result<u64, StoreError> {
        const SQL: &str = "SELECT coalesce(sum(size), 0) FROM file
            WHERE visitor = ? AND uploader_kind = 0 AND created_at >= ?";
        let bytes: Option<i64> = self.one(SQL, Args::default().int(visitor.0).int(since.0), first).await?;
        Ok(u64::try_from(bytes.unwrap_or(0)).unwrap_or(0))
    }
}

fn page(key: i64, after: Uuid, limit: usize) -> Args {
    Args::default().int(key).blob(after.as_bytes()).int(int(limit as u64))
}

fn id(row: &SqliteRow) -> Result<Uuid, StoreError> {
    Columns::of(row).uuid()
}

fn file(row: &SqliteRow) -> Result<StoredFile, StoreError> {
    let mut columns = Columns::of(row);
    Ok(StoredFile {
        id: columns.uuid()?,
        conversation: ConversationKey(columns.take()?),
        conversation_id: columns.uuid()?,
        visitor: VisitorKey(columns.take()?),
        uploader: principal(columns.take()?, columns.optional()?)?,
        name: columns.take()?,
        media_type: columns.take()?,
        size: columns.number()?,
        sha256: crate::rows::hash(columns.take()?)?,
        width: columns.optional_number()?,
        height: columns.optional_number()?,
        created_at: Micros(columns.take()?),
        attached_seq: columns.optional_number()?,
    })
}
