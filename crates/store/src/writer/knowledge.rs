use kefu_core::{Language, Micros};
use kefu_text::terms::index_terms;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::knowledge::{
    Article, ArticleText, Category, KnowledgeChange, VERSIONS_MAX, language_number, state_number,
};
use crate::sql::{self, Args};

/// Writes a change of the knowledge base, inside the transaction of its batch.
pub(super) async fn write(conn: &mut SqliteConnection, change: &KnowledgeChange) -> Result<(), StoreError> {
    match change {
        KnowledgeChange::PutCategory(category) => put_category(conn, category).await,
        KnowledgeChange::RemoveCategory(id) => {
            const LEAVE: &str = "UPDATE article SET category = NULL WHERE category = ?";
            sql::execute(conn, LEAVE, Args::default().blob(id.as_bytes())).await?;
            let args = Args::default().blob(id.as_bytes());
            changed("category", sql::execute(conn, "DELETE FROM category WHERE id = ?", args).await?)
        }
        KnowledgeChange::Add(article) => add(conn, article).await,
        KnowledgeChange::Replace { article, seen } => replace(conn, article, *seen).await,
        KnowledgeChange::Write { article, language, text } => {
            let key = key(conn, *article).await?.ok_or(StoreError::Stale("article"))?;
            add_text(conn, key, *language, text).await?;
            touch(conn, key, text.created_at).await
        }
        KnowledgeChange::RemoveText { article, language, seen, at } => {
            let key = key(conn, *article).await?.ok_or(StoreError::Stale("article"))?;
            remove_text(conn, key, *language, *seen).await?;
            touch(conn, key, *at).await
        }
        KnowledgeChange::Remove(id) => remove(conn, *id).await,
        KnowledgeChange::Used(id) => {
            let args = Args::default().blob(id.as_bytes());
            sql::execute(conn, "UPDATE article SET uses = uses + 1 WHERE id = ?", args).await.map(drop)
        }
        KnowledgeChange::Voted { article, visitor, helped } => {
            const SQL: &str = "INSERT INTO article_vote (article, visitor, helped)
                SELECT key, ?, ? FROM article WHERE id = ?
                ON CONFLICT (article, visitor) DO UPDATE SET helped = excluded.helped";
            let args = Args::default().int(visitor.0).int(i64::from(*helped)).blob(article.as_bytes());
            changed("article", sql::execute(conn, SQL, args).await?)
        }
    }
}

async fn put_category(conn: &mut SqliteConnection, category: &Category) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO category (id, position, names, created_at, updated_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            position = excluded.position, names = excluded.names, updated_at = excluded.updated_at";
    let names = serde_json::to_string(&category.names)
        .map_err(|error| StoreError::corrupt(format!("names cannot be written: {error}")))?;
    let args = Args::default().blob(category.id.as_bytes()).int(i64::from(category.position)).text(&names);
    sql::execute(conn, SQL, args.int(category.created_at.0).int(category.updated_at.0)).await.map(drop)
}

async fn add(conn: &mut SqliteConnection, article: &Article) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO article (slug, category, inboxes, state, pinned, updated_at, version, id, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let args = fields(article).blob(article.id.as_bytes()).int(article.created_at.0);
    sql::execute(conn, SQL, args).await?;
    let key = key(conn, article.id).await?.ok_or(StoreError::Stale("article"))?;
    for (language, text) in &article.texts {
        add_text(conn, key, *language, text).await?;
    }
    Ok(())
}

async fn replace(conn: &mut SqliteConnection, article: &Article, seen: u32) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE article
        SET slug = ?, category = ?, inboxes = ?, state = ?, pinned = ?, updated_at = ?, version = ?
        WHERE id = ? AND version = ?";
    let args = fields(article).blob(article.id.as_bytes()).int(i64::from(seen));
    changed("article", sql::execute(conn, SQL, args).await?)
}

/// Saves a text as the current one, for searches too. Its version must be the next: who knew another one before did
/// not know what it replaces.
pub(crate) async fn add_text(
    conn: &mut SqliteConnection,
    article: i64,
    language: Language,
    text: &ArticleText,
) -> Result<(), StoreError> {
    const LAST: &str = "SELECT key, version FROM article_text
        WHERE article = ? AND language = ? AND is_current = 1";
    const INSERT: &str = "INSERT INTO article_text
        (article, language, version, title, body, author, created_at, is_current) VALUES (?, ?, ?, ?, ?, ?, ?, 1)";
    const TRIM: &str = "DELETE FROM article_text WHERE article = ? AND language = ? AND version <= ?";
    let language = language_number(language);
    let last = sql::row(conn, LAST, Args::default().int(article).int(language)).await?;
    let mut version = 0;
    if let Some(row) = last {
        let key: i64 = row.try_get_unchecked(0)?;
        version = row.try_get_unchecked::<i64, _>(1)?;
        let unmark = "UPDATE article_text SET is_current = 0 WHERE key = ?";
        sql::execute(conn, unmark, Args::default().int(key)).await?;
        let forget = "DELETE FROM article_search WHERE rowid = ?";
        sql::execute(conn, forget, Args::default().int(key)).await?;
    }
    if i64::from(text.version) != version + 1 {
        return Err(StoreError::Stale("article"));
    }
    let mut args =
        Args::default().int(article).int(language).int(version + 1).text(&text.title).text(&text.body);
    args.add_opt_blob(text.author.as_ref().map(|id| &id.as_bytes()[..]));
    sql::execute(conn, INSERT, args.int(text.created_at.0)).await?;
    let (mut title, mut body) = (String::new(), String::new());
    index_terms(&text.title, &mut title);
    index_terms(&text.body, &mut body);
    let index = "INSERT INTO article_search (rowid, title, body) VALUES (last_insert_rowid(), ?, ?)";
    sql::execute(conn, index, Args::default().text(&title).text(&body)).await?;
    let oldest = version + 1 - i64::from(VERSIONS_MAX);
    sql::execute(conn, TRIM, Args::default().int(article).int(language).int(oldest)).await.map(drop)
}

/// Removes every version of a text: the last must be `seen`, and there must be a text in another language.
async fn remove_text(
    conn: &mut SqliteConnection,
    article: i64,
    language: Language,
    seen: u32,
) -> Result<(), StoreError> {
    const FIND: &str = "SELECT key FROM article_text
        WHERE article = ?1 AND language = ?2 AND is_current = 1 AND version = ?3
        AND EXISTS (SELECT 1 FROM article_text WHERE article = ?1 AND language <> ?2 AND is_current = 1)";
    let language = language_number(language);
    let args = Args::default().int(article).int(language).int(i64::from(seen));
    let row = sql::row(conn, FIND, args).await?.ok_or(StoreError::Stale("article"))?;
    let text: i64 = row.try_get_unchecked(0)?;
    sql::execute(conn, "DELETE FROM article_search WHERE rowid = ?", Args::default().int(text)).await?;
    let remove = "DELETE FROM article_text WHERE article = ? AND language = ?";
    sql::execute(conn, remove, Args::default().int(article).int(language)).await.map(drop)
}

async fn remove(conn: &mut SqliteConnection, id: Uuid) -> Result<(), StoreError> {
    let key = key(conn, id).await?.ok_or(StoreError::Stale("article"))?;
    for sql in [
        "DELETE FROM article_search WHERE rowid IN
            (SELECT key FROM article_text WHERE article = ? AND is_current = 1)",
        "DELETE FROM article_text WHERE article = ?",
        "DELETE FROM article_vote WHERE article = ?",
        "DELETE FROM article WHERE key = ?",
    ] {
        sql::execute(conn, sql, Args::default().int(key)).await?;
    }
    Ok(())
}

async fn touch(conn: &mut SqliteConnection, article: i64, at: Micros) -> Result<(), StoreError> {
    let args = Args::default().int(at.0).int(article);
    sql::execute(conn, "UPDATE article SET updated_at = ? WHERE key = ?", args).await.map(drop)
}

async fn key(conn: &mut SqliteConnection, id: Uuid) -> Result<Option<i64>, StoreError> {
    let args = Args::default().blob(id.as_bytes());
    let row = sql::row(conn, "SELECT key FROM article WHERE id = ?", args).await?;
    Ok(row.map(|row| row.try_get_unchecked(0)).transpose()?)
}

/// The columns that a change may change.
fn fields(article: &Article) -> Args {
    let inboxes: Vec<_> = article.inboxes.iter().map(|id| format!("\"{}\"", id.simple())).collect();
    let mut args = Args::default().text(&article.slug);
    args.add_opt_blob(article.category.as_ref().map(|id| &id.as_bytes()[..]));
    args.text(&format!("[{}]", inboxes.join(",")))
        .int(state_number(article.state))
        .int(i64::from(article.pinned))
        .int(article.updated_at.0)
        .int(i64::from(article.version))
}

fn changed(what: &'static str, rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::Stale(what)) } else { Ok(()) }
}
