//! Articles on their way into the knowledge base.

use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::record::ArticleRecord;
use crate::knowledge::{ArticleText, language_number, state_number};
use crate::sql::{self, Args};
use crate::writer::add_text;
use crate::{Category, StoreError};

/// Writes an article; what it says becomes another version of its text, if it is not the same.
pub(super) async fn put(
    conn: &mut SqliteConnection,
    key: i64,
    article: &ArticleRecord,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO article
        (key, id, slug, category, inboxes, state, created_at, updated_at, version)
        VALUES (?, ?, ?, ?, '[]', ?, ?, ?, 1)
        ON CONFLICT (key) DO UPDATE SET
            slug = excluded.slug, category = excluded.category, state = excluded.state,
            updated_at = excluded.updated_at, version = version + 1";
    const LAST: &str = "SELECT version, title, body FROM article_text
        WHERE article = ? AND language = ? AND is_current = 1";
    put_category(conn, article).await?;
    let mut args = Args::default().int(key).blob(article.id.as_bytes()).text(&article.slug);
    args.add_opt_blob(article.category.as_ref().map(|id| id.as_bytes().as_slice()));
    let args = args.int(state_number(article.state)).int(article.created_at.0).int(article.updated_at.0);
    sql::execute(conn, SQL, args).await?;
    let language = language_number(article.language);
    let last = sql::row(conn, LAST, Args::default().int(key).int(language)).await?;
    let mut version = 0_i64;
    if let Some(row) = last {
        let (title, body): (&str, &str) = (row.try_get_unchecked(1)?, row.try_get_unchecked(2)?);
        if title == article.title && body == article.body {
            return Ok(());
        }
        version = row.try_get_unchecked(0)?;
    }
    let text = ArticleText {
        version: u32::try_from(version + 1).map_err(|_| StoreError::corrupt("a version is out of range"))?,
        title: article.title.clone(),
        body: article.body.clone(),
        author: None,
        created_at: article.updated_at,
    };
    add_text(conn, key, article.language, &text).await
}

/// Makes the category, if there is none of this id; what it is called here by now stays.
async fn put_category(conn: &mut SqliteConnection, article: &ArticleRecord) -> Result<(), StoreError> {
    const SQL: &str = "INSERT OR IGNORE INTO category (id, position, names, created_at, updated_at)
        VALUES (?, (SELECT coalesce(max(position), 0) + 1 FROM category), ?, ?, ?)";
    let Some(id) = article.category else { return Ok(()) };
    let category = Category {
        id,
        position: 0,
        names: [(article.language, article.category_name.clone())].into(),
        created_at: article.created_at,
        updated_at: article.created_at,
    };
    let names = serde_json::to_string(&category.names)
        .map_err(|error| StoreError::corrupt(format!("names cannot be written: {error}")))?;
    let args = Args::default().blob(id.as_bytes()).text(&names);
    sql::execute(conn, SQL, args.int(category.created_at.0).int(category.updated_at.0)).await.map(drop)
}
