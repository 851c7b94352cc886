use sqlx::sqlite::SqliteConnection;

use crate::StoreError;
use crate::files::{FileChange, StoredFile};
use crate::rows::{int, principal_number};
use crate::sql::{self, Args};

/// Writes a change of files, inside the transaction of its batch.
pub(super) async fn write(conn: &mut SqliteConnection, change: &FileChange) -> Result<(), StoreError> {
    let id = |id: &uuid::Uuid| Args::default().blob(id.as_bytes());
    match change {
        FileChange::Add(file) => add(conn, file).await,
        FileChange::Attach { id, seq } => {
            let args = Args::default().int(int(*seq)).blob(id.as_bytes());
            sql::execute(conn, "UPDATE file SET attached_seq = ? WHERE id = ?", args).await.map(drop)
        }
        FileChange::Remove(file) => {
            sql::execute(conn, "DELETE FROM file WHERE id = ?", id(file)).await.map(drop)
        }
        FileChange::RemoveLoose(file) => {
            const SQL: &str = "DELETE FROM file WHERE id = ? AND attached_seq IS NULL";
            let removed = sql::execute(conn, SQL, id(file)).await?;
            if removed == 0 { Err(StoreError::Stale("file")) } else { Ok(()) }
        }
        FileChange::RemoveOf(visitor) => {
            let args = Args::default().int(visitor.0);
            sql::execute(conn, "DELETE FROM file WHERE visitor = ?", args).await.map(drop)
        }
        FileChange::RemoveOfConversation(conversation) => {
            let args = Args::default().int(conversation.0);
            sql::execute(conn, "DELETE FROM file WHERE conversation = ?", args).await.map(drop)
        }
        FileChange::Forget(file) => {
            sql::execute(conn, "DELETE FROM file_gone WHERE id = ?", id(file)).await.map(drop)
        }
    }
}

async fn add(conn: &mut SqliteConnection, file: &StoredFile) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO file
        (id, conversation, visitor, uploader_kind, uploader, name, media_type, size, sha256, width, height,
         created_at)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
        WHERE NOT EXISTS (SELECT 1 FROM visitor WHERE key = ?3 AND erased_at IS NOT NULL)";
    let (kind, key) = principal_number(file.uploader);
    let args = Args::default()
        .blob(file.id.as_bytes())
        .int(file.conversation.0)
        .int(file.visitor.0)
        .int(kind)
        .int(key)
        .text(&file.name)
        .text(&file.media_type)
        .int(int(file.size))
        .blob(&file.sha256)
        .int(file.width.map(i64::from))
        .int(file.height.map(i64::from))
        .int(file.created_at.0);
    let added = sql::execute(conn, SQL, args).await?;
    if added == 0 { Err(StoreError::Stale("conversation")) } else { Ok(()) }
}
